/* Output that is gathered while a query runs and written when it is over: its reader may stop for
 * hours (a pager), and an open query keeps the journal's log from being restarted. */
#ifndef TENTERHOOK_SERVER_TERMINAL_OUTPUT_H
#define TENTERHOOK_SERVER_TERMINAL_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct page {
    FILE *out; /* in memory */
    char *text;
    size_t length;
};

/* False after saying that there is no memory. */
bool page_begin(struct page *page);
/* Writes it to standard output; false if that fails (the reader has gone). */
bool page_end(struct page *page);
/* Forgets it. */
void page_drop(struct page *page);

#endif
