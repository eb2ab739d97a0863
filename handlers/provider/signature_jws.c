/* JSON Web Signatures in the compact form (RFC 7515). Who has the issuer's key proves nothing more
 * than that; for whom the token was made, and for which body and address, its claims say.
 * The algorithm is the configuration's: the header of the message has to name the same one and is
 * otherwise ignored, but for the name of one of our own keys: no key, no address and no certificate
 * is taken from it. */
#include "handlers/provider/signature.h"

#include "base/encoding.h"
#include "base/public_key.h"
#include "handlers/content/json.h"

enum { JWS_MAX = 8 * 1024, ES256_SIZE = 64 };

static const char *const algorithm_names[] = {"HS256", "ES256", "RS256"};

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
    return has_member(json, "crit")
               ? signature_refuse("the JWS wants an extension that is not known")
               : verdict_go_on();
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

/* A value that is made of a parameter which the route may leave out, and does, is not wanted. */
static bool is_left_out(const struct signature_state *state, const struct template *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const struct value_ref *ref = &wanted->parts[i].ref;
        if (ref->kind == VALUE_PARAMETER && !value_parameter(state->plan->parameters, ref->name))
            return true;
    }
    return wanted->count == 0;
}

/* One of the spellings of the address will do. */
static bool claim_is(struct signature_state *state, struct bytes claims, const char *name,
                     const struct template *wanted)
{
    struct bytes text;
    if (is_left_out(state, wanted))
        return true;
    for (size_t i = 0; i < state->url_count; i++) {
        state->source.url = state->urls[i];
        if (template_text(wanted, &state->source, &text) == VALUE_FOUND && text.length > 0 &&
            claim_holds(claims, name, text, state->request->arena))
            return true;
    }
    return false;
}

/* Which claim it was: for `verify` and the log, never for the caller. */
static struct verdict refuse_claim(struct signature_state *state, const char *name)
{
    const char *reason = arena_format(
        state->request->arena, "the claim %s of the JWS is missing or not what is wanted", name);
    return signature_refuse(reason ? reason : "a claim of the JWS is not what is wanted");
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
    return verdict_go_on();
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
    if (jws->tolerance_ms &&
        (!find_time(claims, "iat", arena, &time) ||
         !signature_time_fresh(time, now, jws->tolerance_ms, jws->tolerance_ms, TIME_SECONDS)))
        return signature_refuse("the time of the JWS is not within the tolerance");
    if (has_member(claims, "exp") && (!find_time(claims, "exp", arena, &time) || time <= now))
        return signature_refuse("the JWS has expired");
    if (has_member(claims, "nbf") &&
        (!find_time(claims, "nbf", arena, &time) || time - now > ahead))
        return signature_refuse("the JWS is not valid yet");
    find_text(claims, "iat", arena, &state->source.time);
    return verdict_go_on();
}

static struct verdict jws_head(struct signature_state *state)
{
    struct bytes whole = state->found[0], rest = whole, claims, mark, id = {0};
    struct arena *arena = state->request->arena;
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
        return verdict_go_on();
    if (!find_text(claims, jws->body_claim, state->request->arena, &text) ||
        !decode_digest(text, claimed, &given))
        return signature_refuse("the JWS does not hold the digest of the body");
    if (!hash_compute(HASH_SHA256, state->request->body, digest) ||
        !digest_equal(bytes_of(digest, hash_size(HASH_SHA256)), given))
        return signature_refuse("the digest of the body does not match");
    return verdict_go_on();
}

const struct signature_kind jws_kind = {.head = jws_head, .body = jws_body};
