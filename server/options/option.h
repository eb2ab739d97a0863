/* Options and operands of a verb are rows, and everything about them comes from the rows: how they
 * are read, what is said of wrong ones, usage lines, --help, manual pages, completions. */
#ifndef TENTERHOOK_SERVER_OPTIONS_OPTION_H
#define TENTERHOOK_SERVER_OPTIONS_OPTION_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* What a value is, and the type of the field that gets it. Names are not looked up when they are
 * read: that is the verb's, which knows where. The kind says what a shell may offer. */
enum option_kind {
    OPTION_FLAG,     /* bool; has no value */
    OPTION_TEXT,     /* const char * */
    OPTION_FILE,     /* const char *: a path */
    OPTION_UNIT,     /* const char *: the name of a unit of systemd, or a path */
    OPTION_ROUTE,    /* const char *: the name of a route */
    OPTION_ACTION,   /* const char *: the name of an action */
    OPTION_TYPE,     /* const char *: the type of an event */
    OPTION_EVENT,    /* const char *: the id of an event, or how one begins */
    OPTION_PRESET,   /* const char *: the name of a built-in provider */
    OPTION_KEY,      /* const char *: a key of the route file, an event of the log, an error */
    OPTION_VERB,     /* const char *: a verb */
    OPTION_CHOICE,   /* const char *: one of `choices`, and that pointer */
    OPTION_NUMBER,   /* int64_t, `min` to `max` */
    OPTION_DURATION, /* int64_t milliseconds, from `min` on */
    OPTION_MOMENT,   /* int64_t Unix milliseconds, from 1 on */
    OPTION_CUSTOM,   /* whatever `take` makes of it */
};

enum option_flags {
    OPTION_REPEATS = 1 << 0, /* the field is a struct word_list; with OPTION_CUSTOM `take` adds */
    OPTION_BEHIND = 1 << 1,  /* an operand: all words behind "--", whatever they begin with */
};

/* Words of the command line, in its order; as long as they are. */
struct word_list {
    const char **items;
    size_t count;
};

enum { ALL_FORMS = ~0 };

struct option_row {
    const char *name;  /* "dry-run"; NULL: an operand, which has its place and no name */
    char letter;       /* 'c' of -c; 0: none */
    const char *value; /* "FILE": what its value or the operand is called; NULL for a flag */
    enum option_kind kind;
    enum option_kind like; /* of OPTION_CUSTOM: a shell offers what it does for that kind */
    unsigned flags;
    unsigned forms;       /* bits of the forms of its verb in which it may be given; 0: all */
    unsigned needed;      /* those in which it must be given */
    size_t offset;        /* of the field */
    const char *sentence; /* what it does, for people; begins with a small letter, no full stop */
    const char *default_text; /* read as if it had been given; NULL: the field stays zero */
    const char *const
        *choices;     /* OPTION_CHOICE, and OPTION_CUSTOM if only these; NULL-terminated */
    int64_t min, max; /* max 0: as far as the type goes */
    /* OPTION_CUSTOM. False with a sentence that begins with what the option needs, such as
     * "needs NAME=VALUE", and never has the value in it: it may be a secret. An empty sentence: it
     * is said already. It keeps nothing that would have to be freed. */
    bool (*take)(void *field, const char *value, struct error *err);
};

/* Rows that several verbs have, with the place of their struct in that of the verb. */
struct option_group {
    const struct option_row *rows; /* NULL: no further group */
    size_t count;
    size_t offset;
    unsigned forms; /* 0: all */
};

#define OPTION_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define OPTION_GROUP(rows)                                                                         \
    {                                                                                              \
        (rows), OPTION_COUNT(rows), 0, 0                                                           \
    }

/* Reads a value into the field, or adds it to the list that the field is, which has room. False
 * with a sentence that names neither the option nor the value. */
bool option_take(const struct option_row *row, const char *value, void *field, struct error *err);

/* "--limit", or "ID" of an operand. */
const char *option_shown(const struct option_row *row, char text[64]);

#endif
