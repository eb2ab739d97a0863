/* A verb of the command line: what it does, and the rows of its options and operands. */
#ifndef TENTERHOOK_SERVER_OPTIONS_VERB_H
#define TENTERHOOK_SERVER_OPTIONS_VERB_H

#include "server/options/option.h"

/* Exit codes. */
enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

enum { VERB_FORMS_MAX = 6, VERB_GROUPS_MAX = 5, VERB_ROWS_MAX = 48 };

/* A way to use a verb: chosen by its word, which stands before the operands ("events show"); of
 * forms without words the first that has all that was given and needs nothing else. */
struct verb_form {
    const char *word;     /* the first form is meant where none is given */
    const char *sentence; /* what it does; NULL: what the verb does */
    /* `options` has the struct of the verb. An exit code; with EXIT_USAGE it has said why. */
    int (*run)(void *options);
};

struct verb {
    const char *name;
    const char *sentence; /* what it does, in one line */
    const char *more;     /* paragraphs with a blank line between them; NULL: nothing */
    const char *hint;     /* for who has mistaken it for another verb; NULL: none */
    struct option_group groups[VERB_GROUPS_MAX + 1];
    struct verb_form forms[VERB_FORMS_MAX + 1];
    size_t size; /* of the struct of its options, which begins zero */
};

/* A row as its verb has it: the group's place and forms are in it. */
struct placed_row {
    const struct option_row *row;
    size_t offset;
    unsigned forms, needed;
};

/* How many there are; options and operands in their order. */
size_t verb_rows(const struct verb *verb, struct placed_row rows[VERB_ROWS_MAX]);
size_t verb_form_count(const struct verb *verb);
/* Whether one of the forms has operands. */
bool verb_has_operands(const struct verb *verb, unsigned forms);

#endif
