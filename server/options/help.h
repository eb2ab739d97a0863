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

/* The next set of forms that options are for, other than those in `done` (room for VERB_ROWS_MAX +
 * 1, and `*done_count` begins as 0), and their words, "list, tail". The last is that of all forms,
 * without words; so are all options of a verb whose forms have none. */
enum { HELP_FORMS_MAX = 128 };
unsigned help_next_forms(const struct verb *verb, unsigned done[], size_t *done_count,
                         char text[HELP_FORMS_MAX]);

/* "-c, --config FILE", "ID…" */
void help_row_head(const struct option_row *row, char text[USAGE_PART_MAX]);

/* All of a verb. */
void help_print(const struct verb *verb, FILE *out);

#endif
