/* The walk has chosen the actions; here the same functions are asked again, for all of what they
 * say. A command is given nothing by this. */
#include "server/cli/verify_actions.h"

#include "base/json_text.h"
#include "handlers/action/action.h"
#include "handlers/action/selection.h"
#include "handlers/admission/events.h"
#include "server/cli/verify_conditions.h"
#include "server/terminal/terminal.h"

#include <stdio.h>

/* ---- which actions ---- */

static size_t stage_number(const char *name)
{
    size_t number = 0;
    while (pipeline_stage_names[number] && strcmp(pipeline_stage_names[number], name) != 0)
        number++;
    return number;
}

bool verify_has_reached(const struct exchange *exchange, const char *stage)
{
    return exchange->request.route && stage_number(exchange->stage) >= stage_number(stage);
}

bool verify_is_past(const struct exchange *exchange, size_t stage)
{
    return stage < stage_number(exchange->stage);
}

bool verify_is_chosen(const struct exchange *exchange, size_t place)
{
    return exchange->actions >> place & 1;
}

static const struct selection_settings *selection_of(const struct exchange *exchange, size_t place)
{
    return selection_settings_of(exchange->pipeline->settings,
                                 &exchange->request.route->actions[place]);
}

/* Whether it was not asked, because an entry of `choose` before it fits. */
static bool is_passed_over(const struct exchange *exchange, size_t place)
{
    const struct action_settings *actions = exchange->request.route->actions;
    bool has_choice = false;
    for (size_t i = 0; i < place; i++)
        has_choice |= actions[i].is_choice && verify_is_chosen(exchange, i);
    return has_choice && actions[place].is_choice;
}

const char *verify_why_left_out(struct exchange *exchange, size_t place, struct arena *arena)
{
    const struct selection_settings *selection = selection_of(exchange, place);
    struct condition_reason reason = {.text = NULL};
    if (is_passed_over(exchange, place))
        return "an earlier entry of \"choose\" fits";
    if (selection && !events_take(&selection->patterns, exchange->values.type))
        return events_reason(exchange->values.type, arena);
    exchange->values.action = bytes_of_text(exchange->request.route->actions[place].name);
    if (selection && selection->when)
        condition_holds(selection->when, &exchange->values, arena, &reason);
    return reason.text ? reason.text : "its conditions";
}

/* ---- one action ---- */

/* What is shown of it: the caller of the kind's try_values. */
struct showing {
    struct buffer *out; /* JSON */
    enum value_place last;
    bool is_first;
};

static bool try_values(struct exchange *exchange, size_t place, const struct value_sink *sink,
                       struct error *why)
{
    const struct action_settings *action = &exchange->request.route->actions[place];
    const struct action_kind *kind = action_kind_of(&action->handler);
    exchange->values.action = bytes_of_text(action->name);
    return !kind->try_values ||
           kind->try_values(action->handler.settings, &exchange->values, sink, why);
}

static const struct condition *condition_of(struct exchange *exchange, size_t place)
{
    const struct selection_settings *selection = selection_of(exchange, place);
    exchange->values.action = bytes_of_text(exchange->request.route->actions[place].name);
    return selection && !is_passed_over(exchange, place) ? selection->when : NULL;
}

/* ---- as text ---- */

static void print_value(void *context, enum value_place place, const char *name, struct bytes text)
{
    static const char *const names[] = {
        [VALUE_ARGUMENT] = "argument", [VALUE_DIRECTORY] = "cwd", [VALUE_LINE] = "line"};
    (void)context;
    fputs("  ", stdout);
    print_column(stdout, bytes_of_text(name ? name : names[place]), 8);
    print_safe(stdout, text);
    putchar('\n');
}

static void print_action(struct exchange *exchange, size_t place, struct arena *arena)
{
    const struct action_settings *action = &exchange->request.route->actions[place];
    const struct value_sink sink = {.take = print_value};
    const struct condition *condition = condition_of(exchange, place);
    struct error why;
    bool runs = verify_is_chosen(exchange, place);
    printf("%-10s %s (%s): %s", "action", action->name, action->handler.kind->name,
           runs ? "runs" : "left out: ");
    print_safe(stdout, bytes_of_text(runs ? "" : verify_why_left_out(exchange, place, arena)));
    putchar('\n');
    if (condition)
        verify_print_conditions(condition, &exchange->values, 2);
    if (!runs || try_values(exchange, place, &sink, &why))
        return;
    fputs("  cannot run: ", stdout);
    print_safe(stdout, bytes_of_text(why.text));
    putchar('\n');
}

/* ---- as JSON ---- */

static void end_list(struct showing *showing)
{
    static const char *const ends[] = {
        [VALUE_ARGUMENT] = "]", [VALUE_VARIABLE] = "}", [VALUE_DIRECTORY] = "", [VALUE_LINE] = ""};
    if (!showing->is_first)
        buffer_append_text(showing->out, ends[showing->last]);
}

static void append_value(void *context, enum value_place place, const char *name, struct bytes text)
{
    static const char *const begins[] = {[VALUE_ARGUMENT] = ",\"arguments\":[",
                                         [VALUE_VARIABLE] = ",\"env\":{",
                                         [VALUE_DIRECTORY] = ",\"cwd\":",
                                         [VALUE_LINE] = ",\"line\":"};
    struct showing *showing = context;
    bool is_next = !showing->is_first && showing->last == place;
    if (!is_next)
        end_list(showing);
    buffer_append_text(showing->out, is_next ? "," : begins[place]);
    if (name) {
        json_append_string(showing->out, bytes_of_text(name));
        buffer_append_text(showing->out, ":");
    }
    json_append_string(showing->out, text);
    showing->last = place;
    showing->is_first = false;
}

static void append_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ",\"%s\":", name);
    json_append_string(out, bytes_of_text(text));
}

static void append_action(struct exchange *exchange, size_t place, struct arena *arena,
                          struct buffer *out)
{
    const struct action_settings *action = &exchange->request.route->actions[place];
    struct showing showing = {.out = out, .is_first = true};
    const struct value_sink sink = {.take = append_value, .context = &showing};
    const struct condition *condition = condition_of(exchange, place);
    struct error why;
    buffer_append_text(out, "{\"action\":");
    json_append_string(out, bytes_of_text(action->name));
    append_text(out, "kind", action->handler.kind->name);
    buffer_printf(out, ",\"runs\":%s", verify_is_chosen(exchange, place) ? "true" : "false");
    if (condition)
        verify_append_conditions(condition, &exchange->values, out);
    if (!verify_is_chosen(exchange, place)) {
        append_text(out, "left_out", verify_why_left_out(exchange, place, arena));
    } else {
        bool can_run = try_values(exchange, place, &sink, &why);
        end_list(&showing);
        if (!can_run)
            append_text(out, "cannot_run", why.text);
    }
    buffer_append_text(out, "}");
}

/* ---- all of them ---- */

enum { ARENA = 4 << 20 };

static size_t count_of(const struct exchange *exchange)
{
    return verify_has_reached(exchange, "choose") ? exchange->request.route->action_count : 0;
}

void verify_print_actions(struct exchange *exchange)
{
    struct arena arena;
    arena_init(&arena, ARENA);
    for (size_t i = 0; i < count_of(exchange); i++)
        print_action(exchange, i, &arena);
    arena_finish(&arena);
}

void verify_append_actions(struct exchange *exchange, struct buffer *out)
{
    struct arena arena;
    size_t count = count_of(exchange);
    arena_init(&arena, ARENA);
    buffer_append_text(out, count ? ",\"actions\":[" : "");
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, i ? "," : "");
        append_action(exchange, i, &arena, out);
    }
    buffer_append_text(out, count ? "]" : "");
    arena_finish(&arena);
}
