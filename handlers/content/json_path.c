/* A scanner over text that the guard has passed: it may therefore skip values by counting brackets
 * and quotes, and needs no stack but one level of recursion a step of the path. */
#include "handlers/content/json_path.h"

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
        error_set(err, "needs a name after the dot");
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
            error_set(err, "needs a number, \"name\" or * in the brackets");
            return NULL;
        }
        step.kind = JSON_STEP_INDEX;
        step.index = (size_t)index;
    }
    if (*end != ']') {
        error_set(err, "lacks a ]");
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
            return error_set(err, "needs a dot or a bracket at \"%s\"", copy);
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
    *text = bytes_of(out, json_unescape(inside, out));
    return true;
}

/* ---- the walk ---- */

struct walk {
    struct bytes json;
    const struct json_path *path;
    bool (*found)(void *context, struct bytes value);
    void *context;
    size_t count;
    bool last; /* of members of one name the last counts, so none before the end is it */
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
    bool same = plain && bytes_equal(bytes_of(plain, json_unescape(inside, plain)), name);
    free(plain);
    return same;
}

static void walk_object(struct walk *walk, size_t at, size_t step)
{
    struct bytes json = walk->json;
    size_t found = json.length;
    at = skip_space(json, at + 1);
    while (at < json.length && json.data[at] == '"') {
        size_t end = skip_string(json, at);
        struct bytes name = bytes_of(json.data + at, end - at);
        at = skip_space(json, skip_space(json, end) + 1);
        if (name_matches(name, walk->path->steps[step].name)) {
            found = at;
            if (!walk->last)
                break;
        }
        at = skip_space(json, skip_value(json, at));
        at = skip_space(json, at + 1);
    }
    walk_value(walk, found, step + 1);
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

static size_t walk_text(struct walk walk)
{
    walk_value(&walk, skip_space(walk.json, 0), 0);
    return walk.count;
}

size_t json_path_each(struct bytes json, const struct json_path *path,
                      bool (*found)(void *context, struct bytes value), void *context)
{
    return walk_text((struct walk){.json = json, .path = path, .found = found, .context = context});
}

size_t json_path_each_last(struct bytes json, const struct json_path *path,
                           bool (*found)(void *context, struct bytes value), void *context)
{
    return walk_text((struct walk){
        .json = json, .path = path, .found = found, .context = context, .last = true});
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

bool json_path_find_last(struct bytes json, const struct json_path *path, struct bytes *value)
{
    return json_path_each_last(json, path, keep_first, value) > 0;
}
