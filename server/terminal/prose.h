/* Lines for people on standard output: as wide as a terminal is, and a pipe gets them as they are.
 */
#ifndef TENTERHOOK_SERVER_TERMINAL_PROSE_H
#define TENTERHOOK_SERVER_TERMINAL_PROSE_H

#include <stdio.h>

/* Places of a line that people read; of a pipe no limit. */
unsigned prose_width(void);

struct prose {
    FILE *out;
    char *text;
    size_t length;
};

/* Where the lines are to be written (base/wrap.h says how they are wrapped). */
FILE *prose_begin(struct prose *prose);
/* Prints them. */
void prose_end(struct prose *prose);

#endif
