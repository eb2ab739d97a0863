/* What strangers wrote, for the eyes of people: nothing in it moves a cursor or turns a line. */
#ifndef TENTERHOOK_SERVER_PRINT_H
#define TENTERHOOK_SERVER_PRINT_H

#include "base/bytes.h"

#include <stdio.h>

/* Text; bytes that a terminal might obey are shown as \xHH. */
void print_safe(FILE *out, struct bytes text);

/* Valid JSON; it stays the same JSON, with such characters written as \u. */
void print_json(FILE *out, struct bytes json);

#endif
