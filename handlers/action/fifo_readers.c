/* What the kernel says, and what follows from it as long as readers come one after the other:
 *
 * - FIONREAD gives the position of the readers at one moment, and not which of them got there.
 * - inotify gives the order of opening, reading and closing, and no positions. An opening is queued
 *   before the first read of that reader moves the position, a read after it moved the position, a
 *   closing after the last read of that reader was queued and before POLLERR says that it is gone.
 *
 * So if events are collected after a position was taken and hold no closing, one reader has read
 * all up to that position: its successor can only read after a closing. And if there was no reader
 * at all at some moment before they were collected, they tell all that readers did until then.
 *
 * What is between: one has left, another is there, and none of its reads is queued. A read is
 * reported after it moved the position, by the thread that reads, so the successor may have read
 * and may still be on its way to say so. There is no call that waits for it; only time tells, or
 * the byte that is kept back (see pipe_writer.c). */
#include "handlers/action/fifo_readers.h"

#include "base/clock.h"
#include "handlers/action/fifo.h"

static uint64_t fifo_position(int fd, uint64_t written)
{
    size_t unread = fifo_unread(fd);
    return unread < written ? written - unread : 0;
}

/* The order of the four is what the conclusions rest on. */
void fifo_readers_look(struct fifo_readers *readers, int fd, uint64_t written)
{
    uint64_t before = readers->reach;
    for (int i = 0; i < 4; i++) {
        readers->read = fifo_position(fd, written);
        readers->present = fifo_has_reader(fd);
        fifo_watch_collect();
        readers->reach = fifo_position(fd, written);
        if (readers->reach == readers->read)
            break;
        readers->present = true;
    }
    if (readers->reach != before)
        readers->moved_ns = clock_monotonic_ns();
}

void fifo_readers_restart(struct fifo_readers *readers)
{
    fifo_watch_collect(); /* our own reading, too */
    fifo_watch_forget(&readers->events, false);
    readers->read = readers->reach = 0;
}

enum fifo_share fifo_readers_share(const struct fifo_readers *readers, bool apart)
{
    const struct fifo_watch *events = &readers->events;
    if (apart && events->left_unread)
        return READ_BY_SEVERAL; /* whoever was there left without the last byte */
    if (events->left == 0)
        return READ_BY_ONE;
    if (events->left > 1 || events->reading)
        return READ_BY_SEVERAL;
    return apart || !readers->present ? READ_BY_ONE : READ_BY_ONE_OR_TWO;
}
