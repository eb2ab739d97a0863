/* From a file to a snapshot: settings_load, and what row readers may call while it runs. */
#ifndef TENTERHOOK_CONFIG_LOAD_H
#define TENTERHOOK_CONFIG_LOAD_H

#include "base/error.h"
#include "config/diagnostic.h"
#include "config/settings.h"
#include "config/tree.h"

struct load; /* one run of settings_load */

/* Loads `file` and everything it includes. All problems of the run, errors and warnings in file
 * order, are added to `problems` (the caller's). NULL if there was an error. The caller owns the
 * snapshot. */
struct settings *settings_load(const char *file, const struct registry *registry,
                               struct problem_list *problems);
/* The same for the main file alone: includes are skipped, and every secret and every file that is
 * named is taken to be there. For those who want to know where the journal is, without the server's
 * environment. */
struct settings *settings_load_alone(const char *file, const struct registry *registry,
                                     struct problem_list *problems);
/* The same for all of the files, schemas included, but for secrets, which are taken to be there. */
struct settings *settings_load_secretless(const char *file, const struct registry *registry,
                                          struct problem_list *problems);
/* The same for a text in memory. Nothing else is read: includes are skipped, and every secret and
 * every file that is named is taken to be there. For checks of a text alone, and for fuzzing. */
struct settings *settings_load_text(const char *name, struct bytes text,
                                    const struct registry *registry, struct problem_list *problems);
/* Reads a mapping of one section out of a text in memory (data that is built in), with its
 * allocations in `arena`. `settings` is the section's struct. Secrets cannot stand in it. */
bool section_load_text(const char *name, struct bytes text, const struct row_section *section,
                       const struct registry *registry, struct arena *arena,
                       struct problem_list *problems, void *settings);
/* Wipes the secrets and frees everything. */
void settings_destroy(struct settings *settings);
/* Wipes the secrets only: for processes that have no use for them. */
void settings_forget_secrets(struct settings *settings);

/* A problem that was found later, with what the snapshot says, at a place in its files. */
void settings_problem(struct problem_list *problems, enum problem_kind kind,
                      const struct position *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- for row readers and finish functions ---- */

/* Reports an error at `node` and returns false. */
bool load_problem(struct load *load, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void load_warning(struct load *load, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Says that there is no memory, and returns false. */
bool load_no_memory(struct load *load);
/* `"key" must be EXPECTED, not …`, with what was found; for a row that holds secrets without it. */
bool load_mismatch(struct load *load, const struct node *node, const struct row *row,
                   const char *expected);
/* Keeps what stands at `node` out of all messages. Rows of type ROW_SECRET do this themselves. */
void load_mask(struct load *load, const struct node *node);

struct arena *load_arena(struct load *load); /* the snapshot's */
const struct registry *load_registry(struct load *load);
struct settings *load_settings(struct load *load); /* half made */
struct position load_position(struct load *load, const struct node *node);

/* Reads all keys of the mapping `node` into `settings` by the section's rows: unknown and repeated
 * keys (with "did you mean"), types, bounds, defaults, then, if all that was right, `finish`. False
 * if anything was wrong. */
bool load_section(struct load *load, const struct node *node, const struct row_section *section,
                  void *settings);
/* Reads one value by its row into `settings` + row->offset. */
bool load_row(struct load *load, const struct node *node, const struct row *row, void *settings);
/* Reads one value by a handler's kind: makes its settings, reads its value row, runs its finish. */
bool load_handler(struct load *load, const struct node *node, const struct handler_kind *kind,
                  struct handler *handler);

/* A copy of a scalar in the snapshot; NULL after load_problem if it is none, or null. */
const char *load_text(struct load *load, const struct node *node, const struct row *row);
/* One address or network of a list. */
bool load_prefix(struct load *load, const struct node *node, const struct row *row,
                 struct prefix *prefix);

/* How messages call a file of this absolute path: as the main file's name leads to it. Lives as
 * long as the run. */
const char *load_shown_path(struct load *load, const char *path);
/* An absolute path in the arena for `path` as written in the file of `node`. */
const char *load_path(struct load *load, const struct node *node, const char *path);
/* Reads a whole file that the configuration names, at most `limit` bytes, into the arena. */
bool load_file(struct load *load, const struct node *node, const char *path, size_t limit,
               struct bytes *content);

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

/* For a provider's finish: where the route file has the secret that is `which` of `count`, or all
 * of them where that cannot be said; NULL where it has none. */
const struct node *load_secret_node(const struct load *load, size_t which, size_t count);

/* A secret list that is made by hand (decoded keys): wiped with the rest. It must stay in place. */
bool load_keep_secrets(struct load *load, struct secret_list *list);

#endif
