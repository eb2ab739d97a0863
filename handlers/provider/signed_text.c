/* The text that is signed is kept apart from its signature: a repeated message is recognized by a
 * digest of the text, never of the signature, because a text may have several valid signatures. The
 * secret of a plain digest is not part of it. */
#include "handlers/provider/signed_text.h"

struct verdict signed_text_outcome(enum signed_outcome outcome)
{
    static const char *const reasons[] = {
        [SIGNED_MISSING] = "a value that is signed is missing",
        [SIGNED_REPEATED] = "a value that is signed is there more than once",
        [SIGNED_MALFORMED] = "a value that is signed is not well formed"};
    return outcome == SIGNED_FOUND ? GO_ON : signature_refuse(reasons[outcome]);
}

static bool put_hash(void *context, struct bytes piece)
{
    return hash_feed(context, piece);
}

static bool put_buffer(void *context, struct bytes piece)
{
    return buffer_append_bytes(context, piece);
}

static bool render(struct signature_state *state, bool (*put)(void *context, struct bytes piece),
                   void *context)
{
    state->source.secret = bytes_of_text("<secret>");
    return signed_template_render(state->signed_text, 0, state->signed_text->count, &state->source,
                                  put, context) == SIGNED_FOUND;
}

bool signed_text_identity(struct signature_state *state, struct hash_stream *hash)
{
    bool each = state->plan->scheme->each.kind != SIGNED_ABSENT;
    return each ? hash_feed(hash, state->request->body) : render(state, put_hash, hash);
}

bool signed_text_explain(struct signature_state *state, struct buffer *out)
{
    if (state->source.url.length == 0)
        state->source.url = state->urls[0];
    return render(state, put_buffer, out);
}

bool signed_message_identity(struct signature_state *state, struct hash_stream *hash)
{
    return hash_feed(hash, buffer_bytes(&state->message));
}

bool signed_message_explain(struct signature_state *state, struct buffer *out)
{
    return state->message.length && buffer_append_bytes(out, buffer_bytes(&state->message));
}
