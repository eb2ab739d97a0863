/* Where an evaluation is: a schema applied to a value, within others. */
#ifndef TENTERHOOK_SCHEMA_EVAL_FRAME_H
#define TENTERHOOK_SCHEMA_EVAL_FRAME_H

#include "handlers/schema/program.h"
#include "handlers/schema/value.h"

/* Which members or items of one value have been evaluated: a bit each. */
struct marks {
    uint64_t *words;
    size_t count;
};

/* The resources that evaluation has passed through, innermost first. */
struct scope {
    const struct scope *up;
    uint32_t resource;
};

enum { INDEX_NONE = UINT32_MAX };

/* How a value lies in the value of the frame above. */
enum frame_relation { RELATION_SAME, RELATION_MEMBER, RELATION_ITEM };

/* A schema applied to a value. Frames lie on the stack and are linked upwards; locations are
 * spelled out from them only when something is reported. */
struct frame {
    struct json_object *value;
    const char *name_text; /* not NULL: the value is this member's name (propertyNames) */
    const struct schema_node *node;
    const struct frame *up;
    struct marks *marks; /* NULL: nobody asks what was evaluated */
    const struct scope *scope;
    const char *location; /* absolute, where a reference was followed to get here; else NULL */
    union {
        const char *member; /* RELATION_MEMBER */
        size_t item;        /* RELATION_ITEM */
    };
    const char *token; /* schema location from the frame above: /keyword, /keyword/token */
    uint32_t index;    /* or /keyword/index if token is NULL; INDEX_NONE: neither */
    uint8_t keyword;   /* enum keyword */
    uint8_t relation;
    uint8_t type; /* enum value_type, set by eval_node */
};

static inline struct frame frame_same(const struct frame *up, const struct schema_node *node,
                                      enum keyword keyword, uint32_t index, struct marks *marks)
{
    return (struct frame){.value = up->value,
                          .name_text = up->name_text,
                          .node = node,
                          .up = up,
                          .marks = marks,
                          .scope = up->scope,
                          .index = index,
                          .keyword = (uint8_t)keyword,
                          .relation = RELATION_SAME};
}

static inline struct bytes frame_text(const struct frame *frame)
{
    return frame->name_text ? bytes_of_text(frame->name_text) : value_string(frame->value);
}

#endif
