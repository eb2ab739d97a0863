/* Ed25519 (RFC 8032) over the text that the scheme describes: it wants the whole text twice, so
 * nothing is digested as it comes. A public key is often written as its 32 bytes, in hex or base64.
 */
#include "base/private_key.h"
#include "handlers/provider/sign_text.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signed_text.h"

static int ed25519_public_kind(const struct signature_plan *plan)
{
    (void)plan;
    return PUBLIC_KEY_ED25519;
}

static bool ed25519_make_key(uint8_t *key, size_t *length, struct error *err)
{
    uint8_t raw[32];
    if (*length != sizeof raw)
        return error_set(err, "is not an Ed25519 key: it has %zu bytes, not 32", *length);
    memcpy(raw, key, sizeof raw);
    return public_key_from_ed25519(bytes_of(raw, sizeof raw), key, length, err);
}

static bool put_message(void *context, struct bytes piece)
{
    return buffer_append_bytes(context, piece);
}

static struct verdict ed25519_body(struct signature_state *state)
{
    const struct secret_list *keys = &state->plan->keys;
    state->source.url = state->urls[0];
    struct verdict verdict =
        signed_text_outcome(signed_template_render(state->signed_text, 0, state->signed_text->count,
                                                   &state->source, put_message, &state->message));
    if (verdict.reply != REPLY_NONE)
        return verdict;
    for (size_t i = 0; i < keys->count * state->found_count; i++) {
        if (public_key_verify_ed25519(secret_bytes(&keys->items[i % keys->count]),
                                      buffer_bytes(&state->message),
                                      state->found[i / keys->count]) &&
            signature_key_counts(state, i % keys->count)) {
            state->matched = i % keys->count;
            return GO_ON;
        }
    }
    return signature_refuse(signature_mismatch(state));
}

static bool compute(struct signing *signing, struct bytes text, struct buffer *mark,
                    struct error *err)
{
    return private_key_sign(signing->private_key, PUBLIC_ECDSA, HASH_SHA256, text, mark, err);
}

static bool ed25519_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    return sign_text(signing, source, compute, err);
}

static bool ed25519_signs_privately(const struct signature_plan *plan, bool given)
{
    (void)plan, (void)given;
    return true;
}

const struct signature_kind ed25519_kind = {
    .title = "Ed25519",
    .takes_text = true,
    .ignores_hash = true,
    .takes_signature = true,
    .takes_each = true,
    .keys = KEYS_ANY,
    .public_kind = ed25519_public_kind,
    .make_key = ed25519_make_key,
    .body = ed25519_body,
    .identity = signed_text_identity,
    .explain = signed_text_explain,
    .sign = ed25519_sign,
    .signs_privately = ed25519_signs_privately,
    .has_raw_keys = true,
};
