/* A string is written without quotes only if it consists of a few harmless bytes and is no word or
 * number of YAML; everything else is in double quotes, with the escapes that YAML and JSON have in
 * common. */
#include "server/import/yaml_text.h"

#include "base/encoding.h"
#include "server/import/report.h"

#include <stdarg.h>
#include <stdio.h>

enum { COMMENT_COLUMNS = 100, COMMENT_MAX = 2000 };

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain_byte(uint8_t c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || byte_is_among(c, "._-/@+=~");
}

/* Words that YAML 1.1 or 1.2 takes for a boolean or null, and numbers such as .inf. */
static bool is_word_of_yaml(struct bytes text)
{
    static const char *const words[] = {"true", "false", "yes",  "no",  "on",  "off",
                                        "y",    "n",     "null", "nan", "inf", NULL};
    for (const char *const *word = words; *word; word++)
        if (bytes_equal_nocase(text, bytes_of_text(*word)))
            return true;
    return false;
}

static bool is_plain(struct bytes text)
{
    bool begins = text.length > 0 && (is_letter(text.data[0]) || text.data[0] == '/');
    bool is_path = text.length > 2 && text.data[0] == '.' && text.data[1] == '/';
    if ((!begins && !is_path) || is_word_of_yaml(text))
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!is_plain_byte(text.data[i]))
            return false;
    return true;
}

/* U+0085, U+2028, U+2029 end a line for YAML, U+FEFF is a mark; all that a terminal might obey is
 * better seen than hidden. */
static bool append_character(struct buffer *out, const uint8_t *text, size_t left, size_t *length)
{
    uint8_t c = *text;
    *length = utf8_sequence(text, left);
    if (*length == 0) {
        *length = 1;
        return buffer_append_text(out, "\\uFFFD");
    }
    if (c == '"' || c == '\\')
        return buffer_printf(out, "\\%c", c);
    if (c == '\n')
        return buffer_append_text(out, "\\n");
    if (c == '\t')
        return buffer_append_text(out, "\\t");
    if (utf8_shown(text, left) == *length)
        return buffer_append(out, text, *length);
    uint32_t code = utf8_decode(text, *length);
    return buffer_printf(out, code > 0xFFFF ? "\\U%08X" : "\\u%04X", (unsigned)code);
}

/* Printable ASCII that reads better in single quotes, where nothing is an escape. */
static bool is_single(struct bytes text)
{
    bool has_escape = false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7e || text.data[i] == '\'')
            return false;
        has_escape |= text.data[i] == '"' || text.data[i] == '\\';
    }
    return has_escape;
}

bool yaml_string(struct buffer *out, struct bytes text)
{
    if (is_plain(text))
        return buffer_append_bytes(out, text);
    if (is_single(text))
        return buffer_append_text(out, "'") && buffer_append_bytes(out, text) &&
               buffer_append_text(out, "'");
    bool ok = buffer_append_text(out, "\"");
    for (size_t i = 0, length; ok && i < text.length; i += length)
        ok = append_character(out, text.data + i, text.length - i, &length);
    return ok && buffer_append_text(out, "\"");
}

bool yaml_has_braces(struct bytes text)
{
    for (size_t i = 0; i + 1 < text.length; i++)
        if (text.data[i] == '{' && text.data[i + 1] == '{')
            return true;
    return false;
}

bool yaml_literal(struct buffer *out, struct bytes text)
{
    if (!yaml_has_braces(text))
        return yaml_string(out, text);
    return buffer_append_text(out, "{literal: ") && yaml_string(out, text) &&
           buffer_append_text(out, "}");
}

/* What goes on one line of a comment: up to the last blank that fits, or all of a long word. */
static size_t line_length(struct bytes text, size_t columns)
{
    size_t length = text.length;
    if (length <= columns)
        return length;
    for (length = columns; length > 0 && text.data[length] != ' ';)
        length--;
    if (length == 0)
        for (length = columns; length < text.length && text.data[length] != ' ';)
            length++;
    return length;
}

bool yaml_comment(struct buffer *out, unsigned indent, const char *format, ...)
{
    char given[COMMENT_MAX];
    struct buffer shown;
    va_list args;
    va_start(args, format);
    vsnprintf(given, sizeof given, format, args);
    va_end(args);
    buffer_init(&shown, 4 * COMMENT_MAX);
    bool ok = report_append_shown(&shown, bytes_of_text(given), COMMENT_MAX);
    struct bytes left = buffer_bytes(&shown);
    while (ok && left.length > 0) {
        size_t length = line_length(left, COMMENT_COLUMNS - indent - 2);
        ok = buffer_printf(out, "%*s# %.*s\n", (int)indent, "", (int)length,
                           (const char *)left.data);
        left = bytes_from(left, length + 1);
    }
    buffer_finish(&shown);
    return ok;
}
