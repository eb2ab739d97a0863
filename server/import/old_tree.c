/* Builds nodes from libyaml's events. What `webhook` accepts is accepted: a repeated key (the last
 * one counts), tags, anchors, merge keys. An alias is a copy of its node that shares the children,
 * so what it costs is counted beforehand: each node knows how large and how high it is. */
#include "server/import/old_tree.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

enum { ANCHORS_MAX = 256, NUMBER_MAX = 64 };

struct open_node {
    struct old_node *node;
    struct old_node **link; /* where its next child goes */
    struct bytes key;       /* of the value that comes next; data NULL: a key comes next */
    unsigned key_line, key_column;
};

struct anchor {
    const char *name;
    const struct old_node *node;
};

struct builder {
    struct arena *arena;
    struct import_report *report;
    struct open_node open[OLD_DEPTH_MAX];
    unsigned depth;
    size_t nodes;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    struct old_node *root;
};

static bool builder_refuse(struct builder *builder, const yaml_mark_t *mark, const char *text)
{
    return report_problem(builder->report, (unsigned)mark->line + 1, (unsigned)mark->column + 1,
                          "%s", text);
}

/* ---- scalars of YAML 1.1 ---- */

static bool is_one_of(struct bytes text, const char *const *words)
{
    for (; *words; words++)
        if (bytes_equal_text(text, *words))
            return true;
    return false;
}

/* How Go writes a float of 32 bits: the fewest digits that are read back as the same number. */
static const char *float_text(struct arena *arena, double number)
{
    enum { DIGITS_MAX = 9 };
    char digits[40] = "";
    float value = (float)number;
    for (int count = 0; count < DIGITS_MAX; count++) {
        snprintf(digits, sizeof digits, "%.*e", count, (double)value);
        if (strtof(digits, NULL) == value)
            break;
    }
    const char *exponent = strchr(digits, 'e');
    int power = exponent ? atoi(exponent + 1) : 0;
    const char *point = strchr(digits, '.');
    int behind = point && exponent ? (int)(exponent - point) - 1 : 0;
    int decimals = behind > power ? behind - power : 0;
    bool is_long = power < -4 || power >= 6;
    return is_long ? arena_copy_text(arena, digits)
                   : arena_format(arena, "%.*f", decimals, (double)value);
}

/* The grammar of YAML's floats: digits, perhaps a point with digits behind it, an exponent with its
 * sign. */
static bool is_float(const char *text)
{
    text += *text == '+' || *text == '-';
    size_t before = strspn(text, "0123456789");
    text += before;
    if (*text == '.') {
        size_t behind = strspn(text + 1, "0123456789");
        if (behind == 0)
            return false;
        text += 1 + behind;
    } else if (before == 0) {
        return false;
    }
    if ((*text == 'e' || *text == 'E') && (text[1] == '+' || text[1] == '-'))
        text += 2 + strspn(text + 2, "0123456789");
    return *text == '\0';
}

/* An integer of 64 bits in decimal; in the prefixes 0x, 0b, 0o and 0 it is written otherwise. */
static const char *integer_text(struct arena *arena, const char *text)
{
    static const struct {
        const char *prefix;
        int base;
    } bases[] = {{"0x", 16}, {"0X", 16}, {"0b", 2}, {"0B", 2}, {"0o", 8}, {"0O", 8}, {"0", 8}};
    bool is_negative = *text == '-';
    const char *digits = text + (*text == '+' || *text == '-');
    int base = 10;
    for (size_t i = 0; i < sizeof bases / sizeof *bases && base == 10; i++) {
        size_t length = strlen(bases[i].prefix);
        if (strncmp(digits, bases[i].prefix, length) == 0 && digits[length]) {
            base = bases[i].base;
            digits += length;
        }
    }
    char *end;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, base);
    if (!isxdigit((unsigned char)*digits) || *end || errno)
        return NULL;
    return arena_format(arena, "%s%llu", is_negative && value ? "-" : "", value);
}

/* Makes a number of it if it is one; underscores between digits mean nothing. */
static void take_number(struct old_node *node, struct arena *arena)
{
    char digits[NUMBER_MAX];
    size_t count = 0;
    if (node->text.length >= NUMBER_MAX || !byte_is_among(node->text.data[0], "+-.0123456789"))
        return;
    for (size_t i = 0; i < node->text.length; i++)
        if (node->text.data[i] != '_')
            digits[count++] = (char)node->text.data[i];
    digits[count] = '\0';
    const char *text = integer_text(arena, digits);
    if (!text && is_float(digits))
        text = float_text(arena, strtod(digits, NULL));
    if (!text)
        return;
    node->kind = OLD_NUMBER;
    node->text = bytes_of_text(text);
}

static void resolve_plain(struct old_node *node, struct arena *arena)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                        "True", "TRUE", "on",  "On",  "ON",  NULL};
    static const char *const falses[] = {"n",     "N",     "no",  "No",  "NO",  "false",
                                         "False", "FALSE", "off", "Off", "OFF", NULL};
    if (is_one_of(node->text, nulls)) {
        node->kind = OLD_NULL;
        node->text = bytes_of("", 0);
    } else if (is_one_of(node->text, trues) || is_one_of(node->text, falses)) {
        node->kind = OLD_BOOLEAN;
        node->text = bytes_of_text(is_one_of(node->text, trues) ? "true" : "false");
    } else {
        take_number(node, arena);
    }
}

/* ---- nodes ---- */

static struct old_node *builder_add(struct builder *builder, const yaml_mark_t *mark,
                                    const struct old_node *like)
{
    struct old_node *node = arena_alloc(builder->arena, sizeof *node);
    builder->nodes += like->weight;
    if (!node || builder->nodes > OLD_NODES_MAX) {
        builder_refuse(builder, mark, "the file has too many values");
        return NULL;
    }
    *node = *like;
    node->line = (unsigned)mark->line + 1;
    node->column = (unsigned)mark->column + 1;
    node->next = NULL;
    node->key = bytes_of(NULL, 0);
    return node;
}

static bool builder_name(struct builder *builder, const yaml_mark_t *mark,
                         const yaml_char_t *anchor, const struct old_node *node)
{
    if (!anchor)
        return true;
    const char *name = arena_copy_text(builder->arena, (const char *)anchor);
    if (!name || builder->anchor_count == ANCHORS_MAX)
        return builder_refuse(builder, mark, "the file has too many anchors");
    builder->anchors[builder->anchor_count++] = (struct anchor){name, node};
    return true;
}

static struct open_node *builder_top(struct builder *builder)
{
    return builder->depth ? &builder->open[builder->depth - 1] : NULL;
}

static bool builder_wants_key(struct builder *builder)
{
    const struct open_node *top = builder_top(builder);
    return top && top->node->kind == OLD_MAPPING && !top->key.data;
}

/* Hangs the node where it belongs: as the root, a value or an item. */
static bool builder_place(struct builder *builder, const yaml_mark_t *mark, struct old_node *node)
{
    struct open_node *top = builder_top(builder);
    if (!top) {
        builder->root = node;
        return true;
    }
    if (top->node->kind == OLD_MAPPING) {
        if (top->node->count == OLD_KEYS_MAX)
            return builder_refuse(builder, mark, "a mapping has more than 256 keys");
        node->key = top->key;
        node->key_line = top->key_line;
        node->key_column = top->key_column;
        top->key = bytes_of(NULL, 0);
    }
    *top->link = node;
    top->link = (struct old_node **)&node->next;
    top->node->count++;
    return true;
}

/* Counts a child that is complete into its parent. */
static void builder_count(struct builder *builder, const struct old_node *child)
{
    struct open_node *top = builder_top(builder);
    if (!top)
        return;
    top->node->weight += child->weight;
    if (top->node->height < child->height + 1)
        top->node->height = child->height + 1;
}

/* ---- events ---- */

static bool on_scalar(struct builder *builder, const yaml_event_t *event)
{
    const struct old_node empty = {.kind = OLD_STRING, .weight = 1};
    struct old_node *node = builder_add(builder, &event->start_mark, &empty);
    struct bytes given = bytes_of(event->data.scalar.value, event->data.scalar.length);
    const char *text = node ? arena_copy_bytes(builder->arena, given) : NULL;
    if (!text)
        return false;
    node->text = bytes_of(text, given.length);
    if (memchr(text, 0, given.length))
        return builder_refuse(builder, &event->start_mark, "a NUL byte in a string");
    if (builder_wants_key(builder)) {
        struct open_node *top = builder_top(builder);
        top->key = node->text;
        top->key_line = node->line;
        top->key_column = node->column;
        return builder_name(builder, &event->start_mark, event->data.scalar.anchor, node);
    }
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag)
        resolve_plain(node, builder->arena);
    if (!builder_place(builder, &event->start_mark, node))
        return false;
    builder_count(builder, node);
    return builder_name(builder, &event->start_mark, event->data.scalar.anchor, node);
}

static bool builder_open(struct builder *builder, const yaml_event_t *event, enum old_kind kind,
                         const yaml_char_t *anchor)
{
    const struct old_node empty = {.kind = kind, .weight = 1};
    struct old_node *node = builder_add(builder, &event->start_mark, &empty);
    if (!node)
        return false;
    if (builder->depth == OLD_DEPTH_MAX)
        return builder_refuse(builder, &event->start_mark, "nested more than 64 deep");
    if (builder_wants_key(builder))
        return builder_refuse(builder, &event->start_mark, "a key must be a string");
    if (!builder_place(builder, &event->start_mark, node))
        return false;
    builder->open[builder->depth++] =
        (struct open_node){.node = node, .link = (struct old_node **)&node->first};
    return builder_name(builder, &event->start_mark, anchor, node);
}

static bool mapping_has(const struct old_node *mapping, struct bytes key)
{
    for (const struct old_node *child = mapping->first; child; child = child->next)
        if (bytes_equal(child->key, key))
            return true;
    return false;
}

/* Adds what the mapping does not have itself. */
static bool merge_mapping(struct builder *builder, const yaml_mark_t *mark,
                          const struct old_node *from)
{
    struct open_node *top = builder_top(builder);
    for (const struct old_node *child = from->first; child; child = child->next) {
        if (mapping_has(top->node, child->key))
            continue;
        struct old_node *copy = builder_add(builder, mark, child);
        if (!copy || top->node->count == OLD_KEYS_MAX)
            return copy && builder_refuse(builder, mark, "a mapping has more than 256 keys");
        copy->line = child->line;
        copy->column = child->column;
        copy->key = child->key;
        *top->link = copy;
        top->link = (struct old_node **)&copy->next;
        top->node->count++;
        builder_count(builder, copy);
    }
    return true;
}

/* `<<: *name` or `<<: [*one, *two]`. The key itself stays, and means nothing. */
static bool merge_keys(struct builder *builder, const yaml_mark_t *mark)
{
    for (const struct old_node *child = builder_top(builder)->node->first; child;
         child = child->next) {
        if (!bytes_equal_text(child->key, "<<"))
            continue;
        if (child->kind == OLD_MAPPING && !merge_mapping(builder, mark, child))
            return false;
        if (child->kind != OLD_LIST)
            continue;
        for (const struct old_node *item = child->first; item; item = item->next)
            if (item->kind == OLD_MAPPING && !merge_mapping(builder, mark, item))
                return false;
    }
    return true;
}

static bool on_end(struct builder *builder, const yaml_event_t *event)
{
    const struct old_node *node = builder_top(builder)->node;
    if (node->kind == OLD_MAPPING && !merge_keys(builder, &event->start_mark))
        return false;
    builder->depth--;
    builder_count(builder, node);
    return true;
}

static const struct old_node *find_anchor(const struct builder *builder, const yaml_char_t *name)
{
    for (size_t i = builder->anchor_count; i > 0; i--)
        if (strcmp(builder->anchors[i - 1].name, (const char *)name) == 0)
            return builder->anchors[i - 1].node;
    return NULL;
}

static bool is_open(const struct builder *builder, const struct old_node *node)
{
    for (unsigned i = 0; i < builder->depth; i++)
        if (builder->open[i].node == node)
            return true;
    return false;
}

static bool on_alias(struct builder *builder, const yaml_event_t *event)
{
    const struct old_node *named = find_anchor(builder, event->data.alias.anchor);
    if (!named || is_open(builder, named))
        return builder_refuse(builder, &event->start_mark, "an alias without its anchor before it");
    if (builder->depth + named->height > OLD_DEPTH_MAX)
        return builder_refuse(builder, &event->start_mark, "nested more than 64 deep");
    if (builder_wants_key(builder))
        return builder_refuse(builder, &event->start_mark, "a key must be a string");
    struct old_node *copy = builder_add(builder, &event->start_mark, named);
    if (!copy || !builder_place(builder, &event->start_mark, copy))
        return false;
    builder_count(builder, copy);
    return true;
}

static bool on_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return builder_open(builder, event, OLD_LIST, event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return builder_open(builder, event, OLD_MAPPING, event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(builder, event);
    case YAML_ALIAS_EVENT:
        return on_alias(builder, event);
    default:
        return true;
    }
}

/* A truncated file fails at its end; what helps is where the open bracket or quote stands. */
static bool report_syntax(struct builder *builder, const yaml_parser_t *parser)
{
    static const struct {
        const char *context, *what;
    } opened[] = {{"while parsing a flow mapping", "the { "},
                  {"while parsing a flow sequence", "the [ "},
                  {"while scanning a quoted scalar", "the quote "}};
    const char *problem = parser->problem ? parser->problem : "not YAML";
    if (parser->error == YAML_READER_ERROR)
        return report_problem(builder->report, 0, 0, "%s (at byte %zu)", problem,
                              parser->problem_offset);
    const yaml_mark_t *mark = &parser->problem_mark;
    for (size_t i = 0; parser->context && i < sizeof opened / sizeof *opened; i++)
        if (strcmp(parser->context, opened[i].context) == 0)
            return report_problem(
                builder->report, (unsigned)mark->line + 1, (unsigned)mark->column + 1,
                "%s; %sin line %zu, column %zu is still open", problem, opened[i].what,
                parser->context_mark.line + 1, parser->context_mark.column + 1);
    return builder_refuse(builder, mark, problem);
}

/* Up to the end of the first document; `webhook` does not look at what follows either. */
static bool builder_run(struct builder *builder, yaml_parser_t *parser)
{
    yaml_event_type_t type = YAML_NO_EVENT;
    while (type != YAML_STREAM_END_EVENT && type != YAML_DOCUMENT_END_EVENT) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return report_syntax(builder, parser);
        type = event.type;
        bool going_on = on_event(builder, &event);
        yaml_event_delete(&event);
        if (!going_on)
            return false;
    }
    return true;
}

const struct old_node *old_tree_parse(struct bytes text, struct arena *arena,
                                      struct import_report *report)
{
    struct builder *builder = arena_alloc(arena, sizeof *builder);
    yaml_parser_t parser;
    if (!builder || !yaml_parser_initialize(&parser)) {
        report_problem(report, 0, 0, "no memory");
        return NULL;
    }
    builder->arena = arena;
    builder->report = report;
    yaml_parser_set_input_string(&parser, text.data, text.length);
    bool whole = builder_run(builder, &parser);
    yaml_parser_delete(&parser);
    if (whole && !builder->root)
        report_problem(report, 0, 0, "the file is empty");
    return whole ? builder->root : NULL;
}

const struct old_node *old_tree_find(const struct old_node *mapping, const char *key)
{
    const struct old_node *found = NULL;
    for (const struct old_node *child = mapping->first; child; child = child->next)
        if (bytes_equal_nocase(child->key, bytes_of_text(key)))
            found = child;
    return found;
}
