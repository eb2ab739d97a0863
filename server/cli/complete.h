/* What a shell may offer while a command line is typed. */
#ifndef TENTERHOOK_SERVER_CLI_COMPLETE_H
#define TENTERHOOK_SERVER_CLI_COMPLETE_H

#include "server/options/verb.h"

#include <stdio.h>

/* The words behind the name of the program, the last of them as far as it is typed, maybe "".
 * Prints a line for each word that may stand there, "WORD\tSENTENCE", and the line ":files" where
 * the name of a file may. Names of routes and ids of events are read with the -c and --journal that
 * are among the words; what cannot be read is not offered. */
void complete_print(const struct verb *const *verbs, size_t verb_count,
                    const struct word_list *words, FILE *out);

#endif
