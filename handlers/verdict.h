/* What a stage decides: go on, or one row of the table of replies. */
#ifndef TENTERHOOK_HANDLERS_VERDICT_H
#define TENTERHOOK_HANDLERS_VERDICT_H

#include "base/bytes.h"

/* Rows of reply_rows[]: each has the code word that the body and the log show, the status, the
 * sentence, the log level, whether Retry-After or Connection: close goes with it. */
enum reply {
    REPLY_NONE, /* no answer yet: go on with the next stage */
    REPLY_ACCEPTED,
    REPLY_AGAIN, /* accepted before; what had failed of it is carried out again */
    REPLY_DUPLICATE,
    REPLY_IGNORED,
    REPLY_CHALLENGE,
    REPLY_QUARANTINED, /* in the journal, but not to be carried out */
    REPLY_HEALTHY,     /* to the health check: an event would be stored */
    REPLY_TRACKED,     /* what has become of an event */
    REPLY_BAD_REQUEST, /* not HTTP as we take it */
    REPLY_BAD_TARGET,
    REPLY_TLS_EXPECTED,
    REPLY_BAD_CONTENT, /* not the content it claims */
    REPLY_UNAUTHENTICATED,
    REPLY_FORBIDDEN,
    REPLY_NOT_FOUND,
    REPLY_METHOD,
    REPLY_TIMEOUT,
    REPLY_LENGTH_REQUIRED,
    REPLY_TOO_LARGE,
    REPLY_URI_TOO_LONG,
    REPLY_MEDIA_TYPE,
    REPLY_EXPECTATION,
    REPLY_HEADER_TOO_LARGE,
    REPLY_UNPROCESSABLE, /* schema, or a value that is needed */
    REPLY_RATE_LIMITED,
    REPLY_NOT_IMPLEMENTED, /* transfer coding */
    REPLY_VERSION,
    REPLY_DRAINING,
    REPLY_MEMORY_FULL,
    REPLY_QUEUE_FULL,
    REPLY_BACKLOG_FULL, /* so many deliveries wait that no more may */
    REPLY_JOURNAL,      /* the journal cannot write */
    REPLY_INTERNAL,
    REPLY_COUNT
};

struct reply_row {
    const char *code; /* "unauthenticated" */
    unsigned status;
    const char *text;   /* sentence for the caller; says nothing about what was expected */
    int log_level;      /* enum log_level */
    bool close;         /* Connection: close */
    bool retry;         /* Retry-After, from the verdict */
    const char *cause;  /* when it comes, for the people who run the server */
    const char *remedy; /* what they do then; NULL: nothing */
};

extern const struct reply_row reply_rows[REPLY_COUNT];

/* Which format the answer to an event that is accepted, known or ignored has. */
enum verdict_form {
    FORM_USUAL, /* the sender's response format, and `respond` of the route */
    FORM_LATE,  /* as that, and `late` of `respond`: the output of a command did not come in time */
    FORM_OUTPUT, /* `body` is that output, and `exit_status` says which status it has */
    FORM_STREAM, /* the body is that output as it comes */
};

struct verdict_header {
    const char *name, *value;
};

struct verdict {
    enum reply reply;
    unsigned retry_after_s;
    bool close;           /* Connection: close, whatever the row says; see verdict_closes */
    bool empty_body;      /* the answer has no body */
    bool had_credentials; /* REPLY_UNAUTHENTICATED: well formed and wrong, if the kind says so */
    enum verdict_form form;
    bool can_replay; /* REPLY_DUPLICATE: people can have the first carried out again */
    const char
        *reason; /* for the log only: a constant, or in the request's arena; never a secret */
    /* For the caller, in the place of the row's sentence: says what of his own message is wrong,
     * and so is only for who has authenticated. NULL: the row's. */
    const char *message;
    /* REPLY_CHALLENGE and fixed responses: what to answer; empty otherwise */
    unsigned status;
    const char *content_type;
    struct bytes body;
    struct bytes provisioned_key; /* REPLY_CHALLENGE: the key to be kept before it is answered;
                                     empty: none */
    const char *header_name;      /* one further header; NULL: none */
    struct bytes header_value;
    const struct verdict_header *headers; /* and those of the route file */
    size_t header_count;
    int exit_status; /* FORM_OUTPUT: of the command; -1: it has none */
    /* REPLY_UNPROCESSABLE, REPLY_QUARANTINED: why, a JSON list; empty: none */
    struct bytes details;
};

/* How a sender wants accepted events (also ignored, duplicate and quarantined ones) to be answered.
 */
struct response_format {
    int64_t status;   /* 0: as the row says */
    const char *type; /* NULL: application/json */
    const char *body; /* NULL: as the row says */
    bool empty_body;  /* no answer has a body, refusals neither */
};

static inline bool verdict_closes(const struct verdict *verdict)
{
    return verdict->close || reply_rows[verdict->reply].close;
}

/* A status that the verdict brings (challenges, fixed answers) stands before the row's. */
static inline unsigned verdict_status(const struct verdict *verdict)
{
    return verdict->status ? verdict->status : reply_rows[verdict->reply].status;
}

/* The verdict of a stage that has nothing against the request. */
#define GO_ON ((struct verdict){.reply = REPLY_NONE})

static inline struct verdict verdict_refuse(enum reply reply, const char *reason)
{
    return (struct verdict){.reply = reply, .reason = reason};
}

#endif
