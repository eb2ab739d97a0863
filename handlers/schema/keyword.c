/* The rows say in which drafts a keyword is one, in which vocabulary, and where the schemas inside
 * its value are; loader and compiler have no other list. `definitions` and `dependencies` live on
 * in the later drafts, whose meta-schemas keep them for the schemas that were written before. */
#include "handlers/schema/keyword.h"

#include <string.h>

#define FROM_4 SCHEMA_DRAFT_4, SCHEMA_DRAFT_2020_12
#define FROM_6 SCHEMA_DRAFT_6, SCHEMA_DRAFT_2020_12
#define FROM_7 SCHEMA_DRAFT_7, SCHEMA_DRAFT_2020_12
#define FROM_2019 SCHEMA_DRAFT_2019_09, SCHEMA_DRAFT_2020_12
#define ONLY_4 SCHEMA_DRAFT_4, SCHEMA_DRAFT_4
#define ONLY_2019 SCHEMA_DRAFT_2019_09, SCHEMA_DRAFT_2019_09
#define ONLY_2020 SCHEMA_DRAFT_2020_12, SCHEMA_DRAFT_2020_12
#define TO_2019 SCHEMA_DRAFT_4, SCHEMA_DRAFT_2019_09

#define CORE VOCABULARY_CORE
#define APPLY VOCABULARY_APPLICATOR
#define CHECK VOCABULARY_VALIDATION

const struct keyword_row keyword_rows[KEYWORD_COUNT] = {
    [KEYWORD_NONE] = {"", SCHEMA_DRAFT_2020_12, SCHEMA_DRAFT_4, CORE, SHAPE_NONE},
    [KEYWORD_ADDITIONAL_ITEMS] = {"additionalItems", TO_2019, APPLY, SHAPE_SCHEMA},
    [KEYWORD_ADDITIONAL_PROPERTIES] = {"additionalProperties", FROM_4, APPLY, SHAPE_SCHEMA},
    [KEYWORD_ALL_OF] = {"allOf", FROM_4, APPLY, SHAPE_LIST},
    [KEYWORD_ANCHOR] = {"$anchor", FROM_2019, CORE, SHAPE_NONE},
    [KEYWORD_ANY_OF] = {"anyOf", FROM_4, APPLY, SHAPE_LIST},
    [KEYWORD_CONST] = {"const", FROM_6, CHECK, SHAPE_NONE},
    [KEYWORD_CONTAINS] = {"contains", FROM_6, APPLY, SHAPE_SCHEMA},
    [KEYWORD_CONTENT_ENCODING] = {"contentEncoding", FROM_7, VOCABULARY_CONTENT, SHAPE_NONE},
    [KEYWORD_CONTENT_MEDIA_TYPE] = {"contentMediaType", FROM_7, VOCABULARY_CONTENT, SHAPE_NONE},
    [KEYWORD_CONTENT_SCHEMA] = {"contentSchema", FROM_2019, VOCABULARY_CONTENT, SHAPE_SCHEMA},
    [KEYWORD_DEFINITIONS] = {"definitions", FROM_4, CORE, SHAPE_MAP},
    [KEYWORD_DEFS] = {"$defs", FROM_2019, CORE, SHAPE_MAP},
    [KEYWORD_DEPENDENCIES] = {"dependencies", FROM_4, APPLY, SHAPE_DEPENDENCIES},
    [KEYWORD_DEPENDENT_REQUIRED] = {"dependentRequired", FROM_2019, CHECK, SHAPE_NONE},
    [KEYWORD_DEPENDENT_SCHEMAS] = {"dependentSchemas", FROM_2019, APPLY, SHAPE_MAP},
    [KEYWORD_DYNAMIC_ANCHOR] = {"$dynamicAnchor", ONLY_2020, CORE, SHAPE_NONE},
    [KEYWORD_DYNAMIC_REF] = {"$dynamicRef", ONLY_2020, CORE, SHAPE_NONE},
    [KEYWORD_ELSE] = {"else", FROM_7, APPLY, SHAPE_SCHEMA},
    [KEYWORD_ENUM] = {"enum", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_EXCLUSIVE_MAXIMUM] = {"exclusiveMaximum", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_EXCLUSIVE_MINIMUM] = {"exclusiveMinimum", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_FORMAT] = {"format", FROM_4, VOCABULARY_FORMAT, SHAPE_NONE},
    [KEYWORD_ID] = {"$id", FROM_6, CORE, SHAPE_NONE},
    [KEYWORD_ID_4] = {"id", ONLY_4, CORE, SHAPE_NONE},
    [KEYWORD_IF] = {"if", FROM_7, APPLY, SHAPE_SCHEMA},
    [KEYWORD_ITEMS] = {"items", FROM_4, APPLY, SHAPE_SCHEMA_OR_LIST},
    [KEYWORD_MAX_CONTAINS] = {"maxContains", FROM_2019, CHECK, SHAPE_NONE},
    [KEYWORD_MAX_ITEMS] = {"maxItems", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_MAX_LENGTH] = {"maxLength", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_MAX_PROPERTIES] = {"maxProperties", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_MAXIMUM] = {"maximum", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_MIN_CONTAINS] = {"minContains", FROM_2019, CHECK, SHAPE_NONE},
    [KEYWORD_MIN_ITEMS] = {"minItems", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_MIN_LENGTH] = {"minLength", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_MIN_PROPERTIES] = {"minProperties", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_MINIMUM] = {"minimum", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_MULTIPLE_OF] = {"multipleOf", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_NOT] = {"not", FROM_4, APPLY, SHAPE_SCHEMA},
    [KEYWORD_ONE_OF] = {"oneOf", FROM_4, APPLY, SHAPE_LIST},
    [KEYWORD_PATTERN] = {"pattern", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_PATTERN_PROPERTIES] = {"patternProperties", FROM_4, APPLY, SHAPE_MAP},
    [KEYWORD_PREFIX_ITEMS] = {"prefixItems", ONLY_2020, APPLY, SHAPE_LIST},
    [KEYWORD_PROPERTIES] = {"properties", FROM_4, APPLY, SHAPE_MAP},
    [KEYWORD_PROPERTY_NAMES] = {"propertyNames", FROM_6, APPLY, SHAPE_SCHEMA},
    [KEYWORD_RECURSIVE_ANCHOR] = {"$recursiveAnchor", ONLY_2019, CORE, SHAPE_NONE},
    [KEYWORD_RECURSIVE_REF] = {"$recursiveRef", ONLY_2019, CORE, SHAPE_NONE},
    [KEYWORD_REF] = {"$ref", FROM_4, CORE, SHAPE_NONE},
    [KEYWORD_REQUIRED] = {"required", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_SCHEMA] = {"$schema", FROM_4, CORE, SHAPE_NONE},
    [KEYWORD_THEN] = {"then", FROM_7, APPLY, SHAPE_SCHEMA},
    [KEYWORD_TYPE] = {"type", FROM_4, CHECK, SHAPE_NONE},
    [KEYWORD_UNEVALUATED_ITEMS] = {"unevaluatedItems", FROM_2019, VOCABULARY_UNEVALUATED,
                                   SHAPE_SCHEMA},
    [KEYWORD_UNEVALUATED_PROPERTIES] = {"unevaluatedProperties", FROM_2019, VOCABULARY_UNEVALUATED,
                                        SHAPE_SCHEMA},
    [KEYWORD_UNIQUE_ITEMS] = {"uniqueItems", FROM_4, CHECK, SHAPE_NONE},
};

/* The rows once more, by length and first letters: a look-up compares one or two names. */
enum { SLOTS = 256 };

static unsigned slot_of(const char *name, size_t length)
{
    unsigned letters = (unsigned char)name[0] + 31u * (unsigned char)name[length / 2] +
                       7u * (unsigned char)name[length - 1];
    return (letters * 5 + (unsigned)length * 37) % SLOTS;
}

static const uint8_t *keyword_slots(void)
{
    static uint8_t slots[SLOTS];
    if (slots[slot_of("type", 4)])
        return slots;
    for (unsigned i = 1; i < KEYWORD_COUNT; i++) {
        unsigned slot = slot_of(keyword_rows[i].name, strlen(keyword_rows[i].name));
        while (slots[slot])
            slot = (slot + 1) % SLOTS;
        slots[slot] = (uint8_t)i;
    }
    return slots;
}

enum keyword keyword_find(const struct dialect *dialect, const char *name)
{
    const uint8_t *slots = keyword_slots();
    if (!*name)
        return KEYWORD_NONE;
    unsigned slot = slot_of(name, strlen(name));
    for (; slots[slot]; slot = (slot + 1) % SLOTS) {
        const struct keyword_row *row = &keyword_rows[slots[slot]];
        if (strcmp(row->name, name) == 0)
            return dialect->draft >= row->first && dialect->draft <= row->last &&
                           (dialect->vocabularies & row->vocabulary)
                       ? (enum keyword)slots[slot]
                       : KEYWORD_NONE;
    }
    return KEYWORD_NONE;
}

/* ---- dialects ---- */

static const struct dialect dialects[] = {
    {"https://json-schema.org/draft/2020-12/schema", SCHEMA_DRAFT_2020_12, VOCABULARY_DEFAULT},
    {"https://json-schema.org/draft/2019-09/schema", SCHEMA_DRAFT_2019_09, VOCABULARY_DEFAULT},
    {"http://json-schema.org/draft-07/schema", SCHEMA_DRAFT_7, VOCABULARY_DEFAULT},
    {"http://json-schema.org/draft-06/schema", SCHEMA_DRAFT_6, VOCABULARY_DEFAULT},
    {"http://json-schema.org/draft-04/schema", SCHEMA_DRAFT_4, VOCABULARY_DEFAULT},
};

enum { DIALECTS = sizeof dialects / sizeof *dialects };

/* What stands behind "http://" or "https://": people write either. */
static const char *without_scheme(const char *uri)
{
    const char *slashes = strncmp(uri, "http", 4) == 0 ? strstr(uri, "://") : NULL;
    return slashes ? slashes + 3 : uri;
}

const struct dialect *dialect_find(const char *uri)
{
    for (int i = 0; i < DIALECTS; i++)
        if (strcmp(without_scheme(dialects[i].uri), without_scheme(uri)) == 0)
            return &dialects[i];
    return NULL;
}

const struct dialect *dialect_of_draft(enum schema_draft draft)
{
    for (int i = 0; i < DIALECTS; i++)
        if (dialects[i].draft == draft)
            return &dialects[i];
    return &dialects[0];
}

unsigned vocabulary_find(enum schema_draft draft, const char *uri)
{
    static const struct {
        const char *name;
        enum schema_draft draft;
        unsigned vocabularies;
    } rows[] = {
        {"2020-12/vocab/core", SCHEMA_DRAFT_2020_12, VOCABULARY_CORE},
        {"2020-12/vocab/applicator", SCHEMA_DRAFT_2020_12, VOCABULARY_APPLICATOR},
        {"2020-12/vocab/unevaluated", SCHEMA_DRAFT_2020_12, VOCABULARY_UNEVALUATED},
        {"2020-12/vocab/validation", SCHEMA_DRAFT_2020_12, VOCABULARY_VALIDATION},
        {"2020-12/vocab/meta-data", SCHEMA_DRAFT_2020_12, VOCABULARY_META_DATA},
        {"2020-12/vocab/format-annotation", SCHEMA_DRAFT_2020_12, VOCABULARY_FORMAT},
        {"2020-12/vocab/format-assertion", SCHEMA_DRAFT_2020_12,
         VOCABULARY_FORMAT | VOCABULARY_FORMAT_ASSERTION},
        {"2020-12/vocab/content", SCHEMA_DRAFT_2020_12, VOCABULARY_CONTENT},
        {"2019-09/vocab/core", SCHEMA_DRAFT_2019_09, VOCABULARY_CORE},
        {"2019-09/vocab/applicator", SCHEMA_DRAFT_2019_09,
         VOCABULARY_APPLICATOR | VOCABULARY_UNEVALUATED},
        {"2019-09/vocab/validation", SCHEMA_DRAFT_2019_09, VOCABULARY_VALIDATION},
        {"2019-09/vocab/meta-data", SCHEMA_DRAFT_2019_09, VOCABULARY_META_DATA},
        {"2019-09/vocab/format", SCHEMA_DRAFT_2019_09, VOCABULARY_FORMAT},
        {"2019-09/vocab/content", SCHEMA_DRAFT_2019_09, VOCABULARY_CONTENT},
    };
    static const char prefix[] = "https://json-schema.org/draft/";
    if (strncmp(uri, prefix, sizeof prefix - 1) != 0)
        return 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].draft == draft && strcmp(uri + sizeof prefix - 1, rows[i].name) == 0)
            return rows[i].vocabularies;
    return 0;
}
