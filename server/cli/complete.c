/* The words that are complete are walked over by the rows, as the parser does it, but nothing is
 * refused: a line that is being typed is not right yet. What may come next is offered: the value of
 * an option, an option, the word of a form, an operand. */
#include "server/cli/complete.h"

#include "config/keys.h"
#include "config/loader.h"
#include "config/settings.h"
#include "handlers/admission/events.h"
#include "handlers/provider/presets.h"
#include "handlers/verdict.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/ipc/log_events.h"
#include "server/journal/reader.h"
#include "server/service/service_file.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_OFFERED = 50, NAMES_OFFERED = 512 };

struct completion {
    const struct verb *const *verbs;
    size_t verb_count;
    const struct verb *verb;
    struct placed_row rows[VERB_ROWS_MAX];
    size_t count;
    bool given[VERB_ROWS_MAX];
    unsigned forms;                  /* those that are possible still */
    size_t operands;                 /* that were given, without the word of a form */
    bool has_word, is_behind;        /* the form's word was given; "--" was */
    const struct option_row *wanted; /* the option whose value comes next; NULL: none */
    struct place_options place;
    struct bytes joined; /* "--state=" of "--state=d", which stands before what is offered */
    const char *current; /* what is typed of the word, behind that */
    FILE *out;
};

/* ---- what is offered ---- */

static void offer(const struct completion *completion, const char *word, const char *sentence)
{
    if (strncmp(word, completion->current, strlen(completion->current)) == 0)
        fprintf(completion->out, "%.*s%s\t%s\n", (int)completion->joined.length,
                (const char *)completion->joined.data, word, sentence);
}

static void offer_verbs(const struct completion *completion)
{
    for (size_t i = 0; i < completion->verb_count; i++)
        offer(completion, completion->verbs[i]->name, completion->verbs[i]->sentence);
}

static void offer_pages(const struct completion *completion)
{
    offer_verbs(completion);
    offer(completion, "tenterhook.yaml", "the route file");
}

static void offer_files(const struct completion *completion)
{
    fputs(":files\n", completion->out);
}

static void offer_unit(void *context, const char *name, const char *directory)
{
    offer(context, name, directory);
}

static void offer_units(const struct completion *completion)
{
    service_units_walk("tenterhook", offer_unit, (void *)completion);
    offer_files(completion);
}

/* What is offered, whose names may come several times and are offered once. */
struct offered {
    const struct completion *completion;
    const char *names[NAMES_OFFERED];
    size_t count;
};

static void offer_once(struct offered *offered, const char *name, const char *sentence)
{
    for (size_t i = 0; i < offered->count; i++)
        if (strcmp(offered->names[i], name) == 0)
            return;
    if (offered->count == NAMES_OFFERED)
        return;
    offered->names[offered->count++] = name;
    offer(offered->completion, name, sentence);
}

/* Problems of the file are not for who types. */
static void offer_of_routes(const struct completion *completion,
                            void (*offer_of)(struct offered *offered, const struct route *route))
{
    struct offered offered = {.completion = completion};
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *settings = settings_load_secretless(cli_config_file(completion->place.config),
                                                         &program_registry, &problems);
    for (size_t i = 0; settings && i < settings->route_count; i++)
        offer_of(&offered, &settings->routes[i]);
    settings_destroy(settings);
    problem_list_finish(&problems);
}

static void offer_route(struct offered *offered, const struct route *route)
{
    offer(offered->completion, route->name, route->path);
}

static void offer_routes(const struct completion *completion)
{
    offer_of_routes(completion, offer_route);
}

static void offer_actions_of(struct offered *offered, const struct route *route)
{
    for (size_t i = 0; i < route_all_count(route); i++)
        offer_once(offered, route->actions[i].name, route->name);
}

static void offer_actions(const struct completion *completion)
{
    offer_of_routes(completion, offer_actions_of);
}

static void offer_types_of(struct offered *offered, const struct route *route)
{
    const struct text_list *patterns = &events_settings_of(route)->patterns;
    for (size_t i = 0; i < patterns->count; i++)
        offer_once(offered, patterns->items[i], route->name);
}

static void offer_types(const struct completion *completion)
{
    offer_of_routes(completion, offer_types_of);
}

static void offer_event(void *context, const struct event_view *view)
{
    char id[64], sentence[96];
    snprintf(id, sizeof id, "%.*s", (int)view->event.id.length, (const char *)view->event.id.data);
    snprintf(sentence, sizeof sentence, "%.*s", (int)view->event.route.length,
             (const char *)view->event.route.data);
    offer(context, id, sentence);
}

/* The path of the journal in memory of the caller, or NULL. */
static char *find_journal(const struct completion *completion)
{
    struct problem_list problems;
    if (completion->place.journal)
        return strdup(completion->place.journal);
    problem_list_init(&problems);
    char *path = settings_find_journal(cli_config_file(completion->place.config), &program_registry,
                                       &problems);
    problem_list_finish(&problems);
    return path;
}

static void offer_events(const struct completion *completion)
{
    const struct event_filter filter = {.limit = EVENTS_OFFERED};
    struct error why;
    char *path = find_journal(completion);
    struct journal_reader *reader = path ? journal_reader_open(path, &why) : NULL;
    if (reader) {
        journal_reader_list(reader, &filter, offer_event, (void *)completion);
        journal_reader_close(reader);
    }
    free(path);
}

static void offer_presets(const struct completion *completion)
{
    for (size_t i = 0; i < preset_count; i++)
        offer(completion, presets[i].name, "");
}

/* And their last parts, which explain takes too; where nothing is typed, these would only be more
 * of the same. */
static void offer_group(void *context, const struct key_group *group)
{
    struct offered *offered = context;
    char path[KEY_PATH_MAX + 80];
    for (size_t i = 0; i < group->count; i++) {
        const char *name = group->rows[i]->name;
        snprintf(path, sizeof path, "%s%s%s", group->path, group->path[0] ? "." : "", name);
        offer(offered->completion, path, "");
        if (group->path[0] && offered->completion->current[0])
            offer_once(offered, name, "");
    }
}

static void offer_keys(const struct completion *completion)
{
    struct offered offered = {.completion = completion};
    keys_walk(&program_registry, offer_group, &offered);
    for (size_t i = 0; i < LOG_EVENT_COUNT; i++)
        offer(completion, log_events[i].name, "");
    for (size_t i = 0; i < REPLY_COUNT; i++)
        if (reply_rows[i].status != 0)
            offer(completion, reply_rows[i].code, "");
}

static void (*const offers[])(const struct completion *completion) = {
    [OPTION_FILE] = offer_files,     [OPTION_ROUTE] = offer_routes,   [OPTION_EVENT] = offer_events,
    [OPTION_PRESET] = offer_presets, [OPTION_KEY] = offer_keys,       [OPTION_VERB] = offer_pages,
    [OPTION_UNIT] = offer_units,     [OPTION_ACTION] = offer_actions, [OPTION_TYPE] = offer_types,
    [OPTION_CUSTOM] = NULL,
};

static void offer_value(const struct completion *completion, const struct option_row *row)
{
    for (size_t i = 0; row->choices && row->choices[i]; i++)
        offer(completion, row->choices[i], "");
    enum option_kind kind = row->kind == OPTION_CUSTOM ? row->like : row->kind;
    if (offers[kind])
        offers[kind](completion);
}

/* ---- what was typed ---- */

static void note_given(struct completion *completion, size_t i, const char *value)
{
    const struct option_row *row = completion->rows[i].row;
    completion->given[i] = true;
    if (!completion->verb->forms[0].word && (completion->forms & completion->rows[i].forms))
        completion->forms &= completion->rows[i].forms;
    if (value && row->letter == 'c')
        completion->place.config = value;
    if (value && strcmp(row->name, "journal") == 0)
        completion->place.journal = value;
}

static void note_option(struct completion *completion, const char *word, const char *next)
{
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < completion->count; i++) {
        const struct option_row *row = completion->rows[i].row;
        bool is_long = row->name && strncmp(word, "--", 2) == 0 &&
                       strlen(row->name) == length - 2 &&
                       strncmp(row->name, word + 2, length - 2) == 0;
        bool is_letter = row->letter && word[1] == row->letter;
        if (!is_long && !is_letter)
            continue;
        const char *joined = is_long   ? (word[length] ? word + length + 1 : NULL)
                             : word[2] ? word + 2
                                       : NULL;
        note_given(completion, i, joined ? joined : row->value ? next : NULL);
        completion->wanted = row->value && !joined ? row : NULL;
        return;
    }
}

/* `replay ID` is no search. */
static void keep_forms_with_operands(struct completion *completion)
{
    unsigned with = 0;
    for (size_t i = 0; i < completion->count; i++)
        if (!completion->rows[i].row->name)
            with |= completion->rows[i].forms;
    if (completion->forms & with)
        completion->forms &= with;
}

static void note_operand(struct completion *completion, const char *word)
{
    const struct verb_form *forms = completion->verb->forms;
    if (!forms[0].word || completion->has_word) {
        completion->operands++;
        keep_forms_with_operands(completion);
        return;
    }
    completion->has_word = true;
    completion->forms = 0;
    for (size_t i = 0; forms[i].run; i++)
        if (strcmp(forms[i].word, word) == 0)
            completion->forms = 1U << i;
}

/* bash makes words of their own of the "=" of --name=value. */
static void note_word(struct completion *completion, const char *word, const char *next)
{
    if (strcmp(word, "=") == 0)
        return;
    if (completion->wanted)
        completion->wanted = NULL;
    else if (strcmp(word, "--") == 0 || completion->is_behind)
        completion->is_behind = true;
    else if (word[0] == '-' && word[1])
        note_option(completion, word, next && strcmp(next, "=") == 0 ? NULL : next);
    else
        note_operand(completion, word);
}

/* ---- what comes next ---- */

static void offer_options(const struct completion *completion)
{
    char shown[64];
    for (size_t i = 0; i < completion->count; i++) {
        const struct option_row *row = completion->rows[i].row;
        bool is_over = completion->given[i] && !(row->flags & OPTION_REPEATS);
        if (row->name && !is_over && (completion->rows[i].forms & completion->forms))
            offer(completion, option_shown(row, shown), row->sentence);
    }
    offer(completion, "--help", "explains the verb and its options");
}

/* The operand whose turn it is, of each form that is possible. */
static void offer_operand(const struct completion *completion)
{
    size_t skipped = 0;
    for (size_t i = 0; i < completion->count; i++) {
        const struct option_row *row = completion->rows[i].row;
        bool is_behind = row->flags & OPTION_BEHIND;
        if (row->name || is_behind != completion->is_behind ||
            !(completion->rows[i].forms & completion->forms))
            continue;
        if (is_behind || skipped == completion->operands || (row->flags & OPTION_REPEATS)) {
            offer_value(completion, row);
            return;
        }
        skipped++;
    }
}

/* --state=d: the option is whole, and its value comes. */
static void split_current(struct completion *completion)
{
    const char *equals = strchr(completion->current, '=');
    if (completion->wanted || completion->is_behind || completion->current[0] != '-' || !equals)
        return;
    size_t length = (size_t)(equals + 1 - completion->current);
    for (size_t i = 0; i < completion->count; i++) {
        const struct option_row *row = completion->rows[i].row;
        if (row->name && row->value && strlen(row->name) == length - 3 &&
            strncmp(row->name, completion->current + 2, length - 3) == 0)
            completion->wanted = row;
    }
    completion->joined = bytes_of(completion->current, length);
    completion->current = equals + 1;
}

static void offer_next(struct completion *completion)
{
    const struct verb_form *forms = completion->verb->forms;
    split_current(completion);
    if (completion->wanted)
        offer_value(completion, completion->wanted);
    else if (completion->current[0] == '-' && !completion->is_behind)
        offer_options(completion);
    else if (completion->joined.length > 0)
        return; /* no option of the verb */
    else if (forms[0].word && !completion->has_word && !completion->is_behind)
        for (size_t i = 0; forms[i].run; i++)
            offer(completion, forms[i].word, forms[i].sentence);
    else
        offer_operand(completion);
}

static const struct verb *find_verb(const struct completion *completion, const char *name)
{
    for (size_t i = 0; i < completion->verb_count; i++)
        if (strcmp(completion->verbs[i]->name, name) == 0)
            return completion->verbs[i];
    return NULL;
}

void complete_print(const struct verb *const *verbs, size_t verb_count,
                    const struct word_list *words, FILE *out)
{
    struct completion completion = {.verbs = verbs,
                                    .verb_count = verb_count,
                                    .forms = (unsigned)ALL_FORMS,
                                    .current = words->count ? words->items[words->count - 1] : "",
                                    .out = out};
    if (words->count < 2) {
        offer_verbs(&completion);
        offer(&completion, "--help", "lists the verbs");
        offer(&completion, "--version", "prints the versions of the program and its libraries");
        return;
    }
    completion.verb = find_verb(&completion, words->items[0]);
    if (!completion.verb)
        return;
    completion.count = verb_rows(completion.verb, completion.rows);
    for (size_t i = 1; i + 1 < words->count; i++)
        note_word(&completion, words->items[i], i + 2 < words->count ? words->items[i + 1] : NULL);
    if (strcmp(completion.current, "=") == 0)
        completion.current = "";
    offer_next(&completion);
}
