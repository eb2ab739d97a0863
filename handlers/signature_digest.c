/* Digests, one for each key and form of the URL, all under way at once: which of them will match is
 * not known before the end, and how long it takes must not tell. */
#include "handlers/signature.h"

#include "base/public_key.h"
#include "handlers/credentials.h"

#include <stdlib.h>

static bool kind_is_keyed(int kind)
{
    return kind == SCHEME_HMAC || kind == SCHEME_HASH;
}

static bool stream_open(struct signature_stream *stream, const struct scheme *scheme,
                        struct bytes key)
{
    if (scheme->kind == SCHEME_HMAC)
        stream->hmac = hmac_create((enum hash_kind)scheme->hash, key);
    else
        stream->hash = hash_create((enum hash_kind)scheme->hash);
    return stream->hmac || stream->hash;
}

static bool stream_feed(void *context, struct bytes piece)
{
    struct signature_stream *stream = context;
    return stream->hmac ? hmac_feed(stream->hmac, piece) : hash_feed(stream->hash, piece);
}

static void stream_close(struct signature_stream *stream, uint8_t *out)
{
    hmac_destroy(stream->hmac, out);
    hash_destroy(stream->hash, out);
    *stream = (struct signature_stream){0};
}

static bool message_feed(void *context, struct bytes piece)
{
    return buffer_append_bytes(context, piece);
}

static struct verdict outcome_verdict(enum value_outcome outcome)
{
    static const char *const reasons[] = {
        [VALUE_MISSING] = "a value that is signed is missing",
        [VALUE_REPEATED] = "a value that is signed is there more than once",
        [VALUE_MALFORMED] = "a value that is signed is not well formed"};
    return outcome == VALUE_FOUND ? verdict_go_on() : signature_refuse(reasons[outcome]);
}

/* Parts [from, to) of the text into stream `i`, with the key and the URL that are its own. */
static struct verdict render_part(struct signature_state *state, size_t i, size_t from, size_t to)
{
    const struct secret_list *keys = &state->plan->keys;
    size_t key = i / state->url_count;
    state->source.url = state->urls[i % state->url_count];
    state->source.secret = state->plan->scheme->kind == SCHEME_HASH
                               ? secret_bytes(&keys->items[key])
                               : bytes_of(NULL, 0);
    return outcome_verdict(template_render(state->signed_text, from, to, &state->source,
                                           stream_feed, &state->streams[i]));
}

struct verdict signature_open(struct signature_state *state)
{
    const struct scheme *scheme = state->plan->scheme;
    const struct secret_list *keys = &state->plan->keys;
    size_t to = state->body_part == SIZE_MAX ? state->signed_text->count : state->body_part;
    state->stream_count = (kind_is_keyed(scheme->kind) ? keys->count : 1) * state->url_count;
    struct verdict verdict = verdict_go_on();
    for (size_t i = 0; i < state->stream_count && verdict.reply == REPLY_NONE; i++) {
        if (!stream_open(
                &state->streams[i], scheme,
                secret_bytes(&keys->items[kind_is_keyed(scheme->kind) ? i / state->url_count : 0])))
            return verdict_refuse(REPLY_MEMORY_FULL, "no memory for a digest");
        verdict = render_part(state, i, 0, to);
    }
    return verdict;
}

void signature_feed(struct signature_state *state, struct bytes piece)
{
    if (state->body_part == SIZE_MAX)
        return;
    for (size_t i = 0; i < state->stream_count; i++)
        stream_feed(&state->streams[i], piece);
}

void signature_release(struct signature_state *state)
{
    for (size_t i = 0; i < SIGNATURE_KEYS_MAX * SIGNATURE_URLS; i++)
        stream_close(&state->streams[i], NULL);
    value_source_finish(&state->source);
    buffer_finish(&state->message);
}

/* ---- the end ---- */

static bool public_matches(struct signature_state *state, struct bytes digest,
                           struct bytes signature, size_t *key)
{
    static const enum public_scheme schemes[] = {[SCHEME_ECDSA] = PUBLIC_ECDSA,
                                                 [SCHEME_RSA] = PUBLIC_RSA_PKCS1,
                                                 [SCHEME_RSA_PSS] = PUBLIC_RSA_PSS};
    const struct scheme *scheme = state->plan->scheme;
    for (size_t i = 0; i < state->plan->keys.count; i++) {
        if (public_key_verify_hash(secret_bytes(&state->plan->keys.items[i]), schemes[scheme->kind],
                                   (enum hash_kind)scheme->hash, digest, signature) &&
            signature_key_counts(state, i)) {
            *key = i;
            return true;
        }
    }
    return false;
}

/* Every signature against the digest of stream `i`, without a hurry to leave. */
static bool stream_matches(struct signature_state *state, size_t i, struct bytes digest,
                           size_t *key)
{
    bool keyed = kind_is_keyed(state->plan->scheme->kind), matched = false;
    for (size_t j = 0; j < state->found_count; j++) {
        if (!keyed)
            matched |= public_matches(state, digest, state->found[j], key);
        else if (digest_equal(digest, state->found[j]))
            matched = true;
    }
    if (keyed && matched)
        *key = i / state->url_count;
    return matched;
}

static struct verdict compare_streams(struct signature_state *state)
{
    uint8_t digest[HASH_MAX_SIZE];
    size_t size = hash_size((enum hash_kind)state->plan->scheme->hash);
    bool matched = false;
    for (size_t i = 0; i < state->stream_count; i++) {
        if (state->body_part != SIZE_MAX) {
            struct verdict verdict =
                render_part(state, i, state->body_part + 1, state->signed_text->count);
            if (verdict.reply != REPLY_NONE)
                return verdict;
        }
        stream_close(&state->streams[i], digest);
        size_t key = 0;
        if (stream_matches(state, i, bytes_of(digest, size), &key) && !matched) {
            matched = true;
            state->matched = key;
            state->source.url = state->urls[i % state->url_count];
        }
    }
    return matched ? verdict_go_on() : signature_refuse(signature_mismatch(state));
}

static struct verdict compare_ed25519(struct signature_state *state)
{
    const struct secret_list *keys = &state->plan->keys;
    state->source.url = state->urls[0];
    struct verdict verdict =
        outcome_verdict(template_render(state->signed_text, 0, state->signed_text->count,
                                        &state->source, message_feed, &state->message));
    if (verdict.reply != REPLY_NONE)
        return verdict;
    for (size_t i = 0; i < keys->count * state->found_count; i++) {
        if (public_key_verify_ed25519(secret_bytes(&keys->items[i % keys->count]),
                                      buffer_bytes(&state->message),
                                      state->found[i / keys->count]) &&
            signature_key_counts(state, i % keys->count)) {
            state->matched = i % keys->count;
            return verdict_go_on();
        }
    }
    return signature_refuse(signature_mismatch(state));
}

/* The header that a token is all of, so that it may begin with a scheme's name. */
static struct bytes token_header(const struct scheme *scheme)
{
    const struct value_list *in = &scheme->signature.in;
    bool whole = scheme->kind == SCHEME_TOKEN && !scheme->signature.prefix && in->count == 1 &&
                 in->items[0].kind == VALUE_HEADER;
    return bytes_of_text(whole ? in->items[0].name : "");
}

static struct verdict compare_tokens(struct signature_state *state)
{
    const struct secret_list *keys = &state->plan->keys;
    struct bytes header = token_header(state->plan->scheme);
    if (state->found_count == 0) /* of this element (`each`) */
        return signature_refuse("the token is missing");
    for (size_t i = 0; i < state->found_count; i++) {
        if (!credentials_match(header, keys, state->found[i], &state->matched))
            return signature_refuse("the token is wrong");
    }
    return verdict_go_on();
}

struct verdict signature_compare(struct signature_state *state)
{
    if (state->plan->scheme->kind == SCHEME_TOKEN || state->plan->scheme->kind == SCHEME_BASIC)
        return compare_tokens(state);
    if (state->plan->scheme->kind == SCHEME_ED25519)
        return compare_ed25519(state);
    return compare_streams(state);
}
