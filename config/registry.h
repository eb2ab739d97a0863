/* What a route may be made of, handed to config/ by main: config/ itself knows no handler. */
#ifndef TENTERHOOK_CONFIG_REGISTRY_H
#define TENTERHOOK_CONFIG_REGISTRY_H

#include "config/row.h"

struct route;

/* One kind of handler: `token` under `auth:`, `command` among the actions. A handler's file defines
 * a struct that begins with this one and goes on with its functions, so that whoever holds the kind
 * can reach them. */
struct handler_kind {
    const char *name;     /* the key that chooses it */
    const char *sentence; /* what it does, for the reference */
    /* The row of the key itself. For auth kinds usually a ROW_SECTION at offset 0; for actions the
     * argv or the path. Its `offset` is into the handler's settings struct. */
    const struct row *value; /* value->name is `name` again */
    /* Actions: further keys that may stand beside it in the same mapping (stdin, timeout …),
     * written into the same settings struct. NULL for auth kinds. */
    const struct row_section *beside;
    size_t settings_size;
    /* After all is read, as in row_section. May be NULL. */
    bool (*finish)(struct load *load, const struct node *node, void *settings);
    /* Providers: when all of the route is read, warnings about what is left open. May be NULL. */
    void (*warn)(struct load *load, const struct node *node, const struct route *route,
                 const void *settings);
    /* Providers: for how long a message that was received is taken when it comes again, in
     * milliseconds; 0: its age is not judged. May be NULL. */
    int64_t (*replayable_ms)(const void *settings);
};

/* A kind and its settings, as loaded. */
struct handler {
    const struct handler_kind *kind;
    void *settings;
};

/* Keys that a handler brings to routes, with the settings that they make: config/ knows neither. */
struct route_part {
    const struct row_section *keys; /* `size` is that of the settings, which begin zeroed */
    /* The own key of a route that these follow in the reference; NULL: they are the last. */
    const char *after;
    /* When all of a route is read, without a mistake: rules between this part and the rest of the
     * route. `defaults` may be NULL. Reports with load_problem. May be NULL. */
    bool (*finish_route)(struct load *load, const struct node *node, const struct node *defaults,
                         const struct route *route, void *settings);
    /* The key that goes by the address of the client, which an unknown proxy would hide; NULL: none
     * of those that are set. May be NULL itself. */
    const char *(*key_by_client)(const void *settings);
};

struct registry {
    const struct handler_kind *const *authenticators; /* NULL-terminated; keys under `auth:` */
    const struct handler_kind *const *actions;        /* NULL-terminated */
    /* `provider:` (a name, or a mapping with `name`), read together with the route's `secret`.
     * The kind's value row is ROW_CUSTOM; its settings begin with a struct secret_list, which the
     * loader fills from the route's `secret:` before `finish` is called. */
    const struct handler_kind *provider;
    /* Further keys that handlers bring, as sections whose rows are read out of the same mapping as
     * config's own rows (the section's name and sentence head them in the reference). Each section
     * has a settings block of its own, of `size` zeroed bytes, filled before its `finish` runs:
     * see settings_top_part, action_part, route.parts. NULL-terminated; NULL: none.
     * A top-level row that is flagged ROW_IN_INCLUDES is read once for every file that has it. */
    const struct row_section *const *top_parts;  /* beside `server`, `routes` … */
    const struct route_part *const *route_parts; /* beside `name`, `path` …; also in `defaults` */
    const struct row_section *const *action_parts; /* beside `name` and the kind of an action */
    /* What references to values of an event begin with, NULL-terminated; NULL: none. */
    const char *const *reference_roots;
    /* When all of a route is read, without a mistake: rules between what handlers bring. Reports
     * with load_problem. `defaults` may be NULL, and so may this. */
    bool (*check_route)(struct load *load, const struct node *node, const struct node *defaults,
                        const struct route *route);
};

#endif
