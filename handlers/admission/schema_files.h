/* JSON Schemas as they stand in files: JSON, YAML, or a mapping inside of a route file. Each file
 * is read once, each schema compiled once for each way of asking, and every mistake is reported
 * with its line and column. References lead to files beside the file, or to those bound to a URI;
 * never to a network. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_SCHEMA_FILES_H
#define TENTERHOOK_HANDLERS_ADMISSION_SCHEMA_FILES_H

#include "config/diagnostic.h"
#include "handlers/schema/schema.h"

struct node;
struct schema_files;

enum { SCHEMA_FILE_MAX = 8 << 20 };

struct schema_files_options {
    struct problem_list *problems; /* until schema_files_forget */
    /* How messages call the file of an absolute path. */
    const char *(*shown)(void *context, const char *path);
    /* Is told of each file that was read; may be NULL. */
    void (*was_read)(void *context, const char *path, struct bytes contents);
    void *context;
};

/* NULL without memory. */
struct schema_files *schema_files_create(const struct schema_files_options *options);
/* Frees everything but the compiled schemas: nothing can be compiled any more. */
void schema_files_forget(struct schema_files *files);
void schema_files_destroy(struct schema_files *files);

/* From now on references to `uri` lead to the file `path` (absolute), which is read. False after
 * reporting why: in the file, or, where there is none or the URI is bound to another, in `err`,
 * which is empty otherwise. */
bool schema_files_bind(struct schema_files *files, const char *uri, const char *path,
                       struct error *err);

/* How a schema is meant, where it does not say so itself. */
struct schema_manner {
    enum schema_draft draft;
    bool assert_formats;
};

/* The schema in the file `path` (absolute), or that stands at `node`. It lives as long as `files`.
 * NULL after reporting why: at the place inside of the file, or, where there is no such file, in
 * `err`, which is empty otherwise. */
const struct schema *schema_files_compile(struct schema_files *files, const char *path,
                                          struct schema_manner manner, struct error *err);
const struct schema *schema_files_compile_node(struct schema_files *files, const struct node *node,
                                               struct schema_manner manner, struct error *err);

#endif
