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
static const char *const units[] = {"seconds", "milliseconds", "iso8601", "rfc1123", NULL};
static const char *const url_forms[] = {"as_is", "any_spelling", NULL};
static const char *const signed_bodies[] = {"sent", "unfolded", NULL};
static const char *const evidence_names[] = {"sender", "documentation", "third_party", NULL};

/* ---- sections ---- */

static const struct row key_rows[] = {
    CHOICE_ROW("encoding", scheme_key, encoding, key_encodings, "text",
               "The encoding of `secret`: `text` (the bytes of the secret), hex or base64; base64 "
               "if the secret has the prefix `strip`, else text; public keys (PEM, JSON Web Keys, "
               "or DER in base64); X.509 certificates in PEM; or base64 after the prefix and text "
               "including the prefix, where both keys are tried."),
    TEXT_ROW("strip", scheme_key, strip, "A prefix of the secret that is not part of the key."),
    CHOICE_ROW("hash", scheme_key, hash, key_hashes, "none",
               "The key is this digest of the secret, not the secret."),
};
static const struct row_section key_section = {.name = "key",
                                               .sentence =
                                                   "How the key is derived from the secret.",
                                               .rows = key_rows,
                                               .row_count = ROW_COUNT(key_rows),
                                               .size = sizeof(struct scheme_key)};

static const struct row signature_rows[] = {
    REFS_ROW("in", scheme_signature, in,
             "Where the signature is; with a list, every value that is present is used."),
    TEXT_ROW(
        "separator", scheme_signature, separator,
        "The character between entries, if there can be several; without `assignment` each entry "
        "is a signature, except those that are named by their position (`signature[0]`)."),
    TEXT_ROW("assignment", scheme_signature, assignment,
             "The character between the name and the value of an entry."),
    TEMPLATE_ROW("field", scheme_signature, field, "The name of the entries that are signatures."),
    TEXT_ROW("prefix", scheme_signature, prefix, "The text before the digest."),
    BOOL_ROW("prefix_optional", scheme_signature, prefix_optional, "false",
             "The prefix may be absent."),
    CHOICE_ROW(
        "encoding", scheme_signature, encoding, scheme_encodings, "hex",
        "The encoding of the digest: hex in either case, base64 with padding, base64url without."),
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
               "The format of the time: Unix seconds (ten digits), Unix milliseconds (thirteen "
               "digits), ISO 8601, or that of a Date header, `Sun, 06 Nov 1994 08:49:37 GMT` (also "
               "without the comma, and with UTC)."),
    DURATION_ROW("tolerance", scheme_time, tolerance_ms, "0",
                 "The maximum age of a message; 0: the age is not checked."),
    DURATION_ROW("ahead", scheme_time, ahead_ms, "5m",
                 "How far the time may be ahead of the clock of this machine."),
    BOOL_ROW("signed", scheme_time, is_signed, "true",
             "Whether the signature covers the time; a time that is not signed proves nothing."),
};
static const struct row_section time_section = {.name = "time",
                                                .sentence =
                                                    "The time at which the message was signed.",
                                                .rows = time_rows,
                                                .row_count = ROW_COUNT(time_rows),
                                                .size = sizeof(struct scheme_time)};

static const struct row body_hash_rows[] = {
    REF_ROW("in", scheme_body_hash, in, "Where the digest of the body is.", ROW_REQUIRED),
    CHOICE_ROW("hash", scheme_body_hash, hash, hash_names, "sha256", "The hash of the digest."),
    CHOICE_ROW("encoding", scheme_body_hash, encoding, scheme_encodings, "hex",
               "The encoding of the digest."),
};
static const struct row_section body_hash_section = {
    .name = "body_hash",
    .sentence = "A digest of the body that is signed instead of the body.",
    .rows = body_hash_rows,
    .row_count = ROW_COUNT(body_hash_rows),
    .size = sizeof(struct scheme_body_hash)};

static bool challenge_finish(struct load *load, const struct node *node, void *settings);

static const struct row challenge_rows[] = {
    SECTION_ROW("when", scheme_challenge, when, &scheme_test_section, ROW_SECTIONS,
                "The request is this challenge if all of these conditions hold."),
    SECTION_ROW("expect", scheme_challenge, expect, &scheme_test_section, ROW_SECTIONS,
                "Further conditions that must hold; otherwise the challenge is refused."),
    STATUS_ROW("otherwise", scheme_challenge, otherwise, "403", 400, 403,
               "The status of the refusal: 400, 401 or 403."),
    BOOL_ROW("authenticated", scheme_challenge, authenticated, "true",
             "The signature is checked before the challenge is answered."),
    REF_ROW("learn", scheme_challenge, learn,
            "The value in which the challenge delivers the key; it is stored once, while the route "
            "has no secret.",
            0),
    STATUS_ROW("status", scheme_challenge, status, "200", 200, 204, "The status of the answer."),
    TEXT_ROW("type", scheme_challenge, type, "The media type of the answer."),
    TEMPLATE_ROW("body", scheme_challenge, body, "Its body."),
    TEXT_ROW("header", scheme_challenge, header, "The name of a header of the answer."),
    TEMPLATE_ROW("header_value", scheme_challenge, header_value, "The value of that header."),
};
static const struct row_section challenge_section = {
    .name = "handshake",
    .sentence = "A challenge by which the sender tests the address.",
    .rows = challenge_rows,
    .row_count = ROW_COUNT(challenge_rows),
    .size = sizeof(struct scheme_challenge),
    .finish = challenge_finish};

static const struct row about_rows[] = {
    TEXT_ROW("title", scheme_about, title, "The sender's name."),
    TEXT_ROW("source", scheme_about, source, "The source of this description."),
    CHOICE_ROW("evidence", scheme_about, evidence, evidence_names, "third_party",
               "The kind of source: the sender's own code, its documentation, or code and texts of "
               "others that receive its messages."),
    TEXT_ROW("setup", scheme_about, setup,
             "How to set up the sender, and where to find the secret."),
    TEXT_ROW("unsigned", scheme_about, unsigned_parts,
             "The parts of the message that are not signed."),
    TEXT_ROW("note", scheme_about, note, "Further information."),
    TEXT_ROW("success", scheme_about, success, "The answers that the sender takes for success."),
    TEXT_ROW("success_source", scheme_about, success_source, "The source of `success`."),
    TEXT_ROW("retries", scheme_about, retries, "How the sender repeats a message that failed."),
    TEXT_ROW("retries_source", scheme_about, retries_source,
             "The source of `retries`, if it is not `success_source`."),
    TEXT_ROW("tolerance", scheme_about, tolerance,
             "The reason for `time.tolerance`, and its source."),
    BOOL_ROW("once", scheme_about, once, "false",
             "The sender never repeats a message that is answered 503."),
    DURATION_ROW("deadline", scheme_about, deadline_ms, "0",
                 "How long the sender waits for an answer."),
    {.name = "events",
     .type = ROW_TEXTS,
     .offset = offsetof(struct scheme_about, events),
     .flags = ROW_ONE_OK,
     .sentence = "The event types that the sender is known to send; `check` warns of an entry in "
                 "`events` of a route that is similar to one of them."},
    BOOL_ROW("events_complete", scheme_about, events_complete, "false",
             "The list is complete: `check` warns of any other type."),
};
static const struct row_section about_section = {.name = "about",
                                                 .sentence =
                                                     "Information on the sender for people.",
                                                 .rows = about_rows,
                                                 .row_count = ROW_COUNT(about_rows),
                                                 .size = sizeof(struct scheme_about)};

static const struct row reply_rows_of_scheme[] = {
    STATUS_ROW("status", response_format, status, NULL, 200, 204,
               "The status of the answer to accepted, ignored and duplicate events; without it 202 "
               "or 200."),
    TEXT_ROW("type", response_format, type, "The media type of that answer."),
    TEXT_ROW("body", response_format, body, "Its body."),
    BOOL_ROW("bare", response_format, empty_body, "false",
             "All answers have an empty body, including refusals."),
};
static const struct row_section reply_section = {.name = "reply",
                                                 .sentence = "The answer that the sender requires.",
                                                 .rows = reply_rows_of_scheme,
                                                 .row_count = ROW_COUNT(reply_rows_of_scheme),
                                                 .size = sizeof(struct response_format)};

static const struct row scheme_rows[] = {
    {.name = "kind",
     .type = ROW_CHOICE,
     .offset = offsetof(struct scheme, kind_number),
     .sentence = "The kind of the signature.",
     .flags = ROW_REQUIRED,
     .choices = signature_kind_names},
    CHOICE_ROW("hash", scheme, hash, hash_names, "sha256", "The hash of the signature."),
    BOOL_ROW("weak_hash", scheme, weak_hash_accepted, "false",
             "MD5, and SHA-1 in a public-key signature, are accepted because the sender supports "
             "nothing stronger."),
    SECTION_ROW("key", scheme, key, &key_section, ROW_SECTION, "How the key is derived."),
    TEMPLATE_ROW("signed", scheme, signed_text, "The text that is signed."),
    TEMPLATE_ROW("signed_form", scheme, signed_form,
                 "The text that is signed if the content is a form."),
    CHOICE_ROW("signed_body", scheme, signed_body, signed_bodies, "sent",
               "Which bytes of a compressed body are signed: those that were sent, or those that "
               "they unfold to, which are then unfolded before the signature is checked."),
    {.name = "families",
     .type = ROW_TEXTS,
     .offset = offsetof(struct scheme, families),
     .sentence = "Prefixes of header names, for a sender with several sets of headers: in one "
                 "message, `header.{{family}}-id` always has the same prefix.",
     .max = FAMILIES_MAX},
    REF_ROW("each", scheme, each,
            "A list in the payload, each element of which is signed separately (`item.PATH`).", 0),
    CHOICE_ROW("url", scheme, url, url_forms, "as_is",
               "The spellings of `url` that are tried: as it is, or also with and without its "
               "port, and with an apostrophe of the query as %27."),
    SECTION_ROW("signature", scheme, signature, &signature_section, ROW_SECTION,
                "Where the signature is."),
    SECTION_ROW("time", scheme, time, &time_section, ROW_SECTION, "The time of the signature."),
    SECTION_ROW("body_hash", scheme, body_hash, &body_hash_section, ROW_SECTION,
                "A signed digest of the body."),
    SECTION_ROW("jws", scheme, jws, &jws_section, ROW_SECTION,
                "The checks of a JSON Web Signature."),
    SECTION_ROW("require", scheme, require, &scheme_test_section, ROW_SECTIONS,
                "Conditions that every message must meet."),
    {.name = "parameters",
     .type = ROW_TEXTS,
     .offset = offsetof(struct scheme, parameters),
     .sentence =
         "The names of the required parameters, which a route gives beside the provider's name.",
     .flags = ROW_ONE_OK},
    {.name = "optional",
     .type = ROW_TEXTS,
     .offset = offsetof(struct scheme, optional),
     .sentence = "The names of the optional parameters.",
     .flags = ROW_ONE_OK},
    REFS_ROW("delivery", scheme, message_id,
             "The sender's message id; the first value that is present."),
    REFS_ROW("delivery_of", scheme, message_id_of,
             "The source of the message id, if ids of several sources may be equal: a message is "
             "recognized by both together."),
    REFS_ROW("event", scheme, event, "The type of the event; the first value that is present."),
    CHOICE_ROW(
        "content", scheme, content, contents, "json",
        "The content of the body: JSON, a form, either of them by the media type, or any content."),
    TEXT_ROW("json_field", scheme, json_field,
             "The field of a form that holds the payload as JSON, in forms that have it."),
    {.name = "title",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct scheme, title),
     .read = scheme_read_title,
     .syntax = "text with {{value}}",
     .json_schema = REF_SCHEMA,
     .sentence = "What an event is about, in a line for people: values of the body, of which the "
                 "missing ones are left out."},
    SECTION_ROW("reply", scheme, reply, &reply_section, ROW_SECTION,
                "The answer that the sender requires, if it does not accept every 2xx."),
    SECTION_ROW("handshake", scheme, challenge, &challenge_section, ROW_SECTIONS,
                "Challenges, which are answered and create no event."),
    {.name = "about",
     .type = ROW_SECTION,
     .offset = offsetof(struct scheme, about),
     .default_text = "{}",
     .section = &about_section,
     .sentence = "Information on the sender for people."},
};

/* ---- rules between the rows ---- */

static bool is_bounded(const struct section_list *tests, const struct signed_ref *ref)
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
                                  const struct signed_template *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        const struct signed_template_part *part = &answer->parts[i];
        bool hmac = part->filter == FILTER_HMAC_HEX || part->filter == FILTER_HMAC_BASE64;
        if (hmac && part->ref.kind != SIGNED_PARAMETER &&
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
                        "would sign any caller's %s, and so events: set expect to a pattern that "
                        "it matches and that no event matches",
                        what);
}

static bool one_character(struct load *load, const struct node *node, const char *text,
                          const char *name)
{
    return !text || strlen(text) == 1 || load_problem(load, node, "%s must be one character", name);
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
        return load_problem(load, node, "needs signature.in: where the signature is");
    return true;
}

static bool uses_md5(const struct scheme *scheme)
{
    return (scheme->hash == HASH_MD5 && !scheme->kind->ignores_hash) ||
           scheme->key.hash == HASH_MD5 + 1 ||
           (scheme->body_hash.in.kind != SIGNED_ABSENT && scheme->body_hash.hash == HASH_MD5);
}

/* A public-key signature over a weak hash can be made by who finds two texts with one digest. */
static bool check_hash(struct load *load, const struct node *node, const struct scheme *scheme)
{
    const char *name = signature_kind_names[scheme->kind_number];
    if (scheme->kind->weak_sha1 && scheme->hash == HASH_MD5)
        return load_problem(load, node, "MD5 is not accepted for %s", name);
    if (scheme->uses_md5 && !scheme->weak_hash_accepted)
        return load_problem(load, node, "MD5 is weak: it needs weak_hash: true");
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
        return load_problem(load, node, "%s needs key.encoding public or certificate", what);
    if (use == KEYS_SHARED && scheme_key_is_public(scheme))
        return load_problem(load, node, "%s has no public key: key.encoding cannot be %s", what,
                            key_encodings[scheme->key.encoding]);
    return true;
}

static bool check_text(struct load *load, const struct node *node, const struct scheme *scheme)
{
    bool secret = signed_template_uses(&scheme->signed_text, SIGNED_SECRET);
    if (!scheme->kind->takes_text)
        return true;
    if (scheme->signed_text.count == 0)
        return load_problem(load, node, "needs signed: the text that is signed");
    if (secret != scheme->kind->takes_secret)
        return load_problem(
            load, node,
            "{{secret}} must be in the signed text of kind hash, and is allowed only there");
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
                                           .sentence = "The signature scheme of a sender.",
                                           .rows = scheme_rows,
                                           .row_count = ROW_COUNT(scheme_rows),
                                           .size = sizeof(struct scheme),
                                           .finish = scheme_finish};
