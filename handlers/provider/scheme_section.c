/* The rows of the description language, and the rules between them. Nothing here looks at a
 * request. */
#include "handlers/provider/scheme_section.h"

#include "base/crypto.h"
#include "handlers/provider/scheme_rows.h"
#include "handlers/provider/scheme_test.h"
#include "handlers/provider/scheme_values.h"
#include "handlers/provider/signature_kind.h"

enum { FAMILIES_MAX = 8 };

/* The order of the enums in scheme.h and in base/crypto.h. */
static const char *const hash_names[] = {"sha1", "sha256", "sha384", "sha512", "md5", NULL};
static const char *const key_hashes[] = {"none", "sha1", "sha256", "sha384", "sha512", "md5", NULL};
static const char *const key_encodings[] = {
    "text", "hex", "base64", "prefixed_base64", "public", "certificate", "prefixed_base64_or_text",
    NULL};
/* enum content_kind without its first. */
static const char *const contents[] = {"json", "form", "json_or_form", "raw", "auto", NULL};
static const char *const units[] = {"seconds", "milliseconds", "iso8601", NULL};
static const char *const url_forms[] = {"as_is", "any_spelling", NULL};
static const char *const evidence_names[] = {"sender", "documentation", "third_party", NULL};

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
    CHOICE_ROW("encoding", scheme_signature, encoding, scheme_encodings, "hex",
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
    CHOICE_ROW("encoding", scheme_body_hash, encoding, scheme_encodings, "hex",
               "How it is written."),
};
static const struct row_section body_hash_section = {
    .name = "body_hash",
    .sentence = "A digest of the body that is signed in the place of the body.",
    .rows = body_hash_rows,
    .row_count = ROW_COUNT(body_hash_rows),
    .size = sizeof(struct scheme_body_hash)};

static bool challenge_finish(struct load *load, const struct node *node, void *settings);

static const struct row challenge_rows[] = {
    SECTION_ROW("when", scheme_challenge, when, &scheme_test_section, ROW_SECTIONS,
                "The request is this handshake if all of these hold."),
    SECTION_ROW("expect", scheme_challenge, expect, &scheme_test_section, ROW_SECTIONS,
                "What then has to hold besides, or it is refused."),
    STATUS_ROW("otherwise", scheme_challenge, otherwise, "403", 400, 403,
               "The status of that refusal: 400, 401 or 403."),
    BOOL_ROW("authenticated", scheme_challenge, authenticated, "true",
             "The signature is checked first."),
    REF_ROW("learn", scheme_challenge, learn,
            "The handshake delivers the key here; learned once, while the route has no secret.", 0),
    STATUS_ROW("status", scheme_challenge, status, "200", 200, 204, "The status of the answer."),
    TEXT_ROW("type", scheme_challenge, type, "Its media type."),
    TEMPLATE_ROW("body", scheme_challenge, body, "Its body."),
    TEXT_ROW("header", scheme_challenge, header, "A header of the answer."),
    TEMPLATE_ROW("header_value", scheme_challenge, header_value, "What that header says."),
};
static const struct row_section challenge_section = {
    .name = "handshake",
    .sentence = "A greeting by which the sender tries out the address.",
    .rows = challenge_rows,
    .row_count = ROW_COUNT(challenge_rows),
    .size = sizeof(struct scheme_challenge),
    .finish = challenge_finish};

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
        "status", response_format, status, NULL, 200, 204,
        "Of accepted events, also of those that are ignored or came before; else 202 or 200."),
    TEXT_ROW("type", response_format, type, "The media type of that answer."),
    TEXT_ROW("body", response_format, body, "Its body."),
    BOOL_ROW("bare", response_format, empty_body, "false",
             "No answer has a body, refusals neither."),
};
static const struct row_section reply_section = {.name = "reply",
                                                 .sentence = "What the sender wants to read.",
                                                 .rows = reply_rows_of_scheme,
                                                 .row_count = ROW_COUNT(reply_rows_of_scheme),
                                                 .size = sizeof(struct response_format)};

static const struct row scheme_rows[] = {
    {.name = "kind",
     .type = ROW_CHOICE,
     .offset = offsetof(struct scheme, kind_number),
     .sentence = "What the signature is.",
     .flags = ROW_REQUIRED,
     .choices = signature_kind_names},
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
    SECTION_ROW("require", scheme, require, &scheme_test_section, ROW_SECTIONS,
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
    SECTION_ROW("handshake", scheme, challenge, &challenge_section, ROW_SECTIONS,
                "Greetings that are answered and not passed on."),
    {.name = "about",
     .type = ROW_SECTION,
     .offset = offsetof(struct scheme, about),
     .default_text = "{}",
     .section = &about_section,
     .sentence = "What a person should know."},
};

/* ---- rules between the rows ---- */

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
static const char *signs_anything(const struct scheme_challenge *challenge,
                                  const struct template *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        const struct template_part *part = &answer->parts[i];
        bool hmac = part->filter == FILTER_HMAC_HEX || part->filter == FILTER_HMAC_BASE64;
        if (hmac && part->ref.kind != VALUE_PARAMETER &&
            !is_bounded(&challenge->expect, &part->ref) &&
            !is_bounded(&challenge->when, &part->ref))
            return part->ref.text;
    }
    return NULL;
}

/* Events are signed with the same key: who can have a text of his own signed has signed an event.
 */
static bool challenge_finish(struct load *load, const struct node *node, void *settings)
{
    const struct scheme_challenge *challenge = settings;
    const char *what = signs_anything(challenge, &challenge->body);
    if (!what)
        what = signs_anything(challenge, &challenge->header_value);
    return challenge->authenticated || !what ||
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
    if (!scheme->kind->takes_signature)
        return true;
    if (!one_character(load, node, signature->separator, "signature.separator") ||
        !one_character(load, node, signature->assignment, "signature.assignment"))
        return false;
    if ((signature->field.count != 0) != (signature->assignment != NULL))
        return load_problem(load, node, "signature.field and signature.assignment go together");
    if (signature->in.count == 0)
        return load_problem(load, node, "wants signature.in: where the signature is");
    return true;
}

static bool uses_md5(const struct scheme *scheme)
{
    return (scheme->hash == HASH_MD5 && !scheme->kind->ignores_hash) ||
           scheme->key.hash == HASH_MD5 + 1 ||
           (scheme->body_hash.in.kind != VALUE_ABSENT && scheme->body_hash.hash == HASH_MD5);
}

/* A public-key signature over a weak hash can be made by who finds two texts with one digest. */
static bool check_hash(struct load *load, const struct node *node, const struct scheme *scheme)
{
    const char *name = signature_kind_names[scheme->kind_number];
    if (scheme->kind->weak_sha1 && scheme->hash == HASH_MD5)
        return load_problem(load, node, "MD5 is not accepted for %s", name);
    if (scheme->uses_md5 && !scheme->weak_hash_accepted)
        return load_problem(load, node, "MD5 is weak: it wants weak_hash: true");
    return !scheme->kind->weak_sha1 || scheme->hash != HASH_SHA1 || scheme->weak_hash_accepted ||
           load_problem(load, node, "SHA-1 is not accepted for %s without weak_hash: true", name);
}

/* A public key is never the key of a shared kind: everybody could sign with it. */
static bool check_key(struct load *load, const struct node *node, const struct scheme *scheme)
{
    const char *what = signature_kind_names[scheme->kind_number];
    enum key_use use =
        scheme->kind->choose_keys ? scheme->kind->choose_keys(scheme, &what) : scheme->kind->keys;
    if (use == KEYS_PUBLIC && !scheme_key_is_public(scheme))
        return load_problem(load, node, "%s wants key.encoding public or certificate", what);
    if (use == KEYS_SHARED && scheme_key_is_public(scheme))
        return load_problem(load, node, "%s has no public key: key.encoding cannot be %s", what,
                            key_encodings[scheme->key.encoding]);
    return true;
}

static bool check_text(struct load *load, const struct node *node, const struct scheme *scheme)
{
    bool secret = template_uses(&scheme->signed_text, VALUE_SECRET);
    if (!scheme->kind->takes_text)
        return true;
    if (scheme->signed_text.count == 0)
        return load_problem(load, node, "wants signed: the text that is signed");
    if (secret != scheme->kind->takes_secret)
        return load_problem(load, node,
                            "{{secret}} stands in the signed text of kind hash, and "
                            "only there");
    return true;
}

static bool check_kind(struct load *load, const struct node *node, const struct scheme *scheme)
{
    return !scheme->kind->check || scheme->kind->check(load, node, scheme);
}

/* The order in which a scheme is checked; the first problem is told. */
static bool (*const rules[])(struct load *load, const struct node *node,
                             const struct scheme *scheme) = {
    check_text, check_signature, check_kind, check_hash, check_key,
};

static bool scheme_finish(struct load *load, const struct node *node, void *settings)
{
    struct scheme *scheme = settings;
    scheme->kind = signature_kinds[scheme->kind_number];
    scheme->uses_md5 = uses_md5(scheme);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i](load, node, scheme))
            return false;
    }
    return scheme_check_values(load, node, scheme);
}

const struct row_section scheme_section = {.name = "provider",
                                           .sentence = "How a sender signs.",
                                           .rows = scheme_rows,
                                           .row_count = ROW_COUNT(scheme_rows),
                                           .size = sizeof(struct scheme),
                                           .finish = scheme_finish};
