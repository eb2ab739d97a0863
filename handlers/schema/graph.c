/* Two looks at the finished program. The first finds schemas that apply themselves to the same
 * value without end ({"$ref": "#"}): a walk over the steps that stay at one value, where meeting a
 * node that is still open is a loop. Dynamic references are not followed, since where they lead
 * shows only later; the limit on depth is behind them. The second gives anyOf and oneOf their
 * sieves. */
#include "handlers/schema/compile.h"
#include "handlers/schema/sieve.h"

#include <stdlib.h>

enum { GRAPH_DEPTH = 2500 };

enum state { STATE_NEW, STATE_OPEN, STATE_CLOSED };

struct graph {
    struct map states; /* struct visit by node */
    struct arena arena;
    unsigned depth;
    const char *why;
};

struct visit {
    const struct node *node;
    enum state state;
};

static bool visit_node(struct graph *graph, const struct node *node);

static bool visit_branches(struct graph *graph, const struct branches *branches)
{
    for (uint32_t i = 0; i < branches->count; i++)
        if (!visit_node(graph, branches->nodes[i]))
            return false;
    return true;
}

static bool visit_condition(struct graph *graph, const struct condition *condition)
{
    return visit_node(graph, condition->test) &&
           (!condition->then || visit_node(graph, condition->then)) &&
           (!condition->otherwise || visit_node(graph, condition->otherwise));
}

static bool visit_dependents(struct graph *graph, const struct dependents *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].node && !visit_node(graph, list->items[i].node))
            return false;
    return true;
}

static bool visit_step(struct graph *graph, const struct step *step)
{
    switch (step->operation) {
    case OPERATION_REF:
        return visit_node(graph, ((const struct jump *)step->data)->node);
    case OPERATION_ALL_OF:
    case OPERATION_ANY_OF:
    case OPERATION_ONE_OF:
        return visit_branches(graph, step->data);
    case OPERATION_NOT:
        return visit_node(graph, step->data);
    case OPERATION_IF:
        return visit_condition(graph, step->data);
    case OPERATION_DEPENDENT:
        return visit_dependents(graph, step->data);
    default:
        return true;
    }
}

static struct visit *find_visit(struct graph *graph, const struct node *node)
{
    struct visit *visit = map_find(&graph->states, bytes_of(&node, sizeof node));
    if (visit)
        return visit;
    visit = arena_alloc(&graph->arena, sizeof *visit);
    if (!visit)
        return NULL;
    visit->node = node;
    return map_add(&graph->states, bytes_of(&visit->node, sizeof node), visit) ? visit : NULL;
}

static bool refuse(struct graph *graph, const char *why)
{
    graph->why = why;
    return false;
}

static bool visit_node(struct graph *graph, const struct node *node)
{
    struct visit *visit = find_visit(graph, node);
    if (!visit)
        return refuse(graph, "the schema needs more memory than there is");
    if (visit->state == STATE_CLOSED)
        return true;
    if (visit->state == STATE_OPEN)
        return refuse(graph, "refers to itself without end");
    if (graph->depth == GRAPH_DEPTH)
        return refuse(graph, "refers to too long a chain of schemas");
    graph->depth++;
    visit->state = STATE_OPEN;
    for (unsigned i = 0; i < node->step_count; i++)
        if (!visit_step(graph, &node->steps[i]))
            return false;
    visit->state = STATE_CLOSED;
    graph->depth--;
    return true;
}

bool compile_check_loops(struct compiler *compiler)
{
    struct graph graph = {0};
    bool good = true;
    map_init(&graph.states);
    arena_init(&graph.arena, 256 * 1024 * 1024);
    for (struct unit_list *u = compiler->units; good && u; u = u->next) {
        good = visit_node(&graph, u->record->node);
        if (!good)
            load_fail(compiler->library, u->record, NULL, "%s", graph.why);
    }
    map_finish(&graph.states);
    arena_finish(&graph.arena);
    return good;
}

bool compile_sieves(struct compiler *compiler)
{
    for (struct unit_list *u = compiler->units; u; u = u->next) {
        const struct node *node = u->record->node;
        for (unsigned i = 0; i < node->step_count; i++) {
            if (node->steps[i].operation != OPERATION_ANY_OF &&
                node->steps[i].operation != OPERATION_ONE_OF)
                continue;
            struct branches *branches = (struct branches *)node->steps[i].data;
            branches->sieve = sieve_create(&compiler->schema->arena, branches);
        }
    }
    return true;
}
