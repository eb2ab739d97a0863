/* The rows of everything but routes, for the loader and for whoever describes them. */
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

extern const struct row_section top_section;

#endif
