/* The guard in front of every JSON parser: RFC 8259 to the letter, in one pass without a tree. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_JSON_H
#define TENTERHOOK_HANDLERS_CONTENT_JSON_H

#include "base/bytes.h"

enum { JSON_DEPTH_MAX = 1000 };

struct json_limits {
    unsigned depth;       /* of nesting, at most JSON_DEPTH_MAX */
    size_t nodes;         /* values of any kind */
    size_t names;         /* in all objects that are open at once; 0: as many as nodes */
    size_t number_length; /* characters of one number */
    bool lone_surrogates; /* half a pair of \uXXXX passes; it is read as U+FFFD */
    bool repeated_names;  /* they pass; the last one counts (json_path_find_last) */
};

/* Of what this program's own files and tokens need: depth 32, 100,000 values, numbers of 1,024
 * characters, no lone surrogates, no repeated names. A route has its own
 * (handlers/content/content.h). */
extern const struct json_limits json_limits_default;

struct json_fault {
    size_t offset;      /* of the byte that is wrong */
    const char *reason; /* a constant: "a repeated name", "a control character in a string" */
    const char *limit;  /* the member of json_limits that is passed ("depth"), or NULL */
    struct bytes name;  /* the name that is repeated, as written: a span of the text; or empty */
};

struct json_summary {
    size_t nodes, objects, members;
    unsigned depth;
    size_t long_integers; /* of 19 digits or more: they may be beyond 64 bits */
    size_t repeated;      /* members whose name came before in their object */
};

/* Whether `text` (at most 4 GiB) is exactly one JSON value: valid UTF-8 without BOM, no U+0000 in a
 * name, within the limits, and unless these say otherwise no repeated names in an object (compared
 * after unescaping) and no lone surrogate escapes. Numbers of any magnitude pass: their text says
 * what they are, and who needs a value decides what fits. Does not recurse: about 20 KiB of stack
 * at any depth. Allocates only for repeated names, at most about 60 bytes a name that is open.
 * `summary` may be NULL. */
bool json_check(struct bytes text, const struct json_limits *limits, struct json_summary *summary,
                struct json_fault *fault);

#endif
