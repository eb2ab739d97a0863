/* Amazon SNS: RSA over the names and values of a fixed list of members, a line each. The
 * certificate is pinned; the address that the message gives for it is never opened, but has to be
 * one of Amazon's, as its own validator demands.
 *
 * The names stand in the text like values, so the text can be read in one way only if every member
 * of the list is there and none but the first, Message, has lines of its own: then it is taken
 * apart from its end. All of Amazon's customers share its certificates: which topic a message is of
 * is for the route to say. */
#include "base/encoding.h"
#include "base/json_text.h"
#include "base/private_key.h"
#include "handlers/provider/sign_preview.h"
#include "handlers/provider/signature_extract.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signed_text.h"

enum { MARK_MAX = 16 * 1024 };

struct member {
    const char *name;
    bool optional;
};

static const struct member notification_members[] = {
    {"Message", false},  {"MessageId", false}, {"Subject", true}, {"Timestamp", false},
    {"TopicArn", false}, {"Type", false},      {NULL, false}};
static const struct member subscription_members[] = {
    {"Message", false}, {"MessageId", false}, {"SubscribeURL", false}, {"Timestamp", false},
    {"Token", false},   {"TopicArn", false},  {"Type", false},         {NULL, false}};

static const struct {
    const char *type;
    const struct member *members;
} types[] = {{"Notification", notification_members},
             {"SubscriptionConfirmation", subscription_members},
             {"UnsubscribeConfirmation", subscription_members}};

/* A string of the message; null is as good as nothing, anything else is none of SNS's. */
static enum signed_outcome find_member(struct signature_state *state, const char *name,
                                       struct bytes *text)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(name)};
    struct json_path path = {.steps = &step, .count = 1};
    struct bytes json, raw;
    if (!signed_source_json(&state->source, &json))
        return SIGNED_MALFORMED;
    if (!signed_source_find(&state->source, json, &path, &raw) || bytes_equal_text(raw, "null"))
        return SIGNED_MISSING;
    return raw.data[0] == '"' && json_scalar_text(raw, state->request->arena, text)
               ? SIGNED_FOUND
               : SIGNED_MALFORMED;
}

static bool member(struct signature_state *state, const char *name, struct bytes *text)
{
    return find_member(state, name, text) == SIGNED_FOUND;
}

static bool host_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* https://sns.REGION.amazonaws.com/….pem, or .com.cn */
static bool certificate_url_good(struct bytes url)
{
    static const char start[] = "https://sns.", end[] = ".pem";
    size_t region = 0;
    if (!bytes_starts_with(url, bytes_of_text(start)) || url.length < sizeof start + sizeof end ||
        memcmp(url.data + url.length - (sizeof end - 1), end, sizeof end - 1) != 0)
        return false;
    url = bytes_from(url, sizeof start - 1);
    while (region < url.length && host_byte(url.data[region]))
        region++;
    url = bytes_from(url, region);
    return region >= 3 && (bytes_starts_with(url, bytes_of_text(".amazonaws.com/")) ||
                           bytes_starts_with(url, bytes_of_text(".amazonaws.com.cn/")));
}

static const struct member *members_of(struct bytes type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (bytes_equal_text(type, types[i].type))
            return types[i].members;
    }
    return NULL;
}

/* Whether what follows the value in the text cannot be taken for a part of it. */
static bool ends_for_certain(const struct member *of, struct bytes value)
{
    static const char next[] = "\nMessageId\n";
    if (value.length == 0)
        return true;
    return strcmp(of->name, "Message") == 0
               ? memmem(value.data, value.length, next, sizeof next - 1) == NULL
               : memchr(value.data, '\n', value.length) == NULL;
}

/* The text is small in practice, but as long as the message: it is built on the heap. */
static struct verdict build_text(struct signature_state *state, const struct member *members)
{
    struct buffer *out = &state->message;
    struct bytes value;
    for (; members->name; members++) {
        enum signed_outcome outcome = find_member(state, members->name, &value);
        if (outcome == SIGNED_MISSING && members->optional)
            continue;
        if (outcome != SIGNED_FOUND)
            return signature_refuse("a member that is signed is missing or not a string");
        if (!ends_for_certain(members, value))
            return signature_refuse("a member that is signed holds what follows it");
        if (!buffer_append_text(out, members->name) || !buffer_append(out, "\n", 1) ||
            !buffer_append_bytes(out, value) || !buffer_append(out, "\n", 1))
            return verdict_refuse(REPLY_MEMORY_FULL, "no room for the signed text");
    }
    return GO_ON;
}

/* Whether the message is of one of the topics that stand beside the provider's name, if any do. */
static bool topic_is_ours(struct signature_state *state)
{
    struct bytes arn, rest = bytes_of_text(signed_parameter(state->plan->parameters, "topic"));
    if (!rest.length)
        return true;
    if (!member(state, "TopicArn", &arn))
        return false;
    while (rest.data) {
        if (bytes_equal(bytes_split(&rest, ' '), arn))
            return true;
    }
    return false;
}

static struct verdict compare(struct signature_state *state, enum hash_kind hash, struct bytes mark)
{
    uint8_t digest[HASH_MAX_SIZE];
    if (!hash_compute(hash, buffer_bytes(&state->message), digest))
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for a digest");
    for (size_t i = 0; i < state->plan->keys.count; i++) {
        if (public_key_verify_hash(secret_bytes(&state->plan->keys.items[i]), PUBLIC_RSA_PKCS1,
                                   hash, bytes_of(digest, hash_size(hash)), mark) &&
            signature_key_counts(state, i)) {
            state->matched = i;
            return GO_ON;
        }
    }
    return signature_refuse(signature_mismatch(state));
}

static struct verdict sns_body(struct signature_state *state)
{
    struct bytes type, version, url, text, mark;
    if (!member(state, "Type", &type) || !member(state, "SignatureVersion", &version) ||
        !member(state, "SigningCertURL", &url) || !member(state, "Signature", &text))
        return signature_refuse("the message is not an SNS message");
    const struct member *members = members_of(type);
    bool first = bytes_equal_text(version, "1");
    if (!members || (!first && !bytes_equal_text(version, "2")))
        return signature_refuse("the type or the version of the message is not known");
    if (!certificate_url_good(url))
        return signature_refuse("the URL of the certificate is not Amazon's");
    if (!signature_decode(text, ENCODING_BASE64, state->request->arena, &mark))
        return signature_refuse("the signature is not well formed");
    if (!topic_is_ours(state))
        return signature_refuse("the message is of another topic");
    struct verdict verdict = build_text(state, members);
    return verdict.reply == REPLY_NONE ? compare(state, first ? HASH_SHA1 : HASH_SHA256, mark)
                                       : verdict;
}

/* ---- send ---- */

static bool put_member(struct buffer *out, const char *name, struct bytes value)
{
    return buffer_printf(out, "%s\"%s\":\"", out->length ? "," : "{", name) &&
           json_escape(out, value) && buffer_append_text(out, "\"");
}

/* A notification whose message is the payload, and whose subject the event, if one is named. */
static bool put_notification(struct signing *signing, const struct signed_source *source,
                             struct bytes message, const char *mark, struct buffer *out)
{
    struct bytes topics = bytes_of_text(signed_parameter(signing->plan->parameters, "topic"));
    struct bytes topic = bytes_split(&topics, ' ');
    if (!topic.length)
        topic = bytes_of_text("arn:aws:sns:us-east-1:000000000000:test");
    return put_member(out, "Type", bytes_of_text("Notification")) &&
           put_member(out, "MessageId", source->message_id) && put_member(out, "TopicArn", topic) &&
           (!signing->event.length || put_member(out, "Subject", signing->event)) &&
           put_member(out, "Message", message) && put_member(out, "Timestamp", source->time) &&
           put_member(out, "SignatureVersion", bytes_of_text("2")) &&
           put_member(out, "Signature", bytes_of_text(mark)) &&
           put_member(out, "SigningCertURL",
                      bytes_of_text("https://sns.us-east-1.amazonaws.com/test.pem")) &&
           buffer_append_text(out, "}");
}

static bool sns_mark(struct signing *signing, struct signed_source *source, struct buffer *mark,
                     struct error *err)
{
    struct sign_preview *preview = sign_preview(signing, source, err);
    if (!preview)
        return false;
    bool done =
        build_text(&preview->state, notification_members).reply == REPLY_NONE
            ? private_key_sign(signing->private_key, PUBLIC_RSA_PKCS1, HASH_SHA256,
                               buffer_bytes(&preview->state.message), mark, err)
            : error_set(
                  err,
                  "the payload or the event holds characters that SNS cannot sign unambiguously");
    sign_preview_finish(preview);
    return done;
}

static bool sns_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    struct arena *arena = signing->request.arena;
    struct bytes given = signing->body_given ? signing->request.body : bytes_of_text("{}");
    const char *message = arena_copy_bytes(arena, given);
    struct bytes payload = bytes_of(message, given.length);
    struct buffer mark;
    char *text = NULL;
    buffer_init(&mark, MARK_MAX);
    buffer_consume(&signing->body, signing->body.length);
    bool done = (message && put_notification(signing, source, payload, "", &signing->body)) ||
                error_set(err, "out of memory");
    signing->request.body = buffer_bytes(&signing->body);
    done =
        done && sns_mark(signing, source, &mark, err) &&
        ((text = arena_alloc(arena, BASE64_SIZE(mark.length))) || error_set(err, "out of memory"));
    if (done) {
        base64_encode(buffer_bytes(&mark), text);
        buffer_consume(&signing->body, signing->body.length);
        done = put_notification(signing, source, payload, text, &signing->body) ||
               error_set(err, "out of memory");
        signing->request.body = buffer_bytes(&signing->body);
    }
    buffer_finish(&mark);
    return done;
}

/* ---- the kind ---- */

static bool sns_check(struct load *load, const struct node *node, const struct scheme *scheme)
{
    return scheme->weak_hash_accepted ||
           load_problem(load, node, "sns needs weak_hash: true; its version 1 signs with SHA-1");
}

static int sns_public_kind(const struct signature_plan *plan)
{
    (void)plan;
    return PUBLIC_KEY_RSA;
}

static bool sns_signs_body(const struct scheme *scheme)
{
    (void)scheme;
    return true;
}

static bool takes_any_topic(const struct signature_plan *plan)
{
    return !signed_parameter(plan->parameters, "topic");
}

static const struct signature_warning warnings[] = {
    {.holds = takes_any_topic,
     .text = "accepts messages of every topic of every customer of Amazon: write {name: aws-sns, "
             "topic: ARN}"},
    {.text = NULL},
};

const struct signature_kind sns_kind = {
    .title = "RSA (SNS)",
    .signed_part = "members of the message by name",
    .weak_sha1 = true,
    .check = sns_check,
    .keys = KEYS_PUBLIC,
    .public_kind = sns_public_kind,
    .body = sns_body,
    .signs_body = sns_signs_body,
    .identity = signed_message_identity,
    .explain = signed_message_explain,
    .warnings = warnings,
    .sign = sns_sign,
};
