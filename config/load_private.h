/* What a run of the loader is made of. For the files of the loader alone. */
#ifndef TENTERHOOK_CONFIG_LOAD_PRIVATE_H
#define TENTERHOOK_CONFIG_LOAD_PRIVATE_H

#include "base/arena.h"

#include <stdbool.h>

struct node;
struct owned;
struct problem_list;
struct registry;
struct settings;

enum { KEY_PLACES_SIZE = 160 };

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
    /* key_places, which needs all sections; NULL: nobody asks */
    bool (*find_places)(const struct registry *registry, const char *key, char text[]);
    bool offline;    /* reads nothing from outside of the text */
    bool secretless; /* takes secrets to be there */
};

#endif
