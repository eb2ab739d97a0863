/* Values are written by hand: the library's writer keeps the text inside of the value, which would
 * change a schema that is shared, and writes what it was told about big integers, not what their
 * author wrote. */
#include "handlers/schema/value_write.h"

#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/schema/number.h"
#include "handlers/schema/value.h"

/* Character by character, so that what does not fit is cut between two. */
static bool write_string(struct buffer *out, struct bytes text)
{
    bool good = buffer_append_text(out, "\"");
    while (good && text.length) {
        size_t length = utf8_sequence(text.data, text.length);
        length = length ? length : 1;
        good = json_escape(out, bytes_of(text.data, length));
        text = bytes_from(text, length);
    }
    return good && buffer_append_text(out, "\"");
}

static bool write_number(struct buffer *out, struct json_object *value)
{
    if (!value_is_double(value)) {
        bool negative;
        uint64_t magnitude = value_magnitude(value, &negative);
        return buffer_printf(out, "%s%llu", negative ? "-" : "", (unsigned long long)magnitude);
    }
    struct number number;
    const char *text = value_double_text(value);
    if (!text)
        return buffer_printf(out, "%.17g", value_double(value));
    number_parse(text, &number);
    size_t length = number.integer ? strspn(text, "-0123456789") : strlen(text);
    return buffer_append(out, text, length);
}

static bool write_array(struct buffer *out, struct json_object *array)
{
    bool good = buffer_append_text(out, "[");
    for (size_t i = 0; good && i < value_item_count(array); i++)
        good = (i == 0 || buffer_append_text(out, ",")) && value_write(out, value_item(array, i));
    return good && buffer_append_text(out, "]");
}

static bool write_object(struct buffer *out, struct json_object *object)
{
    bool good = buffer_append_text(out, "{");
    for (struct member m = member_first(object); good && m.entry; member_next(&m))
        good = (m.index == 0 || buffer_append_text(out, ",")) &&
               write_string(out, bytes_of_text(member_name(&m))) && buffer_append_text(out, ":") &&
               value_write(out, member_value(&m));
    return good && buffer_append_text(out, "}");
}

bool value_write(struct buffer *out, struct json_object *value)
{
    switch (value_type(value)) {
    case TYPE_NULL:
        return buffer_append_text(out, "null");
    case TYPE_BOOLEAN:
        return buffer_append_text(out, value_boolean(value) ? "true" : "false");
    case TYPE_STRING:
        return write_string(out, value_string(value));
    case TYPE_ARRAY:
        return write_array(out, value);
    case TYPE_OBJECT:
        return write_object(out, value);
    default:
        return write_number(out, value);
    }
}
