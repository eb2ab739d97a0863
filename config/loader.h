/* From a file to a snapshot. */
#ifndef TENTERHOOK_CONFIG_LOADER_H
#define TENTERHOOK_CONFIG_LOADER_H

#include "config/diagnostic.h"
#include "config/settings.h"

struct load;
struct node;

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
/* The path of the journal that the main file names, whatever else may be wrong with it: for those
 * who want to ask the server that runs. NULL where that cannot be told; else the caller frees it.
 */
char *settings_find_journal(const char *file, const struct registry *registry,
                            struct problem_list *problems);
/* The same for all of the files, schemas included, but for secrets, which are taken to be there. */
struct settings *settings_load_secretless(const char *file, const struct registry *registry,
                                          struct problem_list *problems);
/* The same for a text in memory. Nothing else is read: includes are skipped, and every secret and
 * every file that is named is taken to be there. For checks of a text alone, and for fuzzing. */
struct settings *settings_load_text(const char *name, struct bytes text,
                                    const struct registry *registry, struct problem_list *problems);
/* Reads a value that stands alone in a text, such as an argument: `read` gets its node. Nothing
 * else is read, as above. A snapshot that owns what was read and has no routes; NULL if there was
 * an error. */
struct settings *settings_load_value(const char *name, struct bytes text,
                                     const struct registry *registry, struct problem_list *problems,
                                     bool (*read)(struct load *load, const struct node *node,
                                                  void *context),
                                     void *context);
/* Reads a mapping of one section out of a text in memory (data that is built in), with its
 * allocations in `arena`. `settings` is the section's struct. Secrets cannot stand in it. */
bool section_load_text(const char *name, struct bytes text, const struct row_section *section,
                       const struct registry *registry, struct arena *arena,
                       struct problem_list *problems, void *settings);

#endif
