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
    struct source *next; /* in problem_list.sources */
};

enum problem_kind { PROBLEM_ERROR, PROBLEM_WARNING };

struct problem {
    enum problem_kind kind;
    const struct source *source; /* NULL: no place (the file itself cannot be read) */
    unsigned line, column, end_column;
    bool unparsed; /* found before YAML was understood: the text has to show what is secret */
    const char *text;
    const char
        *bare; /* stands for `text` where its place is not shown; NULL: `text` quotes nothing */
    struct problem *next;
};

/* Text that is never shown: from a place to the end of its line, and whole lines up to `end_line`.
 */
struct mask {
    const struct source *source;
    unsigned line, column, end_line;
    struct mask *next;
};

enum { PROBLEMS_MAX = 100 };

struct problem_list {
    struct arena arena; /* owns texts, sources and masks */
    struct source *sources;
    struct problem *first;
    size_t count; /* in the list: at most PROBLEMS_MAX, what is more is only counted below */
    size_t errors, warnings;
    size_t missing_secrets; /* variables, credentials and files that whoever runs this lacks */
    bool unreadable;        /* a file of the configuration could not be read */
    struct mask *masks;
    bool lines_hidden; /* no memory for a mask: show no line at all */
    /* Keys whose values are secrets or hold some, NULL-terminated, for lines of a file that does
     * not parse. */
    const char *const *secret_names;
    const char *const *plain_names; /* keys that hold none, which are no misspelt ones of those */
    /* What references to values of an event begin with ("payload", "event.id"), NULL-terminated:
     * `value` holds a secret in one place and a reference in others. NULL: nothing is known. */
    const char *const *reference_roots;
    /* Names of credentials that will be there, NULL-terminated: they are not looked for. NULL: none
     * is known. */
    const char *const *assumed_credentials;
};

void problem_list_init(struct problem_list *list);
/* Wipes the texts of the sources: they may hold secrets. */
void problem_list_finish(struct problem_list *list);

/* Copies of all three, owned by the list. NULL without memory. */
const struct source *problem_list_add_source(struct problem_list *list, const char *name,
                                             const char *directory, struct bytes text);

/* Adds one in the order of the file; the same text at the same place is added once. */
void problem_add(struct problem_list *list, enum problem_kind kind, const struct source *source,
                 unsigned line, unsigned column, unsigned end_column, const char *format,
                 va_list args) __attribute__((format(printf, 7, 0)));
/* The same for a file that does not parse; `bare` says it without quoting from the file, and is
 * said where a secret may stand. NULL: nothing is quoted. It has to last. */
void problem_add_unparsed(struct problem_list *list, const struct source *source, unsigned line,
                          unsigned column, const char *bare, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* A warning of what is found before keys are known; it quotes nothing. */
void problem_warn_unparsed(struct problem_list *list, const struct source *source, unsigned line,
                           unsigned column, const char *text);
/* An error at a place that is known otherwise. */
void problem_add_at(struct problem_list *list, const struct source *source, unsigned line,
                    unsigned column, unsigned end_column, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Line and column (in characters, from 1) of a byte of the text. */
void source_place(const struct source *source, size_t offset, unsigned *line, unsigned *column);
/* An error without a place. */
void problem_add_plain(struct problem_list *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Keeps that text out of everything that is printed. */
void problem_list_mask(struct problem_list *list, const struct source *source, unsigned line,
                       unsigned column, unsigned end_line);

/* All of them, each with its line and caret, to `out`. Control bytes are escaped. On standard error
 * that is systemd's journal each line begins with its priority. */
void problem_list_print(const struct problem_list *list, FILE *out);

/* The sentence, as it may be shown. */
const char *problem_sentence(const struct problem_list *list, const struct problem *problem);

#endif
