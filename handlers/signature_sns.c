/* Amazon SNS: RSA over the names and values of those of a fixed list of members that are there. The
 * certificate is pinned; the address that the message gives for it is never opened, but has to be
 * one of Amazon's, as its own validator demands. */
#include "handlers/signature.h"

#include "base/public_key.h"

static const char *const notification_members[] = {"Message",  "MessageId", "Subject", "Timestamp",
                                                   "TopicArn", "Type",      NULL};
static const char *const subscription_members[] = {
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type", NULL};

static const struct {
    const char *type;
    const char *const *members;
} types[] = {{"Notification", notification_members},
             {"SubscriptionConfirmation", subscription_members},
             {"UnsubscribeConfirmation", subscription_members}};

static bool member(struct signature_state *state, const char *name, struct bytes *text)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(name)};
    struct value_ref ref = {.kind = VALUE_PAYLOAD, .path = {.steps = &step, .count = 1}};
    return value_get(&state->source, &ref, text) == VALUE_FOUND;
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

static const char *const *members_of(struct bytes type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (bytes_equal_text(type, types[i].type))
            return types[i].members;
    }
    return NULL;
}

/* The text is small in practice, but as long as the message: it is built on the heap. */
static bool build_text(struct signature_state *state, const char *const *members)
{
    struct bytes value;
    for (; *members; members++) {
        if (!member(state, *members, &value))
            continue;
        if (!buffer_append_text(&state->message, *members) ||
            !buffer_append(&state->message, "\n", 1) ||
            !buffer_append_bytes(&state->message, value) ||
            !buffer_append(&state->message, "\n", 1))
            return false;
    }
    return true;
}

static struct verdict compare(struct signature_state *state, enum hash_kind hash, struct bytes mark)
{
    uint8_t digest[HASH_MAX_SIZE];
    if (!hash_compute(hash, buffer_bytes(&state->message), digest))
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for a digest");
    for (size_t i = 0; i < state->plan->keys.count; i++) {
        if (public_key_verify_hash(secret_bytes(&state->plan->keys.items[i]), PUBLIC_RSA_PKCS1,
                                   hash, bytes_of(digest, hash_size(hash)), mark)) {
            state->matched = i;
            return verdict_go_on();
        }
    }
    return signature_refuse("the signature does not match");
}

static struct verdict sns_body(struct signature_state *state)
{
    struct bytes type, version, url, text, mark;
    if (!member(state, "Type", &type) || !member(state, "SignatureVersion", &version) ||
        !member(state, "SigningCertURL", &url) || !member(state, "Signature", &text))
        return signature_refuse("the message is not one of SNS");
    const char *const *members = members_of(type);
    bool first = bytes_equal_text(version, "1");
    if (!members || (!first && !bytes_equal_text(version, "2")))
        return signature_refuse("the message is of a type or version that is not known");
    if (!certificate_url_good(url))
        return signature_refuse("the certificate's address is not Amazon's");
    if (!signature_decode(text, ENCODING_BASE64, state->request->arena, &mark))
        return signature_refuse("the signature is not well formed");
    if (!build_text(state, members))
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the signed text");
    return compare(state, first ? HASH_SHA1 : HASH_SHA256, mark);
}

const struct signature_kind sns_kind = {.body = sns_body};
