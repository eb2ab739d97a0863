/* A walk over the frames of a write-ahead log, without SQLite, which reads up to the first frame
 * that is not valid and is silent about what stands behind it. */
#ifndef TENTERHOOK_SERVER_JOURNAL_LOG_WALK_H
#define TENTERHOOK_SERVER_JOURNAL_LOG_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct log_walk {
    uint32_t frames;              /* whole ones in the file, of earlier logs too */
    uint32_t broken;              /* the first that is not valid, from 1; 0: the log's header */
    uint32_t frames_behind;       /* valid ones of this log behind it, */
    uint32_t transactions_behind; /* and how many transactions end among them */
    /* Something that was on disk is missing: a transaction that a later one followed. A power cut
     * cannot do that: it may leave any part of the last transaction that was not synced yet, but
     * none behind it. */
    bool damaged;
};

/* Walks over the log that is open as `fd`. False with errno where it cannot be read; an empty log
 * is not damaged. Nobody writes to it meanwhile. */
bool log_walk(int fd, struct log_walk *walk);

#endif
