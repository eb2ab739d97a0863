/* The parts of a Content-Type: `text/xml; charset=utf-8`. Spans lie in it. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_MEDIA_TYPE_H
#define TENTERHOOK_HANDLERS_CONTENT_MEDIA_TYPE_H

#include "base/bytes.h"

/* Without parameters. */
struct bytes media_type_name(struct bytes type);

/* Whether the subtype of a name is something before `suffix`, such as "+xml". */
bool media_type_has_suffix(struct bytes name, const char *suffix);

/* The value of the first parameter of that name, without quotes. `*count` gets how many there are.
 */
struct bytes media_type_parameter(struct bytes type, const char *name, size_t *count);

#endif
