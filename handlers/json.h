/* The guard in front of every JSON parser: RFC 8259 to the letter, in one pass without a tree. */
#ifndef TENTERHOOK_HANDLERS_JSON_H
#define TENTERHOOK_HANDLERS_JSON_H

#include "base/bytes.h"

enum { JSON_DEPTH_MAX = 256 };

struct json_limits {
    unsigned depth;       /* of nesting; 32, at most JSON_DEPTH_MAX */
    size_t nodes;         /* values of any kind; 100,000 */
    size_t number_length; /* characters of one number; 1,024 */
};

extern const struct json_limits json_limits_default;

struct json_fault {
    size_t offset;      /* of the byte that is wrong */
    const char *reason; /* a constant: "repeated name", "control character in a string" */
};

struct json_summary {
    size_t nodes, objects, members;
    unsigned depth;
    size_t long_integers; /* of 19 digits or more: they may be beyond 64 bits */
};

/* Whether `text` (at most 4 GiB) is exactly one JSON value: valid UTF-8 without BOM, no repeated
 * names in an object (compared after unescaping), no lone surrogate escapes, no U+0000 in a name,
 * within the limits. Numbers of any magnitude pass: their text says what they are, and who needs a
 * value decides what fits. Allocates only for repeated names, at most about 40 bytes a name.
 * `summary` may be NULL. */
bool json_check(struct bytes text, const struct json_limits *limits, struct json_summary *summary,
                struct json_fault *fault);

#endif
