/* Conditions (`when:`) that hold for the same requests as a rule of the `webhook` program. */
#ifndef TENTERHOOK_SERVER_IMPORT_CONDITION_H
#define TENTERHOOK_SERVER_IMPORT_CONDITION_H

#include "server/import/origin.h"

enum { CONDITION_TESTS_MAX = 1000, CONDITION_DEPTH_MAX = 16, LITERALS_MAX = 3 };

enum condition_kind {
    CONDITION_TRUE,
    CONDITION_FALSE,
    CONDITION_ALL,
    CONDITION_ANY,
    CONDITION_NOT,
    CONDITION_ADDRESS,
    CONDITION_TEST
};

/* What a test compares with: a string, or a number or word that is written without quotes. */
struct condition_literal {
    struct bytes text;
    bool is_string;
};

struct condition {
    enum condition_kind kind;
    const struct condition **children; /* ALL, ANY, NOT */
    size_t count;
    struct bytes *networks; /* ADDRESS */
    size_t network_count;
    struct bytes reference; /* TEST */
    const char *operator;   /* "equals" …; with several literals "in" or "not_in" */
    struct condition_literal literals[LITERALS_MAX];
    size_t literal_count;
};

/* Which outcome of a rule is described. In `webhook` a test of a missing value is an error besides
 * being false: `not` keeps the error, `and` is false because of it, `or` forgets it. */
enum rule_outcome {
    RULE_HOLDS,         /* with an error or without */
    RULE_HOLDS_CLEANLY, /* without one */
    RULE_FAILS_CLEANLY
};

struct condition_builder {
    struct arena *arena;
    const struct origin_body *body;
    bool strict; /* HOLDS means HOLDS_CLEANLY: what is missing never lets anything through */
    size_t nodes;
    const char *failure;          /* why a rule cannot be said */
    const struct old_rule *where; /* which rule that is */
    bool has_expression, has_typed_expression, has_odd_network, has_payload_secret;
};

/* NULL if it cannot be said; then the builder has the reason. */
const struct condition *condition_of_rule(struct condition_builder *builder,
                                          const struct old_rule *rule, enum rule_outcome outcome);

/* All of them; flat, and without what is always true. NULL without memory. */
const struct condition *condition_all(struct condition_builder *builder,
                                      const struct condition *const *items, size_t count);
const struct condition *condition_any(struct condition_builder *builder,
                                      const struct condition *const *items, size_t count);

/* Gives up with a sentence; returns NULL. */
const struct condition *condition_fail(struct condition_builder *builder,
                                       const struct old_rule *rule, const char *reason);

/* False if it is deeper or has more tests than a route may have. */
bool condition_fits(const struct condition *condition);

/* The items of `when:`, each on lines of its own, indented by `indent`. */
bool condition_write(struct buffer *out, unsigned indent, const struct condition *condition);
/* `[192.0.2.0/24, …]`. */
bool condition_write_networks(struct buffer *out, const struct condition *condition);

#endif
