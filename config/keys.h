/* All keys in the order of the file, group by group: what describes them walks over this. */
#ifndef TENTERHOOK_CONFIG_KEYS_H
#define TENTERHOOK_CONFIG_KEYS_H

#include "config/registry.h"

enum { KEY_PATH_MAX = 160, KEY_ROWS_MAX = 128 };

/* Keys that stand in one mapping. */
struct key_group {
    char path[KEY_PATH_MAX]; /* "server.listen"; "" for the top level */
    const char *sentence;
    const char *beside; /* the kind of action that they go with; NULL: any */
    const struct row *rows[KEY_ROWS_MAX];
    size_t kind_count; /* the first rows are kinds of handlers, of which one chooses */
    size_t count;
};

/* Calls `visit` for each group, a parent before its children. */
void keys_walk(const struct registry *registry,
               void (*visit)(void *context, const struct key_group *group), void *context);

/* Calls `visit` for each key of a route, in the order of the reference: the handlers' parts stand
 * behind the own keys that they name. */
void keys_of_route(const struct registry *registry,
                   void (*visit)(void *context, const struct row *row), void *context);

/* How the value of a row is written, with its bounds: "a size, 1KiB to 1MiB". */
void key_value_text(const struct row *row, char *text, size_t size);

#endif
