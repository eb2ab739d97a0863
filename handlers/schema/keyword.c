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

/* ---- by name ---- */

enum { SLOTS = sizeof((struct keyword_index *)0)->slots };

static unsigned slot_of(const char *name, size_t length)
{
    unsigned letters = (unsigned char)name[0] + 31u * (unsigned char)name[length / 2] +
                       7u * (unsigned char)name[length - 1];
    return (letters * 5 + (unsigned)length * 37) % SLOTS;
}

void keyword_index_init(struct keyword_index *index)
{
    memset(index, 0, sizeof *index);
    for (unsigned i = 1; i < KEYWORD_COUNT; i++) {
        unsigned slot = slot_of(keyword_rows[i].name, strlen(keyword_rows[i].name));
        while (index->slots[slot])
            slot = (slot + 1) % SLOTS;
        index->slots[slot] = (uint8_t)i;
    }
}

bool dialect_has(const struct dialect *dialect, enum keyword keyword)
{
    const struct keyword_row *row = &keyword_rows[keyword];
    return dialect->draft >= row->first && dialect->draft <= row->last &&
           (dialect->vocabularies & row->vocabulary);
}

enum keyword keyword_find(const struct keyword_index *index, const struct dialect *dialect,
                          const char *name)
{
    if (!*name)
        return KEYWORD_NONE;
    unsigned slot = slot_of(name, strlen(name));
    for (; index->slots[slot]; slot = (slot + 1) % SLOTS) {
        enum keyword keyword = (enum keyword)index->slots[slot];
        if (strcmp(keyword_rows[keyword].name, name) == 0)
            return dialect_has(dialect, keyword) ? keyword : KEYWORD_NONE;
    }
    return KEYWORD_NONE;
}
