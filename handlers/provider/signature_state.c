/* The memory of a signature state, refusals, and expired keys: what all kinds share. */
#include "handlers/provider/signature_state.h"

void signature_stream_close(struct signature_stream *stream, uint8_t *out)
{
    hmac_destroy(stream->hmac, out);
    hash_destroy(stream->hash, out);
    *stream = (struct signature_stream){0};
}

void signature_state_finish(struct signature_state *state)
{
    for (size_t i = 0; i < SIGNATURE_KEYS_MAX * SIGNATURE_URLS; i++)
        signature_stream_close(&state->streams[i], NULL);
    signed_source_finish(&state->source);
    buffer_finish(&state->message);
}

struct verdict signature_refuse(const char *reason)
{
    return verdict_refuse(REPLY_UNAUTHENTICATED, reason);
}

bool signature_key_counts(struct signature_state *state, size_t key)
{
    int64_t ends_ms = state->plan->key_infos[key].ends_ms;
    bool ended = ends_ms && state->request->now_ms >= ends_ms;
    state->key_ended |= ended;
    return !ended;
}

const char *signature_mismatch(const struct signature_state *state)
{
    return state->key_ended ? "the key of the signature has expired"
                            : "the signature does not match";
}
