/* Members come from the table of fields (server/event.h). Everything is printed by print_json, so
 * that a terminal obeys nothing of it and it is JSON all the same. */
#include "server/cli/events_json.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "server/terminal/terminal.h"

/* ---- members ---- */

/* A string, with its quotes; empty without memory. */
static void put_json_string(FILE *out, struct bytes text)
{
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX / 2);
    fputc('"', out);
    if (json_escape(&buffer, text))
        print_json(out, buffer_bytes(&buffer));
    fputc('"', out);
    buffer_finish(&buffer);
}

static void put_json(FILE *out, const char *name, struct bytes text)
{
    fprintf(out, ",\"%s\":", name);
    put_json_string(out, text);
}

static void put_json_number(FILE *out, const char *name, int64_t number)
{
    if (number >= 0)
        fprintf(out, ",\"%s\":%lld", name, (long long)number);
}

/* Most deliveries have none. */
static void put_json_count(FILE *out, const char *name, int64_t count)
{
    put_json_number(out, name, count > 0 ? count : -1);
}

static void put_json_time(FILE *out, const char *name, int64_t unix_ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (unix_ms < 0)
        return;
    clock_format_unix_ms(unix_ms, text);
    fprintf(out, ",\"%s\":\"%s\"", name, text);
}

#define JSON_NAME(name, kind, origin, column, json, ...) EVENT_NAME(FIELD_##name, json)
#define ONE_NAME(name, kind, origin, column, json, ...) +EVENT_IS_NAMED(json)

static const struct {
    const char *name;
    size_t field;
} json_names[] = {EVENT_FIELDS(JSON_NAME)};
enum { JSON_NAMES = EVENT_FIELDS(ONE_NAME) };

/* One member, with the comma before it. */
static void put_json_field(FILE *out, const char *name, const struct event *event,
                           const struct event_field *field)
{
    switch (field->kind) {
    case EVENT_TIME:
        put_json_time(out, name, event_number(event, field));
        return;
    case EVENT_NUMBER:
    case EVENT_SIZE:
        put_json_number(out, name, event_number(event, field));
        return;
    case EVENT_FLAG:
        fprintf(out, ",\"%s\":%s", name, event_number(event, field) ? "true" : "false");
        return;
    case EVENT_LIST:
    case EVENT_OBJECT:
        if (event_bytes(event, field).length == 0)
            return;
        fprintf(out, ",\"%s\":", name);
        print_json(out, event_bytes(event, field));
        return;
    case EVENT_TEXT:
    case EVENT_KEY:
    case EVENT_CONTENT:
        put_json(out, name, event_bytes(event, field));
    }
}

/* The members of an event, without the braces. */
static void put_json_event(FILE *out, const struct event_view *view)
{
    struct bytes states = view->states;
    fprintf(out, "\"seq\":%lld", (long long)view->seq);
    for (size_t i = 0; i < JSON_NAMES; i++)
        put_json_field(out, json_names[i].name, &view->event, &event_fields[json_names[i].field]);
    fputs(",\"states\":[", out);
    for (int i = 0; states.data; i++) {
        fputs(i ? "," : "", out);
        put_json_string(out, bytes_split(&states, ','));
    }
    fputc(']', out);
}

void events_json_row(FILE *out, const struct event_view *event)
{
    fputc('{', out);
    put_json_event(out, event);
    fputs("}\n", out);
}

/* ---- all of one event ---- */

void events_json_event(struct events_json *json, const struct event_view *event)
{
    fputc('{', json->out);
    put_json_event(json->out, event);
}

void events_json_stored(struct events_json *json, const struct event *stored)
{
    for (size_t i = EVENT_ROW_COUNT; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (field->kind == EVENT_OBJECT && event_bytes(stored, field).length > 0)
            put_json_field(json->out, field->member, stored, field);
    }
    if (stored->payload.length > 0) {
        fputs(",\"payload\":", json->out);
        print_json(json->out, stored->payload);
    }
}

/* How an attempt ended: the same members of a delivery, which is its last, and of those before. */
static void put_json_attempt(FILE *out, const struct attempt_view *attempt)
{
    put_json_time(out, "started", attempt->started_ms);
    put_json_time(out, "ended", attempt->ended_ms);
    put_json_number(out, "duration_ms", attempt->duration_ms);
    put_json_number(out, "exit_status", attempt->exit_status);
    put_json_number(out, "signal", attempt->signal);
    if (attempt->reason.length)
        put_json(out, "reason", attempt->reason);
    put_json_number(out, "output_bytes", attempt->output_total);
    put_json(out, "output", attempt->output);
    put_json_number(out, "error_output_bytes", attempt->error_total);
    put_json(out, "error_output", attempt->error_output);
}

static void put_json_earlier(void *context, const struct attempt_view *attempt)
{
    struct events_json *json = context;
    fprintf(json->out, "%s{\"attempt\":%lld", json->attempts++ ? "," : ",\"earlier\":[",
            (long long)attempt->number);
    put_json_attempt(json->out, attempt);
    fputc('}', json->out);
}

void events_json_delivery(struct events_json *json, const struct delivery_view *delivery)
{
    FILE *out = json->out;
    struct attempt_view last = attempt_of_delivery(delivery);
    fputs(json->deliveries++ == 0 ? ",\"deliveries\":[{" : ",{", out);
    fprintf(out, "\"attempts\":%lld", (long long)delivery->attempt);
    put_json(out, "action", delivery->action);
    put_json(out, "state", delivery->state);
    put_json_time(out, "due", delivery->due_ms ? delivery->due_ms : -1);
    if (bytes_equal_text(delivery->state, "pending"))
        put_json_time(out, "route_paused", delivery->paused_ms);
    put_json_count(out, "failures", delivery->failures);
    put_json_count(out, "replays", delivery->replays);
    put_json_count(out, "takeovers", delivery->takeovers);
    put_json_count(out, "stops", delivery->stops);
    fputs(delivery->is_alone ? ",\"alone\":true" : "", out);
    if (delivery->superseded_by.length)
        put_json(out, "superseded_by", delivery->superseded_by);
    put_json_attempt(out, &last);
    json->attempts = 0;
    if (delivery->attempt > 1 && json->reader)
        journal_reader_attempts(json->reader, delivery->seq, put_json_earlier, json);
    fputs(json->attempts ? "]}" : "}", out);
}

void events_json_end(struct events_json *json)
{
    fputs(json->deliveries == 0 ? ",\"deliveries\":[]}\n" : "]}\n", json->out);
}
