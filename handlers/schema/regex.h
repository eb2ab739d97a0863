/* ECMA-262 regular expressions (Unicode mode) rewritten for PCRE2. */
#ifndef TENTERHOOK_SCHEMA_REGEX_H
#define TENTERHOOK_SCHEMA_REGEX_H

#include "base/buffer.h"

/* Appends the PCRE2 form of `source` (UTF-8) to `out`; with `out` NULL only checks, allocating
 * nothing. False with a constant sentence in `*reason` and the byte at which it applies. */
bool regex_translate(struct bytes source, struct buffer *out, const char **reason, size_t *offset);

#endif
