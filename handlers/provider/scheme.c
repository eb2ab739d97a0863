/* The rows of the description language, and the rules between them. Nothing here looks at a
 * request. */
#include "handlers/provider/scheme.h"

#include "base/crypto.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { FAMILIES_MAX = 8 };

/* The order of the enums in scheme.h. */
static const char *const kinds[] = {"hmac",       "hash",    "ed25519", "ecdsa", "rsa",
                                    "rsa_pss",    "token",   "basic",   "jws",   "sns",
                                    "contentful", "message", "none",    NULL};
static const char *const hash_names[] = {"sha1", "sha256", "sha384", "sha512", "md5", NULL};
static const char *const key_hashes[] = {"none", "sha1", "sha256", "sha384", "sha512", "md5", NULL};
static const char *const key_encodings[] = {
    "text", "hex", "base64", "prefixed_base64", "public", "certificate", "prefixed_base64_or_text",
    NULL};
static const char *const encodings[] = {"hex", "base64", "base64url", NULL};
/* enum content_kind without its first. */
static const char *const contents[] = {"json", "form", "json_or_form", "raw", "auto", NULL};
static const char *const units[] = {"seconds", "milliseconds", "iso8601", NULL};
static const char *const url_forms[] = {"as_is", "any_spelling", NULL};
static const char *const algorithms[] = {"HS256", "ES256", "RS256", NULL};
static const char *const evidence_names[] = {"sender", "documentation", "third_party", NULL};

/* ---- readers ---- */

static bool read_text(struct load *load, const struct node *node, const char **text)
{
    *text = node->text;
    return node->kind == NODE_SCALAR || load_problem(load, node, "wants a text");
}

static bool read_ref(struct load *load, const struct node *node, const struct row *row, void *field)
{
    const char *text;
    struct error err;
    (void)row;
    if (!read_text(load, node, &text))
        return false;
    return value_ref_parse(text, load_arena(load), field, &err) ||
           load_problem(load, node, "%s", err.text);
}

static bool read_refs(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct value_list *list = field;
    size_t count = node->kind == NODE_SEQUENCE ? node->count : 1;
    const struct node *item = node->kind == NODE_SEQUENCE ? node->first : node;
    list->items = arena_alloc_array(load_arena(load), count ? count : 1, sizeof *list->items);
    if (!list->items)
        return load_problem(load, node, "is too long");
    for (; item; item = node->kind == NODE_SEQUENCE ? item->next : NULL) {
        if (!read_ref(load, item, row, &list->items[list->count++]))
            return false;
    }
    return true;
}

static bool read_template(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    const char *text;
    struct error err;
    (void)row;
    if (!read_text(load, node, &text))
        return false;
    return template_parse(text, load_arena(load), field, &err) ||
           load_problem(load, node, "%s", err.text);
}

#define REF_SCHEMA "{\"type\":\"string\"}"
#define REFS_SCHEMA                                                                                \
    "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":\"string\"}}]}"

#define REF_ROW(name_, struct_, field_, sentence_, flags_)                                         \
    {                                                                                              \
        .name = name_, .type = ROW_CUSTOM, .offset = offsetof(struct struct_, field_),             \
        .sentence = sentence_, .flags = flags_, .read = read_ref,                                  \
        .syntax = "header.NAME, payload.PATH …", .json_schema = REF_SCHEMA                         \
    }
#define REFS_ROW(name_, struct_, field_, sentence_)                                                \
    {                                                                                              \
        .name = name_, .type = ROW_CUSTOM, .offset = offsetof(struct struct_, field_),             \
        .sentence = sentence_, .read = read_refs, .syntax = "a value or a list of values",         \
        .json_schema = REFS_SCHEMA                                                                 \
    }
#define TEMPLATE_ROW(name_, struct_, field_, sentence_)                                            \
    {                                                                                              \
        .name = name_, .type = ROW_CUSTOM, .offset = offsetof(struct struct_, field_),             \
        .sentence = sentence_, .read = read_template, .syntax = "text with {{value}}",             \
        .json_schema = REF_SCHEMA                                                                  \
    }
#define TEXT_ROW(name_, struct_, field_, sentence_)                                                \
    {                                                                                              \
        .name = name_, .type = ROW_TEXT, .offset = offsetof(struct struct_, field_),               \
        .sentence = sentence_                                                                      \
    }
#define BOOL_ROW(name_, struct_, field_, default_, sentence_)                                      \
    {                                                                                              \
        .name = name_, .type = ROW_BOOL, .offset = offsetof(struct struct_, field_),               \
        .sentence = sentence_, .default_text = default_                                            \
    }
#define CHOICE_ROW(name_, struct_, field_, choices_, default_, sentence_)                          \
    {                                                                                              \
        .name = name_, .type = ROW_CHOICE, .offset = offsetof(struct struct_, field_),             \
        .sentence = sentence_, .default_text = default_, .choices = choices_                       \
    }
#define DURATION_ROW(name_, struct_, field_, default_, sentence_)                                  \
    {                                                                                              \
        .name = name_, .type = ROW_DURATION, .offset = offsetof(struct struct_, field_),           \
        .sentence = sentence_, .default_text = default_                                            \
    }
#define SECTION_ROW(name_, struct_, field_, section_, type_, sentence_)                            \
    {                                                                                              \
        .name = name_, .type = type_, .offset = offsetof(struct struct_, field_),                  \
        .sentence = sentence_, .section = section_,                                                \
        .flags = (type_) == ROW_SECTIONS ? ROW_ONE_OK : 0                                          \
    }
#define STATUS_ROW(name_, struct_, field_, default_, min_, max_, sentence_)                        \
    {                                                                                              \
        .name = name_, .type = ROW_INTEGER, .offset = offsetof(struct struct_, field_),            \
        .sentence = sentence_, .default_text = default_, .min = min_, .max = max_                  \
    }

/* ---- sections ---- */

static const struct row key_rows[] = {
    CHOICE_ROW(
        "encoding", scheme_key, encoding, key_encodings, "text",
        "How `secret` is written: as it is, in hex or base64, in base64 if it has the prefix "
        "`strip` and else as it is, as public keys (PEM, JSON Web Keys, or DER in base64), "
        "as X.509 certificates in PEM, or in base64 behind the prefix or as it is, prefix and "
        "all: then both keys are tried."),
    TEXT_ROW("strip", scheme_key, strip, "A prefix of the secret that is not part of the key."),
    CHOICE_ROW("hash", scheme_key, hash, key_hashes, "none",
               "The key is this digest of the secret, not the secret."),
};
static const struct row_section key_section = {.name = "key",
                                               .sentence = "How the key is made from the secret.",
                                               .rows = key_rows,
                                               .row_count = ROW_COUNT(key_rows),
                                               .size = sizeof(struct scheme_key)};

static const struct row signature_rows[] = {
    REFS_ROW("in", scheme_signature, in,
             "Where the signature is; of a list, every one that is there counts."),
    TEXT_ROW(
        "separator", scheme_signature, separator,
        "The character between entries, where there can be several; without `assignment` each is "
        "a signature, but for those that are named by their position (`signature[0]`)."),
    TEXT_ROW("assignment", scheme_signature, assignment,
             "The character between the name and the value of an entry."),
    TEMPLATE_ROW("field", scheme_signature, field, "The name of the entries that are signatures."),
    TEXT_ROW("prefix", scheme_signature, prefix, "What stands before the digest."),
    BOOL_ROW("prefix_optional", scheme_signature, prefix_optional, "false",
             "The prefix may be missing."),
    CHOICE_ROW("encoding", scheme_signature, encoding, encodings, "hex",
               "How the digest is written; hex in either case, base64 with its padding, base64url "
               "without."),
    BOOL_ROW("trim", scheme_signature, trim, "false", "Spaces around an entry are ignored."),
};
static const struct row_section signature_section = {
    .name = "signature",
    .sentence = "Where the signature is and how it is taken apart.",
    .rows = signature_rows,
    .row_count = ROW_COUNT(signature_rows),
    .size = sizeof(struct scheme_signature)};

static const struct row time_rows[] = {
    REF_ROW("in", scheme_time, in, "Where the time is.", ROW_REQUIRED),
    CHOICE_ROW("unit", scheme_time, unit, units, "seconds",
               "Unix seconds (ten digits), Unix milliseconds (thirteen) or ISO 8601."),
    DURATION_ROW("tolerance", scheme_time, tolerance_ms, "0",
                 "How old a message may be; 0: its age is not judged."),
    DURATION_ROW("ahead", scheme_time, ahead_ms, "5m",
                 "How far its time may be ahead of this machine's clock."),
    BOOL_ROW("signed", scheme_time, is_signed, "true",
             "Whether the signature covers the time; if not, it proves nothing."),
};
static const struct row_section time_section = {.name = "time",
                                                .sentence = "When the message was signed.",
                                                .rows = time_rows,
                                                .row_count = ROW_COUNT(time_rows),
                                                .size = sizeof(struct scheme_time)};

static const struct row body_hash_rows[] = {
    REF_ROW("in", scheme_body_hash, in, "Where the digest of the body is.", ROW_REQUIRED),
    CHOICE_ROW("hash", scheme_body_hash, hash, hash_names, "sha256", "Its hash."),
    CHOICE_ROW("encoding", scheme_body_hash, encoding, encodings, "hex", "How it is written."),
};
static const struct row_section body_hash_section = {
    .name = "body_hash",
    .sentence = "A digest of the body that is signed in the place of the body.",
    .rows = body_hash_rows,
    .row_count = ROW_COUNT(body_hash_rows),
    .size = sizeof(struct scheme_body_hash)};

/* A mapping of names of claims to templates. */
static bool read_claims(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct scheme_claims *claims = field;
    if (node->kind != NODE_MAPPING)
        return load_problem(load, node, "wants a mapping of claims to texts");
    claims->items =
        arena_alloc_array(load_arena(load), node->count ? node->count : 1, sizeof *claims->items);
    if (!claims->items)
        return load_problem(load, node, "is too long");
    for (const struct node *value = node->first; value; value = value->next) {
        struct scheme_claim *claim = &claims->items[claims->count++];
        claim->name = arena_copy_text(load_arena(load), value->key->text);
        if (!claim->name)
            return load_problem(load, node, "is too long");
        if (!read_template(load, value, row, &claim->wanted))
            return false;
        if (claim->wanted.count == 0)
            return load_problem(load, value, "is empty: say what the claim has to be");
    }
    return true;
}

static const struct row jws_rows[] = {
    CHOICE_ROW("algorithm", scheme_jws, algorithm, algorithms, "HS256",
               "The only algorithm that is accepted, whatever the message says."),
    TEMPLATE_ROW("issuer", scheme_jws, issuer, "What the claim `iss` has to be."),
    TEMPLATE_ROW("audience", scheme_jws, audience,
                 "What the claim `aud` has to be, or to hold where it is a list: for whom the "
                 "token was made."),
    {.name = "claims",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct scheme_jws, claims),
     .sentence = "What other claims have to be, or to hold where they are lists: `{email: …, sub: "
                 "\"{{url}}\", url_hash: \"{{url | sha256_hex}}\"}`.",
     .read = read_claims,
     .syntax = "a mapping of names to texts with {{value}}",
     .json_schema = "{\"type\":\"object\"}"},
    TEXT_ROW("body_claim", scheme_jws, body_claim,
             "The claim that holds the SHA-256 of the body, in hex, base64 or base64url."),
    CHOICE_ROW("body_claim_encoding", scheme_jws, body_claim_encoding, encodings, "hex",
               "How `send` writes that digest; all three are taken."),
    BOOL_ROW("body_claim_optional", scheme_jws, body_claim_optional, "false",
             "A message with an empty body may lack the claim."),
    DURATION_ROW("tolerance", scheme_jws, tolerance_ms, "0",
                 "How old the claim `iat` may be; 0: it is not judged."),
    DURATION_ROW("ahead", scheme_jws, ahead_ms, "1m",
                 "How far the claim `nbf` may be ahead of this machine's clock."),
};
static const struct row_section jws_section = {
    .name = "jws",
    .sentence = "What a JSON Web Signature (RFC 7515) has to say.",
    .rows = jws_rows,
    .row_count = ROW_COUNT(jws_rows),
    .size = sizeof(struct scheme_jws)};

static bool test_finish(struct load *load, const struct node *node, void *settings);
static bool handshake_finish(struct load *load, const struct node *node, void *settings);

static const struct row test_rows[] = {
    REF_ROW("value", scheme_test, value, "What is looked at.", ROW_REQUIRED),
    TEMPLATE_ROW("equals", scheme_test, equals, "It is exactly this."),
    BOOL_ROW("exists", scheme_test, exists, "false", "It is there."),
    BOOL_ROW("missing", scheme_test, missing, "false", "It is not there, or no scalar."),
    TEXT_ROW("matches", scheme_test, matches, "A PCRE2 expression that it matches as a whole."),
};
static const struct row_section test_section = {.name = "test",
                                                .sentence = "A test of one value.",
                                                .rows = test_rows,
                                                .row_count = ROW_COUNT(test_rows),
                                                .size = sizeof(struct scheme_test),
                                                .finish = test_finish};

static const struct row handshake_rows[] = {
    SECTION_ROW("when", scheme_handshake, when, &test_section, ROW_SECTIONS,
                "The request is this handshake if all of these hold."),
    SECTION_ROW("expect", scheme_handshake, expect, &test_section, ROW_SECTIONS,
                "What then has to hold besides, or it is refused."),
    STATUS_ROW("otherwise", scheme_handshake, otherwise, "403", 400, 403,
               "The status of that refusal: 400, 401 or 403."),
    BOOL_ROW("authenticated", scheme_handshake, authenticated, "true",
             "The signature is checked first."),
    REF_ROW("learn", scheme_handshake, learn,
            "The handshake delivers the key here; learned once, while the route has no secret.", 0),
    STATUS_ROW("status", scheme_handshake, status, "200", 200, 204, "The status of the answer."),
    TEXT_ROW("type", scheme_handshake, type, "Its media type."),
    TEMPLATE_ROW("body", scheme_handshake, body, "Its body."),
    TEXT_ROW("header", scheme_handshake, header, "A header of the answer."),
    TEMPLATE_ROW("header_value", scheme_handshake, header_value, "What that header says."),
};
static const struct row_section handshake_section = {
    .name = "handshake",
    .sentence = "A greeting by which the sender tries out the address.",
    .rows = handshake_rows,
    .row_count = ROW_COUNT(handshake_rows),
    .size = sizeof(struct scheme_handshake),
    .finish = handshake_finish};

static const struct row about_rows[] = {
    TEXT_ROW("title", scheme_about, title, "The sender's name."),
    TEXT_ROW("source", scheme_about, source, "Where this is known from."),
    CHOICE_ROW("evidence", scheme_about, evidence, evidence_names, "third_party",
               "How well: from the sender's own code, from its documentation, or from what others "
               "wrote to receive it."),
    TEXT_ROW("setup", scheme_about, setup,
             "How to set it up there, and where the secret is found."),
    TEXT_ROW("unsigned", scheme_about, unsigned_parts, "What of the message is not signed."),
    TEXT_ROW("note", scheme_about, note, "What else a person should know."),
    TEXT_ROW("success", scheme_about, success, "What the sender takes for success."),
    TEXT_ROW("success_source", scheme_about, success_source, "Where that is known from."),
    TEXT_ROW("retries", scheme_about, retries, "How the sender sends again what failed."),
    TEXT_ROW("retries_source", scheme_about, retries_source,
             "Where that is known from, if it is not `success_source`."),
    TEXT_ROW("tolerance", scheme_about, tolerance,
             "Why a message may be as old as `time.tolerance` says, and where that is known from."),
    BOOL_ROW("once", scheme_about, once, "false",
             "The sender never sends again what is answered with 503."),
    DURATION_ROW("deadline", scheme_about, deadline_ms, "0", "How long it waits for an answer."),
    {.name = "events",
     .type = ROW_TEXTS,
     .offset = offsetof(struct scheme_about, events),
     .flags = ROW_ONE_OK,
     .sentence =
         "Types of events that it is known to send; `check` warns of others in `events` of a "
         "route that are nearly one of them."},
    BOOL_ROW("events_complete", scheme_about, events_complete, "false",
             "These are all that it sends: `check` warns of any other."),
};
static const struct row_section about_section = {.name = "about",
                                                 .sentence =
                                                     "What a person should know of the sender.",
                                                 .rows = about_rows,
                                                 .row_count = ROW_COUNT(about_rows),
                                                 .size = sizeof(struct scheme_about)};

static const struct row reply_rows_of_scheme[] = {
    STATUS_ROW(
        "status", reply_words, status, NULL, 200, 204,
        "Of accepted events, also of those that are ignored or came before; else 202 or 200."),
    TEXT_ROW("type", reply_words, type, "The media type of that answer."),
    TEXT_ROW("body", reply_words, body, "Its body."),
    BOOL_ROW("bare", reply_words, bare, "false", "No answer has a body, refusals neither."),
};
static const struct row_section reply_section = {.name = "reply",
                                                 .sentence = "What the sender wants to read.",
                                                 .rows = reply_rows_of_scheme,
                                                 .row_count = ROW_COUNT(reply_rows_of_scheme),
                                                 .size = sizeof(struct reply_words)};

static const struct row scheme_rows[] = {
    {.name = "kind",
     .type = ROW_CHOICE,
     .offset = offsetof(struct scheme, kind),
     .sentence = "What the signature is.",
     .flags = ROW_REQUIRED,
     .choices = kinds},
    CHOICE_ROW("hash", scheme, hash, hash_names, "sha256", "The hash of the signature."),
    BOOL_ROW(
        "weak_hash", scheme, weak_hash_accepted, "false",
        "MD5 anywhere, and SHA-1 under a public-key signature, are accepted, because the sender "
        "knows no better."),
    SECTION_ROW("key", scheme, key, &key_section, ROW_SECTION, "How the key is made."),
    TEMPLATE_ROW("signed", scheme, signed_text, "The text that is signed."),
    TEMPLATE_ROW("signed_form", scheme, signed_form,
                 "The text that is signed where the content is a form."),
    {.name = "families",
     .type = ROW_TEXTS,
     .offset = offsetof(struct scheme, families),
     .sentence = "Beginnings of names of headers, where a sender has several sets of them: "
                 "`header.{{family}}-id` is in one message that of one family alone.",
     .max = FAMILIES_MAX},
    REF_ROW("each", scheme, each,
            "A list in the payload, each element of which is signed for itself (`item.PATH`).", 0),
    CHOICE_ROW("url", scheme, url, url_forms, "as_is",
               "How `url` is tried: as it is, or also without and with its port, and with an "
               "apostrophe of the query as %27."),
    SECTION_ROW("signature", scheme, signature, &signature_section, ROW_SECTION,
                "Where the signature is."),
    SECTION_ROW("time", scheme, time, &time_section, ROW_SECTION, "When it was signed."),
    SECTION_ROW("body_hash", scheme, body_hash, &body_hash_section, ROW_SECTION,
                "A signed digest of the body."),
    SECTION_ROW("jws", scheme, jws, &jws_section, ROW_SECTION, "What a JWS has to say."),
    SECTION_ROW("require", scheme, require, &test_section, ROW_SECTIONS,
                "What has to hold for every message."),
    {.name = "parameters",
     .type = ROW_TEXTS,
     .offset = offsetof(struct scheme, parameters),
     .sentence = "Names of what has to stand beside the provider's name.",
     .flags = ROW_ONE_OK},
    {.name = "optional",
     .type = ROW_TEXTS,
     .offset = offsetof(struct scheme, optional),
     .sentence = "Names of what may stand beside the provider's name.",
     .flags = ROW_ONE_OK},
    REFS_ROW("delivery", scheme, delivery, "The id of the delivery; the first that is there."),
    REFS_ROW("delivery_of", scheme, delivery_of,
             "Whose id that is, where ids of several sources may be the same: an event is known "
             "again by both together."),
    REFS_ROW("event", scheme, event, "The type of the event; the first that is there."),
    CHOICE_ROW("content", scheme, content, contents, "json",
               "What is sent: JSON, a form, either of them by its media type, or whatever it is."),
    SECTION_ROW("reply", scheme, reply, &reply_section, ROW_SECTION,
                "How the sender wants to be answered, where it is not content with any 2xx."),
    SECTION_ROW("handshake", scheme, handshake, &handshake_section, ROW_SECTIONS,
                "Greetings that are answered and not passed on."),
    {.name = "about",
     .type = ROW_SECTION,
     .offset = offsetof(struct scheme, about),
     .default_text = "{}",
     .section = &about_section,
     .sentence = "What a person should know."},
};

/* ---- rules between the rows ---- */

/* The compiled pattern lives in the snapshot's arena, so nothing has to be freed one by one. */
static void *pattern_alloc(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void pattern_free(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

static bool pattern_compile(struct load *load, const struct node *node, struct scheme_test *test)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_general_context *memory =
        pcre2_general_context_create(pattern_alloc, pattern_free, load_arena(load));
    pcre2_compile_context *context = memory ? pcre2_compile_context_create(memory) : NULL;
    test->pattern = context ? pcre2_compile((PCRE2_SPTR)test->matches, PCRE2_ZERO_TERMINATED, 0,
                                            &code, &offset, context)
                            : NULL;
    return test->pattern ||
           load_problem(load, node, "\"%s\" is no PCRE2 expression", test->matches);
}

static bool test_finish(struct load *load, const struct node *node, void *settings)
{
    struct scheme_test *test = settings;
    if ((test->equals.count != 0) + test->exists + test->missing + (test->matches != NULL) != 1)
        return load_problem(load, node, "wants one of equals, exists, missing and matches");
    return !test->matches || pattern_compile(load, node, test);
}

static bool is_bounded(const struct section_list *tests, const struct value_ref *ref)
{
    for (size_t i = 0; i < tests->count; i++) {
        const struct scheme_test *test = &((const struct scheme_test *)tests->items)[i];
        if (test->matches && strcmp(test->value.text, ref->text) == 0)
            return true;
    }
    return false;
}

/* What of a stranger's a template signs with the route's key, whatever it is; NULL: nothing. */
static const char *signs_anything(const struct scheme_handshake *handshake,
                                  const struct template *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        const struct template_part *part = &answer->parts[i];
        bool hmac = part->filter == FILTER_HMAC_HEX || part->filter == FILTER_HMAC_BASE64;
        if (hmac && part->ref.kind != VALUE_PARAMETER &&
            !is_bounded(&handshake->expect, &part->ref) &&
            !is_bounded(&handshake->when, &part->ref))
            return part->ref.text;
    }
    return NULL;
}

/* Events are signed with the same key: who can have a text of his own signed has signed an event.
 */
static bool handshake_finish(struct load *load, const struct node *node, void *settings)
{
    const struct scheme_handshake *handshake = settings;
    const char *what = signs_anything(handshake, &handshake->body);
    if (!what)
        what = signs_anything(handshake, &handshake->header_value);
    return handshake->authenticated || !what ||
           load_problem(load, node,
                        "would sign anybody's %s, and so events: say with expect what it matches, "
                        "and see that no event does",
                        what);
}

static bool one_character(struct load *load, const struct node *node, const char *text,
                          const char *name)
{
    return !text || strlen(text) == 1 || load_problem(load, node, "%s is one character", name);
}

static bool check_signature(struct load *load, const struct node *node, const struct scheme *scheme)
{
    const struct scheme_signature *signature = &scheme->signature;
    if (!one_character(load, node, signature->separator, "signature.separator") ||
        !one_character(load, node, signature->assignment, "signature.assignment"))
        return false;
    if ((signature->field.count != 0) != (signature->assignment != NULL))
        return load_problem(load, node, "signature.field and signature.assignment go together");
    if (signature->in.count == 0)
        return load_problem(load, node, "wants signature.in: where the signature is");
    return true;
}

static bool kind_has_text(int kind)
{
    return kind <= SCHEME_RSA_PSS;
}

static bool kind_is_public(int kind)
{
    return kind == SCHEME_ECDSA || kind == SCHEME_RSA || kind == SCHEME_RSA_PSS ||
           kind == SCHEME_SNS;
}

/* The others name their algorithm elsewhere, or have one only. */
static bool kind_has_hash(int kind)
{
    return kind != SCHEME_JWS && kind != SCHEME_MESSAGE && kind != SCHEME_ED25519 &&
           kind != SCHEME_NONE;
}

bool scheme_uses_md5(const struct scheme *scheme)
{
    return (scheme->hash == HASH_MD5 && kind_has_hash(scheme->kind)) ||
           scheme->key.hash == HASH_MD5 + 1 ||
           (scheme->body_hash.in.kind != VALUE_ABSENT && scheme->body_hash.hash == HASH_MD5);
}

static bool check_hash(struct load *load, const struct node *node, const struct scheme *scheme)
{
    if (scheme->kind == SCHEME_SNS && !scheme->weak_hash_accepted)
        return load_problem(load, node,
                            "sns wants weak_hash: true; its version 1 signs with SHA-1");
    if (kind_is_public(scheme->kind) && scheme->hash == HASH_MD5)
        return load_problem(load, node, "MD5 is not accepted for %s", kinds[scheme->kind]);
    if (scheme_uses_md5(scheme) && !scheme->weak_hash_accepted)
        return load_problem(load, node, "MD5 is weak: it wants weak_hash: true");
    return !kind_is_public(scheme->kind) || scheme->hash != HASH_SHA1 ||
           scheme->weak_hash_accepted ||
           load_problem(load, node, "SHA-1 is not accepted for %s without weak_hash: true",
                        kinds[scheme->kind]);
}

/* A public key is never the key of a shared kind: everybody could sign with it. */
static bool check_key(struct load *load, const struct node *node, const struct scheme *scheme)
{
    bool public_key = scheme->key.encoding == KEY_PUBLIC || scheme->key.encoding == KEY_CERTIFICATE;
    bool jws_public = scheme->kind == SCHEME_JWS && scheme->jws.algorithm != JWS_HS256;
    bool public = kind_is_public(scheme->kind) || jws_public;
    const char *what =
        scheme->kind == SCHEME_JWS ? algorithms[scheme->jws.algorithm] : kinds[scheme->kind];
    if (public && !public_key)
        return load_problem(load, node, "%s wants key.encoding public or certificate", what);
    if (!public && public_key && scheme->kind != SCHEME_ED25519 && scheme->kind != SCHEME_MESSAGE)
        return load_problem(load, node, "%s has no public key: key.encoding cannot be %s", what,
                            key_encodings[scheme->key.encoding]);
    return true;
}

static bool check_text(struct load *load, const struct node *node, const struct scheme *scheme)
{
    bool secret = template_uses(&scheme->signed_text, VALUE_SECRET);
    if (scheme->signed_text.count == 0)
        return load_problem(load, node, "wants signed: the text that is signed");
    if (secret != (scheme->kind == SCHEME_HASH))
        return load_problem(load, node,
                            "{{secret}} stands in the signed text of kind hash, and "
                            "only there");
    return true;
}

static bool scheme_finish(struct load *load, const struct node *node, void *settings)
{
    struct scheme *scheme = settings;
    if (kind_has_text(scheme->kind) && !check_text(load, node, scheme))
        return false;
    if ((kind_has_text(scheme->kind) || scheme->kind == SCHEME_TOKEN) &&
        !check_signature(load, node, scheme))
        return false;
    return check_hash(load, node, scheme) && check_key(load, node, scheme) &&
           scheme_check_values(load, node, scheme);
}

const struct row_section scheme_section = {.name = "provider",
                                           .sentence = "How a sender signs.",
                                           .rows = scheme_rows,
                                           .row_count = ROW_COUNT(scheme_rows),
                                           .size = sizeof(struct scheme),
                                           .finish = scheme_finish};
