/* The keys of a route file with a digest of what each says, as a server tells them or as they are
 * read here; and what differs between two of these. */
#ifndef TENTERHOOK_SERVER_CLI_KEY_LISTS_H
#define TENTERHOOK_SERVER_CLI_KEY_LISTS_H

#include "config/settings.h"
#include "server/cli/control.h"

/* A key on one side. */
struct known_key {
    char *route, *key; /* owned; route "": a section of the top level, or a file */
    char digest[2 * KEY_PRINT_BYTES + 1];
};

struct key_list {
    struct known_key *items; /* in order, once compared */
    size_t count, capacity;
    bool no_memory;
};

/* Those of the file that the server of that journal (NULL: at the usual place) runs with, added to
 * the list. */
enum control_end key_list_ask(struct key_list *list, const char *journal, struct error *err);
/* The same for the server of a route file (NULL: not known). Where no server has the journal, as
 * after its path was changed in the file, the one at the usual place is asked if it was started
 * with that file; `*journal` is NULL then. */
enum control_end key_list_ask_server_of(struct key_list *list, const char *file,
                                        const char **journal, struct error *err);
/* Those of a file that was read here. */
void key_list_add(struct key_list *list, const struct settings *settings);
void key_list_finish(struct key_list *list);

/* Prints a line for each route that differs, and one for the sections of the top level. How many
 * there are; -1 without memory. */
int key_lists_print(struct key_list *before, struct key_list *after);

#endif
