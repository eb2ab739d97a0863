/* The secret: random, in the first form that the scheme takes. Who signs with a private key gives a
 * public one to receivers; until it is put in place, one of our own lets test messages through. */
#include "server/cli/init_secret.h"

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/private_key.h"
#include "handlers/provider/sign.h"
#include "handlers/provider/signature_keys.h"

#include <stdio.h>

enum { SECRET_BYTES = 32, TEXT_MAX = 256 };

/* ---- a shared secret ---- */

static bool is_taken(const struct init *init, struct bytes text)
{
    struct signature_plan plan = {.scheme = init->scheme, .parameters = &init->parameters};
    struct secret_list secrets = {0};
    struct error ignored;
    bool taken = secret_list_add(&secrets, text) && signature_keys_add(&plan, &secrets, &ignored);
    secret_list_finish(&secrets);
    secret_list_finish(&plan.keys);
    return taken;
}

/* As senders that make their own would: behind their prefix, as a user's password, hex, base64. */
static bool put_shared(const struct init *init, struct buffer *out, struct error *err)
{
    uint8_t key[SECRET_BYTES];
    char hex[2 * SECRET_BYTES + 1], base64[BASE64_SIZE(SECRET_BYTES)], texts[4][TEXT_MAX];
    const char *prefix = init->scheme->key.strip;
    random_bytes(key, sizeof key);
    hex_encode(bytes_of(key, sizeof key), hex);
    base64_encode(bytes_of(key, sizeof key), base64);
    snprintf(texts[0], TEXT_MAX, "%s%s", prefix ? prefix : "", prefix ? base64 : "");
    snprintf(texts[1], TEXT_MAX, "%s", hex);
    snprintf(texts[2], TEXT_MAX, "%s", base64);
    snprintf(texts[3], TEXT_MAX, "%s:%s", "tenterhook", hex);
    bool done = false;
    for (size_t i = 0; i < 4 && !done; i++)
        done = texts[i][0] && is_taken(init, bytes_of_text(texts[i])) &&
               buffer_printf(out, "%s\n", texts[i]);
    secret_wipe(key, sizeof key);
    secret_wipe(hex, sizeof hex);
    secret_wipe(base64, sizeof base64);
    secret_wipe(texts, sizeof texts);
    return done || error_set(err, "no secret can be made for %s", init->scheme->name);
}

/* ---- a key pair ---- */

static bool put_pair(struct init *init, struct init_file *public, struct error *err)
{
    struct init_file *private =
        init_add(init, arena_format(&init->arena, "%s.key", init->scheme->name), INIT_SECRET,
                 "signs test messages");
    if (!private)
        return error_set(err, "no memory");
    init->private_key = private->path;
    return (private->is_there && public->is_there) ||
           (sign_create_key(&init->plan, &private->content, err) &&
            sign_public_half(init->scheme, buffer_bytes(&private->content), &public->content, err));
}

bool init_make_secret(struct init *init, struct error *err)
{
    if (!sign_needs_key(init->scheme))
        return true;
    bool is_private = sign_needs_private_key(&init->plan, false);
    const char *name = arena_format(&init->arena, "%s.secret", init->scheme->name);
    struct init_file *file =
        name ? init_add(init, name, INIT_SECRET,
                        is_private ? "the public key that messages are checked with"
                                   : "the secret, shared with the provider")
             : NULL;
    if (!file)
        return error_set(err, "no memory");
    init->secret = file->path;
    if (is_private)
        return put_pair(init, file, err);
    return file->is_there || put_shared(init, &file->content, err);
}
