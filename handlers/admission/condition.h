/* Conditions about an event: the list that stands under `when:`, all of whose entries must hold. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_CONDITION_H
#define TENTERHOOK_HANDLERS_ADMISSION_CONDITION_H

#include "config/load.h"
#include "handlers/value/value_context.h"
#include "handlers/value/value_test.h"

struct schema;

enum condition_kind {
    CONDITION_TEST,    /* {value: REF, equals: …} */
    CONDITION_ALL,     /* {all: […]}, and the list under `when:` itself */
    CONDITION_ANY,     /* {any: […]} */
    CONDITION_NOT,     /* {not: …} */
    CONDITION_SCHEMA,  /* {schema: …}, of the payload */
    CONDITION_ADDRESS, /* {address: [networks]} */
};

enum { CONDITION_DEPTH_MAX = 16, CONDITION_ENTRIES_MAX = 1000 };

struct condition {
    enum condition_kind kind;
    struct reference reference; /* TEST */
    bool every;                 /* TEST: of all that [*] leads to */
    bool as_number;             /* TEST: a string that is a number counts as one */
    struct value_test *tests;   /* TEST: all must hold */
    size_t test_count;
    struct condition *inner; /* ALL, ANY, NOT (one) */
    size_t inner_count;
    const struct schema *schema;
    struct prefix_list networks;
    const char *text; /* as messages show it: `payload.ref equals "refs/heads/main"` */
    unsigned line;    /* in its file */
};

/* The keys of an entry, for the reference and `explain`. */
extern const struct row_section condition_section;

/* Reads the list (or a single entry) at `node`. `by_action`: it is an action's, so that action.name
 * is known. Reports each mistake at its place, also inside of a string. */
bool condition_load(struct load *load, const struct node *node, bool by_action,
                    struct condition *condition);

enum condition_outcome {
    CONDITION_HOLDS,
    CONDITION_FAILS,
    CONDITION_LIMIT, /* cannot be said within the limits: to be refused with 422 */
    CONDITION_NO_MEMORY
};

/* Why it does not hold. */
struct condition_reason {
    const struct condition *culprit; /* the innermost entry that said no; NULL: none */
    const char *text; /* `payload.ref equals "main": it is "refs/heads/x"`, in the arena; the value
                         cut to 80 bytes, escaped */
};

/* `reason` may be NULL; it is filled in unless the condition holds. */
enum condition_outcome condition_holds(const struct condition *condition,
                                       struct value_context *context, struct arena *arena,
                                       struct condition_reason *reason);

/* One line of an explanation. */
struct condition_line {
    const struct condition *condition;
    const char *value; /* what it saw, cut and escaped; NULL: it sees none */
    enum condition_outcome outcome;
    unsigned depth; /* of all, any and not around it */
};

/* Judges every entry, also those that nothing depends on, outer ones first. */
enum condition_outcome
condition_explain(const struct condition *condition, struct value_context *context,
                  struct arena *arena, void (*see)(void *caller, const struct condition_line *line),
                  void *caller);

/* False if the visitor returned false. */
bool condition_visit(const struct condition *condition, const struct reference_visitor *visitor);
/* Whether a context needs an evaluator of schemas for it. */
bool condition_needs_schema(const struct condition *condition);

/* A value as messages show it: cut to 80 bytes, escaped, in the arena. */
const char *value_shown(struct arena *arena, const struct value *value);

#endif
