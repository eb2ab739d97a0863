/* The names of the objects that are open while the guard walks through a text: whether one comes
 * twice. The caller owns the struct; json_names_finish frees the scratch. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_JSON_NAMES_H
#define TENTERHOOK_HANDLERS_CONTENT_JSON_NAMES_H

#include "base/buffer.h"

enum { JSON_NAMES_FIRST = 64 };

struct json_name {
    uint64_t tag;    /* length and first bytes mixed: unequal tags are unequal names */
    uint32_t hash;   /* once its object is hashed */
    uint32_t offset; /* into the text, or into `decoded` */
    uint32_t length;
    bool unescaped;
    bool hashed; /* has a slot */
};

struct json_names {
    struct bytes text;
    struct buffer decoded;   /* unescaped forms of names that are written with escapes */
    struct json_name *items; /* of all open objects, innermost last */
    size_t count, capacity;
    uint32_t *slots; /* open addressing: index into items + 1 */
    size_t slot_count, slots_used;
    struct json_name first[JSON_NAMES_FIRST];
};

/* One open object; objects close in the reverse order in which they open. */
struct json_object {
    uint32_t first;   /* of its names */
    uint32_t decoded; /* bytes of json_names.decoded before it */
    bool hashed;
};

enum json_name_result { NAME_NEW, NAME_REPEATED, NAME_HOLDS_NUL, NAME_NO_MEMORY };

/* `text` is at most UINT32_MAX bytes and outlives the names. */
void json_names_init(struct json_names *names, struct bytes text);
void json_names_finish(struct json_names *names);

void json_names_open(struct json_names *names, struct json_object *object);
/* `name` is a span of the text: the inside of a string that has passed the guard. */
enum json_name_result json_names_add(struct json_names *names, struct json_object *object,
                                     struct bytes name, bool has_escapes);
void json_names_close(struct json_names *names, struct json_object *object);

#endif
