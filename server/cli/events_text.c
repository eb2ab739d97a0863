/* An attempt is shown in the same words whether it is the last one, which is in its delivery, or
 * one of those before. Times are those of UTC; a terminal is told too how long ago that was. */
#include "server/cli/events_text.h"

#include "base/clock.h"
#include "handlers/content/content.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"
#include "server/cli/events_json.h"
#include "server/cli/events_table.h"
#include "server/options/moment.h"
#include "server/terminal/body_text.h"

enum { INDENT = 2 };

/* ---- lines ---- */

static void put_line(FILE *out, const char *name, struct bytes value)
{
    if (value.length == 0)
        return;
    fprintf(out, "%-13s ", name);
    print_safe(out, value);
    fputc('\n', out);
}

static void put_time(const struct events_text *text, const char *name, int64_t unix_ms)
{
    char time[CLOCK_TEXT_SIZE], distance[MOMENT_TEXT_SIZE];
    if (unix_ms < 0)
        return;
    clock_format_unix_ms(unix_ms, time);
    fprintf(text->out, "%-13s %s", name, time);
    if (text->screen.is_terminal) {
        moment_format(unix_ms, text->screen.now_ms, distance);
        fprintf(text->out, " (%s)", distance);
    }
    fputc('\n', text->out);
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

/* ---- the event ---- */

#define TEXT_NAME(name, kind, origin, column, json, ...) EVENT_NAME(FIELD_##name, json)
#define ONE_NAME(name, kind, origin, column, json, ...) +EVENT_IS_NAMED(json)

static const struct {
    const char *name;
    size_t field;
} names[] = {EVENT_FIELDS(TEXT_NAME)};
enum { NAMES = EVENT_FIELDS(ONE_NAME) };

/* A text or a time by its name in the JSON, without underscores; what is neither stands in a
 * sentence of its own. */
static void put_field(const struct events_text *text, const char *json_name,
                      const struct event *event, const struct event_field *field)
{
    char name[32];
    snprintf(name, sizeof name, "%s", json_name);
    for (char *at = name; *at; at++)
        if (*at == '_')
            *at = ' ';
    if (field->kind == EVENT_TEXT)
        put_line(text->out, name, event_bytes(event, field));
    else if (field->kind == EVENT_TIME)
        put_time(text, name, event_number(event, field));
}

/* Behind the id: what a person wants to know first. */
static void put_state(const struct events_text *text, struct bytes states)
{
    char shown[EVENT_STATES_SIZE];
    enum style style = style_of_state(states);
    events_table_states(states, shown);
    fprintf(text->out, "%-13s ", "state");
    style_begin(text->out, &text->screen, style);
    fputs(shown, text->out);
    style_end(text->out, &text->screen, style);
    fputc('\n', text->out);
}

void events_text_event(struct events_text *text, const struct event_view *view)
{
    const struct event *event = &view->event;
    text->is_json = event->body_is_json;
    for (size_t i = 0; i < NAMES; i++) {
        put_field(text, names[i].name, event, &event_fields[names[i].field]);
        if (i == 0)
            put_state(text, view->states);
    }
    fprintf(text->out, "%-13s %lld bytes%s\n", "body", (long long)event->size,
            view->has_body ? "" : ", no longer stored");
    if (event->reruns > 0)
        fprintf(text->out, "%-13s %lld time%s, because it was sent again\n", "run again",
                (long long)event->reruns, event->reruns == 1 ? "" : "s");
    put_failures(text->out, event->failures);
}

/* ---- what is stored with the body ---- */

static void put_member_value(FILE *out, struct json_object *value)
{
    if (value_type(value) == TYPE_STRING)
        print_safe(out, value_string(value));
    else
        for (size_t i = 0; value_type(value) == TYPE_ARRAY && i < value_item_count(value); i++) {
            fputs(i ? ", " : "", out);
            print_safe(out, value_string(value_item(value, i)));
        }
}

/* An object of strings, a line for each. */
static void put_object(FILE *out, const char *name, struct bytes json)
{
    struct json_object *object = NULL;
    struct json_fault fault;
    if (json.length == 0 || bytes_equal_text(json, "{}") ||
        !payload_parse(json, &json_limits_default, &object, &fault))
        return;
    fprintf(out, "\n%s\n", name);
    if (value_type(object) == TYPE_OBJECT)
        for (struct member member = member_first(object); member.entry; member_next(&member)) {
            fprintf(out, "%*s", INDENT, "");
            print_safe(out, bytes_of_text(member_name(&member)));
            fputs(": ", out);
            put_member_value(out, member_value(&member));
            fputc('\n', out);
        }
    payload_release(object);
}

static void put_body(const struct events_text *text, struct bytes body)
{
    struct bytes payload;
    if (body.length == 0)
        return;
    fputs("\nbody\n", text->out);
    if (text->raw)
        print_bytes(text->out, body, text->screen.is_terminal);
    else if (text->is_json && content_stored_payload(body, true, bytes_of(NULL, 0), NULL, &payload))
        body_print_json(text->out, payload, INDENT);
    else
        body_print_text(text->out, body, INDENT);
}

void events_text_stored(struct events_text *text, const struct event *stored)
{
    for (size_t i = EVENT_ROW_COUNT; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (field->kind == EVENT_OBJECT)
            put_object(text->out, field->member, event_bytes(stored, field));
    }
    put_body(text, stored->body);
    if (stored->payload.length > 0) {
        fputs("\npayload\n", text->out);
        body_print_json(text->out, stored->payload, INDENT);
    }
}

/* ---- deliveries ---- */

/* The end of an output, line by line, indented. */
static void put_output(FILE *out, const char *name, struct bytes output, int64_t total, int indent)
{
    if (total == 0)
        return;
    fprintf(out, "%*s%s: %lld bytes", indent, "", name, (long long)total);
    fputs(output.length == 0               ? ", which are not kept\n"
          : (int64_t)output.length < total ? ", of which the last are:\n"
                                           : "\n",
          out);
    while (output.length > 0) {
        struct bytes line = bytes_split(&output, '\n');
        fprintf(out, "%*s| ", indent + 2, "");
        print_safe(out, line);
        fputc('\n', out);
    }
}

static void put_outputs(FILE *out, const struct attempt_view *attempt, int indent)
{
    put_output(out, "standard output", attempt->output, attempt->output_total, indent);
    put_output(out, "standard error", attempt->error_output, attempt->error_total, indent);
}

static void put_span(FILE *out, const struct attempt_view *attempt)
{
    char span[MOMENT_TEXT_SIZE];
    if (attempt->duration_ms >= 0) {
        moment_format_span(attempt->duration_ms, span);
        fprintf(out, ", %s", span);
    }
}

static void put_outcome(FILE *out, const struct attempt_view *attempt)
{
    put_span(out, attempt);
    if (attempt->exit_status >= 0)
        fprintf(out, ", exit %lld", (long long)attempt->exit_status);
    if (attempt->signal >= 0)
        fprintf(out, ", signal %lld", (long long)attempt->signal);
}

/* The only one: a line for each fact. */
static void put_facts(const struct events_text *text, const struct attempt_view *attempt)
{
    put_line(text->out, "  reason", attempt->reason);
    put_time(text, "  started", attempt->started_ms);
    put_time(text, "  ended", attempt->ended_ms);
    put_outputs(text->out, attempt, INDENT);
}

/* One of several: a line for all of it, and its outputs. */
static void put_attempt(void *context, const struct attempt_view *attempt)
{
    const struct events_text *text = context;
    char time[CLOCK_TEXT_SIZE] = "not started";
    if (attempt->started_ms >= 0)
        clock_format_unix_ms(attempt->started_ms, time);
    fprintf(text->out, "  attempt %-3lld %s", (long long)attempt->number, time);
    if (attempt->reason.length > 0) {
        put_span(text->out, attempt);
        fputs(", ", text->out);
        print_safe(text->out, attempt->reason);
    } else {
        put_outcome(text->out, attempt);
    }
    fputc('\n', text->out);
    put_outputs(text->out, attempt, 2 * INDENT);
}

static void put_count(FILE *out, int64_t count, const char *before, const char *behind)
{
    if (count > 0)
        fprintf(out, ", %s%lld time%s%s", before, (long long)count, count == 1 ? "" : "s", behind);
}

static void put_summary(const struct events_text *text, const struct delivery_view *delivery,
                        const struct attempt_view *last)
{
    FILE *out = text->out;
    enum style style = style_of_state(delivery->state);
    fputs("\naction ", out);
    print_safe(out, delivery->action);
    fputs(": ", out);
    style_begin(out, &text->screen, style);
    print_safe(out, delivery->state);
    style_end(out, &text->screen, style);
    fprintf(out, ", %lld attempt%s", (long long)delivery->attempt,
            delivery->attempt == 1 ? "" : "s");
    if (delivery->attempt == 1)
        put_outcome(out, last);
    fputs(delivery->is_alone ? ", alone" : "", out);
    put_count(out, delivery->replays, "replayed ", "");
    put_count(out, delivery->takeovers, "left by its runner ", "");
    put_count(out, delivery->stops, "stopped with the server soon after its start ", "");
    fputc('\n', out);
}

/* What it waits for, and what took its place. */
static void put_waiting(const struct events_text *text, const struct delivery_view *delivery)
{
    put_line(text->out, "  newer event", delivery->superseded_by);
    if (!bytes_equal_text(delivery->state, "pending"))
        return;
    put_time(text, "  waits until", delivery->due_ms ? delivery->due_ms : -1);
    if (delivery->failures > 0)
        fprintf(text->out, "%-13s %lld\n", "  failures", (long long)delivery->failures);
    if (delivery->paused_ms >= 0) {
        put_time(text, "  paused", delivery->paused_ms);
        put_line(text->out, "  because", delivery->paused_why);
    }
}

void events_text_delivery(struct events_text *text, const struct delivery_view *delivery)
{
    struct attempt_view last = attempt_of_delivery(delivery);
    text->is_dead |= !delivery->is_notice && bytes_equal_text(delivery->state, "dead");
    put_summary(text, delivery, &last);
    put_waiting(text, delivery);
    if (delivery->attempt <= 1) {
        put_facts(text, &last);
        return;
    }
    journal_reader_attempts(text->reader, delivery->seq, put_attempt, text);
    put_attempt(text, &last);
}
