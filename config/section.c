/* A mapping read by rows. One mapping may be read by several sections at once: a route's own keys,
 * those that handlers bring, those of the kind of an action. All rows are read even after a
 * mistake, so that one run shows everything that is wrong. */
#include "config/section.h"

#include "config/load_private.h"
#include "config/nearest.h"
#include "config/scalar.h"
#include "config/values.h"

#include <assert.h>

enum { NAMES_MAX = 128 };

static const struct row *find_row(const struct load_mapping *mapping, const char *name)
{
    for (size_t i = 0; i < mapping->part_count; i++) {
        const struct row_section *section = mapping->parts[i].section;
        for (size_t j = 0; j < section->row_count; j++)
            if (strcmp(section->rows[j].name, name) == 0)
                return &section->rows[j];
    }
    return NULL;
}

static bool row_allowed(const struct load_mapping *mapping, const struct row *row)
{
    bool needed = !mapping->needed_flag || (row->flags & mapping->needed_flag);
    return needed && !(row->flags & mapping->refused_flag);
}

/* ---- unknown keys ---- */

static size_t collect_names(const struct load_mapping *mapping, const char *names[NAMES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < mapping->part_count; i++) {
        const struct row_section *section = mapping->parts[i].section;
        for (size_t j = 0; j < section->row_count && count < NAMES_MAX - 1; j++)
            if (row_allowed(mapping, &section->rows[j]))
                names[count++] = section->rows[j].name;
    }
    names[count] = NULL;
    return count;
}

static bool mapping_holds_secret(const struct load_mapping *mapping)
{
    for (size_t i = 0; i < mapping->part_count; i++)
        for (size_t j = 0; j < mapping->parts[i].section->row_count; j++)
            if (row_holds_secret(&mapping->parts[i].section->rows[j]))
                return true;
    return false;
}

/* Whether the key is, or begins with, one whose value is a secret somewhere in the file. */
static bool is_secret_name(const struct load *load, const char *key)
{
    const char *const *name = load->problems->secret_names;
    while (name && *name && strncmp(key, *name, strlen(*name)) != 0)
        name++;
    return name && *name;
}

/* What stands behind a misspelt `secret:` is a secret all the same, and where the blank behind the
 * colon is missing it is part of the key. */
static void hide_unknown(struct load *load, const struct load_mapping *mapping,
                         const struct node *value, const char *const *names)
{
    const char *key = value->key->text, *nearest = nearest_name(key, names);
    const struct row *row = nearest ? find_row(mapping, nearest) : NULL;
    bool scalar = value->kind == NODE_SCALAR;
    if (strchr(key, ':'))
        load_mask(load, value->key);
    else if (is_secret_name(load, key) || (row && row_holds_secret(row)) ||
             ((!row || !scalar) && mapping_holds_secret(mapping)))
        load_mask(load, value);
}

/* A key that goes on behind a colon, as in secret:VALUE; `length` of it stands before. */
static bool unknown_joined(struct load *load, const struct node *key, size_t length,
                           const char *where, const char *const *names)
{
    char first[64] = "";
    if (length < sizeof first)
        snprintf(first, sizeof first, "%.*s", (int)length, key->text);
    load_mask(load, key);
    if (nearest_name(first, names))
        return load_problem(load, key,
                            "unknown key \"%s:…\" in %s; is a blank missing after the \":\"?",
                            first, where);
    return load_problem(load, key, "unknown key in %s; is a blank missing after the \":\"?", where);
}

/* "path a.db" or "auth {none", where a colon is missing. */
static bool is_key_with_value(const char *key, const char *const *names)
{
    size_t length = strcspn(key, " ");
    if (key[length] && strchr("{[", key[length + 1]))
        return true;
    for (; *names; names++)
        if (strlen(*names) == length && strncmp(key, *names, length) == 0)
            return true;
    return false;
}

bool load_unknown(struct load *load, const struct node *value, const char *where,
                  const char *const *names, bool beside_secrets)
{
    const char *key = value->key->text, *nearest = nearest_name(key, names);
    size_t length = strcspn(key, ":");
    char places[KEY_PLACES_SIZE];
    if (key[length])
        return unknown_joined(load, value->key, length, where, names);
    if (key[strcspn(key, " ")] && is_key_with_value(key, names)) {
        load_mask(load, value->key); /* of a secret it may be all */
        return load_problem(load, value->key, "a \":\" is missing after this key");
    }
    if (beside_secrets && !nearest && tree_is_null(value)) {
        load_mask(load, value->key);
        return load_problem(load, value->key, "unknown key in %s; is a value missing?", where);
    }
    if (nearest)
        return load_problem(load, value->key, "unknown key \"%s\" in %s, did you mean \"%s\"?", key,
                            where, nearest);
    if (load->find_places && load->find_places(load->registry, key, places))
        return load_problem(load, value->key, "unknown key \"%s\" in %s: it is a key of %s", key,
                            where, places);
    return load_problem(load, value->key, "unknown key \"%s\" in %s", key, where);
}

static bool check_key(struct load *load, const struct load_mapping *mapping,
                      const struct node *value, const char *const *names)
{
    const struct row *row = find_row(mapping, value->key->text);
    if (row && row_allowed(mapping, row))
        return true;
    if (row)
        return load_problem(load, value->key, "\"%s\" %s", row->name, mapping->elsewhere);
    if (load->problems->count == PROBLEMS_MAX) /* nobody would see the suggestion */
        return load_problem(load, value->key, "unknown key");
    hide_unknown(load, mapping, value, names);
    if (mapping->unknown && mapping->unknown(load, mapping, value))
        return false;
    return load_unknown(load, value, mapping->name, names, mapping_holds_secret(mapping));
}

static bool check_keys(struct load *load, const struct node *node,
                       const struct load_mapping *mapping)
{
    const char *names[NAMES_MAX];
    bool ok = true;
    collect_names(mapping, names);
    for (const struct node *value = node->first; value; value = value->next)
        ok = check_key(load, mapping, value, names) && ok;
    return ok;
}

/* ---- rows ---- */

/* Defaults are written as in a file. Simple ones become a scalar without going through YAML. */
static const struct node *default_node(struct load *load, const struct row *row)
{
    struct source *source = arena_alloc(&load->scratch, sizeof *source);
    struct node *node = arena_alloc(&load->scratch, sizeof *node);
    if (!source || !node)
        return NULL;
    *source = (struct source){
        .name = "default", .directory = "/", .text = bytes_of_text(row->default_text)};
    if (strchr("[{\"'", row->default_text[0]) && row->default_text[0])
        return tree_parse(source, &load->scratch, load->problems);
    *node = (struct node){.kind = NODE_SCALAR,
                          .source = source,
                          .line = 1,
                          .column = 1,
                          .end_line = 1,
                          .text = row->default_text,
                          .length = strlen(row->default_text)};
    return node;
}

static bool load_default(struct load *load, const struct row *row, void *settings)
{
    bool empty_list = strcmp(row->default_text, "[]") == 0;
    if (empty_list || (strcmp(row->default_text, "{}") == 0 && row->type != ROW_SECTION))
        return true;
    const struct node *node = default_node(load, row);
    return node ? load_row(load, node, row, settings) : load_no_memory(load);
}

/* Whether an unknown key of the mapping was probably meant to be this one. */
static bool is_misspelt(const struct load_mapping *mapping, const struct node *node,
                        const struct row *row)
{
    const char *const names[] = {row->name, NULL};
    for (const struct node *value = node->first; value; value = value->next)
        if (!find_row(mapping, value->key->text) && nearest_name(value->key->text, names))
            return true;
    return false;
}

static bool read_row(struct load *load, const struct node *node, const struct load_mapping *mapping,
                     const struct row *row, void *settings)
{
    if (!row_allowed(mapping, row))
        return true;
    const struct node *value = tree_find(node, row->name);
    if (!value && mapping->fallback && !(row->flags & ROW_NO_DEFAULTS))
        value = tree_find(mapping->fallback, row->name);
    if (value)
        return load_row(load, value, row, settings);
    if (mapping->partial)
        return true;
    if ((row->flags & ROW_REQUIRED) && is_misspelt(mapping, node, row))
        return false; /* the unknown key and its suggestion say it better */
    if (row->flags & ROW_REQUIRED)
        return load_problem(load, node->key ? node->key : node, "%s needs \"%s\"", mapping->name,
                            row->name);
    return row->default_text ? load_default(load, row, settings) : true;
}

static bool read_part(struct load *load, const struct node *node,
                      const struct load_mapping *mapping, const struct load_part *part)
{
    const struct row_section *section = part->section;
    bool ok = true;
    for (size_t i = 0; i < section->row_count; i++)
        ok = read_row(load, node, mapping, &section->rows[i], part->settings) && ok;
    return ok;
}

void load_mapping_add(struct load_mapping *mapping, const struct row_section *section,
                      void *settings)
{
    assert(mapping->part_count < LOAD_PARTS_MAX);
    mapping->parts[mapping->part_count++] = (struct load_part){section, settings};
}

void *load_mapping_add_block(struct load *load, struct load_mapping *mapping,
                             const struct row_section *section)
{
    void *block = arena_alloc(load->arena, section->size + 1);
    if (block)
        load_mapping_add(mapping, section, block);
    else
        load_no_memory(load);
    return block;
}

void **load_mapping_add_parts(struct load *load, struct load_mapping *mapping,
                              const struct row_section *const *sections)
{
    size_t count = 0;
    while (sections && sections[count])
        count++;
    void **blocks = arena_alloc_array(load->arena, count + 1, sizeof *blocks);
    if (!blocks)
        load_no_memory(load);
    for (size_t i = 0; blocks && i < count; i++)
        if (!(blocks[i] = load_mapping_add_block(load, mapping, sections[i])))
            return NULL;
    return blocks;
}

bool load_mapping_read(struct load *load, const struct node *node,
                       const struct load_mapping *mapping)
{
    if (node->kind != NODE_MAPPING)
        return load_expected(load, node, mapping->name, "a mapping (\"key: value\")");
    bool ok = check_keys(load, node, mapping);
    bool read[LOAD_PARTS_MAX];
    for (size_t i = 0; i < mapping->part_count; i++)
        read[i] = read_part(load, node, mapping, &mapping->parts[i]);
    for (size_t i = 0; i < mapping->part_count; i++) {
        const struct load_part *part = &mapping->parts[i];
        if (read[i] && part->section->finish && !mapping->partial)
            read[i] = part->section->finish(load, node, part->settings);
        ok = read[i] && ok;
    }
    return ok;
}

bool load_section(struct load *load, const struct node *node, const struct row_section *section,
                  void *settings)
{
    struct load_mapping mapping = {.name = section->name};
    load_mapping_add(&mapping, section, settings);
    return load_mapping_read(load, node, &mapping);
}
