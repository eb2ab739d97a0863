/* The keywords of all drafts, a row each, and the dialects they make up. */
#ifndef TENTERHOOK_SCHEMA_KEYWORD_H
#define TENTERHOOK_SCHEMA_KEYWORD_H

#include "handlers/schema/schema.h"

#include <stdint.h>

enum keyword {
    KEYWORD_NONE, /* not a keyword: the schema `false` */
    KEYWORD_ADDITIONAL_ITEMS,
    KEYWORD_ADDITIONAL_PROPERTIES,
    KEYWORD_ALL_OF,
    KEYWORD_ANCHOR,
    KEYWORD_ANY_OF,
    KEYWORD_CONST,
    KEYWORD_CONTAINS,
    KEYWORD_CONTENT_ENCODING,
    KEYWORD_CONTENT_MEDIA_TYPE,
    KEYWORD_CONTENT_SCHEMA,
    KEYWORD_DEFINITIONS,
    KEYWORD_DEFS,
    KEYWORD_DEPENDENCIES,
    KEYWORD_DEPENDENT_REQUIRED,
    KEYWORD_DEPENDENT_SCHEMAS,
    KEYWORD_DYNAMIC_ANCHOR,
    KEYWORD_DYNAMIC_REF,
    KEYWORD_ELSE,
    KEYWORD_ENUM,
    KEYWORD_EXCLUSIVE_MAXIMUM,
    KEYWORD_EXCLUSIVE_MINIMUM,
    KEYWORD_FORMAT,
    KEYWORD_ID,
    KEYWORD_ID_4, /* draft-04 writes it without the dollar */
    KEYWORD_IF,
    KEYWORD_ITEMS,
    KEYWORD_MAX_CONTAINS,
    KEYWORD_MAX_ITEMS,
    KEYWORD_MAX_LENGTH,
    KEYWORD_MAX_PROPERTIES,
    KEYWORD_MAXIMUM,
    KEYWORD_MIN_CONTAINS,
    KEYWORD_MIN_ITEMS,
    KEYWORD_MIN_LENGTH,
    KEYWORD_MIN_PROPERTIES,
    KEYWORD_MINIMUM,
    KEYWORD_MULTIPLE_OF,
    KEYWORD_NOT,
    KEYWORD_ONE_OF,
    KEYWORD_PATTERN,
    KEYWORD_PATTERN_PROPERTIES,
    KEYWORD_PREFIX_ITEMS,
    KEYWORD_PROPERTIES,
    KEYWORD_PROPERTY_NAMES,
    KEYWORD_RECURSIVE_ANCHOR,
    KEYWORD_RECURSIVE_REF,
    KEYWORD_REF,
    KEYWORD_REQUIRED,
    KEYWORD_SCHEMA,
    KEYWORD_THEN,
    KEYWORD_TYPE,
    KEYWORD_UNEVALUATED_ITEMS,
    KEYWORD_UNEVALUATED_PROPERTIES,
    KEYWORD_UNIQUE_ITEMS,
    KEYWORD_COUNT
};

_Static_assert(KEYWORD_COUNT <= 64, "sets of keywords are 64 bits");

#define KEYWORD_BIT(keyword) (UINT64_C(1) << (keyword))

/* What schemas a keyword's value holds. */
enum keyword_shape {
    SHAPE_NONE,
    SHAPE_SCHEMA,
    SHAPE_LIST,           /* of schemas */
    SHAPE_MAP,            /* member names to schemas */
    SHAPE_SCHEMA_OR_LIST, /* items before 2020-12 */
    SHAPE_DEPENDENCIES,   /* names to schemas or lists of names */
};

/* Vocabularies of 2019-09 and 2020-12; earlier drafts have all of them. */
enum vocabulary {
    VOCABULARY_CORE = 1 << 0,
    VOCABULARY_APPLICATOR = 1 << 1,
    VOCABULARY_UNEVALUATED = 1 << 2,
    VOCABULARY_VALIDATION = 1 << 3,
    VOCABULARY_FORMAT = 1 << 4,
    VOCABULARY_FORMAT_ASSERTION = 1 << 5,
    VOCABULARY_CONTENT = 1 << 6,
    VOCABULARY_META_DATA = 1 << 7,
    VOCABULARY_DEFAULT = 255 & ~VOCABULARY_FORMAT_ASSERTION,
};

struct dialect {
    const char *uri; /* of the meta-schema, without an empty fragment */
    enum schema_draft draft;
    unsigned vocabularies;
    /* In what the drafts differ beside their keywords: */
    enum keyword id;
    bool id_names_anchors;   /* {"$id": "#name"} */
    bool ref_hides_siblings; /* {"$ref": …} has no other keywords */
    bool exclusive_is_flag;  /* {"maximum": 3, "exclusiveMaximum": true} */
    bool whole_is_fraction;  /* 1.0 is no integer */
    bool items_is_list;      /* {"items": […]}, later prefixItems */
    bool contains_evaluates; /* what `contains` finds is evaluated */
};

struct keyword_row {
    const char *name;
    enum schema_draft first, last;
    enum vocabulary vocabulary;
    enum keyword_shape shape;
};

extern const struct keyword_row keyword_rows[KEYWORD_COUNT];

bool dialect_has(const struct dialect *dialect, enum keyword keyword);

/* The rows once more, by length and first letters: a look-up compares one or two names. */
struct keyword_index {
    uint8_t slots[256];
};

void keyword_index_init(struct keyword_index *index);

/* The keyword of that name in the dialect, or KEYWORD_NONE. */
enum keyword keyword_find(const struct keyword_index *index, const struct dialect *dialect,
                          const char *name);

#endif
