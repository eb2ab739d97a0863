/* Single values out of JSON text without a tree: `payload.a["b.c"][0]`. The text must have passed
 * json_check; spans returned lie in it. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_JSON_PATH_H
#define TENTERHOOK_HANDLERS_CONTENT_JSON_PATH_H

#include "base/arena.h"
#include "base/error.h"

enum json_step_kind { JSON_STEP_NAME, JSON_STEP_INDEX, JSON_STEP_ALL };

struct json_step {
    enum json_step_kind kind;
    struct bytes name; /* NAME */
    size_t index;      /* INDEX */
};

enum { JSON_PATH_STEPS = 16 };

struct json_path {
    struct json_step *steps; /* in the arena; count 0: the whole text */
    size_t count;
};

/* Parses `.a["b.c"][0][*]` (what stands behind the first word). */
bool json_path_parse(const char *text, struct arena *arena, struct json_path *path,
                     struct error *err);

/* Calls `found` with the raw text of every value that the path leads to, in order, until it returns
 * false. Returns how many calls were made. */
size_t json_path_each(struct bytes json, const struct json_path *path,
                      bool (*found)(void *context, struct bytes value), void *context);

/* The first of them. */
bool json_path_find(struct bytes json, const struct json_path *path, struct bytes *value);

/* The same for a text in which names are repeated: of the members of one name the last counts. That
 * means to read each object to its end. */
size_t json_path_each_last(struct bytes json, const struct json_path *path,
                           bool (*found)(void *context, struct bytes value), void *context);
bool json_path_find_last(struct bytes json, const struct json_path *path, struct bytes *value);

/* A scalar as text: a string without quotes and escapes (in the arena where it has escapes), a
 * number, true or false as written. False for null, objects, arrays, or without memory. */
bool json_scalar_text(struct bytes value, struct arena *arena, struct bytes *text);

#endif
