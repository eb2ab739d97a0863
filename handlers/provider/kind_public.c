/* ECDSA, RSA (PKCS #1) and RSA-PSS over a digest of the text that the scheme describes, checked
 * with each of the public keys. They differ in one argument (an enum public_scheme, which is the
 * kind's variant), so they share a file. */
#include "base/private_key.h"
#include "handlers/provider/sign_text.h"
#include "handlers/provider/signature_digest.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signed_text.h"

static enum public_scheme variant_of(const struct scheme *scheme)
{
    return (enum public_scheme)scheme->kind->variant;
}

static bool verify(const struct scheme *scheme, struct bytes key, struct bytes digest,
                   struct bytes signature)
{
    return public_key_verify_hash(key, variant_of(scheme), (enum hash_kind)scheme->hash, digest,
                                  signature);
}

static const struct digest_method method = {.verify = verify};

static struct verdict public_head(struct signature_state *state)
{
    return digest_head(state, &method);
}

static struct verdict public_body(struct signature_state *state)
{
    return digest_body(state, &method);
}

static int public_kind(const struct signature_plan *plan)
{
    return variant_of(plan->scheme) == PUBLIC_ECDSA ? PUBLIC_KEY_ECDSA : PUBLIC_KEY_RSA;
}

static bool compute(struct signing *signing, struct bytes text, struct buffer *mark,
                    struct error *err)
{
    const struct scheme *scheme = signing->plan->scheme;
    return private_key_sign(signing->private_key, variant_of(scheme), (enum hash_kind)scheme->hash,
                            text, mark, err);
}

static bool public_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    return sign_text(signing, source, compute, err);
}

#define PUBLIC_KIND(title_, variant_)                                                              \
    {                                                                                              \
        .title = title_, .variant = variant_, .takes_text = true, .takes_hash = true,              \
        .takes_signature = true, .takes_each = true, .weak_sha1 = true, .keys = KEYS_PUBLIC,       \
        .public_kind = public_kind, .head = public_head, .body = public_body,                      \
        .identity = signed_text_identity, .explain = signed_text_explain, .sign = public_sign      \
    }

const struct signature_kind ecdsa_kind = PUBLIC_KIND("ECDSA", PUBLIC_ECDSA);
const struct signature_kind rsa_kind = PUBLIC_KIND("RSA", PUBLIC_RSA_PKCS1);
const struct signature_kind rsa_pss_kind = PUBLIC_KIND("RSA-PSS", PUBLIC_RSA_PSS);
