/* Which route file and which journal a verb is about, and the file read for it. */
#ifndef TENTERHOOK_SERVER_CLI_ROUTE_FILE_H
#define TENTERHOOK_SERVER_CLI_ROUTE_FILE_H

#include "server/options/option.h"

struct settings;

/* -c FILE; the struct of a verb that has it begins with it, or says its place. */
struct file_options {
    const char *config; /* NULL: not given */
};
extern const struct option_row file_rows[];
enum { FILE_ROWS = 1 };

/* -c FILE or --journal FILE. */
struct place_options {
    const char *config, *journal; /* NULL: not given */
};
extern const struct option_row place_rows[];
enum { PLACE_ROWS = 2 };

/* -c FILE, else $TENTERHOOK_CONFIG if it is not empty, else /etc/tenterhook/tenterhook.yaml. */
const char *cli_config_file(const char *given);

/* The route file, for a verb that needs no secrets; NULL after printing its problems. The caller
 * calls settings_destroy. */
struct settings *cli_load_settings(const char *given);
/* The same for a verb that only wants to know where the journal is: see settings_load_alone. */
struct settings *cli_load_alone(const char *given);

bool cli_has_route(const struct settings *settings, const char *name);
/* Says that it is none, and which was probably meant. An exit code. */
int cli_tell_no_route(const struct settings *settings, const char *name);

/* The path of the journal, which the caller frees; NULL after saying why it is not known. Of the
 * route file only that is read. */
char *cli_find_journal(const struct place_options *options);

#endif
