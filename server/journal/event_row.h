/* An event as rows of the tables `event` and `body`: the columns of statements and their values,
 * from the table of fields (server/event.h). */
#ifndef TENTERHOOK_SERVER_JOURNAL_EVENT_ROW_H
#define TENTERHOOK_SERVER_JOURNAL_EVENT_ROW_H

#include "server/event.h"
#include "server/journal/sqlite.h"

#define EVENT_COLUMN(member, kind, origin, column, ...) column ", "
#define EVENT_PARAMETER(...) "?, "
#define EVENT_SELECTED(member, kind, origin, column, ...) ", e." column
#define EVENT_BODY_SELECTED(member, kind, origin, column, ...) ", b." column

/* Of an INSERT; each goes on behind a comma. */
#define EVENT_ROW_COLUMNS EVENT_ROW_FIELDS(EVENT_COLUMN)
#define EVENT_ROW_PARAMETERS EVENT_ROW_FIELDS(EVENT_PARAMETER)
#define EVENT_BODY_COLUMNS EVENT_BODY_FIELDS(EVENT_COLUMN)
#define EVENT_BODY_PARAMETERS EVENT_BODY_FIELDS(EVENT_PARAMETER)
/* Of a SELECT from `event e` and `body b`; each stands behind another column. */
#define EVENT_SELECT_ROW EVENT_ROW_FIELDS(EVENT_SELECTED)
#define EVENT_SELECT_BODY EVENT_BODY_FIELDS(EVENT_BODY_SELECTED)

/* The values of fields `from` to `to - 1`, in the order of the columns. */
void event_bind(const struct event *event, size_t from, size_t to, struct bind_value *values);
/* The same fields of a row in which the first of them is in column `first`; the others are zero.
 * Spans live until the next row. */
struct event event_of_row(const struct query *query, int first, size_t from, size_t to);

#endif
