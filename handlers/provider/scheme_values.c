/* The rules for the values that a scheme names: each must be one that the scheme can have. They are
 * held when the file is loaded; later a value that cannot be had would only be missing. */
#include "handlers/provider/scheme_values.h"

#include "handlers/provider/signature_kind.h"

#include <stdlib.h>

struct value_rules {
    struct load *load;
    const struct node *node;
    struct scheme *scheme;
};

/* Entries beside the signature have names or positions, as the scheme takes them apart. */
static bool check_entry(struct value_rules *rules, const struct signed_ref *ref)
{
    const struct scheme_signature *signature = &rules->scheme->signature;
    if (ref->name[0] != '[') /* a message signature has names of its own (RFC 9421) */
        return signature->assignment || rules->scheme->kind->takes_parts ||
               load_problem(rules->load, rules->node, "%s needs signature.assignment", ref->text);
    if (!signature->separator || signature->assignment)
        return load_problem(rules->load, rules->node,
                            "%s is an entry of a list without names: it needs signature.separator, "
                            "and no signature.assignment",
                            ref->text);
    rules->scheme->signature.positions |= UINT32_C(1) << strtoul(ref->name + 1, NULL, 10);
    return true;
}

static bool is_declared(const struct text_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0)
            return true;
    }
    return false;
}

static bool check_parameter(struct value_rules *rules, const char *name)
{
    return is_declared(&rules->scheme->parameters, name) ||
           is_declared(&rules->scheme->optional, name) ||
           load_problem(rules->load, rules->node,
                        "parameter.%s is neither in parameters nor in optional", name);
}

static bool check_value(void *context, const struct signed_ref *ref)
{
    struct value_rules *rules = context;
    if (ref->kind == SIGNED_SIGNATURE)
        return check_entry(rules, ref);
    if (ref->family && rules->scheme->families.count == 0)
        return load_problem(rules->load, rules->node, "%s needs families", ref->text);
    if (ref->kind == SIGNED_PARAMETER || ref->parameter)
        return check_parameter(rules, ref->parameter ? ref->parameter : ref->name);
    if (ref->kind == SIGNED_CLAIM && !rules->scheme->kind->takes_claims)
        return load_problem(rules->load, rules->node, "%s: only kind jws has claims", ref->text);
    return true;
}

/* Claims are looked at before the body is read, and never against the key. */
static bool check_wanted(void *context, const struct signed_ref *ref)
{
    struct value_rules *rules = context;
    return (!signed_needs_body(ref) && ref->kind != SIGNED_SECRET && ref->kind != SIGNED_TIME &&
            ref->kind != SIGNED_MESSAGE_ID) ||
           load_problem(rules->load, rules->node,
                        "%s cannot be the required value of a claim; parameter.NAME, url, method, "
                        "header.NAME and query.NAME can",
                        ref->text);
}

bool scheme_check_values(struct load *load, const struct node *node, struct scheme *scheme)
{
    struct value_rules rules = {.load = load, .node = node, .scheme = scheme};
    const struct scheme_walk walk = {.visit = check_value, .context = &rules};
    const struct scheme_walk wanted = {.visit = check_wanted, .context = &rules};
    return scheme_walk_values(scheme, &walk) && scheme_walk_claims(scheme, &wanted);
}
