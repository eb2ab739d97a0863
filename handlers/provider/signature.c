/* The order in which a message is proven is a list of steps: what the scheme requires, the
 * signature that the message brings, its time, its id, and then the proof, which is the kind's. The
 * list is gone through for the head, and again for what stands in the body once that is there — the
 * only place where a body is looked into before it is authenticated, and then only by the guard and
 * the scanner behind it. */
#include "handlers/provider/signature.h"

#include "handlers/provider/scheme_test.h"
#include "handlers/provider/signature_digest.h"
#include "handlers/provider/signature_extract.h"
#include "handlers/provider/signature_kind.h"
#include "handlers/provider/signature_time.h"
#include "handlers/provider/signature_url.h"

/* ---- the steps ---- */

static struct verdict check_required(struct signature_state *state, enum signature_moment moment)
{
    const struct section_list *require = &state->plan->scheme->require;
    for (size_t i = 0; i < require->count; i++) {
        const struct scheme_test *test = &((const struct scheme_test *)require->items)[i];
        if (signature_is_due(&test->value, moment) && !scheme_test_holds(&state->source, test))
            return signature_refuse("a value is not what the scheme requires");
    }
    return GO_ON;
}

static struct verdict check_time(struct signature_state *state, enum signature_moment moment)
{
    const struct scheme_time *time = &state->plan->scheme->time;
    int64_t unix_ms;
    if (time->in.kind == SIGNED_ABSENT || !signature_is_due(&time->in, moment) ||
        state->plan->scheme->kind->reads_time)
        return GO_ON;
    switch (signed_get(&state->source, &time->in, &state->source.time)) {
    case SIGNED_FOUND:
        break;
    case SIGNED_MISSING:
        return time->is_signed ? signature_refuse("the time is missing") : GO_ON;
    default:
        return signature_refuse("the time cannot be read");
    }
    if (!signature_time_parse(state->source.time, time->unit, &unix_ms))
        return signature_refuse("the time is not well formed");
    if (time->tolerance_ms && !signature_time_fresh(unix_ms, state->request->now_ms,
                                                    time->tolerance_ms, time->ahead_ms, time->unit))
        return signature_refuse(signature_time_reason(unix_ms, state->request->now_ms,
                                                      time->tolerance_ms, time->ahead_ms,
                                                      state->request->arena));
    return GO_ON;
}

/* Where it is a part of the text. */
static struct verdict take_message_id(struct signature_state *state, enum signature_moment moment)
{
    const struct signed_list *message_id = &state->plan->scheme->message_id;
    if (!signed_template_uses(state->signed_text, SIGNED_MESSAGE_ID) || message_id->count == 0 ||
        !signature_is_due(&message_id->items[0], moment))
        return GO_ON;
    if (signed_get_first(&state->source, message_id, &state->source.message_id) != SIGNED_FOUND ||
        state->source.message_id.length == 0)
        return signature_refuse("the delivery id is missing");
    return GO_ON;
}

static struct verdict prove(struct signature_state *state, enum signature_moment moment)
{
    const struct signature_kind *kind = state->plan->scheme->kind;
    if (moment == SIGNATURE_HEAD)
        return kind->head ? kind->head(state) : GO_ON;
    return kind->body ? kind->body(state) : GO_ON;
}

/* Each does what can be done at that moment. */
static struct verdict (*const steps[])(struct signature_state *state,
                                       enum signature_moment moment) = {
    check_required, signature_extract, check_time, take_message_id, prove,
};

static struct verdict run_steps(struct signature_state *state, enum signature_moment moment)
{
    struct verdict verdict = GO_ON;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && verdict.reply == REPLY_NONE; i++)
        verdict = steps[i](state, moment);
    return verdict;
}

/* ---- the head ---- */

static const struct signed_template *choose_text(const struct scheme *scheme,
                                                 const struct request *request)
{
    struct bytes type = request_header(request, "content-type", NULL);
    bool form = bytes_equal_nocase(bytes_trim(bytes_split(&type, ';')),
                                   bytes_of_text("application/x-www-form-urlencoded"));
    return form && scheme->signed_form.count ? &scheme->signed_form : &scheme->signed_text;
}

struct verdict signature_head(const struct signature_plan *plan, struct request *request,
                              struct signature_state **out)
{
    struct signature_state *state = arena_alloc(request->arena, sizeof *state);
    if (!state)
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the signature");
    state->plan = plan;
    state->request = request;
    state->source = (struct signed_source){.request = request,
                                           .json_field = state->plan->scheme->json_field,
                                           .parameters = plan->parameters,
                                           .family = scheme_find_family(plan->scheme, request)};
    state->signed_text = choose_text(plan->scheme, request);
    state->body_part = SIZE_MAX;
    buffer_init(&state->message, SIZE_MAX / 2);
    signature_take_urls(state);
    *out = state;
    return run_steps(state, SIGNATURE_HEAD);
}

/* ---- the body ---- */

void signature_feed(struct signature_state *state, struct bytes piece)
{
    digest_feed(state, piece);
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
    each->verdict = run_steps(each->state, SIGNATURE_BODY);
    return each->verdict.reply == REPLY_NONE;
}

/* Every element, at least one: what is signed one by one is worth nothing in part. */
static struct verdict prove_each(struct signature_state *state)
{
    struct bytes json;
    struct json_path path = state->plan->scheme->each.path;
    struct each each = {.state = state, .verdict = signature_refuse("there is no signed element")};
    if (!signed_source_json(&state->source, &json))
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
    if (wanted->in.kind == SIGNED_ABSENT)
        return GO_ON;
    if (signed_get(&state->source, &wanted->in, &text) != SIGNED_FOUND ||
        !signature_decode(text, wanted->encoding, state->request->arena, &given))
        return signature_refuse("the digest of the body is missing or not well formed");
    if (!hash_compute(hash, state->request->body, digest) ||
        !digest_equal(bytes_of(digest, hash_size(hash)), given))
        return signature_refuse("the digest of the body does not match");
    return GO_ON;
}

struct verdict signature_body(struct signature_state *state)
{
    const struct scheme *scheme = state->plan->scheme;
    bool each = scheme->kind->takes_each && scheme->each.kind != SIGNED_ABSENT;
    struct verdict verdict = each ? prove_each(state) : run_steps(state, SIGNATURE_BODY);
    return verdict.reply == REPLY_NONE ? check_body_hash(state) : verdict;
}

void signature_release(struct signature_state *state)
{
    signature_state_finish(state);
}

/* ---- what was signed ---- */

bool signature_identity(struct signature_state *state, uint8_t digest[HASH_MAX_SIZE])
{
    const struct signature_kind *kind = state->plan->scheme->kind;
    struct hash_stream *hash = kind->identity ? hash_create(HASH_SHA256) : NULL;
    bool done = hash && kind->identity(state, hash);
    hash_destroy(hash, done ? digest : NULL);
    return done;
}

bool signature_explain(struct signature_state *state, struct buffer *out)
{
    const struct signature_kind *kind = state->plan->scheme->kind;
    return kind->explain && kind->explain(state, out);
}
