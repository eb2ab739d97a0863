/* A test of one value: payload.ref equals "refs/heads/main". No type is made another: the number 1
 * is not the string "1". */
#ifndef TENTERHOOK_HANDLERS_VALUE_VALUE_TEST_H
#define TENTERHOOK_HANDLERS_VALUE_VALUE_TEST_H

#include "handlers/value/value_context.h"

/* The operators, a row each: OPERATOR(NAME, key, operand, sentence). */
#define TEST_OPERATORS(OPERATOR)                                                                   \
    OPERATOR(EQUALS, "equals", OPERAND_SCALAR, "The value is this; numbers are compared exactly.") \
    OPERATOR(NOT_EQUALS, "not_equals", OPERAND_SCALAR, "The value is there, and is not this.")     \
    OPERATOR(IN, "in", OPERAND_SCALARS, "The value is one of these.")                              \
    OPERATOR(NOT_IN, "not_in", OPERAND_SCALARS, "The value is there, and is none of these.")       \
    OPERATOR(MATCHES, "matches", OPERAND_PATTERN,                                                  \
             "The value is a string in which the expression finds something.")                     \
    OPERATOR(STARTS_WITH, "starts_with", OPERAND_STRING, "The value is a string that begins so.")  \
    OPERATOR(ENDS_WITH, "ends_with", OPERAND_STRING, "The value is a string that ends so.")        \
    OPERATOR(CONTAINS, "contains", OPERAND_SCALAR,                                                 \
             "The value is a string with this in it, or a list with this element.")                \
    OPERATOR(EXISTS, "exists", OPERAND_BOOLEAN,                                                    \
             "The value is there (`true`, null included), or is missing (`false`).")               \
    OPERATOR(GREATER, "greater", OPERAND_NUMBER, "The value is a number above this.")              \
    OPERATOR(LESS, "less", OPERAND_NUMBER, "The value is a number below this.")

#define TEST_OPERATOR_NUMBER(NAME, ...) TEST_##NAME,
enum test_operator { TEST_OPERATORS(TEST_OPERATOR_NUMBER) TEST_OPERATOR_COUNT };

enum operand_kind {
    OPERAND_SCALAR,
    OPERAND_SCALARS,
    OPERAND_PATTERN,
    OPERAND_STRING,
    OPERAND_BOOLEAN,
    OPERAND_NUMBER
};

struct operator_row {
    const char *key;
    enum operand_kind operand;
};
extern const struct operator_row test_operators[TEST_OPERATOR_COUNT];

struct test_pattern; /* a compiled PCRE2 expression */

/* What a value is compared with: null, a boolean, a number or a string, NUL-terminated. */
struct operand {
    enum value_kind kind;
    struct bytes text;
};

/* One operator of an entry; `text` is how messages show it: `equals "main"`. */
struct value_test {
    enum test_operator operator;
    const struct operand *operands; /* one, or those of a list */
    size_t operand_count;
    const struct test_pattern *pattern; /* MATCHES */
    bool wanted;                        /* EXISTS */
    const char *text;
};

enum test_outcome {
    TEST_HOLDS,
    TEST_FAILS,
    TEST_LIMIT, /* the pattern needs more steps than a request may cost */
    TEST_NO_MEMORY
};

/* Holds `value`, which value_resolve or value_each of this context has just brought, against it. */
enum test_outcome value_test_holds(const struct value_test *test, struct value_context *context,
                                   const struct value *value);

/* NULL after writing why, with the fault's offset in `text`. The caller owns it. */
struct test_pattern *test_pattern_compile(const char *text, struct error *err, size_t *offset);
void test_pattern_destroy(void *pattern);

#endif
