/* The keys of a condition as rows, from which the reference, `explain` and the JSON Schema of the
 * route file are made. An entry is read as a whole (condition_load.c), never by these. */
#include "handlers/admission/condition.h"

static bool read_apart(struct load *load, const struct node *node, const struct row *row,
                       void *field)
{
    (void)field;
    return load_problem(load, node, "\"%s\" stands in a condition only", row->name);
}

#define KEY .type = ROW_CUSTOM, .read = read_apart

/* How an operand is written, an example of one, and its JSON Schema. */
#define SYNTAX_OPERAND_SCALAR "a string, a number, `true`, `false` or `null`"
#define SYNTAX_OPERAND_SCALARS "a list of strings, numbers, `true`, `false` and `null`"
#define SYNTAX_OPERAND_PATTERN "a PCRE2 expression"
#define SYNTAX_OPERAND_STRING "a string"
#define SYNTAX_OPERAND_BOOLEAN "`true` or `false`"
#define SYNTAX_OPERAND_NUMBER "a number"
#define EXAMPLE_OPERAND_SCALAR "main"
#define EXAMPLE_OPERAND_SCALARS "[main, next]"
#define EXAMPLE_OPERAND_PATTERN "'^v[0-9]+$'"
#define EXAMPLE_OPERAND_STRING "refs/heads/"
#define EXAMPLE_OPERAND_BOOLEAN "true"
#define EXAMPLE_OPERAND_NUMBER "10"
#define SCHEMA_OPERAND_SCALAR "{\"type\": [\"string\", \"number\", \"boolean\", \"null\"]}"
#define SCHEMA_OPERAND_SCALARS                                                                     \
    "{\"type\": \"array\", \"minItems\": 1, \"items\": " SCHEMA_OPERAND_SCALAR "}"
#define SCHEMA_OPERAND_PATTERN SCHEMA_OPERAND_STRING
#define SCHEMA_OPERAND_STRING "{\"type\": \"string\"}"
#define SCHEMA_OPERAND_BOOLEAN "{\"type\": \"boolean\"}"
#define SCHEMA_OPERAND_NUMBER "{\"type\": \"number\"}"
#define SCHEMA_ENTRIES                                                                             \
    "{\"type\": [\"array\", \"object\"], \"minItems\": 1, \"items\": {\"type\": \"object\"}}"

#define OPERATOR_KEY(NAME, key, operand, text)                                                     \
    {KEY,                                                                                          \
     .name = key,                                                                                  \
     .syntax = SYNTAX_##operand,                                                                   \
     .example = EXAMPLE_##operand,                                                                 \
     .json_schema = SCHEMA_##operand,                                                              \
     .sentence = text},

static const struct row condition_rows[] = {
    {KEY, .name = "value", .example = "payload.ref",
     .syntax = "a value such as `payload.ref` or `header.x-name`",
     .json_schema = SCHEMA_OPERAND_STRING,
     .sentence = "The value that is tested; all tests beside it must hold."},
    TEST_OPERATORS(OPERATOR_KEY){
        KEY, .name = "every", .example = "true", .syntax = "`true` or `false`",
        .json_schema = SCHEMA_OPERAND_BOOLEAN,
        .sentence = "For a value with `[*]`: whether all elements must pass the tests, and not "
                    "only one."},
    {KEY, .name = "as", .example = "number", .syntax = "`number`",
     .json_schema = "{\"const\": \"number\"}",
     .sentence = "A string that is written as a number counts as one in the tests beside it, for "
                 "values that are strings always: of XML, forms, headers and parameters."},
    {KEY, .name = "all",
     .example = "[{value: payload.a, equals: 1}, {value: payload.b, exists: true}]",
     .syntax = "a list of conditions", .json_schema = SCHEMA_ENTRIES,
     .sentence = "All of these conditions hold."},
    {KEY, .name = "any",
     .example = "[{value: payload.a, equals: 1}, {value: payload.b, exists: true}]",
     .syntax = "a list of conditions", .json_schema = SCHEMA_ENTRIES,
     .sentence = "One of these conditions holds."},
    {KEY, .name = "not", .example = "{value: payload.draft, equals: true}",
     .syntax = "a condition, or a list of them", .json_schema = SCHEMA_ENTRIES,
     .sentence = "The condition does not hold; of a list, not all of them."},
    {KEY, .name = "address", .example = "[192.0.2.0/24]",
     .syntax = "a list of addresses and networks",
     .json_schema = "{\"type\": [\"array\", \"string\"], \"items\": {\"type\": \"string\"}}",
     .sentence = "The client is in one of these."},
    {KEY, .name = "schema", .example = "order.schema.json",
     .syntax = "a file (JSON or YAML), or a schema written here",
     .json_schema = "{\"type\": [\"string\", \"object\"]}",
     .sentence = "The payload conforms to this JSON Schema."},
};
const struct row_section condition_section = {
    .name = "condition",
    .sentence = "An entry of a list of conditions: tests of a `value`, or one of `all`, `any`, "
                "`not`, `address` and `schema`. docs/values.md explains them.",
    .rows = condition_rows,
    .row_count = ROW_COUNT(condition_rows)};
