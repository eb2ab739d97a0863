/* The keywords that apply other schemas to the same value: references, combinators, conditions, and
 * what is left unevaluated by them. */
#include "handlers/schema/compile_apply.h"

#include "handlers/schema/fault.h"
#include "handlers/schema/part.h"
#include "handlers/schema/reference.h"
#include "handlers/schema/uri.h"
#include "handlers/schema/value.h"

/* ---- references ---- */

static struct subschema *find_target(struct unit *unit, enum keyword keyword, const char **text)
{
    *text = unit_word(unit, keyword, unit->words[keyword], "must be a URI reference");
    return *text ? reference_find(unit->compiler->library, unit->subschema, *text,
                                  keyword_rows[keyword].name)
                 : NULL;
}

static bool add_ref(struct unit *unit, enum keyword keyword, struct subschema *target)
{
    struct jump *jump = unit_alloc(unit, 1, sizeof *jump);
    if (!jump || !unit_jump(unit, target, jump))
        return false;
    unit_step(unit, OPERATION_REF, TYPE_ANY, keyword, 0, jump);
    return true;
}

static bool add_dynamic_ref(struct unit *unit, enum keyword keyword, struct subschema *target,
                            const char *name)
{
    struct dynamic_jump *jump = unit_alloc(unit, 1, sizeof *jump);
    if (!jump || !unit_jump(unit, target, &jump->initial))
        return false;
    jump->name = unit_text(unit, name);
    if (!jump->name)
        return false;
    unit->compiler->schema->dynamic = true;
    unit_step(unit, OPERATION_DYNAMIC_REF, TYPE_ANY, keyword, 0, jump);
    return true;
}

static bool compile_ref(struct unit *unit)
{
    const char *text;
    if (!unit_has(unit, KEYWORD_REF))
        return true;
    struct subschema *target = find_target(unit, KEYWORD_REF, &text);
    return target && add_ref(unit, KEYWORD_REF, target);
}

/* Dynamic only if the reference leads, as it stands, to a dynamic anchor of that very name. */
static bool compile_dynamic_ref(struct unit *unit)
{
    struct json_object *anchor;
    const char *text;
    if (!unit_has(unit, KEYWORD_DYNAMIC_REF))
        return true;
    struct subschema *target = find_target(unit, KEYWORD_DYNAMIC_REF, &text);
    if (!target)
        return false;
    const char *hash = strchr(text, '#');
    char *name = arena_copy_text(&unit->compiler->arena, hash ? hash + 1 : "");
    if (!name)
        return fault_memory(unit->compiler->library);
    bool dynamic = uri_unescape(name) && value_type(target->value) == TYPE_OBJECT &&
                   value_find(target->value, "$dynamicAnchor", &anchor) &&
                   value_type(anchor) == TYPE_STRING &&
                   bytes_equal_text(value_string(anchor), name);
    return dynamic ? add_dynamic_ref(unit, KEYWORD_DYNAMIC_REF, target, name)
                   : add_ref(unit, KEYWORD_DYNAMIC_REF, target);
}

static bool compile_recursive_ref(struct unit *unit)
{
    const char *text;
    if (!unit_has(unit, KEYWORD_RECURSIVE_REF))
        return true;
    struct subschema *target = find_target(unit, KEYWORD_RECURSIVE_REF, &text);
    if (!target)
        return false;
    bool dynamic = target == target->resource->root && target->resource->recursive_anchor;
    return dynamic ? add_dynamic_ref(unit, KEYWORD_RECURSIVE_REF, target, "")
                   : add_ref(unit, KEYWORD_RECURSIVE_REF, target);
}

bool compile_refs(struct unit *unit)
{
    return compile_ref(unit) && compile_dynamic_ref(unit) && compile_recursive_ref(unit);
}

/* ---- combinators ---- */

/* They get their prefilters once all is filled in. */
static bool note_branches(struct compiler *compiler, struct branches *branches)
{
    struct branches_part *part = arena_alloc(&compiler->arena, sizeof *part);
    if (!part)
        return fault_memory(compiler->library);
    *part = (struct branches_part){branches, compiler->branches};
    compiler->branches = part;
    return true;
}

static bool compile_branches(struct unit *unit, enum keyword keyword, enum operation operation)
{
    if (!unit_has(unit, keyword))
        return true;
    struct branches *branches = unit_alloc(unit, 1, sizeof *branches);
    if (!branches)
        return false;
    if (operation != OPERATION_ALL_OF && !note_branches(unit->compiler, branches))
        return false;
    branches->nodes = unit_children(unit, keyword, &branches->count);
    if (!branches->nodes)
        return false;
    if (!branches->count)
        return unit_fail(unit, keyword, "must be a list of at least one schema");
    unit_step(unit, operation, TYPE_ANY, keyword, 0, branches);
    return true;
}

static bool compile_if(struct unit *unit)
{
    if (!unit_has(unit, KEYWORD_IF))
        return true;
    struct condition *condition = unit_alloc(unit, 1, sizeof *condition);
    if (!condition)
        return false;
    condition->test = unit_child(unit, KEYWORD_IF, unit->words[KEYWORD_IF]);
    if (!condition->test)
        return false;
    if (unit_has(unit, KEYWORD_THEN))
        condition->then = unit_child(unit, KEYWORD_THEN, unit->words[KEYWORD_THEN]);
    if (unit_has(unit, KEYWORD_ELSE))
        condition->otherwise = unit_child(unit, KEYWORD_ELSE, unit->words[KEYWORD_ELSE]);
    unit_step(unit, OPERATION_IF, TYPE_ANY, KEYWORD_IF, 0, condition);
    return (condition->then || !unit_has(unit, KEYWORD_THEN)) &&
           (condition->otherwise || !unit_has(unit, KEYWORD_ELSE));
}

static bool compile_node_step(struct unit *unit, enum keyword keyword, enum operation operation,
                              unsigned types)
{
    if (!unit_has(unit, keyword))
        return true;
    const struct schema_node *node = unit_child(unit, keyword, unit->words[keyword]);
    unit_step(unit, operation, types, keyword, 0, node);
    return node != NULL;
}

bool compile_combinators(struct unit *unit)
{
    return compile_branches(unit, KEYWORD_ALL_OF, OPERATION_ALL_OF) && compile_if(unit) &&
           compile_node_step(unit, KEYWORD_NOT, OPERATION_NOT, TYPE_ANY) &&
           compile_branches(unit, KEYWORD_ANY_OF, OPERATION_ANY_OF) &&
           compile_branches(unit, KEYWORD_ONE_OF, OPERATION_ONE_OF);
}

bool compile_unevaluated(struct unit *unit)
{
    unit->owns_marks =
        unit_has(unit, KEYWORD_UNEVALUATED_ITEMS) || unit_has(unit, KEYWORD_UNEVALUATED_PROPERTIES);
    return compile_node_step(unit, KEYWORD_UNEVALUATED_ITEMS, OPERATION_UNEVALUATED_ITEMS,
                             TYPE_ARRAY) &&
           compile_node_step(unit, KEYWORD_UNEVALUATED_PROPERTIES, OPERATION_UNEVALUATED_PROPERTIES,
                             TYPE_OBJECT);
}
