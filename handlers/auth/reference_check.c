/* A reference cannot name a secret, but a header or a parameter of the query may hold one, which
 * the authenticators of the route know. */
#include "handlers/auth/reference_check.h"

#include "config/route_path.h"
#include "handlers/admission/when.h"
#include "handlers/auth/route_auth.h"
#include "handlers/content/content.h"
#include "handlers/value/reference_load.h"

static const char *name_of(const struct route *route)
{
    return route->name ? route->name : "";
}

static bool holds_credentials(const struct route *route, const struct reference *reference)
{
    static const char *const always[] = {"authorization", "proxy-authorization", "cookie"};
    bool is_header = reference->root == REFERENCE_HEADER;
    for (size_t i = 0; is_header && i < sizeof always / sizeof *always; i++)
        if (bytes_equal_text(reference->name, always[i]))
            return true;
    if (is_header)
        return route_owns_header(route, reference->name);
    return reference->root == REFERENCE_QUERY && route_owns_query(route, reference->name);
}

bool reference_can_be_there(const struct reference *reference, const struct route *route)
{
    struct content_wanted wanted = route_content(route);
    bool no_form = wanted.kind == CONTENT_JSON || wanted.kind == CONTENT_PROVIDER ||
                   wanted.kind == CONTENT_XML || wanted.kind == CONTENT_CLOUDEVENTS;
    bool is_form = wanted.kind == CONTENT_FORM || wanted.kind == CONTENT_MULTIPART;
    bool no_json = wanted.kind == CONTENT_RAW || (is_form && !wanted.json_field);
    return reference->root == REFERENCE_FORM      ? !no_form
           : reference->root == REFERENCE_PAYLOAD ? !no_json
                                                  : true;
}

/* ---- the path ---- */

static bool path_has(const struct route *route, struct bytes name)
{
    struct bytes rest = bytes_of_text(route->path), found;
    while (rest.length > 0)
        if (route_path_segment_name(bytes_split(&rest, '/'), &found) && bytes_equal(found, name))
            return true;
    return false;
}

/* ---- headers that are stored ---- */

static bool note_header(struct load *load, const struct route *route, struct bytes name)
{
    struct when_settings *when = route->parts[ROUTE_PART_WHEN]; /* still to be finished */
    struct text_list *list = &when->headers;
    for (size_t i = 0; i < list->count; i++)
        if (bytes_equal_text(name, list->items[i]))
            return true;
    const char **items = arena_alloc_array(load_arena(load), list->count + 1, sizeof *list->items);
    const char *copy = arena_copy_bytes(load_arena(load), name);
    if (!items || !copy)
        return load_no_memory(load);
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    items[list->count] = copy;
    *list = (struct text_list){.items = items, .count = list->count + 1};
    return true;
}

/* ---- all of it ---- */

bool reference_check_name(struct load *load, const struct route *route,
                          const struct reference *reference)
{
    struct node place = reference_place(load, reference);
    if (holds_credentials(route, reference))
        return load_problem(load, &place,
                            "%s holds credentials of route \"%s\", which are never stored",
                            reference->text, name_of(route));
    if (reference->root == REFERENCE_PATH && !path_has(route, reference->name))
        return load_problem(load, &place, "%s: the path of route \"%s\" has no {%.*s}",
                            reference->text, name_of(route), (int)reference->name.length,
                            (const char *)reference->name.data);
    return reference->root != REFERENCE_HEADER || note_header(load, route, reference->name);
}

static const char *what_is_accepted(const struct reference *reference, const struct route *route)
{
    int kind = route_content(route).kind;
    if (reference->root != REFERENCE_FORM)
        return "no JSON (\"content\")";
    return kind == CONTENT_XML || kind == CONTENT_CLOUDEVENTS ? "no form (\"content\")"
                                                              : "only JSON (\"content\")";
}

/* Of XML all is text, and attributes are members with a dash. */
static bool check_xml(struct load *load, const struct node *place,
                      const struct reference *reference)
{
    for (size_t i = 0; i < reference->step_count; i++)
        if (reference->steps[i].kind == STEP_NAME &&
            bytes_starts_with(reference->steps[i].name, bytes_of_text("@")))
            return load_problem(load, place,
                                "%s: an attribute of XML is written with a dash, such as "
                                "payload.order.-id",
                                reference->text);
    return !reference->never_text ||
           load_problem(load, place,
                        "%s is a string always, as all of XML: compare it with a string in quotes, "
                        "or add \"as: number\"",
                        reference->text);
}

static bool check_one(void *context, const struct reference *reference)
{
    struct reference_check *check = context;
    struct node place = reference_place(check->load, reference);
    if (!reference_check_name(check->load, check->route, reference))
        check->ok = false;
    else if (!reference_can_be_there(reference, check->route))
        check->ok = load_problem(
            check->load, &place, "%s cannot be in a body of route \"%s\": it accepts %s",
            reference->text, name_of(check->route), what_is_accepted(reference, check->route));
    else if (reference->root == REFERENCE_PAYLOAD &&
             route_content(check->route).kind == CONTENT_XML)
        check->ok = check_xml(check->load, &place, reference) && check->ok;
    return true;
}

struct reference_visitor reference_checker(struct reference_check *check)
{
    check->ok = true;
    return (struct reference_visitor){check_one, check};
}
