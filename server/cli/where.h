/* A condition on stored events, in the words of `when:` in a route file:
 * --where '{value: payload.ref, equals: refs/heads/main}'. */
#ifndef TENTERHOOK_SERVER_CLI_WHERE_H
#define TENTERHOOK_SERVER_CLI_WHERE_H

#include "server/cli/event_copy.h"

struct where;

/* NULL after saying what is wrong with it, with its place. */
struct where *where_load(const char *text);
void where_destroy(struct where *where);

enum where_outcome { WHERE_HOLDS, WHERE_FAILS, WHERE_UNREAD };

/* Whether it holds for the event, whose body is read for that; a body that is no longer stored has
 * no values. What cannot be judged within the limits of conditions fails, and is counted. UNREAD:
 * no memory, or the reader is not well. */
enum where_outcome where_holds(struct where *where, struct journal_reader *reader,
                               const struct event_copy *row);
/* Events that could not be judged. */
size_t where_unjudged(const struct where *where);

#endif
