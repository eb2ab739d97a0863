/* The routes that are paused, a line each, for `check` and lists. */
#ifndef TENTERHOOK_SERVER_CLI_PAUSED_H
#define TENTERHOOK_SERVER_CLI_PAUSED_H

#include "server/journal/reader.h"

#include <stdio.h>

/* "route deploy is paused since 2026-…: because of it". False when the journal cannot be read. */
bool paused_print(struct journal_reader *reader, FILE *out);
/* The same of the journal at `path`, if it is there and can be read. */
void paused_print_of(const char *path, FILE *out);

#endif
