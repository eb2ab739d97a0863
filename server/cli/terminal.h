/* Prints text of strangers for people: nothing in it moves a cursor or reverses a line. */
#ifndef TENTERHOOK_SERVER_CLI_TERMINAL_H
#define TENTERHOOK_SERVER_CLI_TERMINAL_H

#include "base/bytes.h"

#include <stdio.h>

/* Text; bytes that a terminal might obey are shown as \xHH. */
void print_safe(FILE *out, struct bytes text);

/* The same, filled with blanks up to `width` bytes, and two more. */
void print_column(FILE *out, struct bytes text, size_t width);

/* The bytes as they are where they go into a file or a pipe. To a terminal: text with its line ends
 * and tabs, the rest of it as by print_safe, and with a line end behind it. */
void print_bytes(FILE *out, struct bytes text, bool to_terminal);

/* As print_bytes to a terminal, without a line end behind it: for one piece of several. */
void print_piece(FILE *out, struct bytes text);

/* Whether standard output is a terminal. */
bool print_is_for_terminal(void);

/* "tenterhook: …" on standard error: why something failed, with what it may contain of files and
 * of what strangers wrote. */
void print_failure(const char *reason);

/* Valid JSON; it stays the same JSON, with such characters written as \u. */
void print_json(FILE *out, struct bytes json);

#endif
