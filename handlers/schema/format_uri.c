/* URIs (RFC 3986), IRIs (RFC 3987) and URI templates (RFC 6570), character by character over the
 * grammar. `wide` is the IRI's wider set of characters. */
#include "base/encoding.h"
#include "handlers/schema/format_checks.h"

/* What an ASCII character may be. */
enum {
    UNRESERVED = 1,
    SUB_DELIM = 2,
    COLON = 4,
    AT = 8,
    SLASH = 16,
    QUESTION = 32,
    LITERAL = 64, /* of a template, outside of braces */
    NAME = 128,   /* of a template's variable */
    SEGMENT = UNRESERVED | SUB_DELIM | COLON | AT,
};

#define ALPHANUMERIC (UNRESERVED | LITERAL | NAME)

static const uint8_t classes[128] = {
    ['A' ... 'Z'] = ALPHANUMERIC,
    ['a' ... 'z'] = ALPHANUMERIC,
    ['0' ... '9'] = ALPHANUMERIC,
    ['-'] = UNRESERVED | LITERAL,
    ['.'] = UNRESERVED | LITERAL,
    ['_'] = ALPHANUMERIC,
    ['~'] = UNRESERVED | LITERAL,
    ['!'] = SUB_DELIM | LITERAL,
    ['$'] = SUB_DELIM | LITERAL,
    ['&'] = SUB_DELIM | LITERAL,
    ['\''] = SUB_DELIM | LITERAL,
    ['('] = SUB_DELIM | LITERAL,
    [')'] = SUB_DELIM | LITERAL,
    ['*'] = SUB_DELIM | LITERAL,
    ['+'] = SUB_DELIM | LITERAL,
    [','] = SUB_DELIM | LITERAL,
    [';'] = SUB_DELIM | LITERAL,
    ['='] = SUB_DELIM | LITERAL,
    [':'] = COLON | LITERAL,
    ['@'] = AT | LITERAL,
    ['/'] = SLASH | LITERAL,
    ['?'] = QUESTION | LITERAL,
    ['#'] = LITERAL,
    ['['] = LITERAL,
    [']'] = LITERAL,
};

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

/* Where the characters of `allowed` that begin at `from` end. */
static size_t span(struct bytes text, size_t from, unsigned allowed)
{
    while (from < text.length && text.data[from] < 0x80 && (classes[text.data[from]] & allowed))
        from++;
    return from;
}

/* "%41" */
static bool is_escape(struct bytes text)
{
    return text.length >= 3 && text.data[0] == '%' && format_is_hex(text.data[1]) &&
           format_is_hex(text.data[2]);
}

/* Length of the character in front if it is legal though not plain: an escape or, with `wide`, one
 * beyond ASCII. 0 if it is not. */
static size_t other_character(struct bytes text, bool wide, bool private)
{
    if (text.data[0] < 0x80)
        return is_escape(text) ? 3 : 0;
    size_t length = wide ? utf8_sequence(text.data, text.length) : 0;
    return length && is_wide(utf8_decode(text.data, length), private) ? length : 0;
}

static bool all_legal(struct bytes text, unsigned allowed, bool wide, bool private)
{
    for (size_t i = span(text, 0, allowed), length; i < text.length;
         i = span(text, i + length, allowed)) {
        length = other_character(bytes_from(text, i), wide, private);
        if (!length)
            return false;
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
        if (text.data[i] >= 0x80 || !(classes[text.data[i]] & (UNRESERVED | SUB_DELIM | COLON)))
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
    return all_legal(host, UNRESERVED | SUB_DELIM, wide, false) && is_port(port);
}

static bool is_authority(struct bytes text, bool wide)
{
    const uint8_t *at = text.length ? memchr(text.data, '@', text.length) : NULL;
    if (at) {
        struct bytes user = bytes_of(text.data, (size_t)(at - text.data));
        if (!all_legal(user, UNRESERVED | SUB_DELIM | COLON, wide, false))
            return false;
        text = bytes_from(text, user.length + 1);
    }
    return is_host_and_port(text, wide);
}

/* ---- the whole ---- */

static bool is_scheme_tail(uint8_t c)
{
    return format_is_digit(c) || c == '+' || c == '-' || c == '.';
}

/* Moves `*text` behind "scheme:" if there is one. */
static bool take_scheme(struct bytes *text)
{
    size_t i = 0;
    while (i < text->length &&
           (format_is_letter(text->data[i]) || (i && is_scheme_tail(text->data[i]))))
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
    return all_legal(tail, SEGMENT | SLASH | QUESTION, wide, private);
}

static bool is_relative_path(struct bytes path)
{
    /* the first segment of a relative reference holds no colon: it would be a scheme */
    size_t slash = 0;
    while (slash < path.length && path.data[slash] != '/')
        slash++;
    return slash == 0 || !memchr(path.data, ':', slash);
}

/* "//host/path?query#fragment" without anything rare in it, in one pass: what most URIs are. */
static bool is_plain_rest(struct bytes text)
{
    if (text.length < 2 || text.data[0] != '/' || text.data[1] != '/')
        return false;
    size_t i = span(text, 2, UNRESERVED | SUB_DELIM);
    if (i < text.length && text.data[i] == '/')
        i = span(text, i, SEGMENT | SLASH);
    if (i < text.length && text.data[i] == '?')
        i = span(text, i, SEGMENT | SLASH | QUESTION);
    if (i < text.length && text.data[i] == '#')
        i = span(text, i + 1, SEGMENT | SLASH | QUESTION);
    return i == text.length;
}

static bool is_reference(struct bytes text, bool wide, bool relative)
{
    bool scheme = take_scheme(&text);
    if (!scheme && !relative)
        return false;
    if (is_plain_rest(text))
        return true;
    if (!take_tail(&text, '#', wide, false) || !take_tail(&text, '?', wide, true))
        return false;
    if (bytes_starts_with(text, bytes_of_text("//"))) {
        struct bytes rest = bytes_from(text, 2);
        size_t length = 0;
        while (length < rest.length && rest.data[length] != '/')
            length++;
        return is_authority(bytes_of(rest.data, length), wide) &&
               all_legal(bytes_from(rest, length), SEGMENT | SLASH, wide, false);
    }
    return all_legal(text, SEGMENT | SLASH, wide, false) && (scheme || is_relative_path(text));
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

/* Length of the text in front that stands for itself; 0 if it may not. */
static size_t literal_length(struct bytes text)
{
    size_t i = span(text, 0, LITERAL);
    return i ? i : other_character(text, true, true);
}

/* name of a variable: characters and %XX, dots between. */
static bool is_variable_name(struct bytes name)
{
    for (struct bytes rest = name; rest.data;) {
        struct bytes part = bytes_split(&rest, '.');
        if (part.length == 0)
            return false;
        for (size_t i = 0; i < part.length; i++) {
            bool escape = is_escape(bytes_from(part, i));
            if (!escape && (part.data[i] >= 0x80 || !(classes[part.data[i]] & NAME)))
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
    if (text.length && text.data[0] && !format_is_letter(text.data[0]) &&
        strchr("+#./;?&=,!@|", text.data[0]))
        text = bytes_from(text, 1);
    if (text.length == 0)
        return false;
    if (span(text, 0, NAME) == text.length)
        return true;
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
