/* Standard output on its way to a sender that waits for it while the command runs: in order, byte
 * for byte, and without the secrets that the command was given. All output that is streamed passes
 * through here. */
#ifndef TENTERHOOK_HANDLERS_ACTION_OUTPUT_FEED_H
#define TENTERHOOK_HANDLERS_ACTION_OUTPUT_FEED_H

#include "handlers/action/secret_mask.h"

/* Zeroed but for the first three. */
struct feed {
    const struct secret_mask *mask;
    void (*output)(void *context, struct bytes piece); /* as in struct delivery; NULL: no stream */
    void *context;
    uint8_t *held; /* where a secret may have begun */
    size_t held_length;
    size_t before; /* of what is held and comes, so many bytes are not passed on */
};

void feed_put(struct feed *feed, struct bytes piece);
/* Instead of the first piece: the last bytes of an output that has begun before. What is passed on
 * comes after the first `before` of them, as secret_mask_apply says. */
void feed_begin(struct feed *feed, struct bytes kept, size_t before);
/* Passes on what is held, and frees. */
void feed_end(struct feed *feed);

#endif
