/* A description of signing made ready for one route: a plan, and how it is carried out on a
 * request. The signature and the time are looked at before the body is read where they stand in the
 * head, and the body is digested as it arrives where the description lets it. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_H

#include "base/buffer.h"
#include "handlers/provider/public_keys.h"
#include "handlers/provider/scheme.h"
#include "handlers/verdict.h"

enum { SIGNATURES_MAX = 16, SIGNATURE_URLS = 6, SIGNATURE_KEYS_MAX = 16 };

struct signature_plan {
    const struct scheme *scheme;
    const struct text_map *parameters;
    struct secret_list keys; /* decoded; public keys as DER. Wiped by its owner */
    struct signature_key {
        char id[KEY_ID_SIZE]; /* its `kid`, or empty */
        int64_t ends_ms;      /* from when on it counts no more, Unix time; 0: always */
        bool is_certificate;
        size_t secret; /* the number of the secret that it was made of, from 0 */
    } key_infos[SIGNATURE_KEYS_MAX];
    size_t secret_count;
};

/* Decodes the secrets and adds them to plan->keys: one makes several keys, or two that are tried.
 * False, with a sentence that says why. */
bool signature_plan_keys(struct signature_plan *plan, const struct secret_list *secrets,
                         struct error *err);

/* One digest under way: of one key and one form of the URL. */
struct signature_stream {
    struct hmac_stream *hmac;
    struct hash_stream *hash;
};

/* What a request has brought so far. In the request's arena. */
struct signature_state {
    const struct signature_plan *plan;
    const struct request *request;
    struct value_source source;
    const struct template *signed_text; /* the one that applies to this content */
    struct bytes found[SIGNATURES_MAX]; /* signatures, decoded; tokens as they are */
    size_t found_count;
    struct bytes header; /* that the signature is being taken out of; empty: no header */
    struct bytes urls[SIGNATURE_URLS];
    size_t url_count;
    size_t body_part; /* of signed_text, where the body is fed; SIZE_MAX: not streaming */
    struct signature_stream streams[SIGNATURE_KEYS_MAX * SIGNATURE_URLS];
    size_t stream_count;
    struct buffer message; /* Ed25519 and the kinds that are code: the text that is signed */
    size_t matched;        /* index of the key */
    bool key_ended;        /* a key that has ended would have matched */
    bool body_open;        /* a message signature (RFC 9421) that does not cover the body */
    void *extra;           /* of a kind that is code, in the arena */
};

struct verdict signature_head(const struct signature_plan *plan, struct request *request,
                              struct signature_state **state);
void signature_feed(struct signature_state *state, struct bytes piece);
struct verdict signature_body(struct signature_state *state);
void signature_release(struct signature_state *state);

/* What a proven message is known by when it comes again: a digest of the text that was signed,
 * never of the signature, of which there may be several that are right. False without memory. */
bool signature_identity(struct signature_state *state, uint8_t digest[HASH_MAX_SIZE]);

/* Whether what was signed belongs to this message and no other: a token or a message signature may
 * leave the body open, and is then the same for several messages. */
bool signature_covers_message(const struct signature_state *state);

/* What should have been signed, for a person: the secret is shown as a word. False where the
 * request does not say enough. */
bool signature_explain(struct signature_state *state, struct buffer *out);

/* ---- the parts, for signature.c and the kinds that are code ---- */

struct verdict signature_refuse(const char *reason);

/* For a key under which a signature is right: whether it still counts. */
bool signature_key_counts(struct signature_state *state, size_t key);
/* Why no signature was right. */
const char *signature_mismatch(const struct signature_state *state);

/* Takes the signatures out of the values that are (`body`) in the body or are not. */
struct verdict signature_extract(struct signature_state *state, bool body);
bool signature_decode(struct bytes text, int encoding, struct arena *arena, struct bytes *out);

/* The time of `text` in Unix milliseconds. */
bool signature_time_parse(struct bytes text, int unit, int64_t *unix_ms);
/* Whether a time is within the tolerance. */
bool signature_time_fresh(int64_t time_ms, int64_t now_ms, int64_t tolerance_ms, int64_t ahead_ms,
                          int unit);

/* Digests: opened for every key and URL with what stands before the body, fed, and compared. */
struct verdict signature_open(struct signature_state *state);
struct verdict signature_compare(struct signature_state *state);

/* The address that the sender knows. Without public_url the Host header has to do. */
struct bytes signature_url(const struct request *request);
struct url_parts {
    struct bytes scheme, authority, path, query; /* query: no data where there is no "?" */
};
/* All empty where it is no address with a scheme; its fragment has been cut off before. */
struct url_parts url_parts_of(struct bytes url);
/* Path and query as a request line has them; no data: no memory. */
struct bytes url_parts_target(const struct url_parts *parts, struct arena *arena);
struct url_parts signature_url_split(const struct request *request);
/* Fills in state->urls: the spellings that the scheme tries. */
void signature_take_urls(struct signature_state *state);

/* The algorithm of a message signature (RFC 9421) that stands beside the provider's name. */
enum message_algorithm {
    MESSAGE_HMAC,
    MESSAGE_ED25519,
    MESSAGE_ECDSA,
    MESSAGE_RSA_PSS,
    MESSAGE_RSA
};
/* -1: none does, or none that is known. */
int signature_message_algorithm(const struct text_map *parameters);
/* Whether what stands beside the name is what a message signature can have. */
bool signature_message_check(const struct text_map *parameters, struct error *err);

/* The components that a message signature (RFC 9421) has to cover, with spaces between them: those
 * that stand beside the provider's name, by default the digest of the body. */
struct bytes signature_components(const struct text_map *parameters);

/* With a key (in DER, where it is public) where none does. */
enum message_algorithm signature_message_algorithm_of(const struct signature_plan *plan,
                                                      struct bytes key);

/* For who signs: the text into state->message, of a message that lacks its signature alone. */
const char *signature_message_base(struct signature_state *state, struct bytes input);
bool signature_sns_text(struct signature_state *state);

bool signature_test(struct value_source *source, const struct scheme_test *test);

/* The kinds that are code. `head` may be NULL. */
struct signature_kind {
    struct verdict (*head)(struct signature_state *state);
    struct verdict (*body)(struct signature_state *state);
    bool body_follows; /* the text that is signed is state->message and the body behind it */
};
extern const struct signature_kind jws_kind, sns_kind, contentful_kind, message_kind;

#endif
