/* A frame's checksum goes on from that of the frame before it (sqlite.org/fileformat2.html, "WAL
 * File Format"). The walk takes the one that is stored there, whether that frame is valid or not:
 * so a frame is recognised as the successor of the one before it also behind damage. What an
 * earlier log has left in the file has other salts; what a transaction that was rolled back has
 * left is nobody's successor.
 *
 * A transaction begins after the one before it was synced. So a valid successor of a valid commit
 * frame proves that all up to that commit frame was on disk. Of the last transaction a power cut
 * may leave any part, torn within frames too; damage in it, or in the commit frame before it,
 * cannot be told from that. */
#include "server/journal/log_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_HEADER = 32, FRAME_HEADER = 24, PAGE_MAX = 65536, PAGE_USUAL = 4096 };
enum { MAGIC = 0x377f0682 }; /* the lowest bit: the order of the bytes in checksums */

struct checksum {
    uint32_t s0, s1;
};

struct walker {
    int fd;
    bool big_endian;
    uint32_t page_size;
    uint8_t salt[8];
    uint8_t *frame;
    struct checksum stored; /* in the frame before, or in the log's header */
};

static uint32_t get_big(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static uint32_t get_little(const uint8_t *data)
{
    return (uint32_t)data[3] << 24 | (uint32_t)data[2] << 16 | (uint32_t)data[1] << 8 | data[0];
}

static void checksum_add(struct checksum *sum, bool big_endian, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        sum->s0 += (big_endian ? get_big(data + i) : get_little(data + i)) + sum->s1;
        sum->s1 += (big_endian ? get_big(data + i + 4) : get_little(data + i + 4)) + sum->s0;
    }
}

static struct checksum get_checksum(const uint8_t *data)
{
    return (struct checksum){get_big(data), get_big(data + 4)};
}

static bool same_checksum(struct checksum a, struct checksum b)
{
    return a.s0 == b.s0 && a.s1 == b.s1;
}

static bool read_all(int fd, uint8_t *data, size_t size, off_t offset)
{
    while (size > 0) {
        ssize_t got = pread(fd, data, size, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got == 0 ? EIO : errno; /* it was that long a moment ago */
            return false;
        }
        data += got;
        size -= (size_t)got;
        offset += got;
    }
    return true;
}

/* Takes what the header says of its frames; false where it is not valid. What it cannot say is then
 * guessed, and the salts are those of the first frame. */
static bool take_header(struct walker *walker, const uint8_t header[LOG_HEADER])
{
    struct checksum sum = {0, 0};
    uint32_t page = get_big(header + 8);
    walker->big_endian = get_big(header) == (MAGIC | 1);
    bool page_is_good = page >= 512 && page <= PAGE_MAX && (page & (page - 1)) == 0;
    walker->page_size = page_is_good ? page : PAGE_USUAL;
    walker->stored = get_checksum(header + 24);
    memcpy(walker->salt, header + 16, sizeof walker->salt);
    checksum_add(&sum, walker->big_endian, header, 24);
    return (get_big(header) & ~UINT32_C(1)) == MAGIC && page_is_good &&
           same_checksum(sum, walker->stored);
}

static off_t frame_start(const struct walker *walker, uint32_t frame)
{
    return LOG_HEADER + (off_t)(frame - 1) * (FRAME_HEADER + (off_t)walker->page_size);
}

static bool read_frame(struct walker *walker, uint32_t frame)
{
    return read_all(walker->fd, walker->frame, FRAME_HEADER + walker->page_size,
                    frame_start(walker, frame));
}

/* Whether the frame that was read is one of this log and follows the one before it. */
static bool frame_is_valid(const struct walker *walker)
{
    struct checksum sum = walker->stored;
    const uint8_t *frame = walker->frame;
    if (get_big(frame) == 0 || memcmp(frame + 8, walker->salt, sizeof walker->salt) != 0)
        return false;
    checksum_add(&sum, walker->big_endian, frame, 8);
    checksum_add(&sum, walker->big_endian, frame + FRAME_HEADER, walker->page_size);
    return same_checksum(sum, get_checksum(frame + 16));
}

/* In a commit frame stands the size of the database. */
static bool is_commit(const struct walker *walker)
{
    return get_big(walker->frame + 4) != 0;
}

static bool walk_frames(struct walker *walker, bool good, struct log_walk *walk)
{
    bool commit_before = false; /* the frame before is a valid commit frame behind the broken one */
    for (uint32_t i = 1; i <= walk->frames; i++) {
        if (!read_frame(walker, i))
            return false;
        bool valid = frame_is_valid(walker);
        if (good && !valid) {
            walk->broken = i;
            good = false;
        }
        walk->damaged |= !good && valid && commit_before;
        walk->frames_behind += !good && valid;
        commit_before = !good && valid && is_commit(walker);
        walk->transactions_behind += commit_before;
        walker->stored = get_checksum(walker->frame + 16);
    }
    return true;
}

bool log_walk(int fd, struct log_walk *walk)
{
    struct walker walker = {.fd = fd};
    uint8_t header[LOG_HEADER];
    struct stat what;
    *walk = (struct log_walk){0};
    if (fstat(fd, &what) != 0)
        return false;
    if (what.st_size <= LOG_HEADER)
        return true;
    if (!read_all(fd, header, sizeof header, 0))
        return false;
    bool good = take_header(&walker, header);
    walk->frames = (uint32_t)((what.st_size - LOG_HEADER) / (FRAME_HEADER + walker.page_size));
    walker.frame = malloc(FRAME_HEADER + walker.page_size);
    if (!walker.frame) {
        errno = ENOMEM;
        return false;
    }
    bool read = walk->frames == 0 || good || read_frame(&walker, 1);
    if (read && !good && walk->frames > 0)
        memcpy(walker.salt, walker.frame + 8, sizeof walker.salt);
    read = read && walk_frames(&walker, good, walk);
    if (!walk->damaged)
        walk->frames_behind = walk->transactions_behind = 0;
    free(walker.frame);
    return read;
}
