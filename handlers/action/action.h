/* How a kind of action carries out a delivery. Runs in the runner, on its loop, never blocking. */
#ifndef TENTERHOOK_HANDLERS_ACTION_ACTION_H
#define TENTERHOOK_HANDLERS_ACTION_ACTION_H

#include "base/bytes.h"
#include "base/loop.h"
#include "config/settings.h"
#include "handlers/value/reference.h"

struct body_files;       /* body_files.h */
struct form;             /* handlers/content/form.h */
struct process_forest;   /* process_tree.h */
struct process_settings; /* process.h */
struct secret_index;     /* secret_mask.h */
struct stored_values;    /* handlers/value/stored.h */

/* A text of a delivery, and under which name an action sees it. */
struct delivery_name {
    const char *name;
    size_t text;  /* its number in delivery.texts */
    bool is_bare; /* JSON by itself: without quotes in the envelope */
};

/* Both in the order in which they are shown. */
struct delivery_names {
    const struct delivery_name *members;   /* of the envelope */
    const struct delivery_name *variables; /* of the environment */
    size_t member_count, variable_count;
};

/* A variable of the environment whose name the route file gives. */
struct delivery_variable {
    const char *name, *text;
};

/* Why the action of `on_failure` runs. */
struct delivery_failure {
    struct bytes action; /* that has failed; empty: none has, the event is a notice of the server */
    struct bytes reason; /* a sentence */
    unsigned attempts;
    int exit_status, signal;           /* -1 and 0: there was none */
    struct bytes output, error_output; /* the last bytes of the last attempt's */
    int64_t count; /* further failures of the route of which the action has not told */
};

/* What an action is given. Owned by the caller, alive until `done`. */
struct delivery {
    const struct delivery_names *names;
    const char *const *texts;               /* NUL-terminated; "" where there is none */
    const struct delivery_variable *params; /* of the {name} segments that the event has */
    size_t param_count;
    struct bytes headers; /* the stored headers, a JSON object as text */
    struct bytes body;    /* the JSON of the event, if it came as JSON; else the body as received */
    bool body_is_json;    /* it has passed the guard */
    struct bytes made;    /* the JSON that was made of a body that is none itself; empty: none */
    bool body_is_form;    /* it may be one, by its media type */
    const struct form *parts; /* what is read of it if it is a multipart form; NULL: it is none */
    const struct stored_values *stored; /* of the same event, for templates */
    struct process_forest *forest;      /* where its processes have a cgroup; NULL: nowhere */
    struct body_files *body_files;      /* where files for a command are made; NULL: nowhere */
    /* Sees standard output as it comes, without secrets; a piece without data: what follows is
     * lost, for want of memory. `context` is that of `done`. NULL: no sender waits for it. */
    void (*output)(void *context, struct bytes piece);
    const struct delivery_failure *failure; /* what `on_failure` tells of; NULL: another action */
    bool after_crash; /* a runner has left it, or another one of its action, in the middle: whoever
                         follows the action may hold a piece */
};

/* The JSON of the event, however it has come by it; empty: it has none. */
static inline struct bytes delivery_payload(const struct delivery *delivery)
{
    return delivery->body_is_json ? delivery->body : delivery->made;
}

enum outcome_kind {
    OUTCOME_DONE,
    OUTCOME_FAILED, /* exit status, signal, could not start: `reason` */
    OUTCOME_TIMEOUT,
    OUTCOME_INTERRUPTED, /* pending again, not a failure: the server is leaving, or has no memory,
                            or the action wants it later */
    OUTCOME_CANCELLED,   /* people have ended it; it is not tried again. No kind says this: the
                            runner does, of what was INTERRUPTED for that */
};

struct outcome {
    enum outcome_kind kind;
    int exit_status;                   /* -1: none */
    int signal;                        /* 0: none */
    const char *reason;                /* a sentence, "" when done; alive during the call only */
    struct bytes output, error_output; /* the last bytes of each stream; alive during the call */
    uint64_t output_total, error_output_total;
    bool torn; /* INTERRUPTED: whoever follows the action holds a piece of it (see after_crash) */
    bool leaves_processes; /* they were killed, and have not ended */
    bool killed_helpers;   /* it ended by itself, and what it had left was killed */
    int64_t duration_ms;
    bool not_started; /* FAILED: it could not be, which may be different another time */
    int64_t later_ms; /* INTERRUPTED: the action wants it so much later; 0: it does not say */
};

/* Sees both outputs of a run as they come, without secrets. A piece without data: what follows is
 * lost, for want of memory. */
struct output_follower {
    void (*output)(void *context, bool is_error, struct bytes piece);
    void *context;
};

/* Where an action is carried out, and what people call it. Alive as long as its settings. */
struct action_place {
    struct loop *loop;
    struct process_forest *forest; /* as in struct delivery */
    const char *route, *action;
};

struct value_context; /* handlers/value/value_context.h */

/* Sees each text that the route file gives to an action, with the values in it. */
enum value_place { VALUE_ARGUMENT, VALUE_VARIABLE, VALUE_DIRECTORY, VALUE_LINE };
struct value_sink {
    /* `name` of a variable; otherwise NULL. The text lives during the call. */
    void (*take)(void *context, enum value_place place, const char *name, struct bytes text);
    void *context;
};

/* What an action needs of the machine, as the user that it runs as. */
enum place_use {
    PLACE_PROGRAM,   /* is run; without a slash it is looked for along PATH */
    PLACE_SOURCE,    /* is read: the file that an interpreter is given */
    PLACE_ARGUMENT,  /* no path: one of what the program is given, as written */
    PLACE_SCRIPT,    /* no path: the text that /bin/sh runs */
    PLACE_DIRECTORY, /* is where it runs */
    PLACE_FIFO,      /* is written to */
    PLACE_FIFO_MADE, /* the same, and is made if it is not there */
};
struct place_visitor {
    /* The path is absolute but for those above. A program comes before what it is given. */
    void (*visit)(void *context, enum place_use use, const char *path);
    void *context;
};

struct action_run; /* one delivery under way; the kind's own */

struct action_kind {
    struct handler_kind kind; /* first */

    /* What the runner has to know of the kind. Each fact stands alone. */

    /* Its runs count against server.commands, which all routes share. The actions of other kinds
     * have a window of runs each. */
    bool is_limited;
    /* A delivery that is left by a runner which died, or which is told to stop soon after the start
     * of the run, may have caused that: after too many it is dead. A kind that cannot be the cause
     * is tried again however often. */
    bool counts_crashes;
    /* A runner ends its runs before it makes room for a newer one, and at once when it has to
     * stop, because they may wait for ever. Runs of other kinds have the time that they need. */
    bool must_be_recalled;
    /* One of its runs cannot be ended without others: they share a process. */
    bool shares_process;
    /* How long a run of that kind has to end before a newer runner. NULL: a second. */
    int64_t (*recall_ms)(const void *settings);
    /* Of a kind that is not limited: how many deliveries an action has at once. NULL: as many as a
     * pipe. */
    int64_t (*window)(const void *settings);
    /* The most bytes of standard output that an outcome brings. NULL: runs have no output. */
    int64_t (*output_kept)(const void *settings);

    /* As whom and how the processes run that it starts. NULL: it starts none. */
    const struct process_settings *(*process)(const void *settings);

    /* Before an event is accepted: whether the values that the settings want of it are there and
     * can be given to the action. `sink` (may be NULL) sees what would be given. False with the
     * sentence for the sender; errno is ENOMEM where it is only memory. May be NULL: it wants
     * none. */
    bool (*try_values)(const void *settings, struct value_context *values,
                       const struct value_sink *sink, struct error *why);
    /* Calls the visitor with each reference of the settings; false if it returned false. May be
     * NULL. */
    bool (*visit_references)(const void *settings, const struct reference_visitor *visitor);

    /* Calls the visitor with each of them that is known before there is an event. */
    void (*visit_places)(const void *settings, const struct place_visitor *visitor);

    /* Before the first start, in the runner: what others may want to find in place. May be NULL;
     * what goes wrong shows when an event comes. */
    void (*prepare)(const void *settings, const struct action_place *place);

    /* Before the runner forgets the secrets of the route file: keeps in the settings those that the
     * action is given, so that its kept output shows none. May be NULL: there is no output. False
     * without memory. */
    bool (*learn_secrets)(void *settings, const struct secret_index *secrets);

    /* Begins. `done` is called exactly once, later and never from inside start, and frees the run.
     * What cannot be started is an outcome too, so this fails only without memory (NULL). */
    struct action_run *(*start)(const void *settings, struct loop *loop,
                                const struct delivery *delivery,
                                void (*done)(void *context, const struct outcome *outcome),
                                void *context);

    /* The server is leaving: end it soon (TERM, then KILL after the grace at the latest at
     * `deadline_ns`); `done` still comes, with what really happened: OUTCOME_INTERRUPTED where it
     * was cut off. */
    void (*stop)(struct action_run *run, int64_t deadline_ns);

    /* People want this run ended, and no other: begins that as `stop` does, with all the time that
     * its settings give it. False where it cannot be ended alone. NULL: it never can. */
    bool (*cancel)(struct action_run *run);

    /* From now on the follower sees the outputs, beginning with what is kept of them; with NULL,
     * nobody does. Nobody has before. NULL: runs have no output. */
    void (*follow)(struct action_run *run, const struct output_follower *follower);
};

static inline const struct action_kind *action_kind_of(const struct handler *handler)
{
    return (const struct action_kind *)handler->kind;
}

/* What `actions` may name, in the order of the reference. A new one is a row here, its file, and
 * the line of that file in handlers/meson.build. */
#define ACTION_KINDS(ACTION)                                                                       \
    ACTION(command)                                                                                \
    ACTION(shell)                                                                                  \
    ACTION(pipe)                                                                                   \
    ACTION(worker)

#define ACTION_DECLARE(name) extern const struct action_kind name##_action;
ACTION_KINDS(ACTION_DECLARE)

#endif
