/* Strangers send requests without credentials to any address; those say nothing about the sender.
 * What a stranger makes up in the right place does count, as nothing tells it from a wrong secret;
 * but it cannot hide that nothing right comes any more, because only what is verified ends the
 * count. */
#include "server/pipeline/witness.h"

#include "base/clock.h"
#include "handlers/auth/credentials.h"
#include "handlers/content/query.h"
#include "server/ipc/shared.h"

static bool is_in_headers(const struct authenticator *kind, const void *settings,
                          const struct request *request)
{
    for (size_t i = 0; kind->owns_header && i < request->header_count; i++)
        if (request->headers[i].value.length > 0 &&
            kind->owns_header(settings, request->headers[i].name))
            return true;
    return false;
}

static bool is_in_query(const struct authenticator *kind, const void *settings,
                        const struct request *request)
{
    struct bytes query = request->query, parameter;
    while (kind->owns_query && query_take_parameter(&query, &parameter)) {
        struct bytes name = bytes_split(&parameter, '=');
        if (parameter.length > 0 && kind->owns_query(settings, name))
            return true;
    }
    return false;
}

/* In Authorization, with the word by which a 401 asks for it. */
static bool is_in_authorization(const struct authenticator *kind, const void *settings,
                                const struct request *request)
{
    const char *text = kind->www_authenticate ? kind->www_authenticate(settings) : NULL;
    char scheme[32];
    struct bytes value;
    if (!text)
        return false;
    snprintf(scheme, sizeof scheme, "%.*s", (int)strcspn(text, " "), text);
    return credentials_authorization(request, scheme, &value);
}

static bool carries_credentials(const struct request *request)
{
    const struct route *route = request->route;
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const void *settings = route->authenticators[i].settings;
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (is_in_headers(kind, settings, request) || is_in_query(kind, settings, request) ||
            is_in_authorization(kind, settings, request))
            return true;
    }
    return false;
}

void witness_count(const struct exchange *exchange, const struct verdict *verdict)
{
    const struct request *request = &exchange->request;
    struct shared_refusals **all = exchange->pipeline->refusals;
    struct shared_refusals *refusals = all ? all[request->route->index] : NULL;
    if (!refusals)
        return;
    if (exchange->has_passed)
        shared_note_verified(refusals);
    else if (verdict->reply == REPLY_UNAUTHENTICATED &&
             (verdict->had_credentials || carries_credentials(request)))
        shared_note_refused(refusals, clock_boot_ms());
}
