/* Schemas and values that were made to cost much, by name: for the unit test, which wants the right
 * verdicts, and for bench/schema, which prints the times. */
#ifndef TENTERHOOK_TESTS_SCHEMA_HOSTILE_H
#define TENTERHOOK_TESTS_SCHEMA_HOSTILE_H

#include "base/buffer.h"
#include "handlers/schema/schema.h"

/* What a case has to end in; more than one where limits or versions of libraries decide. */
enum hostile_outcome {
    HOSTILE_FAULT = 1, /* does not compile */
    HOSTILE_VALID = 2, /* SCHEMA_VALID, and so on */
    HOSTILE_INVALID = 4,
    HOSTILE_ABANDONED = 8,
};

struct hostile_case {
    const char *name;
    unsigned outcomes;
    bool (*make)(struct buffer *schema, struct buffer *value);
};

extern const struct hostile_case hostile_cases[]; /* until name is NULL */

/* What became of it. The limits of the guard are not in the way. */
struct hostile_result {
    enum hostile_outcome outcome;
    const char *reason;                          /* of an abandoned one */
    char fault[200];                             /* its sentence */
    enum schema_verdict explained;               /* an invalid one, again for the reasons */
    struct schema_failures failures;             /* of an invalid one; texts in the arena */
    int64_t compile_ns, evaluate_ns, explain_ns; /* processor time */
};

/* The schema and the value of a case, the caller's (json_object_put). False without memory. */
bool hostile_make(const struct hostile_case *item, struct json_object **schema,
                  struct json_object **value);

/* Compiles, evaluates, and explains what is invalid; `*result` is about 1 KiB. */
void hostile_judge(struct json_object *schema, struct json_object *value, struct arena *arena,
                   struct hostile_result *result);

#endif
