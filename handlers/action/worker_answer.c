/* A line has passed the JSON guard before anything is looked for in it. Members that are not known
 * are left alone, so that a worker may say more than it is asked; what it decides must be said
 * once. */
#include "handlers/action/worker_answer.h"

#include "base/json_text.h"
#include "handlers/content/json.h"
#include "handlers/content/json_path.h"

#include <stdlib.h>

static bool find_member(struct bytes object, const char *name, struct bytes *value)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(name)};
    const struct json_path path = {.steps = &step, .count = 1};
    return json_path_find(object, &path, value);
}

static bool is_string(struct bytes value)
{
    return value.length >= 2 && value.data[0] == '"';
}

static struct bytes inside_of(struct bytes string)
{
    return bytes_of(string.data + 1, string.length - 2);
}

/* ---- what each of the three says ---- */

static const char *read_ok(struct bytes value, struct worker_answer *answer)
{
    answer->verdict = WORKER_OK;
    return bytes_equal_text(value, "true")
               ? NULL
               : "\"ok\" is not true; of a failure say \"dead\" or \"retry_after\"";
}

/* Any JSON number from 0 on, with a fraction too. */
static const char *read_retry(struct bytes value, struct worker_answer *answer)
{
    static const char wrong[] = "\"retry_after\" is not a number of seconds";
    char text[64];
    if (value.length >= sizeof text || value.data[0] < '0' || value.data[0] > '9')
        return wrong;
    memcpy(text, value.data, value.length);
    text[value.length] = '\0';
    double seconds = strtod(text, NULL);
    if (seconds > WORKER_RETRY_MAX_S)
        seconds = WORKER_RETRY_MAX_S;
    answer->verdict = WORKER_RETRY;
    answer->retry_ms = (int64_t)(seconds * 1000);
    if (answer->retry_ms < WORKER_RETRY_MIN_MS) /* 0 for ever would keep the runner busy */
        answer->retry_ms = WORKER_RETRY_MIN_MS;
    return NULL;
}

/* The character at `text` is a control character: of ASCII, or U+0080 to U+009F. */
static bool is_control(struct bytes text)
{
    uint8_t first = text.data[0];
    return first < ' ' || first == 0x7f ||
           (first == 0xc2 && text.length > 1 && text.data[1] < 0xa0);
}

/* How many bytes the UTF-8 character takes that begins so. */
static size_t character_length(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static const char *read_dead(struct bytes value, struct worker_answer *answer)
{
    static const char none[] = "the worker gave no reason";
    uint8_t text[WORKER_ANSWER_MAX];
    size_t used = 0;
    if (!is_string(value) || value.length > sizeof text)
        return "\"dead\" is not a text";
    struct bytes rest = bytes_of(text, json_unescape(inside_of(value), text));
    while (rest.length > 0) {
        size_t length = character_length(rest.data[0]);
        if (length > rest.length || used + length >= sizeof answer->reason)
            break;
        if (is_control(rest)) {
            answer->reason[used++] = ' ';
        } else {
            memcpy(answer->reason + used, rest.data, length);
            used += length;
        }
        rest = bytes_from(rest, length);
    }
    answer->reason[used] = '\0';
    answer->is_cut = rest.length > 0;
    if (used == 0)
        memcpy(answer->reason, none, sizeof none);
    answer->verdict = WORKER_DEAD;
    return NULL;
}

static const struct {
    const char *name;
    const char *(*read)(struct bytes value, struct worker_answer *answer);
} verdicts[] = {{"ok", read_ok}, {"retry_after", read_retry}, {"dead", read_dead}};

/* ---- the line ---- */

static const char *read_verdict(struct bytes line, struct worker_answer *answer)
{
    const char *wrong = "it has none of \"ok\", \"retry_after\" and \"dead\"";
    struct bytes value;
    size_t found = 0;
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        if (!find_member(line, verdicts[i].name, &value))
            continue;
        if (found++ > 0)
            return "it has more than one of \"ok\", \"retry_after\" and \"dead\"";
        wrong = verdicts[i].read(value, answer);
    }
    return wrong;
}

const char *worker_answer_read(struct bytes line, struct worker_answer *answer)
{
    struct worker_answer read = {.retry_ms = 0};
    struct json_fault fault;
    struct bytes id;
    if (line.length > WORKER_ANSWER_MAX)
        return "it is longer than 64 KiB";
    if (!json_check(line, &json_limits_default, NULL, &fault))
        return "it is not JSON";
    if (!find_member(line, "id", &id) || !is_string(id))
        return "it has no \"id\"";
    read.id = inside_of(id);
    const char *wrong = read_verdict(line, &read);
    if (!wrong)
        *answer = read;
    return wrong;
}
