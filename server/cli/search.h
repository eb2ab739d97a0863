/* Which events a verb is about: the options by which it chooses, and a walk over what they choose
 * that holds no read transaction open while an event is dealt with. */
#ifndef TENTERHOOK_SERVER_CLI_SEARCH_H
#define TENTERHOOK_SERVER_CLI_SEARCH_H

#include "server/cli/event_copy.h"
#include "server/cli/where.h"
#include "server/options/option.h"
#include "server/terminal/terminal.h"

struct search {
    struct event_filter filter; /* without after, before and limit */
    const char *before, *after; /* ids; NULL: none */
    const char *condition;      /* of --where; NULL: none */
    struct where *where;        /* the same, from search_begin on */
    int64_t limit;              /* 0: none */
    struct progress progress;   /* of a walk, with the sentence that follows */
};

/* The rows of a struct search, in three groups, because not every form of a verb takes all. */
extern const struct option_row search_rows[], search_place_rows[], search_outcome_rows[];
enum { SEARCH_ROWS = 7, SEARCH_PLACE_ROWS = 2, SEARCH_OUTCOME_ROWS = 2 };

/* Before a walk: false after saying what is wrong with the condition. search_finish in any case. */
bool search_begin(struct search *search);
/* Whether anything but a limit was chosen. */
bool search_is_narrow(const struct search *search);
void search_finish(struct search *search);

/* Whether a name is that of a route of the journal, or of `settings` (NULL: not asked). False after
 * saying that it is none, and which was probably meant. */
struct settings;
bool search_check_route(struct journal_reader *reader, const char *route,
                        const struct settings *settings);

/* Calls `each` with the events in order, until it returns false. False where the reader is not
 * well or there is no memory, with the reason. */
bool search_walk(struct search *search, struct journal_reader *reader,
                 bool (*each)(void *context, const struct event_copy *event), void *context,
                 struct error *err);

/* Says on standard error how many events a condition could not be judged of, if there are any. */
void search_tell_unjudged(const struct search *search);

#endif
