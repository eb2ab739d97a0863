/* From a JSON pointer back to a place in the text. Only for messages: it walks the text from the
 * beginning, trusting that the guard has seen it. */
#include "base/json_text.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"

#include <json-c/json_tokener.h>

struct cursor {
    const uint8_t *at, *end;
};

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static void skip_string(struct cursor *c)
{
    c->at += json_string_length(bytes_of(c->at, (size_t)(c->end - c->at)));
}

/* Behind one value of any kind. */
static void skip_value(struct cursor *c)
{
    unsigned depth = 0;
    do {
        skip_space(c);
        if (c->at >= c->end)
            return;
        if (*c->at == '"') {
            skip_string(c);
            continue;
        }
        bool opens = *c->at == '{' || *c->at == '[', closes = *c->at == '}' || *c->at == ']';
        depth += opens;
        depth -= closes && depth;
        bool mark = opens || closes || *c->at == ',' || *c->at == ':';
        c->at++;
        while (!mark && c->at < c->end && !strchr(" \t\r\n,:]}", *c->at))
            c->at++;
    } while (depth);
}

/* Whether the string at the cursor, once unescaped, is `name`. */
static bool same_name(struct cursor from, const char *name)
{
    struct cursor behind = from;
    skip_string(&behind);
    size_t length = (size_t)(behind.at - from.at);
    struct json_tokener *tokener = json_tokener_new();
    if (!tokener)
        return false;
    struct json_object *text = json_tokener_parse_ex(tokener, (const char *)from.at, (int)length);
    bool same = value_type(text) == TYPE_STRING && bytes_equal_text(value_string(text), name);
    json_object_put(text);
    json_tokener_free(tokener);
    return same;
}

/* From the bracket to the item of that number; false if there is none. */
static bool enter_array(struct cursor *c, const char *token)
{
    uint64_t index;
    if (!bytes_to_uint64(bytes_of_text(token), &index))
        return false;
    for (c->at++;; index--) {
        skip_space(c);
        if (c->at >= c->end || *c->at == ']')
            return false;
        if (index == 0)
            return true;
        skip_value(c);
        skip_space(c);
        c->at += c->at < c->end && *c->at == ',';
    }
}

static bool enter_object(struct cursor *c, const char *token)
{
    for (c->at++;;) {
        skip_space(c);
        if (c->at >= c->end || *c->at != '"')
            return false;
        bool found = same_name(*c, token);
        skip_string(c);
        skip_space(c);
        c->at++; /* the colon */
        skip_space(c);
        if (found)
            return true;
        skip_value(c);
        skip_space(c);
        c->at += c->at < c->end && *c->at == ',';
    }
}

const char *payload_pointer_token(const char *pointer, char *token, size_t size)
{
    size_t length = 0;
    if (*pointer != '/')
        return NULL;
    for (pointer++; *pointer && *pointer != '/'; pointer++) {
        bool escape = *pointer == '~' && (pointer[1] == '0' || pointer[1] == '1');
        if (length + 1 < size)
            token[length++] = !escape ? *pointer : pointer[1] == '0' ? '~' : '/';
        pointer += escape;
    }
    token[length] = '\0';
    return pointer;
}

size_t payload_locate(struct bytes text, const char *pointer)
{
    char token[512];
    struct cursor c = {text.data, text.data + text.length};
    skip_space(&c);
    while ((pointer = payload_pointer_token(pointer, token, sizeof token)) && c.at < c.end) {
        struct cursor inside = c;
        if (!(*c.at == '{' ? enter_object(&inside, token)
                           : *c.at == '[' && enter_array(&inside, token)))
            break;
        c = inside;
    }
    return (size_t)(c.at - text.data);
}
