/* One allocation holds all decoded text: decoding never makes it longer. */
#include "handlers/content/form.h"

#include "base/encoding.h"

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
    *form = decoded;
    return true;
}

void form_finish(struct form *form)
{
    free(form->fields);
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
