/* HTTP on the listening sockets of one listener: connections, requests and their answers. Only
 * server/http/ includes the header of libmicrohttpd. */
#ifndef TENTERHOOK_SERVER_HTTP_HTTP_H
#define TENTERHOOK_SERVER_HTTP_HTTP_H

#include "base/loop.h"
#include "server/ipc/process.h"
#include "server/pipeline/pipeline.h"

struct http;

/* The version of the loaded libmicrohttpd, such as "0.9.75". */
const char *http_library_version(void);

/* Accepts nothing yet. All three outlive it. At most `connections` may be open at once. NULL with
 * `err`. */
struct http *http_create(const struct process *process, struct loop *loop,
                         const struct pipeline *pipeline, unsigned connections, struct error *err);
/* Only when http_is_empty. */
void http_destroy(struct http *http);

/* Begins to accept. */
void http_listen(struct http *http);

/* The runner is at the other end of `fd`, which the callee owns now (-1: no descriptor was free for
 * it). Requests that wait for the previous link are refused. */
void http_connect_runner(struct http *http, int fd);
/* Whether there is a link to a runner. */
bool http_has_runner(const struct http *http);

/* Handles the events of this round; call after each round of the loop. True: there is more to do at
 * once. */
bool http_run(struct http *http);

/* Call about once a second: returns the memory of many closed connections to the system. */
void http_tend(struct http *http);

/* Accepts no more connections and closes each one when it has its answer; the connections that are
 * left at `deadline_ns` are refused and cut. A connection that has sent nothing yet keeps its own
 * deadline if `patient`, else it gets two seconds. May be called again with another deadline. */
void http_drain(struct http *http, int64_t deadline_ns, bool patient);

/* No connection is left. */
bool http_is_empty(const struct http *http);

#endif
