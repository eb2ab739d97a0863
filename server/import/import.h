/* Turns configurations of the `webhook` program (github.com/adnanh/webhook) into a route file. */
#ifndef TENTERHOOK_SERVER_IMPORT_IMPORT_H
#define TENTERHOOK_SERVER_IMPORT_IMPORT_H

#include "server/import/flags.h"

enum { IMPORT_OUTPUT_MAX = 64 << 20 };

struct import {
    struct import_flags flags;
    bool exact;      /* old statuses, bodies, arguments and variables */
    bool unreadable; /* a file is no list of hooks as a whole: there is no route file to write */
    struct import_report report;
    struct buffer out; /* the route file, when import_end has returned */
    struct import_parts *parts;
};

/* False without memory; import_finish is right in any case. */
bool import_begin(struct import *import);
void import_finish(struct import *import);

/* Adds the hooks of one file; `name` is for messages. Problems go to the report; a file of which
 * nothing can be read sets `unreadable`. */
void import_add(struct import *import, const char *name, struct bytes text);

/* Puts the route file together. False without memory. */
bool import_end(struct import *import);

#endif
