/* What an import could not say, for standard error: lines of `FILE:LINE:COLUMN: sentence`. They
 * quote names of the file, never its values: those may be secrets. */
#ifndef TENTERHOOK_SERVER_IMPORT_REPORT_H
#define TENTERHOOK_SERVER_IMPORT_REPORT_H

#include "base/buffer.h"

struct import_report {
    struct buffer lines;
    const char *file;  /* the one that is being read */
    struct bytes hook; /* id of the hook that is being read; data NULL: none */
    size_t count;      /* also of those that found no room */
};

void report_init(struct import_report *report);
void report_finish(struct import_report *report);

/* Adds a line about a place of the file (from 1; line 0: about no place). Returns false, so that
 * `return report_problem(…)` reads well. */
bool report_problem(struct import_report *report, unsigned line, unsigned column,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Appends at most `most` bytes of `text`, with a question mark for what a terminal might obey and
 * dots where it was cut. */
bool report_append_shown(struct buffer *out, struct bytes text, size_t most);

#endif
