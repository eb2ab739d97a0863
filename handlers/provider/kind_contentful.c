/* Contentful signs method, path, a list of headers that the message itself names, and the body. The
 * list has to name the time and itself, or it would prove neither. The query goes in escaped twice,
 * as the sender's own code does it. */
#include "base/encoding.h"
#include "handlers/provider/sign_preview.h"
#include "handlers/provider/sign_text.h"
#include "handlers/provider/sign_values.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signature_url.h"
#include "handlers/provider/signed_text.h"

enum { HEADERS_MAX = 64, TEXT_MAX = 64 * 1024 };

static const char list_header[] = "x-contentful-signed-headers";
static const char time_header[] = "x-contentful-timestamp";

static bool put_path(struct buffer *out, const struct request *request)
{
    static const char query_kept[] = "-_.!~*'()", uri_kept[] = "-_.!~*'();,/?:@&=+$#";
    struct url_parts url = signature_url_split(request);
    struct buffer once;
    buffer_init(&once, TEXT_MAX);
    bool done =
        percent_encode(&once, url.query, query_kept) && percent_encode(out, url.path, uri_kept) &&
        (once.length == 0 ||
         (buffer_append(out, "?", 1) && percent_encode(out, buffer_bytes(&once), uri_kept)));
    buffer_finish(&once);
    return done;
}

/* One "name:value" of the list; headers are single, or the message is refused. */
static bool put_header(struct signature_state *state, struct buffer *out, struct bytes name)
{
    const char *text = arena_copy_bytes(state->request->arena, name);
    size_t count;
    if (!text || name.length == 0)
        return false;
    struct bytes value = request_header(state->request, text, &count);
    if (count != 1 || (value.length && memchr(value.data, ';', value.length) &&
                       !bytes_equal_text(name, "content-type")))
        return false;
    return buffer_append_bytes(out, name) && buffer_append(out, ":", 1) &&
           buffer_append_bytes(out, value);
}

/* The names in the order of bytes, each once, as the sender sorts them. */
static bool put_headers(struct signature_state *state, struct buffer *out, struct bytes list)
{
    struct bytes last = {0};
    bool has_list = false, has_time = false;
    size_t count = 0;
    while (list.data) {
        struct bytes name = bytes_split(&list, ',');
        size_t shorter = name.length < last.length ? name.length : last.length;
        int order = count ? memcmp(last.data, name.data, shorter) : -1;
        if (order > 0 || (order == 0 && last.length >= name.length) || ++count > HEADERS_MAX)
            return false;
        has_list |= bytes_equal_text(name, list_header);
        has_time |= bytes_equal_text(name, time_header);
        if ((count > 1 && !buffer_append(out, ";", 1)) || !put_header(state, out, name))
            return false;
        last = name;
    }
    return has_list && has_time;
}

static bool build(struct signature_state *state, struct buffer *out, struct bytes list)
{
    const struct request *request = state->request;
    return buffer_append_bytes(out, request->method) && buffer_append(out, "\n", 1) &&
           put_path(out, request) && buffer_append(out, "\n", 1) && put_headers(state, out, list) &&
           buffer_append(out, "\n", 1);
}

/* The text before the body goes into a stream for each key; the body follows as it arrives. */
static struct verdict contentful_head(struct signature_state *state)
{
    const struct secret_list *keys = &state->plan->keys;
    size_t count;
    struct bytes list = request_header(state->request, list_header, &count);
    if (count != 1)
        return signature_refuse("the list of signed headers is missing");
    if (!build(state, &state->message, list))
        return signature_refuse("the list of signed headers is not well formed");
    for (size_t i = 0; i < keys->count; i++) {
        state->streams[i].hmac = hmac_create(HASH_SHA256, secret_bytes(&keys->items[i]));
        if (!state->streams[i].hmac ||
            !hmac_feed(state->streams[i].hmac, buffer_bytes(&state->message)))
            return verdict_refuse(REPLY_MEMORY_FULL, "no memory for a digest");
        state->stream_count++;
    }
    state->body_part = 0;
    return GO_ON;
}

static struct verdict contentful_body(struct signature_state *state)
{
    uint8_t digest[HASH_MAX_SIZE];
    bool matched = false;
    for (size_t i = 0; i < state->stream_count; i++) {
        hmac_destroy(state->streams[i].hmac, digest);
        state->streams[i].hmac = NULL;
        if (digest_equal(bytes_of(digest, hash_size(HASH_SHA256)), state->found[0]) && !matched) {
            matched = true;
            state->matched = i;
        }
    }
    return matched ? GO_ON : signature_refuse("the signature does not match");
}

/* ---- send ---- */

static bool contentful_sign(struct signing *signing, struct signed_source *source,
                            struct error *err)
{
    static const char names[] = "x-contentful-signed-headers,x-contentful-timestamp";
    uint8_t digest[HASH_MAX_SIZE];
    struct sign_preview *preview;
    if (!sign_add_header(signing, "x-contentful-signed-headers", bytes_of_text(names)))
        return error_set(err, "out of memory");
    if (!(preview = sign_preview(signing, source, err)))
        return false;
    struct buffer *text = &preview->state.message;
    bool done = contentful_head(&preview->state).reply == REPLY_NONE &&
                buffer_append_bytes(text, signing->request.body) &&
                hmac_compute(HASH_SHA256, secret_bytes(&signing->plan->keys.items[0]),
                             buffer_bytes(text), digest);
    sign_preview_finish(preview);
    return done ? sign_attach(signing, source, bytes_of(digest, hash_size(HASH_SHA256)), err)
                : error_set(err, "the message cannot be signed");
}

static bool contentful_signs_body(const struct scheme *scheme)
{
    (void)scheme;
    return true;
}

/* The body follows the text, and was fed as it came. */
static bool contentful_identity(struct signature_state *state, struct hash_stream *hash)
{
    return signed_message_identity(state, hash) && hash_feed(hash, state->request->body);
}

const struct signature_kind contentful_kind = {
    .title = "HMAC (Contentful)",
    .signed_part = "method, path, listed headers, body",
    .keys = KEYS_SHARED,
    .head = contentful_head,
    .body = contentful_body,
    .signs_body = contentful_signs_body,
    .identity = contentful_identity,
    .explain = signed_message_explain,
    .sign = contentful_sign,
};
