/* The walk of one webhook is a table of stages: its rows and their order say everything that
 * happens to a request, and a new stage is a function and a row. A stage lets the request go on or
 * returns the row of its answer; the first answer ends the walk. No stage before `authenticate`
 * reads the body, and no stage after it runs for a caller who has not passed. */
#include "server/pipeline/pipeline.h"

#include "handlers/action/action.h"
#include "handlers/action/selection.h"
#include "handlers/admission/address.h"
#include "handlers/admission/dedupe.h"
#include "handlers/admission/event_names.h"
#include "handlers/admission/events.h"
#include "handlers/admission/limit.h"
#include "handlers/admission/validate.h"
#include "handlers/admission/when.h"
#include "handlers/auth/route_auth.h"
#include "handlers/auth/title.h"
#include "handlers/content/content.h"
#include "handlers/content/unfold.h"
#include "server/ipc/shared.h"
#include "server/pipeline/authenticate.h"
#include "server/pipeline/event_keys.h"
#include "server/pipeline/guard.h"
#include "server/pipeline/mismatch.h"
#include "server/pipeline/notice.h"
#include "server/pipeline/proxies.h"
#include "server/pipeline/routing.h"
#include "server/pipeline/stored_event.h"
#include "server/pipeline/stored_headers.h"
#include "server/pipeline/track.h"
#include "server/pipeline/witness.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct stage {
    const char *name;
    struct verdict (*run)(struct exchange *exchange);
};

/* ---- the head ---- */

static struct verdict stage_guard(struct exchange *exchange)
{
    return guard_check(&exchange->request, &exchange->content_length);
}

/* Before everything that a stranger could be refused, charged or logged for. */
static struct verdict stage_health(struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    const char *path = exchange->pipeline->settings->server.health;
    if (!path || !bytes_equal_text(request->path, path))
        return GO_ON;
    if (!bytes_equal_text(request->method, "GET") && !bytes_equal_text(request->method, "HEAD"))
        return (struct verdict){.reply = REPLY_METHOD,
                                .reason = "the health check accepts GET and HEAD",
                                .header_name = "Allow",
                                .header_value = bytes_of_text("GET, HEAD")};
    return exchange->content_length == 0
               ? (struct verdict){.reply = REPLY_HEALTHY}
               : verdict_refuse(REPLY_TOO_LARGE, "the health check accepts no body");
}

static struct verdict stage_client(struct exchange *exchange)
{
    return proxies_find_client(&exchange->pipeline->settings->server, &exchange->request);
}

static struct verdict stage_route(struct exchange *exchange)
{
    if (track_recognize(exchange))
        return GO_ON;
    return routing_match(exchange->pipeline->routing, &exchange->request);
}

/* Events that were stored before their paths were have the name of their route alone. */
static struct verdict stage_route_stored(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const struct settings *settings = exchange->pipeline->settings;
    if (request->path.length > 0)
        return routing_match(exchange->pipeline->routing, request);
    for (size_t i = 0; i < settings->route_count; i++)
        if (bytes_equal_text(exchange->stored->route, settings->routes[i].name))
            request->route = &settings->routes[i];
    return request->route ? GO_ON : verdict_refuse(REPLY_NOT_FOUND, "no route has that name");
}

/* A body that says how long it is, is refused before it is sent; a chunked one when it is there. No
 * Content-Length means no body. */
static struct verdict stage_length(struct exchange *exchange)
{
    if (exchange->track.is_asked && exchange->content_length != 0)
        return verdict_refuse(REPLY_TOO_LARGE, "the link of an event accepts no body");
    return exchange->content_length > exchange->request.route->max_body
               ? verdict_refuse(REPLY_TOO_LARGE, "the body is larger than max_body")
               : GO_ON;
}

static struct verdict stage_address(struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    struct verdict verdict = address_check(request->route, &request->client);
    if (verdict.reply == REPLY_FORBIDDEN && request->is_unnamed)
        verdict.reason = request->is_named
                             ? "the address is not allowed: a proxy names it as the client, and it "
                               "is one of trusted_proxies itself (a test from that machine?)"
                             : "the address is not allowed: it is a trusted proxy's, which names "
                               "no client (server.forwarded)";
    return verdict;
}

static struct verdict refuse_rate(int64_t wait_ms, const char *reason)
{
    return (struct verdict){.reply = REPLY_RATE_LIMITED,
                            .retry_after_s = (unsigned)((wait_ms + 999) / 1000),
                            .reason = reason};
}

static struct verdict take_limits(struct exchange *exchange, enum rate_limit_per per,
                                  struct limit_tokens *tokens)
{
    struct request *request = &exchange->request;
    if (!exchange->pipeline->limits)
        return GO_ON;
    int64_t wait_ms = limit_take(exchange->pipeline->limits, request->route, per, &request->client,
                                 exchange->now_ns, tokens);
    return wait_ms == 0
               ? GO_ON
               : refuse_rate(wait_ms, per == PER_CLIENT ? "too many requests of this client"
                                                        : "too many requests of this route");
}

/* Questions have a bucket of their own: they do not use up the limits of the route, and a client
 * can guess only a few tokens. */
static struct verdict limit_track(struct exchange *exchange)
{
    static const struct rate_limit limit = {
        .count = 10, .period_ms = 1000, .burst = 20, .per = PER_CLIENT};
    const struct request *request = &exchange->request;
    struct limit_table *table = exchange->pipeline->limits;
    int64_t wait_ms =
        table ? limit_take_apart(table, request->route, &limit, &request->client, exchange->now_ns)
              : 0;
    return wait_ms == 0 ? GO_ON : refuse_rate(wait_ms, "too many questions of this client");
}

/* The tokens are noted where the route may have a reason to give them back. */
static struct verdict stage_limit_client(struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    if (exchange->track.is_asked)
        return limit_track(exchange);
    if (limit_is_set(route, PER_CLIENT) && limit_is_set(route, PER_ROUTE))
        exchange->client_tokens = arena_alloc(&exchange->arena, sizeof *exchange->client_tokens);
    return take_limits(exchange, PER_CLIENT, exchange->client_tokens);
}

/* The token is the credential: a question does not go on to the authentication of the route. */
static struct verdict stage_track(struct exchange *exchange)
{
    return exchange->track.is_asked ? track_judge(exchange) : GO_ON;
}

/* ---- authentication ---- */

static bool has_method(const struct exchange *exchange, const char *method)
{
    return bytes_equal_text(exchange->request.method, method);
}

/* OPTIONS asks which methods there are, which the answer to a wrong one tells everybody as well: it
 * needs no credentials. A greeting that the provider knows comes first. */
static struct verdict stage_authenticate_head(struct exchange *exchange)
{
    struct verdict verdict = authenticate_head(exchange);
    witness_count(exchange, &verdict);
    bool is_greeting = verdict.reply != REPLY_NONE && verdict.reply != REPLY_UNAUTHENTICATED;
    return has_method(exchange, "OPTIONS") && !is_greeting
               ? routing_tell_methods(exchange->pipeline->routing, &exchange->request)
               : verdict;
}

static struct verdict stage_authenticate_body(struct exchange *exchange)
{
    struct verdict verdict = authenticate_body(exchange);
    witness_count(exchange, &verdict);
    return verdict;
}

/* By HEAD a sender tries out the address. Whether a body would have been signed is not known. */
static struct verdict stage_try(struct exchange *exchange)
{
    return has_method(exchange, "HEAD") ? (struct verdict){.reply = REPLY_CHALLENGE,
                                                           .reason = "HEAD brings no event",
                                                           .empty_body = true}
                                        : GO_ON;
}

/* Before the body is sent, and after the credentials: which codings a route takes is nobody else's
 * business. */
static struct verdict stage_coding(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    bool takes_raw = route_content(request->route).kind == CONTENT_RAW;
    return unfold_check(request, takes_raw, exchange->content_length != 0);
}

static struct verdict stage_challenge(struct exchange *exchange)
{
    return exchange->challenge;
}

/* ---- the event ---- */

/* Charged for authenticated calls alone, so that strangers cannot use up a route. Whom the route
 * refuses has not used up his own bucket either. */
static struct verdict stage_limit_route(struct exchange *exchange)
{
    struct verdict verdict = take_limits(exchange, PER_ROUTE, NULL);
    if (verdict.reply != REPLY_NONE && exchange->client_tokens)
        limit_give_back(exchange->client_tokens);
    return verdict;
}

static struct verdict stage_decode(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const struct route *route = request->route;
    struct content_wanted wanted = route_content(route);
    const struct event *stored = exchange->stored;
    struct verdict verdict = stored ? content_check_stored(request, &wanted, stored->payload)
                                    : content_check(request, &wanted);
    if (verdict.reply != REPLY_NONE)
        return verdict;
    if (stored)
        return stored_event_decode(exchange);
    if (!route_read_target(request))
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the parameters of the query");
    value_context_of_request(&exchange->values, request);
    exchange->values.evaluator = exchange->pipeline->evaluator;
    bool is_signed = route_signs_body(route) && !request->payload_has_head;
    verdict = event_names_take(event_names_of(route), is_signed, &exchange->values, request);
    const struct dedupe_settings *dedupe = dedupe_settings_of(route);
    return verdict.reply == REPLY_NONE && dedupe->key.text
               ? dedupe_take_key(dedupe, &exchange->values, request)
               : verdict;
}

static struct verdict stage_select(struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    return events_take(&events_settings_of(request->route)->patterns, request->event_type)
               ? GO_ON
               : when_ignore(events_reason(request->event_type, &exchange->arena),
                             "the route does not take events of this type");
}

static struct verdict stage_when(struct exchange *exchange)
{
    return when_check(when_settings_of(exchange->request.route), &exchange->values,
                      &exchange->arena);
}

/* Each action says for itself which events it takes. */
static struct verdict stage_choose(struct exchange *exchange)
{
    return selection_choose(exchange->pipeline->settings, exchange->request.route,
                            &exchange->values, &exchange->arena, &exchange->actions);
}

/* After the selection: an event that is not wanted need not be what the route takes. */
static struct verdict stage_validate(struct exchange *exchange)
{
    const struct pipeline *pipeline = exchange->pipeline;
    if (!pipeline->evaluator)
        return GO_ON;
    const struct validate_settings *settings = validate_settings_of(exchange->request.route);
    struct verdict verdict =
        validate_check(settings, pipeline->evaluator, &exchange->values, &exchange->request);
    if (verdict.reply != REPLY_QUARANTINED)
        return verdict;
    exchange->quarantine = verdict;
    return GO_ON;
}

/* What the actions want of the event has to be there now: later it could not be said to the sender.
 * An event that is put aside is not carried out as it is. */
static struct verdict stage_values(struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    struct error why;
    for (size_t i = 0; i < route->action_count && !exchange->quarantine.reply; i++) {
        const struct action_settings *action = &route->actions[i];
        const struct action_kind *kind = action_kind_of(&action->handler);
        if (!(exchange->actions >> i & 1) || !kind->try_values)
            continue;
        exchange->values.action = bytes_of_text(action->name);
        if (kind->try_values(action->handler.settings, &exchange->values, NULL, &why))
            continue;
        if (errno == ENOMEM)
            return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the values of an action");
        const char *text = arena_copy_text(&exchange->arena, why.text);
        return (struct verdict){
            .reply = REPLY_UNPROCESSABLE,
            .reason = text ? text : "a value that an action needs cannot be given to it",
            .message = text};
    }
    return GO_ON;
}

/* Last, because an answer needs values that the event may lack. What is quarantined is not held to
 * have them. */
static struct verdict stage_respond(struct exchange *exchange)
{
    if (exchange->quarantine.reply != REPLY_NONE)
        return GO_ON;
    return respond_make(exchange->request.route, &exchange->values, &exchange->arena,
                        &exchange->answers);
}

/* ---- the table ---- */

#define HEAD_STAGES(STAGE)                                                                         \
    STAGE("guard", stage_guard)                                                                    \
    STAGE("health", stage_health)                                                                  \
    STAGE("client", stage_client)                                                                  \
    STAGE("route", stage_route)                                                                    \
    STAGE("length", stage_length)                                                                  \
    STAGE("address", stage_address)                                                                \
    STAGE("limit", stage_limit_client)                                                             \
    STAGE("track", stage_track)                                                                    \
    STAGE("authenticate", stage_authenticate_head)                                                 \
    STAGE("try", stage_try)                                                                        \
    STAGE("coding", stage_coding)

#define BODY_STAGES(STAGE)                                                                         \
    STAGE("size", stage_size)                                                                      \
    STAGE("signature", stage_authenticate_body)                                                    \
    STAGE("handshake", stage_challenge)                                                            \
    STAGE("limit route", stage_limit_route)                                                        \
    STAGE("unfold", authenticate_unfolded)

#define EVENT_STAGES(STAGE)                                                                        \
    STAGE("decode", stage_decode)                                                                  \
    STAGE("select", stage_select)                                                                  \
    STAGE("when", stage_when)                                                                      \
    STAGE("choose", stage_choose)                                                                  \
    STAGE("validate", stage_validate)                                                              \
    STAGE("values", stage_values)                                                                  \
    STAGE("keys", event_keys_find)                                                                 \
    STAGE("respond", stage_respond)

/* The whole body is here; only now is the length of a chunked one known. */
static struct verdict stage_size(struct exchange *exchange)
{
    return exchange->request.body.length > (size_t)exchange->request.route->max_body
               ? verdict_refuse(REPLY_TOO_LARGE, "the body is larger than max_body")
               : GO_ON;
}

#define STAGE_ROW(name, run) {name, run},
#define STAGE_NAME(name, run) name,

static const struct stage head_stages[] = {HEAD_STAGES(STAGE_ROW){NULL, NULL}};
static const struct stage body_stages[] = {BODY_STAGES(STAGE_ROW)
                                               EVENT_STAGES(STAGE_ROW){NULL, NULL}};
static const struct stage schema_stages[] = {
    {"decode", stage_decode}, {"validate", stage_validate}, {NULL, NULL}};
static const struct stage stored_stages[] = {{"route", stage_route_stored},
                                             EVENT_STAGES(STAGE_ROW){NULL, NULL}};
const char *const pipeline_stage_names[] = {HEAD_STAGES(STAGE_NAME) BODY_STAGES(STAGE_NAME)
                                                EVENT_STAGES(STAGE_NAME) NULL};

static struct verdict run_stages(const struct stage *stage, struct exchange *exchange,
                                 int64_t monotonic_ns)
{
    exchange->now_ns = monotonic_ns;
    for (; stage->name; stage++) {
        exchange->stage = stage->name;
        struct verdict verdict = stage->run(exchange);
        if (verdict.reply == REPLY_NONE)
            continue;
        if (reply_rows[verdict.reply].retry && verdict.retry_after_s == 0)
            verdict.retry_after_s = 1;
        return verdict;
    }
    return GO_ON;
}

struct verdict pipeline_head(struct exchange *exchange, int64_t monotonic_ns)
{
    return run_stages(head_stages, exchange, monotonic_ns);
}

struct verdict pipeline_body(struct exchange *exchange, struct bytes body, int64_t monotonic_ns)
{
    exchange->request.body = body;
    struct verdict verdict = run_stages(body_stages, exchange, monotonic_ns);
    if (verdict.reply == REPLY_NONE)
        exchange->title = title_make(exchange->request.route, &exchange->values, &exchange->arena);
    value_context_finish(&exchange->values); /* the answer may be long in coming */
    return verdict;
}

struct verdict pipeline_stored(struct exchange *exchange)
{
    return run_stages(stored_stages, exchange, 0);
}

struct verdict pipeline_stored_conforms(struct exchange *exchange)
{
    struct verdict verdict = run_stages(schema_stages, exchange, 0);
    return verdict.reply == REPLY_NONE ? exchange->quarantine : verdict;
}

/* ---- the exchange ---- */

void exchange_init(struct exchange *exchange, const struct pipeline *pipeline)
{
    *exchange = (struct exchange){.pipeline = pipeline};
    arena_init(&exchange->arena, EXCHANGE_ARENA);
    exchange->request.arena = &exchange->arena;
}

void exchange_finish(struct exchange *exchange)
{
    authenticate_release(exchange);
    value_context_finish(&exchange->values);
    content_release(&exchange->request);
    buffer_finish(&exchange->unfolded);
    arena_finish(&exchange->arena);
}

static struct bytes dedupe_key(const struct request *request)
{
    const struct dedupe_settings *settings = dedupe_settings_of(request->route);
    if (settings->off)
        return bytes_of(NULL, 0);
    if (settings->key.text)
        return request->dedupe_key;
    return request->dedupe_key.length > 0 ? request->dedupe_key : request->message_id;
}

_Static_assert((int)CONTENT_MADE_MAX == (int)EVENT_PAYLOAD, "what is made can be stored");

/* What stands in the target: the segments, and the query without what authenticates. The request
 * of a challenge has not come as far as the stage that reads it. */
static bool put_target(struct request *request, struct event *event)
{
    event->method = request->method;
    event->path = request->path;
    return (request->parameters || route_read_target(request)) &&
           field_list_json(request->segments, request->arena, &event->params) &&
           field_list_json(request->parameters, request->arena, &event->query);
}

bool pipeline_event(struct exchange *exchange, uint64_t tag, struct event_frame *frame)
{
    struct request *request = &exchange->request;
    struct bytes headers;
    char *client = arena_alloc(&exchange->arena, CLIENT_TEXT_SIZE);
    assert(request->route);
    if (!client || !stored_headers(exchange->pipeline->stored_names, request, &headers))
        return false;
    client_format(&request->client, client);
    *frame = (struct event_frame){.tag = tag,
                                  .route = (uint32_t)request->route->index,
                                  .actions = exchange->actions,
                                  .fold = exchange->fold};
    if (exchange->keys)
        frame->keys =
            bytes_of(exchange->keys, request->route->action_count * sizeof *exchange->keys);
    frame->event = (struct event){
        .received_ms = request->now_ms,
        .body_is_json = content_body_is_json(request),
        .client = bytes_of_text(client),
        .type = request->event_type,
        .message_id = request->message_id,
        .content_type = content_type(request),
        .dedupe_key = dedupe_key(request),
        .failures = exchange->quarantine.details,
        .host = request_header(request, "Host", NULL),
        .title = exchange->title,
        .json_field = request->json_field,
        .headers = headers,
        .payload = request->payload_is_made ? request->payload : bytes_of(NULL, 0),
        .body = request->body,
    };
    return put_target(request, &frame->event);
}

bool pipeline_learn(struct exchange *exchange, uint64_t tag, struct event_frame *frame)
{
    if (!pipeline_event(exchange, tag, frame))
        return false;
    frame->learns = true;
    frame->actions = 0;
    frame->fold = 0;
    frame->keys = bytes_of(NULL, 0);
    frame->event.dedupe_key = frame->event.failures = bytes_of(NULL, 0);
    frame->event.payload = bytes_of(NULL, 0);
    frame->event.body = exchange->challenge.provisioned_key;
    return true;
}

static const struct response_format *find_response_format(const struct route *route)
{
    for (size_t i = 0; route && i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->response_format)
            return kind->response_format(route->authenticators[i].settings);
    }
    return NULL;
}

static struct verdict format_response(const struct exchange *exchange, const char *id,
                                      struct verdict verdict)
{
    const struct route *route = exchange->request.route;
    const struct response_format *format = find_response_format(route);
    if (!route || verdict.reply == REPLY_CHALLENGE || exchange->track.is_asked)
        return verdict;
    const struct answer_template *mismatch = &mismatch_settings_of(route)->answer;
    if (verdict.form == FORM_OUTPUT || verdict.form == FORM_STREAM)
        return respond_as_route_says(route, &exchange->answers, id, verdict);
    if (format)
        verdict.empty_body = format->empty_body;
    if (verdict_status(&verdict) >= 300)
        return verdict;
    if (verdict.reply == REPLY_IGNORED && mismatch->status != 0) {
        answer_template_apply(mismatch, &mismatch->plain, id, &verdict);
        return verdict;
    }
    if (format) {
        verdict.status = (unsigned)format->status;
        verdict.content_type = format->type;
        verdict.body = bytes_of_text(format->body);
    }
    return respond_as_route_says(route, &exchange->answers, id, verdict);
}

struct verdict pipeline_format_response(const struct exchange *exchange, const char *id,
                                        struct verdict verdict)
{
    return track_add_link(exchange, id, format_response(exchange, id, verdict));
}

bool pipeline_track(const struct exchange *exchange, uint64_t tag, struct track_frame *frame)
{
    struct bytes id = exchange->track.id;
    if (!exchange->track.is_right)
        return false;
    *frame = (struct track_frame){.tag = tag,
                                  .route = (uint32_t)exchange->request.route->index,
                                  .wait_ms = exchange->track.wait_ms};
    memcpy(frame->id, id.data, id.length);
    return true;
}

/* ---- the pipeline ---- */

static bool check_route(const struct route *route, struct error *err)
{
    if (route->authenticator_count > AUTHENTICATORS_MAX)
        return error_set(err, "route \"%s\" has more than %d kinds of authentication", route->name,
                         AUTHENTICATORS_MAX);
    if (limit_settings_of(route)->limits.count > LIMITS_PER_ROUTE_MAX)
        return error_set(err, "route \"%s\" has more than %d rate limits", route->name,
                         LIMITS_PER_ROUTE_MAX);
    /* the loader lets no such route through: without this nothing would ask who calls */
    assert(route->authenticator_count > 0 || route->no_authentication);
    return true;
}

/* True if no route has a schema, too. */
static bool make_evaluator(struct pipeline *pipeline, struct error *err)
{
    const struct settings *settings = pipeline->settings;
    for (size_t i = 0; i < settings->route_count && !pipeline->evaluator; i++) {
        const struct route *route = &settings->routes[i];
        if (!validate_settings_of(route)->is_set &&
            !condition_needs_schema(&when_settings_of(route)->condition) &&
            !selection_needs_schema(settings, route))
            continue;
        pipeline->evaluator = schema_evaluator_create(&schema_limits_default);
        if (!pipeline->evaluator)
            return error_set(err, "no memory for the schemas");
    }
    return true;
}

bool pipeline_init(struct pipeline *pipeline, const struct settings *settings,
                   struct limit_table *limits, struct provisioned_keys *provisioned,
                   struct error *err)
{
    for (size_t i = 0; i < settings->route_count; i++)
        if (!check_route(&settings->routes[i], err))
            return false;
    *pipeline = (struct pipeline){.settings = settings,
                                  .limits = limits,
                                  .routing = routing_create(settings),
                                  .provisioned = provisioned,
                                  .stored_names = stored_names_create()};
    if (!pipeline->routing || !pipeline->stored_names)
        error_set(err, "no memory for the routes");
    else if (make_evaluator(pipeline, err))
        return true;
    pipeline_finish(pipeline);
    return false;
}

bool pipeline_count_refusals(struct pipeline *pipeline, struct shared *shared, struct error *err)
{
    const struct settings *settings = pipeline->settings;
    pipeline->refusals = calloc(settings->route_count + 1, sizeof *pipeline->refusals);
    if (!pipeline->refusals)
        return error_set(err, "no memory for the routes");
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (notice_is_wanted(route) && !route->no_authentication)
            pipeline->refusals[i] = shared_refusals_of(shared, route->name);
    }
    return true;
}

void pipeline_finish(struct pipeline *pipeline)
{
    routing_destroy(pipeline->routing);
    schema_evaluator_destroy(pipeline->evaluator);
    free(pipeline->stored_names);
    free(pipeline->refusals);
    *pipeline = (struct pipeline){0};
}
