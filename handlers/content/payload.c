/* The guard says what is JSON; json-c, whose strict mode is neither strict nor the same in its
 * versions, is then called without flags and only builds the tree. What it would lose is saved
 * beforehand: integers beyond 64 bits, which it saturates, get an exponent of nothing
 * (JSON_BIG_SUFFIX), so that it takes them for decimals and keeps their text. Only texts with such
 * numbers are copied. */
#include "handlers/content/payload.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "handlers/schema/value.h"

#include <errno.h>
#include <json-c/json_tokener.h>
#include <limits.h>
#include <stdlib.h>

/* Bytes of a tree of json-c 0.16, from above: a value with its place in its parent, and what an
 * object brings for its first members whether it has any or not. */
static size_t tree_size(const struct json_summary *summary, size_t text_length)
{
    enum { OF_VALUE = 96, OF_OBJECT = 800, OF_MEMBER = 96 };
    return summary->nodes * OF_VALUE + summary->objects * OF_OBJECT + summary->members * OF_MEMBER +
           text_length;
}

/* A tree takes much more memory than its text: up to 270 times as much for a list of empty objects,
 * 6 times for what GitHub sends. */
bool payload_fits(const struct json_summary *summary, size_t text_length, size_t max_body)
{
    enum { LEAST = 128 << 20, A_BYTE = 16 };
    size_t most = max_body * A_BYTE;
    return tree_size(summary, text_length) <= (most > LEAST ? most : LEAST);
}

void payload_release(struct json_object *value)
{
    json_object_put(value);
}

/* ---- integers beyond 64 bits ---- */

static bool is_number_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

static bool is_big_integer(struct bytes number)
{
    char digits[24];
    bool negative = number.data[0] == '-';
    for (size_t i = negative; i < number.length; i++)
        if (number.data[i] < '0' || number.data[i] > '9')
            return false;
    if (number.length - negative < JSON_BIG_DIGITS)
        return false;
    if (number.length >= sizeof digits)
        return true;
    memcpy(digits, number.data, number.length);
    digits[number.length] = '\0';
    errno = 0;
    if (negative)
        strtoll(digits, NULL, 10);
    else
        strtoull(digits, NULL, 10);
    return errno == ERANGE;
}

/* Copies `text` with the suffix behind each of them. */
static bool mark_big_integers(struct bytes text, struct buffer *out)
{
    const uint8_t *at = text.data, *end = at + text.length, *copied = at;
    while (at < end) {
        const uint8_t *from = at;
        if (*at == '"') {
            at += json_string_length(bytes_of(at, (size_t)(end - at)));
        } else if (*at == '-' || (*at >= '0' && *at <= '9')) {
            while (at < end && is_number_byte(*at))
                at++;
            if (!is_big_integer(bytes_of(from, (size_t)(at - from))))
                continue;
            if (!buffer_append(out, copied, (size_t)(at - copied)) ||
                !buffer_append_text(out, JSON_BIG_SUFFIX))
                return false;
            copied = at;
        } else {
            at++;
        }
    }
    return buffer_append(out, copied, (size_t)(end - copied));
}

/* ---- the tree ---- */

static bool fail(struct json_fault *fault, const char *reason)
{
    *fault = (struct json_fault){.reason = reason};
    return false;
}

/* json-c takes a number at the very end for unfinished unless it sees what is behind it: a space is
 * fed after the text, which need not end in a NUL then. */
static bool build_tree(struct bytes text, unsigned depth, struct json_object **value,
                       struct json_fault *fault)
{
    if (text.length > INT_MAX)
        return fail(fault, "longer than 2 GiB");
    struct json_tokener *tokener = json_tokener_new_ex((int)depth + 1);
    if (!tokener)
        return fail(fault, "no memory");
    *value = json_tokener_parse_ex(tokener, (const char *)text.data, (int)text.length);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        *value = json_tokener_parse_ex(tokener, " ", 1);
    bool good = json_tokener_get_error(tokener) == json_tokener_success;
    json_tokener_free(tokener);
    return good || fail(fault, "no memory");
}

bool payload_build(struct bytes text, const struct json_summary *summary,
                   struct json_object **value, struct json_fault *fault)
{
    if (!summary->long_integers)
        return build_tree(text, summary->depth, value, fault);
    struct buffer marked;
    buffer_init(&marked, text.length + summary->long_integers * strlen(JSON_BIG_SUFFIX));
    bool good = mark_big_integers(text, &marked)
                    ? build_tree(buffer_bytes(&marked), summary->depth, value, fault)
                    : fail(fault, "no memory");
    buffer_finish(&marked);
    return good;
}

bool payload_parse(struct bytes text, const struct json_limits *limits, struct json_object **value,
                   struct json_fault *fault)
{
    struct json_summary summary;
    return json_check(text, limits, &summary, fault) && payload_build(text, &summary, value, fault);
}
