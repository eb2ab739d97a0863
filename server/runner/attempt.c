/* An attempt is one block of memory: the texts and the body that the action borrows stand behind
 * the struct. NUL bytes in texts that came from a sender are replaced, so that nobody who reads the
 * text as a C string sees another one than was checked. */
#include "server/runner/attempt.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "config/route_path.h"
#include "handlers/auth/route_auth.h"
#include "handlers/content/content.h"
#include "handlers/content/json_path.h"
#include "server/ipc/log_events.h"
#include "server/runner/failure_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Of each stream: the most that `output:` may ask for. */
enum { OUTPUT_KEPT = 16 << 20 };

static const char *put_text(uint8_t **place, struct bytes text)
{
    uint8_t *start = *place;
    if (text.length)
        memcpy(start, text.data, text.length);
    for (size_t i = 0; i < text.length; i++)
        if (start[i] == '\0')
            start[i] = '?';
    start[text.length] = '\0';
    *place = start + text.length + 1;
    return (const char *)start;
}

static struct bytes put_bytes(uint8_t **place, struct bytes bytes)
{
    uint8_t *start = *place;
    if (bytes.length)
        memcpy(start, bytes.data, bytes.length);
    *place = start + bytes.length;
    return bytes_of(start, bytes.length);
}

/* ---- what the action is given ---- */

#define BARE_TEXT false
#define BARE_KEY false
#define BARE_TIME false
#define BARE_LIST true
#define BARE_OBJECT true
#define BARE_NUMBER true
#define BARE_SIZE true
#define BARE_FLAG true
#define BARE_CONTENT false
#define MEMBER(name, kind, origin, column, json, envelope, ...)                                    \
    EVENT_NAME(FIELD_##name, envelope, BARE_##kind)
#define VARIABLE(name, kind, origin, column, json, envelope, variable, ...)                        \
    EVENT_NAME(FIELD_##name, variable, BARE_##kind)
#define ONE_MEMBER(name, kind, origin, column, json, envelope, ...) +EVENT_IS_NAMED(envelope)
#define ONE_VARIABLE(name, kind, origin, column, json, envelope, variable, ...)                    \
    +EVENT_IS_NAMED(variable)

static const struct delivery_name members[] = {GIVEN_FIELDS(MEMBER)};
static const struct delivery_name variables[] = {GIVEN_FIELDS(VARIABLE)};
static const struct delivery_names names = {.members = members,
                                            .member_count = GIVEN_FIELDS(ONE_MEMBER),
                                            .variables = variables,
                                            .variable_count = GIVEN_FIELDS(ONE_VARIABLE)};

enum { NUMBER_SIZE = 24 };

/* Of a field's text, with its NUL. */
static size_t text_room(const struct event *event, const struct event_field *field)
{
    if (event_field_is_span(field))
        return event_bytes(event, field).length + sizeof "[]";
    return field->kind == EVENT_TIME ? CLOCK_TEXT_SIZE : NUMBER_SIZE;
}

static const char *put_number(uint8_t **place, int64_t number)
{
    char text[NUMBER_SIZE];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return put_text(place, bytes_of_text(text));
}

static const char *put_field(uint8_t **place, const struct event *event,
                             const struct event_field *field)
{
    char time[CLOCK_TEXT_SIZE];
    switch (field->kind) {
    case EVENT_TIME:
        clock_format_unix_ms(event_number(event, field), time);
        return put_text(place, bytes_of_text(time));
    case EVENT_NUMBER:
    case EVENT_SIZE:
        return put_number(place, event_number(event, field));
    case EVENT_FLAG:
        return put_text(place, bytes_of_text(event_number(event, field) ? "true" : "false"));
    case EVENT_LIST:
    case EVENT_OBJECT:
        if (event_bytes(event, field).length == 0)
            return put_text(place, bytes_of_text(field->kind == EVENT_LIST ? "[]" : "{}"));
        break;
    case EVENT_TEXT:
    case EVENT_KEY:
    case EVENT_CONTENT:
        break;
    }
    return put_text(place, event_bytes(event, field));
}

static void put_texts(struct attempt *attempt, uint8_t **place, const struct event *event)
{
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++)
        if (event_fields[i].is_given)
            attempt->texts[i] = put_field(place, event, &event_fields[i]);
    attempt->texts[FIELD_action] = attempt->action->action->name;
    attempt->texts[FIELD_attempt] = put_number(place, attempt->finish.attempt);
}

/* ---- the failure that is told ---- */

static size_t failure_room(const struct delivery_failure *failure)
{
    return failure ? failure->action.length + failure->reason.length + failure->output.length +
                         failure->error_output.length
                   : 0;
}

static void put_failure(struct attempt *attempt, uint8_t **place,
                        const struct delivery_failure *failure)
{
    if (!failure)
        return;
    attempt->failure = *failure;
    attempt->failure.action = put_bytes(place, failure->action);
    attempt->failure.reason = put_bytes(place, failure->reason);
    attempt->failure.output = put_bytes(place, failure->output);
    attempt->failure.error_output = put_bytes(place, failure->error_output);
    attempt->given.failure = &attempt->failure;
    attempt->finish.told = failure->count;
}

/* ---- the {name} segments of the route ---- */

/* Takes the next name off the front of a path. */
static bool take_name(struct bytes *path, struct bytes *name)
{
    while (path->data)
        if (route_path_segment_name(bytes_split(path, '/'), name))
            return true;
    return false;
}

static size_t count_names(const struct route *route)
{
    struct bytes path = bytes_of_text(route->path), name;
    size_t count = 0;
    while (take_name(&path, &name))
        count++;
    return count;
}

static size_t params_room(size_t name_count, const struct event *event)
{
    return name_count * (sizeof(struct delivery_variable) + PARAM_VARIABLE_SIZE + 1) +
           event->params.length;
}

/* The inside of a string. */
static bool find_param(struct bytes params, struct bytes name, struct bytes *inside)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = name};
    const struct json_path path = {.steps = &step, .count = 1};
    struct bytes value;
    if (!json_path_find(params, &path, &value) || value.length < 2 || value.data[0] != '"')
        return false;
    *inside = bytes_of(value.data + 1, value.length - 2);
    return true;
}

/* The names are those of the route as it is now, the texts those of the event. `*place` is aligned
 * for pointers. */
static void put_params(struct delivery *given, uint8_t **place, const struct route *route,
                       size_t name_count, const struct event *event)
{
    struct delivery_variable *params = (struct delivery_variable *)*place;
    struct bytes path = bytes_of_text(route->path), name, inside;
    struct json_fault fault;
    if (name_count == 0 || !json_check(event->params, &json_limits_default, NULL, &fault))
        return;
    *place += name_count * sizeof *params;
    given->params = params;
    while (take_name(&path, &name)) {
        char variable[PARAM_VARIABLE_SIZE];
        if (!find_param(event->params, name, &inside) || !route_path_variable(name, variable))
            continue;
        struct delivery_variable *param = &params[given->param_count++];
        param->name = put_text(place, bytes_of_text(variable));
        param->text = (const char *)*place;
        *place += json_unescape(inside, *place);
        *(*place)++ = '\0';
    }
}

/* A multipart form is read once, for the values and for the files; a route that takes bodies as
 * they are has none, nor has an event whose data it is. False: no memory. */
static bool read_parts(struct attempt *attempt, const struct event *event, struct bytes body)
{
    if (!content_type_is_multipart(event->content_type) || event->payload.length > 0 ||
        route_content(attempt->action->route).kind == CONTENT_RAW)
        return true;
    if (!content_read_form(event->content_type, body, &attempt->parts))
        return errno != ENOMEM;
    attempt->given.parts = &attempt->parts;
    return true;
}

/* The last of the block, because a field is decoded into the room of the whole form. */
static void put_body(struct delivery *given, uint8_t **place, const struct event *event,
                     struct bytes whole)
{
    struct bytes payload;
    bool in_field = event->json_field.length > 0;
    if (given->parts) {
        given->body_is_json = content_form_payload(given->parts, event->json_field, &payload);
        given->body = given->body_is_json ? payload : whole;
        return;
    }
    given->body_is_json = content_stored_payload(event->body, event->body_is_json,
                                                 event->json_field, *place, &payload);
    if (!given->body_is_json)
        given->body = put_bytes(place, event->body);
    else
        given->body = in_field ? payload : put_bytes(place, payload);
    given->made = given->body_is_json ? bytes_of(NULL, 0) : put_bytes(place, event->payload);
    given->body_is_form = !given->body_is_json && content_type_is_form(event->content_type);
}

/* A text of the event as references see it: an empty one is none. */
static struct bytes known(const struct attempt *attempt, size_t field)
{
    const char *text = attempt->texts[field];
    return text && *text ? bytes_of_text(text) : bytes_of(NULL, 0);
}

/* `type` and `delivery` as the sender has written them: the texts have no NUL. */
static void fill_stored(struct attempt *attempt, struct bytes form_text, struct bytes type,
                        struct bytes delivery)
{
    const struct delivery *given = &attempt->given;
    attempt->stored = (struct stored_values){
        .headers = given->headers,
        .query = known(attempt, FIELD_query),
        .params = known(attempt, FIELD_params),
        .payload = delivery_payload(given),
        .form_text = form_text,
        .parts = given->parts,
        .id = known(attempt, FIELD_id),
        .type = type,
        .delivery = delivery,
        .received = known(attempt, FIELD_received_ms),
        .attempt = known(attempt, FIELD_attempt),
        .client = known(attempt, FIELD_client),
        .method = known(attempt, FIELD_method),
        .path = known(attempt, FIELD_path),
        .host = known(attempt, FIELD_host),
        .route = known(attempt, FIELD_route),
        .action = known(attempt, FIELD_action),
    };
    attempt->given.stored = &attempt->stored;
}

struct attempt *attempt_create(void *owner, struct action_queue *action, int64_t handle,
                               const struct journal_delivery *found)
{
    const struct event *event = &found->event;
    size_t name_count = count_names(action->route);
    size_t size = event->headers.length + event->body.length + event->payload.length +
                  event->type.length + event->message_id.length + NUMBER_SIZE +
                  params_room(name_count, event) + failure_room(found->failure);
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++)
        if (event_fields[i].is_given)
            size += text_room(event, &event_fields[i]);
    bool has_fields =
        event->json_field.length > 0 || content_type_is_multipart(event->content_type);
    if (has_fields)
        size += event->body.length;
    struct attempt *attempt = malloc(sizeof *attempt + size);
    if (!attempt)
        return NULL;
    struct bytes form_text = bytes_of(NULL, 0), whole = bytes_of(NULL, 0);
    uint8_t *place = (uint8_t *)(attempt + 1);
    *attempt = (struct attempt){.owner = owner, .action = action};
    attempt->finish = (struct journal_finish){.handle = handle, .attempt = found->attempt};
    attempt->failures = found->failures;
    attempt->body_bytes = event->body.length;
    attempt->given = (struct delivery){.names = &names, .texts = attempt->texts};
    put_params(&attempt->given, &place, action->route, name_count, event);
    put_texts(attempt, &place, event);
    put_failure(attempt, &place, found->failure);
    attempt->given.headers = put_bytes(&place, event->headers);
    struct bytes type = put_bytes(&place, event->type);
    struct bytes delivery = put_bytes(&place, event->message_id);
    if (has_fields) /* beside the one with the payload, others are values too */
        whole = put_bytes(&place, event->body);
    if (!read_parts(attempt, event, whole)) {
        attempt_destroy(attempt);
        return NULL;
    }
    put_body(&attempt->given, &place, event, whole);
    if (!attempt->given.parts && event->json_field.length > 0)
        form_text = whole;
    else if (attempt->given.body_is_form)
        form_text = attempt->given.body;
    fill_stored(attempt, form_text, type, delivery);
    return attempt;
}

void attempt_destroy(struct attempt *attempt)
{
    form_finish(&attempt->parts);
    free(attempt->kept);
    free(attempt);
}

static struct bytes tail_of(struct bytes output)
{
    return bytes_from(output, output.length > OUTPUT_KEPT ? output.length - OUTPUT_KEPT : 0);
}

void attempt_keep_outcome(struct attempt *attempt, const struct outcome *outcome, int64_t ended_ms)
{
    struct bytes reason = bytes_of_text(outcome->reason);
    struct bytes output = tail_of(outcome->output), errors = tail_of(outcome->error_output);
    attempt->finish.ended_ms = ended_ms;
    attempt->outcome = *outcome;
    attempt->outcome.reason = "no memory to keep the reason";
    attempt->outcome.output = attempt->outcome.error_output = bytes_of(NULL, 0);
    attempt->kept = malloc(reason.length + 1 + output.length + errors.length);
    if (!attempt->kept)
        return;
    uint8_t *place = attempt->kept;
    attempt->outcome.reason = put_text(&place, reason);
    attempt->outcome.output = put_bytes(&place, output);
    attempt->outcome.error_output = put_bytes(&place, errors);
}

/* It would run again, but a newer event does instead. */
static bool gives_way(const struct attempt *attempt)
{
    return attempt->superseded_by[0] &&
           (attempt->outcome.kind == OUTCOME_INTERRUPTED || attempt->finish.wait_ms > 0);
}

static bool is_failure(const struct outcome *outcome)
{
    return outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_TIMEOUT;
}

static enum log_event event_of(const struct attempt *attempt)
{
    static const enum log_event events[][2] = {[OUTCOME_DONE] = {LOG_DONE},
                                               [OUTCOME_FAILED] = {LOG_FAILED, LOG_RETRIES},
                                               [OUTCOME_TIMEOUT] = {LOG_FAILED, LOG_RETRIES},
                                               [OUTCOME_INTERRUPTED] = {LOG_INTERRUPTED, LOG_LATER},
                                               [OUTCOME_CANCELLED] = {LOG_CANCELLED}};
    return gives_way(attempt) ? LOG_SUPERSEDED
                              : events[attempt->outcome.kind][attempt->finish.wait_ms > 0];
}

void attempt_log_outcome(const struct attempt *attempt, const char *file)
{
    const struct outcome *outcome = &attempt->outcome;
    char show[FAILURE_SHOW_SIZE];
    struct log_field fields[13] = {log_text("id", attempt->texts[FIELD_id]),
                                   log_text("route", attempt->texts[FIELD_route]),
                                   log_text("action", attempt->texts[FIELD_action]),
                                   log_text("peer", attempt->texts[FIELD_client]),
                                   log_number("attempt", attempt->finish.attempt),
                                   log_number("ms", outcome->duration_ms)};
    size_t count = 6;
    if (outcome->signal)
        fields[count++] = log_number("signal", outcome->signal);
    else if (outcome->exit_status >= 0)
        fields[count++] = log_number("exit", outcome->exit_status);
    if (outcome->killed_helpers)
        fields[count++] = log_text("helpers", "killed");
    if (gives_way(attempt))
        fields[count++] = log_text("by", attempt->superseded_by);
    else if (outcome->kind != OUTCOME_DONE)
        fields[count++] = log_text("reason", outcome->reason);
    if (is_failure(outcome) && !gives_way(attempt)) {
        struct bytes said = failure_last_line(outcome->error_output);
        if (said.length > 0)
            fields[count++] = log_bytes("said", said);
        fields[count++] =
            log_text("show", failure_show_command(file, attempt->texts[FIELD_id], show));
    }
    if (attempt->finish.wait_ms > 0 && !gives_way(attempt))
        fields[count++] = log_number("retry_ms", attempt->finish.wait_ms);
    const struct log_event_row *event = &log_events[event_of(attempt)];
    log_write_fields(event, event->level, fields);
    if (outcome->leaves_processes)
        log_write(LOG_PROCESSES_LEFT, log_text("id", attempt->texts[FIELD_id]),
                  log_text("route", attempt->texts[FIELD_route]),
                  log_text("action", attempt->texts[FIELD_action]),
                  log_text("reason", "they were killed, and do not end"));
}
