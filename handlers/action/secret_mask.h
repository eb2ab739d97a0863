/* The secrets of the route file that an action is given, so that its kept output shows none of
 * them. Finds them as they are; not encoded (base64, percent signs), and not in parts. */
#ifndef TENTERHOOK_HANDLERS_ACTION_SECRET_MASK_H
#define TENTERHOOK_HANDLERS_ACTION_SECRET_MASK_H

#include "base/secret.h"

/* Shorter ones would be found in what is none of them. */
enum { SECRET_MASKED_MIN = 8 };

/* Stands in the place of each secret; not longer than the shortest of them. */
#define SECRET_MARK "[secret]"

/* All secrets of a route file, so that those in a text are found in one walk through it. The
 * secrets are borrowed. */
struct secret_index {
    struct bytes *secrets; /* in order, each once */
    size_t count;
};

/* False without memory. */
bool secret_index_make(struct secret_index *index, struct secret_list *const *lists,
                       size_t list_count);
void secret_index_finish(struct secret_index *index);

struct secret_mask {
    struct secret_list secrets;
    size_t *next;   /* while it is applied: where each of them is found next */
    size_t longest; /* of them, in bytes; 0: there is none */
};

/* Keeps a copy of each secret that stands in `text`; once, however often. False without memory. */
bool secret_mask_learn(struct secret_mask *mask, const struct secret_index *index,
                       struct bytes text);
/* For what is shown line by line: keeps each line of a secret as one more, if it is not too short.
 * False without memory. */
bool secret_mask_learn_lines(struct secret_mask *mask);
void secret_mask_finish(struct secret_mask *mask);

/* Replaces each secret in `data`, and moves what follows to the front. Of the result only what
 * comes after the first `before` bytes is left, with the whole mark of a secret that reaches across
 * that border. So the last N bytes of an output show no part of a secret that begins before them if
 * they are taken from its last N + longest - 1. The length that is left. Secrets that overlap get
 * one mark. */
size_t secret_mask_apply(const struct secret_mask *mask, uint8_t *data, size_t length,
                         size_t before);

/* Replaces each secret in a text that was cut at its end, where the beginning of a secret goes,
 * too. The length that is left. */
size_t secret_mask_apply_cut(const struct secret_mask *mask, uint8_t *data, size_t length);

/* How many of the last bytes of a text may be the beginning of a secret. A stream is masked in
 * pieces so: put the next piece behind what was held, apply (`before` 0), pass on all but the last
 * `secret_mask_held` bytes, and hold those; at its end, pass on what is held. */
size_t secret_mask_held(const struct secret_mask *mask, struct bytes text);

#endif
