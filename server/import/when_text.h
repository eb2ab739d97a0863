/* Conditions (`when:`) that hold for the same requests as a rule of the `webhook` program. */
#ifndef TENTERHOOK_SERVER_IMPORT_WHEN_TEXT_H
#define TENTERHOOK_SERVER_IMPORT_WHEN_TEXT_H

#include "server/import/origin.h"

enum { LITERALS_MAX = 3 };

enum when_kind { WHEN_TRUE, WHEN_FALSE, WHEN_ALL, WHEN_ANY, WHEN_NOT, WHEN_ADDRESS, WHEN_TEST };

/* What a test compares with: a string, or a number or word that is written without quotes. */
struct when_literal {
    struct bytes text;
    bool is_string;
};

struct when_entry {
    enum when_kind kind;
    const struct when_entry **children; /* ALL, ANY, NOT */
    size_t count;
    struct bytes *networks; /* ADDRESS */
    size_t network_count;
    struct bytes reference; /* TEST */
    const char *operator;   /* "equals" …; with several literals "in" or "not_in" */
    struct when_literal literals[LITERALS_MAX];
    size_t literal_count;
};

/* Which outcome of a rule is described. In `webhook` a test of a missing value is an error besides
 * being false: `not` keeps the error, `and` is false because of it, `or` forgets it. */
enum rule_outcome {
    RULE_HOLDS,         /* with an error or without */
    RULE_HOLDS_CLEANLY, /* without one */
    RULE_FAILS_CLEANLY
};

struct when_builder {
    struct arena *arena;
    const struct origin_body *body;
    bool strict; /* HOLDS means HOLDS_CLEANLY: what is missing never lets anything through */
    size_t nodes;
    const char *failure;          /* why a rule cannot be said */
    const struct old_rule *where; /* which rule that is */
    bool has_expression, has_typed_expression, has_odd_network, has_payload_secret;
};

/* NULL if it cannot be said; then the builder has the reason. */
const struct when_entry *when_of_rule(struct when_builder *builder, const struct old_rule *rule,
                                      enum rule_outcome outcome);

/* All of them; flat, and without what is always true. NULL without memory. */
const struct when_entry *when_all(struct when_builder *builder,
                                  const struct when_entry *const *items, size_t count);
const struct when_entry *when_any(struct when_builder *builder,
                                  const struct when_entry *const *items, size_t count);

/* Gives up with a sentence; returns NULL. */
const struct when_entry *when_fail(struct when_builder *builder, const struct old_rule *rule,
                                   const char *reason);

/* False if it is deeper or has more tests than a route may have. */
bool when_fits(const struct when_entry *condition);

/* The items of `when:`, each on lines of its own, indented by `indent`. */
bool when_write(struct buffer *out, unsigned indent, const struct when_entry *condition);
/* `[192.0.2.0/24, …]`. */
bool when_write_networks(struct buffer *out, const struct when_entry *condition);

#endif
