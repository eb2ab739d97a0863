/* Prints text of strangers for people: nothing in it moves a cursor or reverses a line. And what a
 * terminal gets that a pipe does not: styles, the width of lines, a line of progress. */
#ifndef TENTERHOOK_SERVER_TERMINAL_TERMINAL_H
#define TENTERHOOK_SERVER_TERMINAL_TERMINAL_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>
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

/* What standard output is. */
struct screen {
    bool is_terminal;
    bool has_styles; /* a terminal, unless NO_COLOR is set or TERM is dumb or not set */
    unsigned width;  /* places of a line; of a pipe: no limit */
    int64_t now_ms;  /* Unix time, which times are shown as relative to */
};
struct screen screen_look(void);

enum style { STYLE_NONE, STYLE_HEAD, STYLE_GOOD, STYLE_BAD, STYLE_WAITS, STYLE_RUNS, STYLE_FAINT };
void style_begin(FILE *out, const struct screen *screen, enum style style);
void style_end(FILE *out, const struct screen *screen, enum style style);
/* The style of a state of a delivery, or of several ("pending,dead"). */
enum style style_of_state(struct bytes states);

/* A line on standard error that says how far long work has come: only if that is a terminal (and no
 * dumb one), only after half a second, and not more often than five times a second. */
struct progress {
    int64_t next_ns; /* 0: not begun */
    bool is_off, is_shown;
};
void progress_show(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes the line away: before anything else is printed, and at the end. */
void progress_clear(struct progress *progress);

/* Asks on standard error, and reads a line from standard input: whether it begins with y. */
bool terminal_asks(const char *question);
/* Whether there is a person to be asked: standard input and standard error are terminals. */
bool terminal_can_ask(void);

/* From now on ^Z does not stop this process: for those who take the journal's lock again and again,
 * because the server waits for whoever has it. */
void terminal_stops_nothing(void);

/* "tenterhook: …" on standard error: why something failed, with what it may contain of files and
 * of what strangers wrote. systemd's journal gets it as an error. */
void print_failure(const char *reason);

/* Valid JSON; it stays the same JSON, with such characters written as \u. */
void print_json(FILE *out, struct bytes json);

#endif
