/* A scanner, not a tree: what is signed is the text as the sender wrote it, so pieces of that text
 * are what the callers want. The escapes of a string stay in it. */
#include "handlers/provider/structured.h"

#include <ctype.h>

static bool take_byte(struct bytes *rest, char wanted)
{
    if (rest->length == 0 || rest->data[0] != (uint8_t)wanted)
        return false;
    *rest = bytes_from(*rest, 1);
    return true;
}

static void take_spaces(struct bytes *rest)
{
    while (take_byte(rest, ' ') || take_byte(rest, '\t'))
        continue;
}

static bool key_byte(uint8_t c, bool first)
{
    return islower(c) || c == '*' || (!first && (isdigit(c) || c == '_' || c == '-' || c == '.'));
}

static bool take_key(struct bytes *rest, struct bytes *key)
{
    size_t length = 0;
    while (length < rest->length && key_byte(rest->data[length], length == 0))
        length++;
    *key = bytes_of(rest->data, length);
    *rest = bytes_from(*rest, length);
    return length > 0;
}

/* RFC 8941, 3.3.3: printable ASCII, in which a backslash stands before `"` or another backslash. */
static bool take_quoted(struct bytes *rest, struct bytes *inside)
{
    size_t length = 0;
    if (!take_byte(rest, '"'))
        return false;
    while (length < rest->length && rest->data[length] != '"') {
        uint8_t c = rest->data[length++];
        if (c < 0x20 || c > 0x7E)
            return false;
        if (c == '\\' &&
            (length == rest->length || (rest->data[length] != '"' && rest->data[length] != '\\')))
            return false;
        length += c == '\\';
    }
    *inside = bytes_of(rest->data, length);
    *rest = bytes_from(*rest, length);
    return take_byte(rest, '"');
}

static bool bare_byte(uint8_t c)
{
    return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~:/?=", c));
}

/* A string, or the bytes of a token, number, boolean or byte sequence. */
static bool take_bare(struct bytes *rest, struct bytes *value)
{
    size_t length = 0;
    if (rest->length && rest->data[0] == '"')
        return take_quoted(rest, value);
    while (length < rest->length && bare_byte(rest->data[length]))
        length++;
    *value = bytes_of(rest->data, length);
    *rest = bytes_from(*rest, length);
    return length > 0;
}

bool structured_take_parameter(struct bytes *rest, struct bytes *name, struct bytes *value)
{
    if (!take_byte(rest, ';'))
        return false;
    take_spaces(rest);
    *value = bytes_of(NULL, 0);
    return take_key(rest, name) && (!take_byte(rest, '=') || take_bare(rest, value));
}

static bool skip_parameters(struct bytes *rest)
{
    struct bytes name, value;
    while (rest->length && rest->data[0] == ';') {
        if (!structured_take_parameter(rest, &name, &value))
            return false;
    }
    return true;
}

int structured_find_parameter(struct bytes parameters, const char *name, struct bytes *value)
{
    int found = 0;
    while (parameters.length) {
        struct bytes given, text;
        if (!structured_take_parameter(&parameters, &given, &text))
            return -1;
        if (!bytes_equal_text(given, name))
            continue;
        if (found++)
            return -1;
        *value = text;
    }
    return found;
}

bool structured_take_list(struct bytes *rest, struct bytes *inside)
{
    bool quoted = false;
    if (!take_byte(rest, '('))
        return false;
    for (size_t i = 0; i < rest->length; i++) {
        if (quoted && rest->data[i] == '\\') {
            i++; /* what it stands before ends nothing */
            continue;
        }
        quoted ^= rest->data[i] == '"';
        if (quoted || rest->data[i] != ')')
            continue;
        *inside = bytes_of(rest->data, i);
        *rest = bytes_from(*rest, i + 1);
        return true;
    }
    return false;
}

bool structured_take_string(struct bytes *rest, struct bytes *name, struct bytes *parameters,
                            struct bytes *whole)
{
    struct bytes start = *rest;
    if (!take_quoted(rest, name) || (name->length && memchr(name->data, '\\', name->length)))
        return false;
    *parameters = *rest;
    if (!skip_parameters(rest) || (rest->length && rest->data[0] != ' '))
        return false;
    parameters->length -= rest->length;
    *whole = bytes_of(start.data, start.length - rest->length);
    take_spaces(rest);
    return true;
}

static bool skip_value(struct bytes *rest)
{
    struct bytes piece;
    bool list = rest->length && rest->data[0] == '(';
    return (list ? structured_take_list(rest, &piece) : take_bare(rest, &piece)) &&
           skip_parameters(rest);
}

bool structured_take_member(struct bytes *rest, struct bytes *key, struct bytes *value)
{
    if (!take_key(rest, key))
        return false;
    *value = bytes_of(rest->data, 0);
    if (take_byte(rest, '=')) {
        *value = *rest;
        if (!skip_value(rest))
            return false;
        value->length -= rest->length;
    } else if (!skip_parameters(rest)) {
        return false;
    }
    take_spaces(rest);
    if (rest->length == 0)
        return true;
    if (!take_byte(rest, ','))
        return false;
    take_spaces(rest);
    return rest->length > 0;
}

bool structured_bytes(struct bytes value, struct bytes *base64)
{
    if (value.length < 3 || value.data[0] != ':' || value.data[value.length - 1] != ':')
        return false;
    *base64 = bytes_of(value.data + 1, value.length - 2);
    return !memchr(base64->data, ':', base64->length);
}
