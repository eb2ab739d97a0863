/* A list of events for people: as wide as the terminal, or, into a pipe, with whole ids and times
 * in columns that do not depend on what comes. */
#ifndef TENTERHOOK_SERVER_CLI_EVENTS_TABLE_H
#define TENTERHOOK_SERVER_CLI_EVENTS_TABLE_H

#include "base/arena.h"
#include "server/journal/reader.h"
#include "server/terminal/columns.h"

enum { EVENTS_TABLE_COLUMNS = 6, EVENTS_TABLE_ROWS = 64 };

struct events_table {
    FILE *out;
    struct screen screen;
    struct journal_reader *reader; /* which is asked whether the beginning of an id will do */
    bool has_head;
    unsigned wanted[EVENTS_TABLE_COLUMNS]; /* the widest cell so far */
    /* rows that wait for the widths of those with them; for a terminal only */
    struct arena arena;
    struct cell cells[EVENTS_TABLE_ROWS][EVENTS_TABLE_COLUMNS];
    size_t count;
};

void events_table_begin(struct events_table *table, FILE *out, struct journal_reader *reader);
/* Not while a callback of the reader runs. */
void events_table_add(struct events_table *table, const struct event_view *event);
/* Prints what waits. */
void events_table_flush(struct events_table *table);

/* The states that are worth a look: "done" only where there is no other. NUL at the end. */
enum { EVENT_STATES_SIZE = 64 };
void events_table_states(struct bytes states, char text[EVENT_STATES_SIZE]);

#endif
