/* Two looks at the finished program. The first finds schemas that apply themselves to the same
 * value without end ({"$ref": "#"}), or in a chain that is longer than any evaluation may be deep:
 * a walk over the steps that stay at one value, with a stack of its own, where meeting a node that
 * is still open is a loop. Dynamic references are not followed, since where they lead shows only
 * later; the limits of evaluation are behind them. The second gives anyOf and oneOf their
 * prefilters.
 */
#include "handlers/schema/graph.h"

#include "handlers/schema/fault.h"
#include "handlers/schema/prefilter.h"

#include <stdlib.h>

enum { CHAIN_MAX = 1000, GRAPH_BYTES = 256 * 1024 * 1024 };

enum state { STATE_NEW, STATE_OPEN, STATE_CLOSED };

struct visit {
    const struct schema_node *node;
    enum state state;
    unsigned height; /* of the chain below, once closed */
    /* while open: */
    struct visit *up;
    unsigned step;
    uint32_t child;
};

struct graph {
    struct map visits; /* by node */
    struct arena arena;
    struct visit *top;
    const struct schema_node *blamed; /* NULL: memory ran out */
    const char *why;
};

/* The schema number `index` that the step applies to the value itself; false when there are no
 * more. `*child` is NULL for one that is left out. */
static bool step_child(const struct step *step, uint32_t index, const struct schema_node **child)
{
    const struct branches *branches = step->data;
    const struct dependents *list = step->data;
    const struct condition *condition = step->data;
    switch (step->operation) {
    case OPERATION_REF:
        *child = ((const struct jump *)step->data)->node;
        return index < 1;
    case OPERATION_NOT:
        *child = step->data;
        return index < 1;
    case OPERATION_IF:
        *child = index == 0 ? condition->test : index == 1 ? condition->then : condition->otherwise;
        return index < 3;
    case OPERATION_ALL_OF:
    case OPERATION_ANY_OF:
    case OPERATION_ONE_OF:
        *child = index < branches->count ? branches->nodes[index] : NULL;
        return index < branches->count;
    case OPERATION_DEPENDENT:
        *child = index < list->count ? list->items[index].node : NULL;
        return index < list->count;
    default:
        return false;
    }
}

/* The next schema below the top; NULL when all have been seen. */
static const struct schema_node *next_child(struct visit *top)
{
    while (top->step < top->node->step_count) {
        const struct schema_node *child = NULL;
        if (!step_child(&top->node->steps[top->step], top->child++, &child)) {
            top->step++;
            top->child = 0;
        } else if (child) {
            return child;
        }
    }
    return NULL;
}

static struct visit *find_visit(struct graph *graph, const struct schema_node *node)
{
    struct visit *visit = map_find(&graph->visits, bytes_of(&node, sizeof node));
    if (visit)
        return visit;
    visit = arena_alloc(&graph->arena, sizeof *visit);
    if (!visit)
        return NULL;
    visit->node = node;
    return map_add(&graph->visits, bytes_of(&visit->node, sizeof node), visit) ? visit : NULL;
}

static bool refuse(struct graph *graph, const struct schema_node *blamed, const char *why)
{
    graph->blamed = blamed;
    graph->why = why;
    return false;
}

static bool open_node(struct graph *graph, const struct schema_node *node)
{
    struct visit *visit = find_visit(graph, node);
    if (!visit)
        return false;
    if (visit->state == STATE_OPEN)
        return refuse(graph, node, "refers to itself in a cycle");
    if (visit->state == STATE_NEW) {
        visit->state = STATE_OPEN;
        visit->up = graph->top;
        graph->top = visit;
    } else if (graph->top && graph->top->height <= visit->height) {
        graph->top->height = visit->height + 1;
    }
    return true;
}

static bool close_top(struct graph *graph)
{
    struct visit *top = graph->top;
    top->state = STATE_CLOSED;
    graph->top = top->up;
    if (top->up && top->up->height <= top->height)
        top->up->height = top->height + 1;
    return top->height <= CHAIN_MAX ||
           refuse(graph, top->node, "applies too long a chain of schemas");
}

static bool visit_node(struct graph *graph, const struct schema_node *node)
{
    bool good = open_node(graph, node);
    while (good && graph->top) {
        const struct schema_node *child = next_child(graph->top);
        good = child ? open_node(graph, child) : close_top(graph);
    }
    return good;
}

/* Shared nodes apply nothing to the value itself, so whoever is blamed has one of his own. */
static const struct subschema *blamed_subschema(const struct compiler *compiler,
                                                const struct schema_node *node)
{
    const struct part *part = compiler->parts_done;
    while (part->node != node)
        part = part->next;
    return part->subschema;
}

bool graph_check_loops(struct compiler *compiler)
{
    struct graph graph = {0};
    bool good = true;
    map_init(&graph.visits);
    arena_init(&graph.arena, GRAPH_BYTES);
    for (const struct part *part = compiler->parts_done; good && part; part = part->next) {
        good = visit_node(&graph, part->node);
        if (!good && graph.blamed)
            fault_add(compiler->library, blamed_subschema(compiler, graph.blamed), NULL, "%s",
                      graph.why);
        else if (!good)
            fault_memory(compiler->library);
    }
    map_finish(&graph.visits);
    arena_finish(&graph.arena);
    return good;
}

bool graph_add_prefilters(struct compiler *compiler)
{
    struct prefilter_maker *maker = prefilter_maker_create();
    if (!maker)
        return fault_memory(compiler->library);
    for (const struct branches_part *part = compiler->branches; part; part = part->next)
        part->branches->prefilter =
            prefilter_create(maker, &compiler->schema->arena, part->branches);
    prefilter_maker_destroy(maker);
    return true;
}
