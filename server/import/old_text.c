/* A template action becomes a mark of two private characters with its number between them, which
 * YAML takes as part of any string; so the file is read as it would be with the values filled in,
 * and each mark is found in the value that it belongs to. */
#include "server/import/old_text.h"

#include <stdio.h>

#define MARK_BEGIN "\xEE\x80\x80" /* U+E000 */
#define MARK_END "\xEE\x80\x81"

static const struct {
    const char *function, *kind;
} secret_functions[] = {{"getenv", "env"}, {"credential", "credential"}, {"cat", "file"}};

static const char *const control_words[] = {"if",     "else",  "end",      "range", "with",
                                            "define", "block", "template", "break", "continue"};

struct reader {
    struct bytes text;
    size_t at;
    unsigned line, line_start; /* line from 1; the offset at which it begins */
    struct arena *arena;
    struct import_report *report;
    struct old_template *found;
    struct buffer marked;
    bool has_control;
};

/* ---- one action ---- */

static bool take_word(struct bytes *text, const char *word)
{
    size_t length = strlen(word);
    bool ends = text->length == length ||
                (text->length > length && byte_is_among(text->data[length], " \t\n\r\"`(|"));
    if (!bytes_starts_with(*text, bytes_of_text(word)) || !ends)
        return false;
    *text = bytes_trim(bytes_from(*text, length));
    return true;
}

/* A string of Go in either quotes, without escapes. */
static bool take_string(struct bytes *text, struct bytes *value)
{
    if (text->length == 0 || (text->data[0] != '"' && text->data[0] != '`'))
        return false;
    const uint8_t *end = memchr(text->data + 1, text->data[0], text->length - 1);
    if (!end)
        return false;
    *value = bytes_of(text->data + 1, (size_t)(end - text->data) - 1);
    *text = bytes_trim(bytes_from(*text, value->length + 2));
    return value->length > 0 && !memchr(value->data, '\\', value->length);
}

static struct old_action read_action(struct bytes text)
{
    for (size_t i = 0; i < sizeof secret_functions / sizeof *secret_functions; i++) {
        struct bytes left = text, name;
        if (!take_word(&left, secret_functions[i].function) || !take_string(&left, &name))
            continue;
        if (take_word(&left, "|") && !take_word(&left, "js"))
            continue;
        if (left.length == 0)
            return (struct old_action){secret_functions[i].kind, name};
    }
    return (struct old_action){.kind = NULL};
}

static bool is_control(struct bytes text)
{
    if (text.length > 0 && text.data[0] == '$')
        return true;
    for (size_t i = 0; i < sizeof control_words / sizeof *control_words; i++) {
        struct bytes left = text;
        if (take_word(&left, control_words[i]))
            return true;
    }
    return false;
}

static struct bytes trim_blanks(struct bytes text)
{
    while (text.length > 0 && byte_is_among(text.data[0], " \t\r\n"))
        text = bytes_from(text, 1);
    while (text.length > 0 && byte_is_among(text.data[text.length - 1], " \t\r\n"))
        text.length--;
    return text;
}

/* {{- and -}} take blanks away that mean nothing here. */
static struct bytes inside_of(struct bytes text)
{
    if (text.length > 1 && text.data[0] == '-' && byte_is_among(text.data[1], " \t\r\n"))
        text = bytes_from(text, 1);
    if (text.length > 1 && text.data[text.length - 1] == '-' &&
        byte_is_among(text.data[text.length - 2], " \t\r\n"))
        text.length--;
    return trim_blanks(text);
}

static bool put_action(struct reader *reader, struct bytes text)
{
    unsigned column = (unsigned)(reader->at - reader->line_start) + 1;
    if (bytes_starts_with(text, bytes_of_text("/*")))
        return true;
    if (reader->found->count == OLD_ACTIONS_MAX)
        return report_problem(reader->report, reader->line, column,
                              "the template has more than %d actions", OLD_ACTIONS_MAX);
    struct old_action action = read_action(text);
    if (is_control(text)) {
        reader->has_control = true;
        report_problem(reader->report, reader->line, column,
                       "the template has conditions, loops or variables: fill it in first, and "
                       "import what comes out");
        return true;
    }
    if (!action.kind)
        report_problem(reader->report, reader->line, column,
                       "a template action other than getenv, cat or credential with one string");
    reader->found->actions[reader->found->count] = action;
    return buffer_printf(&reader->marked, MARK_BEGIN "%zu" MARK_END, reader->found->count++);
}

/* ---- the whole text ---- */

/* Where the action that begins at `from` ends: the offset of its }}, or SIZE_MAX. Braces in strings
 * do not count. */
static size_t action_end(struct bytes text, size_t from)
{
    size_t begin = from;
    if (begin + 1 < text.length && text.data[begin] == '-')
        for (begin++; begin < text.length && byte_is_among(text.data[begin], " \t\r\n");)
            begin++;
    struct bytes rest = bytes_from(text, begin);
    if (bytes_starts_with(rest, bytes_of_text("/*"))) {
        const uint8_t *end = memmem(rest.data, rest.length, "*/", 2);
        from = end ? (size_t)(end - text.data) : text.length;
    }
    for (size_t i = from; i + 1 < text.length; i++) {
        uint8_t c = text.data[i];
        if (c == '}' && text.data[i + 1] == '}')
            return i;
        if (c != '"' && c != '`')
            continue;
        for (i++; i < text.length && text.data[i] != c; i++)
            if (text.data[i] == '\\' && c == '"')
                i++;
    }
    return SIZE_MAX;
}

static bool read_text(struct reader *reader)
{
    struct bytes text = reader->text;
    for (; reader->at < text.length; reader->at++) {
        const uint8_t *at = text.data + reader->at;
        if (reader->at + 1 < text.length && at[0] == '{' && at[1] == '{') {
            size_t from = reader->at + 2, end = action_end(text, from);
            if (end == SIZE_MAX)
                return report_problem(reader->report, reader->line,
                                      (unsigned)(reader->at - reader->line_start) + 1,
                                      "a template action without its end");
            if (!put_action(reader, inside_of(bytes_of(text.data + from, end - from))))
                return false;
            reader->at = end + 1;
            continue;
        }
        if (*at == '\n') {
            reader->line++;
            reader->line_start = (unsigned)reader->at + 1;
        }
        if (!buffer_append(&reader->marked, at, 1))
            return report_problem(reader->report, 0, 0, "no memory");
    }
    return !reader->has_control;
}

bool old_template_read(struct bytes text, struct arena *arena, struct import_report *report,
                       struct old_template *found, struct bytes *marked)
{
    struct reader reader = {
        .text = text, .line = 1, .arena = arena, .report = report, .found = found};
    if (old_template_is_in(text))
        return report_problem(report, 0, 0, "a template with the character U+E000 in it");
    found->count = 0;
    found->actions = arena_alloc_array(arena, OLD_ACTIONS_MAX, sizeof *found->actions);
    buffer_init(&reader.marked, text.length + (size_t)OLD_ACTIONS_MAX * 16);
    bool ok = found->actions && read_text(&reader);
    const char *copy = ok ? arena_copy_bytes(arena, buffer_bytes(&reader.marked)) : NULL;
    *marked = bytes_of(copy, reader.marked.length);
    buffer_finish(&reader.marked);
    return copy != NULL;
}

bool old_template_is_in(struct bytes value)
{
    return value.length > 0 &&
           memmem(value.data, value.length, MARK_BEGIN, strlen(MARK_BEGIN)) != NULL;
}

const struct old_action *old_template_action(const struct old_template *found, struct bytes value)
{
    size_t edge = strlen(MARK_BEGIN);
    uint64_t index;
    if (value.length <= 2 * edge || memcmp(value.data, MARK_BEGIN, edge) != 0)
        return NULL;
    struct bytes digits = bytes_of(value.data + edge, value.length - 2 * edge);
    bool whole = memcmp(value.data + value.length - edge, MARK_END, edge) == 0;
    if (!whole || !bytes_to_uint64(digits, &index) || index >= found->count)
        return NULL;
    const struct old_action *action = &found->actions[index];
    if (!action->kind || memchr(action->name.data, 0, action->name.length))
        return NULL;
    return action;
}

/* ---- comments ---- */

static size_t comment_length(struct bytes text)
{
    if (text.length < 2 || text.data[0] != '/')
        return 0;
    if (text.data[1] == '/') {
        const uint8_t *end = memchr(text.data, '\n', text.length);
        return end ? (size_t)(end - text.data) : text.length;
    }
    if (text.data[1] != '*')
        return 0;
    const uint8_t *end = memmem(text.data + 2, text.length - 2, "*/", 2);
    return end ? (size_t)(end - text.data) + 2 : text.length;
}

static bool begins_as_json(struct bytes text)
{
    for (size_t length = 1; length > 0; text = bytes_from(text, length)) {
        text = trim_blanks(text);
        length = comment_length(text);
    }
    return text.length > 0 && byte_is_among(text.data[0], "[{");
}

struct bytes old_text_without_comments(struct bytes text, struct arena *arena)
{
    if (!begins_as_json(text))
        return text;
    uint8_t *copy = (uint8_t *)arena_copy_bytes(arena, text);
    bool is_string = false, found = false;
    for (size_t i = 0; copy && i < text.length; i++) {
        if (is_string) {
            i += text.data[i] == '\\';
            is_string = i < text.length && text.data[i] != '"';
            continue;
        }
        size_t length = comment_length(bytes_from(text, i));
        for (size_t j = i; j < i + length; j++)
            if (copy[j] != '\n')
                copy[j] = ' ';
        found |= length > 0;
        i += length ? length - 1 : 0;
        is_string = text.data[i] == '"' && length == 0;
    }
    return found && copy ? bytes_of(copy, text.length) : text;
}
