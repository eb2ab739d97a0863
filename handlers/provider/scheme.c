/* Properties of a scheme. Most of the file is a walk over all values that the scheme names. */
#include "handlers/provider/scheme.h"

static bool walk_ref(const struct scheme_walk *walk, const struct signed_ref *ref)
{
    return ref->kind == SIGNED_ABSENT || walk->visit(walk->context, ref);
}

static bool walk_list(const struct scheme_walk *walk, const struct signed_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!walk_ref(walk, &list->items[i]))
            return false;
    }
    return true;
}

static bool walk_template(const struct scheme_walk *walk, const struct signed_template *template)
{
    for (size_t i = 0; i < template->count; i++) {
        if (!walk_ref(walk, &template->parts[i].ref))
            return false;
    }
    return true;
}

static bool walk_tests(const struct scheme_walk *walk, const struct section_list *tests)
{
    for (size_t i = 0; i < tests->count; i++) {
        const struct scheme_test *test = &((const struct scheme_test *)tests->items)[i];
        if (!walk_ref(walk, &test->value) || !walk_template(walk, &test->equals))
            return false;
    }
    return true;
}

static bool walk_challenges(const struct scheme_walk *walk, const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct scheme_challenge *challenge =
            &((const struct scheme_challenge *)list->items)[i];
        if (!walk_tests(walk, &challenge->when) || !walk_tests(walk, &challenge->expect) ||
            !walk_ref(walk, &challenge->learn) || !walk_template(walk, &challenge->body) ||
            !walk_template(walk, &challenge->header_value))
            return false;
    }
    return true;
}

bool scheme_walk_claims(const struct scheme *scheme, const struct scheme_walk *walk)
{
    const struct scheme_jws *jws = &scheme->jws;
    for (size_t i = 0; i < jws->claims.count; i++) {
        if (!walk_template(walk, &jws->claims.items[i].wanted))
            return false;
    }
    return walk_template(walk, &jws->issuer) && walk_template(walk, &jws->audience);
}

bool scheme_walk_values(const struct scheme *scheme, const struct scheme_walk *walk)
{
    return walk_ref(walk, &scheme->each) && walk_ref(walk, &scheme->time.in) &&
           walk_ref(walk, &scheme->body_hash.in) && walk_list(walk, &scheme->signature.in) &&
           walk_list(walk, &scheme->message_id) && walk_list(walk, &scheme->event) &&
           walk_template(walk, &scheme->signature.field) &&
           walk_template(walk, &scheme->signed_text) && walk_template(walk, &scheme->signed_form) &&
           walk_tests(walk, &scheme->require) && walk_challenges(walk, &scheme->challenge) &&
           scheme_walk_claims(scheme, walk);
}

/* ---- what a scheme is like ---- */

bool scheme_key_is_public(const struct scheme *scheme)
{
    return scheme->key.encoding == KEY_PUBLIC || scheme->key.encoding == KEY_CERTIFICATE;
}

bool scheme_text_signs_body(const struct signed_template *text)
{
    return signed_template_uses(text, SIGNED_BODY) ||
           signed_template_uses(text, SIGNED_SORTED_FORM);
}

static bool is_no_url(void *context, const struct signed_ref *ref)
{
    (void)context;
    return ref->kind != SIGNED_URL;
}

bool scheme_proves_url(const struct scheme *scheme)
{
    const struct scheme_walk walk = {.visit = is_no_url};
    return !walk_template(&walk, &scheme->signed_text) ||
           !walk_template(&walk, &scheme->signed_form) || !scheme_walk_claims(scheme, &walk);
}

/* ---- families of headers ---- */

struct family_search {
    const struct request *request;
    const char *family;
    size_t wanted, found;
};

static bool look_for_header(void *context, const struct signed_ref *ref)
{
    struct family_search *search = context;
    bool found = false;
    if (!ref->family)
        return true;
    for (size_t i = 0; i < search->request->header_count && !found; i++)
        found = signed_header_matches(ref, NULL, search->family, search->request->headers[i].name);
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
        const struct scheme_walk walk = {.visit = look_for_header, .context = &search};
        scheme_walk_values(scheme, &walk);
        if (search.found == search.wanted)
            return search.family;
        if (search.found && !any)
            partly = search.family;
        any |= search.found > 0;
    }
    return partly;
}
