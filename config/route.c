/* A route: the rows of its own keys, how provider and auth become the list of authenticators that
 * all must pass, and how the parts that handlers bring are read with it. A key that belongs to a
 * handler is a row of the handler's part (registry.h); here stand those that nearly everything goes
 * by. */
#include "config/route.h"

#include "config/actions.h"
#include "config/load_private.h"
#include "config/route_path.h"
#include "config/scalar.h"
#include "config/secret_source.h"
#include "config/section.h"
#include "config/values.h"

#define MIB(count) ((int64_t)(count) << 20)

/* A route while it is read: what becomes authenticators is put together at the end. */
struct route_draft {
    struct route route;
    struct handler provider;
    struct secret_list secret;
    struct handler auth[ROUTE_AUTHENTICATORS_MAX];
    size_t auth_count;
    struct action_list actions;
    struct action_settings on_failure; /* without a kind: there is none */
};

/* ---- name, path, methods ---- */

static bool read_route_path(struct load *load, const struct node *node, const struct row *row,
                            void *field)
{
    struct error err;
    const char *path = load_text(load, node, row);
    if (!path)
        return false;
    if (strchr(path, '?'))
        load_mask(load, node); /* an address that was put here whole, perhaps with its token */
    if (!route_path_check(path, &err))
        return load_problem(load, node, "\"%s\": %s", row->name, err.text);
    *(const char **)field = path;
    return true;
}

/* A sender's signature is held against it to the letter: what no address can be is a mistake. */
static bool read_public_url(struct load *load, const struct node *node, const struct row *row,
                            void *field)
{
    const char *url = load_text(load, node, row);
    if (!url)
        return false;
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : "";
    if (strcspn(host, "/?") == 0)
        return load_mismatch(load, node, row, "an address such as https://hooks.example.org/path");
    for (const char *c = url; *c; c++)
        if (*c <= 0x20 || *c >= 0x7f || strchr("{}#\\\"<>", *c))
            return load_problem(
                load, node,
                "\"%s\" must be written as senders send it, with escapes; \"%c\" is not allowed",
                row->name, *c >= 0x20 && *c < 0x7f ? *c : '?');
    *(const char **)field = url;
    return true;
}

/* The first bring events; the others are answered and bring none. */
enum { METHODS_WITH_EVENTS = 5 };
static const char *const method_names[] = {"POST", "PUT",  "PATCH",   "DELETE",
                                           "GET",  "HEAD", "OPTIONS", NULL};

static size_t method_number(const char *method)
{
    size_t number = 0;
    while (method_names[number] && strcmp(method_names[number], method) != 0)
        number++;
    return number;
}

static bool check_method(struct load *load, const struct node *node, const struct text_list *before,
                         const char *method)
{
    if (!method_names[method_number(method)])
        return load_problem(load, node,
                            "\"methods\" may hold POST, PUT, PATCH, DELETE, GET, HEAD and OPTIONS, "
                            "not \"%.40s\"",
                            method);
    for (size_t i = 0; i < before->count; i++)
        if (strcmp(before->items[i], method) == 0)
            return load_problem(load, node, "%s is repeated in \"methods\"", method);
    return true;
}

static bool bring_events(const struct text_list *methods)
{
    for (size_t i = 0; i < methods->count; i++)
        if (method_number(methods->items[i]) < METHODS_WITH_EVENTS)
            return true;
    return false;
}

static bool read_methods(struct load *load, const struct node *node, const struct row *row,
                         void *field)
{
    struct text_list *methods = field;
    bool one = node->kind == NODE_SCALAR && !tree_is_null(node), ok = true;
    if (node->kind != NODE_SEQUENCE && !one)
        return load_mismatch(load, node, row, "a list of methods such as [POST]");
    if (!one && !node->first)
        return load_problem(load, node, "\"methods\" needs at least 1");
    *methods = (struct text_list){0};
    methods->items = arena_alloc_array(load->arena, one ? 1 : node->count, sizeof *methods->items);
    if (!methods->items)
        return load_no_memory(load);
    for (const struct node *item = one ? node : node->first; item; item = one ? NULL : item->next) {
        const char *method = load_text(load, item, row);
        if (method && check_method(load, item, methods, method))
            methods->items[methods->count++] = method;
        else
            ok = false;
    }
    if (ok && !bring_events(methods))
        return load_problem(load, node,
                            "HEAD and OPTIONS bring no events; \"methods\" needs another, such as "
                            "POST");
    return ok;
}

/* ---- auth ---- */

static bool is_none(const struct handler_kind *kind)
{
    return strcmp(kind->name, "none") == 0;
}

static bool read_auth_kind(struct load *load, const struct node *value, struct route_draft *draft)
{
    const struct handler_kind *const *kinds = load->registry->authenticators;
    const char *names[LOAD_PARTS_MAX];
    size_t i = 0;
    for (; kinds[i] && i < LOAD_PARTS_MAX - 1; i++) {
        names[i] = kinds[i]->name;
        if (strcmp(names[i], value->key->text) != 0)
            continue;
        if (draft->auth_count == ROUTE_AUTHENTICATORS_MAX - 1)
            return load_problem(load, value->key, "at most %d kinds of authentication",
                                ROUTE_AUTHENTICATORS_MAX - 1);
        return load_handler(load, value, kinds[i], &draft->auth[draft->auth_count++]);
    }
    names[i] = NULL;
    load_mask(load, value);
    return load_unknown(load, value, "\"auth\"", names, true);
}

static bool read_auth_mapping(struct load *load, const struct node *node, const struct row *row,
                              struct route_draft *draft)
{
    bool ok = true;
    if (node->kind != NODE_MAPPING) {
        load_mask(load, node); /* perhaps a secret that was put here alone */
        return load_problem(load, node,
                            "\"%s\" must be a mapping of kinds such as {token: …}, or {none: true}",
                            row->name);
    }
    if (!node->first)
        return load_problem(load, node,
                            "\"auth\" is empty; to accept every caller, write {none: true}");
    for (const struct node *value = node->first; value; value = value->next)
        if (tree_find(node, value->key->text) == value) /* repeated ones are reported already */
            ok = read_auth_kind(load, value, draft) && ok;
    return ok;
}

static bool read_auth(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct route_draft *draft = field;
    bool ok = true;
    if (node->kind != NODE_SEQUENCE)
        return read_auth_mapping(load, node, row, draft);
    if (!node->first)
        return load_problem(load, node,
                            "\"auth\" is empty; to accept every caller, write {none: true}");
    for (const struct node *item = node->first; item; item = item->next)
        ok = read_auth_mapping(load, item, row, draft) && ok;
    return ok;
}

/* The kind's settings are made here; `secret` goes in and its finish runs when all is read. */
static bool read_provider(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    struct handler *provider = field;
    const struct handler_kind *kind = load->registry->provider;
    (void)row;
    if (!kind)
        return load_problem(load, node, "this program has no providers");
    *provider = (struct handler){kind, arena_alloc(load->arena, kind->settings_size + 1)};
    if (!provider->settings)
        return load_no_memory(load);
    return load_row(load, node, kind->value, provider->settings);
}

/* ---- the rows ---- */

#define ROUTE(field) offsetof(struct route_draft, route.field)

static const struct row route_rows[] = {
    {.name = "name",
     .example = "deploy",
     .type = ROW_CUSTOM,
     .offset = ROUTE(name),
     .read = load_name,
     .flags = ROW_REQUIRED | ROW_NO_DEFAULTS,
     .syntax = "letters, digits, `-`, `_`, `.`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$\"}",
     .sentence =
         "The unique name of the route, used in logs, metrics and the environment of commands."},
    {.name = "path",
     .example = "/github",
     .type = ROW_CUSTOM,
     .offset = ROUTE(path),
     .read = read_route_path,
     .flags = ROW_REQUIRED | ROW_NO_DEFAULTS,
     .syntax = "`/a/path`, with `{name}` segments or a "
               "trailing `/*`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^/\"}",
     .sentence = "The path of the requests that this route takes. An exact path takes precedence "
                 "over a path with `{name}` segments, and that over a path with `/*`; of two paths "
                 "of the same kind, the one with more fixed bytes takes precedence."},
    {.name = "methods",
     .type = ROW_CUSTOM,
     .offset = ROUTE(methods),
     .read = read_methods,
     .default_text = "[POST]",
     .syntax = "a list of `POST`, `PUT`, `PATCH`, `DELETE`, `GET`, `HEAD`, `OPTIONS`",
     .json_schema = "{\"$ref\": \"#/$defs/methods\"}",
     .sentence =
         "The methods that the route accepts. `HEAD` and `OPTIONS` bring no events: `HEAD` is "
         "answered 200 if the head of the request passes, credentials included, and `OPTIONS` 204 "
         "with the methods of the path in `Allow`, unless it is a greeting of the provider."},
    {.name = "public_url",
     .example = "https://hooks.example.com/github",
     .type = ROW_CUSTOM,
     .offset = ROUTE(public_url),
     .read = read_public_url,
     .syntax = "`https://host/path`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^https?://\"}",
     .sentence = "The URL of the route as senders know it, for schemes that sign the URL; without "
                 "it the Host header is trusted. The query is always that of the request. If "
                 "`path` has `{name}` segments or `/*`, this URL replaces the fixed part of the "
                 "path before them, and the rest is that of the request."},
    {.name = "provider",
     .example = "github",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct route_draft, provider),
     .flags = ROW_SECRETS_INSIDE,
     .read = read_provider,
     .syntax = "a name, or `{name: …}` with the parameters of the scheme",
     .json_schema = "{\"$ref\": \"#/$defs/provider\"}",
     .sentence = "The sender of the events, whose signature scheme and event names are known."},
    {.name = "secret",
     .type = ROW_SECRET,
     .offset = offsetof(struct route_draft, secret),
     .sentence = "The secret with which the provider signs; a list while it is being replaced."},
    {.name = "auth",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_auth,
     .flags = ROW_SECRETS_INSIDE,
     .syntax = "a mapping of kinds, or a list of them; all kinds given must pass",
     .json_schema = "{\"$ref\": \"#/$defs/auth\"}",
     .sentence = "How callers authenticate, instead of `provider` or in addition to it."},
    {.name = "max_body",
     .type = ROW_SIZE,
     .offset = ROUTE(max_body),
     .default_text = "1MiB",
     .min = 1,
     .max = MIB(64),
     .sentence = "The maximum size of a body, as it is sent; a larger body is answered 413."},
    {.name = "actions",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct route_draft, actions),
     .read = load_actions,
     .syntax = "a list of actions",
     .json_schema = "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
                    "\"#/$defs/action\"}}",
     .sentence = "The actions that run for each event, independently of each other; an action with "
                 "`when` or `events` runs for the events that these accept."},
    {.name = "choose",
     .example = "[{when: [{value: payload.ref, equals: refs/heads/main}], command: [./deploy.sh]}, "
                "{else: true, command: [./note.sh]}]",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct route_draft, actions),
     .read = load_choices,
     .syntax = "a list of actions with `when`, `events` or `else`",
     .json_schema = "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
                    "\"#/$defs/action\"}}",
     .sentence = "Further actions, of which only the first runs whose `when` and `events` accept "
                 "the event. Their positions continue those of `actions`."},
    {.name = ON_FAILURE_NAME,
     .example = "{command: [./tell.sh]}",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct route_draft, on_failure),
     .read = load_on_failure,
     .syntax = "an action, without `name`, `when` and `events`; or `off`",
     .json_schema = "{\"anyOf\": [{\"$ref\": \"#/$defs/action\"}, {\"const\": \"off\"}]}",
     .sentence = "An action that runs when a delivery of the route has failed for good, with the "
                 "event, the reason and the end of the output; see `tell_every`. `off` is for a "
                 "route that does not want the one of `defaults`."},
};
const struct row_section route_section = {
    .name = "a route",
    .sentence =
        "The routes: which requests are received, from which sender, and which actions run.",
    .rows = route_rows,
    .row_count = ROW_COUNT(route_rows),
    .size = sizeof(struct route_draft)};

/* ---- putting a route together ---- */

/* Rules that hold whether or not the rest of the route could be read. */
static bool check_callers(struct load *load, const struct node *node, const struct node *defaults)
{
    const struct node *secret = tree_find(node, "secret");
    const struct node *provider = tree_find_either(node, defaults, "provider");
    bool ok = true;
    if (!provider && !tree_find_either(node, defaults, "auth"))
        ok = load_problem(load, node,
                          "a route needs \"provider\" or \"auth\"; to accept every caller, write "
                          "\"auth: {none: true}\"");
    if (secret && !provider)
        ok = load_problem(
            load, secret->key,
            "\"secret\" belongs to \"provider\"; each kind under \"auth\" has its own");
    return ok;
}

static bool check_none(struct load *load, const struct node *node, const struct node *defaults,
                       struct route_draft *draft)
{
    for (size_t i = 0; i < draft->auth_count; i++)
        draft->route.no_authentication |= is_none(draft->auth[i].kind);
    if (draft->route.no_authentication && (draft->auth_count > 1 || draft->provider.kind))
        return load_problem(load, tree_find_either(node, defaults, "auth"),
                            "\"none\" accepts every caller: it cannot be combined with "
                            "\"provider\" or other kinds");
    return true;
}

/* The secret moves into the settings of the provider, and is recorded at its new place. */
static bool finish_provider(struct load *load, const struct node *node, struct route_draft *draft)
{
    struct handler *provider = &draft->provider;
    struct secret_list *secret = provider->settings;
    *secret = draft->secret;
    draft->secret = (struct secret_list){0};
    return load_keep_secrets(load, secret) &&
           (!provider->kind->finish || provider->kind->finish(load, node, provider->settings));
}

static bool finish_route_parts(struct load *load, const struct node *node,
                               const struct node *defaults, const struct route *route)
{
    const struct route_part *const *parts = load->registry->route_parts;
    bool ok = true;
    for (size_t i = 0; parts && parts[i]; i++)
        if (parts[i]->finish_route)
            ok = parts[i]->finish_route(load, node, defaults, route, route->parts[i]) && ok;
    return ok;
}

static bool join_authenticators(struct load *load, const struct node *node,
                                const struct node *defaults, struct route_draft *draft)
{
    struct route *route = &draft->route;
    const struct node *provider = tree_find_either(node, defaults, "provider");
    load->secret = tree_find_either(node, defaults, "secret");
    if (!check_none(load, node, defaults, draft))
        return false;
    if (provider && !finish_provider(load, provider, draft))
        return false;
    route->authenticators =
        arena_alloc_array(load->arena, draft->auth_count + 1, sizeof *route->authenticators);
    if (!route->authenticators)
        return load_no_memory(load);
    if (provider)
        route->authenticators[route->authenticator_count++] = draft->provider;
    for (size_t i = 0; i < draft->auth_count; i++)
        route->authenticators[route->authenticator_count++] = draft->auth[i];
    if (!finish_route_parts(load, node, defaults, route))
        return false;
    if (provider && draft->provider.kind->warn)
        draft->provider.kind->warn(load, provider, route, draft->provider.settings);
    return !load->registry->check_route || load->registry->check_route(load, node, defaults, route);
}

static bool add_route_parts(struct load *load, struct load_mapping *mapping, struct route *route)
{
    const struct route_part *const *parts = load->registry->route_parts;
    size_t count = 0;
    while (parts && parts[count])
        count++;
    route->parts = arena_alloc_array(load->arena, count + 1, sizeof *route->parts);
    if (!route->parts)
        return load_no_memory(load);
    for (size_t i = 0; i < count; i++)
        if (!(route->parts[i] = load_mapping_add_block(load, mapping, parts[i]->keys)))
            return false;
    return true;
}

static struct route_draft *start_route(struct load *load, struct load_mapping *mapping)
{
    struct route_draft *draft = arena_alloc(load->arena, sizeof *draft);
    if (!draft) {
        load_no_memory(load);
        return NULL;
    }
    load_mapping_add(mapping, &route_section, draft);
    return add_route_parts(load, mapping, &draft->route) ? draft : NULL;
}

bool load_route(struct load *load, const struct node *node, const struct node *defaults,
                struct route *route)
{
    struct load_mapping mapping = {.name = "a route", .fallback = defaults};
    struct route_draft *draft = start_route(load, &mapping);
    if (!draft)
        return false;
    bool read = load_mapping_read(load, node, &mapping);
    if (node->kind != NODE_MAPPING)
        return false;
    if (read && draft->on_failure.handler.kind)
        draft->route.has_on_failure =
            load_append_on_failure(load, &draft->actions, &draft->on_failure);
    draft->route.actions = draft->actions.items;
    draft->route.action_count = draft->actions.count;
    if (read && !tree_find_either(node, defaults, "actions") &&
        !tree_find_either(node, defaults, "choose"))
        read = load_problem(load, node, "a route needs \"actions\" or \"choose\"");
    if (check_callers(load, node, defaults) && read)
        join_authenticators(load, node, defaults, draft);
    draft->route.at = load_position(load, node);
    if (draft->route.public_url)
        draft->route.public_url_at =
            load_position(load, tree_find_either(node, defaults, "public_url"));
    *route = draft->route;
    return route->name || route->path;
}

/* Read once for themselves, so that a mistake is found even if no route comes to use the key. */
void load_check_defaults(struct load *load, const struct node *defaults)
{
    struct load_mapping mapping = {.name = "\"defaults\"",
                                   .partial = true,
                                   .refused_flag = ROW_NO_DEFAULTS,
                                   .elsewhere = "is allowed only in a route, not in \"defaults\""};
    if (start_route(load, &mapping))
        load_mapping_read(load, defaults, &mapping);
}
