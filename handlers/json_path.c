/* A scanner over text that the guard has passed: it may therefore skip values by counting brackets
 * and quotes, and needs no stack but one level of recursion a step of the path. */
#include "handlers/json_path.h"

#include "base/encoding.h"
#include "base/json_text.h"

#include <ctype.h>
#include <stdlib.h>

/* ---- the path as written ---- */

static bool step_add(struct json_path *path, struct json_step step, struct error *err)
{
    if (path->count == JSON_PATH_STEPS)
        return error_set(err, "has more than %d steps", JSON_PATH_STEPS);
    path->steps[path->count++] = step;
    return true;
}

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '$' || c == '@' || c == ':';
}

/* `a` behind a dot. */
static const char *parse_name(const char *p, struct json_path *path, struct error *err)
{
    size_t length = 0;
    while (name_byte(p[length]))
        length++;
    if (length == 0) {
        error_set(err, "wants a name behind the dot");
        return NULL;
    }
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of(p, length)};
    return step_add(path, step, err) ? p + length : NULL;
}

/* `0]`, `*]` or `"b.c"]` behind the opening bracket. */
static const char *parse_bracket(const char *p, struct json_path *path, struct error *err)
{
    struct json_step step = {.kind = JSON_STEP_ALL};
    const char *end = p;
    if (*p == '*') {
        end = p + 1;
    } else if (*p == '"') {
        const char *quote = strchr(p + 1, '"');
        end = quote ? quote + 1 : p + strlen(p);
        step.kind = JSON_STEP_NAME;
        step.name = bytes_of(p + 1, quote ? (size_t)(quote - p - 1) : 0);
    } else {
        uint64_t index = 0;
        while (isdigit((unsigned char)*end))
            end++;
        if (end - p > 9 || !bytes_to_uint64(bytes_of(p, (size_t)(end - p)), &index)) {
            error_set(err, "wants a number, \"name\" or * in the brackets");
            return NULL;
        }
        step.kind = JSON_STEP_INDEX;
        step.index = (size_t)index;
    }
    if (*end != ']') {
        error_set(err, "misses a ]");
        return NULL;
    }
    return step_add(path, step, err) ? end + 1 : NULL;
}

bool json_path_parse(const char *text, struct arena *arena, struct json_path *path,
                     struct error *err)
{
    const char *copy = arena_copy_text(arena, text);
    struct json_path parsed = {.steps =
                                   arena_alloc_array(arena, JSON_PATH_STEPS, sizeof *parsed.steps)};
    if (!copy || !parsed.steps)
        return error_set(err, "is too long");
    while (copy && *copy) {
        if (*copy == '.')
            copy = parse_name(copy + 1, &parsed, err);
        else if (*copy == '[')
            copy = parse_bracket(copy + 1, &parsed, err);
        else
            return error_set(err, "wants a dot or a bracket at \"%s\"", copy);
    }
    if (!copy)
        return false;
    *path = parsed;
    return true;
}

/* ---- the text ---- */

static bool json_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(struct bytes json, size_t at)
{
    while (at < json.length && json_space(json.data[at]))
        at++;
    return at;
}

/* Behind the string that begins at `at`. */
static size_t skip_string(struct bytes json, size_t at)
{
    return at + json_string_length(bytes_from(json, at));
}

static size_t skip_container(struct bytes json, size_t at)
{
    size_t depth = 0;
    while (at < json.length) {
        uint8_t c = json.data[at];
        if (c == '"') {
            at = skip_string(json, at);
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    return at;
}

/* Behind the value that begins at `at`. */
static size_t skip_value(struct bytes json, size_t at)
{
    if (at >= json.length)
        return at;
    uint8_t first = json.data[at];
    if (first == '"')
        return skip_string(json, at);
    if (first == '{' || first == '[')
        return skip_container(json, at);
    while (at < json.length && !json_space(json.data[at]) && json.data[at] != ',' &&
           json.data[at] != ']' && json.data[at] != '}')
        at++;
    return at;
}

static unsigned hex_value(const uint8_t *digits)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        value = value * 16 + (unsigned)hex_digit(digits[i]);
    }
    return value;
}

static size_t utf8_put(unsigned code, uint8_t *out)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3F));
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (uint8_t)(lead[length] | code);
    return length;
}

/* One \uXXXX (and its second half) at `*at`, which stands on the u. */
static size_t unescape_unicode(struct bytes inside, size_t *at, uint8_t *out)
{
    if (inside.length - *at < 5)
        return 0;
    unsigned code = hex_value(inside.data + *at + 1);
    *at += 5;
    if (code >= 0xD800 && code < 0xDC00 && inside.length - *at >= 6) {
        unsigned low = hex_value(inside.data + *at + 2);
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        *at += 6;
    }
    return utf8_put(code, out);
}

/* The inside of a string without escapes; never longer than with them. */
static size_t unescape(struct bytes inside, uint8_t *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    size_t length = 0;
    for (size_t at = 0; at < inside.length;) {
        uint8_t c = inside.data[at++];
        if (c != '\\' || at == inside.length) {
            out[length++] = c;
        } else if (inside.data[at] == 'u') {
            length += unescape_unicode(inside, &at, out + length);
        } else {
            c = inside.data[at++];
            const char *named = c ? strchr(from, c) : NULL;
            out[length++] = named ? (uint8_t)to[named - from] : c;
        }
    }
    return length;
}

bool json_scalar_text(struct bytes value, struct arena *arena, struct bytes *text)
{
    if (value.length == 0 || value.data[0] == '{' || value.data[0] == '[' || value.data[0] == 'n')
        return false;
    if (value.data[0] != '"') {
        *text = value;
        return true;
    }
    struct bytes inside = bytes_of(value.data + 1, value.length - 2);
    if (!memchr(inside.data, '\\', inside.length)) {
        *text = inside;
        return true;
    }
    uint8_t *out = arena_alloc(arena, inside.length);
    if (!out)
        return false;
    *text = bytes_of(out, unescape(inside, out));
    return true;
}

/* ---- the walk ---- */

struct walk {
    struct bytes json;
    const struct json_path *path;
    bool (*found)(void *context, struct bytes value);
    void *context;
    size_t count;
    bool stopped;
};

static void walk_value(struct walk *walk, size_t at, size_t step);

/* Names with escapes are compared unescaped, as the guard did when it looked for repeated ones. */
static bool name_matches(struct bytes quoted, struct bytes name)
{
    struct bytes inside = bytes_of(quoted.data + 1, quoted.length - 2);
    if (!memchr(inside.data, '\\', inside.length))
        return bytes_equal(inside, name);
    if (inside.length > 6 * name.length)
        return false;
    uint8_t *plain = malloc(inside.length);
    bool same = plain && bytes_equal(bytes_of(plain, unescape(inside, plain)), name);
    free(plain);
    return same;
}

static void walk_object(struct walk *walk, size_t at, size_t step)
{
    struct bytes json = walk->json;
    at = skip_space(json, at + 1);
    while (!walk->stopped && at < json.length && json.data[at] == '"') {
        size_t end = skip_string(json, at);
        struct bytes name = bytes_of(json.data + at, end - at);
        at = skip_space(json, skip_space(json, end) + 1);
        if (name_matches(name, walk->path->steps[step].name)) {
            walk_value(walk, at, step + 1);
            return;
        }
        at = skip_space(json, skip_value(json, at));
        at = skip_space(json, at + 1);
    }
}

static void walk_array(struct walk *walk, size_t at, size_t step)
{
    struct bytes json = walk->json;
    const struct json_step *wanted = &walk->path->steps[step];
    at = skip_space(json, at + 1);
    for (size_t i = 0; !walk->stopped && at < json.length && json.data[at] != ']'; i++) {
        if (wanted->kind == JSON_STEP_ALL || wanted->index == i)
            walk_value(walk, at, step + 1);
        if (wanted->kind == JSON_STEP_INDEX && wanted->index == i)
            return;
        at = skip_space(json, skip_value(json, at));
        if (at < json.length && json.data[at] == ',')
            at = skip_space(json, at + 1);
    }
}

static void walk_value(struct walk *walk, size_t at, size_t step)
{
    if (at >= walk->json.length)
        return;
    if (step == walk->path->count) {
        struct bytes value = bytes_of(walk->json.data + at, skip_value(walk->json, at) - at);
        walk->count++;
        walk->stopped = !walk->found(walk->context, value);
        return;
    }
    bool by_name = walk->path->steps[step].kind == JSON_STEP_NAME;
    if (by_name && walk->json.data[at] == '{')
        walk_object(walk, at, step);
    else if (!by_name && walk->json.data[at] == '[')
        walk_array(walk, at, step);
}

size_t json_path_each(struct bytes json, const struct json_path *path,
                      bool (*found)(void *context, struct bytes value), void *context)
{
    struct walk walk = {.json = json, .path = path, .found = found, .context = context};
    walk_value(&walk, skip_space(json, 0), 0);
    return walk.count;
}

static bool keep_first(void *context, struct bytes value)
{
    *(struct bytes *)context = value;
    return false;
}

bool json_path_find(struct bytes json, const struct json_path *path, struct bytes *value)
{
    return json_path_each(json, path, keep_first, value) > 0;
}
