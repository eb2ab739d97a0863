/* YAML reads "timeout:5m" and "timeout 5m" as strings, and a string continues on the next line. So
 * libyaml reports the colon of the next line as one too many, or the end of that line as lacking
 * one. The mistake is one line earlier, where a word looks like a key. */
#include "config/syntax_hint.h"

/* Blank lines and comments above a fault that are looked through: each is found from the top. */
enum { LINES_LOOKED_AT = 50 };

static struct bytes line_at(struct bytes text, unsigned number)
{
    struct bytes line = {0};
    for (; number > 0 && text.data; number--)
        line = bytes_split(&text, '\n');
    if (line.length && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}

static bool is_at(struct bytes text, size_t at, const char *characters)
{
    return at < text.length && text.data[at] && strchr(characters, text.data[at]) != NULL;
}

static size_t skip_blanks(struct bytes text, size_t at)
{
    while (is_at(text, at, " "))
        at++;
    return at;
}

/* Behind the indentation and the "- " of lists. */
static size_t content_start(struct bytes line)
{
    size_t at = skip_blanks(line, 0);
    while (is_at(line, at, "-") && is_at(line, at + 1, " "))
        at = skip_blanks(line, at + 1);
    return at;
}

static bool is_nothing(struct bytes line, size_t at)
{
    return at >= line.length || line.data[at] == '#';
}

static size_t name_end(struct bytes line, size_t at)
{
    while (is_at(line, at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"))
        at++;
    return at;
}

/* A colon as YAML wants it: a blank or the end of the line behind it. */
static bool has_colon(struct bytes line, size_t at)
{
    for (; at < line.length; at++)
        if (line.data[at] == ':' && (at + 1 == line.length || line.data[at + 1] == ' '))
            return true;
    return false;
}

static const char *key_fault(struct bytes line, size_t end, bool bracket_only)
{
    size_t value = skip_blanks(line, end);
    if (is_at(line, end, ":") && end + 1 < line.length && line.data[end + 1] != ' ')
        return bracket_only && !is_at(line, end + 1, "[{") ? NULL
                                                           : "a blank is missing after this \":\"";
    if (is_at(line, value, "[{") && value > end)
        return "a \":\" is missing after this key";
    if (bracket_only || !(is_nothing(line, value) || value > end) || has_colon(line, end))
        return NULL;
    return "a \":\" is missing after this key";
}

bool syntax_hint_key(struct bytes text, unsigned number, bool bracket_only,
                     struct syntax_hint *hint)
{
    struct bytes line = line_at(text, number);
    size_t start = content_start(line), end = name_end(line, start);
    const char *fault = end > start ? key_fault(line, end, bracket_only) : NULL;
    if (!fault)
        return false;
    *hint =
        (struct syntax_hint){number, (unsigned)(is_at(line, end, ":") ? end : start) + 1, fault};
    return true;
}

bool syntax_hint_above(struct bytes text, unsigned number, struct syntax_hint *hint)
{
    size_t inner = content_start(line_at(text, number));
    for (int looked = 0; --number > 0 && looked < LINES_LOOKED_AT; looked++) {
        struct bytes line = line_at(text, number);
        if (!is_nothing(line, skip_blanks(line, 0)))
            return content_start(line) <= inner && syntax_hint_key(text, number, false, hint);
    }
    return false;
}

/* The byte at a column; the length of the line: it is behind its end. */
static size_t byte_at(struct bytes line, unsigned column)
{
    size_t at = 0;
    for (; at < line.length; at++)
        if ((line.data[at] & 0xc0) != 0x80 && --column == 0)
            break;
    return at;
}

bool syntax_hint_is_tab(struct bytes text, unsigned number, unsigned column)
{
    struct bytes line = line_at(text, number);
    return is_at(line, byte_at(line, column), "\t");
}

bool syntax_hint_is_bracket(struct bytes text, unsigned number, unsigned column)
{
    struct bytes line = line_at(text, number);
    size_t at = byte_at(line, column);
    return is_at(line, at, "[{") && at > 0 && !is_at(line, at - 1, " ,:[{]}\"'");
}
