/* Each question is a loop over the route's authenticators; a kind without the function says
 * nothing. */
#include "handlers/auth/route_auth.h"

bool route_owns_header(const struct route *route, struct bytes name)
{
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->owns_header && kind->owns_header(route->authenticators[i].settings, name))
            return true;
    }
    return false;
}

bool route_owns_query(const struct route *route, struct bytes name)
{
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->owns_query && kind->owns_query(route->authenticators[i].settings, name))
            return true;
    }
    return false;
}

/* Some authenticators know a name as it is sent, some decoded. */
static void leave_credentials_out(const struct request *request, struct field_list *fields)
{
    struct bytes rest = request->query, parameter, name;
    size_t kept = 0;
    for (size_t i = 0; i < fields->count && query_take_parameter(&rest, &parameter); i++) {
        name = bytes_split(&parameter, '=');
        if (!route_owns_query(request->route, name) &&
            !route_owns_query(request->route, fields->items[i].name))
            fields->items[kept++] = fields->items[i];
    }
    fields->count = kept;
}

bool route_read_target(struct request *request)
{
    struct field_list *lists = arena_alloc_array(request->arena, 2, sizeof *lists);
    if (!lists || !query_fields(request, &lists[0]) || !path_fields(request, &lists[1]))
        return false;
    leave_credentials_out(request, &lists[0]);
    request->parameters = &lists[0];
    request->segments = &lists[1];
    return true;
}

bool route_signs_body(const struct route *route)
{
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->signs_body && kind->signs_body(route->authenticators[i].settings))
            return true;
    }
    return false;
}

struct content_wanted route_content(const struct route *route)
{
    const struct content_settings *settings = content_settings_of(route);
    struct content_wanted wanted = {.kind = settings->kind,
                                    .json_field = settings->json_field,
                                    .needs_field = settings->json_field != NULL};
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        const void *of_kind = route->authenticators[i].settings;
        if (wanted.kind == CONTENT_PROVIDER && kind->content)
            wanted.kind = kind->content(of_kind);
        if (!wanted.json_field && kind->json_field)
            wanted.json_field = kind->json_field(of_kind);
    }
    return wanted;
}

const struct template *route_title(const struct route *route)
{
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->title)
            return kind->title(route->authenticators[i].settings);
    }
    return NULL;
}

struct event_source route_event_source(const struct route *route)
{
    struct event_source source = {.sender = NULL};
    for (size_t i = 0; i < route->authenticator_count && !source.sender; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->events)
            kind->events(route->authenticators[i].settings, &source);
    }
    return source;
}
