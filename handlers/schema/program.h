/* The compiled form of a schema: nodes with steps. A node is a schema, a step one keyword (or
 * several that are answered in one go), guarded by the types of value it speaks about. All of it
 * lives in the program's arena and never changes. */
#ifndef TENTERHOOK_SCHEMA_PROGRAM_H
#define TENTERHOOK_SCHEMA_PROGRAM_H

#include "base/siphash.h"
#include "handlers/schema/keyword.h"
#include "handlers/schema/number.h"
#include "handlers/schema/pattern.h"
#include "handlers/schema/schema.h"

struct json_object;
struct format_row;

/* Rows of eval.c's table. Those up to OPERATION_FORMAT look at the value alone, not into it. */
enum operation {
    OPERATION_NEVER,
    OPERATION_CONST,
    OPERATION_ENUM,
    OPERATION_BOUND,
    OPERATION_MULTIPLE_OF,
    OPERATION_LENGTH,
    OPERATION_PATTERN,
    OPERATION_FORMAT,
    OPERATION_REF,
    OPERATION_DYNAMIC_REF,
    OPERATION_OBJECT,
    OPERATION_ARRAY,
    OPERATION_UNIQUE_ITEMS,
    OPERATION_CONTAINS,
    OPERATION_DEPENDENT,
    OPERATION_ALL_OF,
    OPERATION_ANY_OF,
    OPERATION_ONE_OF,
    OPERATION_NOT,
    OPERATION_IF,
    OPERATION_UNEVALUATED_ITEMS,
    OPERATION_UNEVALUATED_PROPERTIES,
    OPERATION_COUNT
};

struct step {
    uint8_t operation; /* enum operation */
    uint8_t types;     /* of values it looks at; others pass */
    uint8_t keyword;   /* enum keyword, for reports and schema locations */
    uint8_t unused;
    uint32_t number;  /* lengths */
    const void *data; /* by operation, see below */
};

enum { RESOURCE_NONE = UINT32_MAX };

struct schema_node {
    uint8_t types;       /* enum value_type: what passes */
    uint8_t step_types;  /* of values that any step looks at */
    bool owns_marks : 1; /* has unevaluated*: collects what its own keywords evaluated */
    bool simple : 1;     /* no step looks into the value or applies a schema */
    uint16_t step_count;
    uint32_t resource; /* whose dynamic anchors come into scope; RESOURCE_NONE: no change */
    const struct step *steps;
    const char *location; /* of a resource's root: "uri#"; else NULL */
};

/* OPERATION_REF */
struct jump {
    const struct schema_node *node;
    const char *location; /* "uri#/definitions/x" */
};

/* OPERATION_DYNAMIC_REF; for $recursiveRef the name is "". */
struct dynamic_jump {
    const char *name; /* kept once: the same pointer as in the resources' anchors */
    struct jump initial;
};

/* OPERATION_BOUND */
struct bound {
    struct number number;
    struct json_object *value; /* for the sentence */
};

/* OPERATION_ENUM; OPERATION_CONST has a list of one. */
struct value_set {
    struct json_object **values;
    uint32_t count;
    uint32_t mask;   /* of slots, which hold index + 1 */
    uint32_t *slots; /* by name_hash if all are strings, else by value_hash; NULL: look at each */
    bool texts;      /* all are strings */
};

/* The authors of schemas choose the values, senders do not: this needs to be no secret. */
static const struct siphash_key value_set_key = {{0x7465, 0x6e74}};

/* OPERATION_OBJECT */
struct property {
    const char *name;
    const struct schema_node *node; /* NULL: only required */
    uint32_t length;
    uint32_t hash : 31;
    uint32_t required : 1;
};

struct pattern_property {
    const struct pattern *pattern;
    const struct schema_node *node;
};

struct object_plan {
    const struct property *properties;
    const uint16_t *slots; /* index + 1 */
    uint32_t count, mask;
    uint32_t required; /* how many of them */
    uint32_t minimum, maximum;
    uint32_t pattern_count;
    const struct pattern_property *patterns;
    const struct schema_node *additional, *names; /* NULL: none */
    bool walks;                                   /* the members must be looked at one by one */
    bool applies;                                 /* `properties` has schemas for some */
};

/* OPERATION_ARRAY */
struct array_plan {
    const struct schema_node *const *prefix;
    uint32_t prefix_count;
    uint32_t minimum, maximum;
    uint8_t prefix_keyword, rest_keyword; /* enum keyword: they changed names */
    const struct schema_node *rest;       /* NULL: none */
};

/* OPERATION_CONTAINS */
struct contains_plan {
    const struct schema_node *node;
    uint32_t minimum, maximum;
    bool marks; /* 2020-12: what matches counts as evaluated */
};

/* OPERATION_DEPENDENT */
struct dependent {
    const char *name;
    const struct schema_node *node; /* or the names: */
    const char *const *names;
    uint32_t name_count;
};

struct dependents {
    const struct dependent *items;
    uint32_t count;
};

/* OPERATION_ALL_OF, OPERATION_ANY_OF, OPERATION_ONE_OF */
struct branches {
    const struct schema_node *const *nodes;
    uint32_t count;
    const struct prefilter *prefilter; /* NULL: try them all */
};

/* OPERATION_IF */
struct condition {
    const struct schema_node *test, *then, *otherwise; /* the latter two may be NULL */
};

/* OPERATION_NOT, OPERATION_UNEVALUATED_*: const struct schema_node; OPERATION_MULTIPLE_OF: const
 * struct divisor; OPERATION_PATTERN: const struct pattern; OPERATION_FORMAT: const struct
 * format_row */

/* The dynamic anchors of one resource. */
struct anchor_jump {
    const char *name;
    struct jump jump;
};

struct anchor_list {
    const struct anchor_jump *items;
    uint32_t count;
};

struct schema {
    struct arena arena;
    struct jump root;
    struct json_object **values; /* kept for const and enum */
    size_t value_count, value_capacity;
    struct patterns patterns;
    const struct anchor_list *anchors; /* by resource; NULL: nothing is dynamic */
    uint32_t anchor_count;
    bool dynamic;
};

/* Of a member's name, for object_plan.slots and value_set.slots. */
static inline uint32_t name_hash(const char *name, size_t length)
{
    uint64_t head = 0, tail = 0;
    if (length >= 8) {
        memcpy(&head, name, 8);
        memcpy(&tail, name + length - 8, 8);
    } else if (length >= 4) {
        uint32_t a, b;
        memcpy(&a, name, 4);
        memcpy(&b, name + length - 4, 4);
        head = a;
        tail = b;
    } else if (length) {
        head = (uint64_t)(uint8_t)name[0] << 16 | (uint64_t)(uint8_t)name[length / 2] << 8 |
               (uint8_t)name[length - 1];
    }
    for (size_t at = 8; at + 8 < length; at += 8) {
        uint64_t word;
        memcpy(&word, name + at, 8);
        head = (head ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        head ^= head >> 32;
    }
    uint64_t hash =
        (head ^ tail * UINT64_C(0xff51afd7ed558ccd) ^ length) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 33);
}

#endif
