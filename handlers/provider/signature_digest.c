/* Digests, one for each key and form of the URL, all computed in parallel: which of them matches is
 * known only at the end, and the time must not reveal it. */
#include "handlers/provider/signature_digest.h"

#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signed_text.h"

static bool stream_open(struct signature_state *state, const struct digest_method *method,
                        size_t key, struct signature_stream *stream)
{
    const struct signature_plan *plan = state->plan;
    if (method->open)
        return method->open(stream, plan->scheme, secret_bytes(&plan->keys.items[key]));
    stream->hash = hash_create((enum hash_kind)plan->scheme->hash);
    return stream->hash != NULL;
}

static bool stream_feed(void *context, struct bytes piece)
{
    struct signature_stream *stream = context;
    return stream->hmac ? hmac_feed(stream->hmac, piece) : hash_feed(stream->hash, piece);
}

/* ---- the text ---- */

/* Where the body can be digested as it comes: it is there once, and all else is in the head. */
static size_t find_body_part(const struct scheme *scheme, const struct signed_template *text)
{
    size_t at = SIZE_MAX;
    if (scheme->each.kind != SIGNED_ABSENT)
        return SIZE_MAX;
    for (size_t i = 0; i < text->count; i++) {
        const struct signed_ref *ref = &text->parts[i].ref;
        bool from_body =
            signed_needs_body(ref) ||
            (ref->kind == SIGNED_TIME && signed_needs_body(&scheme->time.in)) ||
            (ref->kind == SIGNED_MESSAGE_ID && scheme->message_id.count &&
             signed_needs_body(&scheme->message_id.items[0])) ||
            (ref->kind == SIGNED_SIGNATURE && signed_needs_body(&scheme->signature.in.items[0]));
        if (!from_body)
            continue;
        if (ref->kind != SIGNED_BODY || text->parts[i].filter != FILTER_NONE || at != SIZE_MAX)
            return SIZE_MAX;
        at = i;
    }
    return at;
}

/* Parts [from, to) of the text into stream `i`, with the key and the URL that are its own. */
static struct verdict render_part(struct signature_state *state, size_t i, size_t from, size_t to)
{
    const struct signature_plan *plan = state->plan;
    size_t key = i / state->url_count;
    state->source.url = state->urls[i % state->url_count];
    state->source.secret =
        plan->scheme->kind->takes_secret ? secret_bytes(&plan->keys.items[key]) : bytes_of(NULL, 0);
    return signed_text_outcome(signed_template_render(state->signed_text, from, to, &state->source,
                                                      stream_feed, &state->streams[i]));
}

/* For every key and URL, with what stands before the body. */
static struct verdict open_all(struct signature_state *state, const struct digest_method *method)
{
    size_t to = state->body_part == SIZE_MAX ? state->signed_text->count : state->body_part;
    state->stream_count = (method->open ? state->plan->keys.count : 1) * state->url_count;
    struct verdict verdict = GO_ON;
    for (size_t i = 0; i < state->stream_count && verdict.reply == REPLY_NONE; i++) {
        if (!stream_open(state, method, i / state->url_count, &state->streams[i]))
            return verdict_refuse(REPLY_MEMORY_FULL, "no memory for a digest");
        verdict = render_part(state, i, 0, to);
    }
    return verdict;
}

void digest_feed(struct signature_state *state, struct bytes piece)
{
    if (state->body_part == SIZE_MAX)
        return;
    for (size_t i = 0; i < state->stream_count; i++)
        stream_feed(&state->streams[i], piece);
}

/* ---- the end ---- */

/* Whether one of the public keys has signed the digest, and still counts. */
static bool public_matches(struct signature_state *state, const struct digest_method *method,
                           struct bytes digest, struct bytes signature, size_t *key)
{
    const struct signature_plan *plan = state->plan;
    for (size_t i = 0; i < plan->keys.count; i++) {
        if (method->verify(plan->scheme, secret_bytes(&plan->keys.items[i]), digest, signature) &&
            signature_key_counts(state, i)) {
            *key = i;
            return true;
        }
    }
    return false;
}

/* Every signature against the digest of stream `i`, without a hurry to leave. */
static bool stream_matches(struct signature_state *state, const struct digest_method *method,
                           size_t i, struct bytes digest, size_t *key)
{
    bool matched = false;
    for (size_t j = 0; j < state->found_count; j++) {
        if (!method->open)
            matched |= public_matches(state, method, digest, state->found[j], key);
        else if (digest_equal(digest, state->found[j]))
            matched = true;
    }
    if (method->open && matched)
        *key = i / state->url_count;
    return matched;
}

static struct verdict compare_all(struct signature_state *state, const struct digest_method *method)
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
        signature_stream_close(&state->streams[i], digest);
        size_t key = 0;
        if (stream_matches(state, method, i, bytes_of(digest, size), &key) && !matched) {
            matched = true;
            state->matched = key;
            state->source.url = state->urls[i % state->url_count];
        }
    }
    return matched ? GO_ON : signature_refuse(signature_mismatch(state));
}

/* ---- the two halves ---- */

struct verdict digest_head(struct signature_state *state, const struct digest_method *method)
{
    state->body_part = find_body_part(state->plan->scheme, state->signed_text);
    return state->body_part == SIZE_MAX ? GO_ON : open_all(state, method);
}

struct verdict digest_body(struct signature_state *state, const struct digest_method *method)
{
    struct verdict verdict = state->body_part == SIZE_MAX ? open_all(state, method) : GO_ON;
    return verdict.reply == REPLY_NONE ? compare_all(state, method) : verdict;
}
