/* Problems with a place: collected while a file is read, printed with the line and a caret:
 *
 *   hooks.yaml:12:7: error: unknown key "comand", did you mean "command"?
 *      12 |     - comand: [./deploy.sh]
 *         |       ^~~~~~
 */
#ifndef TENTERHOOK_CONFIG_DIAGNOSTIC_H
#define TENTERHOOK_CONFIG_DIAGNOSTIC_H

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

/* A file that was read. `name` is what messages show: as the person gave it. */
struct source {
    const char *name;
    const char *directory; /* absolute; relative paths in the file start here */
    struct bytes text;
};

enum problem_kind { PROBLEM_ERROR, PROBLEM_WARNING };

struct problem {
    enum problem_kind kind;
    const struct source *source; /* NULL: no place (the file itself cannot be read) */
    unsigned line, column, end_column;
    const char *text;
    struct problem *next;
};

enum { PROBLEMS_MAX = 100 };

struct problem_list {
    struct arena arena; /* owns texts and sources */
    struct problem *first, *last;
    size_t errors, warnings;
};

void problem_list_init(struct problem_list *list);
void problem_list_finish(struct problem_list *list);

void problem_add(struct problem_list *list, enum problem_kind kind, const struct source *source,
                 unsigned line, unsigned column, unsigned end_column, const char *format,
                 va_list args);

/* All of them, each with its line and caret, to `out`. Control bytes are escaped. */
void problem_list_print(const struct problem_list *list, FILE *out);

/* The one of `names` (NULL-terminated) that `given` was probably meant to be, or NULL. */
const char *nearest_name(const char *given, const char *const *names);

#endif
