/* A plain digest of a text that contains the secret; some senders use it instead of an HMAC. */
#include "handlers/provider/sign_text.h"
#include "handlers/provider/signature_digest.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signed_text.h"

static bool open_stream(struct signature_stream *stream, const struct scheme *scheme,
                        struct bytes key)
{
    (void)key; /* is part of the text */
    stream->hash = hash_create((enum hash_kind)scheme->hash);
    return stream->hash != NULL;
}

static const struct digest_method method = {.open = open_stream};

static struct verdict hash_head(struct signature_state *state)
{
    return digest_head(state, &method);
}

static struct verdict hash_body(struct signature_state *state)
{
    return digest_body(state, &method);
}

static bool compute(struct signing *signing, struct bytes text, struct buffer *mark,
                    struct error *err)
{
    enum hash_kind hash = (enum hash_kind)signing->plan->scheme->hash;
    uint8_t digest[HASH_MAX_SIZE];
    return (hash_compute(hash, text, digest) && buffer_append(mark, digest, hash_size(hash))) ||
           error_set(err, "out of memory");
}

static bool hash_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    return sign_text(signing, source, compute, err);
}

const struct signature_kind hash_kind = {
    .title = "keyed digest",
    .takes_text = true,
    .takes_secret = true,
    .takes_hash = true,
    .takes_signature = true,
    .takes_each = true,
    .keys = KEYS_SHARED,
    .head = hash_head,
    .body = hash_body,
    .identity = signed_text_identity,
    .explain = signed_text_explain,
    .sign = hash_sign,
};
