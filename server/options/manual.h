/* Manual pages of the program and of its verbs, in mdoc, made from the rows. */
#ifndef TENTERHOOK_SERVER_OPTIONS_MANUAL_H
#define TENTERHOOK_SERVER_OPTIONS_MANUAL_H

#include "server/options/verb.h"

#include <stdio.h>

/* tenterhook(1); `verbs` are `count`, and `date` is "2026-11-30". */
void manual_print_program(const struct verb *const *verbs, size_t count, const char *date,
                          FILE *out);
/* tenterhook-VERB(1) */
void manual_print_verb(const struct verb *verb, const char *date, FILE *out);

#endif
