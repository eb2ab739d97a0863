/* A table for people: columns that fit the width of a terminal, with cells that are cut where they
 * do not. Nothing in a cell is obeyed by the terminal. */
#ifndef TENTERHOOK_SERVER_TERMINAL_COLUMNS_H
#define TENTERHOOK_SERVER_TERMINAL_COLUMNS_H

#include "server/terminal/terminal.h"

enum { COLUMNS_MAX = 8, COLUMN_GAP = 2 };

/* The last column has no end: it gets what is left, and is not filled with blanks. */
struct column {
    const char *head;
    unsigned least; /* places below which it is left out rather than made narrower */
    unsigned rank;  /* the highest is left out first; 0: never */
    unsigned width; /* places now; 0: left out */
};

/* How many places the text takes on a terminal, as print_safe shows it. */
unsigned text_width(struct bytes text);

/* Gives each column the width that its cells need at most (`wanted`), or what there is: the widest
 * are made narrower first, and then columns are left out. `places`: of the terminal. */
void columns_fit(struct column *columns, size_t count, const unsigned *wanted, unsigned places);

/* One line. A style of a cell may be STYLE_NONE. */
struct cell {
    struct bytes text;
    enum style style;
};
void columns_print(FILE *out, const struct screen *screen, const struct column *columns,
                   const struct cell *cells, size_t count);

#endif
