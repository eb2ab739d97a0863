/* Actions are compared by their names, as the journal has them. What an action was given then is
 * not stored, so what is different in that shows only where it could not be given at all. */
#include "server/cli/verify_difference.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "handlers/admission/when.h"
#include "server/cli/verify_actions.h"
#include "server/terminal/terminal.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- finding them ---- */

struct comparing {
    struct verify_past *past;
    struct exchange *exchange;
    struct arena *arena;
};

static void note(struct comparing *comparing, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void note(struct comparing *comparing, const char *kind, const char *format, ...)
{
    struct verify_past *past = comparing->past;
    va_list args;
    if (past->difference_count == DIFFERENCES_MAX)
        return;
    va_start(args, format);
    const char *text = arena_format_list(comparing->arena, format, args);
    va_end(args);
    past->differences[past->difference_count++] =
        (struct difference){kind, text ? text : "there is no memory to say what"};
}

/* Whether a delivery before `end` was for that action. */
static bool had_action(const struct verify_past *past, struct bytes action, size_t end)
{
    for (size_t i = 0; i < end; i++)
        if (bytes_equal(past->deliveries[i].action, action))
            return true;
    return false;
}

static void compare_past_action(struct comparing *comparing, struct bytes name)
{
    const struct route *route = comparing->exchange->request.route;
    int length = (int)name.length;
    size_t place = 0;
    while (place < route->action_count && !bytes_equal_text(name, route->actions[place].name))
        place++;
    if (place == route->action_count)
        note(comparing, "does_not_run",
             "action \"%.*s\" would not run: the route has none of that name", length, name.data);
    else if (!verify_is_chosen(comparing->exchange, place))
        note(comparing, "does_not_run", "action \"%.*s\" would not run: %s", length, name.data,
             verify_why_left_out(comparing->exchange, place, comparing->arena));
}

static void compare_actions(struct comparing *comparing)
{
    const struct verify_past *past = comparing->past;
    const struct route *route = comparing->exchange->request.route;
    for (size_t i = 0; i < past->delivery_count; i++)
        if (!had_action(past, past->deliveries[i].action, i))
            compare_past_action(comparing, past->deliveries[i].action);
    for (size_t i = 0; i < route->action_count; i++)
        if (verify_is_chosen(comparing->exchange, i) &&
            !had_action(past, bytes_of_text(route->actions[i].name), past->delivery_count))
            note(comparing, "runs", "action \"%s\" would run", route->actions[i].name);
}

static void compare_names(struct comparing *comparing)
{
    const struct event *event = &comparing->past->event;
    const struct request *request = &comparing->exchange->request;
    struct bytes type = request->event_type;
    if (!bytes_equal_text(event->route, request->route->name))
        note(comparing, "route", "its route would be \"%s\"", request->route->name);
    if (!bytes_equal(event->type, type))
        note(comparing, "type", "its type would be \"%.*s\"", (int)type.length, type.data);
}

static void compare_verdict(struct comparing *comparing, const struct verdict *verdict)
{
    const char *reason = verdict->reason ? verdict->reason : reply_rows[verdict->reply].text;
    bool was_quarantined = comparing->past->event.failures.length > 0;
    switch (verdict->reply) {
    case REPLY_ACCEPTED:
        if (was_quarantined)
            note(comparing, "accepted", "it would not be quarantined");
        break;
    case REPLY_QUARANTINED:
        if (!was_quarantined)
            note(comparing, "quarantined", "it would be quarantined: %s", reason);
        break;
    case REPLY_IGNORED:
        note(comparing, "ignored", "it would be ignored: %s", reason);
        break;
    default:
        note(comparing, "refused", "it would be refused with %u (%s): %s", verdict_status(verdict),
             reply_rows[verdict->reply].code, reason);
    }
}

/* A header is stored if it is one of the usual ones, or if the route file named it then. */
static void note_headers(struct comparing *comparing)
{
    struct verify_past *past = comparing->past;
    const struct request *request = &comparing->exchange->request;
    const struct text_list *headers = &when_settings_of(request->route)->headers;
    for (size_t i = 0; i < headers->count && past->note_count < PAST_NOTES_MAX; i++) {
        size_t count;
        request_header(request, headers->items[i], &count);
        const char *text =
            count ? NULL
                  : arena_format(comparing->arena,
                                 "header.%s is not stored with the event: it was not sent, or the "
                                 "route file did not name it then",
                                 headers->items[i]);
        if (text)
            past->notes[past->note_count++] = text;
    }
}

void verify_past_compare(struct verify_past *past, struct exchange *exchange,
                         const struct verdict *verdict, struct arena *arena)
{
    struct comparing comparing = {past, exchange, arena};
    if (exchange->request.route) {
        compare_names(&comparing);
        note_headers(&comparing);
    }
    compare_verdict(&comparing, verdict);
    if (verdict->reply == REPLY_ACCEPTED || verdict->reply == REPLY_QUARANTINED)
        compare_actions(&comparing);
}

/* ---- printing them ---- */

void verify_past_print(const struct verify_past *past)
{
    for (size_t i = 0; i < past->delivery_count; i++) {
        printf("%-10s action ", "then");
        print_safe(stdout, past->deliveries[i].action);
        fputs(": ", stdout);
        print_safe(stdout, past->deliveries[i].state);
        putchar('\n');
    }
    for (size_t i = 0; i < past->difference_count; i++) {
        printf("%-10s ", "different");
        print_safe(stdout, bytes_of_text(past->differences[i].text));
        putchar('\n');
    }
    if (past->difference_count == 0)
        puts("nothing would be different");
}

static void append_pair(struct buffer *out, const char *before, const char *names[2],
                        const struct bytes values[2])
{
    buffer_append_text(out, before);
    for (int i = 0; i < 2; i++) {
        buffer_printf(out, "%s\"%s\":", i ? "," : "{", names[i]);
        json_append_string(out, values[i]);
    }
    buffer_append_text(out, "}");
}

void verify_past_append(const struct verify_past *past, struct buffer *out)
{
    static const char *then_names[] = {"action", "state"}, *difference_names[] = {"kind", "text"};
    char received[CLOCK_TEXT_SIZE];
    clock_format_unix_ms(past->event.received_ms, received);
    buffer_append_text(out, ",\"id\":");
    json_append_string(out, past->event.id);
    buffer_printf(out, ",\"received\":\"%s\",\"then\":[", received);
    for (size_t i = 0; i < past->delivery_count; i++) {
        const struct past_delivery *delivery = &past->deliveries[i];
        append_pair(out, i ? "," : "", then_names,
                    (struct bytes[]){delivery->action, delivery->state});
    }
    buffer_append_text(out, "],\"differences\":[");
    for (size_t i = 0; i < past->difference_count; i++) {
        const struct difference *difference = &past->differences[i];
        append_pair(
            out, i ? "," : "", difference_names,
            (struct bytes[]){bytes_of_text(difference->kind), bytes_of_text(difference->text)});
    }
    buffer_append_text(out, "]");
}
