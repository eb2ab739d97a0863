/* Greetings by which a sender tries out an address: recognised and answered as its preset says. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_CHALLENGE_H
#define TENTERHOOK_HANDLERS_PROVIDER_CHALLENGE_H

#include "handlers/provider/signature.h"

/* When a handshake can be recognised. */
enum handshake_moment {
    HANDSHAKE_HEAD,   /* not signed, all in the head */
    HANDSHAKE_BODY,   /* not signed, in the body */
    HANDSHAKE_SIGNED, /* after the signature was found right */
};

/* REPLY_NONE if this is none of the scheme's handshakes of that moment; else the answer or the
 * refusal. `key` is the index of the key that the sender uses, as far as that is known: of a
 * greeting that is not signed it is 0, the one that is listed first. */
struct verdict handshake_answer(const struct signature_plan *plan, size_t key,
                                struct value_source *source, enum handshake_moment moment);

/* Whether the body may show that this is an unsigned handshake: what one of them wants of the head
 * holds. Where it does not, nobody has to read the body. */
bool handshake_may_follow(const struct scheme *scheme, struct value_source *source);

/* Whether a handshake of the scheme comes with this method. */
bool handshake_method(const struct scheme *scheme, struct bytes method);

/* Whether the scheme's key can be delivered by a handshake. */
bool handshake_learns(const struct scheme *scheme);

#endif
