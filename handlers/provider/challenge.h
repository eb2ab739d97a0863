/* Challenges by which a sender tries out an address: recognised and answered as its preset says. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_CHALLENGE_H
#define TENTERHOOK_HANDLERS_PROVIDER_CHALLENGE_H

#include "handlers/provider/signature_plan.h"

/* When a challenge can be recognised. */
enum challenge_moment {
    CHALLENGE_HEAD,   /* not signed, all in the head */
    CHALLENGE_BODY,   /* not signed, in the body */
    CHALLENGE_SIGNED, /* after the signature was found right */
};

/* REPLY_NONE if this is none of the scheme's challenges of that moment; else the answer or the
 * refusal. `key` is the index of the key that the sender uses, as far as that is known: of a
 * challenge that is not signed it is 0, the one that is listed first. */
struct verdict challenge_answer(const struct signature_plan *plan, size_t key,
                                struct signed_source *source, enum challenge_moment moment);

/* Whether the body may show that this is an unsigned challenge: what one of them wants of the head
 * holds. Where it does not, nobody has to read the body. */
bool challenge_may_follow(const struct scheme *scheme, struct signed_source *source);

/* Whether a challenge of the scheme comes with this method. */
bool challenge_method(const struct scheme *scheme, struct bytes method);

/* Whether the scheme's key can be delivered by a challenge. */
bool challenge_provisions(const struct scheme *scheme);

#endif
