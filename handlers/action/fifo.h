/* The write end of a FIFO: opening it with care, and asking the kernel about the other end. No
 * state of our own; nothing here blocks. */
#ifndef TENTERHOOK_HANDLERS_ACTION_FIFO_H
#define TENTERHOOK_HANDLERS_ACTION_FIFO_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum fifo_state {
    FIFO_OPEN,
    FIFO_NO_READER, /* nobody has it open for reading */
    FIFO_MISSING,   /* there is nothing at the path */
    FIFO_LATER,     /* the system is short of descriptors or memory */
    FIFO_REFUSED,   /* `err` says why: not a FIFO, not ours, no permission */
};

/* Opens the FIFO at `path` for writing: non-blocking, close-on-exec, the caller's. It must be one,
 * not a symbolic link to one, and belong to us or to root. */
enum fifo_state fifo_open(const char *path, int *fd, struct error *err);

/* Makes one with exactly this mode, whatever the umask. True also if it is there by now; false with
 * errno. */
bool fifo_create(const char *path, mode_t mode, struct error *err);

/* What kind of file `mode` says, as "a regular file"; NULL for a FIFO. */
const char *fifo_wrong_kind(mode_t mode);

enum fifo_place { FIFO_IN_PLACE, FIFO_REPLACED, FIFO_GONE };
/* What `path` leads to now: the FIFO that is open, something else, nothing. */
enum fifo_place fifo_place(int fd, const char *path);

/* Bytes written and not read yet. */
size_t fifo_unread(int fd);
bool fifo_has_reader(int fd);

/* Takes all that is unread out of the FIFO at one moment, through a read end of our own. Returns
 * the
 * `*taken` bytes, which the caller frees; NULL if we may not read it or there is no memory. */
char *fifo_drain(int fd, size_t *taken);

#endif
