/* A number is written as it stands, not read and printed: a schema that says 0.1 or 2^70 means just
 * that. What YAML writes otherwise than JSON (a sign, leading zeros, a bare point, 0x and 0o) is
 * brought into JSON's form by the text alone. */
#include "handlers/content/yaml_json.h"

#include "base/json_text.h"

#include <stdlib.h>

enum { NUMBER_MAX = 1024 };

static bool is_word(const struct node *node, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(node->text, *words) == 0)
            return true;
    return false;
}

/* ---- numbers ---- */

/* [-+]? digits? (. digits?)? ([eE] [-+]? digits)?, with a digit before the exponent. */
struct number_parts {
    bool negative, has_point;
    struct bytes whole, fraction, exponent; /* the exponent with its letter and sign */
};

static struct bytes take_digits(struct bytes *rest)
{
    size_t count = 0;
    while (count < rest->length && rest->data[count] >= '0' && rest->data[count] <= '9')
        count++;
    struct bytes digits = bytes_of(rest->data, count);
    *rest = bytes_from(*rest, count);
    return digits;
}

static bool starts_with_any(struct bytes text, const char *letters)
{
    return text.length > 0 && text.data[0] && strchr(letters, text.data[0]);
}

static bool take_exponent(struct bytes *rest, struct bytes *exponent)
{
    struct bytes start = *rest;
    *exponent = bytes_of(NULL, 0);
    if (!starts_with_any(*rest, "eE"))
        return true;
    *rest = bytes_from(*rest, 1);
    if (starts_with_any(*rest, "+-"))
        *rest = bytes_from(*rest, 1);
    if (take_digits(rest).length == 0)
        return false;
    *exponent = bytes_of(start.data, start.length - rest->length);
    return true;
}

static bool parse_number(struct bytes text, struct number_parts *parts)
{
    *parts = (struct number_parts){.negative = starts_with_any(text, "-")};
    if (starts_with_any(text, "+-"))
        text = bytes_from(text, 1);
    parts->whole = take_digits(&text);
    parts->has_point = starts_with_any(text, ".");
    if (parts->has_point)
        text = bytes_from(text, 1);
    if (parts->has_point)
        parts->fraction = take_digits(&text);
    return parts->whole.length + parts->fraction.length > 0 &&
           take_exponent(&text, &parts->exponent) && text.length == 0;
}

static bool append_number(struct buffer *out, struct number_parts parts)
{
    while (parts.whole.length > 1 && parts.whole.data[0] == '0')
        parts.whole = bytes_from(parts.whole, 1);
    if (parts.whole.length == 0)
        parts.whole = bytes_of_text("0");
    if (parts.has_point && parts.fraction.length == 0)
        parts.fraction = bytes_of_text("0");
    return buffer_append_text(out, parts.negative ? "-" : "") &&
           buffer_append_bytes(out, parts.whole) &&
           buffer_append_text(out, parts.has_point ? "." : "") &&
           buffer_append_bytes(out, parts.fraction) && buffer_append_bytes(out, parts.exponent);
}

/* 0x1F and 0o17, as far as 64 bits go; what is longer is a string. */
static bool parse_prefixed(const char *text, unsigned long long *value)
{
    int base = strncmp(text, "0x", 2) == 0 ? 16 : strncmp(text, "0o", 2) == 0 ? 8 : 0;
    const char *digits = base == 16 ? "0123456789abcdefABCDEF" : "01234567";
    size_t length = base ? strlen(text + 2) : 0;
    if (length == 0 || length > 16 || strspn(text + 2, digits) != length)
        return false;
    *value = strtoull(text + 2, NULL, base);
    return true;
}

/* ---- nodes ---- */

static bool append_string(struct buffer *out, const struct node *node)
{
    return buffer_append_text(out, "\"") && json_escape(out, bytes_of(node->text, node->length)) &&
           buffer_append_text(out, "\"");
}

static bool refuse_number(const struct node *node, struct problem_list *problems)
{
    problem_add_at(problems, node->source, node->line, node->column, node->end_column,
                   "JSON has no number %s; quote it if it is a string", node->text);
    return false;
}

static bool append_scalar(struct buffer *out, const struct node *node,
                          struct problem_list *problems)
{
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};
    static const char *const none[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                       "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};
    struct number_parts parts;
    unsigned long long prefixed;
    if (node->quoted)
        return append_string(out, node);
    if (tree_is_null(node))
        return buffer_append_text(out, "null");
    if (is_word(node, yes) || is_word(node, no))
        return buffer_append_text(out, is_word(node, yes) ? "true" : "false");
    if (is_word(node, none))
        return refuse_number(node, problems);
    if (parse_prefixed(node->text, &prefixed))
        return buffer_printf(out, "%llu", prefixed);
    if (node->length <= NUMBER_MAX && parse_number(bytes_of(node->text, node->length), &parts))
        return append_number(out, parts);
    return append_string(out, node);
}

static bool append_children(struct buffer *out, const struct node *node,
                            struct problem_list *problems)
{
    bool good = true;
    for (const struct node *child = node->first; child; child = child->next) {
        good = (child == node->first || buffer_append_text(out, ",")) && good;
        if (node->kind == NODE_MAPPING)
            good = append_string(out, child->key) && buffer_append_text(out, ":") && good;
        good = yaml_json_append(out, child, problems) && good;
    }
    return good;
}

/* The tree's depth bounds the recursion. */
bool yaml_json_append(struct buffer *out, const struct node *node, struct problem_list *problems)
{
    bool mapping = node->kind == NODE_MAPPING;
    if (node->kind == NODE_SCALAR)
        return append_scalar(out, node, problems);
    bool opened = buffer_append_text(out, mapping ? "{" : "[");
    return append_children(out, node, problems) && opened &&
           buffer_append_text(out, mapping ? "}" : "]");
}
