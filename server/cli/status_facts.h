/* What `tenterhook status` tells: gathered from the journal, the disk and the running server, with
 * the list of what needs attention. */
#ifndef TENTERHOOK_SERVER_CLI_STATUS_FACTS_H
#define TENTERHOOK_SERVER_CLI_STATUS_FACTS_H

#include "base/error.h"
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

struct status_route {
    char *name; /* owned */
    int64_t by_state[STATUS_STATES];
    int64_t paused_ms; /* 0: it is not */
    char *paused_why;  /* owned; NULL: it is not paused, or nobody has said why */
};

/* A delivery of the journal. */
struct status_fact {
    bool is_there;
    char id[40], name[160]; /* "route/action" */
    char reason[256];
    int64_t time_ms; /* Unix: received, due, or ended */
};

struct status_facts {
    const char *journal;
    int64_t now_ms;
    /* the journal */
    struct status_route *routes; /* by name */
    size_t route_count, route_capacity;
    int64_t total[STATUS_STATES], dead;
    struct status_fact oldest, next, newest_dead;
    int64_t file_bytes, log_bytes, free_bytes; /* -1: not known */
    /* the server; NULL: it has not said it */
    struct json_object *server, *runner;
    char *server_text, *runner_text; /* their lines */
    struct error no_server;          /* why, "" where one runs */
    struct error no_runner;          /* why it has said nothing, "" where that is not known */
    struct attention attentions[ATTENTIONS_MAX];
    size_t attention_count;
    bool no_memory;
};

/* False with `err`: the journal cannot be read. */
bool status_facts_gather(struct status_facts *facts, const char *journal, struct error *err);
void status_facts_finish(struct status_facts *facts);

/* "12 s", "5 min", "3 h", "9 days". */
void status_format_span(int64_t ms, char text[32]);
/* "1.5 MiB". */
void status_format_bytes(int64_t bytes, char text[32]);

#endif
