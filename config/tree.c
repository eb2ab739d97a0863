/* Builds nodes from libyaml's events. A configuration has to be strict: what libyaml accepts
 * silently (aliases, tags, repeated keys, a second document) is refused here. The time of libyaml
 * is quadratic in the depth, so the depth is limited while the events arrive. */
#include "config/tree.h"

#include "config/syntax_hint.h"
#include "config/text.h"

#include <stdlib.h>
#include <yaml.h>

/* A mapping or sequence whose end has not come. */
struct open_node {
    struct node *node;
    struct node **link;     /* where its next child goes */
    const struct node *key; /* mapping: of the value that comes next, NULL: a key comes next */
};

struct builder {
    const struct source *source;
    struct arena *arena;
    struct problem_list *problems;
    struct open_node open[TEXT_DEPTH_MAX];
    unsigned depth;
    unsigned nodes;
    bool skip_value; /* the key before it was refused */
    struct node skip_key;
    struct node *root;
};

static unsigned place(size_t zero_based)
{
    return (unsigned)zero_based + 1;
}

/* ---- problems ---- */

static void builder_problem(struct builder *builder, const yaml_mark_t *mark, const char *text)
{
    problem_add_unparsed(builder->problems, builder->source, place(mark->line), place(mark->column),
                         NULL, "%s", text);
}

static bool builder_refuse(struct builder *builder, const yaml_mark_t *mark, const char *text)
{
    builder_problem(builder, mark, text);
    return false;
}

/* libyaml's sentences are short and about YAML; those that people meet most get a better one.
 * Where something was not closed, the line in which it began helps more than the one where that
 * came out. */
static const struct parser_sentence {
    const char *given, *better;
    bool with_line;
} parser_sentences[] = {
    {"mapping values are not allowed in this context",
     "a second \":\" on this line; is the indentation right, is the line before it closed, or is a "
     "quote missing?",
     false},
    {"did not find expected key",
     "this is not a key of the mapping around it; is the indentation right?", false},
    {"did not find expected '-' indicator",
     "this is not an item of the list around it; is the indentation right?", false},
    {"did not find expected ',' or ']'", "no \",\" or \"]\" here for the list", true},
    {"did not find expected ',' or '}'", "no \",\" or \"}\" here for the mapping", true},
    {"did not find expected node content", "a value is missing here; is a bracket not closed?",
     false},
    {"found character that cannot start any token",
     "a value that begins with this character must be in quotes", false},
    {"found unknown escape character",
     "an escape that YAML does not have; in single quotes a \\ is only that", false},
    {"found unexpected ':'",
     "a blank is missing after this \":\", or a value that has it must be in quotes", false},
    {"block sequence entries are not allowed in this context",
     "a list item (\"- \") is not allowed here", false},
    {"did not find expected <document start>",
     "this belongs to no key above it; is the indentation right, or a \":\" missing?", false},
};

/* A key that is none yet, in the line that libyaml names or in one before it. */
static bool find_unfinished_key(struct bytes text, const yaml_parser_t *parser, const char *problem,
                                struct syntax_hint *hint)
{
    unsigned line = place(parser->problem_mark.line);
    unsigned began = place(parser->context_mark.line);
    if (strcmp(problem, "could not find expected ':'") == 0) {
        if (!syntax_hint_key(text, began, false, hint))
            *hint = (struct syntax_hint){began, place(parser->context_mark.column),
                                         "a key without a \":\" and a value"};
        return true;
    }
    if (strcmp(problem, "mapping values are not allowed in this context") == 0 ||
        strcmp(problem, "did not find expected '-' indicator") == 0)
        return syntax_hint_key(text, line, true, hint) || syntax_hint_above(text, line, hint);
    return strcmp(problem, "did not find expected key") == 0 &&
           syntax_hint_key(text, line, true, hint);
}

static void builder_syntax_problem(struct builder *builder, const yaml_parser_t *parser)
{
    const yaml_mark_t *mark = &parser->problem_mark;
    struct bytes text = builder->source->text;
    const char *problem = parser->problem ? parser->problem : "not YAML";
    struct parser_sentence found = {.better = problem};
    struct syntax_hint hint;
    char sentence[200];
    if (strcmp(problem, "found unexpected end of stream") == 0) {
        builder_problem(builder, &parser->context_mark,
                        "the file ends before this quote is closed");
        return;
    }
    bool is_tab = syntax_hint_is_tab(text, place(mark->line), place(mark->column));
    if (!is_tab && find_unfinished_key(text, parser, problem, &hint)) {
        problem_add_unparsed(builder->problems, builder->source, hint.line, hint.column, NULL, "%s",
                             hint.sentence);
        return;
    }
    for (size_t i = 0; i < sizeof parser_sentences / sizeof *parser_sentences; i++)
        if (strcmp(problem, parser_sentences[i].given) == 0)
            found = parser_sentences[i];
    if (is_tab)
        found = (struct parser_sentence){.better = "a tab; indent with spaces"};
    else if (found.with_line &&
             syntax_hint_is_bracket(text, place(mark->line), place(mark->column)))
        found = (struct parser_sentence){
            .better =
                "a value with brackets, such as \"payload.commits[0].id\", must be in quotes"};
    snprintf(sentence, sizeof sentence, "%s", found.better);
    if (found.with_line)
        snprintf(sentence, sizeof sentence, "%s that begins in line %u", found.better,
                 place(parser->context_mark.line));
    builder_problem(builder, mark, sentence);
}

static void builder_parser_problem(struct builder *builder, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        problem_add_plain(builder->problems, "%s: no memory", builder->source->name);
    else if (parser->error == YAML_READER_ERROR)
        text_offset_problem(builder->source, parser->problem_offset, builder->problems,
                            parser->problem);
    else
        builder_syntax_problem(builder, parser);
}

/* ---- nodes ---- */

static struct node *builder_add(struct builder *builder, const yaml_event_t *event,
                                enum node_kind kind)
{
    struct node *node = arena_alloc(builder->arena, sizeof *node);
    if (!node || ++builder->nodes > TREE_NODES_MAX) {
        builder_problem(builder, &event->start_mark, "the file has too many values");
        return NULL;
    }
    *node = (struct node){.kind = kind,
                          .source = builder->source,
                          .line = place(event->start_mark.line),
                          .column = place(event->start_mark.column),
                          .end_line = place(event->end_mark.line)};
    if (event->start_mark.line == event->end_mark.line)
        node->end_column = place(event->end_mark.column);
    return node;
}

/* Hangs the node where it belongs: as the root, a key, a value or an item. */
static void builder_place(struct builder *builder, struct node *node)
{
    struct open_node *top = builder->depth ? &builder->open[builder->depth - 1] : NULL;
    if (!top) {
        builder->root = node;
        return;
    }
    if (top->node->kind == NODE_MAPPING) {
        node->key = top->key;
        top->key = NULL;
        if (node->key == &builder->skip_key)
            return;
    }
    *top->link = node;
    top->link = (struct node **)&node->next;
    top->node->count++;
}

static bool builder_wants_key(const struct builder *builder)
{
    const struct open_node *top = builder->depth ? &builder->open[builder->depth - 1] : NULL;
    return top && top->node->kind == NODE_MAPPING && !top->key;
}

/* Whether the node stands right behind a "{", as in {{payload.ref}} without quotes. */
static bool is_bare_template(const struct builder *builder, const struct node *node)
{
    const struct node *top = builder->open[builder->depth - 1].node;
    return node->kind == NODE_MAPPING && node->line == top->line && node->column == top->column + 1;
}

static const char *key_fault(const struct builder *builder, const struct node *node)
{
    if (is_bare_template(builder, node))
        return "a string with {{…}} must be in quotes: \"{{…}}\"";
    if (node->kind != NODE_SCALAR)
        return "a key must be a string, not a list or a mapping";
    if (!node->quoted && strcmp(node->text, "<<") == 0)
        return "merge keys (\"<<\") are not part of this format; see defaults:";
    return tree_is_null(node) ? "a key must not be empty" : NULL;
}

/* Takes a scalar as the key of the value that comes next. */
static void builder_set_key(struct builder *builder, struct node *node, const yaml_event_t *event)
{
    const char *fault = key_fault(builder, node);
    if (fault)
        builder_problem(builder, &event->start_mark, fault);
    builder->open[builder->depth - 1].key = fault ? &builder->skip_key : node;
}

static void builder_check_properties(struct builder *builder, const yaml_event_t *event,
                                     const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        builder_problem(builder, &event->start_mark,
                        "anchors are not part of this format; see defaults:");
    if (tag)
        builder_problem(builder, &event->start_mark, "tags are not part of this format");
}

/* ---- events ---- */

/* What word processors make of quotes: to YAML they are letters. */
static void warn_of_quote(struct builder *builder, const yaml_mark_t *mark, const char *text)
{
    static const char *const quotes[] = {"“", "”", "„", "‘", "’", "‚", "«", "»"};
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
        if (strncmp(text, quotes[i], strlen(quotes[i])) == 0)
            problem_warn_unparsed(builder->problems, builder->source, place(mark->line),
                                  place(mark->column),
                                  "a typographic quote is part of the string here; YAML quotes "
                                  "with \" or '");
}

static bool on_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct node *node = builder_add(builder, event, NODE_SCALAR);
    if (!node)
        return false;
    builder_check_properties(builder, event, event->data.scalar.anchor, event->data.scalar.tag);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->length = event->data.scalar.length;
    node->text = arena_copy_bytes(builder->arena,
                                  bytes_of(event->data.scalar.value, event->data.scalar.length));
    if (!node->text)
        return builder_refuse(builder, &event->start_mark, "no memory");
    if (strlen(node->text) != node->length) {
        builder_problem(builder, &event->start_mark, "a NUL byte in a string");
        node->length = strlen(node->text);
    }
    if (!node->quoted)
        warn_of_quote(builder, &event->start_mark, node->text);
    if (builder_wants_key(builder))
        builder_set_key(builder, node, event);
    else
        builder_place(builder, node);
    return true;
}

static bool builder_open(struct builder *builder, const yaml_event_t *event, enum node_kind kind,
                         const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct node *node = builder_add(builder, event, kind);
    if (!node)
        return false;
    builder_check_properties(builder, event, anchor, tag);
    if (builder->depth == TEXT_DEPTH_MAX)
        return builder_refuse(builder, &event->start_mark, "nested more than 32 deep");
    if (builder_wants_key(builder)) /* what stands for the key has no place to go to */
        return builder_refuse(builder, &event->start_mark, key_fault(builder, node));
    builder_place(builder, node);
    builder->open[builder->depth++] = (struct open_node){node, (struct node **)&node->first, NULL};
    return true;
}

static bool on_sequence_start(struct builder *builder, const yaml_event_t *event)
{
    return builder_open(builder, event, NODE_SEQUENCE, event->data.sequence_start.anchor,
                        event->data.sequence_start.tag);
}

static bool on_mapping_start(struct builder *builder, const yaml_event_t *event)
{
    return builder_open(builder, event, NODE_MAPPING, event->data.mapping_start.anchor,
                        event->data.mapping_start.tag);
}

static int compare_keys(const void *a, const void *b)
{
    const struct node *left = *(struct node *const *)a, *right = *(struct node *const *)b;
    int order = strcmp(left->key->text, right->key->text);
    if (order)
        return order;
    return left->line != right->line ? (left->line < right->line ? -1 : 1)
                                     : (left->column < right->column ? -1 : 1);
}

static void add_repeated(struct builder *builder, const struct node *key, unsigned first)
{
    struct problem_list *problems = builder->problems;
    const char *bare =
        arena_format(&problems->arena, "a key is repeated; it is first given in line %u", first);
    problem_add_unparsed(problems, builder->source, key->line, key->column,
                         bare ? bare : "a key is repeated",
                         "key \"%s\" is repeated; it is first given in line %u", key->text, first);
}

/* Sorted, because a hostile mapping has 100,000 keys. All but the first of a name are reported, and
 * tree_find finds the first. */
static bool builder_check_repeated(struct builder *builder, const struct node *mapping)
{
    const struct node **sorted = calloc(mapping->count + 1, sizeof *sorted);
    size_t count = 0;
    if (!sorted)
        return false;
    for (const struct node *child = mapping->first; child; child = child->next)
        sorted[count++] = child;
    qsort(sorted, count, sizeof *sorted, compare_keys);
    for (size_t i = 1, first = 0; i < count; i++) {
        const struct node *key = sorted[i]->key;
        if (strcmp(sorted[first]->key->text, key->text) != 0)
            first = i;
        else
            add_repeated(builder, key, sorted[first]->key->line);
    }
    free(sorted);
    return true;
}

static bool on_end(struct builder *builder, const yaml_event_t *event)
{
    struct node *node = builder->open[--builder->depth].node;
    node->end_line = place(event->end_mark.line);
    if (node->end_line > node->line && event->end_mark.column == 0)
        node->end_line--;
    return node->kind != NODE_MAPPING || builder_check_repeated(builder, node);
}

static bool on_document_start(struct builder *builder, const yaml_event_t *event)
{
    const yaml_tag_directive_t *tags = event->data.document_start.tag_directives.start;
    if (builder->root)
        return builder_refuse(builder, &event->start_mark,
                              "a second document; a file holds only one");
    if (tags != event->data.document_start.tag_directives.end)
        return builder_refuse(builder, &event->start_mark, "tags are not part of this format");
    return true;
}

static bool on_alias(struct builder *builder, const yaml_event_t *event)
{
    return builder_refuse(
        builder, &event->start_mark,
        "aliases are not part of this format (see defaults:); a string that begins "
        "with * must be in quotes");
}

static bool on_nothing(struct builder *builder, const yaml_event_t *event)
{
    (void)builder;
    (void)event;
    return true;
}

static bool (*const on_event[])(struct builder *, const yaml_event_t *) = {
    [YAML_NO_EVENT] = on_nothing,           [YAML_STREAM_START_EVENT] = on_nothing,
    [YAML_STREAM_END_EVENT] = on_nothing,   [YAML_DOCUMENT_START_EVENT] = on_document_start,
    [YAML_DOCUMENT_END_EVENT] = on_nothing, [YAML_ALIAS_EVENT] = on_alias,
    [YAML_SCALAR_EVENT] = on_scalar,        [YAML_SEQUENCE_START_EVENT] = on_sequence_start,
    [YAML_SEQUENCE_END_EVENT] = on_end,     [YAML_MAPPING_START_EVENT] = on_mapping_start,
    [YAML_MAPPING_END_EVENT] = on_end,
};

static bool builder_run(struct builder *builder, yaml_parser_t *parser)
{
    yaml_event_type_t type = YAML_NO_EVENT;
    while (type != YAML_STREAM_END_EVENT) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            builder_parser_problem(builder, parser);
            return false;
        }
        type = event.type;
        bool going_on = on_event[type](builder, &event);
        yaml_event_delete(&event);
        if (!going_on)
            return false;
    }
    return true;
}

const struct node *tree_parse(const struct source *source, struct arena *arena,
                              struct problem_list *problems)
{
    struct builder builder = {.source = source, .arena = arena, .problems = problems};
    yaml_parser_t parser;
    if (!text_check(source, problems))
        return NULL;
    if (!yaml_parser_initialize(&parser)) {
        problem_add_plain(problems, "%s: no memory", source->name);
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, source->text.data, source->text.length);
    bool whole = builder_run(&builder, &parser);
    yaml_parser_delete(&parser);
    if (!whole)
        return NULL;
    if (!builder.root || tree_is_null(builder.root)) {
        struct node empty = {.kind = NODE_MAPPING, .source = source, .line = 1, .column = 1};
        builder.root = arena_alloc(arena, sizeof empty);
        if (builder.root)
            *builder.root = empty;
    }
    return builder.root;
}

const struct node *tree_find(const struct node *mapping, const char *key)
{
    for (const struct node *child = mapping->first; child; child = child->next)
        if (child->key && strcmp(child->key->text, key) == 0)
            return child;
    return NULL;
}

const struct node *tree_find_either(const struct node *mapping, const struct node *fallback,
                                    const char *key)
{
    const struct node *own = tree_find(mapping, key);
    return own || !fallback ? own : tree_find(fallback, key);
}

bool tree_is_null(const struct node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != NODE_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(node->text, words[i]) == 0)
            return true;
    return false;
}
