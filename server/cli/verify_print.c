/* Text of strangers is printed by print_safe and print_json only. */
#include "server/cli/verify_print.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "handlers/action/action.h"
#include "handlers/admission/when.h"
#include "handlers/content/form.h"
#include "server/capture/capture.h"
#include "server/cli/verify_actions.h"
#include "server/cli/verify_conditions.h"
#include "server/pipeline/track.h"
#include "server/terminal/terminal.h"

#include <stdio.h>

enum { TEXT_SHOWN = 4096 };

/* ---- the verdict ---- */

bool verify_accepts(const struct verdict *verdict)
{
    static const bool stores_nothing[REPLY_COUNT] = {
        [REPLY_IGNORED] = true, [REPLY_DUPLICATE] = true, [REPLY_HEALTHY] = true};
    return verdict_status(verdict) < 400 && !stores_nothing[verdict->reply];
}

/* An event that is ignored is told so, whatever its status. */
static const char *outcome_of(const struct verdict *verdict)
{
    if (verdict->reply == REPLY_IGNORED)
        return "ignored";
    return verdict_status(verdict) < 400 ? "answered" : "refused";
}

/* Whether the walk came as far as `stage`: all do before the one that decided. */
static const char *stage_result(const struct verify_result *result, size_t stage)
{
    const char *name = pipeline_stage_names[stage];
    bool is_decider = strcmp(name, result->exchange->stage) == 0;
    if (result->verdict.reply == REPLY_ACCEPTED)
        return "passed";
    if (result->verdict.reply == REPLY_QUARANTINED)
        return pipeline_stage_names[stage + 1] ? "passed" : "quarantined";
    if (is_decider)
        return outcome_of(&result->verdict);
    return verify_is_past(result->exchange, stage) ? "passed" : "not reached";
}

/* The conditions of the route, if the walk has come to an event. */
static const struct condition *conditions_of(const struct exchange *exchange)
{
    bool has_values = verify_has_reached(exchange, "select");
    const struct when_settings *when =
        has_values ? when_settings_of(exchange->request.route) : NULL;
    return when && when->is_set ? &when->condition : NULL;
}

/* ---- what the sender would be answered ---- */

/* Whether the answer has a form that the provider or the route defines. */
static bool has_own_format(const struct verdict *verdict)
{
    return verdict->reply == REPLY_CHALLENGE || verdict->body.length > 0 || verdict->empty_body ||
           verdict->header_count > 0;
}

/* The route whose answer is the output of a command; NULL: it is not. */
static const struct respond_settings *output_of(const struct verify_result *result)
{
    const struct route *route = result->exchange->request.route;
    bool is_stored = result->verdict.reply == REPLY_ACCEPTED;
    const struct respond_settings *respond = route && is_stored ? respond_settings_of(route) : NULL;
    return respond && respond->output ? respond : NULL;
}

static struct verdict late_answer(const struct verify_result *result)
{
    struct verdict late = {.reply = REPLY_ACCEPTED, .form = FORM_LATE};
    return pipeline_format_response(result->exchange, "", late);
}

/* Where the sender could follow the event, without an id and a token, which there are only then;
 * NULL: nowhere. */
static const char *link_of(const struct verify_result *result)
{
    bool given = result->capture && track_gives_link(result->exchange, &result->verdict);
    return given ? track_link(&result->exchange->request, "ID", "TOKEN") : NULL;
}

/* What is not known of the request, and may be why it is judged so. */
struct notes {
    const char *const *items;
    size_t count;
};

static struct notes notes_of(const struct verify_result *result)
{
    return result->capture ? (struct notes){result->capture->notes, result->capture->note_count}
                           : (struct notes){result->past->notes, result->past->note_count};
}

/* ---- as text ---- */

static void print_line(struct bytes text)
{
    struct bytes rest = bytes_of(text.data, text.length < TEXT_SHOWN ? text.length : TEXT_SHOWN);
    while (rest.length > 0) { /* in pieces: line ends and backslashes have names of their own */
        size_t plain = 0;
        while (plain < rest.length && rest.data[plain] != '\n' && rest.data[plain] != '\\')
            plain++;
        print_safe(stdout, bytes_of(rest.data, plain));
        if (plain < rest.length)
            fputs(rest.data[plain++] == '\n' ? "\\n" : "\\x5c", stdout);
        rest = bytes_from(rest, plain);
    }
    puts(text.length > TEXT_SHOWN ? " …" : "");
}

static void print_escaped(const char *name, struct bytes text)
{
    printf("%-10s ", name);
    print_line(text);
}

static void print_answer(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->header_count; i++) {
        printf("%-10s %s: ", "header", verdict->headers[i].name);
        print_safe(stdout, bytes_of_text(verdict->headers[i].value));
        putchar('\n');
    }
    if (verdict->body.length > 0)
        print_escaped("answer", verdict->body);
}

static void print_answers(const struct verify_result *result)
{
    const struct respond_settings *respond = output_of(result);
    if (!respond) {
        print_answer(&result->verdict);
        return;
    }
    struct verdict late = late_answer(result);
    printf("%-10s the output of action \"%s\"", "answer", respond->output);
    if (respond->streams)
        printf(" as it comes; late after %lld ms\n", (long long)respond->deadline_ms);
    else
        printf("; after %lld ms %u:\n", (long long)respond->deadline_ms, verdict_status(&late));
    print_answer(&late);
}

static void print_head(const struct verify_result *result)
{
    const struct request *request = &result->exchange->request;
    const struct verify_past *past = result->past;
    char received[CLOCK_TEXT_SIZE];
    for (size_t i = 0; !past && pipeline_stage_names[i]; i++)
        printf("%-12s %s\n", pipeline_stage_names[i], stage_result(result, i));
    if (past) {
        clock_format_unix_ms(past->event.received_ms, received);
        print_escaped("id", past->event.id);
        print_escaped("received", bytes_of_text(received));
    }
    if (request->route)
        printf("%-10s %s\n", "route", request->route->name);
    if (request->message_id.length)
        print_escaped("delivery", request->message_id);
    if (request->event_type.length)
        print_escaped("event", request->event_type);
}

static void print_named(const char *kind, struct bytes name)
{
    printf("%-10s ", kind);
    print_safe(stdout, name);
    fputs(": ", stdout);
}

/* What the body was made into, which values and actions have: nobody sees it in the body. */
static void print_content(const struct request *request)
{
    const struct form *form = request->form;
    if (request->payload_is_made)
        print_escaped("payload", request->payload);
    for (size_t i = 0; form && i < form->count; i++) {
        print_named("field", form->fields[i].name);
        print_line(form->fields[i].value);
    }
    for (size_t i = 0; form && i < form->file_count; i++) {
        print_named("file", form->files[i].name);
        print_safe(stdout, form->files[i].filename);
        printf(", %zu bytes\n", form->files[i].content.length);
    }
}

static void print_text(struct verify_result *result)
{
    const struct verdict *verdict = &result->verdict;
    const struct condition *conditions = conditions_of(result->exchange);
    print_head(result);
    print_content(&result->exchange->request);
    if (conditions)
        verify_print_conditions(conditions, &result->exchange->values, 0);
    verify_print_actions(result->exchange);
    if (result->signed_text)
        print_escaped("signed", buffer_bytes(result->signed_text));
    struct notes notes = notes_of(result);
    for (size_t i = 0; i < notes.count; i++)
        printf("%-10s %s\n", "note", notes.items[i]);
    print_answers(result);
    if (link_of(result))
        print_escaped("location", bytes_of_text(link_of(result)));
    if (verdict->details.length)
        print_escaped("failures", verdict->details);
    if (verdict->message && verdict->message != verdict->reason)
        print_escaped("message", bytes_of_text(verdict->message));
    printf("%s with %u (%s)%s", outcome_of(verdict), verdict_status(verdict),
           reply_rows[verdict->reply].code, verdict->reason ? ": " : "");
    print_safe(stdout, bytes_of_text(verdict->reason ? verdict->reason : ""));
    putchar('\n');
    if (result->past)
        verify_past_print(result->past);
}

/* ---- as JSON ---- */

static void append_member(struct buffer *out, const char *name, struct bytes value)
{
    buffer_printf(out, ",\"%s\":", name);
    json_append_string(out, value);
}

static void append_header(struct buffer *out, const char *name, struct bytes value)
{
    buffer_append_text(out, out->data[out->length - 1] == '{' ? "" : ",");
    json_append_string(out, bytes_of_text(name));
    buffer_append_text(out, ":");
    json_append_string(out, value);
}

static void append_answer(struct buffer *out, const struct verdict *verdict)
{
    buffer_printf(out, "{\"status\":%u", verdict_status(verdict));
    if (verdict->content_type)
        append_member(out, "type", bytes_of_text(verdict->content_type));
    append_member(out, "body", verdict->body);
    if (verdict->header_name || verdict->header_count) {
        buffer_append_text(out, ",\"headers\":{");
        if (verdict->header_name)
            append_header(out, verdict->header_name, verdict->header_value);
        for (size_t i = 0; i < verdict->header_count; i++)
            append_header(out, verdict->headers[i].name, bytes_of_text(verdict->headers[i].value));
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "}");
}

static void append_answers(struct buffer *out, const struct verify_result *result)
{
    const struct respond_settings *respond = output_of(result);
    if (respond) {
        struct verdict late = late_answer(result);
        buffer_append_text(out, ",\"answer\":{\"output\":");
        json_append_string(out, bytes_of_text(respond->output));
        if (respond->streams)
            buffer_append_text(out, ",\"stream\":true");
        buffer_printf(out, ",\"deadline_ms\":%lld,\"late\":", (long long)respond->deadline_ms);
        append_answer(out, &late);
        buffer_append_text(out, "}");
    } else if (has_own_format(&result->verdict)) {
        buffer_append_text(out, ",\"answer\":");
        append_answer(out, &result->verdict);
    }
}

static void append_notes(struct buffer *out, struct notes notes)
{
    for (size_t i = 0; i < notes.count; i++) {
        buffer_append_text(out, i ? "," : ",\"notes\":[");
        json_append_string(out, bytes_of_text(notes.items[i]));
    }
    buffer_append_text(out, notes.count ? "]" : "");
}

static void append_stages(struct buffer *out, const struct verify_result *result)
{
    buffer_append_text(out, ",\"stages\":[");
    for (size_t i = 0; pipeline_stage_names[i]; i++)
        buffer_printf(out, "%s{\"name\":\"%s\",\"result\":\"%s\"}", i ? "," : "",
                      pipeline_stage_names[i], stage_result(result, i));
    buffer_append_text(out, "]");
}

static void append_verdict(struct buffer *out, const struct verify_result *result)
{
    const struct verdict *verdict = &result->verdict;
    buffer_printf(out, "{\"accepted\":%s,\"status\":%u,\"code\":\"%s\"",
                  verify_accepts(verdict) ? "true" : "false", verdict_status(verdict),
                  reply_rows[verdict->reply].code);
    if (result->file)
        append_member(out, "request", bytes_of_text(result->file));
    if (!verify_accepts(verdict))
        append_member(out, "stage", bytes_of_text(result->exchange->stage));
    if (verdict->reason)
        append_member(out, "reason", bytes_of_text(verdict->reason));
    if (verdict->message)
        append_member(out, "message", bytes_of_text(verdict->message));
}

static void append_content(struct buffer *out, const struct request *request)
{
    const struct form *form = request->form;
    if (request->payload_is_made) {
        buffer_append_text(out, ",\"payload\":");
        buffer_append_bytes(out, request->payload);
    }
    if (form) {
        buffer_append_text(out, ",\"form\":");
        form_append_json(out, form->fields, form->count);
    }
    for (size_t i = 0; form && i < form->file_count; i++) {
        buffer_append_text(out, i ? ",{\"name\":" : ",\"files\":[{\"name\":");
        json_append_string(out, form->files[i].name);
        append_member(out, "filename", form->files[i].filename);
        buffer_printf(out, ",\"size\":%zu}", form->files[i].content.length);
    }
    buffer_append_text(out, form && form->file_count ? "]" : "");
}

static void append_request(struct buffer *out, const struct verify_result *result)
{
    const struct request *request = &result->exchange->request;
    if (request->route)
        append_member(out, "route", bytes_of_text(request->route->name));
    append_member(out, "delivery", request->message_id);
    append_member(out, "event", request->event_type);
    append_content(out, request);
    if (!result->capture)
        return;
    append_member(out, "dedupe_key", request->dedupe_key);
    buffer_printf(out, ",\"secret\":%zu", request->secret_used);
    if (result->signed_text)
        append_member(out, "signed", buffer_bytes(result->signed_text));
}

static void print_as_json(struct verify_result *result)
{
    const struct condition *conditions = conditions_of(result->exchange);
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    append_verdict(&out, result);
    if (result->capture)
        append_stages(&out, result);
    append_request(&out, result);
    append_answers(&out, result);
    if (link_of(result))
        append_member(&out, "location", bytes_of_text(link_of(result)));
    if (result->verdict.details.length) { /* a list already */
        buffer_append_text(&out, ",\"failures\":");
        buffer_append_bytes(&out, result->verdict.details);
    }
    if (conditions)
        verify_append_conditions(conditions, &result->exchange->values, &out);
    verify_append_actions(result->exchange, &out);
    append_notes(&out, notes_of(result));
    if (result->past)
        verify_past_append(result->past, &out);
    buffer_append_text(&out, "}\n");
    print_json(stdout, buffer_bytes(&out));
    buffer_finish(&out);
}

void verify_print_result(struct verify_result *result, bool json)
{
    if (json)
        print_as_json(result);
    else
        print_text(result);
}
