/* The actions of a route. */
#ifndef TENTERHOOK_CONFIG_ACTIONS_H
#define TENTERHOOK_CONFIG_ACTIONS_H

#include "config/load_context.h"

struct action_list {
    struct action_settings *items;
    size_t count;
};

extern const struct row_section action_section;

/* The readers of `actions` and, behind it, of `choose`: both append to one struct action_list. */
bool load_actions(struct load *load, const struct node *node, const struct row *row, void *field);
bool load_choices(struct load *load, const struct node *node, const struct row *row, void *field);

/* The reader of `on_failure`: one action, in a struct action_settings, which stays without a kind
 * where it is `off`. */
bool load_on_failure(struct load *load, const struct node *node, const struct row *row,
                     void *field);
/* Puts it behind the others, without counting it. */
bool load_append_on_failure(struct load *load, struct action_list *list,
                            const struct action_settings *on_failure);

#endif
