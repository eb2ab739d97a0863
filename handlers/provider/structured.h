/* The part of Structured Fields (RFC 8941) that message signatures and digests are written in:
 * dictionaries of items and of inner lists, with parameters. Each function takes its piece off the
 * front of `*rest`; false where it is not well formed. Pieces are spans of the text as sent. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_STRUCTURED_H
#define TENTERHOOK_HANDLERS_PROVIDER_STRUCTURED_H

#include "base/bytes.h"

/* One member of a dictionary, and the comma behind it: `key=value;parameters`, of which `value`
 * gets all behind the "=" (empty for a bare key). */
bool structured_take_member(struct bytes *rest, struct bytes *key, struct bytes *value);

/* `(item item …)`: what stands between the parentheses; `*rest` is then the parameters. */
bool structured_take_list(struct bytes *rest, struct bytes *inside);

/* One string item of an inner list with its parameters: `name` is what the quotes hold, `whole` the
 * item as written. The spaces behind it are taken too. A name with escapes in it is refused: no
 * component has one. */
bool structured_take_string(struct bytes *rest, struct bytes *name, struct bytes *parameters,
                            struct bytes *whole);

/* The next `;name=value`; quotes of a string value are taken off, its escapes are not. */
bool structured_take_parameter(struct bytes *rest, struct bytes *name, struct bytes *value);
/* 1: there is a parameter of that name; 0: none; -1: not well formed, or there twice. */
int structured_find_parameter(struct bytes parameters, const char *name, struct bytes *value);

/* `:base64:` and nothing else: what stands between the colons. */
bool structured_bytes(struct bytes value, struct bytes *base64);

#endif
