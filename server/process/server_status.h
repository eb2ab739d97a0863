/* What the supervisor knows of the server, as lines of JSON for operators (docs/operations.md). */
#ifndef TENTERHOOK_SERVER_PROCESS_SERVER_STATUS_H
#define TENTERHOOK_SERVER_PROCESS_SERVER_STATUS_H

#include "server/ipc/operator_link.h"
#include "server/process/children.h"

/* What nothing else remembers. */
struct server_facts {
    int64_t started_ms, loaded_ms; /* Unix; of the server, and of the file that runs */
    struct error uncontained;      /* why commands have no cgroups; "": they have */
    int64_t refused_ms;            /* when a reload was refused since then; 0: none was */
    struct error refused;          /* and why */
    bool stopping;
};

/* {"server":{…}} and its line end; `current` may be NULL. False without memory. */
bool server_status_put(struct buffer *out, const struct server_facts *facts,
                       const struct children *children, const struct generation *current);

/* Answers with the keys of the file that runs, so that another file can be compared with it: a line
 * for each route, {"route":NAME,"keys":{KEY:DIGEST}}, and one without a name for the sections of
 * the top level. `current` may be NULL. */
void server_status_answer_keys(struct operator_link *link, const struct generation *current);

/* Answers with the limits of each route of the file that runs (route_limits.h). `current` may be
 * NULL. */
void server_status_answer_routes(struct operator_link *link, const struct generation *current);

#endif
