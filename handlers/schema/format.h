/* The formats of the specification, each a function over the text of a string. */
#ifndef TENTERHOOK_SCHEMA_FORMAT_H
#define TENTERHOOK_SCHEMA_FORMAT_H

#include "base/bytes.h"

struct format_row {
    const char *name;
    bool (*check)(struct bytes text); /* UTF-8; may hold NUL */
    const char *noun;                 /* "a date, such as 2026-11-24" */
    enum {
        PRICE_TEXT,  /* a look at each byte */
        PRICE_NAME,  /* Unicode's tables for labels that need them */
        PRICE_REGEX, /* parsed */
    } price;
};

/* What checking the text costs, in steps of an evaluation. */
size_t format_cost(const struct format_row *row, struct bytes text);

/* NULL for names that mean nothing here. */
const struct format_row *format_find(struct bytes name);

#endif
