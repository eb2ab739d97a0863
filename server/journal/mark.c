/* SQLite takes what it finds: a log that a flipped bit has cut short is a shorter log, and the
 * journal is whole without the events that were behind. What was there is therefore noted in a
 * second place. An event has a slot of its own by its number, so nothing has to be read before it
 * is written, and two runners (during a reload) write different slots. The high-water mark is the
 * greatest number of all slots.
 *
 * A slot has 64 bytes and lies within one sector, so a power cut leaves it whole, old or not
 * written. It has a checksum that is keyed with the journal's identity: what is no slot of this
 * journal is none. Nothing is synced, because a slot may be missing: the journal is what counts,
 * and a slot without its event is the only alarm. */
#include "server/journal/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, IDENTITY_SIZE = 16, MARK_FORMAT = 1 };

struct mark_head {
    char magic[16];
    uint32_t format, slots;
    uint8_t identity[IDENTITY_SIZE];
    uint8_t zeros[16];
    uint64_t check; /* of all before it, keyed with the identity */
};

static const char magic[16] = "tenterhook mark";

_Static_assert(sizeof(struct mark_slot) == 64, "a slot lies within a sector");
_Static_assert(sizeof(struct mark_head) == sizeof(struct mark_slot), "and so all slots do");

/* ---- hashes ---- */

/* Against accidents, not against people, who can write the file as well: no change of a word goes
 * unnoticed. A hash by SipHash would be a twentieth of the work of an event. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Their length is hashed apart. */
static uint64_t mix_bytes(uint64_t hash, struct bytes bytes)
{
    uint64_t word;
    size_t at = 0;
    for (; at + sizeof word <= bytes.length; at += sizeof word) {
        memcpy(&word, bytes.data + at, sizeof word);
        hash = mix(hash, word);
    }
    if (at == bytes.length)
        return hash;
    word = 0;
    memcpy(&word, bytes.data + at, bytes.length - at);
    return mix(hash, word);
}

uint64_t mark_key(const uint8_t identity[IDENTITY_SIZE])
{
    return mix_bytes(IDENTITY_SIZE, bytes_of(identity, IDENTITY_SIZE));
}

/* What changes in a row while it is there: a schema's failures are forgotten when it runs again. */
static bool field_changes(size_t field)
{
    return field == FIELD_reruns || field == FIELD_failures;
}

uint64_t mark_hash(uint64_t key, uint64_t before, int64_t number, const struct event *event,
                   int64_t size)
{
    uint64_t hash = mix(mix(key, before), (uint64_t)number);
    for (size_t i = 0; i < EVENT_ROW_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        struct bytes span = bytes_of(NULL, 0);
        int64_t value = size;
        if (field_changes(i))
            continue;
        if (event_field_is_span(field)) {
            span = event_bytes(event, field);
            value = (int64_t)span.length;
        } else if (i != FIELD_size) {
            value = event_number(event, field);
        }
        if (value != 0)
            hash = mix_bytes(mix(hash, (uint64_t)value), span);
    }
    return hash;
}

static uint32_t check_of(uint64_t key, struct mark_slot slot)
{
    slot.check = 0;
    return (uint32_t)mix_bytes(key, bytes_of(&slot, sizeof slot));
}

static bool slot_is_valid(uint64_t key, const struct mark_slot *slot)
{
    return slot->number > 0 && slot->check == check_of(key, *slot);
}

/* ---- the file ---- */

static bool name_file(const char *journal, char path[PATH_SIZE], struct error *err)
{
    return snprintf(path, PATH_SIZE, "%s.mark", journal) < PATH_SIZE ||
           error_set(err, "the path of the journal is too long");
}

static off_t place_of(int64_t number)
{
    return (off_t)(sizeof(struct mark_head) +
                   (uint64_t)number % MARK_SLOTS * sizeof(struct mark_slot));
}

static bool write_all(int fd, const void *data, size_t size, off_t offset)
{
    const uint8_t *from = data;
    while (size > 0) {
        ssize_t put = pwrite(fd, from, size, offset);
        if (put < 0 && errno != EINTR)
            return false;
        from += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
        offset += put > 0 ? put : 0;
    }
    return true;
}

/* As much as there is; -1 on failure. */
static ssize_t read_some(int fd, void *data, size_t size, off_t offset)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, (uint8_t *)data + done, size - done, offset + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static struct mark_head head_of(const uint8_t identity[IDENTITY_SIZE])
{
    struct mark_head head = {.format = MARK_FORMAT, .slots = MARK_SLOTS};
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.identity, identity, IDENTITY_SIZE);
    head.check = mix_bytes(mark_key(identity), bytes_of(&head, offsetof(struct mark_head, check)));
    return head;
}

static bool read_state(int fd, const uint8_t identity[IDENTITY_SIZE], enum mark_state *state,
                       struct error *err)
{
    struct mark_head found, wanted = head_of(identity);
    ssize_t length = read_some(fd, &found, sizeof found, 0);
    if (length < 0)
        return error_set_errno(err, errno, "cannot read the mark of the journal");
    if (length == 0) {
        *state = MARK_MISSING;
        return true;
    }
    struct mark_head own = head_of(found.identity);
    bool whole = length == sizeof found && memcmp(&found, &own, sizeof own) == 0;
    *state = !whole                                        ? MARK_DAMAGED
             : memcmp(&found, &wanted, sizeof wanted) != 0 ? MARK_FOREIGN
                                                           : MARK_FOUND;
    return true;
}

static int compare_slots(const void *left, const void *right)
{
    const struct mark_slot *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

/* Keeps what is valid; a slot of zeros was never written. */
static void sift(struct mark_ring *ring, uint64_t key, size_t count)
{
    static const struct mark_slot zeros;
    for (size_t i = 0; i < count; i++) {
        const struct mark_slot *slot = &ring->slots[i];
        if (slot_is_valid(key, slot) && (uint64_t)slot->number % MARK_SLOTS == i)
            ring->slots[ring->count++] = *slot;
        else
            ring->damaged += memcmp(slot, &zeros, sizeof zeros) != 0;
    }
    qsort(ring->slots, ring->count, sizeof *ring->slots, compare_slots);
}

static bool read_ring(int fd, const uint8_t identity[IDENTITY_SIZE], struct mark_ring *ring,
                      struct error *err)
{
    ring->slots = malloc(MARK_SLOTS * sizeof *ring->slots);
    if (!ring->slots)
        return error_set(err, "no memory for the mark of the journal");
    ssize_t length =
        read_some(fd, ring->slots, MARK_SLOTS * sizeof *ring->slots, sizeof(struct mark_head));
    if (length < 0)
        return error_set_errno(err, errno, "cannot read the mark of the journal");
    sift(ring, mark_key(identity), (size_t)length / sizeof *ring->slots);
    return true;
}

/* As root, on behalf of whom the server becomes. */
static void hand_over(int fd, const char *journal)
{
    struct stat owner;
    if (geteuid() == 0 && stat(journal, &owner) == 0)
        (void)!fchown(fd, owner.st_uid, owner.st_gid);
}

static bool begin_anew(int fd, const uint8_t identity[IDENTITY_SIZE])
{
    const struct mark_head head = head_of(identity);
    return ftruncate(fd, 0) == 0 && write_all(fd, &head, sizeof head, 0);
}

static bool find_newest(struct mark *mark, const uint8_t identity[IDENTITY_SIZE], struct error *err)
{
    struct mark_ring ring = {NULL};
    if (!read_ring(mark->fd, identity, &ring, err))
        return false;
    if (ring.count > 0)
        mark->newest = ring.slots[ring.count - 1];
    free(ring.slots);
    return true;
}

bool mark_open(struct mark *mark, const char *journal, const uint8_t identity[IDENTITY_SIZE],
               enum mark_state *state, struct error *err)
{
    enum { FLAGS = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY };
    char path[PATH_SIZE];
    *mark = (struct mark){.fd = -1, .key = mark_key(identity)};
    if (!name_file(journal, path, err))
        return false;
    mark->fd = open(path, FLAGS, 0600);
    if (mark->fd < 0)
        return error_set_errno(err, errno, "cannot open %s", path);
    hand_over(mark->fd, journal);
    bool opened = read_state(mark->fd, identity, state, err) &&
                  (*state != MARK_FOUND || find_newest(mark, identity, err));
    if (opened && *state != MARK_FOUND && !begin_anew(mark->fd, identity))
        opened = error_set_errno(err, errno, "cannot write %s", path);
    if (!opened)
        mark_close(mark);
    return opened;
}

void mark_close(struct mark *mark)
{
    if (mark->fd >= 0)
        close(mark->fd);
    free(mark->batch);
    *mark = (struct mark){.fd = -1};
}

/* ---- a transaction ---- */

void mark_begin(struct mark *mark)
{
    mark->count = 0;
}

/* The hash of the event with the number before: of this transaction, or of one before it; another
 * runner may have written that. */
static uint64_t hash_before(const struct mark *mark, int64_t number)
{
    struct mark_slot before = mark->count > 0 ? mark->batch[mark->count - 1] : mark->newest;
    if (before.number != number - 1 &&
        (read_some(mark->fd, &before, sizeof before, place_of(number - 1)) != sizeof before ||
         !slot_is_valid(mark->key, &before)))
        return 0;
    return before.number == number - 1 ? before.hash : 0;
}

static bool make_room(struct mark *mark)
{
    if (mark->count < mark->capacity)
        return true;
    size_t larger = mark->capacity > 0 ? mark->capacity * 2 : 64;
    struct mark_slot *grown = realloc(mark->batch, larger * sizeof *grown);
    if (!grown)
        return false;
    mark->batch = grown;
    mark->capacity = larger;
    return true;
}

void mark_note(struct mark *mark, int64_t number, const struct event *event)
{
    if (mark->fd < 0 || event->id.length != ID_TEXT_SIZE - 1 || mark->count == MARK_SLOTS ||
        !make_room(mark))
        return;
    struct mark_slot slot = {.number = number, .before = hash_before(mark, number)};
    memcpy(slot.id, event->id.data, sizeof slot.id);
    slot.hash = mark_hash(mark->key, slot.before, number, event, (int64_t)event->body.length);
    slot.check = check_of(mark->key, slot);
    mark->batch[mark->count++] = slot;
}

/* How many of the batch lie one behind the other in the file, from `first` on. */
static size_t count_adjacent(const struct mark *mark, size_t first)
{
    size_t end = first + 1;
    while (end < mark->count &&
           place_of(mark->batch[end].number) ==
               place_of(mark->batch[end - 1].number) + (off_t)sizeof *mark->batch)
        end++;
    return end - first;
}

bool mark_write(struct mark *mark)
{
    bool written = true;
    size_t count;
    for (size_t first = 0; first < mark->count; first += count) {
        const struct mark_slot *slots = &mark->batch[first];
        count = count_adjacent(mark, first);
        written &= write_all(mark->fd, slots, count * sizeof *slots, place_of(slots->number));
    }
    if (mark->count > 0)
        mark->newest = mark->batch[mark->count - 1];
    mark->count = 0;
    return written;
}

bool mark_read(const char *journal, const uint8_t identity[IDENTITY_SIZE], struct mark_ring *ring,
               enum mark_state *state, struct error *err)
{
    char path[PATH_SIZE];
    *ring = (struct mark_ring){NULL};
    *state = MARK_MISSING;
    if (!name_file(journal, path, err))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT || error_set_errno(err, errno, "cannot open %s", path);
    bool read = read_state(fd, identity, state, err) &&
                (*state != MARK_FOUND || read_ring(fd, identity, ring, err));
    if (!read) {
        free(ring->slots);
        *ring = (struct mark_ring){NULL};
    }
    close(fd);
    return read;
}
