/* What --help says of a verb, made from its rows. */
#ifndef TENTERHOOK_SERVER_OPTIONS_HELP_H
#define TENTERHOOK_SERVER_OPTIONS_HELP_H

#include "server/options/verb.h"

#include <stdio.h>

enum { HELP_WIDTH = 80, USAGE_PART_MAX = 96 };

/* Calls `put` for each row of the usage of a form, in the order in which they are written behind
 * the verb and the form's word. */
void help_usage_rows(const struct verb *verb, size_t form,
                     void (*put)(void *context, const struct placed_row *row, bool is_needed),
                     void *context);

/* What is said of a row: its sentence, the values that it takes, and its default. */
enum { HELP_SENTENCE_MAX = 512 };
void help_row_sentence(const struct option_row *row, char text[HELP_SENTENCE_MAX]);

/* Calls `put` for each set of forms that options are for, with the words of these forms, "list,
 * tail". The last set is that of all forms, without words; so are all options of a verb whose forms
 * have none, for which `forms` is 0. */
void help_option_sets(const struct verb *verb,
                      void (*put)(const struct verb *verb, unsigned forms, const char *words,
                                  FILE *out),
                      FILE *out);

/* Calls `put` for each operand, or option, that is for exactly these forms; 0: for any. */
void help_rows_of(const struct verb *verb, unsigned forms, bool operands,
                  void (*put)(const struct option_row *row, FILE *out), FILE *out);

/* "-c, --config FILE", "ID…" */
void help_row_head(const struct option_row *row, char text[USAGE_PART_MAX]);

/* All of a verb. */
void help_print(const struct verb *verb, FILE *out);

#endif
