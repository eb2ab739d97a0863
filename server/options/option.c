/* A value becomes the field of its row: a row of this table for each kind. What is said of a wrong
 * one is what would be right, never the value, which may be a secret in the wrong place. */
#include "server/options/option.h"

#include "base/clock.h"
#include "base/units.h"
#include "config/nearest.h"
#include "server/options/moment.h"

#include <stdio.h>
#include <string.h>

static bool read_flag(const struct option_row *row, const char *text, void *field,
                      struct error *err)
{
    (void)row;
    (void)text;
    (void)err;
    *(bool *)field = true;
    return true;
}

static bool read_text(const struct option_row *row, const char *text, void *field,
                      struct error *err)
{
    (void)row;
    (void)err;
    *(const char **)field = text;
    return true;
}

/* Ids compare as texts, so whatever is no id would be a place of its own. */
static bool read_event(const struct option_row *row, const char *text, void *field,
                       struct error *err)
{
    if (!*text || strspn(text, "0123456789abcdef-") != strlen(text))
        return error_set(err, "needs the id of an event");
    return read_text(row, text, field, err);
}

/* "a, b or c" */
static void list_choices(const char *const *choices, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; choices[i] && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s",
                                   i == 0           ? ""
                                   : choices[i + 1] ? ", "
                                                    : " or ",
                                   choices[i]);
}

static bool read_choice(const struct option_row *row, const char *text, void *field,
                        struct error *err)
{
    char list[256];
    for (size_t i = 0; row->choices[i]; i++)
        if (strcmp(row->choices[i], text) == 0)
            return read_text(row, row->choices[i], field, err);
    const char *nearest = nearest_name(text, row->choices);
    list_choices(row->choices, list, sizeof list);
    return error_set(err, "needs %s%s%s%s", list, nearest ? "; did you mean \"" : "",
                     nearest ? nearest : "", nearest ? "\"?" : "");
}

static bool read_number(const struct option_row *row, const char *text, void *field,
                        struct error *err)
{
    uint64_t number;
    int64_t max = row->max ? row->max : INT64_MAX;
    if (bytes_to_uint64(bytes_of_text(text), &number) && number <= (uint64_t)max &&
        number >= (uint64_t)row->min) {
        *(int64_t *)field = (int64_t)number;
        return true;
    }
    return row->max ? error_set(err, "needs a number from %lld to %lld", (long long)row->min,
                                (long long)row->max)
                    : error_set(err, "needs a number from %lld", (long long)row->min);
}

static bool read_duration(const struct option_row *row, const char *text, void *field,
                          struct error *err)
{
    int64_t duration_ms;
    if (!units_parse_duration(bytes_of_text(text), &duration_ms) || duration_ms < row->min)
        return error_set(err, "needs a duration such as 90s, 1h or 7d");
    *(int64_t *)field = duration_ms;
    return true;
}

static bool read_moment(const struct option_row *row, const char *text, void *field,
                        struct error *err)
{
    int64_t unix_ms;
    (void)row;
    if (!moment_parse(text, clock_unix_ms(), &unix_ms) || unix_ms <= 0)
        return error_set(err, "needs a duration (1h, 2d), a day (2026-11-30) or a time of UTC "
                              "(2026-11-30T14:00Z)");
    *(int64_t *)field = unix_ms;
    return true;
}

static bool read_custom(const struct option_row *row, const char *text, void *field,
                        struct error *err)
{
    return row->take(field, text, err);
}

static bool (*const readers[])(const struct option_row *row, const char *text, void *field,
                               struct error *err) = {
    [OPTION_FLAG] = read_flag,     [OPTION_TEXT] = read_text,         [OPTION_FILE] = read_text,
    [OPTION_ROUTE] = read_text,    [OPTION_EVENT] = read_event,       [OPTION_PRESET] = read_text,
    [OPTION_KEY] = read_text,      [OPTION_VERB] = read_text,         [OPTION_CHOICE] = read_choice,
    [OPTION_NUMBER] = read_number, [OPTION_DURATION] = read_duration, [OPTION_MOMENT] = read_moment,
    [OPTION_CUSTOM] = read_custom, [OPTION_UNIT] = read_text,         [OPTION_ACTION] = read_text,
    [OPTION_TYPE] = read_text,
};

bool option_take(const struct option_row *row, const char *value, void *field, struct error *err)
{
    struct word_list *list = field;
    const char *word = value;
    if (!(row->flags & OPTION_REPEATS) || row->kind == OPTION_CUSTOM)
        return readers[row->kind](row, value, field, err);
    if (!readers[row->kind](row, value, &word, err))
        return false;
    list->items[list->count++] = word;
    return true;
}

const char *option_shown(const struct option_row *row, char text[64])
{
    snprintf(text, 64, "%s%s", row->name ? "--" : "", row->name ? row->name : row->value);
    return text;
}
