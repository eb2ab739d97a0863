/* By what a message is known when it comes again, and for how long it could come again. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_REPLAY_H
#define TENTERHOOK_HANDLERS_PROVIDER_REPLAY_H

#include "handlers/provider/signature_state.h"

enum replay_key {
    REPLAY_SIGNED_ID,
    REPLAY_SIGNED_TEXT, /* a digest of what was signed, a time being part of it */
    REPLAY_SENT_ID,     /* which whoever has seen the message can change */
    REPLAY_NONE,
};
enum replay_key replay_key_of(const struct scheme *scheme);

/* Whether the body is under the signature; of a kind that signs something. */
bool replay_body_is_signed(const struct scheme *scheme, const struct signed_template *signed_text);

/* How old a message of the scheme may be, in milliseconds; 0: its age is not judged. */
int64_t replay_tolerance_ms(const struct scheme *scheme);
/* For how long after it was received a message is still young enough; 0: for ever. */
int64_t replay_span_ms(const struct scheme *scheme);

/* The key of a proven message with that delivery id; empty: there is none. */
struct verdict replay_take_key(struct signature_state *state, struct bytes message_id,
                               struct bytes *key);

#endif
