/* YAML text as a tree that knows where each part stands. The only door to libyaml.
 * Bounds: 16 MiB of text, depth 32, no anchors, aliases or tags, one document, UTF-8, no repeated
 * keys. */
#ifndef TENTERHOOK_CONFIG_TREE_H
#define TENTERHOOK_CONFIG_TREE_H

#include "base/arena.h"
#include "config/diagnostic.h"

/* Ten thousand routes are 2 to 8 MiB, and 200,000 to 500,000 nodes of 120 bytes. */
enum { TREE_TEXT_MAX = 16 << 20, TREE_DEPTH_MAX = 32, TREE_NODES_MAX = 1000000 };

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node {
    enum node_kind kind;
    const struct source *source; /* file and its text */
    unsigned line, column;       /* from 1 */
    unsigned end_line;           /* of its last character */
    unsigned end_column;         /* scalars on one line: behind the last character, else 0 */
    bool quoted;                 /* scalar in quotes or block style: always a string */
    const char *text;            /* scalar: NUL-terminated, holds no NUL */
    size_t length;
    const struct node *key;   /* in a mapping: this value's key */
    const struct node *first; /* children in file order */
    const struct node *next;  /* sibling */
    size_t count;             /* children */
};

/* Parses `source` into `arena`. Mistakes are added to `problems`; what can be read in spite of
 * them (a repeated key, a tag) is returned all the same, so that the caller finds more in the same
 * run and asks problems->errors in the end. NULL if nothing can be. An empty file is an empty
 * mapping. */
const struct node *tree_parse(const struct source *source, struct arena *arena,
                              struct problem_list *problems);

/* The value of `key` in a mapping, or NULL. */
const struct node *tree_find(const struct node *mapping, const char *key);

/* The same; what the mapping does not have is looked for in `fallback` (may be NULL). */
const struct node *tree_find_either(const struct node *mapping, const struct node *fallback,
                                    const char *key);

/* Whether a scalar is null in the core schema: plain, and empty, ~, null, Null or NULL. */
bool tree_is_null(const struct node *node);

#endif
