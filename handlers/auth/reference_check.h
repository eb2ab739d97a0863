/* Whether a route may use the references in it, and which headers it must store because of them. */
#ifndef TENTERHOOK_HANDLERS_AUTH_REFERENCE_CHECK_H
#define TENTERHOOK_HANDLERS_AUTH_REFERENCE_CHECK_H

#include "config/load.h"
#include "handlers/value/reference.h"

/* Whether a body that the route takes can hold what is referred to. */
bool reference_can_be_there(const struct reference *reference, const struct route *route);

/* Reports, at the place of the reference, a name that holds credentials of the route, or a {name}
 * that its path does not have; else sees to it that a header of that name is stored with events of
 * the route. When all of the route is read. */
bool reference_check_name(struct load *load, const struct route *route,
                          const struct reference *reference);

/* A visitor that does both for each reference, for conditions and templates, and goes on after a
 * problem; `ok` then says whether there was none. */
struct reference_check {
    struct load *load;
    const struct route *route;
    bool ok;
};
struct reference_visitor reference_checker(struct reference_check *check);

#endif
