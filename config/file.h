/* Reading the files that a configuration is made of, with the care that each kind wants. */
#ifndef TENTERHOOK_CONFIG_FILE_H
#define TENTERHOOK_CONFIG_FILE_H

#include "base/buffer.h"
#include "base/error.h"

enum file_care {
    FILE_SHARED,     /* anybody may read it, but not everybody write it */
    FILE_SECRET,     /* nobody but its owner may read or write it, unless what it holds is public:
                        certificates or public keys in PEM */
    FILE_CREDENTIAL, /* systemd's: a group bit there is the mask of an access list */
};

enum file_result {
    FILE_READ,
    FILE_MISSING, /* it cannot be opened or read */
    FILE_REFUSED, /* it is not a file as it has to be */
};

/* The whole of a regular file, at most `limit` bytes. `content` is made in any case, with room for
 * all of it before the first byte is read (so that wiping it wipes every copy); the caller finishes
 * it. The sentence in `err` calls the file `name`. */
enum file_result file_read(const char *path, const char *name, size_t limit, enum file_care care,
                           struct buffer *content, struct error *err);

#endif
