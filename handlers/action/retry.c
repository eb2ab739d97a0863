/* The back-off doubles with each failure, and a random part of up to a half is taken off it: what
 * has failed together does not come back together. What an action has given up itself (a worker's
 * `dead`, a frame that is too long for a pipe, a value that the event does not have) has no exit,
 * no signal and no start that failed, and is never tried again. */
#include "handlers/action/retry.h"

#include "config/load.h"

#include <stdlib.h>

enum { ATTEMPTS_MAX = 1000, EXIT_MAX = 255 };
#define BACKOFF_MAX_MS (30 * INT64_C(86400000))

/* ---- the keys ---- */

static const struct {
    const char *word;
    size_t offset;
} words[] = {{"start", offsetof(struct retry_on, start)},
             {"timeout", offsetof(struct retry_on, timeout)},
             {"any", offsetof(struct retry_on, any)}};

static bool read_failure(struct load *load, const struct node *node, struct retry_on *on)
{
    static const char expected[] = "an exit code from 1 to 255, start, timeout or any";
    char *end = NULL;
    if (node->kind != NODE_SCALAR)
        return load_expected(load, node, "an entry of \"on\"", expected);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(node->text, words[i].word) == 0) {
            *(bool *)((char *)on + words[i].offset) = true;
            return true;
        }
    long code = strtol(node->text, &end, 10);
    if (node->text[0] < '0' || node->text[0] > '9' || *end || code < 1 || code > EXIT_MAX)
        return load_expected(load, node, "an entry of \"on\"", expected);
    on->exits[code / 64] |= UINT64_C(1) << code % 64;
    return true;
}

static bool read_on(struct load *load, const struct node *node, const struct row *row, void *field)
{
    bool ok = true;
    (void)row;
    if (node->kind != NODE_SEQUENCE)
        return read_failure(load, node, field);
    if (!node->first)
        return load_problem(load, node, "\"on\" names nothing; without retries, write attempts: 1");
    for (const struct node *entry = node->first; entry; entry = entry->next)
        ok = read_failure(load, entry, field) && ok;
    return ok;
}

#define FIELD(name) offsetof(struct retry_rules, name)

static const struct row rules_rows[] = {
    {"attempts", ROW_INTEGER, FIELD(attempts),
     "How many attempts a delivery has, the first included; 1: it is not tried again. A replay "
     "gives it as many again.",
     "5", 1, ATTEMPTS_MAX},
    {"backoff", ROW_DURATION, FIELD(backoff_ms),
     "The time from the first failure to the next attempt; it doubles with each failure. Up to a "
     "half of it is taken off at random.",
     "10s", 1, BACKOFF_MAX_MS},
    {"max_backoff", ROW_DURATION, FIELD(max_backoff_ms), "The longest such time.", "1h", 1,
     BACKOFF_MAX_MS},
    {.name = "on",
     .type = ROW_CUSTOM,
     .offset = FIELD(on),
     .read = read_on,
     .default_text = "[75, start]",
     .syntax = "a list of exit codes (1 to 255) and of `start`, `timeout`, `any`",
     .json_schema = "{\"type\": [\"array\", \"integer\", \"string\"]}",
     .sentence = "Which failures are tried again; others are final. `start`: the command could not "
                 "be started; `timeout`: it ran longer than its `timeout`; `any`: these, each exit "
                 "code but 0, and each signal."},
};

static bool finish_rules(struct load *load, const struct node *node, void *data)
{
    struct retry_rules *rules = data;
    const struct node *longest = tree_find(node, "max_backoff");
    rules->is_said = node->first != NULL;
    if (rules->backoff_ms <= rules->max_backoff_ms)
        return true;
    if (longest)
        return load_problem(load, longest, "\"max_backoff\" is shorter than \"backoff\"");
    rules->max_backoff_ms = rules->backoff_ms;
    return true;
}

static const struct row_section rules_section = {
    .name = "retry",
    .sentence = "When an attempt that failed is followed by another one.",
    .rows = rules_rows,
    .row_count = ROW_COUNT(rules_rows),
    .size = sizeof(struct retry_rules),
    .finish = finish_rules};

static const char *const crash_choices[] = {"retry", "fail", NULL}; /* enum on_crash */

static const struct row retry_rows[] = {
    {.name = "retry",
     .type = ROW_SECTION,
     .offset = offsetof(struct retry_settings, rules),
     .default_text = "{}",
     .section = &rules_section,
     .sentence = "When an attempt that failed is followed by another one. A pipe has none: its "
                 "event waits for a reader."},
    {.name = "on_crash",
     .type = ROW_CHOICE,
     .offset = offsetof(struct retry_settings, on_crash),
     .choices = crash_choices,
     .default_text = "retry",
     .sentence = "What becomes of a delivery whose command was ended because the server crashed or "
                 "was stopped: `retry` runs it again, `fail` does not, for a command that must "
                 "never run twice."},
};

/* A key that says what cannot be kept is a mistake, not a wish. */
static bool check_kind(struct load *load, const struct node *node, void *settings)
{
    const struct node *retry = tree_find(node, "retry"), *crash = tree_find(node, "on_crash");
    (void)settings;
    if (retry && tree_find(node, "pipe"))
        return load_problem(load, retry->key,
                            "\"retry\" does not go with \"pipe\": its event waits for a reader");
    if (crash && (tree_find(node, "pipe") || tree_find(node, "worker")))
        return load_problem(load, crash->key, "\"on_crash\" goes with \"command\" and \"shell\"");
    return true;
}

const struct row_section retry_keys = {.name = "an action",
                                       .sentence = "What follows on an attempt that failed.",
                                       .rows = retry_rows,
                                       .row_count = ROW_COUNT(retry_rows),
                                       .size = sizeof(struct retry_settings),
                                       .finish = check_kind};

const struct retry_settings *retry_settings_of(const struct settings *settings,
                                               const struct action_settings *action)
{
    return settings->registry ? action_part(settings, action, &retry_keys) : NULL;
}

bool retry_put_on(struct buffer *out, const struct retry_on *on)
{
    const char *separator = "";
    bool put = buffer_append_text(out, "[");
    for (int code = 1; put && code <= EXIT_MAX; code++) {
        if (!(on->exits[code / 64] >> code % 64 & 1))
            continue;
        put = buffer_printf(out, "%s%d", separator, code);
        separator = ",";
    }
    for (size_t i = 0; put && i < sizeof words / sizeof *words; i++) {
        if (!*(const bool *)((const char *)on + words[i].offset))
            continue;
        put = buffer_printf(out, "%s\"%s\"", separator, words[i].word);
        separator = ",";
    }
    return put && buffer_append_text(out, "]");
}

/* ---- the decision ---- */

static bool is_tried_again(const struct retry_on *on, const struct outcome *outcome)
{
    int exit_status = outcome->exit_status;
    if (outcome->kind == OUTCOME_TIMEOUT)
        return on->timeout || on->any;
    if (outcome->kind != OUTCOME_FAILED)
        return false;
    if (outcome->not_started)
        return on->start || on->any;
    if (outcome->signal != 0)
        return on->any;
    return exit_status > 0 && exit_status <= EXIT_MAX &&
           (on->any || on->exits[exit_status / 64] >> exit_status % 64 & 1);
}

int64_t retry_wait_ms(const struct retry_rules *rules, const struct outcome *outcome,
                      unsigned failures, uint64_t random)
{
    int64_t wait_ms = rules->backoff_ms;
    if (!is_tried_again(&rules->on, outcome) || failures + INT64_C(1) >= rules->attempts)
        return 0;
    for (unsigned i = 0; i < failures && wait_ms < rules->max_backoff_ms; i++)
        wait_ms *= 2;
    if (wait_ms > rules->max_backoff_ms)
        wait_ms = rules->max_backoff_ms;
    wait_ms -= (int64_t)(random % ((uint64_t)wait_ms / 2 + 1));
    return wait_ms;
}
