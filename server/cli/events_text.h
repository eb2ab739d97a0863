/* One event for people: what is known of it, its headers and body, its deliveries with each
 * attempt. Nothing that a sender or a command wrote reaches a terminal unescaped. */
#ifndef TENTERHOOK_SERVER_CLI_EVENTS_TEXT_H
#define TENTERHOOK_SERVER_CLI_EVENTS_TEXT_H

#include "server/journal/reader.h"
#include "server/terminal/terminal.h"

struct events_text {
    FILE *out;
    struct screen screen;
    struct journal_reader *reader; /* which earlier attempts are asked of */
    bool raw;                      /* the body as it came, whatever it is */
    bool is_json;                  /* the body, by the event */
    bool is_dead;                  /* a delivery that was shown */
};

/* In the order of these calls; the second one only where the body is stored. */
void events_text_event(struct events_text *text, const struct event_view *event);
void events_text_stored(struct events_text *text, const struct event *stored);
void events_text_delivery(struct events_text *text, const struct delivery_view *delivery);

#endif
