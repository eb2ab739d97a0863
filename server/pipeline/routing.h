/* Finds the route of a request. Compiled once from the settings; a search allocates nothing. */
#ifndef TENTERHOOK_SERVER_PIPELINE_ROUTING_H
#define TENTERHOOK_SERVER_PIPELINE_ROUTING_H

#include "config/settings.h"
#include "handlers/request.h"
#include "handlers/verdict.h"

struct routing;

/* NULL without memory. `settings` outlives it. */
struct routing *routing_create(const struct settings *settings);
void routing_destroy(struct routing *routing);

/* Sets request->route by path and method, or refuses: REPLY_NOT_FOUND, REPLY_METHOD with Allow, or
 * REPLY_MEMORY_FULL if that finds no memory.
 *
 * The decoded path is compared byte for byte, so "/%68ook" is "/hook"; log, limits and metrics use
 * the route's name and never the path. An exact path wins over one with {name} segments, that
 * over one with a trailing slash-star; of two of the same kind the more specific one wins.
 * A {name} and a star match at least one byte, and "//" and a trailing "/" match only where the
 * route's path is written so. Several routes may share a path and differ in their methods. */
struct verdict routing_match(const struct routing *routing, struct request *request);

/* REPLY_CHALLENGE, 204, with the methods of all routes that have the path in Allow, or
 * REPLY_MEMORY_FULL. */
struct verdict routing_tell_methods(const struct routing *routing, struct request *request);

/* REPLY_METHOD with the methods of one route as Allow, or REPLY_MEMORY_FULL. */
struct verdict routing_refuse_method(const struct route *route, struct arena *arena,
                                     const char *reason);

/* ---- what lies below a route ---- */

/* Whether a route without {name} and star has that very path. */
bool routing_has_exact(const struct routing *routing, struct bytes path);
/* Calls `each`, until it returns true, for each route below whose path something lies: `base` is
 * that path without a slash at its end, and the byte behind it is a slash. Below a path with a star
 * lies what is below its fixed part. The more specific come first. */
bool routing_each_below(const struct routing *routing, struct bytes base,
                        bool (*each)(void *context, const struct route *route), void *context);
/* How many segments of a request's path are not what a star of the route's stands for; SIZE_MAX:
 * all. */
size_t routing_kept_segments(const struct route *route);

#endif
