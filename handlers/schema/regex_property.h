/* Names of Unicode properties: ECMA-262's to PCRE2's. */
#ifndef TENTERHOOK_SCHEMA_REGEX_PROPERTY_H
#define TENTERHOOK_SCHEMA_REGEX_PROPERTY_H

#include "base/bytes.h"

/* Writes "\p{…}" or "\P{…}" for `name` ("Letter", "Script=Greek", "Emoji"); false if ECMA-262 has
 * no such name. Case counts, as there. */
bool regex_property(struct bytes name, bool negated, char *out, size_t size);

#endif
