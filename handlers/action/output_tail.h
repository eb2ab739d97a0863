/* The last bytes of a stream of any length, in a bounded ring. The owner calls tail_finish. */
#ifndef TENTERHOOK_HANDLERS_ACTION_OUTPUT_TAIL_H
#define TENTERHOOK_HANDLERS_ACTION_OUTPUT_TAIL_H

#include "base/bytes.h"

struct tail {
    uint8_t *data;  /* NULL until the first byte comes */
    size_t size;    /* bytes kept at most; 0 keeps nothing */
    size_t at;      /* where the next byte goes */
    uint64_t total; /* bytes that ever came */
};

void tail_init(struct tail *tail, size_t size);
void tail_finish(struct tail *tail);

/* Without memory the bytes are counted and not kept. */
void tail_add(struct tail *tail, struct bytes piece);

/* What is kept, oldest byte first; valid until the next call. */
struct bytes tail_bytes(struct tail *tail);

#endif
