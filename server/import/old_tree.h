/* Reads a configuration of the `webhook` program as that program reads it: YAML 1.1, which has
 * JSON in it, trailing commas, tabs and aliases included. More lenient than config/tree.h, which
 * reads our own files. Bounds: depth 64, 200,000 values with aliases written out, 256 keys in a
 * mapping. */
#ifndef TENTERHOOK_SERVER_IMPORT_OLD_TREE_H
#define TENTERHOOK_SERVER_IMPORT_OLD_TREE_H

#include "base/arena.h"
#include "server/import/report.h"

enum { OLD_DEPTH_MAX = 64, OLD_NODES_MAX = 200000, OLD_KEYS_MAX = 256, OLD_TEXT_MAX = 4 << 20 };

enum old_kind { OLD_NULL, OLD_BOOLEAN, OLD_NUMBER, OLD_STRING, OLD_LIST, OLD_MAPPING };

struct old_node {
    enum old_kind kind;
    unsigned line, column; /* from 1 */
    struct bytes text;     /* scalars: what `webhook` reads where it wants a string */
    struct bytes key;      /* in a mapping; data NULL otherwise */
    unsigned key_line, key_column;
    const struct old_node *first, *next;
    size_t count;  /* children */
    size_t weight; /* nodes in it with aliases written out, itself included */
    unsigned height;
};

/* The first document, in `arena`. NULL after a problem was reported. */
const struct old_node *old_tree_parse(struct bytes text, struct arena *arena,
                                      struct import_report *report);

/* The last value of the key, whose ASCII letters may be of either case; or NULL. */
const struct old_node *old_tree_find(const struct old_node *mapping, const char *key);

#endif
