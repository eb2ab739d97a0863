/* One schema while it is compiled: its keywords, and the steps that they become. */
#ifndef TENTERHOOK_SCHEMA_UNIT_H
#define TENTERHOOK_SCHEMA_UNIT_H

#include "handlers/schema/library.h"
#include "handlers/schema/program.h"

/* A schema of the program. */
struct part {
    const struct subschema *subschema;
    const struct schema_node *node;
    struct schema_node *own; /* the same, to be filled in; NULL: shared with equal ones */
    const struct jump *jump; /* to it, once there is one */
    struct part *next;
};

/* A resource that evaluation may pass through. */
struct scope_part {
    const struct resource *resource;
    struct anchor_list anchors;
    struct scope_part *next;
};

struct branches_part {
    struct branches *branches;
    struct branches_part *next;
};

struct compiler {
    struct schema_library *library;
    struct schema *schema;
    const struct document *document;   /* of its root */
    struct arena arena;                /* of what follows */
    struct map parts;                  /* by subschema */
    struct part *pending, *parts_done; /* those with nodes of their own */
    struct map scopes;                 /* by resource */
    struct scope_part *scopes_new, *scopes_done;
    struct branches_part *branches; /* of anyOf and oneOf */
    struct map texts;               /* names, so that each is kept once */
    struct map leaves;              /* nodes without schemas in them, so that equal ones are one */
    struct map patterns;            /* by source */
};

enum { UNIT_STEPS = 40 };

/* A schema at work: its keywords and the steps made so far. */
struct unit {
    struct compiler *compiler;
    const struct subschema *subschema;
    const struct dialect *dialect;
    uint64_t present; /* KEYWORD_BITs */
    struct json_object *words[KEYWORD_COUNT];
    unsigned types;
    bool owns_marks;
    unsigned step_count;
    struct step steps[UNIT_STEPS];
};

static inline bool unit_has(const struct unit *unit, enum keyword keyword)
{
    return unit->present & KEYWORD_BIT(keyword);
}

/* Allocates in the program; NULL with the fault. */
void *unit_alloc(struct unit *unit, size_t count, size_t size);
/* The name, kept once in the program; NULL with the fault. */
const char *unit_text(struct unit *unit, const char *text);
/* The text of a name or a reference in the keyword; NULL with the fault, which says what it must
 * be. */
const char *unit_word(struct unit *unit, enum keyword keyword, struct json_object *value,
                      const char *must);
/* Puts the fault at the keyword. */
bool unit_fail(struct unit *unit, enum keyword keyword, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void unit_step(struct unit *unit, enum operation operation, unsigned types, enum keyword keyword,
               uint32_t number, const void *data);

/* A limit such as maxLength, cut at UINT32_MAX; `*number` stays if the keyword is not there. */
bool unit_count(struct unit *unit, enum keyword keyword, uint32_t *number);

void unit_init(struct unit *unit, struct compiler *compiler, const struct subschema *subschema);
/* Fills in the node from the steps made. */
bool unit_write(struct unit *unit, struct schema_node *node);

#endif
