/* An HMAC (RFC 2104) over the text that the scheme describes, under one of the shared keys. */
#include "handlers/provider/sign_text.h"
#include "handlers/provider/signature_digest.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signed_text.h"

static bool open_stream(struct signature_stream *stream, const struct scheme *scheme,
                        struct bytes key)
{
    stream->hmac = hmac_create((enum hash_kind)scheme->hash, key);
    return stream->hmac != NULL;
}

static const struct digest_method method = {.open = open_stream};

static struct verdict hmac_head(struct signature_state *state)
{
    return digest_head(state, &method);
}

static struct verdict hmac_body(struct signature_state *state)
{
    return digest_body(state, &method);
}

static bool compute(struct signing *signing, struct bytes text, struct buffer *mark,
                    struct error *err)
{
    enum hash_kind hash = (enum hash_kind)signing->plan->scheme->hash;
    uint8_t digest[HASH_MAX_SIZE];
    return (hmac_compute(hash, secret_bytes(&signing->plan->keys.items[0]), text, digest) &&
            buffer_append(mark, digest, hash_size(hash))) ||
           error_set(err, "out of memory");
}

static bool hmac_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    return sign_text(signing, source, compute, err);
}

const struct signature_kind hmac_kind = {
    .title = "HMAC",
    .takes_text = true,
    .takes_hash = true,
    .takes_signature = true,
    .takes_each = true,
    .keys = KEYS_SHARED,
    .head = hmac_head,
    .body = hmac_body,
    .identity = signed_text_identity,
    .explain = signed_text_explain,
    .sign = hmac_sign,
};
