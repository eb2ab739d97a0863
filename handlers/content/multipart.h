/* multipart/form-data (RFC 7578), strictly, in one pass over a complete body: its fields and its
 * files, within limits. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_MULTIPART_H
#define TENTERHOOK_HANDLERS_CONTENT_MULTIPART_H

#include "base/error.h"
#include "handlers/content/form.h"

enum { MULTIPART_PARTS_MAX = 1000, MULTIPART_NAME_MAX = 4096 };

/* In bytes, but for `parts`. */
struct multipart_limits {
    size_t parts;       /* at most MULTIPART_PARTS_MAX */
    size_t file, field; /* the content of one */
    size_t name;        /* of a field or a file, as sent; at most MULTIPART_NAME_MAX */
};

/* No body that was accepted is beyond these, whatever its route says by now. */
extern const struct multipart_limits multipart_limits_most;

enum multipart_end {
    MULTIPART_READ,
    MULTIPART_MALFORMED,
    MULTIPART_BEYOND, /* a limit, which the sentence names */
    MULTIPART_NO_MEMORY
};

/* Reads the body, whose Content-Type is `type`, into `form`; values and contents are spans of the
 * body, which outlives it. Parts with a file name are files, all others are fields; a file without
 * a name and without content, as browsers send where none was chosen, is neither. Anything but
 * MULTIPART_READ comes with a sentence that says which part it is, and leaves nothing to finish. */
enum multipart_end multipart_read(struct bytes type, struct bytes body,
                                  const struct multipart_limits *limits, struct form *form,
                                  struct error *err);

#endif
