/* ECMA-262 regular expressions (Unicode mode) rewritten for PCRE2. */
#ifndef TENTERHOOK_SCHEMA_REGEX_H
#define TENTERHOOK_SCHEMA_REGEX_H

#include "base/buffer.h"

struct regex_fault {
    const char *reason; /* a constant sentence */
    size_t offset;      /* of the byte where it was found */
    bool legal;         /* in ECMA-262, which PCRE2 cannot follow here */
};

/* Appends the PCRE2 form of `source` (UTF-8) to `out`. */
bool regex_translate(struct bytes source, struct buffer *out, struct regex_fault *fault);

/* Whether it is one of ECMA-262. Allocates nothing. */
bool regex_valid(struct bytes source);

#endif
