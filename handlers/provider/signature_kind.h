/* What a kind of signature is: which keys of a scheme it takes, how a message of it is proven, how
 * it is explained to a person, how `send` makes one, and what `check` warns of. A kind is a file
 * kind_NAME.c, or one of a family in such a file; nothing outside compares kinds. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_KIND_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_KIND_H

#include "handlers/provider/signature_state.h"
#include "handlers/provider/signing.h"

/* All kinds by the name that `kind:` has, in the order of the reference. A new kind is a row here,
 * its file, and the line of that file in handlers/meson.build. */
#define SIGNATURE_KINDS(KIND)                                                                      \
    KIND(hmac)                                                                                     \
    KIND(hash)                                                                                     \
    KIND(ed25519)                                                                                  \
    KIND(ecdsa)                                                                                    \
    KIND(rsa)                                                                                      \
    KIND(rsa_pss)                                                                                  \
    KIND(token)                                                                                    \
    KIND(basic)                                                                                    \
    KIND(jws)                                                                                      \
    KIND(sns)                                                                                      \
    KIND(contentful)                                                                               \
    KIND(message)                                                                                  \
    KIND(none)

/* What `key.encoding` may be. */
enum key_use {
    KEYS_SHARED, /* not public, not certificate */
    KEYS_PUBLIC, /* public or certificate */
    KEYS_ANY,
};

/* A warning of `check` and of every start. */
struct signature_warning {
    bool (*holds)(const struct signature_plan *plan);
    const char *text;   /* behind "provider NAME" */
    bool names_rest;    /* about.unsigned follows */
    bool of_no_address; /* only where the route has no public_url */
    bool alone;         /* only where nothing else has to pass */
};

struct signature_age {
    int64_t tolerance_ms; /* how old a message may be; 0: its age is not judged */
    int64_t ahead_ms;     /* how far in the future its time may be */
};

/* A function that is NULL does nothing and says yes, unless its comment says otherwise. */
struct signature_kind {
    const char *title;       /* for a person: what proves the sender */
    const char *signed_part; /* for a person: what is signed, where no `signed` says it */
    int variant;             /* of kinds that share a file: for that file alone */

    /* ---- the keys of a scheme that it takes, and its rules for them ---- */

    bool takes_text;      /* `signed`, which it wants; and `signed_form` */
    bool takes_secret;    /* {{secret}} stands in that text */
    bool takes_hash;      /* `hash` */
    bool ignores_hash;    /* it names its algorithm elsewhere, or has one only */
    bool takes_signature; /* `signature`, of which it wants `in` */
    bool takes_plain;     /* what stands in `signature.in` is the proof itself: not decoded */
    bool takes_each;      /* `each`; else the message is proven as a whole */
    bool takes_parts;     /* signature.NAME without `signature.assignment` */
    bool takes_claims;    /* claim.NAME */
    bool reads_time;      /* `time` is checked by `head` or `body` */
    bool weak_sha1;       /* with SHA-1 it wants `weak_hash`, and takes no MD5 */
    bool (*check)(struct load *load, const struct node *node, const struct scheme *scheme);
    /* What stands beside the provider's name. */
    bool (*check_parameters)(const struct text_map *parameters, struct error *err);

    /* ---- the keys that `secret` holds ---- */

    bool needs_no_secret;
    enum key_use keys;
    /* Instead of `keys`, where the scheme decides; `*what` gets a name for messages. */
    enum key_use (*choose_keys)(const struct scheme *scheme, const char **what);
    /* Of a scheme whose key.encoding is neither public nor certificate: whether the secret is
     * public keys. NULL: no. */
    bool (*secret_is_public)(const struct signature_plan *plan, struct bytes secret);
    /* What public keys have to be (enum public_key_kind); -1: any. NULL: it has none. */
    int (*public_kind)(const struct signature_plan *plan);
    /* How a shared secret is written (enum key_encoding). NULL: as key.encoding says. */
    int (*key_encoding)(const struct signature_plan *plan);
    /* Makes the key of a decoded secret, in place, in room for SIGNATURE_KEY_MAX. NULL: key.hash
     * does. */
    bool (*make_key)(uint8_t *key, size_t *length, struct error *err);

    /* ---- a message is proven ---- */

    /* After the steps for the head, before the body is read. */
    struct verdict (*head)(struct signature_state *state);
    /* After the steps for the body, once, or for each element of `each`. */
    struct verdict (*body)(struct signature_state *state);

    /* ---- what that proves ---- */

    bool signs_nothing;  /* of the message: it proves who calls */
    bool is_open;        /* the route may let a message leave its body open */
    bool time_is_signed; /* a time that it finds itself is under the signature */
    /* Whether the signature covers the body though no `signed` and no `body_hash` says so. NULL:
     * no. */
    bool (*signs_body)(const struct scheme *scheme);
    /* How old a message may be. NULL: as `time` says. */
    struct signature_age (*age)(const struct scheme *scheme);
    /* Feeds the text that was signed, without the secret: a message is known by it when it comes
     * again. NULL: nothing is signed; false. */
    bool (*identity)(struct signature_state *state, struct hash_stream *hash);

    /* ---- for a person ---- */

    /* What should have been signed, the secret as a word. NULL, or false: the request does not say
     * enough. */
    bool (*explain)(struct signature_state *state, struct buffer *out);
    const struct signature_warning *warnings; /* up to one without `text`; NULL: none */

    /* ---- `send` ---- */

    /* Puts the signature into a message that has all else. */
    bool (*sign)(struct signing *signing, struct signed_source *source, struct error *err);
    /* Whether it signs with a private key; `given` says whether there is one. NULL: if key.encoding
     * is public or certificate. */
    bool (*signs_privately)(const struct signature_plan *plan, bool given);
    bool has_raw_keys; /* a public key is its bytes, if key.encoding is hex or base64 */
};

#define SIGNATURE_KIND_DECLARE(name) extern const struct signature_kind name##_kind;
SIGNATURE_KINDS(SIGNATURE_KIND_DECLARE)

/* By the number that the row `kind` has read; the names end with NULL. */
extern const struct signature_kind *const signature_kinds[];
extern const char *const signature_kind_names[];

#endif
