/* The command lines that `init` prints, and with --start runs. */
#ifndef TENTERHOOK_SERVER_CLI_INIT_LINES_H
#define TENTERHOOK_SERVER_CLI_INIT_LINES_H

#include "server/cli/init_files.h"

#include <stdio.h>

/* Makes those of `init`, when its files are known. False with a sentence. */
bool init_make_lines(struct init *init, struct error *err);

/* The line that follows what an event runs. False without memory. */
bool init_line_follow(struct init *init, const char *id, struct init_line *line);

/* As it is typed into a shell, without a line end. */
void init_line_print(const struct init_line *line, FILE *out);

#endif
