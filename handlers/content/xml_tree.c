/* Children of one name are one list in JSON, wherever they stand, so nothing can be written before
 * the end of their element has come: the document is kept, in 24 bytes a node and the text itself,
 * and written afterwards. Each name is stored once and known by its number. Which children share
 * one is found in a walk over all elements: a name remembers the element in which it was met last
 * and the child that it was there, so a name that comes a million times costs what a million names
 * cost. Names are hashed under a key that is drawn for the document. Nothing recurses. */
#include "handlers/content/xml_tree.h"

#include "base/crypto.h"
#include "base/json_text.h"

#include <stdlib.h>

enum { FIRST_COUNT = 64, COUNT_MAX = INT32_MAX };

void xml_tree_init(struct xml_tree *tree, size_t text_max)
{
    *tree = (struct xml_tree){.count = 0};
    random_bytes(&tree->key, sizeof tree->key);
    buffer_init(&tree->text, text_max < UINT32_MAX ? text_max : UINT32_MAX);
}

void xml_tree_finish(struct xml_tree *tree)
{
    free(tree->nodes);
    free(tree->names);
    free(tree->buckets);
    buffer_finish(&tree->text);
}

/* ---- names ---- */

static struct bytes text_at(const struct xml_tree *tree, uint32_t from, uint32_t length)
{
    return bytes_of(tree->text.data + from, length);
}

/* Room for one more; the item 0 is none. */
static bool make_room(void **items, size_t *count, size_t *capacity, size_t size)
{
    if (*count == 0)
        *count = 1;
    if (*count < *capacity)
        return true;
    size_t wanted = *capacity ? 2 * *capacity : FIRST_COUNT;
    void *grown = wanted < COUNT_MAX ? realloc(*items, wanted * size) : NULL;
    if (!grown)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

static uint32_t *bucket_of(const struct xml_tree *tree, struct bytes name)
{
    return &tree->buckets[siphash(&tree->key, name) & (tree->bucket_count - 1)];
}

/* As many as names have room. */
static bool fill_buckets(struct xml_tree *tree)
{
    if (tree->bucket_count == tree->name_capacity)
        return true;
    uint32_t *buckets = calloc(tree->name_capacity, sizeof *buckets);
    if (!buckets)
        return false;
    free(tree->buckets);
    tree->buckets = buckets;
    tree->bucket_count = tree->name_capacity;
    for (uint32_t i = 1; i < tree->name_count; i++) {
        struct xml_name *name = &tree->names[i];
        uint32_t *bucket = bucket_of(tree, text_at(tree, name->from, name->length));
        name->chained = *bucket;
        *bucket = i;
    }
    return true;
}

/* The number of a name whose text is the last of tree->text, from `from` on; a text that is known
 * is taken away again. 0 without memory. */
static uint32_t number_of_name(struct xml_tree *tree, uint32_t from)
{
    uint32_t length = (uint32_t)(tree->text.length - from);
    struct bytes text = text_at(tree, from, length);
    for (uint32_t i = tree->buckets ? *bucket_of(tree, text) : 0; i; i = tree->names[i].chained)
        if (bytes_equal(text_at(tree, tree->names[i].from, tree->names[i].length), text)) {
            tree->text.length = from;
            return i;
        }
    if (!make_room((void **)&tree->names, &tree->name_count, &tree->name_capacity,
                   sizeof *tree->names) ||
        !fill_buckets(tree))
        return 0;
    uint32_t number = (uint32_t)tree->name_count++, *bucket = bucket_of(tree, text);
    tree->names[number] = (struct xml_name){.from = from, .length = length, .chained = *bucket};
    *bucket = number;
    return number;
}

/* Without the prefix of a namespace. What cannot be one, because another colon or no name follows
 * it, belongs to the name. */
static struct bytes local_name(struct bytes name)
{
    struct bytes local = name, prefix = bytes_split(&local, ':');
    bool is_prefix = prefix.length > 0 && local.length > 0 &&
                     !memchr(local.data, ':', local.length) && local.data[0] != '-';
    return is_prefix ? local : name;
}

/* ---- the document ---- */

/* The last child of the element that is open. 0 without memory. */
static uint32_t add_node(struct xml_tree *tree, uint32_t name, uint32_t from, uint32_t length)
{
    if (!make_room((void **)&tree->nodes, &tree->count, &tree->capacity, sizeof *tree->nodes))
        return 0;
    uint32_t number = (uint32_t)tree->count++;
    tree->nodes[number] = (struct xml_node){.name = name, .from = from, .length = length};
    if (tree->depth == 0)
        return number;
    struct xml_level *level = &tree->levels[tree->depth - 1];
    if (level->last)
        tree->nodes[level->last].sibling = number;
    else
        tree->nodes[level->element].from = number;
    level->last = number;
    return number;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* A tag has come: what stands between it and the tag before is a text, without the space around
 * it. */
static bool end_text(struct xml_tree *tree)
{
    size_t from = tree->pending, end = tree->text.length;
    while (end > from && is_space(tree->text.data[end - 1]))
        end--;
    while (from < end && is_space(tree->text.data[from]))
        from++;
    tree->text.length = end > from ? end : tree->pending;
    return from == end || add_node(tree, 0, (uint32_t)from, (uint32_t)(end - from));
}

bool xml_tree_open(struct xml_tree *tree, struct bytes name)
{
    if (!end_text(tree))
        return false;
    uint32_t from = (uint32_t)tree->text.length;
    if (!buffer_append_bytes(&tree->text, local_name(name)))
        return false;
    uint32_t number = number_of_name(tree, from);
    uint32_t node = number ? add_node(tree, number, 0, 0) : 0;
    if (!node)
        return false;
    tree->nodes[node].is_element = true;
    tree->levels[tree->depth++] = (struct xml_level){.element = node};
    tree->pending = tree->text.length;
    return true;
}

/* Of two attributes that differ in their prefixes alone, the one without a prefix counts, which is
 * the element's own; else the later one. */
bool xml_tree_attribute(struct xml_tree *tree, struct bytes name, struct bytes value)
{
    uint32_t element = tree->levels[tree->depth - 1].element, from = (uint32_t)tree->text.length;
    struct bytes local = local_name(name);
    bool is_own = local.length == name.length;
    if (!buffer_append_text(&tree->text, "-") || !buffer_append_bytes(&tree->text, local))
        return false;
    uint32_t number = number_of_name(tree, from);
    uint32_t text = (uint32_t)tree->text.length;
    if (!number || !buffer_append_bytes(&tree->text, value))
        return false;
    struct xml_name *met = &tree->names[number];
    tree->pending = tree->text.length;
    if (met->element != element) {
        met->element = element;
        met->node = add_node(tree, number, text, (uint32_t)value.length);
        tree->nodes[met->node].follows = is_own; /* for the comparison alone */
        return met->node;
    }
    struct xml_node *node = &tree->nodes[met->node];
    if (node->follows && !is_own)
        return true;
    node->from = text;
    node->length = (uint32_t)value.length;
    node->follows = is_own;
    return true;
}

bool xml_tree_text(struct xml_tree *tree, struct bytes text)
{
    return buffer_append_bytes(&tree->text, text);
}

bool xml_tree_close(struct xml_tree *tree)
{
    bool done = end_text(tree);
    tree->depth--;
    tree->pending = tree->text.length;
    return done;
}

/* ---- as JSON ---- */

/* Finds the children that share a name. Texts are all of one name, which is 0. */
static void join_children(struct xml_tree *tree, uint32_t element)
{
    uint32_t text = 0;
    for (uint32_t i = tree->nodes[element].from; i; i = tree->nodes[i].sibling) {
        struct xml_node *child = &tree->nodes[i];
        struct xml_name *name = &tree->names[child->name];
        child->follows = false;
        if (child->name == 0) {
            child->follows = text != 0;
            if (text)
                tree->nodes[text].same = i;
            text = i;
        } else if (child->is_element) {
            child->follows = name->element == element;
            if (child->follows)
                tree->nodes[name->node].same = i;
            name->element = element;
            name->node = i;
        }
    }
}

struct writer {
    struct xml_tree *tree;
    struct buffer *out;
    struct open_object {
        uint32_t child; /* to be written next */
        uint32_t item;  /* of those that share a name, the one that has been written; 0: none */
        bool is_list, has_members;
    } levels[XML_DEPTH_MAX + 1];
    unsigned depth;
};

static bool put_text(struct writer *writer, uint32_t node)
{
    const struct xml_node *text = &writer->tree->nodes[node];
    return json_append_string(writer->out, text_at(writer->tree, text->from, text->length));
}

/* All texts of an element, with a space between them. */
static bool put_texts(struct writer *writer, uint32_t node)
{
    const struct xml_node *nodes = writer->tree->nodes;
    bool done = buffer_append_text(writer->out, "\"");
    for (const char *space = ""; done && node; node = nodes[node].same, space = " ")
        done =
            buffer_append_text(writer->out, space) &&
            json_escape(writer->out, text_at(writer->tree, nodes[node].from, nodes[node].length));
    return done && buffer_append_text(writer->out, "\"");
}

/* A string, or the beginning of an object. */
static bool put_element(struct writer *writer, uint32_t element)
{
    const struct xml_node *nodes = writer->tree->nodes;
    uint32_t child = nodes[element].from;
    if (!child)
        return buffer_append_text(writer->out, "\"\"");
    if (nodes[child].name == 0 && !nodes[child].sibling)
        return put_text(writer, child);
    writer->levels[writer->depth++] = (struct open_object){.child = child};
    return buffer_append_text(writer->out, "{");
}

static bool put_name(struct writer *writer, uint32_t number)
{
    const struct xml_name *name = &writer->tree->names[number];
    struct bytes text =
        number ? text_at(writer->tree, name->from, name->length) : bytes_of_text("#text");
    return json_append_string(writer->out, text) && buffer_append_text(writer->out, ":");
}

/* The next member of the object, of which a name comes once. */
static bool put_member(struct writer *writer, struct open_object *object)
{
    const struct xml_node *nodes = writer->tree->nodes;
    while (object->child && nodes[object->child].follows)
        object->child = nodes[object->child].sibling;
    uint32_t child = object->child;
    if (!child) {
        writer->depth--;
        return buffer_append_text(writer->out, "}");
    }
    const char *comma = object->has_members ? "," : "";
    object->child = nodes[child].sibling;
    object->has_members = true;
    if (!buffer_append_text(writer->out, comma) || !put_name(writer, nodes[child].name))
        return false;
    if (!nodes[child].is_element)
        return nodes[child].name ? put_text(writer, child) : put_texts(writer, child);
    object->item = child;
    object->is_list = nodes[child].same != 0;
    return (!object->is_list || buffer_append_text(writer->out, "[")) && put_element(writer, child);
}

/* What follows a value inside of the innermost object. */
static bool put_next(struct writer *writer)
{
    struct open_object *object = &writer->levels[writer->depth - 1];
    if (!object->item)
        return put_member(writer, object);
    object->item = writer->tree->nodes[object->item].same;
    if (object->item)
        return buffer_append_text(writer->out, ",") && put_element(writer, object->item);
    return (!object->is_list || buffer_append_text(writer->out, "]")) && put_member(writer, object);
}

bool xml_tree_append_json(struct xml_tree *tree, struct buffer *out)
{
    enum { ROOT = 1 };
    struct writer writer; /* not zeroed: levels are filled in as they open */
    writer.tree = tree;
    writer.out = out;
    writer.depth = 0;
    for (uint32_t i = ROOT; i < tree->count; i++)
        if (tree->nodes[i].is_element)
            join_children(tree, i);
    bool done = buffer_append_text(out, "{") && put_name(&writer, tree->nodes[ROOT].name) &&
                put_element(&writer, ROOT);
    while (done && writer.depth > 0)
        done = put_next(&writer);
    return done && buffer_append_text(out, "}");
}
