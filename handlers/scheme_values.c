/* The rules for the values that a scheme names: each must be one that the scheme can have. They are
 * held when the file is loaded; later a value that cannot be had would only be missing. */
#include "handlers/scheme.h"

#include <stdlib.h>

struct value_walk {
    bool (*visit)(void *context, const struct value_ref *ref);
    void *context;
};

static bool walk_ref(const struct value_walk *walk, const struct value_ref *ref)
{
    return ref->kind == VALUE_ABSENT || walk->visit(walk->context, ref);
}

static bool walk_list(const struct value_walk *walk, const struct value_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!walk_ref(walk, &list->items[i]))
            return false;
    }
    return true;
}

static bool walk_template(const struct value_walk *walk, const struct template *template)
{
    for (size_t i = 0; i < template->count; i++) {
        if (!walk_ref(walk, &template->parts[i].ref))
            return false;
    }
    return true;
}

static bool walk_tests(const struct value_walk *walk, const struct section_list *tests)
{
    for (size_t i = 0; i < tests->count; i++) {
        const struct scheme_test *test = &((const struct scheme_test *)tests->items)[i];
        if (!walk_ref(walk, &test->value) || !walk_template(walk, &test->equals))
            return false;
    }
    return true;
}

static bool walk_handshakes(const struct value_walk *walk, const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct scheme_handshake *handshake =
            &((const struct scheme_handshake *)list->items)[i];
        if (!walk_tests(walk, &handshake->when) || !walk_tests(walk, &handshake->expect) ||
            !walk_ref(walk, &handshake->learn) || !walk_template(walk, &handshake->body) ||
            !walk_template(walk, &handshake->header_value))
            return false;
    }
    return true;
}

/* Every value that the scheme names, until `visit` says no. */
static bool walk_values(const struct scheme *scheme, const struct value_walk *walk)
{
    return walk_ref(walk, &scheme->each) && walk_ref(walk, &scheme->time.in) &&
           walk_ref(walk, &scheme->body_hash.in) && walk_list(walk, &scheme->signature.in) &&
           walk_list(walk, &scheme->delivery) && walk_list(walk, &scheme->event) &&
           walk_template(walk, &scheme->signature.field) &&
           walk_template(walk, &scheme->signed_text) && walk_template(walk, &scheme->signed_form) &&
           walk_tests(walk, &scheme->require) && walk_handshakes(walk, &scheme->handshake);
}

/* ---- the rules ---- */

struct value_rules {
    struct load *load;
    const struct node *node;
    struct scheme *scheme;
};

/* Entries beside the signature have names or positions, as the scheme takes them apart. */
static bool check_entry(struct value_rules *rules, const struct value_ref *ref)
{
    const struct scheme_signature *signature = &rules->scheme->signature;
    if (ref->name[0] != '[') /* a message signature has names of its own (RFC 9421) */
        return signature->assignment || rules->scheme->kind == SCHEME_MESSAGE ||
               load_problem(rules->load, rules->node, "%s wants signature.assignment", ref->text);
    if (!signature->separator || signature->assignment)
        return load_problem(rules->load, rules->node,
                            "%s is an entry of a list without names: it wants "
                            "signature.separator, and no signature.assignment",
                            ref->text);
    rules->scheme->signature.positions |= UINT32_C(1) << strtoul(ref->name + 1, NULL, 10);
    return true;
}

static bool check_value(void *context, const struct value_ref *ref)
{
    struct value_rules *rules = context;
    if (ref->kind == VALUE_SIGNATURE)
        return check_entry(rules, ref);
    return true;
}

bool scheme_check_values(struct load *load, const struct node *node, struct scheme *scheme)
{
    struct value_rules rules = {.load = load, .node = node, .scheme = scheme};
    const struct value_walk walk = {.visit = check_value, .context = &rules};
    return walk_values(scheme, &walk);
}
