/* Each question is a loop over the route's authenticators; a kind without the function says
 * nothing. */
#include "handlers/auth/route_auth.h"

#include "handlers/content/content.h"

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

bool route_signs_body(const struct route *route)
{
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->signs_body && kind->signs_body(route->authenticators[i].settings))
            return true;
    }
    return false;
}

int route_content(const struct route *route)
{
    int content = content_settings_of(route)->kind;
    for (size_t i = 0; content == CONTENT_PROVIDER && i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->content)
            return kind->content(route->authenticators[i].settings);
    }
    return content;
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
