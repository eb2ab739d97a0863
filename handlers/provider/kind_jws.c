/* JSON Web Signatures in the compact form (RFC 7515). Who has the issuer's key proves nothing more
 * than that; for whom the token was made, and for which body and address, its claims say.
 * The algorithm is the configuration's: the header of the message has to name the same one and is
 * otherwise ignored, but for the name of one of our own keys: no key, no address and no certificate
 * is taken from it. */
#include "base/encoding.h"
#include "base/json_text.h"
#include "base/private_key.h"
#include "handlers/content/json.h"
#include "handlers/provider/scheme_rows.h"
#include "handlers/provider/sign_values.h"
#include "handlers/provider/signature_extract.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signature_time.h"
#include "handlers/provider/signed_text.h"

enum { JWS_MAX = 8 * 1024, ES256_SIZE = 64 };

enum jws_algorithm { JWS_HS256, JWS_ES256, JWS_RS256 };
static const char *const algorithm_names[] = {"HS256", "ES256", "RS256", NULL};

/* Base64url, and JSON that passes the guard. */
static bool decode_json(struct bytes text, struct arena *arena, struct bytes *json)
{
    struct json_fault fault;
    return signature_decode(text, ENCODING_BASE64URL, arena, json) &&
           json_check(*json, &json_limits_default, NULL, &fault);
}

static bool find_member(struct bytes json, const char *name, struct bytes *value)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(name)};
    struct json_path path = {.steps = &step, .count = 1};
    return json_path_find(json, &path, value);
}

static bool find_text(struct bytes json, const char *name, struct arena *arena, struct bytes *text)
{
    struct bytes value;
    return find_member(json, name, &value) && json_scalar_text(value, arena, text);
}

static bool has_member(struct bytes json, const char *name)
{
    struct bytes value;
    return find_member(json, name, &value);
}

static bool find_time(struct bytes json, const char *name, struct arena *arena, int64_t *unix_ms)
{
    struct bytes text;
    return find_text(json, name, arena, &text) && signature_time_parse(text, TIME_SECONDS, unix_ms);
}

static bool key_matches(int algorithm, struct bytes key, struct bytes input, struct bytes mark)
{
    uint8_t digest[HASH_MAX_SIZE], der[ES256_SIZE + 16];
    size_t length = sizeof der;
    struct bytes sum = bytes_of(digest, hash_size(HASH_SHA256));
    if (algorithm == JWS_HS256)
        return hmac_compute(HASH_SHA256, key, input, digest) && digest_equal(sum, mark);
    if (!hash_compute(HASH_SHA256, input, digest))
        return false;
    if (algorithm == JWS_RS256)
        return public_key_verify_hash(key, PUBLIC_RSA_PKCS1, HASH_SHA256, sum, mark);
    return mark.length == ES256_SIZE && ecdsa_signature_to_der(mark, der, &length) &&
           public_key_verify_hash(key, PUBLIC_ECDSA, HASH_SHA256, sum, bytes_of(der, length));
}

/* A key that has a name is for messages that name it, or none at all. */
static bool key_is_meant(const struct signature_plan *plan, size_t i, struct bytes id)
{
    return !id.length || !plan->key_infos[i].id[0] || bytes_equal_text(id, plan->key_infos[i].id);
}

static bool any_key_matches(struct signature_state *state, struct bytes id, struct bytes input,
                            struct bytes mark)
{
    bool matched = false;
    for (size_t i = 0; i < state->plan->keys.count; i++) {
        if (!key_is_meant(state->plan, i, id))
            continue;
        if (key_matches(state->plan->scheme->jws.algorithm,
                        secret_bytes(&state->plan->keys.items[i]), input, mark) &&
            signature_key_counts(state, i) && !matched) {
            matched = true;
            state->matched = i;
        }
    }
    return matched;
}

/* `id` is the key's name, where the message has it. */
static struct verdict check_header(struct signature_state *state, struct bytes text,
                                   struct bytes *id)
{
    struct arena *arena = state->request->arena;
    struct bytes json, value;
    if (!decode_json(text, arena, &json) || !find_text(json, "alg", arena, &value))
        return signature_refuse("the JWS is not well formed");
    if (!bytes_equal_text(value, algorithm_names[state->plan->scheme->jws.algorithm]))
        return signature_refuse("the JWS names another algorithm");
    find_text(json, "kid", arena, id);
    return has_member(json, "crit") ? signature_refuse("the JWS requires an unknown extension")
                                    : GO_ON;
}

/* ---- what claims have to be ---- */

struct claim_search {
    struct bytes wanted;
    struct arena *arena;
    bool found;
};

static bool compare_element(void *context, struct bytes value)
{
    struct claim_search *search = context;
    struct bytes text;
    search->found =
        json_scalar_text(value, search->arena, &text) && bytes_equal(text, search->wanted);
    return !search->found;
}

/* Whether the claim is `wanted`, or is a list that holds it. */
static bool claim_holds(struct bytes claims, const char *name, struct bytes wanted,
                        struct arena *arena)
{
    struct json_step steps[] = {{.kind = JSON_STEP_NAME, .name = bytes_of_text(name)},
                                {.kind = JSON_STEP_ALL}};
    struct json_path path = {.steps = steps, .count = 1};
    struct claim_search search = {.wanted = wanted, .arena = arena};
    struct bytes value;
    if (!json_path_find(claims, &path, &value))
        return false;
    bool is_list = value.data[0] == '[';
    if (is_list && strcmp(name, "iss") == 0) /* one name: RFC 7519, 4.1.1 */
        return false;
    path.count = is_list ? 2 : 1;
    json_path_each(claims, &path, compare_element, &search);
    return search.found;
}

/* Whether the route says what the template wants: of a parameter that it may leave out, and does,
 * nothing is wanted. */
static bool is_wanted(const struct signature_plan *plan, const struct signed_template *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const struct signed_ref *ref = &wanted->parts[i].ref;
        if (ref->kind == SIGNED_PARAMETER && !signed_parameter(plan->parameters, ref->name))
            return false;
    }
    return wanted->count > 0;
}

/* One of the spellings of the address will do. */
static bool claim_is(struct signature_state *state, struct bytes claims, const char *name,
                     const struct signed_template *wanted)
{
    struct bytes text;
    if (!is_wanted(state->plan, wanted))
        return true;
    for (size_t i = 0; i < state->url_count; i++) {
        state->source.url = state->urls[i];
        if (signed_template_text(wanted, &state->source, &text) == SIGNED_FOUND &&
            text.length > 0 && claim_holds(claims, name, text, state->request->arena))
            return true;
    }
    return false;
}

/* Which claim it was: for `verify` and the log, never for the caller. */
static struct verdict refuse_claim(struct signature_state *state, const char *name)
{
    const char *reason = arena_format(
        state->request->arena, "the claim %s of the JWS is missing or not the required one", name);
    return signature_refuse(reason ? reason : "a claim of the JWS is not the required one");
}

static struct verdict check_wanted(struct signature_state *state, struct bytes claims)
{
    const struct scheme_jws *jws = &state->plan->scheme->jws;
    if (!claim_is(state, claims, "iss", &jws->issuer))
        return signature_refuse("the JWS is of another issuer");
    if (!claim_is(state, claims, "aud", &jws->audience))
        return signature_refuse("the JWS is for another audience");
    for (size_t i = 0; i < jws->claims.count; i++) {
        const struct scheme_claim *claim = &jws->claims.items[i];
        if (!claim_is(state, claims, claim->name, &claim->wanted))
            return refuse_claim(state, claim->name);
    }
    return GO_ON;
}

static struct verdict check_claims(struct signature_state *state, struct bytes claims)
{
    const struct scheme_jws *jws = &state->plan->scheme->jws;
    struct arena *arena = state->request->arena;
    int64_t now = state->request->now_ms, time;
    int64_t ahead = jws->ahead_ms > jws->tolerance_ms ? jws->ahead_ms : jws->tolerance_ms;
    struct verdict verdict = check_wanted(state, claims);
    if (verdict.reply != REPLY_NONE)
        return verdict;
    if (jws->tolerance_ms && !find_time(claims, "iat", arena, &time))
        return signature_refuse("the JWS does not say when it was made");
    if (jws->tolerance_ms &&
        !signature_time_fresh(time, now, jws->tolerance_ms, jws->tolerance_ms, TIME_SECONDS))
        return signature_refuse(
            signature_time_reason(time, now, jws->tolerance_ms, jws->tolerance_ms, arena));
    if (has_member(claims, "exp") && (!find_time(claims, "exp", arena, &time) || time <= now))
        return signature_refuse("the JWS has expired");
    if (has_member(claims, "nbf") &&
        (!find_time(claims, "nbf", arena, &time) || time - now > ahead))
        return signature_refuse("the JWS is not valid yet");
    find_text(claims, "iat", arena, &state->source.time);
    return GO_ON;
}

static struct verdict jws_head(struct signature_state *state)
{
    struct bytes whole = state->found[0], rest = whole, claims, mark, id = {0};
    struct arena *arena = state->request->arena;
    state->body_open = !state->plan->scheme->jws.body_claim;
    if (state->found_count != 1 || whole.length > JWS_MAX)
        return signature_refuse("the JWS is not well formed");
    struct bytes header = bytes_split(&rest, '.'), payload = bytes_split(&rest, '.');
    if (!rest.data || memchr(rest.data, '.', rest.length) ||
        !signature_decode(rest, ENCODING_BASE64URL, arena, &mark))
        return signature_refuse("the JWS is not well formed");
    struct verdict verdict = check_header(state, header, &id);
    if (verdict.reply != REPLY_NONE)
        return verdict;
    struct bytes input = bytes_of(whole.data, (size_t)(rest.data - whole.data) - 1);
    if (!buffer_append_bytes(&state->message, input))
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the signed text");
    if (!any_key_matches(state, id, input, mark))
        return signature_refuse(signature_mismatch(state));
    if (!decode_json(payload, arena, &claims))
        return signature_refuse("the JWS is not well formed");
    state->source.claims = claims;
    return check_claims(state, claims);
}

/* The length of a digest tells hex from base64. Both are taken however they are written: it is the
 * bytes that are compared, in a text that is signed. */
static bool decode_digest(struct bytes text, uint8_t digest[HASH_MAX_SIZE], struct bytes *given)
{
    size_t size = hash_size(HASH_SHA256), length;
    bool done = text.length == 2 * size
                    ? hex_decode(text, digest, HASH_MAX_SIZE, &length)
                    : base64_decode_liberal(text, digest, HASH_MAX_SIZE, &length);
    *given = bytes_of(digest, done ? length : 0);
    return done && length == size;
}

static struct verdict jws_body(struct signature_state *state)
{
    const struct scheme_jws *jws = &state->plan->scheme->jws;
    struct bytes claims = state->source.claims, text, given;
    uint8_t digest[HASH_MAX_SIZE], claimed[HASH_MAX_SIZE];
    bool may_lack = jws->body_claim_optional && state->request->body.length == 0;
    if (!jws->body_claim || (may_lack && !has_member(claims, jws->body_claim)))
        return GO_ON;
    if (!find_text(claims, jws->body_claim, state->request->arena, &text) ||
        !decode_digest(text, claimed, &given))
        return signature_refuse("the JWS does not hold the digest of the body");
    if (!hash_compute(HASH_SHA256, state->request->body, digest) ||
        !digest_equal(bytes_of(digest, hash_size(HASH_SHA256)), given))
        return signature_refuse("the digest of the body does not match");
    return GO_ON;
}

/* ---- send ---- */

static bool put_base64url(struct buffer *out, struct bytes data, struct arena *arena)
{
    return sign_encode(out, ENCODING_BASE64URL, data, arena);
}

static bool put_claim(struct buffer *out, struct bytes name, struct bytes value)
{
    return buffer_append_text(out, ",\"") && json_escape(out, name) &&
           buffer_append_text(out, "\":\"") && json_escape(out, value) &&
           buffer_append_text(out, "\"");
}

/* As the route wants it; nothing where the route leaves it out. */
static bool put_wanted(struct signed_source *source, struct buffer *out, const char *name,
                       const struct signed_template *wanted)
{
    struct bytes text;
    return !wanted->count || signed_template_text(wanted, source, &text) != SIGNED_FOUND ||
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
                sign_encode(&text, jws->body_claim_encoding,
                            bytes_of(digest, hash_size(HASH_SHA256)), signing->request.arena) &&
                put_claim(out, bytes_of_text(jws->body_claim), buffer_bytes(&text));
    buffer_finish(&text);
    return done;
}

/* The message_id and the event, where they are claims. */
static bool put_placed_claims(struct signing *signing, struct buffer *out)
{
    for (size_t i = 0; i < signing->value_count; i++) {
        const struct sign_value *value = &signing->values[i];
        const struct json_path *path = &value->ref->path;
        bool member = value->ref->kind == SIGNED_CLAIM && path->count == 1 &&
                      path->steps[0].kind == JSON_STEP_NAME;
        if (member && !put_claim(out, path->steps[0].name, value->value))
            return false;
    }
    return true;
}

static bool jws_claims(struct signing *signing, struct signed_source *source, struct buffer *out)
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
    if (algorithm == JWS_HS256)
        return hmac_compute(HASH_SHA256, secret_bytes(&signing->plan->keys.items[0]), input,
                            digest) &&
               buffer_append(mark, digest, hash_size(HASH_SHA256));
    if (algorithm == JWS_RS256)
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
    return text && sign_place(signing, &signature->in.items[0], bytes_of_text(text));
}

static bool jws_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    const struct scheme *scheme = signing->plan->scheme;
    struct arena *arena = signing->request.arena;
    const char *head = arena_format(arena, "{\"alg\":\"%s\",\"typ\":\"JWT\"}",
                                    algorithm_names[scheme->jws.algorithm]);
    struct buffer text, claims, mark;
    buffer_init(&text, 16384);
    buffer_init(&claims, 4096);
    buffer_init(&mark, 4096);
    bool done =
        head && jws_claims(signing, source, &claims) &&
        put_base64url(&text, bytes_of_text(head), arena) && buffer_append_text(&text, ".") &&
        put_base64url(&text, buffer_bytes(&claims), arena) &&
        jws_mark(signing, buffer_bytes(&text), &mark, err) && buffer_append_text(&text, ".") &&
        put_base64url(&text, buffer_bytes(&mark), arena) &&
        place_token(signing, buffer_bytes(&text));
    buffer_finish(&mark);
    buffer_finish(&claims);
    buffer_finish(&text);
    return done || error_set(err, "the JWS cannot be made");
}

/* ---- the section `jws` ---- */

/* A mapping of names of claims to templates. */
static bool read_claims(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct scheme_claims *claims = field;
    if (node->kind != NODE_MAPPING)
        return load_problem(load, node, "must be a map of strings");
    claims->items =
        arena_alloc_array(load_arena(load), node->count ? node->count : 1, sizeof *claims->items);
    if (!claims->items)
        return load_problem(load, node, "is too long");
    for (const struct node *value = node->first; value; value = value->next) {
        struct scheme_claim *claim = &claims->items[claims->count++];
        claim->name = arena_copy_text(load_arena(load), value->key->text);
        if (!claim->name)
            return load_problem(load, node, "is too long");
        if (!scheme_read_template(load, value, row, &claim->wanted))
            return false;
        if (claim->wanted.count == 0)
            return load_problem(load, value, "is empty: give the required value of the claim");
    }
    return true;
}

static const struct row jws_rows[] = {
    CHOICE_ROW("algorithm", scheme_jws, algorithm, algorithm_names, "HS256",
               "The only algorithm that is accepted, whichever the message names."),
    TEMPLATE_ROW("issuer", scheme_jws, issuer, "The required value of the claim `iss`."),
    TEMPLATE_ROW("audience", scheme_jws, audience,
                 "The required value of the claim `aud`, or of one of its elements if it is a "
                 "list: the party for whom the token was made."),
    {.name = "claims",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct scheme_jws, claims),
     .sentence = "The required values of other claims, or of one of their elements if they are "
                 "lists: `{email: …, sub: \"{{url}}\", url_hash: \"{{url | sha256_hex}}\"}`.",
     .read = read_claims,
     .syntax = "a map of strings with {{value}}",
     .json_schema = "{\"type\":\"object\"}"},
    TEXT_ROW("body_claim", scheme_jws, body_claim,
             "The claim that holds the SHA-256 of the body, in hex, base64 or base64url."),
    CHOICE_ROW("body_claim_encoding", scheme_jws, body_claim_encoding, scheme_encodings, "hex",
               "The encoding in which `send` writes that digest; all three are accepted."),
    BOOL_ROW("body_claim_optional", scheme_jws, body_claim_optional, "false",
             "A message with an empty body may lack the claim."),
    DURATION_ROW("tolerance", scheme_jws, tolerance_ms, "0",
                 "The maximum age of the claim `iat`; 0: the age is not checked."),
    DURATION_ROW("ahead", scheme_jws, ahead_ms, "1m",
                 "How far the claim `nbf` may be ahead of the clock of this machine."),
};
const struct row_section jws_section = {.name = "jws",
                                        .sentence =
                                            "The checks of a JSON Web Signature (RFC 7515).",
                                        .rows = jws_rows,
                                        .row_count = ROW_COUNT(jws_rows),
                                        .size = sizeof(struct scheme_jws)};

/* ---- the kind ---- */

/* A public key is never the key of a shared algorithm: everybody could sign with it. */
static enum key_use jws_choose_keys(const struct scheme *scheme, const char **what)
{
    *what = algorithm_names[scheme->jws.algorithm];
    return scheme->jws.algorithm == JWS_HS256 ? KEYS_SHARED : KEYS_PUBLIC;
}

static int jws_public_kind(const struct signature_plan *plan)
{
    return plan->scheme->jws.algorithm == JWS_ES256 ? PUBLIC_KEY_ECDSA : PUBLIC_KEY_RSA;
}

static bool jws_signs_body(const struct scheme *scheme)
{
    return scheme->jws.body_claim != NULL;
}

/* Of the claim iat, on both sides of the clock. */
static struct signature_age jws_age(const struct scheme *scheme)
{
    return (struct signature_age){.tolerance_ms = scheme->jws.tolerance_ms,
                                  .ahead_ms = scheme->jws.tolerance_ms};
}

static bool signs_in_part(const struct signature_plan *plan)
{
    return !plan->scheme->jws.body_claim;
}

/* The key of an issuer such as Google signs tokens for everybody who has an account there. A token
 * that holds the digest of the body is made for one message. */
static bool takes_any_token(const struct signature_plan *plan)
{
    const struct scheme_jws *jws = &plan->scheme->jws;
    if (jws->algorithm == JWS_HS256 || jws->body_claim)
        return false;
    bool held = is_wanted(plan, &jws->audience);
    for (size_t i = 0; i < jws->claims.count; i++)
        held |= is_wanted(plan, &jws->claims.items[i].wanted);
    return !held;
}

static const struct signature_warning warnings[] = {
    {.holds = signs_in_part, .text = "signs only a part of the message", .names_rest = true},
    {.holds = takes_any_token,
     .text = "accepts every token that the issuer of its key signs, for any recipient: set "
             "jws.audience, or jws.claims such as email or sub, to your own values"},
    {.text = NULL},
};

const struct signature_kind jws_kind = {
    .title = "JWS",
    .signed_part = "claims, with a digest of the body",
    .ignores_hash = true,
    .takes_plain = true,
    .takes_claims = true,
    .choose_keys = jws_choose_keys,
    .public_kind = jws_public_kind,
    .head = jws_head,
    .body = jws_body,
    .time_is_signed = true,
    .signs_body = jws_signs_body,
    .age = jws_age,
    .identity = signed_message_identity,
    .explain = signed_message_explain,
    .warnings = warnings,
    .sign = jws_sign,
};
