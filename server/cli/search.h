/* Which events a verb is about: the options by which it chooses, and a walk over what they choose
 * that holds no read transaction open while an event is dealt with. */
#ifndef TENTERHOOK_SERVER_CLI_SEARCH_H
#define TENTERHOOK_SERVER_CLI_SEARCH_H

#include "server/cli/event_copy.h"
#include "server/cli/terminal.h"
#include "server/cli/where.h"

#include <getopt.h>

struct search {
    struct event_filter filter; /* without after, before and limit */
    const char *before, *after; /* ids; NULL: none */
    struct where *where;        /* NULL: none */
    int64_t limit;              /* 0: none */
    struct progress progress;   /* of a walk, with the sentence that follows */
};

/* What getopt_long takes; the values of the options are beyond those of characters. */
enum {
    OPTION_ROUTE = 256,
    OPTION_TYPE,
    OPTION_STATE,
    OPTION_ACTION,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_WHERE,
    OPTION_TEXT,
    OPTION_BEFORE,
    OPTION_AFTER,
    OPTION_LIMIT,
    OPTION_OTHER
};
#define SEARCH_OPTIONS                                                                             \
    {"route", required_argument, NULL, OPTION_ROUTE},                                              \
        {"type", required_argument, NULL, OPTION_TYPE},                                            \
        {"state", required_argument, NULL, OPTION_STATE},                                          \
        {"action", required_argument, NULL, OPTION_ACTION},                                        \
        {"since", required_argument, NULL, OPTION_SINCE},                                          \
        {"until", required_argument, NULL, OPTION_UNTIL},                                          \
        {"where", required_argument, NULL, OPTION_WHERE},                                          \
        {"text", required_argument, NULL, OPTION_TEXT},                                            \
        {"before", required_argument, NULL, OPTION_BEFORE},                                        \
        {"after", required_argument, NULL, OPTION_AFTER},                                          \
    {                                                                                              \
        "limit", required_argument, NULL, OPTION_LIMIT                                             \
    }

/* One of these; the value has to last. False after saying what is wrong with it. */
bool search_take_option(struct search *search, int option, const char *value);
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
