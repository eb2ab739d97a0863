/* The rules for the values that a scheme names: each must be one that the scheme can have. They are
 * held when the file is loaded; later a value that cannot be had would only be missing. */
#include "handlers/provider/scheme.h"

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

/* What claims are held against. */
static bool walk_claims(const struct value_walk *walk, const struct scheme_jws *jws)
{
    for (size_t i = 0; i < jws->claims.count; i++) {
        if (!walk_template(walk, &jws->claims.items[i].wanted))
            return false;
    }
    return walk_template(walk, &jws->issuer) && walk_template(walk, &jws->audience);
}

/* Every value that the scheme names, until `visit` says no. */
static bool walk_values(const struct scheme *scheme, const struct value_walk *walk)
{
    return walk_ref(walk, &scheme->each) && walk_ref(walk, &scheme->time.in) &&
           walk_ref(walk, &scheme->body_hash.in) && walk_list(walk, &scheme->signature.in) &&
           walk_list(walk, &scheme->message_id) && walk_list(walk, &scheme->event) &&
           walk_template(walk, &scheme->signature.field) &&
           walk_template(walk, &scheme->signed_text) && walk_template(walk, &scheme->signed_form) &&
           walk_tests(walk, &scheme->require) && walk_handshakes(walk, &scheme->handshake) &&
           walk_claims(walk, &scheme->jws);
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

static bool check_value(void *context, const struct value_ref *ref)
{
    struct value_rules *rules = context;
    if (ref->kind == VALUE_SIGNATURE)
        return check_entry(rules, ref);
    if (ref->family && rules->scheme->families.count == 0)
        return load_problem(rules->load, rules->node, "%s wants families", ref->text);
    if (ref->kind == VALUE_PARAMETER || ref->parameter)
        return check_parameter(rules, ref->parameter ? ref->parameter : ref->name);
    if (ref->kind == VALUE_CLAIM && rules->scheme->kind != SCHEME_JWS)
        return load_problem(rules->load, rules->node, "%s: only kind jws has claims", ref->text);
    return true;
}

/* Claims are looked at before the body is read, and never against the key. */
static bool check_wanted(void *context, const struct value_ref *ref)
{
    struct value_rules *rules = context;
    return (!value_needs_body(ref) && ref->kind != VALUE_SECRET && ref->kind != VALUE_TIME &&
            ref->kind != VALUE_MESSAGE_ID) ||
           load_problem(rules->load, rules->node,
                        "%s cannot be what a claim has to be: parameter.NAME, url, method, "
                        "header.NAME and query.NAME can",
                        ref->text);
}

bool scheme_check_values(struct load *load, const struct node *node, struct scheme *scheme)
{
    struct value_rules rules = {.load = load, .node = node, .scheme = scheme};
    const struct value_walk walk = {.visit = check_value, .context = &rules};
    const struct value_walk wanted = {.visit = check_wanted, .context = &rules};
    return walk_values(scheme, &walk) && walk_claims(&wanted, &scheme->jws);
}

static bool is_no_url(void *context, const struct value_ref *ref)
{
    (void)context;
    return ref->kind != VALUE_URL;
}

bool scheme_proves_url(const struct scheme *scheme)
{
    const struct value_walk walk = {.visit = is_no_url};
    return !walk_template(&walk, &scheme->signed_text) ||
           !walk_template(&walk, &scheme->signed_form) || !walk_claims(&walk, &scheme->jws);
}

/* ---- families of headers ---- */

struct family_search {
    const struct request *request;
    const char *family;
    size_t wanted, found;
};

static bool look_for_header(void *context, const struct value_ref *ref)
{
    struct family_search *search = context;
    bool found = false;
    if (!ref->family)
        return true;
    for (size_t i = 0; i < search->request->header_count && !found; i++)
        found = value_header_matches(ref, NULL, search->family, search->request->headers[i].name);
    search->wanted++;
    search->found += found;
    return true;
}

const char *scheme_find_family(const struct scheme *scheme, const struct request *request)
{
    const char *partly = scheme->families.count ? scheme->families.items[0] : NULL;
    bool any = false;
    for (size_t i = 0; i < scheme->families.count; i++) {
        struct family_search search = {.request = request, .family = scheme->families.items[i]};
        const struct value_walk walk = {.visit = look_for_header, .context = &search};
        walk_values(scheme, &walk);
        if (search.found == search.wanted)
            return search.family;
        if (search.found && !any)
            partly = search.family;
        any |= search.found > 0;
    }
    return partly;
}
