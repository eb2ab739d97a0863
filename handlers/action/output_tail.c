/* The ring is allocated in one piece when the first byte comes: most commands say nothing, and the
 * pages that a short output does not reach are never touched. */
#include "handlers/action/output_tail.h"

#include <stdlib.h>

void tail_init(struct tail *tail, size_t size)
{
    *tail = (struct tail){.size = size};
}

void tail_finish(struct tail *tail)
{
    free(tail->data);
    *tail = (struct tail){.size = tail->size};
}

static void tail_put(struct tail *tail, struct bytes piece)
{
    size_t behind = tail->size - tail->at;
    size_t first = piece.length < behind ? piece.length : behind;
    memcpy(tail->data + tail->at, piece.data, first);
    memcpy(tail->data, piece.data + first, piece.length - first);
    tail->at = (tail->at + piece.length) % tail->size;
}

void tail_add(struct tail *tail, struct bytes piece)
{
    if (piece.length == 0)
        return;
    tail->total += piece.length;
    if (tail->size == 0)
        return;
    if (!tail->data && !(tail->data = malloc(tail->size)))
        tail->size = 0;
    else
        tail_put(tail,
                 piece.length > tail->size ? bytes_from(piece, piece.length - tail->size) : piece);
}

static void reverse(uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length / 2; i++) {
        uint8_t kept = data[i];
        data[i] = data[length - 1 - i];
        data[length - 1 - i] = kept;
    }
}

struct bytes tail_bytes(struct tail *tail)
{
    if (!tail->data || tail->total <= tail->size)
        return bytes_of(tail->data, tail->data ? (size_t)tail->total : 0);
    if (tail->at != 0) { /* rotated in place: three reversals */
        reverse(tail->data, tail->at);
        reverse(tail->data + tail->at, tail->size - tail->at);
        reverse(tail->data, tail->size);
        tail->at = 0;
    }
    return bytes_of(tail->data, tail->size);
}
