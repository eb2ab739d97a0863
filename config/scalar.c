/* The messages about values of the wrong type, and the scalars that several readers share. */
#include "config/scalar.h"

#include "config/address.h"
#include "config/load_private.h"
#include "config/names.h"

enum { FOUND_MAX = 40 };

static const char *describe_found(const struct node *node, char text[FOUND_MAX + 32])
{
    if (node->kind == NODE_MAPPING)
        return "a mapping";
    if (node->kind == NODE_SEQUENCE)
        return "a list";
    int shown = node->length > FOUND_MAX ? FOUND_MAX : (int)node->length;
    while (shown < (int)node->length && shown > 0 && (node->text[shown] & 0xc0) == 0x80)
        shown--; /* not inside of a character */
    snprintf(text, FOUND_MAX + 32, "%s\"%.*s%s\"", node->quoted ? "the string " : "", shown,
             node->text, shown < (int)node->length ? "…" : "");
    return text;
}

bool scalar_is_pem(const struct node *node)
{
    return node->kind == NODE_SCALAR && strstr(node->text, "-----BEGIN ");
}

bool load_expected(struct load *load, const struct node *node, const char *subject,
                   const char *expected)
{
    char found[FOUND_MAX + 32];
    if (scalar_is_pem(node)) {
        load_mask(load, node);
        return load_problem(load, node, "%s must be %s, not a key or certificate itself", subject,
                            expected);
    }
    if (tree_is_null(node))
        return load_problem(load, node, "%s has no value; it must be %s", subject, expected);
    return load_problem(load, node, "%s must be %s, not %s", subject, expected,
                        describe_found(node, found));
}

bool load_mismatch(struct load *load, const struct node *node, const struct row *row,
                   const char *expected)
{
    char subject[80];
    snprintf(subject, sizeof subject, "\"%s\"", row->name);
    if (!row_holds_secret(row))
        return load_expected(load, node, subject, expected);
    load_mask(load, node);
    return load_problem(load, node, "\"%s\" must be %s", row->name, expected);
}

const char *load_text(struct load *load, const struct node *node, const struct row *row)
{
    if (node->kind != NODE_SCALAR || tree_is_null(node)) {
        load_mismatch(load, node, row, "a string");
        return NULL;
    }
    const char *copy = arena_copy_bytes(load->arena, bytes_of(node->text, node->length));
    if (!copy)
        load_no_memory(load);
    return copy;
}

bool load_prefix(struct load *load, const struct node *node, const struct row *row,
                 struct prefix *prefix)
{
    struct error err;
    if (node->kind != NODE_SCALAR || tree_is_null(node))
        return load_mismatch(load, node, row, "addresses or networks such as 192.0.2.0/24");
    return prefix_parse(node->text, prefix, &err) ||
           load_problem(load, node, "\"%s\": %s", row->name, err.text);
}

bool load_name(struct load *load, const struct node *node, const struct row *row, void *field)
{
    const char *name = load_text(load, node, row);
    if (!name)
        return false;
    if (!name_valid(name))
        return load_mismatch(load, node, row,
                             "1 to 64 letters, digits, \"-\", \"_\" and \".\" that begin with a "
                             "letter or digit");
    *(const char **)field = name;
    return true;
}
