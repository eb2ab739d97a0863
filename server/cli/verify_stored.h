/* `tenterhook verify` of events that the journal has. */
#ifndef TENTERHOOK_SERVER_CLI_VERIFY_STORED_H
#define TENTERHOOK_SERVER_CLI_VERIFY_STORED_H

#include <stdbool.h>
#include <stdint.h>

struct settings;

struct verify_selection {
    const char *id;    /* the beginning of one's; NULL: those of `route` and `since_ms` */
    const char *route; /* NULL: of all */
    int64_t since_ms;  /* how long ago at most; 0: ever */
    bool json;
};

/* Prints what would be different of each; the exit code is 0 if nothing would. */
int verify_stored(const struct verify_selection *selection, const struct settings *settings);

#endif
