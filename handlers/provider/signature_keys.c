/* From `secret:` to keys. What a sender shows as the secret is not always the key: it has a prefix,
 * is base64, or is public keys in one of several wrappings. Whether a key is shared or public is
 * settled by the scheme, before the secret is looked at; only of a message signature (RFC 9421)
 * that does not say its algorithm it is the secret that tells. */
#include "handlers/provider/signature_keys.h"

#include "base/encoding.h"
#include "handlers/provider/signature_kind.h"

#include <assert.h>

static bool secret_is_public(const struct signature_plan *plan, struct bytes secret)
{
    const struct signature_kind *kind = plan->scheme->kind;
    return scheme_key_is_public(plan->scheme) ||
           (kind->secret_is_public && kind->secret_is_public(plan, secret));
}

/* ---- public keys ---- */

static bool add_key(struct signature_plan *plan, struct bytes key, struct signature_key info,
                    struct error *err)
{
    if (plan->keys.count == SIGNATURE_KEYS_MAX)
        return error_set(err, "has more than %d keys", SIGNATURE_KEYS_MAX);
    if (!secret_list_add(&plan->keys, key))
        return error_set(err, "out of memory");
    info.secret = plan->secret_count;
    plan->key_infos[plan->keys.count - 1] = info;
    return true;
}

static bool add_public_key(void *context, const struct public_key *key, struct error *err)
{
    struct signature_plan *plan = context;
    struct bytes der = bytes_of(key->der, key->length);
    assert(plan->scheme->kind->public_kind);
    int wanted = plan->scheme->kind->public_kind(plan);
    enum public_key_kind found;
    if (wanted >= 0 && (!public_key_kind(der, &found) || (int)found != wanted))
        return error_set(err, "is not a key of the scheme's kind");
    struct signature_key info = {.ends_ms = key->ends_ms, .is_certificate = key->is_certificate};
    memcpy(info.id, key->id, sizeof info.id);
    return add_key(plan, der, info, err);
}

/* ---- shared keys, and public keys that are written like them ---- */

static bool decode_text(struct bytes text, uint8_t *out, size_t *length, struct error *err)
{
    if (text.length > SIGNATURE_KEY_MAX)
        return error_set(err, "is too long");
    if (text.length)
        memcpy(out, text.data, text.length);
    *length = text.length;
    return true;
}

static bool decode_hex(struct bytes text, uint8_t *out, size_t *length, struct error *err)
{
    return hex_decode(text, out, SIGNATURE_KEY_MAX, length) || error_set(err, "is not hex");
}

static bool decode_base64(struct bytes text, uint8_t *out, size_t *length, struct error *err)
{
    return base64_decode_liberal(text, out, SIGNATURE_KEY_MAX, length) ||
           error_set(err, "is not base64");
}

/* How the secret is written, the scheme's prefix being taken off it; where it may be written in two
 * ways, that of which `second` says. */
static int encoding_of(const struct signature_plan *plan, bool second, struct bytes *secret)
{
    const struct scheme_key *key = &plan->scheme->key;
    struct bytes strip = bytes_of_text(key->strip);
    bool prefixed = strip.length && bytes_starts_with(*secret, strip);
    if (plan->scheme->kind->key_encoding)
        return plan->scheme->kind->key_encoding(plan);
    if (second)
        return KEY_TEXT;
    if (prefixed)
        *secret = bytes_from(*secret, strip.length);
    if (key->encoding != KEY_PREFIXED && key->encoding != KEY_PREFIXED_OR_TEXT)
        return key->encoding;
    return prefixed ? KEY_BASE64 : KEY_TEXT;
}

static bool hash_key(const struct scheme *scheme, uint8_t *key, size_t *length)
{
    uint8_t digest[HASH_MAX_SIZE];
    enum hash_kind hash = (enum hash_kind)(scheme->key.hash - 1);
    if (!scheme->key.hash)
        return true;
    bool done = hash_compute(hash, bytes_of(key, *length), digest);
    *length = hash_size(hash);
    memcpy(key, digest, *length);
    secret_wipe(digest, sizeof digest);
    return done;
}

/* `out` has room for SIGNATURE_KEY_MAX. */
static bool make_shared(const struct signature_plan *plan, struct bytes secret, bool second,
                        uint8_t *out, size_t *length, struct error *err)
{
    static bool (*const decoders[])(struct bytes text, uint8_t * out, size_t * length,
                                    struct error * err) = {
        [KEY_TEXT] = decode_text, [KEY_HEX] = decode_hex, [KEY_BASE64] = decode_base64};
    const char *inside = public_keys_inside(secret);
    if (inside)
        return error_set(err, "holds %s, which is public; a shared secret is required", inside);
    int encoding = encoding_of(plan, second, &secret);
    if (!decoders[encoding](secret, out, length, err))
        return false;
    if (*length == 0)
        return error_set(err, "is empty");
    if (plan->scheme->kind->make_key)
        return plan->scheme->kind->make_key(out, length, err);
    return hash_key(plan->scheme, out, length) || error_set(err, "cannot be hashed");
}

static bool add_made(struct signature_plan *plan, struct bytes secret, bool second,
                     struct error *err)
{
    uint8_t key[SIGNATURE_KEY_MAX];
    size_t length;
    bool done = make_shared(plan, secret, second, key, &length, err) &&
                add_key(plan, bytes_of(key, length), (struct signature_key){0}, err);
    secret_wipe(key, sizeof key);
    return done;
}

/* Of a secret with the prefix that may be base64 behind it or a text with it, both keys are tried:
 * an old secret may look like base64 by chance. */
static bool add_shared(struct signature_plan *plan, struct bytes secret, struct error *err)
{
    const struct scheme_key *key = &plan->scheme->key;
    bool two = key->encoding == KEY_PREFIXED_OR_TEXT && key->strip &&
               bytes_starts_with(secret, bytes_of_text(key->strip));
    if (!two)
        return add_made(plan, secret, false, err);
    struct error ignored;
    size_t room = SIGNATURE_KEYS_MAX - plan->keys.count;
    bool decoded = room >= 2 && add_made(plan, secret, false, &ignored);
    (void)decoded; /* then it is a text alone */
    return (room >= 2 || error_set(err, "has more than %d keys", SIGNATURE_KEYS_MAX)) &&
           add_made(plan, secret, true, err);
}

bool signature_keys_add(struct signature_plan *plan, const struct secret_list *secrets,
                        struct error *err)
{
    bool done = true;
    for (size_t i = 0; i < secrets->count && done; i++) {
        struct bytes secret = secret_bytes(&secrets->items[i]);
        done = secret_is_public(plan, secret)
                   ? public_keys_each(secret, plan->scheme->key.encoding == KEY_CERTIFICATE,
                                      add_public_key, plan, err)
                   : add_shared(plan, secret, err);
        plan->secret_count++;
    }
    return done;
}
