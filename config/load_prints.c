/* The digest of a key covers its value as a tree, so comments, blanks, quotes and the style of YAML
 * make no difference, and neither does whether a key stands in the route or in `defaults`. Values
 * may be secrets: only digests outlive the run. Contents of other files have digests of their own,
 * noted when they are read: a schema, a secret. */
#include "config/load_prints.h"

#include "base/crypto.h"
#include "base/encoding.h"
#include "config/load_context.h"
#include "config/load_private.h"
#include "config/settings.h"
#include "config/tree.h"

#include <stdio.h>

enum { KEY_TEXT_MAX = 256 };

/* Keys of the top level that are no sections, or are told as routes. */
static const char *const apart[] = {"version", "include", "routes", "defaults"};

struct printing {
    struct load *load;
    struct settings_prints *prints;
};

/* Says of each part how long it is, so that no two trees feed the same bytes. */
static bool feed_node(struct hash_stream *hash, const struct node *node)
{
    char head[64];
    int length = snprintf(head, sizeof head, "%d%d:%zu:", (int)node->kind, tree_is_null(node),
                          node->kind == NODE_SCALAR ? node->length : node->count);
    bool fed = hash_feed(hash, bytes_of(head, (size_t)length));
    if (node->kind == NODE_SCALAR)
        return fed && hash_feed(hash, bytes_of(node->text, node->length));
    for (const struct node *child = node->first; fed && child; child = child->next) {
        if (node->kind == NODE_MAPPING)
            fed = hash_feed(hash, bytes_of(child->key->text, child->key->length + 1));
        fed = fed && feed_node(hash, child);
    }
    return fed;
}

static bool hash_node(const struct node *node, uint8_t digest[HASH_MAX_SIZE])
{
    struct hash_stream *hash = hash_create(HASH_SHA256);
    bool fed = hash && feed_node(hash, node);
    if (hash)
        hash_destroy(hash, digest);
    return fed;
}

static struct key_print *add_print(struct printing *run)
{
    struct settings_prints *prints = run->prints;
    if (prints->key_count == prints->key_capacity) {
        size_t capacity = prints->key_capacity ? prints->key_capacity * 2 : 64;
        struct key_print *more = arena_alloc_array(run->load->arena, capacity, sizeof *more);
        if (!more)
            return NULL;
        if (prints->key_count > 0)
            memcpy(more, prints->keys, prints->key_count * sizeof *more);
        prints->keys = more;
        prints->key_capacity = capacity;
    }
    return &prints->keys[prints->key_count++];
}

static bool print_key(struct printing *run, const char *route, const char *key,
                      const struct node *value)
{
    uint8_t digest[HASH_MAX_SIZE];
    struct key_print *print = add_print(run);
    if (!print || !hash_node(value, digest))
        return false;
    *print = (struct key_print){.route = route, .key = arena_copy_text(run->load->arena, key)};
    memcpy(print->digest, digest, sizeof print->digest);
    return print->key != NULL;
}

/* What people call an item of a list: its name, else its position. */
static void name_item(const struct node *item, size_t position, char *text, size_t size)
{
    const struct node *name = item->kind == NODE_MAPPING ? tree_find(item, "name") : NULL;
    if (name && name->kind == NODE_SCALAR)
        snprintf(text, size, "%s", name->text);
    else
        snprintf(text, size, "%zu", position);
}

/* A list of mappings, such as actions: each of them is told by itself. */
static bool print_value(struct printing *run, const char *route, const char *key,
                        const struct node *value)
{
    char text[KEY_TEXT_MAX], item_name[KEY_TEXT_MAX / 2];
    size_t position = 0;
    bool done = true;
    if (value->kind != NODE_SEQUENCE || !value->first || value->first->kind != NODE_MAPPING)
        return print_key(run, route, key, value);
    for (const struct node *item = value->first; done && item; item = item->next) {
        name_item(item, ++position, item_name, sizeof item_name);
        snprintf(text, sizeof text, "%.100s.%s", key, item_name);
        done = print_key(run, route, text, item);
    }
    return done;
}

static bool print_route(struct printing *run, const struct node *node, const struct node *defaults)
{
    const struct node *name = node->kind == NODE_MAPPING ? tree_find(node, "name") : NULL;
    if (!name || name->kind != NODE_SCALAR)
        return true;
    const char *route = arena_copy_text(run->load->arena, name->text);
    bool done = route != NULL;
    for (const struct node *value = node->first; done && value; value = value->next)
        done = value == name || print_value(run, route, value->key->text, value);
    for (const struct node *value = defaults ? defaults->first : NULL; done && value;
         value = value->next)
        done =
            tree_find(node, value->key->text) || print_value(run, route, value->key->text, value);
    return done;
}

static bool is_apart(const char *key)
{
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (strcmp(apart[i], key) == 0)
            return true;
    return false;
}

static bool print_section(struct printing *run, const struct node *section)
{
    char text[KEY_TEXT_MAX];
    bool done = true;
    if (section->kind != NODE_MAPPING)
        return print_value(run, NULL, section->key->text, section);
    for (const struct node *value = section->first; done && value; value = value->next) {
        snprintf(text, sizeof text, "%.100s.%.100s", section->key->text, value->key->text);
        done = print_value(run, NULL, text, value);
    }
    return done;
}

static bool print_root(struct printing *run, const struct node *root, const struct node *defaults)
{
    bool done = true;
    for (const struct node *value = root->first; done && value; value = value->next)
        done = is_apart(value->key->text) || print_section(run, value);
    const struct node *routes = tree_find(root, "routes");
    for (const struct node *node = routes ? routes->first : NULL; done && node; node = node->next)
        done = print_route(run, node, defaults);
    return done;
}

static bool print_file(struct load *load, const struct source *source, struct file_print *print)
{
    uint8_t digest[HASH_MAX_SIZE];
    const char *slash = strrchr(source->name, '/'), *name = slash ? slash + 1 : source->name;
    size_t size = strlen(source->directory) + strlen(name) + 2;
    char *path = arena_alloc(load->arena, size);
    if (!path || !hash_compute(HASH_SHA256, source->text, digest))
        return false;
    snprintf(path, size, "%s/%s", strcmp(source->directory, "/") == 0 ? "" : source->directory,
             name);
    print->path = path;
    hex_encode(bytes_of(digest, hash_size(HASH_SHA256)), print->sha256);
    return true;
}

/* Without memory nothing is compared that should be: no reason to refuse a file. */
void load_note_contents(struct load *load, const char *path, struct bytes contents)
{
    uint8_t digest[HASH_MAX_SIZE];
    const char *copy = load->settings ? arena_copy_text(load->arena, path) : NULL;
    if (!copy || !hash_compute(HASH_SHA256, contents, digest))
        return;
    struct printing run = {.load = load, .prints = &load->settings->prints};
    struct key_print *print = add_print(&run);
    if (!print)
        return;
    *print = (struct key_print){.key = copy};
    memcpy(print->digest, digest, sizeof print->digest);
}

bool load_prints(struct load *load, const struct node *defaults)
{
    struct settings_prints *prints = &load->settings->prints;
    struct printing run = {.load = load, .prints = prints};
    bool done = true;
    prints->files = arena_alloc_array(load->arena, load->root_count + 1, sizeof *prints->files);
    for (size_t i = 0; done && i < load->root_count; i++)
        done = prints->files && load->roots[i]->kind == NODE_MAPPING &&
               print_file(load, load->roots[i]->source, &prints->files[prints->file_count++]) &&
               print_root(&run, load->roots[i], defaults);
    return done;
}
