/* Reads the command line of a verb by its rows. */
#ifndef TENTERHOOK_SERVER_OPTIONS_PARSE_H
#define TENTERHOOK_SERVER_OPTIONS_PARSE_H

#include "server/options/verb.h"

struct parsed {
    void *options; /* the struct of the verb; its lists lie behind it */
    const struct verb_form *form;
};

/* argv[0] is the verb; the texts of the struct are borrowed from argv. False with a sentence that
 * has no value of an option in it, or with none if all is said already. cli_parsed_finish in either
 * case. */
bool cli_parse(const struct verb *verb, int argc, char **argv, struct parsed *parsed,
               struct error *err);
void cli_parsed_finish(struct parsed *parsed);

#endif
