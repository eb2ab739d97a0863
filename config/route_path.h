/* The paths of routes: how they are written, and which of them cannot stand side by side. */
#ifndef TENTERHOOK_CONFIG_ROUTE_PATH_H
#define TENTERHOOK_CONFIG_ROUTE_PATH_H

#include "base/bytes.h"
#include "base/error.h"

/* "/a/b", with whole segments "{name}", or a trailing "/" and star that takes one or more
 * segments. */
bool route_path_check(const char *pattern, struct error *err);

/* The name of a segment, if it is written "{name}". */
bool route_path_segment_name(struct bytes segment, struct bytes *name);

/* The variable of a command that holds what {name} stands for: "TENTERHOOK_PARAM_" and the name in
 * upper case. False where `text` is too short for it. */
enum { PARAM_VARIABLE_SIZE = 96 };
bool route_path_variable(struct bytes name, char text[PARAM_VARIABLE_SIZE]);

/* How many segments of a pattern stand before the first {name} or star; SIZE_MAX: it is exact. */
size_t route_path_fixed(const char *pattern);

/* What of a pattern decides which others it collides with: made once a route. */
enum { SHAPE_HASHES = 8 };
struct route_path_shape {
    unsigned kind, segments;
    uint32_t hashes[SHAPE_HASHES]; /* of the first segments; 0: {name} or star */
    uint32_t group; /* those of different groups do not collide; exact paths have one each */
};
struct route_path_shape route_path_shape(const char *pattern);

/* Whether patterns of these shapes could collide: quick, and never wrong when it says no. */
bool route_path_may_conflict(const struct route_path_shape *a, const struct route_path_shape *b);

/* Whether some request path would be taken by both, and neither is the more particular one: then
 * the order would be a matter of taste, and such a pair of routes is refused. Exact paths go before
 * those with {names}, those before a star. */
bool route_path_conflicts(const char *a, const char *b);

#endif
