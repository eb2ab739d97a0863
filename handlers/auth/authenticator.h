/* How a kind of authentication takes part in the walk of a request. All that a route names must
 * pass. Comparisons are constant-time; a failing check never says which part failed to the caller.
 */
#ifndef TENTERHOOK_HANDLERS_AUTH_AUTHENTICATOR_H
#define TENTERHOOK_HANDLERS_AUTH_AUTHENTICATOR_H

#include "base/buffer.h"
#include "handlers/request.h"
#include "handlers/verdict.h"

/* What a kind of authentication knows of its sender's events. */
struct event_source {
    const char *sender; /* the provider's name; NULL: nothing is known */
    bool names_events,
        names_messages; /* it says of what type an event is, and the id of its message */
    const struct text_list *events; /* types that it is known to send; NULL or empty: unknown */
    bool complete;                  /* these are all */
};

struct authenticator {
    struct handler_kind kind; /* first, so that a kind found in a route leads here */

    /* Credentials in the head, before the body is read: go on, or refuse. For a scheme that signs
     * the body this checks that the signature is there and well formed, and that the time is
     * fresh. `*state` (arena memory, or NULL) is handed to the next two. REPLY_CHALLENGE answers a
     * challenge that needs no body: it is given when all others have passed, and none of the
     * functions below is called. */
    struct verdict (*head)(const void *settings, struct request *request, void **state);

    /* Each piece of the raw body as it arrives; NULL if the kind does not look at the body. */
    void (*feed)(void *state, struct bytes piece);

    /* The whole body is in request->body, as sent: go on, or refuse (or REPLY_CHALLENGE). NULL if
     * the head was all. */
    struct verdict (*body)(const void *settings, struct request *request, void *state);

    /* Whether the two above get a body that is in a content coding unfolded, in one piece, because
     * its sender signs it before that. NULL: as sent. */
    bool (*signs_unfolded)(const void *settings);

    /* After `body`, when request->body is unfolded: fills in message_id, event_type and dedupe_key
     * where the scheme has them, and goes on, or refuses (or REPLY_CHALLENGE). May be NULL. */
    struct verdict (*read)(const void *settings, struct request *request, void *state);

    /* Gives back what is not arena memory; called once after `head` passed, in any case. May be
     * NULL. */
    void (*release)(void *state);

    /* Whether the header `name` holds credentials or a signature of this kind, and is therefore not
     * kept with the event. NULL: none but those that are never kept (Authorization and the like).
     */
    bool (*owns_header)(const void *settings, struct bytes name);

    /* The same for a parameter of the query. NULL: none. */
    bool (*owns_query)(const void *settings, struct bytes name);

    /* Whether none but the sender can have made the body, so that what stands in it is believed
     * like the signature. NULL: anybody who has seen a message may have changed it. */
    bool (*signs_body)(const void *settings);

    /* What it knows of the events that come; `source` is zeroed. NULL: nothing. */
    void (*events)(const void *settings, struct event_source *source);

    /* What a 401 carries in WWW-Authenticate, or NULL. May be NULL itself. */
    const char *(*www_authenticate)(const void *settings);

    /* Whether this kind answers that method itself, besides the route's methods (a provider's GET
     * challenge); what it then does not answer it refuses. NULL: never. */
    bool (*accepts)(const void *settings, struct bytes method);

    /* The name under which a key that the sender delivers in its challenge is kept; NULL, or no
     * such function: it delivers none, or the route has one. What was kept comes in
     * request->provisioned_key. */
    const char *(*provisions)(const void *settings);

    /* What the sender of this kind sends (enum content_kind), and how it wants to be answered
     * (NULL: as everybody is). NULL functions: nothing is known. */
    int (*content)(const void *settings);
    /* The field of its sender's forms that holds JSON, or NULL. */
    const char *(*json_field)(const void *settings);
    const struct response_format *(*response_format)(const void *settings);
    /* What an event of its sender is about, in a line for people; NULL: nothing is known. */
    const struct template *(*title)(const void *settings);

    /* For `verify`, after `body`: appends what should have been signed, the secret shown as a word.
     * False where the request does not say enough. NULL: the kind signs nothing. */
    bool (*explain)(void *state, struct buffer *out);
};

static inline const struct authenticator *authenticator_of(const struct handler *handler)
{
    return (const struct authenticator *)handler->kind;
}

/* What `auth` may name, in the order of the reference. A new one is a row here, its file, and the
 * line of that file in handlers/meson.build. */
#define AUTHENTICATORS(AUTHENTICATOR)                                                              \
    AUTHENTICATOR(token)                                                                           \
    AUTHENTICATOR(basic)                                                                           \
    AUTHENTICATOR(hmac)                                                                            \
    AUTHENTICATOR(none)

#define AUTHENTICATOR_DECLARE(name) extern const struct authenticator name##_authenticator;
AUTHENTICATORS(AUTHENTICATOR_DECLARE)

#endif
