/* A provider is a scheme — the user's own or one that is compiled in, in the same words and read by
 * the same rows — with the route's secrets. What the signature engine proves is turned here into
 * what the rest of the walk wants: the delivery id, the event type and the key against replays.
 */
#include "handlers/provider/provider.h"

#include "config/loader.h"
#include "handlers/auth/authenticator.h"
#include "handlers/content/content.h"
#include "handlers/provider/challenge.h"
#include "handlers/provider/presets.h"
#include "handlers/provider/replay.h"
#include "handlers/provider/scheme_section.h"
#include "handlers/provider/signature.h"
#include "handlers/provider/signature_keys.h"
#include "handlers/provider/signature_kind.h"

enum { ID_MAX = 256, OWN_MAX = 256 };

/* ---- loading ---- */

/* The schemes that a file's own `providers:` describes; and the presets that its routes have asked
 * for, which share what was read. */
struct own_schemes {
    const struct scheme *items[OWN_MAX], *presets[OWN_MAX];
    size_t count, preset_count;
};

static bool read_own(struct load *load, const struct node *node, const struct row *row, void *field)
{
    struct own_schemes *own = field;
    (void)row;
    if (node->kind != NODE_MAPPING)
        return load_problem(load, node, "must be a map of schemes");
    for (const struct node *value = node->first; value; value = value->next) {
        struct scheme *scheme = arena_alloc(load_arena(load), sizeof *scheme);
        if (preset_find(value->key->text)) /* a preset that comes with an update breaks no file */
            load_warning(load, value->key,
                         "\"%s\" is also a built-in provider: this definition replaces it",
                         value->key->text);
        if (!scheme || own->count == OWN_MAX)
            return load_problem(load, value->key, "there are too many providers");
        scheme->name = arena_copy_text(load_arena(load), value->key->text);
        if (!load_section(load, value, &scheme_section, scheme))
            return false;
        own->items[own->count++] = scheme;
    }
    return true;
}

static const struct row own_rows[] = {
    {.name = "providers",
     .type = ROW_CUSTOM,
     .offset = 0,
     .sentence = "Your own signature schemes, by name, written as the built-in ones are.",
     .flags = ROW_IN_INCLUDES | ROW_NAMES_INSIDE,
     .section = &scheme_section,
     .read = read_own,
     .syntax = "a map of schemes"},
};

const struct row_section provider_own_section = {.name = "providers",
                                                 .sentence = "Your own signature schemes.",
                                                 .rows = own_rows,
                                                 .row_count = ROW_COUNT(own_rows),
                                                 .size = sizeof(struct own_schemes)};

static struct own_schemes *own_schemes_of(struct load *load)
{
    const struct settings *settings = load_settings(load);
    return settings ? settings_top_part(settings, &provider_own_section) : NULL;
}

static const struct scheme *find_known(const struct own_schemes *own, const char *name)
{
    for (size_t i = 0; own && i < own->count; i++)
        if (strcmp(own->items[i]->name, name) == 0)
            return own->items[i];
    for (size_t i = 0; own && i < own->preset_count; i++)
        if (strcmp(own->presets[i]->name, name) == 0)
            return own->presets[i];
    return NULL;
}

const struct scheme *provider_preset(const struct preset *preset, const struct registry *registry,
                                     struct arena *arena, struct problem_list *problems)
{
    struct scheme *scheme = arena_alloc(arena, sizeof *scheme);
    if (!scheme || !section_load_text(preset->name, bytes_of_text(preset->text), &scheme_section,
                                      registry, arena, problems, scheme))
        return NULL;
    scheme->name = preset->name;
    return scheme;
}

static void unknown_provider(struct load *load, const struct node *node, const char *name)
{
    const char *nearest = preset_nearest(name);
    if (nearest)
        load_problem(load, node, "there is no provider \"%s\", did you mean \"%s\"?", name,
                     nearest);
    else
        load_problem(load, node, "there is no provider \"%s\"", name);
}

static const struct scheme *find_scheme(struct load *load, const struct node *node,
                                        const char *name)
{
    const struct preset *preset = preset_find(name);
    struct own_schemes *own = own_schemes_of(load);
    const struct scheme *scheme = find_known(own, name);
    struct problem_list problems;
    if (scheme)
        return scheme;
    if (!preset) {
        unknown_provider(load, node, name);
        return NULL;
    }
    problem_list_init(&problems);
    scheme = provider_preset(preset, load_registry(load), load_arena(load), &problems);
    if (!scheme)
        load_problem(load, node, "the preset %s cannot be read: %s", name,
                     problems.first ? problems.first->text : "no memory");
    else if (own && own->preset_count < OWN_MAX)
        own->presets[own->preset_count++] = scheme;
    problem_list_finish(&problems);
    return scheme;
}

static bool list_has(const struct text_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], name) == 0)
            return true;
    }
    return false;
}

static bool read_parameters(struct load *load, const struct node *node,
                            struct provider_settings *settings)
{
    const struct scheme *scheme = settings->scheme;
    struct text_map *map = &settings->parameters;
    map->names = arena_alloc_array(load_arena(load), node->count + 1, sizeof *map->names);
    map->values = arena_alloc_array(load_arena(load), node->count + 1, sizeof *map->values);
    if (!map->names || !map->values)
        return load_problem(load, node, "is too long");
    for (const struct node *value = node->first; value; value = value->next) {
        if (strcmp(value->key->text, "name") == 0)
            continue;
        if (!list_has(&scheme->parameters, value->key->text) &&
            !list_has(&scheme->optional, value->key->text)) {
            load_mask(load, value); /* perhaps the secret, put here */
            return load_problem(load, value->key, "provider %s has no parameter \"%.*s\"",
                                scheme->name, (int)strcspn(value->key->text, ":"),
                                value->key->text);
        }
        if (value->kind != NODE_SCALAR || value->length == 0)
            return load_problem(load, value, "must be a string");
        map->names[map->count] = arena_copy_text(load_arena(load), value->key->text);
        map->values[map->count] = arena_copy_text(load_arena(load), value->text);
        if (!map->names[map->count] || !map->values[map->count])
            return load_problem(load, value, "is too long");
        map->count++;
    }
    for (size_t i = 0; i < scheme->parameters.count; i++) {
        if (!tree_find(node, scheme->parameters.items[i]))
            return load_problem(load, node, "provider %s needs the parameter %s: {name: %s, %s: …}",
                                scheme->name, scheme->parameters.items[i], scheme->name,
                                scheme->parameters.items[i]);
    }
    return true;
}

static bool read_provider(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    struct provider_settings *settings = field;
    const struct node *name = node->kind == NODE_MAPPING ? tree_find(node, "name") : node;
    (void)row;
    if (!name || name->kind != NODE_SCALAR) {
        load_mask(load, node); /* {github: SECRET} */
        return load_problem(load, node, "must be a name, or a mapping with \"name\"");
    }
    settings->scheme = find_scheme(load, name, name->text);
    return settings->scheme && read_parameters(load, node, settings);
}

static const struct row provider_row = {
    .name = "provider",
    .type = ROW_CUSTOM,
    .offset = 0,
    .sentence = "The sender: a built-in provider (`tenterhook providers` lists them) or one of "
                "your own under `providers:`.",
    .read = read_provider,
    .syntax = "NAME, or {name: NAME, …} with the parameters of the scheme",
    .json_schema =
        "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"required\":[\"name\"]}]}"};

/* Each for itself, so that a wrong one is reported at its place. */
static bool make_keys(struct load *load, const struct node *node,
                      struct provider_settings *settings)
{
    struct error err;
    for (size_t i = 0; i < settings->secrets.count; i++) {
        struct secret_list one = {.items = &settings->secrets.items[i], .count = 1};
        if (signature_keys_add(&settings->plan, &one, &err))
            continue;
        const struct node *secret = load_secret_node(load, i, settings->secrets.count);
        return load_problem(load, secret ? secret : node, "the secret for provider %s %s",
                            settings->scheme->name, err.text);
    }
    return true;
}

static bool provider_finish(struct load *load, const struct node *node, void *field)
{
    struct provider_settings *settings = field;
    const struct scheme *scheme = settings->scheme;
    struct error err;
    settings->plan = (struct signature_plan){.scheme = scheme, .parameters = &settings->parameters};
    if (scheme->kind->check_parameters &&
        !scheme->kind->check_parameters(&settings->parameters, &err))
        return load_problem(load, node, "provider %s: %s", scheme->name, err.text);
    if (!load_keep_secrets(load, &settings->plan.keys))
        return false;
    if (settings->secrets.count == 0 && !scheme->kind->needs_no_secret &&
        !challenge_provisions(scheme))
        return load_problem(load, node, "provider %s needs a secret", scheme->name);
    return load_is_secretless(load) || make_keys(load, node, settings);
}

/* ---- the walk ---- */

struct provider_state {
    const struct provider_settings *settings;
    const struct signature_plan *plan; /* the route's, or: */
    struct signature_plan provisioned; /* with the key that the sender has delivered */
    struct signature_state *signature;
    bool awaits_challenge;  /* the head proved nothing; only a challenge in the body may pass */
    struct verdict refusal; /* what it gets otherwise */
};

static const char *provider_provisions(const void *field)
{
    const struct provider_settings *settings = field;
    return settings->plan.keys.count == 0 && challenge_provisions(settings->scheme)
               ? settings->scheme->name
               : NULL;
}

static void choose_plan(struct provider_state *state, const struct request *request)
{
    const struct provider_settings *settings = state->settings;
    struct secret key = {(uint8_t *)request->provisioned_key.data, request->provisioned_key.length};
    const struct secret_list keys = {&key, 1};
    struct error err;
    state->plan = &settings->plan;
    state->provisioned =
        (struct signature_plan){.scheme = settings->scheme, .parameters = &settings->parameters};
    if (key.length > 0 && provider_provisions(settings) &&
        signature_keys_add(&state->provisioned, &keys, &err))
        state->plan = &state->provisioned;
}

static bool method_of_route(const struct request *request)
{
    for (size_t i = 0; request->route && i < request->route->methods.count; i++) {
        if (bytes_equal_text(request->method, request->route->methods.items[i]))
            return true;
    }
    return !request->route;
}

static struct signed_source challenge_source(const struct provider_settings *settings,
                                             const struct request *request)
{
    return (struct signed_source){.request = request,
                                  .parameters = &settings->parameters,
                                  .family = scheme_find_family(settings->scheme, request)};
}

static struct verdict challenge_in_head(const struct provider_state *state, struct request *request)
{
    struct signed_source source = challenge_source(state->settings, request);
    struct verdict verdict = challenge_answer(state->plan, 0, &source, CHALLENGE_HEAD);
    signed_source_finish(&source);
    if (verdict.reply == REPLY_NONE && !method_of_route(request))
        return verdict_refuse(REPLY_METHOD, "this method is for the provider's challenge only");
    return verdict;
}

static void provider_release(void *field)
{
    struct provider_state *state = field;
    if (state->signature)
        signature_release(state->signature);
    secret_list_finish(&state->provisioned.keys);
}

static bool challenge_in_body_may_follow(const struct provider_state *state,
                                         struct request *request)
{
    struct signed_source source = challenge_source(state->settings, request);
    bool may = challenge_may_follow(state->settings->scheme, &source);
    signed_source_finish(&source);
    return may;
}

static struct verdict signature_in_head(struct provider_state *state, struct request *request)
{
    const struct scheme *scheme = state->settings->scheme;
    bool keyless = state->plan->keys.count == 0 && !scheme->kind->needs_no_secret;
    struct verdict verdict = keyless
                                 ? signature_refuse("the provider has not delivered its key yet")
                                 : signature_head(state->plan, request, &state->signature);
    if (verdict.reply != REPLY_UNAUTHENTICATED || !challenge_in_body_may_follow(state, request))
        return verdict;
    state->awaits_challenge = true;
    state->refusal = verdict;
    return GO_ON;
}

static struct verdict provider_head(const void *field, struct request *request, void **out)
{
    struct provider_state *state = arena_alloc(request->arena, sizeof *state);
    if (!state)
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the signature");
    state->settings = field;
    choose_plan(state, request);
    struct verdict verdict = challenge_in_head(state, request);
    if (verdict.reply == REPLY_NONE)
        verdict = signature_in_head(state, request);
    if (verdict.reply != REPLY_NONE)
        provider_release(state);
    *out = state;
    return verdict;
}

static void provider_feed(void *field, struct bytes piece)
{
    struct provider_state *state = field;
    if (!state->awaits_challenge && state->signature)
        signature_feed(state->signature, piece);
}

/* The first of the list that is there, or nothing. What is there twice could be read as either. */
static struct verdict take_name(struct signature_state *state, const struct signed_list *list,
                                struct bytes *text)
{
    struct bytes value;
    enum signed_outcome outcome = signed_get_first(&state->source, list, &value);
    if (outcome == SIGNED_REPEATED)
        return signature_refuse("the delivery id or the event type is there more than once");
    if (outcome != SIGNED_FOUND || value.length == 0 || value.length > ID_MAX)
        return GO_ON;
    char *copy = arena_copy_bytes(state->request->arena, value);
    *text = bytes_of(copy, copy ? value.length : 0);
    return copy ? GO_ON : verdict_refuse(REPLY_MEMORY_FULL, "no room for a name");
}

/* From the moment on at which it is received, and its time may be ahead then. */
static int64_t provider_replayable_ms(const void *field)
{
    const struct provider_settings *settings = field;
    return replay_span_ms(settings->scheme);
}

static struct verdict bring_out(struct signature_state *state, struct request *request)
{
    const struct scheme *scheme = state->plan->scheme;
    struct verdict verdict = take_name(state, &scheme->message_id, &request->message_id);
    if (verdict.reply == REPLY_NONE)
        verdict = take_name(state, &scheme->event, &request->event_type);
    if (verdict.reply != REPLY_NONE)
        return verdict;
    request->secret_used = state->plan->key_infos[state->matched].secret;
    return replay_take_key(state, request->message_id, &request->dedupe_key);
}

static struct verdict provider_body(const void *field, struct request *request, void *opaque)
{
    struct provider_state *state = opaque;
    const struct provider_settings *settings = field;
    if (state->awaits_challenge && request->folded)
        return state->refusal;
    if (state->awaits_challenge) {
        struct signed_source source = challenge_source(settings, request);
        struct verdict verdict = challenge_answer(state->plan, 0, &source, CHALLENGE_BODY);
        signed_source_finish(&source);
        return verdict.reply == REPLY_NONE ? state->refusal : verdict;
    }
    struct verdict verdict = signature_body(state->signature);
    verdict.had_credentials =
        verdict.reply == REPLY_UNAUTHENTICATED && state->signature->found_count > 0;
    return state->signature->source.was_folded
               ? signature_refuse(
                     "the scheme reads values of the body to prove it, but the body is "
                     "compressed; one with signed_body: unfolded can")
               : verdict;
}

static bool provider_signs_unfolded(const void *field)
{
    return ((const struct provider_settings *)field)->scheme->signed_body == SIGNED_UNFOLDED;
}

static struct verdict provider_read(const void *field, struct request *request, void *opaque)
{
    struct provider_state *state = opaque;
    (void)field;
    if (state->awaits_challenge)
        return GO_ON;
    struct verdict verdict = challenge_answer(state->plan, state->signature->matched,
                                              &state->signature->source, CHALLENGE_SIGNED);
    return verdict.reply == REPLY_NONE ? bring_out(state->signature, request) : verdict;
}

/* Of every family: what comes beside the one that counts is a signature all the same. */
static bool is_header(const struct provider_settings *settings, const struct signed_ref *ref,
                      struct bytes name)
{
    const struct text_list *families = &settings->scheme->families;
    bool matches = signed_header_matches(ref, &settings->parameters, NULL, name);
    for (size_t i = 0; i < families->count; i++)
        matches |= signed_header_matches(ref, &settings->parameters, families->items[i], name);
    return matches;
}

static bool provider_owns_header(const void *field, struct bytes name)
{
    const struct provider_settings *settings = field;
    const struct signed_list *in = &settings->scheme->signature.in;
    for (size_t i = 0; i < in->count; i++) {
        if (in->items[i].kind == SIGNED_HEADER && is_header(settings, &in->items[i], name))
            return true;
    }
    return false;
}

static bool is_query(const struct signed_ref *ref, struct bytes name)
{
    return ref->kind == SIGNED_QUERY && bytes_equal_text(name, ref->name);
}

/* What a challenge is recognised by as the sender's. */
static bool challenges_expect_query(const struct scheme *scheme, struct bytes name)
{
    const struct scheme_challenge *challenges = scheme->challenge.items;
    for (size_t i = 0; i < scheme->challenge.count; i++) {
        const struct scheme_test *expect = challenges[i].expect.items;
        for (size_t j = 0; j < challenges[i].expect.count; j++)
            if (is_query(&expect[j].value, name))
                return true;
    }
    return false;
}

static bool provider_owns_query(const void *field, struct bytes name)
{
    const struct scheme *scheme = ((const struct provider_settings *)field)->scheme;
    const struct signed_list *in = &scheme->signature.in;
    for (size_t i = 0; i < in->count; i++)
        if (is_query(&in->items[i], name))
            return true;
    return is_query(&scheme->time.in, name) || is_query(&scheme->body_hash.in, name) ||
           challenges_expect_query(scheme, name);
}

static bool provider_signs_body(const void *field)
{
    const struct scheme *scheme = ((const struct provider_settings *)field)->scheme;
    return !scheme->kind->signs_nothing && !scheme->kind->is_open &&
           replay_body_is_signed(scheme, &scheme->signed_text);
}

static void provider_events(const void *field, struct event_source *source)
{
    const struct provider_settings *settings = field;
    const struct scheme *scheme = settings->scheme;
    *source = (struct event_source){.sender = scheme->name,
                                    .names_events = scheme->event.count > 0,
                                    .names_messages = scheme->message_id.count > 0,
                                    .events = &scheme->about.events,
                                    .complete = scheme->about.events_complete};
}

static bool provider_accepts(const void *field, struct bytes method)
{
    const struct provider_settings *settings = field;
    return challenge_method(settings->scheme, method);
}

static int provider_content(const void *field)
{
    const struct provider_settings *settings = field;
    return settings->scheme->content + CONTENT_JSON;
}

static const char *provider_json_field(const void *field)
{
    return ((const struct provider_settings *)field)->scheme->json_field;
}

static const struct response_format *provider_response_format(const void *field)
{
    const struct provider_settings *settings = field;
    return &settings->scheme->reply;
}

static const struct template *provider_title(const void *field)
{
    const struct provider_settings *settings = field;
    return &settings->scheme->title;
}

static bool provider_explain(void *opaque, struct buffer *out)
{
    struct provider_state *state = opaque;
    return state->signature && signature_explain(state->signature, out);
}

const struct authenticator provider_authenticator = {
    .kind = {.name = "provider",
             .sentence = "A sender with a known signature scheme.",
             .value = &provider_row,
             .settings_size = sizeof(struct provider_settings),
             .finish = provider_finish,
             .warn = provider_warn,
             .replayable_ms = provider_replayable_ms},
    .head = provider_head,
    .feed = provider_feed,
    .body = provider_body,
    .signs_unfolded = provider_signs_unfolded,
    .read = provider_read,
    .release = provider_release,
    .owns_header = provider_owns_header,
    .owns_query = provider_owns_query,
    .signs_body = provider_signs_body,
    .events = provider_events,
    .accepts = provider_accepts,
    .provisions = provider_provisions,
    .content = provider_content,
    .json_field = provider_json_field,
    .response_format = provider_response_format,
    .title = provider_title,
    .explain = provider_explain,
};
