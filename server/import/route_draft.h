/* A route while it is written: what several of its keys depend on. */
#ifndef TENTERHOOK_SERVER_IMPORT_ROUTE_DRAFT_H
#define TENTERHOOK_SERVER_IMPORT_ROUTE_DRAFT_H

#include "server/import/callers.h"
#include "server/import/flags.h"

enum { KEY_INDENT = 4, SCHEMES = 4 }; /* of a route's keys */

/* What all routes share. */
struct route_writer {
    struct arena *arena;
    struct import_report *report;
    const struct import_flags *flags;
    bool exact;                     /* old statuses, bodies and arguments */
    struct bytes *names;            /* of the routes so far */
    size_t name_count, route_count; /* without those that are left out */
    bool has_scheme[SCHEMES];       /* a route refers to it; their order is in auth_text.c */
};

struct route_draft {
    struct route_writer *writer;
    const struct old_hook *hook;
    struct arena *arena;
    bool exact;
    struct origin_body body;
    bool reads_payload; /* a rule or a command uses a value of the body */
    const char *content;
    struct callers callers;
    const struct when_entry *address; /* of `allow:`, or NULL */
    const struct when_entry *when;    /* what is left of the rule */
    struct when_builder builder;
    const char *failure; /* why the hook is left out */
};

/* Sets the failure; returns false. */
bool draft_fail(struct route_draft *draft, const char *reason);

#endif
