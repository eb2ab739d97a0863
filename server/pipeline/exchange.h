/* One request on its way through the pipeline, and what the pipeline needs besides it. */
#ifndef TENTERHOOK_SERVER_PIPELINE_EXCHANGE_H
#define TENTERHOOK_SERVER_PIPELINE_EXCHANGE_H

#include "handlers/auth/authenticator.h"
#include "handlers/content/unfold.h"
#include "handlers/request.h"
#include "handlers/value/value_context.h"
#include "handlers/verdict.h"
#include "server/event.h"
#include "server/pipeline/respond.h"

struct stored_names;
struct provisioned_keys;
struct limit_table;
struct limit_tokens;
struct routing;
struct schema_evaluator;
struct shared_refusals;

enum { EXCHANGE_ARENA = 256 * 1024, AUTHENTICATORS_MAX = 8 };

/* Lives as long as the listener. */
struct pipeline {
    const struct settings *settings;
    struct limit_table *limits; /* NULL: not limited (verify) */
    struct routing *routing;
    struct schema_evaluator *evaluator;   /* NULL: no route has a schema */
    struct provisioned_keys *provisioned; /* NULL: there is none */
    struct stored_names *stored_names;
    /* Of each route, where it counts what it refuses, or NULL; NULL: nobody does (verify). */
    struct shared_refusals **refusals;
};

/* A request that asks what has become of an event (server/pipeline/track.h). */
struct track_question {
    bool is_asked; /* by its path and method; the rest is of such a request only */
    bool is_right; /* the token is that of the event */
    struct bytes id;
    uint32_t wait_ms; /* for its end */
};

/* Zeroed by exchange_init (pipeline.h), then request.method, target, version, headers
 * (all of the head, none of the trailers, values exactly as received: the guard wants to see the
 * blanks around them), client, secure and now_ms are filled in by the caller. */
struct exchange {
    const struct pipeline *pipeline;
    struct arena arena;
    struct request request;
    int64_t now_ns;         /* monotonic, of the stages under way; Unix time is request.now_ms */
    int64_t content_length; /* -1: chunked; set by the guard, 0 without a body */
    struct limit_tokens *client_tokens; /* NULL: not noted */
    struct track_question track;
    void *states[AUTHENTICATORS_MAX];
    size_t passed_heads; /* authenticators whose release is owed */
    bool has_passed;     /* all that the route names, the body included */
    struct verdict
        challenge;               /* of one authenticator; waits for the others. If it delivers a key
                                    (`provisioned_key`), the runner has to keep that before it is given */
    size_t challenge_head;       /* which head it came from, from 1; that one has no further part */
    struct value_context values; /* of the request, from the stage decode on */
    struct respond_made answers; /* made by the stage respond */
    uint64_t actions;            /* that the event has (handlers/action/selection.h) */
    int64_t fold;                /* as in the frame (server/ipc/frame.h) */
    const int64_t *keys;         /* of each action of the route; NULL: none has one */
    struct bytes title;          /* of an event that is ready for the runner; empty: none */
    struct verdict quarantine;   /* REPLY_QUARANTINED: to be journalled, and not carried out */
    struct unfold_memory unfold_memory; /* set by the caller, if the memory is counted */
    bool signs_unfolded;                /* an authenticator wanted it unfolded */
    struct buffer unfolded;             /* where request.body is, if it came in a content coding */
    const char *stage;          /* name of the stage that decided, for the log and for verify */
    const struct event *stored; /* NULL: not of the journal (stored_event.h) */
};

#endif
