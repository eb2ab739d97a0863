/* What `tenterhook status` tells: gathered from the journal, the disk and the running server, with
 * the list of what needs attention. */
#ifndef TENTERHOOK_SERVER_CLI_STATUS_FACTS_H
#define TENTERHOOK_SERVER_CLI_STATUS_FACTS_H

#include "base/error.h"
#include "server/journal/losses.h"
#include "server/journal/status_reader.h"

#include <stdbool.h>
#include <stddef.h>

struct json_object;

enum { ATTENTIONS_MAX = 64 };

/* One thing that a person should look at. It is gone when it is no longer so. */
struct attention {
    const char *about; /* one word */
    char text[1024];
    char command[160]; /* that shows more, or helps; "" */
};

/* A route of the file that runs, or one that the journal has deliveries of. */
struct status_route {
    char *name; /* owned */
    int64_t by_state[STATUS_STATES];
    int64_t paused_ms;          /* 0: it is not */
    char *paused_why;           /* owned; NULL: it is not paused, or nobody has said why */
    struct json_object *limits; /* owned; NULL: the file does not have it, or is not known */
    char *limits_text;          /* owned; the line that has them */
    struct json_object *queue; /* of the runner's line: how full it is; NULL: nothing waits in it */
};

/* A delivery of the journal. */
struct status_fact {
    bool is_there;
    char id[40], name[160]; /* "route/action" */
    char reason[256];
    int64_t time_ms; /* Unix: received, due, or ended */
};

/* Deliveries of an action that the file no longer has. */
struct status_orphan {
    char name[260]; /* "route/action" */
    int64_t number, pending, dead;
};

struct status_integrity {
    bool is_compared;
    struct error why_not;
    struct journal_losses losses;
    struct losses_told told[LOSS_KINDS];
};

struct status_facts {
    const char *journal;
    int64_t now_ms;
    /* the journal */
    struct status_route *routes; /* by name */
    size_t route_count, route_capacity;
    int64_t total[STATUS_STATES], dead;
    struct status_orphan *orphans;
    size_t orphan_count;
    struct status_fact oldest, next, newest_dead, newest_untold, newest_not_started;
    int64_t not_started; /* deliveries that wait because their latest attempt could not begin */
    struct status_integrity integrity;
    int64_t file_bytes, log_bytes, free_bytes; /* -1: not known */
    bool log_is_known;
    uint32_t log_pages, log_copied; /* into the file */
    /* the server; NULL: it has not said it */
    struct json_object *server, *runner;
    char *server_text, *runner_text; /* their lines */
    struct error no_server;          /* why, "" where one runs */
    bool file_is_known;              /* its routes are among those above */
    struct error no_runner;          /* why it has said nothing, "" where that is not known */
    struct attention attentions[ATTENTIONS_MAX];
    size_t attention_count;
    bool no_memory;
};

/* Adds a route behind the others; NULL without memory. */
struct status_route *status_add_route(struct status_facts *facts, const char *name);
void status_facts_finish(struct status_facts *facts);

/* ---- status_gather.c ---- */

/* Of the journal, and the server that runs with it; without one, of the route file `config` (NULL:
 * it is not known). False with `err`: the journal cannot be read. */
bool status_facts_gather(struct status_facts *facts, const char *journal, const char *config,
                         struct error *err);

/* ---- status_routes.c ---- */

/* A line of the server that says what holds for a route (server/process/route_limits.h). */
void status_take_limits(struct status_facts *facts, struct json_object *line, struct bytes text);
/* The same of the file, where no server tells it. */
void status_read_limits(struct status_facts *facts, const char *config);
/* By name, each once: after the last of them. */
void status_sort_routes(struct status_facts *facts);
/* Deliveries of actions that are not among those. */
bool status_read_orphans(struct status_facts *facts, struct journal_status *status);

/* ---- status_attention.c ---- */

/* From the facts; the list is empty. */
void status_attend(struct status_facts *facts);

/* What says why no server runs: the journal of systemd, where a unit starts it. */
const char *status_server_command(void);

/* ---- status_limits.c ---- */

/* The limits of a route or an action as people write them, "" where there are none. `queue` (may
 * be NULL) says how full the queue is. False without memory: free `*text`. */
bool status_format_limits(struct json_object *limits, struct json_object *queue, char **text);

/* ---- status_json.c ---- */

/* All of it as one JSON object. */
void status_print_json(const struct status_facts *facts);

/* ---- words ---- */

/* "12 s", "5 min", "3 h", "9 days". */
void status_format_span(int64_t ms, char text[32]);
/* "1.5 MiB". */
void status_format_bytes(int64_t bytes, char text[32]);

#endif
