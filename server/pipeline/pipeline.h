/* The walk of one webhook, up to the runner: a list of stages over an exchange. Knows nothing of
 * sockets or libmicrohttpd: server/http/ drives it for real requests, `verify` for captured
 * ones. */
#ifndef TENTERHOOK_SERVER_PIPELINE_PIPELINE_H
#define TENTERHOOK_SERVER_PIPELINE_PIPELINE_H

#include "base/error.h"
#include "server/ipc/frame.h"
#include "server/pipeline/authenticate.h"
#include "server/pipeline/exchange.h"

struct shared;

/* Compiles the routes. `settings` and the tables outlive the pipeline. */
bool pipeline_init(struct pipeline *pipeline, const struct settings *settings,
                   struct limit_table *limits, struct provisioned_keys *provisioned,
                   struct error *err);
void pipeline_finish(struct pipeline *pipeline);
/* From now on the refusals of routes about which somebody wants to hear are counted. */
bool pipeline_count_refusals(struct pipeline *pipeline, struct shared *shared, struct error *err);

void exchange_init(struct exchange *exchange, const struct pipeline *pipeline);
/* Releases authenticator states and the arena. */
void exchange_finish(struct exchange *exchange);

/* guard → health → client → route → length → address → limit per client → track → authenticate
 * (head) → try (HEAD) → coding.
 * Decides before a byte of the body is read. On REPLY_NONE request.route is set and the body may be
 * up to route->max_body bytes. On REPLY_TRACKED it is a question about an event, and the caller
 * asks the runner (pipeline_track). On REPLY_HEALTHY it is a health check; the caller must
 * find out whether the server is healthy. */
struct verdict pipeline_head(struct exchange *exchange, int64_t monotonic_ns);

/* authenticate (body) → challenge → admit (route) → unfold → decode → select → when → choose →
 * validate → values → keys → respond. The whole body, which outlives the exchange, but for one that
 * has been unfolded: then request.body is in exchange->unfolded, and `body` is needed no more. On
 * REPLY_NONE the event is ready for the runner. */
struct verdict pipeline_body(struct exchange *exchange, struct bytes body, int64_t monotonic_ns);

/* An event of the journal instead of the above: route → decode → … → respond, as the settings are
 * now, after stored_event_begin. */
struct verdict pipeline_stored(struct exchange *exchange);
/* Only whether it conforms to the schema of request.route, which the caller has set. REPLY_NONE, or
 * the refusal; one that would be put aside does not. */
struct verdict pipeline_stored_conforms(struct exchange *exchange);

/* Gives a verdict about this exchange the response format that the route's sender wants, or that
 * which the route file defines. `id` of the event, "" where it has none. */
struct verdict pipeline_format_response(const struct exchange *exchange, const char *id,
                                        struct verdict verdict);

/* The accepted event as a frame for the runner; spans into the exchange. False: arena full. */
bool pipeline_event(struct exchange *exchange, uint64_t tag, struct event_frame *frame);

/* The question of REPLY_TRACKED as a frame; false: it may not be asked. */
bool pipeline_track(const struct exchange *exchange, uint64_t tag, struct track_frame *frame);

/* The same for a key that a challenge delivers. */
bool pipeline_learn(struct exchange *exchange, uint64_t tag, struct event_frame *frame);

/* The names of the stages in order, NULL-terminated: for verify and the documentation. */
extern const char *const pipeline_stage_names[];

/* The JSON body of an answer into the arena; verdict bodies of their own are returned as they are.
 * `id` is used by accepted and duplicate. */
struct bytes reply_body(struct arena *arena, const struct verdict *verdict, const char *id);

#endif
