/* Signing goes the way of checking backwards: what the scheme looks for gets a value (id, time,
 * type, what is signed besides), the body is made of those that have their place in it, the text is
 * rendered by the same template, and the signature is put together as it will be taken apart. */
#include "handlers/provider/sign.h"

#include "base/encoding.h"
#include "base/id.h"
#include "base/json_text.h"
#include "base/private_key.h"

#include <stdio.h>
#include <time.h>

static bool no_memory(struct error *err)
{
    return error_set(err, "out of memory");
}

bool sign_add_header(struct signing *signing, const char *name, struct bytes value)
{
    char *copy = arena_copy_bytes(signing->request.arena, value);
    if (!copy || signing->header_count == SIGN_HEADERS_MAX)
        return false;
    struct header *header = &signing->headers[signing->header_count++];
    *header = (struct header){.name = bytes_of_text(name), .value = bytes_of(copy, value.length)};
    signing->request.headers = signing->headers;
    signing->request.header_count = signing->header_count;
    return true;
}

/* ---- values ---- */

static bool has_value(const struct signing *signing, const struct value_ref *ref)
{
    for (size_t i = 0; i < signing->value_count; i++) {
        if (strcmp(signing->values[i].ref->text, ref->text) == 0)
            return true;
    }
    return false;
}

/* A header is set at once; what stands in the body waits for it to be made. */
static bool place(struct signing *signing, const struct value_ref *ref, struct bytes value)
{
    const struct signature_plan *plan = signing->plan;
    if (ref->kind == VALUE_ABSENT || has_value(signing, ref))
        return true;
    if (ref->kind == VALUE_HEADER) {
        const char *name =
            ref->parameter ? value_parameter(plan->parameters, ref->parameter) : ref->name;
        if (name && ref->family)
            name =
                arena_format(signing->request.arena, "%s%s", plan->scheme->families.items[0], name);
        size_t length = name ? strlen(name) : 0;
        if (length && name[length - 1] == '*')
            name = arena_format(signing->request.arena, "%.*s1", (int)length - 1, name);
        if (!name || !sign_add_header(signing, name, value))
            return false;
    }
    if (signing->value_count == SIGN_VALUES_MAX)
        return false;
    char *copy = arena_copy_bytes(signing->request.arena, value);
    signing->values[signing->value_count++] =
        (struct sign_value){.ref = ref, .value = bytes_of(copy, value.length)};
    return copy != NULL;
}

static const char *time_text(struct signing *signing)
{
    int64_t now = signing->request.now_ms;
    struct arena *arena = signing->request.arena;
    time_t seconds = (time_t)(now / 1000);
    char date[32];
    struct tm tm;
    switch (signing->plan->scheme->time.unit) {
    case TIME_SECONDS:
        return arena_format(arena, "%lld", (long long)(now / 1000));
    case TIME_MILLISECONDS:
        return arena_format(arena, "%lld", (long long)now);
    default:
        gmtime_r(&seconds, &tm);
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
        return arena_format(arena, "%s.%03dZ", date, (int)(now % 1000));
    }
}

static bool place_required(struct signing *signing)
{
    const struct section_list *require = &signing->plan->scheme->require;
    for (size_t i = 0; i < require->count; i++) {
        const struct scheme_test *test = &((const struct scheme_test *)require->items)[i];
        if (test->equals.count && !place(signing, &test->value, bytes_of_text(test->equals.text)))
            return false;
    }
    return true;
}

/* What is signed and has no value yet gets its own name as one. */
static bool place_signed(struct signing *signing, const struct template *text)
{
    for (size_t i = 0; i < text->count; i++) {
        const struct value_ref *ref = &text->parts[i].ref;
        bool named = ref->kind == VALUE_HEADER || ref->kind == VALUE_FORM ||
                     ref->kind == VALUE_PAYLOAD || ref->kind == VALUE_ITEM;
        if (named && !place(signing, ref, bytes_of_text("test")))
            return false;
    }
    return true;
}

static bool place_values(struct signing *signing, struct value_source *source)
{
    const struct scheme *scheme = signing->plan->scheme;
    char id[ID_TEXT_SIZE];
    id_create(signing->request.now_ms, id);
    char *message_id = arena_copy_text(signing->request.arena, id);
    const char *time = time_text(signing);
    if (!message_id || !time)
        return false;
    source->message_id = bytes_of_text(message_id);
    source->time = bytes_of_text(time);
    struct bytes event = signing->event.length ? signing->event : bytes_of_text("test");
    return place_required(signing) && place(signing, &scheme->time.in, source->time) &&
           (!scheme->message_id.count ||
            place(signing, &scheme->message_id.items[0], source->message_id)) &&
           (!scheme->event.count || place(signing, &scheme->event.items[0], event)) &&
           place_signed(signing, &scheme->signed_text);
}

/* ---- the signature ---- */

static bool put_piece(void *context, struct bytes piece)
{
    return buffer_append_bytes(context, piece);
}

static bool encode(struct buffer *out, int encoding, struct bytes data, struct arena *arena)
{
    char *text = arena_alloc(arena, 2 * data.length + BASE64_SIZE(data.length));
    if (!text)
        return false;
    if (encoding == ENCODING_HEX)
        hex_encode(data, text);
    else if (encoding == ENCODING_BASE64)
        base64_encode(data, text);
    else
        base64url_encode(data, text);
    return buffer_append_text(out, text);
}

static bool compute(struct signing *signing, struct bytes text, struct buffer *mark,
                    struct error *err)
{
    static const enum public_scheme schemes[] = {[SCHEME_ECDSA] = PUBLIC_ECDSA,
                                                 [SCHEME_RSA] = PUBLIC_RSA_PKCS1,
                                                 [SCHEME_RSA_PSS] = PUBLIC_RSA_PSS};
    const struct scheme *scheme = signing->plan->scheme;
    enum hash_kind hash = (enum hash_kind)scheme->hash;
    uint8_t digest[HASH_MAX_SIZE];
    if (scheme->kind == SCHEME_HMAC || scheme->kind == SCHEME_HASH) {
        bool done =
            scheme->kind == SCHEME_HASH
                ? hash_compute(hash, text, digest)
                : hmac_compute(hash, secret_bytes(&signing->plan->keys.items[0]), text, digest);
        return (done && buffer_append(mark, digest, hash_size(hash))) || no_memory(err);
    }
    enum public_scheme how = scheme->kind == SCHEME_ED25519 ? PUBLIC_ECDSA : schemes[scheme->kind];
    return private_key_sign(signing->private_key, how, hash, text, mark, err);
}

/* `t=…,v1=…`: as signature_extract.c will take it apart. */
static bool compose(struct signing *signing, struct value_source *source, struct bytes mark,
                    struct buffer *out)
{
    const struct scheme *scheme = signing->plan->scheme;
    const struct scheme_signature *signature = &scheme->signature;
    struct bytes field;
    if (scheme->time.in.kind == VALUE_SIGNATURE &&
        !((!signature->assignment || (buffer_append_text(out, scheme->time.in.name) &&
                                      buffer_append_text(out, signature->assignment))) &&
          buffer_append_bytes(out, source->time) && buffer_append_text(out, signature->separator)))
        return false;
    if (signature->field.count &&
        (template_text(&signature->field, source, &field) != VALUE_FOUND ||
         !buffer_append_bytes(out, field) || !buffer_append_text(out, signature->assignment)))
        return false;
    if (signature->prefix && !buffer_append_text(out, signature->prefix))
        return false;
    return scheme->kind == SCHEME_TOKEN
               ? buffer_append_bytes(out, mark)
               : encode(out, signature->encoding, mark, signing->request.arena);
}

static bool render(struct signing *signing, struct value_source *source, struct buffer *text,
                   struct error *err)
{
    const struct template *signed_text = &signing->plan->scheme->signed_text;
    source->url = signing->url;
    if (signing->plan->scheme->kind == SCHEME_HASH)
        source->secret = secret_bytes(&signing->plan->keys.items[0]);
    return template_render(signed_text, 0, signed_text->count, source, put_piece, text) ==
               VALUE_FOUND ||
           error_set(err, "the message does not hold all that is signed (%s)", signed_text->text);
}

/* The element that `each` stands at, in the body as made so far. */
static bool find_item(struct signing *signing, struct value_source *source)
{
    const struct value_ref *each = &signing->plan->scheme->each;
    struct bytes json;
    return each->kind == VALUE_ABSENT ||
           (value_source_json(source, &json) &&
            value_source_find(source, json, &each->path, &source->item));
}

static bool sign_text(struct signing *signing, struct value_source *source, struct buffer *mark,
                      struct error *err)
{
    const struct scheme *scheme = signing->plan->scheme;
    struct buffer text;
    if (scheme->kind == SCHEME_TOKEN)
        return buffer_append_bytes(mark, secret_bytes(&signing->plan->keys.items[0]));
    if (!find_item(signing, source))
        return error_set(err, "the body does not hold what is signed");
    buffer_init(&text, SIZE_MAX / 2);
    bool done =
        render(signing, source, &text, err) && compute(signing, buffer_bytes(&text), mark, err);
    buffer_finish(&text);
    return done;
}

bool sign_attach(struct signing *signing, struct value_source *source, struct bytes mark,
                 struct error *err)
{
    const struct value_ref *in = &signing->plan->scheme->signature.in.items[0];
    struct buffer text;
    buffer_init(&text, SIZE_MAX / 2);
    bool done = compose(signing, source, mark, &text) && place(signing, in, buffer_bytes(&text));
    buffer_finish(&text);
    if (!done)
        return no_memory(err);
    if (!value_needs_body(in))
        return true;
    if (signing->body_given)
        return error_set(err, "the signature stands in the body: leave out --body");
    return sign_build_body(signing, err);
}

/* `?bodySHA256=…` behind the URL. */
static bool add_body_hash(struct signing *signing, struct error *err)
{
    const struct scheme_body_hash *wanted = &signing->plan->scheme->body_hash;
    uint8_t digest[HASH_MAX_SIZE];
    char hex[2 * HASH_MAX_SIZE + 1];
    if (wanted->in.kind != VALUE_QUERY)
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

/* ---- the kinds ---- */

static bool sign_basic(struct signing *signing, struct error *err)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX / 2);
    bool done = buffer_append_text(&text, "Basic ") &&
                encode(&text, ENCODING_BASE64, secret_bytes(&signing->plan->keys.items[0]),
                       signing->request.arena) &&
                sign_add_header(signing, "Authorization", buffer_bytes(&text));
    buffer_finish(&text);
    return done || no_memory(err);
}

static bool put_base64url(struct buffer *out, struct bytes data, struct arena *arena)
{
    return encode(out, ENCODING_BASE64URL, data, arena);
}

static bool put_claim(struct buffer *out, struct bytes name, struct bytes value)
{
    return buffer_append_text(out, ",\"") && json_escape(out, name) &&
           buffer_append_text(out, "\":\"") && json_escape(out, value) &&
           buffer_append_text(out, "\"");
}

/* As the route wants it; nothing where the route leaves it out. */
static bool put_wanted(struct value_source *source, struct buffer *out, const char *name,
                       const struct template *wanted)
{
    struct bytes text;
    return !wanted->count || template_text(wanted, source, &text) != VALUE_FOUND ||
           put_claim(out, bytes_of_text(name), text);
}

static bool put_body_claim(struct signing *signing, struct buffer *out)
{
    const struct scheme_jws *jws = &signing->plan->scheme->jws;
    uint8_t digest[HASH_MAX_SIZE];
    struct buffer text;
    if (!jws->body_claim)
        return true;
    buffer_init(&text, 1024);
    bool done = hash_compute(HASH_SHA256, signing->request.body, digest) &&
                encode(&text, jws->body_claim_encoding, bytes_of(digest, hash_size(HASH_SHA256)),
                       signing->request.arena) &&
                put_claim(out, bytes_of_text(jws->body_claim), buffer_bytes(&text));
    buffer_finish(&text);
    return done;
}

/* The delivery and the event, where they are claims. */
static bool put_placed_claims(struct signing *signing, struct buffer *out)
{
    for (size_t i = 0; i < signing->value_count; i++) {
        const struct sign_value *value = &signing->values[i];
        const struct json_path *path = &value->ref->path;
        bool member = value->ref->kind == VALUE_CLAIM && path->count == 1 &&
                      path->steps[0].kind == JSON_STEP_NAME;
        if (member && !put_claim(out, path->steps[0].name, value->value))
            return false;
    }
    return true;
}

static bool jws_claims(struct signing *signing, struct value_source *source, struct buffer *out)
{
    const struct scheme_jws *jws = &signing->plan->scheme->jws;
    source->url = signing->url;
    bool done = buffer_printf(out, "{\"iat\":%lld", (long long)(signing->request.now_ms / 1000)) &&
                put_wanted(source, out, "iss", &jws->issuer) &&
                put_wanted(source, out, "aud", &jws->audience);
    for (size_t i = 0; done && i < jws->claims.count; i++)
        done = put_wanted(source, out, jws->claims.items[i].name, &jws->claims.items[i].wanted);
    return done && put_placed_claims(signing, out) && put_body_claim(signing, out) &&
           buffer_append_text(out, "}");
}

static bool jws_mark(struct signing *signing, struct bytes input, struct buffer *mark,
                     struct error *err)
{
    int algorithm = signing->plan->scheme->jws.algorithm;
    uint8_t digest[HASH_MAX_SIZE];
    struct buffer der;
    if (algorithm == 0)
        return hmac_compute(HASH_SHA256, secret_bytes(&signing->plan->keys.items[0]), input,
                            digest) &&
               buffer_append(mark, digest, hash_size(HASH_SHA256));
    if (algorithm == 2)
        return private_key_sign(signing->private_key, PUBLIC_RSA_PKCS1, HASH_SHA256, input, mark,
                                err);
    buffer_init(&der, 1024);
    bool done =
        private_key_sign(signing->private_key, PUBLIC_ECDSA, HASH_SHA256, input, &der, err) &&
        ecdsa_signature_to_raw(buffer_bytes(&der), 32, mark);
    buffer_finish(&der);
    return done;
}

/* Behind the scheme's prefix, as `Bearer `. */
static bool place_token(struct signing *signing, struct bytes token)
{
    const struct scheme_signature *signature = &signing->plan->scheme->signature;
    const char *prefix = signature->prefix ? signature->prefix : "";
    const char *text = arena_format(signing->request.arena, "%s%.*s", prefix, (int)token.length,
                                    (const char *)token.data);
    return text && place(signing, &signature->in.items[0], bytes_of_text(text));
}

static bool sign_jws(struct signing *signing, struct value_source *source, struct error *err)
{
    static const char *const heads[] = {"{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
                                        "{\"alg\":\"ES256\",\"typ\":\"JWT\"}",
                                        "{\"alg\":\"RS256\",\"typ\":\"JWT\"}"};
    const struct scheme *scheme = signing->plan->scheme;
    struct arena *arena = signing->request.arena;
    struct buffer text, claims, mark;
    buffer_init(&text, 16384);
    buffer_init(&claims, 4096);
    buffer_init(&mark, 4096);
    bool done =
        jws_claims(signing, source, &claims) &&
        put_base64url(&text, bytes_of_text(heads[scheme->jws.algorithm]), arena) &&
        buffer_append_text(&text, ".") && put_base64url(&text, buffer_bytes(&claims), arena) &&
        jws_mark(signing, buffer_bytes(&text), &mark, err) && buffer_append_text(&text, ".") &&
        put_base64url(&text, buffer_bytes(&mark), arena) &&
        place_token(signing, buffer_bytes(&text));
    buffer_finish(&mark);
    buffer_finish(&claims);
    buffer_finish(&text);
    return done || error_set(err, "the JWS cannot be made");
}

static bool sign_with(struct signing *signing, struct value_source *source, struct error *err)
{
    struct buffer mark;
    buffer_init(&mark, SIZE_MAX / 2);
    bool done = sign_text(signing, source, &mark, err) &&
                sign_attach(signing, source, buffer_bytes(&mark), err);
    buffer_finish(&mark);
    return done;
}

static bool add_type(struct signing *signing)
{
    const struct scheme *scheme = signing->plan->scheme;
    bool form = template_uses(&scheme->signed_text, VALUE_FORM) ||
                template_uses(&scheme->signed_text, VALUE_SORTED_FORM);
    return sign_add_header(
        signing, "Content-Type",
        bytes_of_text(form ? "application/x-www-form-urlencoded" : "application/json"));
}

bool sign_message(struct signing *signing, struct error *err)
{
    const struct scheme *scheme = signing->plan->scheme;
    struct value_source source = {.request = &signing->request,
                                  .parameters = signing->plan->parameters};
    buffer_init(&signing->body, SIZE_MAX / 2);
    bool done = (add_type(signing) && place_values(signing, &source)) || no_memory(err);
    done = done && (signing->body_given || sign_build_body(signing, err)) &&
           add_body_hash(signing, err);
    if (done && scheme->kind <= SCHEME_TOKEN)
        done = sign_with(signing, &source, err);
    else if (done && scheme->kind == SCHEME_BASIC)
        done = sign_basic(signing, err);
    else if (done && scheme->kind == SCHEME_JWS)
        done = sign_jws(signing, &source, err);
    else if (done && scheme->kind == SCHEME_CONTENTFUL)
        done = sign_contentful(signing, &source, err);
    else if (done && scheme->kind == SCHEME_MESSAGE)
        done = sign_http_message(signing, &source, err);
    else if (done && scheme->kind == SCHEME_SNS)
        done = sign_sns(signing, &source, err);
    value_source_finish(&source);
    return done;
}

void sign_finish(struct signing *signing)
{
    buffer_finish(&signing->body);
}
