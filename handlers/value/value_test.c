/* Each operator is one function in a table. Numbers are compared by the digits that were sent, so
 * that an id of 23 digits equals itself only and 1, 1.0 and 10e-1 are one number. */
#include "handlers/value/value_test.h"

#include "handlers/schema/number.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>

#define OPERATOR_ROW(NAME, key, operand, sentence) {key, operand},
const struct operator_row test_operators[TEST_OPERATOR_COUNT] = {TEST_OPERATORS(OPERATOR_ROW)};

typedef enum test_outcome test_function(const struct value_test *test,
                                        struct value_context *context, const struct value *value);

static enum test_outcome outcome_of(bool holds)
{
    return holds ? TEST_HOLDS : TEST_FAILS;
}

/* ---- numbers ---- */

/* The text of a number goes on until something that is no part of one; at the end of the payload
 * nothing follows, and there it is copied. */
static bool read_number(struct value_context *context, const struct value *value,
                        struct number *number)
{
    struct bytes text = value->text;
    const uint8_t *end = context->index.text.data + context->index.text.length;
    if (text.data + text.length == end) {
        context->scratch.limit = INT32_MAX;
        context->scratch.length = 0;
        if (!buffer_append_bytes(&context->scratch, text) ||
            !buffer_append(&context->scratch, "", 1))
            return false;
        text.data = context->scratch.data;
    }
    number_parse((const char *)text.data, number);
    return true;
}

/* -1, 0, 1 of the value against the operand. */
static bool compare_numbers(struct value_context *context, const struct value *value,
                            const struct operand *operand, int *result)
{
    struct number left, right;
    if (!read_number(context, value, &left))
        return false;
    number_parse((const char *)operand->text.data, &right);
    *result = number_compare(&left, &right);
    return true;
}

static enum test_outcome test_order(struct value_context *context, const struct value *value,
                                    const struct operand *operand, int wanted)
{
    int result;
    if (value->kind != VALUE_NUMBER)
        return TEST_FAILS;
    if (!compare_numbers(context, value, operand, &result))
        return TEST_NO_MEMORY;
    return outcome_of(result == wanted);
}

static enum test_outcome test_greater(const struct value_test *test, struct value_context *context,
                                      const struct value *value)
{
    return test_order(context, value, test->operands, 1);
}

static enum test_outcome test_less(const struct value_test *test, struct value_context *context,
                                   const struct value *value)
{
    return test_order(context, value, test->operands, -1);
}

/* ---- equality ---- */

static enum test_outcome equals_one(struct value_context *context, const struct value *value,
                                    const struct operand *operand)
{
    int result;
    if (value->kind != operand->kind)
        return TEST_FAILS;
    if (value->kind == VALUE_NULL)
        return TEST_HOLDS;
    if (value->kind != VALUE_NUMBER)
        return outcome_of(bytes_equal(value->text, operand->text));
    if (!compare_numbers(context, value, operand, &result))
        return TEST_NO_MEMORY;
    return outcome_of(result == 0);
}

static enum test_outcome test_equals(const struct value_test *test, struct value_context *context,
                                     const struct value *value)
{
    enum test_outcome outcome = TEST_FAILS;
    for (size_t i = 0; i < test->operand_count && outcome == TEST_FAILS; i++)
        outcome = equals_one(context, value, &test->operands[i]);
    return outcome;
}

/* Of a value that is there. */
static enum test_outcome test_not_equals(const struct value_test *test,
                                         struct value_context *context, const struct value *value)
{
    enum test_outcome outcome = test_equals(test, context, value);
    if (outcome == TEST_NO_MEMORY)
        return outcome;
    return outcome_of(outcome == TEST_FAILS);
}

/* ---- strings ---- */

static enum test_outcome test_starts_with(const struct value_test *test,
                                          struct value_context *context, const struct value *value)
{
    (void)context;
    return outcome_of(value->kind == VALUE_STRING &&
                      bytes_starts_with(value->text, test->operands->text));
}

static enum test_outcome test_ends_with(const struct value_test *test,
                                        struct value_context *context, const struct value *value)
{
    struct bytes text = value->text, end = test->operands->text;
    (void)context;
    return outcome_of(value->kind == VALUE_STRING && text.length >= end.length &&
                      bytes_equal(bytes_of(text.data + text.length - end.length, end.length), end));
}

static enum test_outcome element_equals(const struct value_test *test,
                                        struct value_context *context, uint32_t array)
{
    enum test_outcome outcome = TEST_FAILS;
    uint32_t end = payload_index_end(&context->index, array);
    for (uint32_t at = payload_index_first(array); at < end && outcome == TEST_FAILS;
         at = payload_index_next(&context->index, at)) {
        struct value element;
        if (!value_at(context, at, &element))
            return value_steps_are_over(context) ? TEST_LIMIT : TEST_NO_MEMORY;
        outcome = equals_one(context, &element, test->operands);
    }
    return outcome;
}

static enum test_outcome test_contains(const struct value_test *test, struct value_context *context,
                                       const struct value *value)
{
    const struct operand *operand = test->operands;
    if (value->kind == VALUE_ARRAY)
        return element_equals(test, context, value->place);
    bool strings = value->kind == VALUE_STRING && operand->kind == VALUE_STRING;
    return outcome_of(
        strings && (operand->text.length == 0 || memmem(value->text.data, value->text.length,
                                                        operand->text.data, operand->text.length)));
}

static enum test_outcome test_exists(const struct value_test *test, struct value_context *context,
                                     const struct value *value)
{
    (void)context;
    return outcome_of((value->kind != VALUE_MISSING) == test->wanted);
}

/* ---- patterns ---- */

/* A sender chooses the subject. The library's own limit on steps begins anew at each of its
 * positions, and the machine code counts few of them, so the steps are counted here: the expression
 * is compiled with a call before each of its items. */
enum { DEPTH_LIMIT = 10000, HEAP_LIMIT_KIB = 4096 };

struct test_pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
};

/* `$` is the end and nothing else: a line feed behind a name would pass a test for that name. */
static pcre2_code *compile_code(const char *text, struct error *err, size_t *offset)
{
    int code;
    PCRE2_SIZE at = 0;
    PCRE2_UCHAR message[160];
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY |
                       PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
    if (compiled)
        return compiled;
    if (pcre2_get_error_message(code, message, sizeof message) < 0)
        message[0] = '\0';
    error_set(err, "is not a PCRE2 expression: %s", (const char *)message);
    *offset = at;
    return NULL;
}

struct test_pattern *test_pattern_compile(const char *text, struct error *err, size_t *offset)
{
    *offset = 0;
    pcre2_code *code = compile_code(text, err, offset);
    if (!code)
        return NULL;
    struct test_pattern *pattern = calloc(1, sizeof *pattern);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (!pattern || !limits) {
        pcre2_match_context_free(limits);
        pcre2_code_free(code);
        free(pattern);
        error_set(err, "finds no memory");
        return NULL;
    }
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    /* where the system forbids memory that is written and executed, it is interpreted */
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    *pattern = (struct test_pattern){.code = code, .limits = limits};
    return pattern;
}

void test_pattern_destroy(void *object)
{
    struct test_pattern *pattern = object;
    pcre2_match_context_free(pattern->limits);
    pcre2_code_free(pattern->code);
    free(pattern);
}

struct attempt {
    struct value_context *context;
    size_t at; /* in the subject */
};

/* An item such as \w+ reads a long piece without a call: that is the way from call to call. */
static int count_step(pcre2_callout_block *block, void *data)
{
    enum { READ_A_STEP = 64 };
    struct attempt *attempt = data;
    size_t now = block->current_position, before = attempt->at;
    attempt->at = now;
    size_t way = now > before ? now - before : before - now;
    return value_take_steps(attempt->context, 1 + way / READ_A_STEP) ? 0 : PCRE2_ERROR_MATCHLIMIT;
}

static enum test_outcome test_matches(const struct value_test *test, struct value_context *context,
                                      const struct value *value)
{
    if (value->kind != VALUE_STRING)
        return TEST_FAILS;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (!data)
        return TEST_NO_MEMORY;
    struct attempt attempt = {.context = context};
    pcre2_set_callout(test->pattern->limits, count_step, &attempt);
    PCRE2_SPTR subject = value->text.length ? value->text.data : (PCRE2_SPTR) "";
    int found = pcre2_match(test->pattern->code, subject, value->text.length, 0, 0, data,
                            test->pattern->limits);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter has more room */
        found = pcre2_match(test->pattern->code, subject, value->text.length, 0, PCRE2_NO_JIT, data,
                            test->pattern->limits);
    pcre2_match_data_free(data);
    if (found == PCRE2_ERROR_NOMEMORY)
        return TEST_NO_MEMORY;
    return found >= 0 ? TEST_HOLDS : found == PCRE2_ERROR_NOMATCH ? TEST_FAILS : TEST_LIMIT;
}

/* ---- all of them ---- */

enum test_outcome value_test_holds(const struct value_test *test, struct value_context *context,
                                   const struct value *value)
{
    static test_function *const functions[TEST_OPERATOR_COUNT] = {
        [TEST_EQUALS] = test_equals,       [TEST_NOT_EQUALS] = test_not_equals,
        [TEST_IN] = test_equals,           [TEST_NOT_IN] = test_not_equals,
        [TEST_MATCHES] = test_matches,     [TEST_STARTS_WITH] = test_starts_with,
        [TEST_ENDS_WITH] = test_ends_with, [TEST_CONTAINS] = test_contains,
        [TEST_EXISTS] = test_exists,       [TEST_GREATER] = test_greater,
        [TEST_LESS] = test_less,
    };
    enum { DIGITS_A_STEP = 16, SEARCHED_A_STEP = 64 };
    size_t length = value->text.length, steps = 1 + test->operand_count;
    if (value->kind == VALUE_MISSING && test->operator!= TEST_EXISTS)
        return TEST_FAILS;
    if (value->kind == VALUE_NUMBER)
        steps += test->operand_count * (length / DIGITS_A_STEP);
    else if (test->operator== TEST_CONTAINS || test->operator== TEST_MATCHES)
        steps += length / SEARCHED_A_STEP;
    if (!value_take_steps(context, steps))
        return TEST_LIMIT;
    return functions[test->operator](test, context, value);
}
