/* HTTP on the listening sockets of one listener: connections, requests and their answers. The only
 * door to libmicrohttpd: its header is included in server/http/ only. */
#ifndef TENTERHOOK_SERVER_HTTP_HTTP_H
#define TENTERHOOK_SERVER_HTTP_HTTP_H

#include "base/loop.h"
#include "server/ipc/process.h"
#include "server/pipeline/pipeline.h"

struct http;

/* Of the libmicrohttpd that is loaded, such as "0.9.75". */
const char *http_library_version(void);

/* Serves nobody yet. All three outlive it. `connections` is the most that may be open at once.
 * NULL with `err`. */
struct http *http_create(const struct process *process, struct loop *loop,
                         const struct pipeline *pipeline, unsigned connections, struct error *err);
/* Only when http_is_empty. */
void http_destroy(struct http *http);

/* Begins to accept. */
void http_listen(struct http *http);

/* The runner is at the other end of `fd`, which is taken over (-1: there was no descriptor free for
 * it). What waits for the one before is refused. */
void http_connect_runner(struct http *http, int fd);
/* Whether there is one. */
bool http_has_runner(const struct http *http);

/* Does what the events of this round have brought; call after each round of the loop. True: there
 * is more to do at once. */
bool http_run(struct http *http);

/* About once a second: gives the memory of a crowd that has gone back to the system. */
void http_tend(struct http *http);

/* Accepts nobody any more and closes each connection when it has its answer; what is still there
 * at `deadline_ns` is refused and cut. Patient: who has sent nothing yet has the time he was given
 * when he came, else two seconds. May be called again with another deadline. */
void http_drain(struct http *http, int64_t deadline_ns, bool patient);

/* No connection is left. */
bool http_is_empty(const struct http *http);

#endif
