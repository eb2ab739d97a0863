/* A filter that ignores everything answers 200 for ever and looks like a sender that sends nothing,
 * so what can be known of it is said when the file is read: an error where no event of the route
 * has a type at all, a warning where a name is none of the sender's. */
#include "handlers/auth/event_check.h"

#include "handlers/admission/coalesce.h"
#include "handlers/admission/concurrency.h"
#include "handlers/admission/dedupe.h"
#include "handlers/admission/event_names.h"
#include "handlers/admission/events.h"
#include "handlers/admission/validate.h"
#include "handlers/admission/when.h"
#include "handlers/auth/reference_check.h"
#include "handlers/auth/route_auth.h"
#include "handlers/content/content.h"

enum { LISTED_MAX = 300 };

/* ---- event and delivery ---- */

static size_t count_possible(const struct route *route, const struct reference_list *list)
{
    size_t possible = 0;
    for (size_t i = 0; i < list->count; i++)
        possible += reference_can_be_there(&list->items[i], route);
    return possible;
}

/* One of the two keys. A provider that knows better stands before the defaults; beside a route's
 * own key one of both is a mistake. */
static bool check_values(struct load *load, const struct node *node, const struct route *route,
                         const char *key, struct reference_list *list, const char *knower)
{
    const struct node *own = tree_find(node, key);
    if (own && knower)
        return load_problem(load, own->key, "provider %s already defines where the %s is", knower,
                            strcmp(key, "event") == 0 ? "type of an event" : "id of a message");
    if (knower)
        list->count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!reference_check_name(load, route, &list->items[i]))
            return false;
    if (own && list->count > 0 && count_possible(route, list) == 0)
        return load_problem(
            load, own, "%s cannot be in a body of route \"%s\": %s", list->items[0].text,
            route->name ? route->name : "",
            list->items[0].root == REFERENCE_FORM
                ? "it accepts no form; \"content: form\" or \"content: auto\" accepts forms"
                : "it accepts no JSON; \"content: json\" or \"content: auto\" does");
    return true;
}

/* ---- when, schema ---- */

static bool check_references(struct load *load, const struct route *route)
{
    struct reference_check check = {.load = load, .route = route};
    struct reference_visitor visitor = reference_checker(&check);
    const struct validate_settings *validate = validate_settings_of(route);
    condition_visit(&when_settings_of(route)->condition, &visitor);
    const struct reference *keys[] = {&dedupe_settings_of(route)->key,
                                      &concurrency_settings_of(route)->per,
                                      &coalesce_settings_of(route)->per};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i]->text)
            visitor.visit(visitor.context, keys[i]);
    if (validate->by == VALIDATE_BY_VALUE)
        visitor.visit(visitor.context, &validate->value);
    return check.ok;
}

/* ---- what nothing can be for ---- */

static bool report_nameless(struct load *load, const struct node *at, const struct route *route,
                            const struct event_source *source)
{
    return load_problem(load, at,
                        "the type of the events of route \"%s\" is not defined%s%s%s, so this %s; "
                        "add \"event: header.NAME\" (or query.NAME, form.NAME, payload.PATH)",
                        route->name ? route->name : "", source->sender ? " (provider " : "",
                        source->sender ? source->sender : "",
                        source->sender ? " does not define it)" : "",
                        at->key && strcmp(at->key->text, "by") == 0 ? "refuses all of them"
                                                                    : "would ignore all of them");
}

/* ---- names of events ---- */

/* "a, b, c …" */
static void list_names(const struct text_list *names, char text[LISTED_MAX + 8])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < names->count; i++) {
        size_t length = strlen(names->items[i]);
        if (used + length + 2 > LISTED_MAX) {
            snprintf(text + used, LISTED_MAX + 8 - used, ", …");
            return;
        }
        used += (size_t)snprintf(text + used, LISTED_MAX + 8 - used, "%s%s", i > 0 ? ", " : "",
                                 names->items[i]);
    }
}

static bool is_known(const struct text_list *names, const char *pattern)
{
    for (size_t i = 0; i < names->count; i++)
        if (pattern_matches_text(bytes_of_text(pattern), bytes_of_text(names->items[i])))
            return true;
    return false;
}

static void warn_of_unknown(struct load *load, const struct node *at, const char *name,
                            const struct event_source *source)
{
    char listed[LISTED_MAX + 8];
    const char **names =
        arena_alloc_array(load_arena(load), source->events->count + 1, sizeof *names);
    if (!names)
        return;
    memcpy(names, source->events->items, source->events->count * sizeof *names);
    const char *nearest = strchr(name, '*') ? NULL : nearest_name(name, names);
    if (nearest) {
        load_warning(load, at, "provider %s is not known to send \"%s\", did you mean \"%s\"?",
                     source->sender, name, nearest);
    } else if (source->complete) {
        list_names(source->events, listed);
        load_warning(load, at, "provider %s is not known to send \"%s\"; it sends %s",
                     source->sender, name, listed);
    }
}

static void check_name(struct load *load, const struct node *at, const char *name,
                       const struct event_source *source)
{
    if (strchr(name, ','))
        load_warning(
            load, at,
            "\"%s\" is one name with a comma in it, which no event has; write a list as [%.200s]",
            name, name);
    else if (source->events && source->events->count && !is_known(source->events, name))
        warn_of_unknown(load, at, name, source);
}

static bool check_events(struct load *load, const struct node *events, const struct route *route,
                         const struct event_source *source, bool named)
{
    bool several = events && events->kind == NODE_SEQUENCE;
    if (!events || (several && !events->first))
        return true;
    if (!named)
        return report_nameless(load, events, route, source);
    for (const struct node *item = several ? events->first : events; item;
         item = several ? item->next : NULL)
        if (item->kind == NODE_SCALAR)
            check_name(load, item, item->text, source);
    return true;
}

/* schema: {by: event.type, NAME: …} */
static bool check_schema(struct load *load, const struct node *schema, const struct route *route,
                         const struct event_source *source, bool named)
{
    const struct node *by = schema && schema->kind == NODE_MAPPING ? tree_find(schema, "by") : NULL;
    if (!by || by->kind != NODE_SCALAR || strcmp(by->text, "event.type") != 0)
        return true;
    if (!named) /* with a default that is the schema of all, and somebody may have meant it */
        return tree_find(schema, "default") || report_nameless(load, by, route, source);
    for (const struct node *value = schema->first; value; value = value->next)
        if (value != by && strcmp(value->key->text, "default") != 0)
            check_name(load, value->key, value->key->text, source);
    return true;
}

/* Keys that would never do anything. */
static bool check_form_keys(struct load *load, const struct node *node, const struct route *route)
{
    const struct node *field = tree_find(node, "json_field"),
                      *limits = tree_find(node, "multipart");
    const char *name = route->name ? route->name : "";
    int kind = route_content(route).kind;
    bool takes_parts = content_takes_multipart(kind);
    if (limits && !takes_parts)
        return load_problem(load, limits->key,
                            "\"multipart\" limits multipart/form-data, and route \"%s\" accepts "
                            "none; \"content: multipart\" or \"auto\" does",
                            name);
    if (!field || kind == CONTENT_FORM || kind == CONTENT_JSON_OR_FORM || takes_parts)
        return true;
    return load_problem(load, field->key,
                        "\"json_field\" is a field of a form, and route \"%s\" accepts no form; "
                        "\"content: form\", \"json_or_form\" or \"multipart\" does",
                        name);
}

bool event_check_route(struct load *load, const struct node *node, const struct node *defaults,
                       const struct route *route)
{
    struct event_names *names = route->parts[ROUTE_PART_EVENT_NAMES]; /* still to be finished */
    struct event_source source = route_event_source(route);
    bool ok = check_form_keys(load, node, route);
    ok = check_values(load, node, route, "event", &names->event,
                      source.names_events ? source.sender : NULL) &&
         ok;
    ok = check_values(load, node, route, "delivery", &names->message_id,
                      source.names_messages ? source.sender : NULL) &&
         ok;
    if (route_content(route).kind == CONTENT_CLOUDEVENTS &&
        !event_names_of_cloudevents(names, load_arena(load), source.names_events,
                                    source.names_messages))
        return load_no_memory(load);
    ok = check_references(load, route) && ok;
    bool named = source.names_events || count_possible(route, &names->event) > 0;
    ok =
        check_events(load, tree_find_either(node, defaults, "events"), route, &source, named) && ok;
    for (int i = 0; i < 2; i++) {
        const struct node *list = tree_find_either(node, defaults, i ? "choose" : "actions");
        for (const struct node *entry = list ? list->first : NULL; entry; entry = entry->next)
            ok = check_events(load, tree_find(entry, "events"), route, &source, named) && ok;
    }
    return check_schema(load, tree_find_either(node, defaults, "schema"), route, &source, named) &&
           ok;
}
