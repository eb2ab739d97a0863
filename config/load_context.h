/* A run of the loader, as readers of rows and finish functions see it: where problems go, memory,
 * paths, files, and what lives as long as the snapshot. */
#ifndef TENTERHOOK_CONFIG_LOAD_CONTEXT_H
#define TENTERHOOK_CONFIG_LOAD_CONTEXT_H

#include "config/diagnostic.h"
#include "config/settings.h"
#include "config/tree.h"

struct load; /* one run of the loader */

/* Reports an error at `node` and returns false. */
bool load_problem(struct load *load, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void load_warning(struct load *load, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Says that there is no memory, and returns false. */
bool load_no_memory(struct load *load);
/* Keeps what stands at `node` out of all messages. Rows of type ROW_SECRET do this themselves. */
void load_mask(struct load *load, const struct node *node);

struct arena *load_arena(struct load *load); /* the snapshot's */
const struct registry *load_registry(struct load *load);
struct settings *load_settings(struct load *load); /* half made */
struct position load_position(struct load *load, const struct node *node);

/* How messages call a file of this absolute path: as the main file's name leads to it. Lives as
 * long as the run. */
const char *load_shown_path(struct load *load, const char *path);
/* An absolute path in the arena for `path` as written in the file of `node`. */
const char *load_path(struct load *load, const struct node *node, const char *path);
/* Reads a whole file that the configuration names, at most `limit` bytes, into the arena. */
bool load_file(struct load *load, const struct node *node, const char *path, size_t limit,
               struct bytes *content);

/* A file that was read for this run has these contents: who compares snapshots sees where they
 * differ. */
void load_note_contents(struct load *load, const char *path, struct bytes contents);

/* `destroy` is called with `object` when the snapshot is destroyed, or already when this run of the
 * loader ends. Without memory it is called at once, and false is returned after a problem. */
bool load_own(struct load *load, void (*destroy)(void *object), void *object);
bool load_own_for_run(struct load *load, void (*destroy)(void *object), void *object);

/* Where problems of this run go, for readers that know places of their own. */
struct problem_list *load_problems(struct load *load);
/* Whether files that are named are taken to be there, and not read. */
bool load_is_offline(const struct load *load);
/* Whether secrets are taken to be there: what stands in their place is none. */
bool load_is_secretless(const struct load *load);

/* Where something stands that has been read already. */
struct node load_place(const struct load *load, const struct position *at);

#endif
