/* Every configuration key is a row, and everything about the key comes from the row: the parser,
 * the bounds, "did you mean", `explain`, the reference page, the JSON Schema, the full example.
 * Rows are constants; a layer above may bring its own (registry.h). */
#ifndef TENTERHOOK_CONFIG_ROW_H
#define TENTERHOOK_CONFIG_ROW_H

#include "base/bytes.h"

struct load;
struct node;
struct row;

enum row_type {
    ROW_BOOL,     /* bool */
    ROW_INTEGER,  /* int64_t */
    ROW_SIZE,     /* int64_t bytes */
    ROW_DURATION, /* int64_t milliseconds */
    ROW_TEXT,     /* const char *; a quoted or plain scalar, no NUL */
    ROW_CHOICE,   /* int: index into `choices` */
    ROW_PATH,     /* const char *: made absolute against the file it stands in */
    ROW_MODE,     /* int64_t: a quoted octal number such as "0620" */
    ROW_TEXTS,    /* struct text_list */
    ROW_TEXT_MAP, /* struct text_map: NAME: text */
    ROW_SECRET,   /* struct secret_list: {env:}, {file:}, {credential:}, a string, or a list */
    ROW_SECTION,  /* the section's struct itself, in place */
    ROW_SECTIONS, /* struct section_list: a list of mappings (with ROW_ONE_OK also one alone) */
    ROW_CUSTOM,   /* whatever `read` makes of it */
};

enum row_flags {
    ROW_REQUIRED = 1 << 0,       /* missing is an error */
    ROW_ONE_OK = 1 << 1,         /* for lists: a single value stands for a list of one */
                                 /* ROW_CUSTOM with a section: a list of such, or one */
    ROW_NO_DEFAULTS = 1 << 2,    /* a route key that may not stand under `defaults:` (name, path) */
    ROW_IN_INCLUDES = 1 << 3,    /* a top-level key that may stand in included files too */
    ROW_EMPTY_OK = 1 << 4,       /* a list of texts in which "" may stand */
    ROW_SECRETS_INSIDE = 1 << 5, /* ROW_CUSTOM: what is read may hold secrets */
    ROW_NAMES_INSIDE = 1 << 6,   /* ROW_CUSTOM: the section stands under names of the user's */
};

struct text_list {
    const char **items;
    size_t count;
};

struct text_map {
    const char **names;
    const char **values;
    size_t count;
};

struct section_list {
    void *items; /* array of the section's struct */
    size_t count;
};

struct row_section {
    const char *name;     /* in messages and in the reference: "route", "command" */
    const char *sentence; /* what the section is for */
    const struct row *rows;
    size_t row_count;
    size_t size; /* of the settings struct; 0 where the rows write into an outer struct */
    /* After all rows are read: rules between keys, compilation. May be NULL. Reports with
     * load_problem and returns false where the settings cannot be used. */
    bool (*finish)(struct load *load, const struct node *node, void *settings);
};

struct row {
    const char *name;
    enum row_type type;
    size_t offset;        /* of the field in the section's settings struct */
    const char *sentence; /* one sentence for a person; never NULL */
    /* As it would be written in the file; NULL: no default, the field stays zero. "{}" for a
     * ROW_SECTION: without the key, the section's own defaults hold. */
    const char *default_text;
    /* In the unit of the field; of a text its bytes, of a list its items. Both 0: the type's own
     * range (numbers from 0, texts and lists of any length). */
    int64_t min, max;
    unsigned flags;
    /* ROW_CHOICE: NULL-terminated. ROW_CUSTOM with a section: words that may stand
     * in its place. */
    const char *const *choices;
    /* ROW_SECTION, ROW_SECTIONS; ROW_CUSTOM whose value may be such a mapping: for the reference */
    const struct row_section *section;
    /* ROW_CUSTOM: reads `node` into `field`; false after load_problem. */
    bool (*read)(struct load *load, const struct node *node, const struct row *row, void *field);
    const char *syntax;  /* ROW_CUSTOM: how the value is written, for the reference */
    const char *example; /* a value in flow style, for `explain`; NULL: made from the type */
    /* ROW_CUSTOM: the value's JSON Schema as JSON text, beside its section if it has one; NULL:
     * anything */
    const char *json_schema;
};

/* Whether the row's value is a secret, or a section that has such a row. */
bool row_holds_secret(const struct row *row);

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#endif
