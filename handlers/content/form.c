/* One allocation holds all decoded text: decoding never makes it longer. */
#include "handlers/content/form.h"

#include "base/encoding.h"
#include "base/json_text.h"

#include <stdlib.h>

bool form_unescape(struct bytes text, uint8_t *out, size_t *length)
{
    size_t written = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = text.data[i];
        size_t one;
        if (c == '%') {
            if (text.length - i < 3 || !hex_decode(bytes_of(text.data + i + 1, 2), &c, 1, &one))
                return false;
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[written++] = c;
    }
    *length = written;
    return true;
}

static bool form_decode_part(struct bytes part, uint8_t **out, struct bytes *decoded)
{
    size_t length;
    if (!form_unescape(part, *out, &length))
        return false;
    *decoded = bytes_of(*out, length);
    *out += length;
    return true;
}

static bool form_decode_fields(struct bytes text, struct form *form)
{
    uint8_t *out = form->text;
    for (struct bytes rest = text; rest.length;) {
        struct bytes value = bytes_split(&rest, '&');
        if (value.length == 0)
            continue;
        if (form->count == FORM_FIELDS_MAX)
            return false;
        struct bytes name = bytes_split(&value, '=');
        struct form_field *field = &form->fields[form->count++];
        if (!form_decode_part(name, &out, &field->name) ||
            !form_decode_part(value, &out, &field->value))
            return false;
    }
    return true;
}

bool form_decode(struct bytes text, struct form *form)
{
    struct form decoded = {.text = malloc(text.length + 1),
                           .fields = calloc(FORM_FIELDS_MAX, sizeof *decoded.fields)};
    if (!decoded.text || !decoded.fields || !form_decode_fields(text, &decoded)) {
        form_finish(&decoded);
        return false;
    }
    struct form_field *fitting =
        realloc(decoded.fields, (decoded.count ? decoded.count : 1) * sizeof *fitting);
    if (fitting)
        decoded.fields = fitting;
    *form = decoded;
    return true;
}

/* A name is decoded where its value will be. */
bool form_decode_field(struct bytes text, struct bytes name, uint8_t *out, struct bytes *value)
{
    struct bytes found = {0};
    size_t length, count = 0;
    while (text.length > 0) {
        struct bytes behind = bytes_split(&text, '&');
        bool is_nothing = behind.length == 0; /* and no field, not even one without a name */
        struct bytes part = bytes_split(&behind, '=');
        if (!is_nothing && form_unescape(part, out, &length) &&
            bytes_equal(bytes_of(out, length), name) && count++ == 0)
            found = behind;
    }
    if (count != 1 || !form_unescape(found, out, &length))
        return false;
    *value = bytes_of(out, length);
    return true;
}

void form_finish(struct form *form)
{
    free(form->fields);
    free(form->files);
    free(form->text);
    *form = (struct form){0};
}

struct bytes form_find(const struct form *form, struct bytes name, size_t *count)
{
    struct bytes value = {0};
    *count = 0;
    for (size_t i = 0; i < form->count; i++) {
        if (bytes_equal(form->fields[i].name, name) && (*count)++ == 0)
            value = form->fields[i].value;
    }
    return value;
}

static int bytes_compare(struct bytes a, struct bytes b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int form_compare(const void *a, const void *b)
{
    const struct form_field *left = a, *right = b;
    int order = bytes_compare(left->name, right->name);
    return order ? order : bytes_compare(left->value, right->value);
}

void form_sort(struct form *form)
{
    qsort(form->fields, form->count, sizeof *form->fields, form_compare);
}

/* ---- as JSON ---- */

static bool is_json_name(struct bytes name)
{
    return utf8_valid(name) && !memchr(name.data ? (const char *)name.data : "", 0, name.length);
}

/* The next field from `from` on of that name; `count` if there is none. */
static size_t find_from(const struct form_field *fields, size_t count, size_t from,
                        struct bytes name)
{
    while (from < count && !bytes_equal(fields[from].name, name))
        from++;
    return from;
}

/* Field `at`, the first of its name, with all others of that name. */
static bool append_values(struct buffer *out, const struct form_field *fields, size_t count,
                          size_t at)
{
    struct bytes name = fields[at].name;
    size_t next = find_from(fields, count, at + 1, name);
    bool is_list = next < count;
    bool good =
        buffer_append_text(out, is_list ? "[" : "") && json_append_string(out, fields[at].value);
    for (; good && next < count; next = find_from(fields, count, next + 1, name))
        good = buffer_append_text(out, ",") && json_append_string(out, fields[next].value);
    return good && buffer_append_text(out, is_list ? "]" : "");
}

bool form_append_json(struct buffer *out, const struct form_field *fields, size_t count)
{
    const char *before = "{";
    for (size_t i = 0; i < count; i++) {
        if (!is_json_name(fields[i].name) || find_from(fields, i, 0, fields[i].name) < i)
            continue;
        if (!buffer_append_text(out, before) || !json_append_string(out, fields[i].name) ||
            !buffer_append_text(out, ":") || !append_values(out, fields, count, i))
            return false;
        before = ",";
    }
    return buffer_append_text(out, *before == '{' ? "{}" : "}");
}
