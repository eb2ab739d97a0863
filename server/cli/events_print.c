/* Text is printed by print_safe, JSON by print_json: escape sequences in a log line or a header are
 * shown, not obeyed by the terminal. */
#include "server/cli/events_print.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"

/* ---- JSON ---- */

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

static void put_json_row(FILE *out, const struct event_view *event)
{
    fputc('{', out);
    put_json_event(out, event);
    fputs("}\n", out);
}

static void put_json_delivery(FILE *out, const struct delivery_view *delivery)
{
    fprintf(out, "\"attempts\":%lld", (long long)delivery->attempt);
    put_json(out, "action", delivery->action);
    put_json(out, "state", delivery->state);
    put_json_time(out, "started", delivery->started_ms);
    put_json_time(out, "ended", delivery->ended_ms);
    put_json_number(out, "duration_ms", delivery->duration_ms);
    put_json_number(out, "exit_status", delivery->exit_status);
    put_json_number(out, "signal", delivery->signal);
    if (delivery->reason.length)
        put_json(out, "reason", delivery->reason);
    put_json_number(out, "output_bytes", delivery->output_total);
    put_json(out, "output", delivery->output);
    put_json_number(out, "error_output_bytes", delivery->error_total);
    put_json(out, "error_output", delivery->error_output);
}

/* ---- text ---- */

enum {
    ID_WIDTH = 36,
    TIME_WIDTH = 24,
    STATE_WIDTH = 12,
    ROUTE_WIDTH = 20,
    TYPE_WIDTH = 16,
    STATES_SIZE = 64
};

void events_print_head(FILE *out)
{
    print_column(out, bytes_of_text("ID"), ID_WIDTH);
    print_column(out, bytes_of_text("RECEIVED"), TIME_WIDTH);
    print_column(out, bytes_of_text("STATE"), STATE_WIDTH);
    print_column(out, bytes_of_text("ROUTE"), ROUTE_WIDTH);
    print_column(out, bytes_of_text("TYPE"), TYPE_WIDTH);
    fputs("TITLE\n", out);
}

/* The states that are worth a look: "done" only where there is no other. Into `text`, NUL at the
 * end. */
static void summarize_states(struct bytes states, char text[STATES_SIZE])
{
    size_t length = 0;
    while (states.data) {
        struct bytes state = bytes_split(&states, ',');
        if (bytes_equal_text(state, "done") || length + state.length + 2 > STATES_SIZE)
            continue;
        length += (size_t)snprintf(text + length, STATES_SIZE - length, "%s%.*s", length ? "," : "",
                                   (int)state.length, (const char *)state.data);
    }
    if (length == 0)
        snprintf(text, STATES_SIZE, "done");
}

/* Behind the title, which is the last column. */
static void put_reruns(FILE *out, const struct event *event)
{
    if (event->reruns > 0)
        fprintf(out, " (run again %lld time%s)", (long long)event->reruns,
                event->reruns == 1 ? "" : "s");
}

static void put_row(FILE *out, const struct event_view *view)
{
    char received[CLOCK_TEXT_SIZE], states[STATES_SIZE];
    const struct event *event = &view->event;
    clock_format_unix_ms(event->received_ms, received);
    summarize_states(view->states, states);
    print_column(out, event->id, ID_WIDTH);
    print_column(out, bytes_of_text(received), TIME_WIDTH);
    print_column(out, bytes_of_text(states), STATE_WIDTH);
    print_column(out, event->route, ROUTE_WIDTH);
    print_column(out, event->type, TYPE_WIDTH);
    print_safe(out, event->title.length ? event->title : bytes_of_text("-"));
    put_reruns(out, event);
    fputc('\n', out);
}

void events_print_row(FILE *out, const struct event_view *event, bool json)
{
    if (json)
        put_json_row(out, event);
    else
        put_row(out, event);
}

static void put_line(FILE *out, const char *name, struct bytes value)
{
    if (value.length == 0)
        return;
    fprintf(out, "%-13s ", name);
    print_safe(out, value);
    fputc('\n', out);
}

static void put_time(FILE *out, const char *name, int64_t unix_ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (unix_ms < 0)
        return;
    clock_format_unix_ms(unix_ms, text);
    put_line(out, name, bytes_of_text(text));
}

/* The end of an output, line by line, indented. */
static void put_output(FILE *out, const char *name, struct bytes output, int64_t total)
{
    if (total == 0)
        return;
    fprintf(out, "  %s: %lld bytes", name, (long long)total);
    fputs((int64_t)output.length < total ? ", of which the last are:\n" : "\n", out);
    while (output.length > 0) {
        struct bytes line = bytes_split(&output, '\n');
        fputs("    | ", out);
        print_safe(out, line);
        fputc('\n', out);
    }
}

static void put_how(FILE *out, const struct delivery_view *delivery)
{
    fprintf(out, "%lld attempt%s", (long long)delivery->attempt, delivery->attempt == 1 ? "" : "s");
    if (delivery->duration_ms >= 0)
        fprintf(out, ", %lld ms", (long long)delivery->duration_ms);
    if (delivery->exit_status >= 0)
        fprintf(out, ", exit %lld", (long long)delivery->exit_status);
    if (delivery->signal >= 0)
        fprintf(out, ", signal %lld", (long long)delivery->signal);
    if (delivery->takeovers > 0)
        fprintf(out, ", left by its runner %lld times", (long long)delivery->takeovers);
    if (delivery->stops > 0)
        fprintf(out, ", stopped with the server soon after its start %lld times",
                (long long)delivery->stops);
    fputc('\n', out);
}

static void put_delivery(FILE *out, const struct delivery_view *delivery)
{
    fputs("\naction ", out);
    print_safe(out, delivery->action);
    fputs(": ", out);
    print_safe(out, delivery->state);
    fputs(", ", out);
    put_how(out, delivery);
    put_line(out, "  reason", delivery->reason);
    put_time(out, "  started", delivery->started_ms);
    put_time(out, "  ended", delivery->ended_ms);
    put_output(out, "standard output", delivery->output, delivery->output_total);
    put_output(out, "standard error", delivery->error_output, delivery->error_total);
}

/* ---- why a schema refused it ---- */

static struct bytes text_member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    bool there = value_type(object) == TYPE_OBJECT && value_find(object, name, &value) &&
                 value_type(value) == TYPE_STRING;
    return there ? value_string(value) : bytes_of(NULL, 0);
}

static void put_failure(FILE *out, struct json_object *failure)
{
    struct bytes place = text_member(failure, "instanceLocation");
    struct bytes keyword = text_member(failure, "keywordLocation"); /* none for all of a schema */
    fputs("  ", out);
    print_safe(out, place.length ? place : bytes_of_text("the body"));
    fputc(' ', out);
    print_safe(out, text_member(failure, "message"));
    fputs(keyword.length ? " (" : "", out);
    print_safe(out, keyword);
    fputs(keyword.length ? ")\n" : "\n", out);
}

static void put_failures(FILE *out, struct bytes json)
{
    struct json_object *failures = NULL;
    struct json_fault fault;
    if (json.length == 0 || !payload_parse(json, &json_limits_default, &failures, &fault))
        return;
    fputs("quarantined: it does not conform to the schema of its route\n", out);
    for (size_t i = 0; value_type(failures) == TYPE_ARRAY && i < value_item_count(failures); i++)
        put_failure(out, value_item(failures, i));
    payload_release(failures);
}

/* A text or a time by its name in the JSON, without underscores; what is neither stands in a
 * sentence of its own. */
static void put_field(FILE *out, const char *json_name, const struct event *event,
                      const struct event_field *field)
{
    char name[32];
    snprintf(name, sizeof name, "%s", json_name);
    for (char *at = name; *at; at++)
        if (*at == '_')
            *at = ' ';
    if (field->kind == EVENT_TEXT)
        put_line(out, name, event_bytes(event, field));
    else if (field->kind == EVENT_TIME)
        put_time(out, name, event_number(event, field));
}

static void put_event(FILE *out, const struct event_view *view)
{
    const struct event *event = &view->event;
    for (size_t i = 0; i < JSON_NAMES; i++)
        put_field(out, json_names[i].name, event, &event_fields[json_names[i].field]);
    fprintf(out, "%-13s %lld bytes%s\n", "body", (long long)event->size,
            view->has_body ? "" : ", no longer stored");
    if (event->reruns > 0)
        fprintf(out, "%-13s %lld time%s, because it was sent again\n", "run again",
                (long long)event->reruns, event->reruns == 1 ? "" : "s");
    put_failures(out, event->failures);
}

/* ---- all of one event ---- */

void events_print_event(struct events_detail *detail, const struct event_view *event)
{
    if (!detail->json) {
        put_event(detail->out, event);
        return;
    }
    fputc('{', detail->out);
    put_json_event(detail->out, event);
}

/* In a list of lines a long one is in the way. */
static void put_payload(struct events_detail *detail, struct bytes payload)
{
    enum { LINE_MAX_BYTES = 4096 };
    if (payload.length == 0)
        return;
    if (detail->json) {
        fputs(",\"payload\":", detail->out);
        print_json(detail->out, payload);
    } else if (payload.length <= LINE_MAX_BYTES) {
        put_line(detail->out, "payload", payload);
    } else {
        fprintf(detail->out, "%-13s %zu bytes of JSON, which --json shows\n", "payload",
                payload.length);
    }
}

void events_print_stored(struct events_detail *detail, const struct event *stored)
{
    for (size_t i = EVENT_ROW_COUNT; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (field->kind != EVENT_OBJECT || event_bytes(stored, field).length == 0)
            continue;
        if (detail->json)
            put_json_field(detail->out, field->member, stored, field);
        else
            put_line(detail->out, field->member, event_bytes(stored, field));
    }
    put_payload(detail, stored->payload);
}

void events_print_delivery(struct events_detail *detail, const struct delivery_view *delivery)
{
    if (!detail->json) {
        put_delivery(detail->out, delivery);
        return;
    }
    fputs(detail->deliveries++ == 0 ? ",\"deliveries\":[{" : ",{", detail->out);
    put_json_delivery(detail->out, delivery);
    fputc('}', detail->out);
}

void events_print_end(struct events_detail *detail)
{
    if (!detail->json)
        return;
    fputs(detail->deliveries == 0 ? ",\"deliveries\":[]}\n" : "]}\n", detail->out);
}

/* ---- failures ---- */

int events_print_failure(const struct journal_reader *reader)
{
    struct error why = {""};
    journal_reader_explain(reader, &why);
    error_prefix(&why, "cannot read the journal");
    print_failure(why.text);
    return EXIT_ENVIRONMENT;
}
