/* Signing for the kinds that are code. Their checkers are asked for the text: a message that lacks
 * nothing but its signature is put before them as it will be received, so that there is one way of
 * building what is signed and not two. */
#include "base/encoding.h"
#include "base/json_text.h"
#include "base/private_key.h"
#include "handlers/provider/sign.h"

enum { ASKED_HEADERS = SIGN_HEADERS_MAX + 2, TEXT_MAX = 16 * 1024 };

/* The message as the receiver will see it. */
struct asked {
    struct request request;
    struct header headers[ASKED_HEADERS];
    struct signature_state state;
};

static void ask_header(struct asked *asked, const char *name, struct bytes value)
{
    asked->headers[asked->request.header_count++] =
        (struct header){.name = bytes_of_text(name), .value = value};
}

/* Path and query out of the URL, its host as the header that `send` writes. */
static bool ask_url(struct signing *signing, struct asked *asked)
{
    struct url_parts parts = url_parts_of(signing->url);
    if (!parts.scheme.data)
        return false;
    ask_header(asked, "Host", parts.authority);
    asked->request.target = url_parts_target(&parts, signing->request.arena);
    asked->request.query = parts.query;
    asked->request.secure = bytes_equal_text(parts.scheme, "https");
    return asked->request.target.data != NULL;
}

static struct asked *ask(struct signing *signing, struct value_source *source, struct error *err)
{
    struct arena *arena = signing->request.arena;
    struct asked *asked = arena_alloc(arena, sizeof *asked);
    const char *length = arena_format(arena, "%zu", signing->request.body.length);
    if (!asked || !length) {
        error_set(err, "out of memory");
        return NULL;
    }
    asked->request = signing->request;
    asked->request.headers = asked->headers;
    asked->request.header_count = 0;
    asked->state.plan = signing->plan;
    asked->state.request = &asked->request;
    asked->state.source = (struct value_source){.request = &asked->request,
                                                .parameters = signing->plan->parameters,
                                                .time = source->time,
                                                .message_id = source->message_id};
    buffer_init(&asked->state.message, SIZE_MAX / 2);
    for (size_t i = 0; i < signing->header_count; i++)
        asked->headers[asked->request.header_count++] = signing->headers[i];
    ask_header(asked, "Content-Length", bytes_of_text(length));
    if (ask_url(signing, asked))
        return asked;
    error_set(err, "the address is not a URL");
    return NULL;
}

/* ---- Contentful ---- */

bool sign_contentful(struct signing *signing, struct value_source *source, struct error *err)
{
    static const char names[] = "x-contentful-signed-headers,x-contentful-timestamp";
    uint8_t digest[HASH_MAX_SIZE];
    struct asked *asked;
    if (!sign_add_header(signing, "x-contentful-signed-headers", bytes_of_text(names)))
        return error_set(err, "out of memory");
    if (!(asked = ask(signing, source, err)))
        return false;
    struct buffer *text = &asked->state.message;
    bool done = contentful_kind.head(&asked->state).reply == REPLY_NONE &&
                buffer_append_bytes(text, signing->request.body) &&
                hmac_compute(HASH_SHA256, secret_bytes(&signing->plan->keys.items[0]),
                             buffer_bytes(text), digest);
    signature_release(&asked->state);
    return done ? sign_attach(signing, source, bytes_of(digest, hash_size(HASH_SHA256)), err)
                : error_set(err, "the message cannot be signed");
}

/* ---- HTTP message signatures ---- */

static bool add_digest(struct signing *signing)
{
    uint8_t digest[HASH_MAX_SIZE];
    char text[BASE64_SIZE(HASH_MAX_SIZE)];
    if (!hash_compute(HASH_SHA256, signing->request.body, digest))
        return false;
    base64_encode(bytes_of(digest, hash_size(HASH_SHA256)), text);
    const char *value = arena_format(signing->request.arena, "sha-256=:%s:", text);
    return value && sign_add_header(signing, "Content-Digest", bytes_of_text(value));
}

/* `("@method" "content-digest");created=…`: what the route wants to be covered, and no more. */
static bool put_input(struct signing *signing, struct buffer *out)
{
    struct bytes names = signature_components(signing->plan->parameters);
    bool done = buffer_append_text(out, "("), first = true;
    while (done && names.data) {
        struct bytes name = bytes_split(&names, ' ');
        if (!name.length)
            continue;
        done = buffer_printf(out, "%s\"%.*s\"", first ? "" : " ", (int)name.length, name.data);
        first = false;
    }
    return done &&
           buffer_printf(out, ");created=%lld", (long long)(signing->request.now_ms / 1000));
}

static bool private_algorithm(struct signing *signing, enum message_algorithm *algorithm,
                              struct error *err)
{
    struct buffer der;
    buffer_init(&der, TEXT_MAX);
    bool done = private_key_public_der(signing->private_key, &der, err);
    if (done)
        *algorithm = signature_message_algorithm_of(signing->plan, buffer_bytes(&der));
    buffer_finish(&der);
    return done;
}

static bool shared_mark(struct signing *signing, struct bytes text, struct buffer *mark,
                        struct error *err)
{
    struct bytes key = secret_bytes(&signing->plan->keys.items[0]);
    uint8_t digest[HASH_MAX_SIZE];
    if (signature_message_algorithm_of(signing->plan, key) != MESSAGE_HMAC)
        return error_set(err, "a public key signs nothing: name the private one with --key");
    return (hmac_compute(HASH_SHA256, key, text, digest) &&
            buffer_append(mark, digest, hash_size(HASH_SHA256))) ||
           error_set(err, "out of memory");
}

static bool message_mark(struct signing *signing, struct bytes text, struct buffer *mark,
                         struct error *err)
{
    enum message_algorithm algorithm;
    if (!signing->private_key.length)
        return shared_mark(signing, text, mark, err);
    if (!private_algorithm(signing, &algorithm, err))
        return false;
    if (algorithm != MESSAGE_ECDSA)
        return private_key_sign(
            signing->private_key, algorithm == MESSAGE_RSA ? PUBLIC_RSA_PKCS1 : PUBLIC_RSA_PSS,
            algorithm == MESSAGE_RSA_PSS ? HASH_SHA512 : HASH_SHA256, text, mark, err);
    struct buffer der;
    buffer_init(&der, 1024);
    bool done =
        private_key_sign(signing->private_key, PUBLIC_ECDSA, HASH_SHA256, text, &der, err) &&
        ecdsa_signature_to_raw(buffer_bytes(&der), 32, mark);
    buffer_finish(&der);
    return done;
}

static bool add_message_headers(struct signing *signing, struct bytes input, struct bytes mark)
{
    struct arena *arena = signing->request.arena;
    char *text = arena_alloc(arena, BASE64_SIZE(mark.length));
    if (!text)
        return false;
    base64_encode(mark, text);
    const char *named = arena_format(arena, "sig1=%.*s", (int)input.length, input.data);
    const char *signature = arena_format(arena, "sig1=:%s:", text);
    return named && signature &&
           sign_add_header(signing, "Signature-Input", bytes_of_text(named)) &&
           sign_add_header(signing, "Signature", bytes_of_text(signature));
}

bool sign_http_message(struct signing *signing, struct value_source *source, struct error *err)
{
    struct buffer input, mark;
    struct asked *asked;
    if (!add_digest(signing))
        return error_set(err, "out of memory");
    if (!(asked = ask(signing, source, err)))
        return false;
    buffer_init(&input, TEXT_MAX);
    buffer_init(&mark, TEXT_MAX);
    bool done = put_input(signing, &input);
    const char *problem =
        done ? signature_message_base(&asked->state, buffer_bytes(&input)) : "out of memory";
    done = problem ? error_set(err, "%s", problem)
                   : message_mark(signing, buffer_bytes(&asked->state.message), &mark, err) &&
                         (add_message_headers(signing, buffer_bytes(&input), buffer_bytes(&mark)) ||
                          error_set(err, "out of memory"));
    signature_release(&asked->state);
    buffer_finish(&mark);
    buffer_finish(&input);
    return done;
}

/* ---- Amazon SNS ---- */

static bool put_member(struct buffer *out, const char *name, struct bytes value)
{
    return buffer_printf(out, "%s\"%s\":\"", out->length ? "," : "{", name) &&
           json_escape(out, value) && buffer_append_text(out, "\"");
}

/* A notification whose message is the payload, and whose subject the event, if one is named. */
static bool put_notification(struct signing *signing, const struct value_source *source,
                             struct bytes message, const char *mark, struct buffer *out)
{
    struct bytes topics = bytes_of_text(value_parameter(signing->plan->parameters, "topic"));
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

static bool sns_mark(struct signing *signing, struct value_source *source, struct buffer *mark,
                     struct error *err)
{
    struct asked *asked = ask(signing, source, err);
    if (!asked)
        return false;
    bool done =
        signature_sns_text(&asked->state)
            ? private_key_sign(signing->private_key, PUBLIC_RSA_PKCS1, HASH_SHA256,
                               buffer_bytes(&asked->state.message), mark, err)
            : error_set(err, "the payload or the event holds what SNS cannot sign for certain");
    signature_release(&asked->state);
    return done;
}

bool sign_sns(struct signing *signing, struct value_source *source, struct error *err)
{
    struct arena *arena = signing->request.arena;
    struct bytes given = signing->body_given ? signing->request.body : bytes_of_text("{}");
    const char *message = arena_copy_bytes(arena, given);
    struct bytes payload = bytes_of(message, given.length);
    struct buffer mark;
    char *text = NULL;
    buffer_init(&mark, TEXT_MAX);
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
