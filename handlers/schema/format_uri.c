/* URIs (RFC 3986), IRIs (RFC 3987) and URI templates (RFC 6570), character by character over the
 * grammar. `wide` is the IRI's wider set of characters. */
#include "base/encoding.h"
#include "handlers/schema/format.h"

enum { LEVEL_UNRESERVED = 1, LEVEL_SUB = 2 };

/* Which ASCII characters are unreserved or sub-delims. */
static unsigned character_level(uint8_t c)
{
    if (format_is_letter(c) || format_is_digit(c) || (c && strchr("-._~", c)))
        return LEVEL_UNRESERVED;
    return c && c < 0x80 && strchr("!$&'()*+,;=", c) ? LEVEL_SUB : 0;
}

static uint32_t decode(const uint8_t *at, size_t length)
{
    uint32_t code = length == 2 ? at[0] & 0x1f : length == 3 ? at[0] & 0x0f : at[0] & 0x07;
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code;
}

static bool is_private(uint32_t code)
{
    return (code >= 0xe000 && code <= 0xf8ff) || code >= 0xf0000;
}

/* ucschar of RFC 3987, and iprivate where `private` allows it. */
static bool is_wide(uint32_t code, bool private)
{
    if (is_private(code))
        return private && (code & 0xfffe) != 0xfffe;
    return code >= 0xa0 && !(code >= 0xfdd0 && code <= 0xfdef) && (code & 0xfffe) != 0xfffe &&
           !(code >= 0xfff0 && code <= 0xffff) && (code < 0xe0000 || code >= 0xe1000);
}

/* Length of one legal character in front of `text`: unreserved, sub-delims, %XX, one of `more`, or
 * a wide one. 0 if there is none. */
static size_t legal_character(struct bytes text, const char *more, bool wide, bool private)
{
    uint8_t c = text.data[0];
    if (c == '%')
        return text.length >= 3 && format_is_hex(text.data[1]) && format_is_hex(text.data[2]) ? 3
                                                                                              : 0;
    if (c < 0x80)
        return character_level(c) || (c && strchr(more, c)) ? 1 : 0;
    size_t length = wide ? utf8_sequence(text.data, text.length) : 0;
    return length && is_wide(decode(text.data, length), private) ? length : 0;
}

static bool all_legal(struct bytes text, const char *more, bool wide, bool private)
{
    while (text.length) {
        size_t length = legal_character(text, more, wide, private);
        if (!length)
            return false;
        text = bytes_from(text, length);
    }
    return true;
}

/* ---- authority ---- */

static bool is_future_address(struct bytes text)
{
    size_t i = 1;
    if (text.length < 4 || (text.data[0] | 0x20) != 'v')
        return false;
    while (i < text.length && format_is_hex(text.data[i]))
        i++;
    if (i == 1 || i + 1 >= text.length || text.data[i] != '.')
        return false;
    for (i++; i < text.length; i++)
        if (!character_level(text.data[i]) && text.data[i] != ':')
            return false;
    return true;
}

static bool is_port(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!format_is_digit(text.data[i]))
            return false;
    return true;
}

static bool is_host_and_port(struct bytes text, bool wide)
{
    if (text.length && text.data[0] == '[') {
        const uint8_t *close = memchr(text.data, ']', text.length);
        if (!close)
            return false;
        struct bytes inside = bytes_of(text.data + 1, (size_t)(close - text.data) - 1);
        struct bytes rest = bytes_from(text, inside.length + 2);
        return (format_ipv6(inside) || is_future_address(inside)) &&
               (rest.length == 0 || (rest.data[0] == ':' && is_port(bytes_from(rest, 1))));
    }
    struct bytes port = text, host = bytes_split(&port, ':');
    return all_legal(host, "", wide, false) && is_port(port);
}

static bool is_authority(struct bytes text, bool wide)
{
    const uint8_t *at = text.length ? memchr(text.data, '@', text.length) : NULL;
    if (at) {
        struct bytes user = bytes_of(text.data, (size_t)(at - text.data));
        if (!all_legal(user, ":", wide, false))
            return false;
        text = bytes_from(text, user.length + 1);
    }
    return is_host_and_port(text, wide);
}

/* ---- the whole ---- */

/* Moves `*text` behind "scheme:" if there is one. */
static bool take_scheme(struct bytes *text)
{
    size_t i = 0;
    while (i < text->length && (format_is_letter(text->data[i]) ||
                                (i && (format_is_digit(text->data[i]) ||
                                       (text->data[i] && strchr("+-.", text->data[i]))))))
        i++;
    if (i == 0 || i == text->length || text->data[i] != ':')
        return false;
    *text = bytes_from(*text, i + 1);
    return true;
}

/* Cuts at the first `separator` and checks what follows it. */
static bool take_tail(struct bytes *text, uint8_t separator, bool wide, bool private)
{
    struct bytes tail = *text;
    *text = bytes_split(&tail, separator);
    return all_legal(tail, ":@/?", wide, private);
}

static bool is_relative_path(struct bytes path)
{
    /* the first segment of a relative reference holds no colon: it would be a scheme */
    size_t slash = 0;
    while (slash < path.length && path.data[slash] != '/')
        slash++;
    return slash == 0 || !memchr(path.data, ':', slash);
}

static bool is_reference(struct bytes text, bool wide, bool relative)
{
    bool scheme = take_scheme(&text);
    if (!scheme && !relative)
        return false;
    if (!take_tail(&text, '#', wide, false) || !take_tail(&text, '?', wide, true))
        return false;
    if (bytes_starts_with(text, bytes_of_text("//"))) {
        struct bytes rest = bytes_from(text, 2);
        size_t length = 0;
        while (length < rest.length && rest.data[length] != '/')
            length++;
        return is_authority(bytes_of(rest.data, length), wide) &&
               all_legal(bytes_from(rest, length), ":@/", wide, false);
    }
    return all_legal(text, ":@/", wide, false) && (scheme || is_relative_path(text));
}

bool format_uri(struct bytes text)
{
    return is_reference(text, false, false);
}

bool format_uri_reference(struct bytes text)
{
    return is_reference(text, false, true);
}

bool format_iri(struct bytes text)
{
    return is_reference(text, true, false);
}

bool format_iri_reference(struct bytes text)
{
    return is_reference(text, true, true);
}

/* ---- templates ---- */

static size_t literal_length(struct bytes text)
{
    uint8_t c = text.data[0];
    if (c == '%')
        return text.length >= 3 && format_is_hex(text.data[1]) && format_is_hex(text.data[2]) ? 3
                                                                                              : 0;
    if (c >= 0x80) {
        size_t length = utf8_sequence(text.data, text.length);
        return length && is_wide(decode(text.data, length), true) ? length : 0;
    }
    return c > ' ' && c != 0x7f && !strchr("\"<>\\^`{|}", c) ? 1 : 0;
}

/* name of a variable: characters and %XX, dots between. */
static bool is_variable_name(struct bytes name)
{
    for (struct bytes rest = name; rest.data;) {
        struct bytes part = bytes_split(&rest, '.');
        if (part.length == 0)
            return false;
        for (size_t i = 0; i < part.length; i++) {
            uint8_t c = part.data[i];
            bool escape = c == '%' && part.length - i >= 3 && format_is_hex(part.data[i + 1]) &&
                          format_is_hex(part.data[i + 2]);
            if (!escape && !format_is_letter(c) && !format_is_digit(c) && c != '_')
                return false;
            i += escape ? 2 : 0;
        }
    }
    return name.length > 0;
}

/* "name", "name*", "name:3" */
static bool is_variable(struct bytes text)
{
    if (text.length && text.data[text.length - 1] == '*')
        return is_variable_name(bytes_of(text.data, text.length - 1));
    struct bytes length = text, name = bytes_split(&length, ':');
    uint64_t number;
    bool prefix = length.data != NULL;
    return is_variable_name(name) &&
           (!prefix ||
            (length.length <= 4 && bytes_to_uint64(length, &number) && length.data[0] != '0'));
}

static bool is_expression(struct bytes text)
{
    if (text.length && text.data[0] && strchr("+#./;?&=,!@|", text.data[0]))
        text = bytes_from(text, 1);
    if (text.length == 0)
        return false;
    for (struct bytes rest = text; rest.data;)
        if (!is_variable(bytes_split(&rest, ',')))
            return false;
    return true;
}

bool format_uri_template(struct bytes text)
{
    while (text.length) {
        size_t length;
        if (text.data[0] == '{') {
            const uint8_t *close = memchr(text.data, '}', text.length);
            length = close ? (size_t)(close - text.data) + 1 : 0;
            if (!close || !is_expression(bytes_of(text.data + 1, length - 2)))
                return false;
        } else {
            length = literal_length(text);
        }
        if (length == 0)
            return false;
        text = bytes_from(text, length);
    }
    return true;
}
