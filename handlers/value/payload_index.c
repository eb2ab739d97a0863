/* The text has passed the guard, so the scanner only looks for brackets, quotes, commas and colons.
 * All the same it believes no length: a text that is not what it should be (a journal that somebody
 * changed) ends the build and never the process. Open containers lie on a stack of the guard's
 * greatest depth; nothing recurses. */
#include "handlers/value/payload_index.h"

#include "base/json_text.h"
#include "handlers/content/json.h"

#include <stdlib.h>

enum { NOTHING_OPEN = 0 };

struct builder {
    struct payload_index index;
    uint32_t capacity, at;
    uint32_t name; /* of the value that comes next */
    uint32_t depth, open[JSON_DEPTH_MAX];
};

static uint8_t byte_at(const struct builder *builder)
{
    return builder->at < builder->index.text.length ? builder->index.text.data[builder->at] : 0;
}

static void skip_space(struct builder *builder)
{
    uint8_t byte;
    while ((byte = byte_at(builder)) == ' ' || byte == '\n' || byte == '\r' || byte == '\t')
        builder->at++;
}

/* Behind the string that begins here; false if it has no end. */
static bool skip_string(struct builder *builder)
{
    struct bytes rest = bytes_from(builder->index.text, builder->at);
    size_t length = json_string_length(rest);
    builder->at += (uint32_t)length;
    return length >= 2 && rest.data[length - 1] == '"';
}

static bool skip_word(struct builder *builder)
{
    uint32_t start = builder->at;
    for (uint8_t byte;
         (byte = byte_at(builder)) > ' ' && byte != ',' && byte != ']' && byte != '}';)
        builder->at++;
    return builder->at > start;
}

/* A text of n bytes has at most n/2 + 1 values, each of them a byte and what parts it from others,
 * but most have far less. */
static bool grow(struct builder *builder)
{
    size_t capacity =
        builder->capacity ? (size_t)builder->capacity * 2 : builder->index.text.length / 16 + 16;
    struct indexed_value *values =
        realloc(builder->index.values, capacity * sizeof *builder->index.values);
    if (!values)
        return false;
    builder->index.values = values;
    builder->capacity = (uint32_t)capacity;
    return true;
}

static bool add_value(struct builder *builder)
{
    struct payload_index *index = &builder->index;
    if (index->count == builder->capacity && !grow(builder))
        return false;
    index->values[index->count++] =
        (struct indexed_value){.name = builder->name, .start = builder->at};
    builder->name = INDEX_NO_NAME;
    return true;
}

static void end_value(struct builder *builder, uint32_t number)
{
    builder->index.values[number].end = builder->at;
    builder->index.values[number].next = builder->index.count;
}

static bool take_name(struct builder *builder)
{
    skip_space(builder);
    builder->name = builder->at;
    if (byte_at(builder) != '"' || !skip_string(builder))
        return false;
    skip_space(builder);
    if (byte_at(builder) != ':')
        return false;
    builder->at++;
    return true;
}

static bool is_object(const struct builder *builder, uint32_t number)
{
    return builder->index.text.data[builder->index.values[number].start] == '{';
}

/* A value, or the beginning of one with parts: then `*opened`. */
static bool take_value(struct builder *builder, bool *opened)
{
    skip_space(builder);
    uint32_t number = builder->index.count;
    if (!add_value(builder))
        return false;
    uint8_t first = byte_at(builder);
    *opened = first == '{' || first == '[';
    if (*opened) {
        if (builder->depth == JSON_DEPTH_MAX)
            return false;
        builder->open[builder->depth++] = number;
        builder->at++;
        return true;
    }
    if (!(first == '"' ? skip_string(builder) : skip_word(builder)))
        return false;
    end_value(builder, number);
    return true;
}

/* Behind a value: closes what ends here, up to the next comma or the end of all. */
static bool take_ends(struct builder *builder, bool *more)
{
    for (*more = false; builder->depth > NOTHING_OPEN && !*more;) {
        uint32_t number = builder->open[builder->depth - 1];
        skip_space(builder);
        uint8_t byte = byte_at(builder);
        *more = byte == ',';
        if (!*more && byte != (is_object(builder, number) ? '}' : ']'))
            return false;
        builder->at++;
        if (!*more) {
            builder->depth--;
            end_value(builder, number);
        }
    }
    return true;
}

static bool is_empty_container(struct builder *builder)
{
    skip_space(builder);
    return byte_at(builder) == (is_object(builder, builder->open[builder->depth - 1]) ? '}' : ']');
}

static bool build(struct builder *builder)
{
    bool more = true;
    while (more) {
        bool in_object =
            builder->depth > NOTHING_OPEN && is_object(builder, builder->open[builder->depth - 1]);
        bool opened;
        if ((in_object && !take_name(builder)) || !take_value(builder, &opened))
            return false;
        if ((!opened || is_empty_container(builder)) && !take_ends(builder, &more))
            return false;
    }
    skip_space(builder);
    return builder->at == builder->index.text.length;
}

bool payload_index_build(struct payload_index *index, struct bytes text)
{
    struct builder builder = {.index.text = text, .name = INDEX_NO_NAME};
    if (text.length == 0 || text.length >= INDEX_NO_NAME || !build(&builder)) {
        free(builder.index.values);
        return false;
    }
    *index = builder.index;
    return true;
}

void payload_index_finish(struct payload_index *index)
{
    free(index->values);
    *index = (struct payload_index){.count = 0};
}

/* ---- walking ---- */

struct bytes payload_index_name(const struct payload_index *index, uint32_t number)
{
    struct bytes quoted = bytes_from(index->text, index->values[number].name);
    return bytes_of(quoted.data + 1, json_string_length(quoted) - 2);
}

static bool name_is(const struct payload_index *index, uint32_t number, struct bytes name)
{
    const uint8_t *at = index->text.data + index->values[number].name + 1;
    size_t room = index->values[number].start - index->values[number].name - 1;
    /* nearly all names have no escapes: then the quote follows at once */
    if (room > name.length && at[name.length] == '"' && memcmp(at, name.data, name.length) == 0)
        return !memchr(name.data, '\\', name.length) || name.length == 0;
    struct bytes inside = payload_index_name(index, number);
    uint8_t plain[6 * INDEX_NAME_MAX]; /* an escape is at most six times as long as what it means */
    if (!memchr(inside.data, '\\', inside.length) || inside.length > 6 * name.length ||
        inside.length > sizeof plain)
        return false;
    return bytes_equal(bytes_of(plain, json_unescape(inside, plain)), name);
}

static bool begins_with(const struct payload_index *index, uint32_t number, uint8_t byte)
{
    return index->text.data[index->values[number].start] == byte;
}

bool payload_index_member(const struct payload_index *index, uint32_t object, struct bytes name,
                          uint32_t *number, size_t *looks)
{
    bool found = false;
    if (!begins_with(index, object, '{'))
        return false;
    for (uint32_t at = payload_index_first(object); at < payload_index_end(index, object);
         at = payload_index_next(index, at)) {
        ++*looks;
        if (!name_is(index, at, name))
            continue;
        *number = at;
        found = true;
    }
    return found;
}

static uint32_t element_count(const struct payload_index *index, uint32_t array)
{
    uint32_t count = 0;
    for (uint32_t at = payload_index_first(array); at < payload_index_end(index, array);
         at = payload_index_next(index, at))
        count++;
    return count;
}

bool payload_index_element(const struct payload_index *index, uint32_t array, bool from_end,
                           uint32_t place, uint32_t *number, size_t *looks)
{
    if (!begins_with(index, array, '['))
        return false;
    uint32_t count = from_end ? element_count(index, array) : 0, skip = place;
    *looks += count;
    if (from_end && place > count)
        return false;
    if (from_end)
        skip = count - place;
    for (uint32_t at = payload_index_first(array); at < payload_index_end(index, array);
         at = payload_index_next(index, at)) {
        ++*looks;
        if (skip-- > 0)
            continue;
        *number = at;
        return true;
    }
    return false;
}
