/* application/x-www-form-urlencoded, strictly: a % that is no escape makes the whole form unusable.
 * Its fields as JSON. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_FORM_H
#define TENTERHOOK_HANDLERS_CONTENT_FORM_H

#include "base/buffer.h"

enum { FORM_FIELDS_MAX = 1000 };

struct form_field {
    struct bytes name, value;
};

/* Of multipart/form-data only. */
struct form_file {
    struct bytes name;     /* of the field */
    struct bytes filename; /* as the sender calls it */
    struct bytes type;     /* data NULL: none is said */
    struct bytes content;
};

struct form {
    struct form_field *fields;
    size_t count;
    struct form_file *files; /* in the order of the body */
    size_t file_count;
    uint8_t *text; /* decoded text, into which spans point */
};

/* False where the text is no form or has too many fields; then there is nothing to finish. */
bool form_decode(struct bytes text, struct form *form);
void form_finish(struct form *form);

/* Decodes the only field of that name in the text of a form into `out` (room for text.length).
 * False if it is not there, comes more than once or is not well encoded. */
bool form_decode_field(struct bytes text, struct bytes name, uint8_t *out, struct bytes *value);

/* The field of that name; `*count` gets how many there are. Empty span if there is none. */
struct bytes form_find(const struct form *form, struct bytes name, size_t *count);

/* By name, then by value, in the order of bytes. */
void form_sort(struct form *form);

/* Appends a JSON object: for each name its value, a string, or a list of strings where the name
 * comes more than once, in the order of their first places. A name that is not UTF-8 or holds NUL
 * could not be told from others in JSON, and is left out; such values have U+FFFD. */
bool form_append_json(struct buffer *out, const struct form_field *fields, size_t count);

/* %XX and + decoded into `out` (room for text.length); false at an escape that is none. */
bool form_unescape(struct bytes text, uint8_t *out, size_t *length);

#endif
