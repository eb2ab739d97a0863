/* A resource that evaluation may pass through waits until its anchors are compiled. */
#include "handlers/schema/compile_anchors.h"

#include "handlers/schema/fault.h"
#include "handlers/schema/part.h"

bool anchors_add_scope(struct compiler *compiler, const struct resource *resource)
{
    if (map_find(&compiler->scopes, bytes_of(&resource, sizeof resource)))
        return true;
    struct scope_part *part = arena_alloc(&compiler->arena, sizeof *part);
    if (!part)
        return fault_memory(compiler->library);
    *part = (struct scope_part){.resource = resource, .next = compiler->scopes_new};
    compiler->scopes_new = part;
    return map_add(&compiler->scopes, bytes_of(&part->resource, sizeof resource), part) ||
           fault_memory(compiler->library);
}

static bool add_anchor(struct unit *unit, struct anchor_list *list, struct anchor_jump *items,
                       const char *name, const struct subschema *subschema)
{
    struct anchor_jump *item = &items[list->count];
    item->name = unit_text(unit, name);
    if (!item->name || !unit_jump(unit, subschema, &item->jump))
        return false;
    list->count++;
    return true;
}

/* All of a resource's; $recursiveAnchor has the name "". */
static bool fill_anchors(struct compiler *compiler, struct scope_part *part)
{
    const struct resource *resource = part->resource;
    struct unit unit = {.compiler = compiler, .subschema = resource->root};
    uint32_t count = resource->recursive_anchor;
    for (const struct dynamic_anchor *a = resource->dynamic; a; a = a->next)
        count++;
    if (!count)
        return true;
    struct anchor_jump *items = unit_alloc(&unit, count, sizeof *items);
    if (!items)
        return false;
    part->anchors.items = items;
    if (resource->recursive_anchor && !add_anchor(&unit, &part->anchors, items, "", resource->root))
        return false;
    for (const struct dynamic_anchor *a = resource->dynamic; a; a = a->next)
        if (!add_anchor(&unit, &part->anchors, items, a->name, a->subschema))
            return false;
    return true;
}

bool anchors_pending(const struct compiler *compiler)
{
    return compiler->scopes_new;
}

bool anchors_fill(struct compiler *compiler)
{
    struct scope_part *part = compiler->scopes_new;
    compiler->scopes_new = part->next;
    part->next = compiler->scopes_done;
    compiler->scopes_done = part;
    return fill_anchors(compiler, part);
}

bool anchors_write(struct compiler *compiler)
{
    struct schema *schema = compiler->schema;
    schema->anchor_count = compiler->library->resource_count;
    struct anchor_list *lists =
        arena_alloc_array(&schema->arena, schema->anchor_count, sizeof *lists);
    if (!lists)
        return fault_memory(compiler->library);
    for (const struct scope_part *part = compiler->scopes_done; part; part = part->next)
        lists[part->resource->index] = part->anchors;
    schema->anchors = lists;
    return true;
}
