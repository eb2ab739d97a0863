/* The order in which a message is proven: what the head must say, the signature that it brings, its
 * time, the digest, the match. A scheme whose values stand in the body goes through the same steps
 * once the body is there — the only place where a body is looked into before it is authenticated,
 * and then only by the guard and the scanner behind it. */
#include "handlers/signature.h"

#include "base/encoding.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static const struct signature_kind *const code_kinds[] = {
    [SCHEME_JWS] = &jws_kind,
    [SCHEME_SNS] = &sns_kind,
    [SCHEME_CONTENTFUL] = &contentful_kind,
    [SCHEME_MESSAGE] = &message_kind,
    [SCHEME_NONE] = NULL,
};

/* ---- tests ---- */

static bool pattern_matches(const struct scheme_test *test, struct bytes value)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int found = data ? pcre2_match(test->pattern, value.data, value.length, 0,
                                   PCRE2_ANCHORED | PCRE2_ENDANCHORED, data, NULL)
                     : -1;
    pcre2_match_data_free(data);
    return found >= 0;
}

bool signature_test(struct value_source *source, const struct scheme_test *test)
{
    struct bytes value, wanted;
    enum value_outcome outcome = value_get(source, &test->value, &value);
    if (outcome != VALUE_FOUND)
        return test->missing && outcome == VALUE_MISSING;
    if (test->missing)
        return false;
    if (test->exists)
        return value.length > 0;
    if (test->matches)
        return test->pattern && pattern_matches(test, value);
    return template_text(&test->equals, source, &wanted) == VALUE_FOUND &&
           secret_equal(wanted, value);
}

static struct verdict check_required(struct signature_state *state, bool body)
{
    const struct section_list *require = &state->plan->scheme->require;
    for (size_t i = 0; i < require->count; i++) {
        const struct scheme_test *test = &((const struct scheme_test *)require->items)[i];
        if (value_needs_body(&test->value) == body && !signature_test(&state->source, test))
            return signature_refuse("a value is not what the scheme requires");
    }
    return verdict_go_on();
}

/* ---- time and id ---- */

static struct verdict check_time(struct signature_state *state, bool body)
{
    const struct scheme_time *time = &state->plan->scheme->time;
    int64_t unix_ms;
    if (time->in.kind == VALUE_ABSENT || value_needs_body(&time->in) != body ||
        state->plan->scheme->kind == SCHEME_MESSAGE) /* judges it where it reads its parameters */
        return verdict_go_on();
    switch (value_get(&state->source, &time->in, &state->source.time)) {
    case VALUE_FOUND:
        break;
    case VALUE_MISSING:
        return time->is_signed ? signature_refuse("the time is missing") : verdict_go_on();
    default:
        return signature_refuse("the time cannot be read");
    }
    if (!signature_time_parse(state->source.time, time->unit, &unix_ms))
        return signature_refuse("the time is not well formed");
    if (time->tolerance_ms && !signature_time_fresh(unix_ms, state->request->now_ms,
                                                    time->tolerance_ms, time->ahead_ms, time->unit))
        return signature_refuse("the time is not within the tolerance");
    return verdict_go_on();
}

static struct verdict take_delivery(struct signature_state *state, bool body)
{
    const struct value_list *delivery = &state->plan->scheme->delivery;
    if (!template_uses(state->signed_text, VALUE_DELIVERY) || delivery->count == 0 ||
        value_needs_body(&delivery->items[0]) != body)
        return verdict_go_on();
    if (value_get_first(&state->source, delivery, &state->source.delivery) != VALUE_FOUND ||
        state->source.delivery.length == 0)
        return signature_refuse("the delivery id is missing");
    return verdict_go_on();
}

/* ---- the two halves ---- */

static const struct template *choose_text(const struct scheme *scheme,
                                          const struct request *request)
{
    struct bytes type = request_header(request, "content-type", NULL);
    bool form = bytes_equal_nocase(bytes_trim(bytes_split(&type, ';')),
                                   bytes_of_text("application/x-www-form-urlencoded"));
    return form && scheme->signed_form.count ? &scheme->signed_form : &scheme->signed_text;
}

/* Where the body can be digested as it comes: it is there once, and all else is in the head. */
static size_t find_body_part(const struct scheme *scheme, const struct template *text)
{
    size_t at = SIZE_MAX;
    if (scheme->each.kind != VALUE_ABSENT || scheme->kind > SCHEME_RSA_PSS ||
        scheme->kind == SCHEME_ED25519)
        return SIZE_MAX;
    for (size_t i = 0; i < text->count; i++) {
        const struct value_ref *ref = &text->parts[i].ref;
        bool from_body =
            value_needs_body(ref) ||
            (ref->kind == VALUE_TIME && value_needs_body(&scheme->time.in)) ||
            (ref->kind == VALUE_DELIVERY && scheme->delivery.count &&
             value_needs_body(&scheme->delivery.items[0])) ||
            (ref->kind == VALUE_SIGNATURE && value_needs_body(&scheme->signature.in.items[0]));
        if (!from_body)
            continue;
        if (ref->kind != VALUE_BODY || text->parts[i].filter != FILTER_NONE || at != SIZE_MAX)
            return SIZE_MAX;
        at = i;
    }
    return at;
}

/* HTTP basic authentication: the decoded "user:password" is the token. */
static struct verdict extract_basic(struct signature_state *state)
{
    size_t count;
    struct bytes text = request_header(state->request, "authorization", &count);
    static const char word[] = "Basic ";
    if (count == 0)
        return signature_refuse("the credentials are missing");
    if (count > 1 || text.length < sizeof word ||
        !bytes_equal_nocase(bytes_of(text.data, sizeof word - 1), bytes_of_text(word)) ||
        !signature_decode(bytes_from(text, sizeof word - 1), ENCODING_BASE64, state->request->arena,
                          &state->found[0]))
        return signature_refuse("the credentials are not well formed");
    state->found_count = 1;
    return verdict_go_on();
}

/* The steps for what stands in the head, or for what stands in the body. */
static struct verdict take_values(struct signature_state *state, bool body)
{
    static struct verdict (*const steps[])(struct signature_state * state, bool body) = {
        check_required, signature_extract, check_time, take_delivery};
    struct verdict verdict = verdict_go_on();
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && verdict.reply == REPLY_NONE; i++)
        verdict = steps[i](state, body);
    return verdict;
}

static const struct signature_kind *code_kind(const struct signature_state *state)
{
    size_t kind = (size_t)state->plan->scheme->kind;
    return kind < sizeof code_kinds / sizeof code_kinds[0] ? code_kinds[kind] : NULL;
}

struct verdict signature_head(const struct signature_plan *plan, struct request *request,
                              struct signature_state **out)
{
    struct signature_state *state = arena_alloc(request->arena, sizeof *state);
    if (!state)
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the signature");
    state->plan = plan;
    state->request = request;
    state->source = (struct value_source){.request = request,
                                          .parameters = plan->parameters,
                                          .family = scheme_find_family(plan->scheme, request)};
    state->signed_text = choose_text(plan->scheme, request);
    state->body_part = find_body_part(plan->scheme, state->signed_text);
    buffer_init(&state->message, SIZE_MAX / 2);
    signature_take_urls(state);
    *out = state;
    struct verdict verdict = take_values(state, false);
    if (verdict.reply == REPLY_NONE && plan->scheme->kind == SCHEME_BASIC)
        verdict = extract_basic(state);
    if (verdict.reply == REPLY_NONE && code_kind(state) && code_kind(state)->head)
        verdict = code_kind(state)->head(state);
    else if (verdict.reply == REPLY_NONE && state->body_part != SIZE_MAX)
        verdict = signature_open(state);
    return verdict;
}

static bool kind_has_digest(int kind)
{
    return kind <= SCHEME_RSA_PSS && kind != SCHEME_ED25519;
}

/* What the head left open, for the whole message or for one element of it. */
static struct verdict prove(struct signature_state *state)
{
    struct verdict verdict = take_values(state, true);
    if (verdict.reply == REPLY_NONE && kind_has_digest(state->plan->scheme->kind) &&
        state->body_part == SIZE_MAX)
        verdict = signature_open(state);
    return verdict.reply == REPLY_NONE ? signature_compare(state) : verdict;
}

static struct verdict prove_by_code(struct signature_state *state)
{
    struct verdict verdict = take_values(state, true);
    return verdict.reply == REPLY_NONE ? code_kind(state)->body(state) : verdict;
}

struct each {
    struct signature_state *state;
    struct verdict verdict;
};

static bool prove_item(void *context, struct bytes item)
{
    struct each *each = context;
    each->state->source.item = item;
    each->state->found_count = 0;
    each->verdict = prove(each->state);
    return each->verdict.reply == REPLY_NONE;
}

/* Every element, at least one: what is signed one by one is worth nothing in part. */
static struct verdict prove_each(struct signature_state *state)
{
    struct bytes json;
    struct json_path path = state->plan->scheme->each.path;
    struct each each = {.state = state, .verdict = signature_refuse("there is nothing signed")};
    if (!value_source_json(&state->source, &json))
        return signature_refuse("the body cannot be read to find the signature");
    if (state->source.json_repeats)
        json_path_each_last(json, &path, prove_item, &each);
    else
        json_path_each(json, &path, prove_item, &each);
    return each.verdict;
}

static struct verdict check_body_hash(struct signature_state *state)
{
    const struct scheme_body_hash *wanted = &state->plan->scheme->body_hash;
    uint8_t digest[HASH_MAX_SIZE];
    struct bytes text, given;
    enum hash_kind hash = (enum hash_kind)wanted->hash;
    if (wanted->in.kind == VALUE_ABSENT)
        return verdict_go_on();
    if (value_get(&state->source, &wanted->in, &text) != VALUE_FOUND ||
        !signature_decode(text, wanted->encoding, state->request->arena, &given))
        return signature_refuse("the digest of the body is missing or not well formed");
    if (!hash_compute(hash, state->request->body, digest) ||
        !digest_equal(bytes_of(digest, hash_size(hash)), given))
        return signature_refuse("the digest of the body does not match");
    return verdict_go_on();
}

struct verdict signature_body(struct signature_state *state)
{
    const struct scheme *scheme = state->plan->scheme;
    struct verdict verdict = scheme->kind == SCHEME_NONE         ? take_values(state, true)
                             : code_kind(state)                  ? prove_by_code(state)
                             : scheme->each.kind != VALUE_ABSENT ? prove_each(state)
                                                                 : prove(state);
    return verdict.reply == REPLY_NONE ? check_body_hash(state) : verdict;
}

/* ---- the text that was signed ---- */

static bool feed_hash(void *context, struct bytes piece)
{
    return hash_feed(context, piece);
}

/* With the URL that matched; the secret of a plain digest stays out of it. */
static bool feed_identity(struct signature_state *state, struct hash_stream *hash)
{
    const struct signature_kind *kind = code_kind(state);
    struct bytes body = state->request->body;
    if (kind)
        return hash_feed(hash, buffer_bytes(&state->message)) &&
               (!kind->body_follows || hash_feed(hash, body));
    if (state->plan->scheme->each.kind != VALUE_ABSENT)
        return hash_feed(hash, body);
    state->source.secret = bytes_of_text("<secret>");
    return template_render(state->signed_text, 0, state->signed_text->count, &state->source,
                           feed_hash, hash) == VALUE_FOUND;
}

bool signature_identity(struct signature_state *state, uint8_t digest[HASH_MAX_SIZE])
{
    struct hash_stream *hash = hash_create(HASH_SHA256);
    bool done = hash && feed_identity(state, hash);
    hash_destroy(hash, done ? digest : NULL);
    return done;
}

bool signature_covers_message(const struct signature_state *state)
{
    const struct scheme *scheme = state->plan->scheme;
    return scheme->kind != SCHEME_JWS ? !state->body_open : scheme->jws.body_claim != NULL;
}

/* ---- for a person ---- */

static bool explain_put(void *context, struct bytes piece)
{
    return buffer_append_bytes(context, piece);
}

bool signature_explain(struct signature_state *state, struct buffer *out)
{
    if (state->plan->scheme->kind > SCHEME_RSA_PSS)
        return state->message.length && buffer_append_bytes(out, buffer_bytes(&state->message));
    if (state->source.url.length == 0)
        state->source.url = state->urls[0];
    state->source.secret = bytes_of_text("<secret>");
    return template_render(state->signed_text, 0, state->signed_text->count, &state->source,
                           explain_put, out) == VALUE_FOUND;
}
