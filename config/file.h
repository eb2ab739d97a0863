/* Reading the files that a configuration is made of, with the care that each kind wants. */
#ifndef TENTERHOOK_CONFIG_FILE_H
#define TENTERHOOK_CONFIG_FILE_H

#include "base/buffer.h"
#include "base/error.h"

#include <sys/stat.h>

/* A read-only mount that a container has been given is sealed: nobody there can write to it,
 * whatever the mode says, nor change the mode. Kubernetes and Docker mount secrets and ConfigMaps
 * so. What systemd's sandbox makes read-only for a service is not: others write there. */
enum file_care {
    FILE_SHARED,     /* anybody may read it, but not everybody write it */
    FILE_SECRET,     /* its owner only may write it; its group may read it (with a warning if the
                        owner is not root, who needs the group to let the server read); others may
                        not, but on a sealed mount (with a warning). Not for what is public:
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
 * it. The sentence in `err` calls the file `name`. `warning` (may be NULL) gets a sentence about a
 * file that was read but should be looked at, else "". */
enum file_result file_read(const char *path, const char *name, size_t limit, enum file_care care,
                           struct buffer *content, struct error *warning, struct error *err);

/* Whether a secret of this mode and owner may be used. False with `err`; `warning` as above. */
bool file_secret_is_private(const struct stat *what, bool is_sealed, enum file_care care,
                            const char *name, struct error *warning, struct error *err);

/* Says that this process may not open a file, called `name`: as which user, and what is to be done,
 * as far as that can be seen. */
void file_tell_denied(const char *path, const char *name, struct error *err);

/* A user's name, or number. */
enum { FILE_USER_MAX = 64 };
void file_name_user(uid_t uid, char name[FILE_USER_MAX]);

/* The length of the first directory on an absolute path that this user cannot enter, which is where
 * the path begins; 0: each one can be entered, or is not there. */
size_t file_find_closed(const char *path);

/* Writes all of it where the descriptor stands; false with errno. */
bool file_write_all(int fd, struct bytes data);

/* The bytes that are left on the disk of the directory of `path`, which need not be there itself;
 * -1: that is not known. */
int64_t file_space_beside(const char *path);
/* Whether an open file, or a path, is on a sealed mount. */
bool file_is_sealed(int fd);
bool file_path_is_sealed(const char *path);

#endif
