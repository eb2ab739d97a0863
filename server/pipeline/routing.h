/* Which route a request is for. Compiled once from the settings; looked up without allocation. */
#ifndef TENTERHOOK_SERVER_PIPELINE_ROUTING_H
#define TENTERHOOK_SERVER_PIPELINE_ROUTING_H

#include "config/settings.h"
#include "handlers/request.h"
#include "handlers/verdict.h"

struct routing;

/* NULL without memory. `settings` outlives it. */
struct routing *routing_create(const struct settings *settings);
void routing_destroy(struct routing *routing);

/* Sets request->route by path and method, or refuses: REPLY_NOT_FOUND, or REPLY_METHOD with Allow.
 *
 * The decoded path is compared byte for byte, so "/%68ook" is "/hook"; log, limits and metrics use
 * the route's name and never the path. An exact path stands before one with {name} segments, that
 * before one with a trailing slash-star; among the same kind the more particular one decides.
 * A {name} and a star stand for at least one byte, and "//" and a trailing "/" match only where the
 * route's path is written so. Several routes may share a path and differ in their methods. */
struct verdict routing_match(const struct routing *routing, struct request *request);

/* The methods of one route as Allow lists them. */
struct bytes routing_allow(const struct route *route, struct arena *arena);

#endif
