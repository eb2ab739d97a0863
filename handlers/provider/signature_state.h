/* What a request has brought of its signature so far, for signature.c and the kinds. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_STATE_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_STATE_H

#include "base/buffer.h"
#include "handlers/provider/signature_plan.h"

enum { SIGNATURES_MAX = 16, SIGNATURE_URLS = 6 };

/* When a step runs: before the body is read, or when it is complete. */
enum signature_moment { SIGNATURE_HEAD, SIGNATURE_BODY };

/* One digest under way: of one key and one form of the URL. */
struct signature_stream {
    struct hmac_stream *hmac;
    struct hash_stream *hash;
};

/* In the request's arena. */
struct signature_state {
    const struct signature_plan *plan;
    const struct request *request;
    struct signed_source source;
    const struct signed_template *signed_text; /* the one that applies to this content */
    struct bytes found[SIGNATURES_MAX];        /* signatures, decoded; tokens as they are */
    size_t found_count;
    struct bytes header; /* that the signature is being taken out of; empty: no header */
    struct bytes urls[SIGNATURE_URLS];
    size_t url_count;
    size_t body_part; /* of signed_text, where the body is fed; SIZE_MAX: not streaming */
    struct signature_stream streams[SIGNATURE_KEYS_MAX * SIGNATURE_URLS];
    size_t stream_count;
    struct buffer message; /* kinds that need the signed text as a whole: that text */
    size_t matched;        /* index of the key */
    bool key_ended;        /* a key that has ended would have matched */
    bool body_open;        /* what was signed leaves the body open */
    void *extra;           /* of the kind, in the arena */
};

/* Ends a digest; `out` as of hmac_destroy. */
void signature_stream_close(struct signature_stream *stream, uint8_t *out);
/* Gives back what is not arena memory. */
void signature_state_finish(struct signature_state *state);

struct verdict signature_refuse(const char *reason);

/* For a key under which a signature is right: whether it still counts. */
bool signature_key_counts(struct signature_state *state, size_t key);
/* Why no signature was right. */
const char *signature_mismatch(const struct signature_state *state);

/* Whether a step that looks at `ref` is due. */
static inline bool signature_is_due(const struct signed_ref *ref, enum signature_moment moment)
{
    return signed_needs_body(ref) == (moment == SIGNATURE_BODY);
}

#endif
