/* How a sender signs, as it is described: with the same keys for the presets that are compiled in
 * (config/providers) and for a user's own under `providers:`. docs/providers-language.md explains
 * them; the rows in scheme_section.c are where they are settled. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SCHEME_H
#define TENTERHOOK_HANDLERS_PROVIDER_SCHEME_H

#include "config/load.h"
#include "handlers/provider/signed_value.h"
#include "handlers/value/template.h"
#include "handlers/verdict.h"

enum key_encoding {
    KEY_TEXT,
    KEY_HEX,
    KEY_BASE64,
    KEY_PREFIXED, /* base64 behind the prefix `strip`, without that prefix the text itself */
    KEY_PUBLIC,
    KEY_CERTIFICATE,
    KEY_PREFIXED_OR_TEXT /* both keys: base64 behind the prefix, and the text with the prefix */
};
enum signature_encoding { ENCODING_HEX, ENCODING_BASE64, ENCODING_BASE64URL };
enum time_unit { TIME_SECONDS, TIME_MILLISECONDS, TIME_ISO8601, TIME_RFC1123 };
enum url_form { URL_AS_IS, URL_ANY_SPELLING };
enum signed_body { SIGNED_SENT, SIGNED_UNFOLDED };
enum evidence { EVIDENCE_SENDER, EVIDENCE_DOCUMENTED, EVIDENCE_THIRD_PARTY };

struct scheme_key {
    int encoding;      /* enum key_encoding */
    const char *strip; /* a prefix that is taken off if it is there; NULL: none */
    int hash;          /* enum hash_kind + 1: the key is the digest of the secret; 0: it is not */
};

struct scheme_signature {
    struct signed_list in;  /* where it is, all that are there */
    const char *separator;  /* between entries; NULL: one entry */
    const char *assignment; /* between an entry's name and its value; NULL: entries are unnamed */
    struct signed_template field; /* the name of the entries that count */
    const char *prefix;
    bool prefix_optional;
    int encoding;       /* enum signature_encoding */
    bool trim;          /* spaces around entries are taken off */
    uint32_t positions; /* a bit for each entry that is a value and no signature (`signature[0]`) */
};

struct scheme_time {
    struct signed_ref in; /* kind SIGNED_ABSENT: the scheme has no time */
    int unit;             /* enum time_unit */
    int64_t tolerance_ms; /* how old; 0: not judged */
    int64_t ahead_ms;     /* how far in the future */
    bool is_signed;
};

struct scheme_body_hash {
    struct signed_ref in; /* SIGNED_ABSENT: none */
    int hash;
    int encoding;
};

/* What a claim has to be. */
struct scheme_claim {
    const char *name;
    struct signed_template wanted; /* of the head, the address and parameters; count 0: anything */
};

struct scheme_claims {
    struct scheme_claim *items;
    size_t count;
};

struct scheme_jws {
    int algorithm;                           /* of kind_jws.c */
    struct signed_template issuer, audience; /* of `iss` and `aud`; count 0: anything */
    struct scheme_claims claims;
    const char *body_claim;   /* the claim that holds the body's digest */
    int body_claim_encoding;  /* enum signature_encoding, of who signs */
    bool body_claim_optional; /* an empty body needs none */
    int64_t tolerance_ms;     /* of iat; 0: not judged */
    int64_t ahead_ms;         /* of nbf */
};

struct scheme_test {
    struct signed_ref value;
    struct signed_template equals; /* count 0: not said */
    bool exists, missing;
    const char *matches; /* PCRE2, the whole value */
    void *pattern;       /* compiled `matches` */
};

struct scheme_challenge {
    struct section_list when;   /* of struct scheme_test, all */
    struct section_list expect; /* of struct scheme_test, else `otherwise` */
    int64_t otherwise;          /* 400, 401 or 403 */
    bool authenticated;         /* the signature is checked first */
    struct signed_ref learn;    /* SIGNED_ABSENT, or where the key is delivered */
    int64_t status;
    const char *type;
    struct signed_template body;
    const char *header;
    struct signed_template header_value;
};

/* What a person is told of a preset. A source that is NULL is the one before it. */
struct scheme_about {
    const char *title, *source, *setup, *unsigned_parts, *note;
    const char *success, *success_source; /* what the sender takes for success */
    const char *retries, *retries_source; /* how it sends again what failed */
    const char *tolerance;                /* why time.tolerance is what it is */
    bool once;                            /* what is answered 503 is never sent again */
    int evidence;                         /* enum evidence */
    int64_t deadline_ms;                  /* 0: not known */
    struct text_list events;              /* types that it is known to send; empty: not known */
    bool events_complete;                 /* these are all */
};

struct signature_kind; /* signature_kind.h */

struct scheme {
    const char *name;
    const struct signature_kind *kind;
    int kind_number; /* of `kind` in the table of kinds */
    int hash;
    bool uses_md5;           /* in a digest of the signature, of the body or of the key */
    bool weak_hash_accepted; /* RSA over SHA-1, or MD5, because the sender has nothing better */
    struct scheme_key key;
    struct signed_template signed_text;
    struct signed_template signed_form; /* count 0: as signed_text */
    int signed_body;                    /* enum signed_body: of one in a content coding */
    struct text_list families; /* of headers: one of them is all that a message is looked at by */
    struct signed_ref each;    /* SIGNED_ABSENT: once for the message */
    int url;
    struct scheme_signature signature;
    struct scheme_time time;
    struct scheme_body_hash body_hash;
    struct scheme_jws jws;
    struct section_list require;           /* of struct scheme_test */
    struct text_list parameters, optional; /* names of what has to, or may, stand beside the name */
    struct signed_list message_id, event;
    struct signed_list message_id_of; /* whose id that is; count 0: the sender has no two alike */
    struct section_list challenge;    /* of struct scheme_challenge */
    int content;                      /* enum content_kind less CONTENT_PROVIDER */
    const char *json_field;           /* of the sender's forms, that holds JSON; NULL: none */
    struct response_format reply;
    struct template title; /* what an event is about; empty: not known */
    struct scheme_about about;
};

/* Whether key.encoding is public or certificate. */
bool scheme_key_is_public(const struct scheme *scheme);

/* Whether the text holds the body so that no byte of it can be another. */
bool scheme_text_signs_body(const struct signed_template *text);

/* The family of headers that the message belongs to: the first of which it has all that the scheme
 * names. Without a whole one the first of which it has any, to say what is missing; NULL: the
 * scheme has no families. */
const char *scheme_find_family(const struct scheme *scheme, const struct request *request);

/* Whether the address is signed, or a claim is held against it. */
bool scheme_proves_url(const struct scheme *scheme);

/* A walk over values, until `visit` says no; false then. */
struct scheme_walk {
    bool (*visit)(void *context, const struct signed_ref *ref);
    void *context;
};
/* Every value that the scheme names. */
bool scheme_walk_values(const struct scheme *scheme, const struct scheme_walk *walk);
/* What claims of a JWS are held against. */
bool scheme_walk_claims(const struct scheme *scheme, const struct scheme_walk *walk);

#endif
