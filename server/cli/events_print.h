/* How events and deliveries are shown by the command line: a table for people, or JSON. Nothing
 * that a sender or a command wrote reaches a terminal unescaped. */
#ifndef TENTERHOOK_SERVER_CLI_EVENTS_PRINT_H
#define TENTERHOOK_SERVER_CLI_EVENTS_PRINT_H

#include "server/journal/reader.h"

#include <stdio.h>

/* The first line of the table, which names the columns. */
void events_print_head(FILE *out);
/* One line: of the table, or a JSON object. */
void events_print_row(FILE *out, const struct event_view *event, bool json);
/* Says on standard error why the journal cannot be read; the exit code. */
int events_print_failure(const struct journal_reader *reader);

/* All of one event, in the order of these calls. */
struct events_detail {
    FILE *out;
    bool json;
    size_t deliveries;
};
void events_print_event(struct events_detail *detail, const struct event_view *event);
/* The headers and what else is stored with the body; objects that are not empty. */
void events_print_stored(struct events_detail *detail, const struct event *stored);
void events_print_delivery(struct events_detail *detail, const struct delivery_view *delivery);
void events_print_end(struct events_detail *detail);

#endif
