/* Everything happens in writer_turn, which looks at the facts (is it open, who reads, how much is
 * unread) and acts on them; descriptors, inotify and the timer only say that it is time for one.
 * So a late event costs time and nothing else.
 *
 * A frame of which two readers got a part must come again. fifo_readers.c says what can be known of
 * that; where it is not known, the frame comes again: rather twice than not at all.
 *
 * Until a reader has shown that it stays (STEADY frames without a closing) there is one frame in
 * the FIFO at a time, and the order of events is enough: a read, a closing, a read mean that two
 * had a part of it. Then the FIFO is kept full; when such a reader leaves while another is there,
 * all that was read since the last look is doubtful.
 *
 * Only the reader that opens the FIFO again for each frame would never get on so: it is always
 * there again before we look, and to send again never helps. Its first frame counts if the
 * successor is not seen reading for DECIDE_MS. From then on the last byte of each frame is written
 * apart, once the reader has taken all the rest and is still there: now whoever reads that byte
 * before it closes had the whole frame, and that is in the order of the events. Readers that close
 * without the last byte (they take a single read for a frame) are sent whole frames again, each of
 * which counts if the successor is not seen reading for SEEN_MS.
 *
 * What is left, and would be for any writer:
 * - A successor that opened before we looked, took the rest of the only frame in the FIFO, and was
 *   then held inside read(2), between the position and the event, by want of a processor or of the
 *   disk that the time of access is noted on: for DECIDE_MS, or SEEN_MS. The frame counts.
 * - The same for a last byte: a reader that had all but that, was held inside read(2) for
 *   settle_ns, and left without it.
 * - Without events (no inotify left, or a FIFO that we may not read) a reader that came before we
 *   saw that there was none is taken for the one before. So one frame at a time is written there,
 *   and the log says it.
 * - Readers at the same time, and reads that the kernel does not report (splice(2) before 6.4).
 *
 * What is taken out of the FIFO is taken in one piece, and put back if a reader turns out to have
 * begun with it: half of one frame never meets half of another. A line end is written behind a
 * piece that a reader may hold. For frames with a length nothing in the stream can do that: the
 * reader is shown the end of the file. The same for what a writer that was killed has left, which
 * ends anywhere. */
#include "handlers/action/pipe_writer.h"

#include "base/clock.h"
#include "base/siphash.h"
#include "handlers/action/fifo.h"
#include "handlers/action/fifo_readers.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    STEADY = 32,
    PAUSE_READER_MS = 50,  /* at most between two looks at a reader that is slow */
    PAUSE_NOBODY_MS = 100, /* at most between two looks for a reader */
    REPLACED_MS = 2000,    /* how long a FIFO may be missing or wrong: it is being replaced */
    QUIET_MS = 1000,       /* for a reader in the middle of a frame to see the end of the file */
    SEEN_MS = 50,          /* for a reader that may have read to be seen reading */
    DECIDE_MS = 1000,      /* the same where a frame counts if it is not */
    CUT_SHORT = 2,         /* so many readers left without the last byte: they do not wait for it */
    TURN_BYTES = 1 << 20,  /* written in one turn, however fast the reader */
};

/* inotify reports a read a moment after FIONREAD shows it: some microseconds, unless the reader is
 * interrupted just there. What rests on the order of events waits for this long after the last byte
 * moved. */
static const int64_t settle_ns = 200 * 1000;

TAILQ_HEAD(frame_list, pipe_frame);

struct pipe_writer {
    struct pipe_writer *next, *beside; /* of all; of those whose paths have one hash */
    struct loop *loop;
    char *path;
    mode_t create_mode;
    int fd;           /* -1: not open */
    uint64_t written; /* into it, since it was opened or emptied */
    struct fifo_readers readers;
    bool blocked;           /* the FIFO is full */
    unsigned steady;        /* frames read since anybody closed */
    bool apart;             /* readers close after each frame: its last byte is written apart */
    bool was_apart;         /* so they did before */
    unsigned cut_short;     /* times that one left without the last byte */
    int64_t closing_due_ns; /* the reader of the last frame closes until then; 0: no matter */
    unsigned pause_ms;
    bool torn_line;         /* the reader may hold the beginning of one: to be ended */
    int64_t quiet_until_ns; /* not to be opened before; 0: at once */
    enum fifo_state wrong;  /* missing or refused, */
    int64_t wrong_since_ns; /* since when; 0: neither */
    bool told;              /* that it is missing */
    bool told_unwatched;    /* that nobody knows who reads it */
    int64_t stop_ns;        /* INT64_MAX: none of the frames inside is to be stopped */
    struct frame_list inside, waiting, ended; /* the last of inside may be written in part */
    struct loop_watch watch;
    struct loop_timer timer;
    uint64_t added; /* frames */
    struct error error;
};

enum { WRITER_HASHES = 4096 };

static struct pipe_writer *writers, *writers_by_path[WRITER_HASHES];
static void (*tell_missing)(const char *path, bool no_directory);
static void (*tell_unwatched)(const char *path);

/* ---- frames from one place to another ---- */

static void frame_end(struct pipe_writer *writer, struct pipe_frame *frame, enum pipe_end how,
                      const char *reason)
{
    struct frame_list *from = frame->place == FRAME_INSIDE ? &writer->inside : &writer->waiting;
    TAILQ_REMOVE(from, frame, link);
    TAILQ_INSERT_TAIL(&writer->ended, frame, link);
    frame->place = FRAME_ENDED;
    frame->how = how;
    frame->reason = reason;
}

/* To be sent again, before all that came later. */
static void frame_take_back(struct pipe_writer *writer, struct pipe_frame *frame)
{
    frame->doubtful = false;
    if (frame->stopped) {
        frame_end(writer, frame, PIPE_INTERRUPTED, "the server is leaving");
        return;
    }
    struct pipe_frame *next = TAILQ_FIRST(&writer->waiting);
    while (next && next->number < frame->number)
        next = TAILQ_NEXT(next, link);
    TAILQ_REMOVE(&writer->inside, frame, link);
    if (next)
        TAILQ_INSERT_BEFORE(next, frame, link);
    else
        TAILQ_INSERT_TAIL(&writer->waiting, frame, link);
    frame->place = FRAME_WAITING;
}

static void writer_take_all_back(struct pipe_writer *writer)
{
    struct pipe_frame *frame;
    while ((frame = TAILQ_LAST(&writer->inside, frame_list)))
        frame_take_back(writer, frame);
    writer->stop_ns = INT64_MAX;
}

static void writer_fail_all(struct pipe_writer *writer)
{
    struct pipe_frame *frame;
    while ((frame = TAILQ_FIRST(&writer->waiting)))
        frame_end(writer, frame, PIPE_FAILED, writer->error.text);
}

static void writer_report(struct pipe_writer *writer)
{
    struct pipe_frame *frame;
    while ((frame = TAILQ_FIRST(&writer->ended))) {
        TAILQ_REMOVE(&writer->ended, frame, link);
        frame->ended(frame, frame->how, frame->reason);
    }
}

/* ---- opening and closing ---- */

/* What is unread vanishes with it, if nobody else has the FIFO open. */
static void writer_close(struct pipe_writer *writer)
{
    writer_take_all_back(writer);
    if (writer->fd < 0)
        return;
    fifo_watch_remove(&writer->readers.events);
    loop_watch_remove(writer->loop, &writer->watch);
    close(writer->fd);
    writer->fd = -1;
    writer->readers.present = writer->blocked = false;
    writer->steady = 0;
    writer->closing_due_ns = 0;
    writer->pause_ms = 1;
}

/* Two spellings of a path must not become two writers of one FIFO. */
static bool writer_is_only_one(struct pipe_writer *writer)
{
    for (struct pipe_writer *other = writers; other; other = other->next)
        if (other != writer && other->fd >= 0 &&
            fifo_place(other->fd, writer->path) == FIFO_IN_PLACE)
            return error_set(&writer->error, "%s and %s are the same FIFO", writer->path,
                             other->path);
    return true;
}

static enum fifo_state writer_try_open(struct pipe_writer *writer)
{
    if (!writer_is_only_one(writer))
        return FIFO_REFUSED;
    enum fifo_state state = fifo_open(writer->path, &writer->fd, &writer->error);
    if (state != FIFO_MISSING || writer->create_mode == 0)
        return state;
    if (!fifo_create(writer->path, writer->create_mode, &writer->error))
        return errno == ENOENT ? FIFO_MISSING : FIFO_REFUSED; /* its directory is missing, too */
    return fifo_open(writer->path, &writer->fd, &writer->error);
}

static void writer_opened(struct pipe_writer *writer)
{
    size_t taken;
    bool watched = fifo_watch_add(writer->loop, &writer->readers.events, writer->fd);
    if (!watched && !writer->told_unwatched && tell_unwatched)
        tell_unwatched(writer->path);
    writer->told_unwatched = !watched;
    if (writer->torn_line)
        free(fifo_drain(writer->fd, &taken));
    /* What others left in it counts as written by us, so that the sum is right. */
    writer->written = fifo_unread(writer->fd);
    fifo_readers_restart(&writer->readers);
    writer->pause_ms = 1;
}

/* A FIFO that is missing comes with its reader; one that is refused needs people. What comes after
 * an absence may be refused for a moment: it is made before it is given to us. */
static void writer_judge_wrong(struct pipe_writer *writer, enum fifo_state state, int64_t now)
{
    if (writer->wrong_since_ns == 0 || writer->wrong != state)
        writer->wrong_since_ns = now;
    writer->wrong = state;
    if (now - writer->wrong_since_ns < REPLACED_MS * NS_PER_MS)
        return;
    if (state == FIFO_REFUSED) {
        writer_fail_all(writer);
        return;
    }
    if (!writer->told && tell_missing)
        tell_missing(writer->path, writer->create_mode != 0);
    writer->told = true;
}

static void writer_open(struct pipe_writer *writer)
{
    int64_t now = clock_monotonic_ns();
    if (now < writer->quiet_until_ns)
        return;
    writer->quiet_until_ns = 0;
    enum fifo_state state = writer_try_open(writer);
    if (state == FIFO_MISSING || state == FIFO_REFUSED) {
        writer_judge_wrong(writer, state, now);
    } else {
        writer->wrong_since_ns = 0;
        writer->told = false;
    }
    if (state == FIFO_NO_READER || state == FIFO_MISSING) /* whoever comes holds no piece */
        writer->torn_line = false;
    if (state == FIFO_OPEN)
        writer_opened(writer);
}

/* ---- what has been read, and by whom ---- */

static void writer_look(struct pipe_writer *writer)
{
    uint64_t before = writer->readers.reach;
    fifo_readers_look(&writer->readers, writer->fd, writer->written);
    if (writer->readers.reach != before)
        writer->pause_ms = 1;
}

/* Without events it is not seen that a reader was replaced: never more than one frame. */
static bool writer_is_steady(const struct pipe_writer *writer)
{
    return writer->steady >= STEADY && fifo_watch_is_active(&writer->readers.events);
}

/* The first frame that has not been read to its end; NULL: none. */
static struct pipe_frame *writer_unread(const struct pipe_writer *writer)
{
    struct pipe_frame *frame = TAILQ_FIRST(&writer->inside);
    while (frame && frame->end <= writer->readers.read)
        frame = TAILQ_NEXT(frame, link);
    return frame;
}

/* Whether readers have a part of it. */
static bool writer_is_mid_frame(const struct pipe_writer *writer)
{
    const struct pipe_frame *frame = writer_unread(writer);
    return frame && frame->start < writer->readers.reach;
}

/* Whether a reader has left in the middle of a frame, and none is seen to read the rest. One that
 * is goes on: it may be the only one, because the other left before the frame came. */
static bool writer_is_torn(const struct pipe_writer *writer)
{
    const struct fifo_watch *events = &writer->readers.events;
    return writer_is_mid_frame(writer) &&
           (!writer->readers.present || (events->left && !events->reading && !events->unsure));
}

/* One frame was read to its end, one reader has left and another is there: whether to wait until it
 * is clear that this one has not read, or else to send the frame again at once. */
static int64_t writer_decide_ms(const struct pipe_writer *writer)
{
    if (writer->cut_short >= CUT_SHORT)
        return SEEN_MS;
    return writer->was_apart ? 0 : DECIDE_MS;
}

/* How long nothing must have moved before conclusions are drawn from events. */
static int64_t writer_patience_ns(const struct pipe_writer *writer, enum fifo_share share)
{
    const struct pipe_frame *first = TAILQ_FIRST(&writer->inside);
    bool alone = !TAILQ_NEXT(first, link), whole = first->end <= writer->readers.read;
    if (!writer->readers.present || !fifo_watch_is_active(&writer->readers.events))
        return 0;
    if (writer_is_torn(writer)) /* another frame must not be torn, too */
        return alone ? settle_ns : SEEN_MS * NS_PER_MS;
    if (alone && whole && share == READ_BY_ONE_OR_TWO)
        return writer_decide_ms(writer) * NS_PER_MS;
    bool last_byte_is_next =
        first->tail == TAIL_HELD_BACK && writer->readers.read + 1 == first->end;
    return (alone && whole) || last_byte_is_next ? settle_ns : 0;
}

static void writer_mark_doubtful(struct pipe_writer *writer)
{
    struct pipe_frame *frame;
    TAILQ_FOREACH(frame, &writer->inside, link)
        if (frame->start < writer->readers.reach)
            frame->doubtful = true;
}

/* Frames that have been read to the end are delivered, or come again if they are doubtful. True if
 * one of these has a length: its reader holds a piece that only the end of the file can end. */
static bool writer_settle_frames(struct pipe_writer *writer)
{
    struct pipe_frame *frame;
    bool file_must_end = false;
    while ((frame = TAILQ_FIRST(&writer->inside)) && frame->end <= writer->readers.read) {
        if (frame->doubtful) {
            file_must_end |= !frame->lines && writer->readers.present;
            frame_take_back(writer, frame);
        } else {
            frame_end(writer, frame, PIPE_DELIVERED, "");
            writer->steady++;
        }
    }
    if (TAILQ_EMPTY(&writer->inside))
        writer->stop_ns = INT64_MAX;
    return file_must_end;
}

static void writer_end_file(struct pipe_writer *writer)
{
    writer_close(writer);
    writer->quiet_until_ns = clock_monotonic_ns() + QUIET_MS * NS_PER_MS;
}

/* The FIFO has been emptied: lets the reader that may hold the beginning of this frame see that the
 * rest does not follow, by the end of a line or of the file. */
static void writer_end_piece(struct pipe_writer *writer, struct pipe_frame *half)
{
    if (half->lines) {
        if (write(writer->fd, "\n", 1) == 1)
            writer->written = 1;
        return;
    }
    half->torn = true;
    writer_end_file(writer);
}

/* Empties the FIFO where we may not read it: the kernel does if nobody else has it open. A reader
 * that has gets what is in it, and holds a piece at its end. */
static void writer_empty_by_closing(struct pipe_writer *writer)
{
    const struct pipe_frame *first = TAILQ_FIRST(&writer->inside);
    bool lines = !first || first->lines;
    writer_close(writer);
    enum fifo_state state = writer_try_open(writer);
    if (state == FIFO_NO_READER)
        return;
    writer->torn_line |= lines;
    if (!lines)
        writer_end_file(writer);
    else if (state == FIFO_OPEN)
        writer_opened(writer);
}

/* Puts what was drained back into the FIFO, as if nothing had happened: a reader has begun with it
 * since the look. False: there is none. */
static bool writer_give_back(struct pipe_writer *writer, const char *content, size_t taken)
{
    ssize_t given = write(writer->fd, content, taken);
    if (given <= 0)
        return false;
    if ((size_t)given < taken) { /* somebody has made the FIFO smaller */
        writer_empty_by_closing(writer);
        return true;
    }
    fifo_readers_look(&writer->readers, writer->fd, writer->written);
    writer_mark_doubtful(writer);
    fifo_watch_forget(&writer->readers.events, true); /* our own reading, too */
    return true;
}

/* The frame of which some bytes, not all, are before this position. */
static struct pipe_frame *writer_half(const struct pipe_writer *writer, uint64_t at)
{
    struct pipe_frame *frame = TAILQ_FIRST(&writer->inside);
    while (frame && frame->end <= at)
        frame = TAILQ_NEXT(frame, link);
    return frame && frame->start < at ? frame : NULL;
}

/* A reader has left without the last byte. */
static void writer_was_cut_short(struct pipe_writer *writer)
{
    writer->cut_short++;
    writer->apart = writer->cut_short < CUT_SHORT;
}

/* Takes all that is unread out of the FIFO, to send it again. From then on nothing is read, so that
 * it is known how far readers got. `gently`: not from under a reader that has begun meanwhile. */
static void writer_drain(struct pipe_writer *writer, bool gently)
{
    size_t taken;
    char *content = fifo_drain(writer->fd, &taken);
    if (!content) {
        writer_empty_by_closing(writer);
        return;
    }
    uint64_t at = writer->written - taken;
    bool given = gently && at != writer->readers.reach && writer_give_back(writer, content, taken);
    free(content);
    if (given)
        return;
    bool gone = !writer->readers.present &&
                at == writer->readers.reach; /* a new one has read nothing yet */
    struct pipe_frame *half = writer_half(writer, at);
    if (half && half->tail != TAIL_WITH_REST && at + 1 == half->end)
        writer_was_cut_short(writer);
    writer_take_all_back(writer);
    fifo_readers_restart(&writer->readers);
    writer->written = 0;
    writer->closing_due_ns = 0;
    if (half && !gone)
        writer_end_piece(writer, half);
}

/* The first frame is alone in the FIFO and was read to its end: what its reader's leaving says
 * about the next. */
static void writer_learn(struct pipe_writer *writer, const struct pipe_frame *first)
{
    const struct fifo_watch *events = &writer->readers.events;
    bool apart = first->tail == TAIL_APART && !first->doubtful;
    if (apart)
        writer->cut_short = 0;
    else if (first->tail == TAIL_APART && events->left_unread)
        writer_was_cut_short(writer);
    if (events->left == 1 && !events->reading)
        writer->apart = writer->was_apart = writer->cut_short < CUT_SHORT;
    else if (apart)
        writer->closing_due_ns = clock_monotonic_ns() + SEEN_MS * NS_PER_MS;
}

/* All but the last byte of the only frame has been read. If that was one reader, which is still
 * there, only the last byte is in question from now on. */
static void writer_release_tail(struct pipe_writer *writer)
{
    struct pipe_frame *first = TAILQ_FIRST(&writer->inside);
    if (!first || first->tail != TAIL_HELD_BACK || writer->readers.read + 1 != first->end)
        return;
    first->tail = first->doubtful ? TAIL_WITH_REST : TAIL_APART;
    if (!first->doubtful)
        fifo_watch_forget(&writer->readers.events, false);
}

/* Draws the conclusions of a look. False: it is too early for them. */
static bool writer_judge(struct pipe_writer *writer)
{
    struct pipe_frame *first = TAILQ_FIRST(&writer->inside);
    struct fifo_watch *events = &writer->readers.events;
    if (!first)
        return true;
    bool closed = fifo_watch_saw_closing(events);
    if (writer->readers.reach <= first->start) { /* what readers did, they did before it */
        writer->steady = closed ? 0 : writer->steady;
        fifo_watch_forget(events, false);
        return true;
    }
    enum fifo_share share = fifo_readers_share(&writer->readers, first->tail == TAIL_APART);
    if (clock_monotonic_ns() - writer->readers.moved_ns < writer_patience_ns(writer, share))
        return false;
    bool alone = !TAILQ_NEXT(first, link), torn = writer_is_torn(writer);
    bool whole = alone && first->end <= writer->readers.read;
    if (whole && share == READ_BY_ONE_OR_TWO && writer_decide_ms(writer) > 0)
        share = READ_BY_ONE;
    if (share != READ_BY_ONE)
        writer_mark_doubtful(writer);
    if (whole)
        writer_learn(writer, first);
    bool file_must_end = writer_settle_frames(writer);
    if (closed)
        writer->steady = 0;
    if (torn || file_must_end)
        writer_drain(writer, !file_must_end);
    if (file_must_end)
        writer_end_file(writer);
    else if (alone && !torn)
        writer_release_tail(writer);
    else if (!torn)
        fifo_watch_forget(events, events->reading || writer_is_mid_frame(writer));
    return true;
}

/* ---- writing ---- */

/* The FIFO is empty: time to see that it is still the one at the path, and to count anew. */
static bool writer_begin_period(struct pipe_writer *writer)
{
    if (fifo_place(writer->fd, writer->path) == FIFO_REPLACED) {
        writer_close(writer);
        return false;
    }
    fifo_watch_collect();
    if (fifo_watch_saw_closing(&writer->readers.events))
        writer->steady = 0;
    fifo_watch_forget(&writer->readers.events, false);
    return true;
}

/* Where readers close after each frame, the next frame waits for that: it is not for them, and what
 * they did is then known. False once one has stayed. */
static bool writer_awaits_closing(struct pipe_writer *writer)
{
    if (writer->closing_due_ns == 0)
        return false;
    fifo_watch_collect();
    bool closed = fifo_watch_saw_closing(&writer->readers.events);
    if (!closed && clock_monotonic_ns() < writer->closing_due_ns)
        return true;
    writer->closing_due_ns = 0;
    writer->apart = closed;
    return false;
}

/* The frame to write from next; NULL: none for now. */
static struct pipe_frame *writer_next(struct pipe_writer *writer)
{
    struct pipe_frame *last = TAILQ_LAST(&writer->inside, frame_list);
    struct pipe_frame *frame = TAILQ_FIRST(&writer->waiting);
    if (last && writer->written < last->end - (last->tail == TAIL_HELD_BACK))
        return last;
    if (!frame || (last && (!writer_is_steady(writer) || last->tail == TAIL_HELD_BACK)))
        return NULL;
    if (!last && (writer_awaits_closing(writer) || !writer_begin_period(writer)))
        return NULL;
    return frame;
}

static void frame_goes_inside(struct pipe_writer *writer, struct pipe_frame *frame)
{
    TAILQ_REMOVE(&writer->waiting, frame, link);
    TAILQ_INSERT_TAIL(&writer->inside, frame, link);
    frame->place = FRAME_INSIDE;
    frame->torn = false;
    frame->start = writer->written;
    frame->end = frame->start + frame->content.length;
}

/* Writes what fits; the bytes written, 0 if none. */
static size_t writer_put(struct pipe_writer *writer, struct pipe_frame *frame)
{
    size_t done = frame->place == FRAME_INSIDE ? (size_t)(writer->written - frame->start) : 0;
    struct bytes rest = bytes_from(frame->content, done);
    if (frame->place == FRAME_WAITING)
        frame->tail = writer->apart && rest.length > 1 ? TAIL_HELD_BACK : TAIL_WITH_REST;
    rest.length -= frame->tail == TAIL_HELD_BACK;
    ssize_t length = write(writer->fd, rest.data, rest.length);
    if (length < 0) {
        writer->blocked = errno == EAGAIN;
        writer->readers.present = writer->blocked; /* else EPIPE: it has just left */
        return 0;
    }
    if (frame->place == FRAME_WAITING)
        frame_goes_inside(writer, frame);
    writer->written += (uint64_t)length;
    writer->pause_ms = 1;
    return (size_t)length;
}

/* Makes a line of the piece that a reader may hold. False: later. */
static bool writer_end_torn_line(struct pipe_writer *writer)
{
    if (!writer->torn_line)
        return true;
    if (write(writer->fd, "\n", 1) != 1) {
        writer->blocked = errno == EAGAIN;
        writer->readers.present = writer->blocked;
        return false;
    }
    writer->written++;
    writer->torn_line = false;
    return true;
}

/* False if the turn's share was used up and there is more to write. */
static bool writer_fill(struct pipe_writer *writer)
{
    size_t sum = 0;
    struct pipe_frame *frame;
    if (writer->readers.present && !writer_end_torn_line(writer))
        return true;
    while (writer->readers.present && !writer->blocked && (frame = writer_next(writer))) {
        const char *reason = frame->content.data ? NULL : frame->encode(frame, &frame->content);
        if (reason)
            frame_end(writer, frame, PIPE_FAILED, reason);
        else
            sum += writer_put(writer, frame);
        if (sum >= TURN_BYTES)
            return false;
    }
    return true;
}

/* ---- stopping ---- */

/* Whether frames that are to be stopped have had their time; without a reader it ends at once. */
static bool writer_stop_is_due(const struct pipe_writer *writer)
{
    return writer->stop_ns != INT64_MAX &&
           (!writer->readers.present || writer->stop_ns <= clock_monotonic_ns());
}

static void writer_abandon(struct pipe_writer *writer)
{
    struct pipe_frame *last = TAILQ_LAST(&writer->inside, frame_list);
    bool held = writer->readers.present && writer_is_mid_frame(writer);
    if (held && last->tail == TAIL_HELD_BACK && writer->written + 1 == last->end) {
        last->tail = TAIL_WITH_REST;
        writer_put(writer, last);
    }
    if (held && last->end <= writer->written)
        writer_take_all_back(writer); /* left to the reader, and sent again all the same */
    else
        writer_drain(writer, false);
}

/* ---- the turn ---- */

/* Nobody reads: perhaps because the FIFO is another one by now. */
static void writer_check_place(struct pipe_writer *writer)
{
    if (!writer->readers.present && fifo_place(writer->fd, writer->path) != FIFO_IN_PLACE)
        writer_close(writer);
}

static void writer_arm(struct pipe_writer *writer, bool soon)
{
    unsigned limit = writer->readers.present ? PAUSE_READER_MS : PAUSE_NOBODY_MS;
    int64_t due = clock_monotonic_ns() + (soon ? 1 : writer->pause_ms) * NS_PER_MS;
    if (writer->fd >= 0 && writer->readers.present)
        loop_watch_set(writer->loop, &writer->watch, writer->fd, writer->blocked ? EPOLLOUT : 0);
    else
        loop_watch_remove(writer->loop, &writer->watch);
    loop_timer_remove(writer->loop, &writer->timer);
    if (TAILQ_EMPTY(&writer->inside) && TAILQ_EMPTY(&writer->waiting))
        return;
    loop_timer_set(writer->loop, &writer->timer, due < writer->stop_ns ? due : writer->stop_ns);
    writer->pause_ms = writer->pause_ms * 2 < limit ? writer->pause_ms * 2 : limit;
}

static void writer_turn(struct pipe_writer *writer)
{
    bool settled = true, filled = true;
    uint64_t written = writer->written;
    writer->blocked = false;
    if (writer->fd < 0 && !TAILQ_EMPTY(&writer->waiting))
        writer_open(writer);
    if (writer->fd >= 0) {
        writer_look(writer);
        settled = writer_judge(writer);
    }
    if (writer->fd >= 0 && writer_stop_is_due(writer))
        writer_abandon(writer);
    if (writer->fd >= 0 && !(TAILQ_EMPTY(&writer->inside) && TAILQ_EMPTY(&writer->waiting)))
        writer_check_place(writer);
    if (writer->fd >= 0 && settled)
        filled = writer_fill(writer);
    if (TAILQ_EMPTY(&writer->ended) && writer->written == written)
        fifo_watch_pause(); /* nothing came of it: a reader with small steps */
    writer_arm(writer, !settled || !filled);
    writer_report(writer); /* last: what it calls may add and stop frames */
}

static void writer_ready(struct loop_watch *watch, uint32_t events)
{
    (void)events;
    writer_turn(watch->owner);
}

static void writer_timer_fired(struct loop_timer *timer)
{
    writer_turn(timer->owner);
}

static bool writer_wake(struct pipe_writer *writer)
{
    return loop_timer_set(writer->loop, &writer->timer, clock_monotonic_ns());
}

static void writer_events_came(struct fifo_watch *events)
{
    writer_wake(events->owner);
}

/* ---- the contract ---- */

static struct pipe_writer *writer_create(struct loop *loop, const char *path)
{
    struct pipe_writer *writer = calloc(1, sizeof *writer);
    if (!writer || !(writer->path = strdup(path))) {
        free(writer);
        return NULL;
    }
    writer->loop = loop;
    writer->fd = -1;
    writer->pause_ms = 1;
    writer->stop_ns = INT64_MAX;
    TAILQ_INIT(&writer->inside);
    TAILQ_INIT(&writer->waiting);
    TAILQ_INIT(&writer->ended);
    loop_watch_init(&writer->watch, writer_ready, writer);
    loop_timer_init(&writer->timer, writer_timer_fired, writer);
    fifo_watch_init(&writer->readers.events, writer_events_came, writer);
    signal(SIGPIPE, SIG_IGN); /* readers leave when they like */
    writer->next = writers;
    writers = writer;
    return writer;
}

struct pipe_writer *pipe_writer_find(struct loop *loop, const char *path, mode_t create_mode)
{
    static const struct siphash_key key = {{0}}; /* no stranger chooses paths */
    struct pipe_writer **first =
        &writers_by_path[siphash(&key, bytes_of_text(path)) % WRITER_HASHES];
    struct pipe_writer *writer = *first;
    while (writer && (writer->loop != loop || strcmp(writer->path, path) != 0))
        writer = writer->beside;
    if (!writer && (writer = writer_create(loop, path))) {
        writer->beside = *first;
        *first = writer;
    }
    if (writer && create_mode)
        writer->create_mode = create_mode;
    return writer;
}

bool pipe_writer_add(struct pipe_writer *writer, struct pipe_frame *frame)
{
    if (!writer_wake(writer))
        return false;
    if (frame->after_crash && writer->fd < 0) {
        writer->torn_line |= frame->lines;
        if (!frame->lines && writer->quiet_until_ns == 0)
            writer->quiet_until_ns = clock_monotonic_ns() + QUIET_MS * NS_PER_MS;
    }
    frame->place = FRAME_WAITING;
    frame->number = writer->added++;
    frame->doubtful = frame->stopped = frame->torn = false;
    frame->content = bytes_of(NULL, 0);
    TAILQ_INSERT_TAIL(&writer->waiting, frame, link);
    return true;
}

void pipe_writer_stop(struct pipe_writer *writer, struct pipe_frame *frame, int64_t deadline_ns)
{
    frame->stopped = true;
    if (frame->place == FRAME_WAITING)
        frame_end(writer, frame, PIPE_INTERRUPTED, "the server is leaving");
    else if (frame->place == FRAME_INSIDE && deadline_ns < writer->stop_ns)
        writer->stop_ns = deadline_ns;
    writer_wake(writer);
}

void pipe_writers_tell(void (*missing)(const char *path, bool no_directory),
                       void (*unwatched)(const char *path))
{
    tell_missing = missing;
    tell_unwatched = unwatched;
}

void pipe_writers_finish(void)
{
    memset(writers_by_path, 0, sizeof writers_by_path);
    while (writers) {
        struct pipe_writer *writer = writers;
        assert(TAILQ_EMPTY(&writer->inside) && TAILQ_EMPTY(&writer->waiting));
        writers = writer->next;
        writer_close(writer);
        loop_timer_remove(writer->loop, &writer->timer);
        free(writer->path);
        free(writer);
    }
}
