/* The paths of routes: how they are written, and which of them cannot stand side by side. */
#ifndef TENTERHOOK_CONFIG_ROUTE_PATH_H
#define TENTERHOOK_CONFIG_ROUTE_PATH_H

#include "base/bytes.h"
#include "base/error.h"

/* "/a/b", with whole segments "{name}", or a trailing "/" and star that takes one or more segments. */
bool route_path_check(const char *pattern, struct error *err);

/* Whether some request path would be taken by both, and neither is the more particular one: then the
 * order would be a matter of taste, and such a pair of routes is refused. Exact paths go before those
 * with {names}, those before a star. */
bool route_path_conflicts(const char *a, const char *b);

#endif
