/* Each case is a function that writes two JSON texts. Sizes are what a body of 1 MiB or a careless
 * (or malicious) author of a schema brings, mostly more. Trees are built by json-c itself with no
 * limit on depth, since the engine must hold without the guard. */
#include "tests/unit/schema_hostile.h"

#include "handlers/schema/value.h"

#include <json-c/json_tokener.h>
#include <stdio.h>
#include <time.h>

enum { TEXT_MAX = 256 * 1024 * 1024, DEPTH = 10000 };

static bool put(struct buffer *out, const char *text)
{
    return buffer_append_text(out, text);
}

static bool repeat(struct buffer *out, const char *text, size_t count)
{
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = put(out, text);
    return good;
}

/* `text` for each of `count` numbers from `first` on, which stand where it has an @; commas
 * between. */
static bool series(struct buffer *out, const char *text, int first, int count)
{
    bool good = true;
    for (int i = first; good && i < first + count; i++) {
        good = i == first || put(out, ",");
        for (const char *at = text, *next; good && *at; at = next + (*next == '@')) {
            next = strchrnul(at, '@');
            good = buffer_append(out, at, (size_t)(next - at)) &&
                   (!*next || buffer_printf(out, "%d", i));
        }
    }
    return good;
}

/* ---- schemas that refer to themselves ---- */

static bool ref_self(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"$ref\":\"#\"}") && put(value, "1");
}

static bool ref_mutual(struct buffer *schema, struct buffer *value)
{
    return put(schema,
               "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}]},"
               "\"b\":{\"not\":{\"if\":{\"$ref\":\"#/$defs/a\"}}}}}") &&
           put(value, "1");
}

static bool ref_dynamic(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"$dynamicAnchor\":\"n\",\"anyOf\":[{\"$dynamicRef\":\"#n\"}]}") &&
           put(value, "1");
}

static bool ref_recursive(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"$schema\":\"https://json-schema.org/draft/2019-09/schema\","
                       "\"$recursiveAnchor\":true,\"allOf\":[{\"$recursiveRef\":\"#\"}]}") &&
           put(value, "1");
}

/* A chain of 10,000 references, the last to a type. */
static bool ref_long_chain(struct buffer *schema, struct buffer *value)
{
    bool good = put(schema, "{\"$ref\":\"#/$defs/0\",\"$defs\":{");
    for (int i = 0; good && i < DEPTH; i++)
        good = buffer_printf(schema, "\"%d\":{\"$ref\":\"#/$defs/%d\"},", i, i + 1);
    return good && buffer_printf(schema, "\"%d\":{\"type\":\"integer\"}}}", DEPTH) &&
           put(value, "1");
}

/* What follows the opening brace of a schema. */
static bool doubling(struct buffer *schema, int levels, const char *keyword, const char *leaf)
{
    bool good = put(schema, "\"$ref\":\"#/$defs/0\",\"$defs\":{");
    for (int i = 0; good && i < levels; i++)
        good = buffer_printf(
            schema, "\"%d\":{\"%s\":[{\"$ref\":\"#/$defs/%d\"},{\"$ref\":\"#/$defs/%d\"}]},", i,
            keyword, i + 1, i + 1);
    return good && buffer_printf(schema, "\"%d\":%s}}", levels, leaf);
}

static bool double_all(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{") && doubling(schema, 18, "allOf", "{\"type\":\"integer\"}") &&
           put(value, "1");
}

static bool double_all_64(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{") && doubling(schema, 64, "allOf", "{\"type\":\"integer\"}") &&
           put(value, "1");
}

static bool double_any(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{") && doubling(schema, 18, "anyOf", "{\"type\":\"integer\"}") &&
           put(value, "\"no\"");
}

static bool double_any_64(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{") && doubling(schema, 64, "anyOf", "{\"type\":\"integer\"}") &&
           put(value, "\"no\"");
}

/* Marks of 100,000 items, merged at each of 64 doublings. */
static bool double_unevaluated(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"unevaluatedItems\":false,") &&
           doubling(schema, 64, "anyOf", "{\"contains\":{\"const\":2}}") && put(value, "[") &&
           series(value, "1", 0, 100000) && put(value, "]");
}

static bool sieve_wide(struct buffer *schema, struct buffer *value)
{
    bool good = put(schema, "{\"anyOf\":[{\"$ref\":\"#/$defs/0\"},{\"$ref\":\"#/$defs/"
                            "0\"},{\"$ref\":\"#/$defs/0\"}],\"$defs\":{");
    for (int i = 0; good && i < 12; i++) {
        char item[64];
        snprintf(item, sizeof item, "{\"$ref\":\"#/$defs/%d\"},", i + 1);
        good = buffer_printf(schema, "\"%d\":{\"allOf\":[", i) && repeat(schema, item, 15) &&
               buffer_printf(schema, "{\"$ref\":\"#/$defs/%d\"}]},", i + 1);
    }
    return good && put(schema, "\"12\":{\"required\":[\"a\"]}}}") && put(value, "{}");
}

/* ---- large schemas ---- */

static bool many_definitions(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"$ref\":\"#/$defs/d99999\",\"$defs\":{") &&
           series(schema, "\"d@\":{\"type\":\"integer\"}", 0, 100000) && put(schema, "}}") &&
           put(value, "1");
}

static bool many_used_definitions(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"$defs\":{") &&
           series(schema, "\"d@\":{\"items\":{\"$ref\":\"#\"}}", 0, 20000) &&
           put(schema, "},\"anyOf\":[") && series(schema, "{\"$ref\":\"#/$defs/d@\"}", 0, 20000) &&
           put(schema, "]}") && put(value, "1");
}

static bool many_resources(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"$defs\":{") &&
           series(schema,
                  "\"d@\":{\"$id\":\"r@\",\"$dynamicAnchor\":\"a@\",\"items\":{\"$dynamicRef\":"
                  "\"#a@\"}}",
                  0, 5000) &&
           put(schema, "},\"allOf\":[") && series(schema, "{\"$ref\":\"r@\"}", 0, 5000) &&
           put(schema, "]}") && put(value, "[]");
}

static bool deep_schema(struct buffer *schema, struct buffer *value)
{
    return repeat(schema, "{\"not\":", DEPTH) && put(schema, "{}") && repeat(schema, "}", DEPTH) &&
           put(value, "1");
}

static bool deep_schema_500(struct buffer *schema, struct buffer *value)
{
    return repeat(schema, "{\"items\":", 500) && put(schema, "{}") && repeat(schema, "}", 500) &&
           put(value, "1");
}

static bool colliding_properties(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"properties\":{") &&
           series(schema, "\"aaaaaaaa@zzzzzzzz\":true", 10000, 50000) && put(schema, "}}") &&
           put(value, "{") && series(value, "\"aaaaaaaa@zzzzzzzz\":1", 10000, 50000) &&
           put(value, "}");
}

static bool colliding_enum(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"enum\":[") &&
           series(schema, "\"aaaaaaaa@zzzzzzzz\"", 10000, 50000) && put(schema, "]}}") &&
           put(value, "[") && series(value, "\"aaaaaaaa@zzzzzzzz\"", 10000, 50000) &&
           put(value, "]");
}

static bool enormous_enum(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"enum\":[") &&
           series(schema, "[1,2,3,4,5,6,7,8,@]", 0, 100000) &&
           put(schema, ",[1,2,3,4,5,6,7,8,\"x\"]]}}") && put(value, "[") &&
           repeat(value, "[1,2,3,4,5,6,7,8,\"x\"],", 50000) && put(value, "[]]");
}

/* ---- patterns ---- */

static bool pattern(struct buffer *schema, struct buffer *value, const char *source,
                    const char *text, size_t count, const char *end)
{
    return put(schema, "{\"pattern\":\"") && put(schema, source) && put(schema, "\"}") &&
           put(value, "\"") && repeat(value, text, count) && put(value, end) && put(value, "\"");
}

static bool pattern_nested(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "^(a+)+$", "a", 40, "!");
}

static bool pattern_alternatives(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "^(a|a)*$", "a", 40, "!");
}

static bool pattern_unanchored(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "(a+)+$", "a", 100000, "!");
}

static bool pattern_references(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "^(((a+)+)\\\\1?)+\\\\2$", "a", 60, "!");
}

static bool pattern_quadratic(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "a.*[xy]", "a", 60000, "");
}

static bool pattern_quadratic_large(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "a.*[xy]", "a", 1 << 20, "");
}

static bool pattern_cubic(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "[ab].*[ab].*[xy]", "a", 4000, "");
}

static bool pattern_large_text(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "(\\\\w+ )+[0-9]$", "word ", 200000, "7");
}

static bool pattern_many(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"pattern\":\"^(a+)+$\"}}") && put(value, "[") &&
           series(value, "\"aaaaaaaaaaaaaaa!\"", 0, 50000) && put(value, "]");
}

/* Just below the limit on the steps of one match, many times. */
static bool pattern_below_limit(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"anyOf\":[{\"pattern\":\"^(a+)+$\"},true]}}") &&
           put(value, "[") && series(value, "\"aaaaaaaaaaaaa!\"", 0, 50000) && put(value, "]");
}

static bool pattern_repeats(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "(a{1000}){1000}", "a", 10, "");
}

static bool pattern_nested_repeats(struct buffer *schema, struct buffer *value)
{
    return pattern(schema, value, "(((a{0,30}){0,30}){0,3})*b", "a", 5000, "");
}

static bool pattern_classes(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"allOf\":[") &&
           series(schema, "{\"pattern\":\"(\\\\p{L}[^\\\\s@]){60}\"}", 0, 3000) &&
           put(schema, "]}") && put(value, "\"a\"");
}

static bool pattern_properties(struct buffer *schema, struct buffer *value, const char *text)
{
    return put(schema, "{\"patternProperties\":{") && series(schema, text, 0, 1000) &&
           put(schema, "}}") && put(value, "{") && series(value, "\"key@\":1", 0, 100000) &&
           put(value, "}");
}

static bool pattern_properties_literal(struct buffer *schema, struct buffer *value)
{
    return pattern_properties(schema, value, "\"^x@\":false");
}

static bool pattern_properties_code(struct buffer *schema, struct buffer *value)
{
    return pattern_properties(schema, value, "\"[xz]@$\":false");
}

/* Every branch of every item fails, in each other: what explaining costs. */
static bool explain_nested(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"anyOf\":[") &&
           series(
               schema,
               "{\"items\":{\"oneOf\":[{\"const\":@},{\"enum\":[@,\"a\"]},{\"type\":\"null\"}]}}",
               1000, 200) &&
           put(schema, "]}}") && put(value, "[[1") && repeat(value, ",\"b\"", 20000) &&
           put(value, "]]");
}

/* ---- large values ---- */

static bool deep_value(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"$ref\":\"#\"}}") && repeat(value, "[", DEPTH) &&
           repeat(value, "]", DEPTH);
}

static bool deep_value_equal(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"uniqueItems\":true,\"not\":{\"const\":[1]}}") && put(value, "[") &&
           repeat(value, "[", DEPTH) && repeat(value, "]", DEPTH) && put(value, ",") &&
           repeat(value, "[", DEPTH) && repeat(value, "]", DEPTH) && put(value, "]");
}

static bool million_keys(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"properties\":{\"k1\":true},\"required\":[\"k999999\"]}") &&
           put(value, "{") && series(value, "\"k@\":1", 0, 1000000) && put(value, "}");
}

static bool million_keys_names(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"propertyNames\":{\"maxLength\":9,\"pattern\":\"^k[0-9]+$\"},"
                       "\"additionalProperties\":{\"type\":\"integer\"},\"unevaluatedProperties\":"
                       "false}") &&
           put(value, "{") && series(value, "\"k@\":1", 0, 1000000) && put(value, "}");
}

static bool branches_of_keys(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"anyOf\":[") &&
           series(schema, "{\"properties\":{\"x@\":true},\"required\":[\"y\"]}", 0, 10000) &&
           put(schema, "]}") && put(value, "{") && series(value, "\"k@\":1", 0, 100000) &&
           put(value, "}");
}

static bool branches_of_items(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"unevaluatedItems\":false,\"anyOf\":[") &&
           series(schema, "{\"prefixItems\":[true],\"minItems\":@}", 0, 10000) &&
           put(schema, "]}") && put(value, "[") && series(value, "1", 0, 100000) && put(value, "]");
}

static bool contains_many(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"contains\":{\"const\":2},\"minContains\":1e400,\"maxContains\":0}") &&
           put(value, "[") && series(value, "@", 0, 900000) && put(value, "]");
}

static bool long_string_lengths(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"anyOf\":[") && series(schema, "{\"maxLength\":@}", 1, 1000) &&
           put(schema, ",{\"minLength\":1e400}]}") && put(value, "\"") &&
           repeat(value, "\xc3\xa9", 1 << 20) && put(value, "\"");
}

static bool long_string_formats(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"anyOf\":[") &&
           series(schema, "{\"format\":\"uri\",\"minLength\":@,\"type\":\"string\",\"not\":{}}", 1,
                  1000) &&
           put(schema, "]}") && put(value, "\"http://a/") && repeat(value, "a", 1 << 20) &&
           put(value, "\"");
}

/* What parsing a regular expression and Unicode's tables cost, for a whole body and several times.
 */
static bool costly_formats(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"anyOf\":[") &&
           series(schema, "{\"format\":\"idn-hostname\",\"not\":{\"maxLength\":@}}", 1000, 20) &&
           put(schema, ",true]}}") && put(value, "[\"") &&
           repeat(value, "xn--9ca.xn--9ca.xn--9ca.xn--9ca.xn--9ca\",\"", 25000) &&
           put(value, "\"]");
}

static bool costly_regexes(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"format\":\"regex\"}}") && put(value, "[\"") &&
           repeat(value, "\\\\p{L}", 170000) && put(value, "\",\"") &&
           repeat(value, "\\\\p{L}", 170000) && put(value, "\"]");
}

/* ---- numbers ---- */

static bool number(struct buffer *schema, struct buffer *value, const char *rule)
{
    return put(schema, rule) && put(value, "1") && repeat(value, "7", 1000000) && put(value, ".5");
}

static bool number_bounds(struct buffer *schema, struct buffer *value)
{
    return number(schema, value,
                  "{\"type\":\"number\",\"minimum\":1e400,\"exclusiveMaximum\":1e1000000}");
}

static bool number_multiple(struct buffer *schema, struct buffer *value)
{
    return number(schema, value, "{\"multipleOf\":0.7}");
}

static bool number_multiples(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"anyOf\":[") && series(schema, "{\"multipleOf\":0.7@}", 1, 1000) &&
           put(schema, ",true]}") && put(value, "1") && repeat(value, "7", 1000000) &&
           put(value, ".5");
}

/* Divisors beyond 64 bits are divided by slowly: many digits, and many large exponents. */
static bool number_wide(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"items\":{\"multipleOf\":123456789012345678901234567890123e+00}}") &&
           put(value, "[0") && repeat(value, ",0", 9) && put(value, ",1") &&
           repeat(value, "7", 1000000) && put(value, "e+00]");
}

static bool number_wide_exponents(struct buffer *schema, struct buffer *value)
{
    return put(schema,
               "{\"items\":{\"anyOf\":[{\"multipleOf\":123456789012345678901234567890123e+00},"
               "true]}}") &&
           put(value, "[1") && repeat(value, ",1e99999999999999", 60000) && put(value, "]");
}

static bool number_integer(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"anyOf\":[") &&
           series(schema, "{\"type\":[\"integer\",\"null\"],\"maxItems\":@}", 0, 1000) &&
           put(schema, "]}") && put(value, "1") && repeat(value, "7", 1000000) && put(value, ".5");
}

static bool number_exponents(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"multipleOf\":1e-1000000,\"minimum\":1e999999,\"maximum\":"
                       "1e99999999999999999999}") &&
           put(value, "1e1000000");
}

/* Equal modulo 2^64, and with as many digits. */
static bool unique_numbers(struct buffer *schema, struct buffer *value)
{
    unsigned __int128 at = (unsigned __int128)UINT64_C(10000000000000000000) * 10000000;
    bool good = put(schema, "{\"uniqueItems\":true}") && put(value, "[");
    for (int i = 0; good && i < 50000; i++, at += (unsigned __int128)1 << 64)
        good = buffer_printf(value, "%s%llu%013llue+00", i ? "," : "",
                             (unsigned long long)(at / UINT64_C(10000000000000)),
                             (unsigned long long)(at % UINT64_C(10000000000000)));
    return good && put(value, "]");
}

static bool unique_objects(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"uniqueItems\":true}") && put(value, "[") &&
           series(value, "{\"id\":1,\"name\":\"item\",\"last\":@}", 0, 20000) && put(value, "]");
}

static bool unique_strings(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"uniqueItems\":true}") && put(value, "[") &&
           series(value, "\"item number @\"", 0, 20000) && put(value, "]");
}

/* At each of 200 levels all that is below is hashed again. */
static bool unique_nested(struct buffer *schema, struct buffer *value)
{
    return put(schema, "{\"uniqueItems\":true,\"items\":{\"$ref\":\"#\"}}") &&
           repeat(value, "[1,2,3,4,5,6,7,8,9,", 200) && put(value, "[") &&
           series(value, "@", 0, 50000) && put(value, "]") && repeat(value, "]", 200);
}

static bool scopes(struct buffer *schema, struct buffer *value)
{
    return put(schema,
               "{\"$id\":\"http://x/"
               "a\",\"$ref\":\"b\",\"$defs\":{\"b\":{\"$id\":\"b\",\"items\":{\"$ref\":\"c\"}},"
               "\"c\":{\"$id\":\"c\",\"$dynamicAnchor\":\"n\",\"anyOf\":[{\"$ref\":\"d\"}]},"
               "\"d\":{\"$id\":\"d\",\"items\":{\"$dynamicRef\":\"c#n\"}}}}") &&
           repeat(value, "[1,", 200) && put(value, "[") && series(value, "@", 0, 100000) &&
           put(value, "]") && repeat(value, "]", 200);
}

enum {
    ANY = HOSTILE_VALID | HOSTILE_INVALID | HOSTILE_ABANDONED,
    REFUSED = HOSTILE_INVALID | HOSTILE_ABANDONED,
};

const struct hostile_case hostile_cases[] = {
    {"a reference to itself", HOSTILE_FAULT, ref_self},
    {"references to each other", HOSTILE_FAULT, ref_mutual},
    {"a dynamic reference to itself", HOSTILE_FAULT | HOSTILE_ABANDONED, ref_dynamic},
    {"a recursive reference to itself", HOSTILE_FAULT | HOSTILE_ABANDONED, ref_recursive},
    {"a chain of 10,000 references", HOSTILE_FAULT | HOSTILE_ABANDONED | HOSTILE_VALID,
     ref_long_chain},
    {"allOf doubled 18 times", HOSTILE_VALID | HOSTILE_ABANDONED, double_all},
    {"allOf doubled 64 times", HOSTILE_ABANDONED, double_all_64},
    {"anyOf doubled 18 times", REFUSED, double_any},
    {"anyOf doubled 64 times", HOSTILE_ABANDONED, double_any_64},
    {"marks of 100,000 items doubled 64 times", HOSTILE_ABANDONED, double_unevaluated},
    {"a union over 16^12 paths", HOSTILE_INVALID | HOSTILE_ABANDONED, sieve_wide},
    {"100,000 definitions", HOSTILE_VALID, many_definitions},
    {"20,000 definitions in a union", HOSTILE_VALID, many_used_definitions},
    {"5,000 resources with dynamic anchors", HOSTILE_VALID, many_resources},
    {"a schema 10,000 deep", HOSTILE_FAULT, deep_schema},
    {"a schema 500 deep", HOSTILE_VALID | HOSTILE_FAULT, deep_schema_500},
    {"50,000 properties alike", HOSTILE_VALID, colliding_properties},
    {"an enum of 50,000 strings alike", HOSTILE_VALID, colliding_enum},
    {"an enum of 100,000 lists alike", REFUSED, enormous_enum},
    {"^(a+)+$", REFUSED, pattern_nested},
    {"^(a|a)*$", REFUSED, pattern_alternatives},
    {"(a+)+$ on 100,000 characters", REFUSED, pattern_unanchored},
    {"nested quantifiers with references", REFUSED, pattern_references},
    {"a.*[xy] on 60,000 characters", REFUSED, pattern_quadratic},
    {"a.*[xy] on 1 MiB", REFUSED, pattern_quadratic_large},
    {"[ab].*[ab].*[xy] on 4,000 characters", REFUSED, pattern_cubic},
    {"(\\w+ )+[0-9]$ on 1 MB", ANY, pattern_large_text},
    {"^(a+)+$ on 50,000 strings", REFUSED, pattern_many},
    {"^(a+)+$ or not on 50,000 strings", HOSTILE_VALID | HOSTILE_ABANDONED, pattern_below_limit},
    {"(a{1000}){1000}", HOSTILE_INVALID | HOSTILE_FAULT, pattern_repeats},
    {"(((a{0,30}){0,30}){0,3})*b", ANY | HOSTILE_FAULT, pattern_nested_repeats},
    {"3,000 large patterns", ANY | HOSTILE_FAULT, pattern_classes},
    {"1,000 literal patterns by 100,000 names", HOSTILE_VALID | HOSTILE_ABANDONED,
     pattern_properties_literal},
    {"1,000 patterns by 100,000 names", HOSTILE_VALID | HOSTILE_ABANDONED, pattern_properties_code},
    {"reasons of 200 unions by 20,000 items", REFUSED, explain_nested},
    {"a value 10,000 deep", HOSTILE_ABANDONED, deep_value},
    {"equality of values 10,000 deep", ANY, deep_value_equal},
    {"1,000,000 names", HOSTILE_VALID, million_keys},
    {"1,000,000 names, each looked at", HOSTILE_VALID | HOSTILE_ABANDONED, million_keys_names},
    {"10,000 branches by 100,000 names", REFUSED, branches_of_keys},
    {"10,000 branches by 100,000 items", REFUSED, branches_of_items},
    {"contains of 900,000 items", REFUSED, contains_many},
    {"1,000 lengths of 2 MiB", REFUSED, long_string_lengths},
    {"1,000 formats of 1 MiB", REFUSED, long_string_formats},
    {"20 idn-hostname by 25,000 names", HOSTILE_ABANDONED, costly_formats},
    {"regular expressions of 1 MB as values", HOSTILE_ABANDONED, costly_regexes},
    {"bounds of a number of 1,000,000 digits", HOSTILE_INVALID, number_bounds},
    {"multipleOf of 1,000,000 digits", HOSTILE_INVALID, number_multiple},
    {"1,000 multipleOf of 1,000,000 digits", HOSTILE_VALID | HOSTILE_ABANDONED, number_multiples},
    {"multipleOf by 33 digits of 1,000,000 digits", REFUSED, number_wide},
    {"multipleOf by 33 digits of 60,000 exponents", HOSTILE_VALID | HOSTILE_ABANDONED,
     number_wide_exponents},
    {"1,000 types of 1,000,000 digits", REFUSED, number_integer},
    {"exponents of a million", HOSTILE_VALID, number_exponents},
    {"uniqueItems: 50,000 numbers equal modulo 2^64", HOSTILE_VALID, unique_numbers},
    {"uniqueItems: 20,000 objects", HOSTILE_VALID, unique_objects},
    {"uniqueItems: 20,000 strings", HOSTILE_VALID, unique_strings},
    {"uniqueItems in each other, 200 deep", HOSTILE_VALID | HOSTILE_ABANDONED, unique_nested},
    {"dynamic references in 400 scopes", HOSTILE_VALID | HOSTILE_ABANDONED, scopes},
    {NULL, 0, NULL},
};

/* ---- running one ---- */

static int64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static bool parse(const struct buffer *text, struct json_object **value)
{
    struct json_tokener *tokener = json_tokener_new_ex(3 * DEPTH);
    if (!tokener)
        return false;
    *value = json_tokener_parse_ex(tokener, (const char *)text->data, (int)text->length);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        *value = json_tokener_parse_ex(tokener, " ", 1);
    bool good = json_tokener_get_error(tokener) == json_tokener_success;
    json_tokener_free(tokener);
    return good;
}

static void evaluate(const struct schema *schema, struct json_object *value, struct arena *arena,
                     struct hostile_result *result)
{
    static const enum hostile_outcome outcomes[] = {
        [SCHEMA_VALID] = HOSTILE_VALID,
        [SCHEMA_INVALID] = HOSTILE_INVALID,
        [SCHEMA_ABANDONED] = HOSTILE_ABANDONED,
    };
    struct schema_evaluator *evaluator = schema_evaluator_create(&schema_limits_default);
    if (!evaluator)
        return;
    int64_t begun = processor_ns();
    result->outcome = outcomes[schema_evaluate(evaluator, schema, value)];
    result->reason = schema_abandon_reason(evaluator);
    result->evaluate_ns = processor_ns() - begun;
    begun = processor_ns();
    if (result->outcome == HOSTILE_INVALID)
        result->explained = schema_explain(evaluator, schema, value, arena, &result->failures);
    result->explain_ns = processor_ns() - begun;
    schema_evaluator_destroy(evaluator);
}

void hostile_judge(struct json_object *document, struct json_object *value, struct arena *arena,
                   struct hostile_result *result)
{
    *result = (struct hostile_result){.reason = ""};
    struct schema_options options = {.assert_formats = true};
    int64_t begun = processor_ns();
    struct schema_library *library = schema_library_create(&options);
    struct schema *schema = library ? schema_compile(library, "hostile", document) : NULL;
    if (library && !schema)
        snprintf(result->fault, sizeof result->fault, "%s", schema_faults(library)->sentence);
    schema_library_destroy(library);
    result->compile_ns = processor_ns() - begun;
    result->outcome = HOSTILE_FAULT;
    if (schema)
        evaluate(schema, value, arena, result);
    schema_destroy(schema);
}

bool hostile_make(const struct hostile_case *item, struct json_object **schema,
                  struct json_object **value)
{
    struct buffer schema_text, value_text;
    *schema = *value = NULL;
    buffer_init(&schema_text, TEXT_MAX);
    buffer_init(&value_text, TEXT_MAX);
    bool good = item->make(&schema_text, &value_text) && parse(&schema_text, schema) &&
                parse(&value_text, value);
    buffer_finish(&schema_text);
    buffer_finish(&value_text);
    return good;
}
