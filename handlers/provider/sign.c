/* Signing goes the way of checking backwards: what the scheme looks for gets a value (id, time,
 * type, what is signed besides), the body is made of those that have their place in it, and the
 * kind of signature signs what there is. */
#include "handlers/provider/sign.h"

#include "base/encoding.h"
#include "base/private_key.h"
#include "handlers/content/content.h"
#include "handlers/provider/sign_body.h"
#include "handlers/provider/sign_values.h"
#include "handlers/provider/signature_kind.h"

#include <stdio.h>

static bool no_memory(struct error *err)
{
    return error_set(err, "out of memory");
}

/* A sender of both sends a form where the body that is given does not begin as JSON does. */
static bool is_form(const struct signing *signing)
{
    const struct scheme *scheme = signing->plan->scheme;
    struct bytes body = bytes_trim(signing->request.body);
    if (signed_template_uses(&scheme->signed_text, SIGNED_FORM) ||
        signed_template_uses(&scheme->signed_text, SIGNED_SORTED_FORM))
        return true;
    return signing->body_given && scheme->content + CONTENT_JSON == CONTENT_JSON_OR_FORM &&
           body.length > 0 && body.data[0] != '{' && body.data[0] != '[';
}

static bool add_type(struct signing *signing, struct signed_source *source, struct error *err)
{
    bool form = is_form(signing);
    (void)source;
    return sign_add_header(
               signing, "Content-Type",
               bytes_of_text(form ? "application/x-www-form-urlencoded" : "application/json")) ||
           no_memory(err);
}

static bool place_values(struct signing *signing, struct signed_source *source, struct error *err)
{
    return sign_place_values(signing, source) || no_memory(err);
}

static bool build_body(struct signing *signing, struct signed_source *source, struct error *err)
{
    (void)source;
    return signing->body_given || sign_build_body(signing, err);
}

/* `?bodySHA256=…` behind the URL. */
static bool add_body_hash(struct signing *signing, struct signed_source *source, struct error *err)
{
    const struct scheme_body_hash *wanted = &signing->plan->scheme->body_hash;
    uint8_t digest[HASH_MAX_SIZE];
    (void)source;
    char hex[2 * HASH_MAX_SIZE + 1];
    if (wanted->in.kind != SIGNED_QUERY)
        return true;
    if (!hash_compute((enum hash_kind)wanted->hash, signing->request.body, digest))
        return no_memory(err);
    hex_encode(bytes_of(digest, hash_size((enum hash_kind)wanted->hash)), hex);
    bool query = memchr(signing->url.data, '?', signing->url.length) != NULL;
    const char *url = arena_format(signing->request.arena, "%.*s%c%s=%s", (int)signing->url.length,
                                   signing->url.data, query ? '&' : '?', wanted->in.name, hex);
    signing->url = bytes_of_text(url);
    return url || no_memory(err);
}

static bool sign_by_kind(struct signing *signing, struct signed_source *source, struct error *err)
{
    const struct signature_kind *kind = signing->plan->scheme->kind;
    return !kind->sign || kind->sign(signing, source, err);
}

static bool (*const steps[])(struct signing *signing, struct signed_source *source,
                             struct error *err) = {
    add_type, place_values, build_body, add_body_hash, sign_by_kind,
};

bool sign_message(struct signing *signing, struct error *err)
{
    struct signed_source source = {.request = &signing->request,
                                   .parameters = signing->plan->parameters};
    bool done = true;
    buffer_init(&signing->body, SIZE_MAX / 2);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && done; i++)
        done = steps[i](signing, &source, err);
    signed_source_finish(&source);
    return done;
}

void sign_finish(struct signing *signing)
{
    buffer_finish(&signing->body);
}

bool sign_has_time(const struct scheme *scheme)
{
    return scheme->time.in.kind != SIGNED_ABSENT || scheme->kind->reads_time ||
           scheme->kind->time_is_signed;
}

/* ---- keys ---- */

bool sign_needs_key(const struct scheme *scheme)
{
    return !scheme->kind->needs_no_secret;
}

bool sign_needs_private_key(const struct signature_plan *plan, bool given)
{
    const struct signature_kind *kind = plan->scheme->kind;
    return kind->signs_privately ? kind->signs_privately(plan, given)
                                 : scheme_key_is_public(plan->scheme);
}

/* Where the scheme leaves it open: Ed25519. */
bool sign_create_key(const struct signature_plan *plan, struct buffer *pem, struct error *err)
{
    const struct signature_kind *kind = plan->scheme->kind;
    int wanted = kind->public_kind ? kind->public_kind(plan) : -1;
    return private_key_create(wanted < 0 ? PUBLIC_KEY_ED25519 : (enum public_key_kind)wanted, pem,
                              err);
}

/* The last bytes of an Ed25519 key's DER are the key. */
static bool put_raw_key(const struct scheme *scheme, struct bytes pem, struct buffer *out,
                        struct error *err)
{
    enum { RAW_SIZE = 32 };
    char text[2 * RAW_SIZE + BASE64_SIZE(RAW_SIZE)];
    struct buffer der;
    buffer_init(&der, PUBLIC_KEY_DER_MAX);
    bool done = private_key_public_der(pem, &der, err);
    if (done) {
        struct bytes key = bytes_from(buffer_bytes(&der), der.length - RAW_SIZE);
        if (scheme->key.encoding == KEY_HEX)
            hex_encode(key, text);
        else
            base64_encode(key, text);
        done = buffer_printf(out, "%s%s\n", scheme->key.strip ? scheme->key.strip : "", text) ||
               no_memory(err);
    }
    buffer_finish(&der);
    return done;
}

bool sign_public_half(const struct scheme *scheme, struct bytes pem, struct buffer *out,
                      struct error *err)
{
    if (scheme->key.encoding == KEY_CERTIFICATE)
        return private_key_certificate(pem, out, err);
    return scheme->kind->has_raw_keys && scheme->key.encoding != KEY_PUBLIC
               ? put_raw_key(scheme, pem, out, err)
               : private_key_public_pem(pem, out, err);
}
