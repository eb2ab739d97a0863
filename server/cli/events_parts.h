/* The parts of `tenterhook events`, one file each: list, show, tail, export. */
#ifndef TENTERHOOK_SERVER_CLI_EVENTS_PARTS_H
#define TENTERHOOK_SERVER_CLI_EVENTS_PARTS_H

#include "server/cli/route_file.h"
#include "server/cli/search.h"

struct events_options {
    struct place_options at;
    const char *id, *follow;
    char *path; /* of the journal; owned */
    struct search search;
    bool json, body, raw, exact;
};

/* Each returns an exit code. */
int events_list(struct journal_reader *reader, struct events_options *options);
int events_show(struct journal_reader *reader, struct events_options *options);
/* Goes on until SIGINT or SIGTERM, or until its output is closed. */
int events_tail(struct journal_reader *reader, struct events_options *options);
int events_export(struct journal_reader *reader, struct events_options *options);

#endif
