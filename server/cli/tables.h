/* The events of the log and the errors of answers, for the reference page and for `explain`. */
#ifndef TENTERHOOK_SERVER_CLI_TABLES_H
#define TENTERHOOK_SERVER_CLI_TABLES_H

#include <stdbool.h>
#include <stdio.h>

/* Markdown, after the keys of the route file. */
void tables_print(FILE *out);

/* Prints the log event or the error of that name, or both, in lines of `width` places. False, and
 * nothing printed, if there is none. */
bool tables_explain(const char *name, unsigned width, FILE *out);

#endif
