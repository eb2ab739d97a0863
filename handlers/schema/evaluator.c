/* The evaluator: its memory, its limits, and the table of operations. */
#include "base/crypto.h"
#include "handlers/schema/eval.h"
#include "handlers/schema/eval_apply.h"
#include "handlers/schema/eval_array.h"
#include "handlers/schema/eval_object.h"
#include "handlers/schema/eval_value.h"

#include <stdlib.h>
#include <sys/resource.h>

static eval_operation *const operations[OPERATION_COUNT] = {
    [OPERATION_NEVER] = eval_never,
    [OPERATION_REF] = eval_ref,
    [OPERATION_DYNAMIC_REF] = eval_dynamic_ref,
    [OPERATION_CONST] = eval_const,
    [OPERATION_ENUM] = eval_enum,
    [OPERATION_BOUND] = eval_bound,
    [OPERATION_MULTIPLE_OF] = eval_multiple_of,
    [OPERATION_LENGTH] = eval_length,
    [OPERATION_PATTERN] = eval_pattern,
    [OPERATION_FORMAT] = eval_format,
    [OPERATION_OBJECT] = eval_object,
    [OPERATION_ARRAY] = eval_array,
    [OPERATION_UNIQUE_ITEMS] = eval_unique_items,
    [OPERATION_CONTAINS] = eval_contains,
    [OPERATION_DEPENDENT] = eval_dependent,
    [OPERATION_ALL_OF] = eval_all_of,
    [OPERATION_ANY_OF] = eval_any_of,
    [OPERATION_ONE_OF] = eval_one_of,
    [OPERATION_NOT] = eval_not,
    [OPERATION_IF] = eval_if,
    [OPERATION_UNEVALUATED_ITEMS] = eval_unevaluated_items,
    [OPERATION_UNEVALUATED_PROPERTIES] = eval_unevaluated_properties,
};

const struct schema_limits schema_limits_default = {
    .steps = 1000000,
    .depth = 3000,
    .stack = 2 * 1024 * 1024,
    .scratch = 4 * 1024 * 1024,
    .pattern_ms = 50,
};

static size_t stack_limit(size_t wanted)
{
    struct rlimit limit;
    if (wanted == 0)
        wanted = schema_limits_default.stack;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    return wanted < limit.rlim_cur / 2 ? wanted : (size_t)limit.rlim_cur / 2;
}

struct schema_evaluator *schema_evaluator_create(const struct schema_limits *limits)
{
    struct schema_evaluator *ev = calloc(1, sizeof *ev);
    if (!ev)
        return NULL;
    ev->operations = operations;
    ev->limits = *limits;
    ev->limits.stack = stack_limit(limits->stack);
    random_bytes(&ev->key, sizeof ev->key);
    ev->scratch = malloc(limits->scratch); /* untouched pages cost nothing */
    ev->matcher = matcher_create(limits->pattern_ms);
    if (ev->scratch && ev->matcher)
        return ev;
    schema_evaluator_destroy(ev);
    return NULL;
}

void schema_evaluator_destroy(struct schema_evaluator *ev)
{
    if (!ev)
        return;
    matcher_destroy(ev->matcher);
    free(ev->scratch);
    free(ev);
}

const char *schema_abandon_reason(const struct schema_evaluator *ev)
{
    return ev->abandoned ? ev->abandoned : "";
}

enum schema_verdict schema_evaluate(struct schema_evaluator *ev, const struct schema *schema,
                                    struct json_object *value)
{
    return eval_run(ev, schema, value, NULL);
}
