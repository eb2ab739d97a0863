/* HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530). What has to be covered, the
 * key and the algorithm are the configuration's; the message only says how it was put together. Of
 * the signatures that a message may carry, one has to cover what is wanted, be fresh and be right.
 */
#include "base/encoding.h"
#include "base/private_key.h"
#include "handlers/content/form.h"
#include "handlers/provider/sign_preview.h"
#include "handlers/provider/sign_values.h"
#include "handlers/provider/signature_extract.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signature_time.h"
#include "handlers/provider/signature_url.h"
#include "handlers/provider/signed_text.h"
#include "handlers/provider/structured.h"

#include <ctype.h>

enum { LABELS_MAX = 4, COMPONENTS_MAX = 32, BASE_MAX = 64 * 1024, TEXT_MAX = 16 * 1024 };

/* That of the parameter `algorithm`. */
enum message_algorithm {
    MESSAGE_HMAC,
    MESSAGE_ED25519,
    MESSAGE_ECDSA,
    MESSAGE_RSA_PSS,
    MESSAGE_RSA
};

static const struct {
    const char *name;
    enum hash_kind hash;
    enum public_key_kind key; /* not of MESSAGE_HMAC */
} algorithms[] = {[MESSAGE_HMAC] = {"hmac-sha256", HASH_SHA256, 0},
                  [MESSAGE_ED25519] = {"ed25519", HASH_SHA512, PUBLIC_KEY_ED25519},
                  [MESSAGE_ECDSA] = {"ecdsa-p256-sha256", HASH_SHA256, PUBLIC_KEY_ECDSA},
                  [MESSAGE_RSA_PSS] = {"rsa-pss-sha512", HASH_SHA512, PUBLIC_KEY_RSA},
                  [MESSAGE_RSA] = {"rsa-v1_5-sha256", HASH_SHA256, PUBLIC_KEY_RSA}};

/* -1: none is said, or none that is known. */
static int said_algorithm(const struct text_map *parameters)
{
    const char *said = signed_parameter(parameters, "algorithm");
    for (int i = 0; said && i <= MESSAGE_RSA; i++) {
        if (strcmp(said, algorithms[i].name) == 0)
            return i;
    }
    return -1;
}

static bool message_check_parameters(const struct text_map *parameters, struct error *err)
{
    const char *encoding = signed_parameter(parameters, "encoding");
    if (signed_parameter(parameters, "algorithm") && said_algorithm(parameters) < 0)
        return error_set(err, "algorithm must be one of hmac-sha256, ed25519, ecdsa-p256-sha256, "
                              "rsa-pss-sha512 and rsa-v1_5-sha256");
    return !encoding || strcmp(encoding, "base64") == 0 || strcmp(encoding, "text") == 0 ||
           error_set(err, "encoding of a shared key must be text or base64");
}

/* What the route says; else by the key alone, RSA-PSS being the one for RSA. That no shared key is
 * a public key's DER has been seen to when the key was made. */
static enum message_algorithm algorithm_of(const struct signature_plan *plan, struct bytes key)
{
    static const enum message_algorithm of_keys[] = {[PUBLIC_KEY_ED25519] = MESSAGE_ED25519,
                                                     [PUBLIC_KEY_ECDSA] = MESSAGE_ECDSA,
                                                     [PUBLIC_KEY_RSA] = MESSAGE_RSA_PSS};
    enum public_key_kind kind;
    int said = said_algorithm(plan->parameters);
    if (said >= 0)
        return (enum message_algorithm)said;
    return public_key_kind(key, &kind) ? of_keys[kind] : MESSAGE_HMAC;
}

/* ---- components ---- */

/* Lower case, without the default port. */
static bool put_authority(struct buffer *out, const struct url_parts *parts)
{
    struct bytes name = parts->authority;
    const char *port = bytes_equal_text(parts->scheme, "https") ? ":443" : ":80";
    size_t length = strlen(port);
    if (name.length > length && memcmp(name.data + name.length - length, port, length) == 0)
        name.length -= length;
    for (size_t i = 0; i < name.length; i++) {
        uint8_t c = (uint8_t)tolower(name.data[i]);
        if (!buffer_append(out, &c, 1))
            return false;
    }
    return name.length > 0;
}

static bool unescape(struct arena *arena, struct bytes text, struct bytes *out)
{
    size_t length;
    uint8_t *data = arena_alloc(arena, text.length + 1);
    if (!data || !form_unescape(text, data, &length))
        return false;
    *out = bytes_of(data, length);
    return true;
}

/* The parameter of that name, both decoded: how the name is escaped is the sender's choice. */
static bool find_query_parameter(struct signature_state *state, struct bytes name,
                                 struct bytes *value)
{
    struct arena *arena = state->request->arena;
    struct bytes wanted, rest = state->request->query;
    size_t found = 0;
    bool done = unescape(arena, name, &wanted);
    while (done && rest.length) {
        struct bytes text = bytes_split(&rest, '&'), key;
        struct bytes raw = bytes_split(&text, '=');
        done = unescape(arena, raw, &key) &&
               (!bytes_equal(key, wanted) || (found++ == 0 && unescape(arena, text, value)));
    }
    return done && found == 1;
}

/* A name is percent-encoded: no quote and no backslash is left in it. */
static bool has_escape(struct bytes name)
{
    return name.length && memchr(name.data, '\\', name.length);
}

/* A parameter of the query, decoded and encoded again; it has to be single. */
static bool put_query_parameter(struct signature_state *state, struct buffer *out,
                                struct bytes parameters)
{
    struct bytes key, name, value;
    if (!structured_take_parameter(&parameters, &key, &name) || parameters.length ||
        !bytes_equal_text(key, "name") || has_escape(name) ||
        !find_query_parameter(state, name, &value))
        return false;
    return percent_encode(out, value, "*-._");
}

static bool put_derived(struct signature_state *state, struct buffer *out, struct bytes name,
                        struct bytes parameters)
{
    struct url_parts parts = signature_url_split(state->request);
    if (bytes_equal_text(name, "@query-param"))
        return put_query_parameter(state, out, parameters);
    if (parameters.length)
        return false;
    if (bytes_equal_text(name, "@method"))
        return buffer_append_bytes(out, state->request->method);
    if (bytes_equal_text(name, "@authority"))
        return put_authority(out, &parts);
    if (bytes_equal_text(name, "@scheme"))
        return buffer_append_bytes(out, parts.scheme);
    if (bytes_equal_text(name, "@path"))
        return buffer_append_bytes(out, parts.path);
    if (bytes_equal_text(name, "@query"))
        return buffer_append(out, "?", 1) && buffer_append_bytes(out, parts.query);
    if (bytes_equal_text(name, "@request-target"))
        return buffer_append_bytes(out, parts.path) &&
               (!parts.query.data ||
                (buffer_append(out, "?", 1) && buffer_append_bytes(out, parts.query)));
    if (bytes_equal_text(name, "@target-uri"))
        return buffer_append_bytes(out, signature_url(state->request));
    return false;
}

/* RFC 9421, 2.1: the values of a header that comes more than once, trimmed, in their order, with a
 * comma and a space between them. False: there is none. */
static bool put_values(const struct request *request, const char *name, struct buffer *out)
{
    bool any = false, done = true;
    for (size_t i = 0; i < request->header_count && done; i++) {
        const struct header *header = &request->headers[i];
        if (!bytes_equal_nocase(header->name, bytes_of_text(name)))
            continue;
        done = (!any || buffer_append(out, ", ", 2)) &&
               buffer_append_bytes(out, bytes_trim(header->value));
        any = true;
    }
    return any && done;
}

/* The same in the arena; no data: there is none, or it is too long. Dictionaries may be spread over
 * several lines (RFC 8941, 3.2). */
static struct bytes joined_header(struct signature_state *state, const char *name)
{
    size_t count;
    struct bytes value = request_header(state->request, name, &count);
    struct buffer all;
    if (count < 2)
        return value;
    buffer_init(&all, BASE_MAX);
    char *copy = put_values(state->request, name, &all)
                     ? arena_copy_bytes(state->request->arena, buffer_bytes(&all))
                     : NULL;
    value = bytes_of(copy, copy ? all.length : 0);
    buffer_finish(&all);
    return value;
}

/* A header as it is. The parameters of RFC 9421 (sf, key, bs, req, tr) are not taken. */
static bool put_header(struct signature_state *state, struct buffer *out, struct bytes name,
                       struct bytes parameters)
{
    const char *text = arena_copy_bytes(state->request->arena, name);
    if (!text || parameters.length)
        return false;
    for (size_t i = 0; i < name.length; i++) {
        if (isupper(name.data[i]))
            return false;
    }
    return put_values(state->request, text, out);
}

/* ---- the base ---- */

struct cover {
    struct bytes whole[COMPONENTS_MAX], names[COMPONENTS_MAX];
    size_t count;
};

static bool cover_add(struct cover *cover, struct bytes name, struct bytes whole)
{
    for (size_t i = 0; i < cover->count; i++) {
        if (bytes_equal(cover->whole[i], whole))
            return false;
    }
    if (cover->count == COMPONENTS_MAX)
        return false;
    cover->names[cover->count] = name;
    cover->whole[cover->count++] = whole;
    return true;
}

static bool covers(const struct cover *cover, struct bytes name)
{
    for (size_t i = 0; i < cover->count; i++) {
        if (bytes_equal(cover->names[i], name))
            return true;
    }
    return false;
}

/* One line for each component; fills `cover`. */
static bool put_components(struct signature_state *state, struct bytes list, struct cover *cover)
{
    struct buffer *out = &state->message;
    while (list.length) {
        struct bytes name, parameters, whole;
        if (!structured_take_string(&list, &name, &parameters, &whole) || name.length == 0 ||
            !cover_add(cover, name, whole))
            return false;
        if (!buffer_append_bytes(out, whole) || !buffer_append(out, ": ", 2))
            return false;
        bool put = name.data[0] == '@' ? put_derived(state, out, name, parameters)
                                       : put_header(state, out, name, parameters);
        if (!put || !buffer_append(out, "\n", 1))
            return false;
    }
    return true;
}

static struct bytes wanted_components(const struct text_map *parameters)
{
    const char *said = signed_parameter(parameters, "components");
    return bytes_of_text(said ? said : "content-digest");
}

static bool covers_enough(const struct signature_state *state, const struct cover *cover)
{
    struct bytes rest = wanted_components(state->plan->parameters);
    while (rest.data) {
        struct bytes name = bytes_split(&rest, ' ');
        if (name.length && !covers(cover, name))
            return false;
    }
    return true;
}

/* ---- parameters ---- */

static bool parameter_time(struct bytes parameters, const char *name, int64_t *unix_ms, int *found)
{
    struct bytes text;
    *found = structured_find_parameter(parameters, name, &text);
    /* what stands before it tells a number from a string of digits */
    return *found == 0 || (*found == 1 && text.length && text.data[-1] == '=' &&
                           signature_time_parse(text, TIME_SECONDS, unix_ms));
}

static const char *check_times(struct signature_state *state, struct bytes parameters)
{
    int64_t created = 0, expires = 0, now = state->request->now_ms;
    int64_t tolerance = state->plan->scheme->time.tolerance_ms;
    int has_created, has_expires;
    if (!parameter_time(parameters, "created", &created, &has_created) ||
        !parameter_time(parameters, "expires", &expires, &has_expires))
        return "the time of the signature is not well formed";
    if (!has_created)
        return "the signature does not say when it was made";
    if (tolerance && !signature_time_fresh(created, now, tolerance,
                                           state->plan->scheme->time.ahead_ms, TIME_SECONDS))
        return signature_time_reason(created, now, tolerance, state->plan->scheme->time.ahead_ms,
                                     state->request->arena);
    if (has_expires && expires <= now)
        return "the signature has expired";
    structured_find_parameter(parameters, "created", &state->source.time);
    return NULL;
}

static bool key_matches(struct signature_state *state, struct bytes key, struct bytes parameters,
                        struct bytes mark)
{
    struct bytes base = buffer_bytes(&state->message), named;
    enum message_algorithm algorithm = algorithm_of(state->plan, key);
    enum hash_kind hash = algorithms[algorithm].hash;
    uint8_t digest[HASH_MAX_SIZE], der[160];
    size_t length = sizeof der;
    int said = structured_find_parameter(parameters, "alg", &named);
    if (said < 0 || (said == 1 && !bytes_equal_text(named, algorithms[algorithm].name)))
        return false;
    if (algorithm == MESSAGE_ED25519)
        return public_key_verify_ed25519(key, base, mark);
    struct bytes sum = bytes_of(digest, hash_size(hash));
    if (algorithm == MESSAGE_HMAC)
        return hmac_compute(hash, key, base, digest) && digest_equal(sum, mark);
    if (!hash_compute(hash, base, digest))
        return false;
    if (algorithm == MESSAGE_ECDSA)
        return mark.length == 64 && ecdsa_signature_to_der(mark, der, &length) &&
               public_key_verify_hash(key, PUBLIC_ECDSA, hash, sum, bytes_of(der, length));
    return public_key_verify_hash(key, algorithm == MESSAGE_RSA ? PUBLIC_RSA_PKCS1 : PUBLIC_RSA_PSS,
                                  hash, sum, mark);
}

/* ---- one signature ---- */

/* The text that is signed into state->message; `*parameters` gets what stands behind the list of
 * components. NULL, or why there is none. */
static const char *make_base(struct signature_state *state, struct bytes input, struct cover *cover,
                             struct bytes *parameters)
{
    struct bytes inside;
    *parameters = input;
    buffer_consume(&state->message, state->message.length);
    if (!structured_take_list(parameters, &inside) || !put_components(state, inside, cover))
        return "a component that is signed is missing or not known";
    if (!covers_enough(state, cover))
        return "the signature does not cover what the route requires";
    const char *problem = check_times(state, *parameters);
    if (problem)
        return problem;
    return buffer_append_text(&state->message, "\"@signature-params\": ") &&
                   buffer_append_bytes(&state->message, input)
               ? NULL
               : "the signed text is too long";
}

/* NULL if the signature proves the message, else why it does not. */
static const char *check_signature(struct signature_state *state, struct bytes input,
                                   struct bytes mark, bool *digested)
{
    struct cover cover = {0};
    struct bytes parameters;
    const char *problem = make_base(state, input, &cover, &parameters);
    if (problem)
        return problem;
    *digested = covers(&cover, bytes_of_text("content-digest"));
    for (size_t i = 0; i < state->plan->keys.count; i++) {
        if (key_matches(state, secret_bytes(&state->plan->keys.items[i]), parameters, mark) &&
            signature_key_counts(state, i)) {
            state->matched = i;
            return NULL;
        }
    }
    return signature_mismatch(state);
}

/* The signature of that label in the other header. */
static bool find_mark(struct signature_state *state, struct bytes header, struct bytes label,
                      struct bytes *mark)
{
    while (header.length) {
        struct bytes key, value, base64;
        if (!structured_take_member(&header, &key, &value))
            return false;
        if (bytes_equal(key, label))
            return structured_bytes(value, &base64) &&
                   signature_decode(base64, ENCODING_BASE64, state->request->arena, mark);
    }
    return false;
}

static bool *digest_flag(struct signature_state *state)
{
    return state->extra;
}

static struct verdict message_head(struct signature_state *state)
{
    size_t labels = 0;
    struct bytes input = joined_header(state, "signature-input");
    struct bytes signatures = joined_header(state, "signature"), mark;
    const char *problem = "the signature is not well formed";
    state->extra = arena_alloc(state->request->arena, sizeof(bool));
    state->message.limit = BASE_MAX;
    if (!state->extra)
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the signature");
    if (!input.length || !signatures.length)
        return signature_refuse("the signature is missing");
    while (input.length && labels++ < LABELS_MAX) {
        struct bytes label, value;
        if (!structured_take_member(&input, &label, &value))
            return signature_refuse("the signature is not well formed");
        if (!find_mark(state, signatures, label, &mark))
            continue;
        problem = check_signature(state, value, mark, digest_flag(state));
        if (!problem) {
            state->found[0] = mark;
            state->found_count = 1;
            return GO_ON;
        }
    }
    return signature_refuse(problem);
}

/* Content-Digest: every digest that we know has to be right, and one has to be known. */
static struct verdict message_body(struct signature_state *state)
{
    size_t known = 0;
    struct bytes header = joined_header(state, "content-digest");
    state->body_open = !*digest_flag(state);
    if (state->body_open)
        return GO_ON;
    while (header.length) {
        struct bytes key, value, base64, given;
        uint8_t digest[HASH_MAX_SIZE];
        if (!structured_take_member(&header, &key, &value))
            return signature_refuse("the digest of the body is not well formed");
        bool sha512 = bytes_equal_text(key, "sha-512");
        if (!sha512 && !bytes_equal_text(key, "sha-256"))
            continue;
        enum hash_kind hash = sha512 ? HASH_SHA512 : HASH_SHA256;
        if (!structured_bytes(value, &base64) ||
            !signature_decode(base64, ENCODING_BASE64, state->request->arena, &given) ||
            !hash_compute(hash, state->request->body, digest) ||
            !digest_equal(bytes_of(digest, hash_size(hash)), given))
            return signature_refuse("the digest of the body does not match");
        known++;
    }
    return known ? GO_ON : signature_refuse("the hash of the body's digest is not known");
}

/* ---- send ---- */

static bool add_digest(struct signing *signing)
{
    uint8_t digest[HASH_MAX_SIZE];
    char text[BASE64_SIZE(HASH_MAX_SIZE)];
    if (!hash_compute(HASH_SHA256, signing->request.body, digest))
        return false;
    base64_encode(bytes_of(digest, hash_size(HASH_SHA256)), text);
    const char *value = arena_format(signing->request.arena, "sha-256=:%s:", text);
    return value && sign_add_header(signing, "Content-Digest", bytes_of_text(value));
}

/* `("@method" "content-digest");created=…`: what the route wants to be covered, and no more. */
static bool put_input(struct signing *signing, struct buffer *out)
{
    struct bytes names = wanted_components(signing->plan->parameters);
    bool done = buffer_append_text(out, "("), first = true;
    while (done && names.data) {
        struct bytes name = bytes_split(&names, ' ');
        if (!name.length)
            continue;
        done = buffer_printf(out, "%s\"%.*s\"", first ? "" : " ", (int)name.length, name.data);
        first = false;
    }
    return done &&
           buffer_printf(out, ");created=%lld", (long long)(signing->request.now_ms / 1000));
}

static bool private_algorithm(struct signing *signing, enum message_algorithm *algorithm,
                              struct error *err)
{
    struct buffer der;
    buffer_init(&der, TEXT_MAX);
    bool done = private_key_public_der(signing->private_key, &der, err);
    if (done)
        *algorithm = algorithm_of(signing->plan, buffer_bytes(&der));
    buffer_finish(&der);
    return done;
}

static bool shared_mark(struct signing *signing, struct bytes text, struct buffer *mark,
                        struct error *err)
{
    struct bytes key = secret_bytes(&signing->plan->keys.items[0]);
    uint8_t digest[HASH_MAX_SIZE];
    if (algorithm_of(signing->plan, key) != MESSAGE_HMAC)
        return error_set(err, "a public key cannot sign: give the private key with --key");
    return (hmac_compute(HASH_SHA256, key, text, digest) &&
            buffer_append(mark, digest, hash_size(HASH_SHA256))) ||
           error_set(err, "out of memory");
}

static bool message_mark(struct signing *signing, struct bytes text, struct buffer *mark,
                         struct error *err)
{
    enum message_algorithm algorithm;
    if (!signing->private_key.length)
        return shared_mark(signing, text, mark, err);
    if (!private_algorithm(signing, &algorithm, err))
        return false;
    if (algorithm != MESSAGE_ECDSA)
        return private_key_sign(
            signing->private_key, algorithm == MESSAGE_RSA ? PUBLIC_RSA_PKCS1 : PUBLIC_RSA_PSS,
            algorithm == MESSAGE_RSA_PSS ? HASH_SHA512 : HASH_SHA256, text, mark, err);
    struct buffer der;
    buffer_init(&der, 1024);
    bool done =
        private_key_sign(signing->private_key, PUBLIC_ECDSA, HASH_SHA256, text, &der, err) &&
        ecdsa_signature_to_raw(buffer_bytes(&der), 32, mark);
    buffer_finish(&der);
    return done;
}

static bool add_message_headers(struct signing *signing, struct bytes input, struct bytes mark)
{
    struct arena *arena = signing->request.arena;
    char *text = arena_alloc(arena, BASE64_SIZE(mark.length));
    if (!text)
        return false;
    base64_encode(mark, text);
    const char *named = arena_format(arena, "sig1=%.*s", (int)input.length, input.data);
    const char *signature = arena_format(arena, "sig1=:%s:", text);
    return named && signature &&
           sign_add_header(signing, "Signature-Input", bytes_of_text(named)) &&
           sign_add_header(signing, "Signature", bytes_of_text(signature));
}

static bool message_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    struct buffer input, mark;
    struct sign_preview *preview;
    struct cover cover = {0};
    struct bytes parameters;
    if (!add_digest(signing))
        return error_set(err, "out of memory");
    if (!(preview = sign_preview(signing, source, err)))
        return false;
    buffer_init(&input, TEXT_MAX);
    buffer_init(&mark, TEXT_MAX);
    bool done = put_input(signing, &input);
    const char *problem =
        done ? make_base(&preview->state, buffer_bytes(&input), &cover, &parameters)
             : "out of memory";
    done = problem ? error_set(err, "%s", problem)
                   : message_mark(signing, buffer_bytes(&preview->state.message), &mark, err) &&
                         (add_message_headers(signing, buffer_bytes(&input), buffer_bytes(&mark)) ||
                          error_set(err, "out of memory"));
    sign_preview_finish(preview);
    buffer_finish(&mark);
    buffer_finish(&input);
    return done;
}

/* ---- the kind ---- */

static bool message_secret_is_public(const struct signature_plan *plan, struct bytes secret)
{
    int algorithm = said_algorithm(plan->parameters);
    return algorithm < 0 ? public_keys_begin(secret) : algorithm != MESSAGE_HMAC;
}

static int message_public_kind(const struct signature_plan *plan)
{
    int algorithm = said_algorithm(plan->parameters);
    return algorithm < 0 ? -1 : (int)algorithms[algorithm].key;
}

static int message_key_encoding(const struct signature_plan *plan)
{
    const char *said = signed_parameter(plan->parameters, "encoding");
    return said && strcmp(said, "base64") == 0 ? KEY_BASE64 : KEY_TEXT;
}

/* Without `algorithm` it is signed by what there is. */
static bool message_signs_privately(const struct signature_plan *plan, bool given)
{
    int algorithm = said_algorithm(plan->parameters);
    return algorithm < 0 ? given : algorithm != MESSAGE_HMAC;
}

static bool message_signs_body(const struct scheme *scheme)
{
    (void)scheme;
    return true;
}

/* Whether the components that have to be covered hold `name`. */
static bool wants(const struct signature_plan *plan, const char *name)
{
    struct bytes rest = wanted_components(plan->parameters);
    while (rest.data) {
        if (bytes_equal_text(bytes_split(&rest, ' '), name))
            return true;
    }
    return false;
}

static bool signs_in_part(const struct signature_plan *plan)
{
    return !wants(plan, "content-digest");
}

static bool binds_no_target(const struct signature_plan *plan)
{
    return !(wants(plan, "@method") && (wants(plan, "@path") || wants(plan, "@target-uri") ||
                                        wants(plan, "@request-target")));
}

static const struct signature_warning warnings[] = {
    {.holds = signs_in_part, .text = "signs only a part of the message", .names_rest = true},
    {.holds = binds_no_target,
     .text = "need not sign the method and the path: a message could be sent to another route; set "
             "components: \"@method @path content-digest\" if the sender signs them"},
    {.text = NULL},
};

const struct signature_kind message_kind = {
    .title = "HTTP message signature",
    .signed_part = "the listed components",
    .ignores_hash = true,
    .takes_parts = true,
    .reads_time = true,
    .check_parameters = message_check_parameters,
    .keys = KEYS_ANY,
    .secret_is_public = message_secret_is_public,
    .public_kind = message_public_kind,
    .key_encoding = message_key_encoding,
    .head = message_head,
    .body = message_body,
    .is_open = true,
    .signs_body = message_signs_body,
    .identity = signed_message_identity,
    .explain = signed_message_explain,
    .warnings = warnings,
    .sign = message_sign,
    .signs_privately = message_signs_privately,
};
