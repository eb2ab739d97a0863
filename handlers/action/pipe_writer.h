/* The one writer of a FIFO: frames in, each reported once, when a reader has taken all of it.
 *
 * What is promised, as long as nobody else writes to the FIFO and readers come one after the other:
 *  - Frames are written whole and in order, never mixed, also when they are larger than the FIFO.
 *  - A frame is DELIVERED once one reader has read all of it. One that a reader began and did not
 *    finish (it died) is sent again from its beginning, and so are those behind it.
 *  - A reader that comes when the one before it is gone and we have noticed (at once when nobody
 *    had it open for reading: one turn of the loop) begins with a whole frame: the rest of a torn
 *    one has been taken out of the FIFO.
 *  - A reader that opens before we have noticed may get the torn rest first; with formats of lines
 *    an end of line stands behind it, without lines it sees the end of the file. What it and the
 *    one before it may have shared is sent again.
 *  - Without inotify (none left, or the FIFO is not readable for us) only a FIFO that was without
 *    reader for a moment shows that there was another: the owner is told, and frames are written
 *    one at a time. What remains uncertain with it is in pipe_writer.c.
 *  - If a writer dies in the middle of a frame (its process was killed), the next one takes what it
 *    left out of the FIFO and, with formats of lines, ends the torn line before it begins; without
 *    lines it stays away for a second, so that the reader sees the end of the file.
 *  - A FIFO that is missing is waited for like a reader.
 *  - So a frame can come twice, but is never left out and never counted half-read. A reader that
 *    opens and closes the FIFO for each line is served line by line, without doubles unless it is
 *    held up in the middle of a read.
 *
 * Several programs that read one FIFO at the same time share its bytes as the kernel sees fit: that
 * is not supported. */
#ifndef TENTERHOOK_HANDLERS_ACTION_PIPE_WRITER_H
#define TENTERHOOK_HANDLERS_ACTION_PIPE_WRITER_H

#include "base/bytes.h"
#include "base/loop.h"

#include <sys/queue.h>
#include <sys/types.h>

struct pipe_writer;

enum pipe_end {
    PIPE_DELIVERED,
    PIPE_FAILED,      /* `reason` */
    PIPE_INTERRUPTED, /* stopped before it was read */
};

/* Embedded in its owner, who keeps it until `ended` has been called. The owner fills in the first
 * part, the rest is the writer's. */
struct pipe_frame {
    /* Makes the bytes of the frame, which stay until `ended`. NULL, or why it cannot: a constant.
     * Called when its turn comes, so that what waits takes no memory. */
    const char *(*encode)(struct pipe_frame *frame, struct bytes *content);
    /* Called once, from the loop. May add and stop frames. */
    void (*ended)(struct pipe_frame *frame, enum pipe_end end, const char *reason);
    bool lines;       /* ends with a line end and holds no other */
    bool after_crash; /* a writer before us may have left in the middle of a frame */

    TAILQ_ENTRY(pipe_frame) link;
    uint64_t number; /* in the order in which they were added */
    enum { FRAME_WAITING, FRAME_INSIDE, FRAME_ENDED } place;
    bool doubtful; /* perhaps two readers had a part in it: to be sent again */
    bool stopped;
    bool torn; /* interrupted in the middle; for the next writer's after_crash */
    enum { TAIL_WITH_REST, TAIL_HELD_BACK, TAIL_APART } tail; /* of its last byte; see the .c */
    struct bytes content;
    uint64_t start, end; /* positions in all that was written; valid inside */
    enum pipe_end how;
    const char *reason;
};

/* The writer for `path`, made if it is the first time; it keeps the FIFO open from then on, so that
 * a reader sees no end of file between two frames. `create_mode` 0: a missing FIFO is not made.
 * NULL without memory. */
struct pipe_writer *pipe_writer_find(struct loop *loop, const char *path, mode_t create_mode);

/* Queues a frame; false without memory. */
bool pipe_writer_add(struct pipe_writer *writer, struct pipe_frame *frame);

/* The frame is to end soon: at once if nothing of it is in the FIFO or nobody reads, at
 * `deadline_ns` at the latest. What is unread then is taken back out of the FIFO; but where a
 * reader is in the middle of a frame and all that follows is whole, it is left to it (and will come
 * again). */
void pipe_writer_stop(struct pipe_writer *writer, struct pipe_frame *frame, int64_t deadline_ns);

/* Who is told, once each time, that frames wait for a FIFO which is missing (or for its directory,
 * where it would be created), and that one cannot be watched (we may not read it, or the system has
 * no inotify left). NULL: nobody. */
void pipe_writers_tell(void (*missing)(const char *path, bool no_directory),
                       void (*unwatched)(const char *path));

/* Closes all writers; none may have a frame any more. */
void pipe_writers_finish(void);

#endif
