/* What both kinds of expression have means the same in both, but for what is refused here: no
 * parser of Go's grammar is needed, only an eye for the places where the two part. */
#include "server/import/expression.h"

#include "handlers/value/value_test.h"

#include <ctype.h>

static bool take_count(struct bytes *rest, unsigned *count)
{
    size_t digits = 0;
    for (*count = 0; digits < rest->length && digits < 9 && isdigit(rest->data[digits]); digits++)
        *count = *count * 10 + (unsigned)(rest->data[digits] - '0');
    *rest = bytes_from(*rest, digits);
    return digits > 0;
}

/* The length of *, +, ?, {n}, {n,} or {n,m} with the mark of a lazy one; 0: it is none, and a brace
 * is itself. `*is_good`: Go takes its counts. */
static size_t repetition_length(struct bytes rest, bool *is_good)
{
    enum { REPEAT_MAX = 1000 };
    unsigned least = 0, most = 0;
    struct bytes behind = bytes_from(rest, 1);
    *is_good = true;
    if (rest.data[0] == '{') {
        if (!take_count(&behind, &least))
            return 0;
        most = least;
        bool has_comma = behind.length > 0 && behind.data[0] == ',';
        if (has_comma)
            behind = bytes_from(behind, 1);
        if (has_comma && !take_count(&behind, &most))
            most = least;
        if (behind.length == 0 || behind.data[0] != '}')
            return 0;
        behind = bytes_from(behind, 1);
        *is_good = least <= most && most <= REPEAT_MAX;
    } else if (!byte_is_among(rest.data[0], "*+?")) {
        return 0;
    }
    bool is_lazy = behind.length > 0 && behind.data[0] == '?';
    return rest.length - behind.length + is_lazy;
}

/* The length of an escape; 0: Go has none such, or PCRE2 reads another, as \v. Of \Q it is all of
 * the quotation. */
static size_t escape_length(struct bytes rest, bool in_class)
{
    static const char anywhere[] = "aftnrxpPdDsSwW0", outside[] = "bBAz";
    uint8_t c = rest.length > 1 ? rest.data[1] : 0;
    if (c == 'Q' && !in_class) {
        const uint8_t *end = memmem(rest.data, rest.length, "\\E", 2);
        return end ? (size_t)(end - rest.data) + 2 : rest.length;
    }
    bool is_letter = isalnum(c) || c >= 0x80;
    bool is_good = !is_letter || strchr(anywhere, c) || (!in_class && strchr(outside, c));
    return c && is_good ? 2 : 0;
}

/* The length of a class with its brackets; 0 if it is not closed, or Go takes no such. */
static size_t class_length(struct bytes rest)
{
    size_t i = 1, length;
    i += i < rest.length && rest.data[i] == '^';
    i += i < rest.length && rest.data[i] == ']';
    for (; i < rest.length && rest.data[i] != ']'; i += length) {
        bool is_named = rest.data[i] == '[' && i + 1 < rest.length && rest.data[i + 1] == ':';
        const uint8_t *end = is_named ? memmem(rest.data + i, rest.length - i, ":]", 2) : NULL;
        length = end                    ? (size_t)(end - rest.data) + 2 - i
                 : rest.data[i] == '\\' ? escape_length(bytes_from(rest, i), true)
                                        : 1;
        if (length == 0)
            return 0;
    }
    return i < rest.length ? i + 1 : 0;
}

/* The length of what opens a group: (, (?P<name>, (?flags: or all of (?flags). 0: Go has none such.
 */
static size_t group_length(struct bytes rest)
{
    size_t i = 2;
    if (rest.length < 2 || rest.data[1] != '?')
        return 1;
    if (bytes_starts_with(rest, bytes_of_text("(?P<"))) {
        const uint8_t *end = memchr(rest.data, '>', rest.length);
        return end ? (size_t)(end - rest.data) + 1 : 0;
    }
    while (i < rest.length && byte_is_among(rest.data[i], "imsU-"))
        i++;
    return i < rest.length && (rest.data[i] == ':' || rest.data[i] == ')') ? i + 1 : 0;
}

bool expression_is_of_go(struct bytes text)
{
    size_t open = 0, length;
    bool can_repeat = false, is_good;
    for (size_t i = 0; i < text.length; i += length) {
        struct bytes rest = bytes_from(text, i);
        uint8_t c = rest.data[0];
        if (c == 0 || (c == ')' && open == 0))
            return false;
        length = repetition_length(rest, &is_good);
        if (length > 0) {
            if (!can_repeat || !is_good)
                return false;
            can_repeat = false;
            continue;
        }
        length = c == '['    ? class_length(rest)
                 : c == '\\' ? escape_length(rest, false)
                 : c == '('  ? group_length(rest)
                             : 1;
        if (length == 0)
            return false;
        open += c == '(' && (length == 1 || rest.data[length - 1] != ')');
        open -= c == ')';
        can_repeat = c != '(' && c != '|';
    }
    return open == 0;
}

bool expression_is_of_route(struct bytes text, struct arena *arena)
{
    struct error err;
    size_t offset;
    const char *copy = arena_copy_bytes(arena, text);
    struct test_pattern *pattern = copy ? test_pattern_compile(copy, &err, &offset) : NULL;
    if (!pattern)
        return false;
    test_pattern_destroy(pattern);
    return true;
}
