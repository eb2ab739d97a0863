/* Actions under `actions` are judged each for itself; of those under `choose` the first that fits
 * ends the search. A route without any of these keys costs an event nothing but the look at each
 * action. */
#include "handlers/action/selection.h"

#include "handlers/action/action.h"
#include "handlers/admission/concurrency.h"
#include "handlers/admission/events.h"
#include "handlers/admission/when.h"
#include "handlers/auth/reference_check.h"
#include "handlers/value/reference_load.h"

#include <stdio.h>

/* ---- loading ---- */

static bool read_when(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct condition *condition = arena_alloc(load_arena(load), sizeof *condition);
    (void)row;
    if (!condition)
        return load_no_memory(load);
    *condition = (struct condition){0};
    *(struct condition **)field = condition;
    return condition_load(load, node, true, condition);
}

static const struct row selection_rows[] = {
    {.name = "events",
     .example = "[push]",
     .type = ROW_TEXTS,
     .offset = offsetof(struct selection_settings, patterns),
     .flags = ROW_ONE_OK,
     .sentence = "Names or patterns of the events for which the action runs; without it, all that "
                 "the route accepts."},
    {.name = "when",
     .example = "[{value: payload.ref, equals: refs/heads/main}]",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct selection_settings, when),
     .read = read_when,
     .syntax = "a list of conditions",
     .json_schema = "{\"type\": [\"array\", \"object\"]}",
     .sentence = "Conditions that an event must meet for the action to run."},
    {.name = "else",
     .type = ROW_BOOL,
     .offset = offsetof(struct selection_settings, is_else),
     .sentence = "`true` for the last entry of `choose`: it runs if no entry before it does."},
};

const struct row_section selection_keys = {.name = "an action",
                                           .sentence = "For which events an action runs.",
                                           .rows = selection_rows,
                                           .row_count = ROW_COUNT(selection_rows),
                                           .size = sizeof(struct selection_settings)};

/* One entry of `choose`. */
static bool check_choice(struct load *load, const struct node *entry)
{
    const struct node *otherwise = tree_find(entry, "else"), *when = tree_find(entry, "when");
    const struct node *filter = when ? when : tree_find(entry, "events");
    if (!otherwise && !filter)
        return load_problem(load, entry,
                            "an entry of \"choose\" needs \"when\", \"events\" or \"else: true\"");
    if (otherwise && filter)
        return load_problem(load, filter->key, "\"%s\" and \"else\" in one entry of \"choose\"",
                            filter->key->text);
    if (otherwise && entry->next)
        return load_problem(load, otherwise->key,
                            "\"else\" must be the last entry of \"choose\": no later one can run");
    return true;
}

static bool check_entry(struct load *load, const struct node *entry, bool is_choice)
{
    const struct node *otherwise = tree_find(entry, "else");
    if (otherwise && !is_choice)
        return load_problem(load, otherwise->key, "\"else\" belongs to an entry of \"choose\"");
    if (otherwise && strcmp(otherwise->text, "true") != 0)
        return load_problem(load, otherwise, "\"else\" can only be true");
    return !is_choice || check_choice(load, entry);
}

/* A failed event may lack the value, and a notice has hardly any: who tells of it would not start,
 * and that is told nobody. */
static bool check_default(void *context, const struct reference *reference)
{
    static const bool is_always_there[REFERENCE_ROOT_COUNT] = {
        [REFERENCE_EVENT_ID] = true,      [REFERENCE_EVENT_RECEIVED] = true,
        [REFERENCE_EVENT_ATTEMPT] = true, [REFERENCE_CLIENT_ADDRESS] = true,
        [REFERENCE_ROUTE_NAME] = true,    [REFERENCE_ACTION_NAME] = true};
    struct reference_check *check = context;
    struct node place = reference_place(check->load, reference);
    if (!reference->has_default && !is_always_there[reference->root])
        check->ok =
            load_problem(check->load, &place,
                         "%s needs a default in \"on_failure\", such as "
                         "{{%s | default \"\"}}: not every event that it tells of has the value",
                         reference->text, reference->text);
    return true;
}

static bool check_on_failure(struct load *load, const struct route *route)
{
    const struct action_settings *action = route_on_failure(route);
    const struct action_kind *kind = action ? action_kind_of(&action->handler) : NULL;
    struct reference_check check = {.load = load, .route = route, .ok = true};
    const struct reference_visitor visitor = {check_default, &check};
    if (kind && kind->visit_references)
        kind->visit_references(action->handler.settings, &visitor);
    return check.ok;
}

/* What the conditions and the settings of the actions refer to. */
static bool check_references(struct load *load, const struct route *route)
{
    struct reference_check check = {.load = load, .route = route};
    struct reference_visitor visitor = reference_checker(&check);
    for (size_t i = 0; i < route_all_count(route); i++) {
        const struct action_settings *action = &route->actions[i];
        const struct action_kind *kind = action_kind_of(&action->handler);
        const struct selection_settings *selection =
            selection_settings_of(load_settings(load), action);
        if (selection && selection->when)
            condition_visit(selection->when, &visitor);
        const struct concurrency_settings *limit =
            concurrency_of_action(load_settings(load), action);
        if (limit && limit->per.text)
            visitor.visit(visitor.context, &limit->per);
        if (kind->visit_references)
            kind->visit_references(action->handler.settings, &visitor);
    }
    return check.ok;
}

/* A newer event cannot end what has other events as well. */
static bool check_cancels(struct load *load, const struct node *node, const struct node *defaults,
                          const struct route *route)
{
    const struct node *at = tree_find_either(node, defaults, "concurrency");
    for (size_t i = 0; i < route->action_count; i++) {
        const struct action_settings *action = &route->actions[i];
        const struct concurrency_settings *limit =
            concurrency_in_force(load_settings(load), route, action);
        if (limit && limit->when_full == CONCURRENCY_CANCEL_RUNNING &&
            action_kind_of(&action->handler)->shares_process)
            return load_problem(load, at ? at->key : node,
                                "\"when_full: cancel_running\" ends a command, and action %s of "
                                "route \"%s\" is a %s, which has other events as well",
                                action->name, route->name ? route->name : "",
                                action->handler.kind->name);
    }
    return true;
}

bool selection_check_route(struct load *load, const struct node *node, const struct node *defaults,
                           const struct route *route)
{
    static const char *const lists[] = {"actions", "choose"};
    bool ok = check_references(load, route);
    ok = check_on_failure(load, route) && ok;
    ok = check_cancels(load, node, defaults, route) && ok;
    for (int i = 0; i < 2; i++) {
        const struct node *list = tree_find_either(node, defaults, lists[i]);
        for (const struct node *entry = list ? list->first : NULL; entry; entry = entry->next)
            ok = check_entry(load, entry, i == 1) && ok;
    }
    return ok;
}

/* ---- the walk ---- */

const struct selection_settings *selection_settings_of(const struct settings *settings,
                                                       const struct action_settings *action)
{
    return action_part(settings, action, &selection_keys);
}

bool selection_needs_schema(const struct settings *settings, const struct route *route)
{
    for (size_t i = 0; i < route->action_count; i++) {
        const struct selection_settings *selection =
            selection_settings_of(settings, &route->actions[i]);
        if (selection && selection->when && condition_needs_schema(selection->when))
            return true;
    }
    return false;
}

/* Why the last action that was asked did not take the event. */
struct refusal {
    const char *action, *reason;
};

static enum condition_outcome judge(const struct selection_settings *selection,
                                    struct value_context *values, struct arena *arena,
                                    struct condition_reason *reason)
{
    *reason = (struct condition_reason){0};
    if (!selection)
        return CONDITION_HOLDS;
    if (!events_take(&selection->patterns, values->type))
        return CONDITION_FAILS;
    return selection->when ? condition_holds(selection->when, values, arena, reason)
                           : CONDITION_HOLDS;
}

static struct verdict ignore(const struct route *route, const struct refusal *refusal,
                             struct arena *arena)
{
    const char *text =
        route->action_count == 1
            ? arena_format(arena, "its action does not accept the event: %s", refusal->reason)
            : arena_format(arena, "no action accepts the event; the last one, %s: %s",
                           refusal->action, refusal->reason);
    return when_ignore(text ? text : "no action accepts the event",
                       "no action of the route takes this event");
}

struct verdict selection_choose(const struct settings *settings, const struct route *route,
                                struct value_context *values, struct arena *arena, uint64_t *chosen)
{
    struct refusal refusal = {0};
    bool has_choice = false;
    *chosen = 0;
    for (size_t i = 0; i < route->action_count; i++) {
        const struct action_settings *action = &route->actions[i];
        const struct selection_settings *selection = selection_settings_of(settings, action);
        struct condition_reason reason;
        if (action->is_choice && has_choice)
            continue;
        values->action = bytes_of_text(action->name);
        switch (judge(selection, values, arena, &reason)) {
        case CONDITION_HOLDS:
            *chosen |= UINT64_C(1) << i;
            has_choice |= action->is_choice;
            break;
        case CONDITION_FAILS:
            refusal = (struct refusal){
                action->name, reason.text ? reason.text : events_reason(values->type, arena)};
            break;
        case CONDITION_LIMIT:
            return when_exceeded(reason.text);
        case CONDITION_NO_MEMORY:
            return verdict_refuse(REPLY_MEMORY_FULL, "no memory for a condition");
        }
    }
    return *chosen || !route->action_count ? GO_ON : ignore(route, &refusal, arena);
}
