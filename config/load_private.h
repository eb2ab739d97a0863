/* What the parts of the loader share. Not for other layers. */
#ifndef TENTERHOOK_CONFIG_LOAD_PRIVATE_H
#define TENTERHOOK_CONFIG_LOAD_PRIVATE_H

#include "config/load.h"

struct load {
    struct settings *settings;
    struct arena *arena;  /* the snapshot's, or the caller's of section_load_text */
    struct arena scratch; /* trees: wiped and freed at the end */
    const struct node **roots;
    size_t root_count;
    const struct registry *registry;
    struct problem_list *problems;
    struct owned *borrowed;    /* goes when the run ends */
    const struct node *secret; /* of the route whose provider is being finished; may be NULL */
    bool offline;              /* reads nothing from outside of the text */
    bool secretless;           /* takes secrets to be there */
};

/* One section whose rows are read out of a mapping, and where to. */
struct load_part {
    const struct row_section *section;
    void *settings;
};

enum { LOAD_PARTS_MAX = 16, LOAD_FILES_MAX = 1000 };

/* A mapping that is read by several sections at once. */
struct load_mapping {
    const char *name; /* in messages: "a route" */
    struct load_part parts[LOAD_PARTS_MAX];
    size_t part_count;
    const struct node *fallback; /* `defaults`: where keys are looked for that are not there */
    bool partial;                /* nothing is required or defaulted, and no finish is run */
    unsigned needed_flag;        /* rows without this flag may not stand here */
    unsigned refused_flag;       /* rows with this flag may not stand here */
    const char *elsewhere;       /* … because: "stands only in the main file" */
    /* Has a better message for an unknown key: true if it gave one. May be NULL. */
    bool (*unknown)(struct load *load, const struct load_mapping *mapping,
                    const struct node *value);
    const void *context;
};

void load_mapping_add(struct load_mapping *mapping, const struct row_section *section,
                      void *settings);
/* Adds a section with a fresh block of settings; NULL without memory (after a problem). */
void *load_mapping_add_block(struct load *load, struct load_mapping *mapping,
                             const struct row_section *section);
/* The same for all sections of a registry list; returns the blocks. */
void **load_mapping_add_parts(struct load *load, struct load_mapping *mapping,
                              const struct row_section *const *sections);
bool load_mapping_read(struct load *load, const struct node *node,
                       const struct load_mapping *mapping);

/* `what`, with what was found instead; used where there is no row. */
bool load_expected(struct load *load, const struct node *node, const char *subject,
                   const char *expected);
/* Reports an unknown key with the nearest of `names`. Beside secrets a key without a value may be
 * one that stands in braces: it is not repeated. */
bool load_unknown(struct load *load, const struct node *value, const char *where,
                  const char *const *names, bool beside_secrets);
/* A row's reader: the name of a route or an action (names.h). */
bool load_name(struct load *load, const struct node *node, const struct row *row, void *field);

/* ---- proxies.c: what stands between senders and us ---- */

/* Rows' readers: `trusted_proxies` and `health` of the server. */
bool load_trusted_proxies(struct load *load, const struct node *node, const struct row *row,
                          void *field);
bool load_health(struct load *load, const struct node *node, const struct row *row, void *field);
/* When all of `server` is read. False after a problem. */
bool load_check_proxies(struct load *load, const struct node *node, struct server_settings *server);
/* When the routes are read too. */
void load_check_clients(struct load *load);
void load_check_health(struct load *load);
/* Where something stands that has been read already. */
struct node load_place(const struct load *load, const struct position *at);

/* Whether the row's value is a secret, or a section that has such a row. */
bool row_holds_secret(const struct row *row);

/* The tree of a text, added to the roots; NULL after a problem. */
const struct node *load_parse_text(struct load *load, const char *name, const char *directory,
                                   struct bytes text);
const struct node *load_parse_main(struct load *load, const char *file);
/* Parses the files that `include:` names. */
void load_includes(struct load *load, const struct node *include);

/* Why `value` (not empty) may not be the secret that was meant, as a sentence without its subject;
 * NULL: it may. Paths start in `directory`; NULL: no file is looked for. */
const char *load_secret_doubt(struct bytes value, const char *directory);
/* GITHUB_SECRET or SECRET2_OF_CI: names of variables, which are no secrets; others may be. */
bool load_is_usual_variable(const char *name);

bool load_secret(struct load *load, const struct node *node, const struct row *row, void *field);

/* A route with its actions; defaults may be NULL. True if it has a name or a path, so that it can
 * be compared with others even if something else in it is wrong (then the run fails anyway). */
bool load_route(struct load *load, const struct node *node, const struct node *defaults,
                struct route *route);
void load_check_defaults(struct load *load, const struct node *defaults);
bool load_actions(struct load *load, const struct node *node, const struct row *row, void *field);

/* Rules between routes and the rest, when everything is read. */
void load_check_rules(struct load *load);

#endif
