/* The paths of routes: how they are written, which requests they take, and which of several takes a
 * request that more than one would. */
#ifndef TENTERHOOK_CONFIG_ROUTE_PATH_H
#define TENTERHOOK_CONFIG_ROUTE_PATH_H

#include "base/bytes.h"
#include "base/error.h"

/* "/a/b", with whole segments "{name}", or a trailing "/" and star that takes one or more segments. */
bool route_path_check(const char *pattern, struct error *err);

/* Whether the pattern takes that path (decoded, starting with "/"). A {name} takes one segment that
 * is not empty. */
bool route_path_matches(const char *pattern, struct bytes path);

/* Which is tried first: <0 for `a`. Exact ones before those with {names} before those with a star;
 * among those the one with more segments, then the one whose text stands further to the left. */
int route_path_compare(const char *a, const char *b);

/* Whether some path is taken by both, and neither is the more particular one: then the order would
 * be a matter of taste, and such a pair of routes is refused. */
bool route_path_conflicts(const char *a, const char *b);

#endif
