/* The rows of config's own keys, for the loader and for whoever describes them. */
#ifndef TENTERHOOK_CONFIG_ROWS_H
#define TENTERHOOK_CONFIG_ROWS_H

#include "config/settings.h"

/* Filled from the top level of the main file; nodes are looked at when all of it is known. */
struct top_draft {
    int64_t version;
    struct server_settings server;
    struct journal_settings journal;
    struct log_settings log;
    struct text_list include;
    const struct node *include_node, *defaults, *routes;
};

struct action_list {
    struct action_settings *items;
    size_t count;
};

/* A route while it is read: what becomes authenticators is put together at the end. */
struct route_draft {
    struct route route;
    struct handler provider;
    struct secret_list secret;
    struct handler auth[ROUTE_AUTHENTICATORS_MAX];
    size_t auth_count;
    struct action_list actions;
};

extern const struct row_section top_section, route_section, action_section;

#endif
