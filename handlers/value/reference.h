/* A reference names one value of an event: payload.a["b.c"][0], header.x-name, query.n, event.type.
 * It is parsed when the configuration is loaded, and no reference can name a secret. */
#ifndef TENTERHOOK_HANDLERS_VALUE_REFERENCE_H
#define TENTERHOOK_HANDLERS_VALUE_REFERENCE_H

#include "base/arena.h"
#include "base/error.h"

/* What may stand first, a row each: ROOT(NAME, text, what follows, sentence). */
#define REFERENCE_ROOTS(ROOT)                                                                      \
    ROOT(PAYLOAD, "payload", FOLLOWS_PATH, "the body as JSON, or a value in it")                   \
    ROOT(HEADER, "header", FOLLOWS_NAME, "a header; one that is repeated is joined with \", \"")   \
    ROOT(QUERY, "query", FOLLOWS_NAME, "a parameter of the query, decoded")                        \
    ROOT(PATH, "path", FOLLOWS_NAME, "what a {name} of the route's path stands for")               \
    ROOT(FORM, "form", FOLLOWS_NAME, "a field of a form, decoded")                                 \
    ROOT(EVENT_ID, "event.id", FOLLOWS_NOTHING, "the id that the sender is answered")              \
    ROOT(EVENT_TYPE, "event.type", FOLLOWS_NOTHING, "the type of the event")                       \
    ROOT(EVENT_DELIVERY, "event.delivery", FOLLOWS_NOTHING, "the sender's id of the message")      \
    ROOT(EVENT_RECEIVED, "event.received", FOLLOWS_NOTHING, "when it came, in UTC")                \
    ROOT(EVENT_ATTEMPT, "event.attempt", FOLLOWS_NOTHING, "which attempt it is, from 1")           \
    ROOT(CLIENT_ADDRESS, "client.address", FOLLOWS_NOTHING, "the address of the client")           \
    ROOT(REQUEST_METHOD, "request.method", FOLLOWS_NOTHING, "the method")                          \
    ROOT(REQUEST_PATH, "request.path", FOLLOWS_NOTHING, "the path, decoded")                       \
    ROOT(REQUEST_HOST, "request.host", FOLLOWS_NOTHING, "the host that the client asked for")      \
    ROOT(ROUTE_NAME, "route.name", FOLLOWS_NOTHING, "the name of the route")                       \
    ROOT(ACTION_NAME, "action.name", FOLLOWS_NOTHING, "the name of the action")

#define REFERENCE_ROOT_NUMBER(NAME, ...) REFERENCE_##NAME,
enum reference_root { REFERENCE_ROOTS(REFERENCE_ROOT_NUMBER) REFERENCE_ROOT_COUNT };

enum step_kind {
    STEP_NAME,     /* .a, ["a"] */
    STEP_INDEX,    /* [0] */
    STEP_FROM_END, /* [-1]: the last is 1 */
    STEP_EACH,     /* [*] */
};

struct reference_step {
    enum step_kind kind;
    struct bytes name;
    uint32_t index;
};

enum { REFERENCE_STEPS_MAX = 16, REFERENCE_LENGTH_MAX = 1024 };

struct reference {
    enum reference_root root;
    struct bytes name;            /* HEADER (lower case), QUERY, PATH, FORM */
    struct reference_step *steps; /* PAYLOAD; none: the whole */
    size_t step_count;
    bool has_each;    /* one of the steps is [*] */
    bool never_text;  /* of a condition: a test beside it does not hold for any string */
    bool has_default; /* of a template: what stands there where the value is missing or null */
    const char *text; /* as written, without blanks around it */
    /* Where it stands, for messages of a later step of loading; whoever loads it sets it. */
    const char *file;
    unsigned line, column;
};

/* Parses `text` (blanks around it are ignored) with memory of `arena`. On a fault writes the
 * sentence and the fault's offset in `text`, in bytes; both may be NULL. */
bool reference_parse(struct bytes text, struct arena *arena, struct reference *reference,
                     struct error *err, size_t *offset);

/* Whether `text` begins as a reference does, right or wrong: with the first word of a root, and a
 * dot or a bracket behind it. */
bool reference_begins(struct bytes text);

/* Whether its values are strings always: all but those of the payload are. */
static inline bool reference_is_text(const struct reference *reference)
{
    return reference->root != REFERENCE_PAYLOAD;
}

/* Called for each reference of a template, a condition or a route, in the order of the file, until
 * it returns false. */
struct reference_visitor {
    bool (*visit)(void *context, const struct reference *reference);
    void *context;
};

#endif
