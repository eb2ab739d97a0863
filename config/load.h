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
/* Wipes the secrets and frees everything. */
void settings_destroy(struct settings *settings);
/* Wipes the secrets only: for processes that have no use for them. */
void settings_forget_secrets(struct settings *settings);

/* ---- for row readers and finish functions ---- */

/* Reports an error at `node` and returns false. */
bool load_problem(struct load *load, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void load_warning(struct load *load, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct arena *load_arena(struct load *load);
const struct registry *load_registry(struct load *load);

/* Reads all keys of the mapping `node` into `settings` by the section's rows: unknown and repeated
 * keys (with "did you mean"), types, bounds, defaults, then `finish`. False if anything was wrong. */
bool load_section(struct load *load, const struct node *node, const struct row_section *section,
                  void *settings);
/* Reads one value by its row into `settings` + row->offset. */
bool load_row(struct load *load, const struct node *node, const struct row *row, void *settings);

/* An absolute path in the arena for `path` as written in the file of `node`. */
const char *load_path(struct load *load, const struct node *node, const char *path);
/* Reads a whole file that the configuration names, at most `limit` bytes, into the arena. */
bool load_file(struct load *load, const struct node *node, const char *path, size_t limit,
               struct bytes *content);

#endif
