/* A route: the rows of its own keys, and how provider and auth become the list of authenticators
 * that all must pass. A key for every route goes into route_rows; one that belongs to a handler
 * goes into a section of the registry's route_parts. */
#include "base/units.h"
#include "config/address.h"
#include "config/load_private.h"
#include "config/route_path.h"
#include "config/rows.h"

#define DAYS(count) ((int64_t)(count)*86400000)
#define MIB(count) ((int64_t)(count) << 20)

enum { RATE_MAX = 1000000 };

#define LIST_SCHEMA "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}"

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
            return load_problem(load, node,
                                "\"%s\" is written as senders send it, with escapes, and holds no "
                                "\"%c\"",
                                row->name, *c >= 0x20 && *c < 0x7f ? *c : '?');
    *(const char **)field = url;
    return true;
}

static const char *const method_names[] = {"POST", "PUT", "PATCH", "DELETE", "GET", NULL};

static bool check_method(struct load *load, const struct node *node, const struct text_list *before,
                         const char *method)
{
    size_t i = 0;
    while (method_names[i] && strcmp(method_names[i], method) != 0)
        i++;
    if (!method_names[i])
        return load_problem(load, node,
                            "\"methods\" may hold POST, PUT, PATCH, DELETE and GET, not \"%.40s\"",
                            method);
    for (i = 0; i < before->count; i++)
        if (strcmp(before->items[i], method) == 0)
            return load_problem(load, node, "%s stands twice in \"methods\"", method);
    return true;
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
    return ok;
}

/* ---- allow, deny ---- */

bool load_prefix(struct load *load, const struct node *node, const struct row *row,
                 struct prefix *prefix)
{
    struct error err;
    if (node->kind != NODE_SCALAR || tree_is_null(node))
        return load_mismatch(load, node, row, "addresses or networks such as 192.0.2.0/24");
    return prefix_parse(node->text, prefix, &err) ||
           load_problem(load, node, "\"%s\": %s", row->name, err.text);
}

static bool read_prefixes(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    struct prefix_list list = {0};
    bool ok = true;
    if (node->kind != NODE_SEQUENCE)
        return load_mismatch(load, node, row, "a list of addresses and networks");
    list.items = arena_alloc_array(load->arena, node->count + 1, sizeof *list.items);
    if (!list.items)
        return load_no_memory(load);
    for (const struct node *item = node->first; item; item = item->next)
        ok = load_prefix(load, item, row, &list.items[list.count++]) && ok;
    if (ok)
        *(struct prefix_list *)field = list;
    return ok;
}

/* ---- rate_limit ---- */

static bool read_rate(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct rate_limit *limit = field; /* `rate` stands at the front of it */
    int64_t count, period;
    if (node->kind != NODE_SCALAR ||
        !units_parse_rate(bytes_of(node->text, node->length), &count, &period))
        return load_mismatch(load, node, row, "a rate such as 10/s, 600/m or 1000/h");
    if (count > RATE_MAX)
        return load_problem(load, node, "\"rate\" may be at most %d for a unit of time", RATE_MAX);
    limit->count = count;
    limit->period_ms = period;
    return true;
}

static const char *const per_choices[] = {"client", "route", NULL};

static const struct row rate_limit_rows[] = {
    {.name = "rate",
     .type = ROW_CUSTOM,
     .offset = 0,
     .flags = ROW_REQUIRED,
     .read = read_rate,
     .syntax = "a rate: `10/s`, `600/m`, `1000/h`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^[0-9]+/(s|m|h|d)$\"}",
     .sentence = "How many requests in how much time, spread evenly."},
    {.name = "burst",
     .type = ROW_INTEGER,
     .offset = offsetof(struct rate_limit, burst),
     .min = 1,
     .max = RATE_MAX,
     .sentence = "How many may come at once; if it is not said, what the rate brings in a second."},
    {.name = "per",
     .type = ROW_CHOICE,
     .offset = offsetof(struct rate_limit, per),
     .choices = per_choices,
     .default_text = "client",
     .sentence = "Whose requests count together: those of a client (for IPv6, of its /64), or all "
                 "of the route."},
};

static bool finish_rate_limit(struct load *load, const struct node *node, void *settings)
{
    struct rate_limit *limit = settings;
    int64_t in_a_second = limit->count * 1000 / limit->period_ms;
    (void)load;
    (void)node;
    if (limit->burst == 0)
        limit->burst = in_a_second < 1              ? 1
                       : in_a_second > limit->count ? limit->count
                                                    : in_a_second;
    return true;
}

static const struct row_section rate_limit_section = {
    .name = "rate_limit",
    .sentence = "A limit on how fast requests may come; past it 429.",
    .rows = rate_limit_rows,
    .row_count = ROW_COUNT(rate_limit_rows),
    .size = sizeof(struct rate_limit),
    .finish = finish_rate_limit};

/* ---- dedupe ---- */

static const char *const off_choice[] = {"off", NULL};
static const char *const dead_choices[] = {"rerun", "keep", NULL}; /* enum dedupe_dead */

static const struct row dedupe_rows[] = {
    {.name = "window",
     .type = ROW_DURATION,
     .offset = offsetof(struct dedupe_settings, window_ms),
     .default_text = "3d",
     .min = 1000,
     .max = DAYS(90),
     .sentence = "How long a delivery is remembered. Without it, as long as the provider's "
                 "messages may be old where that is longer than 3d."},
    {.name = "dead",
     .type = ROW_CHOICE,
     .offset = offsetof(struct dedupe_settings, dead),
     .choices = dead_choices,
     .default_text = "rerun",
     .sentence = "What a redelivery does to an event that has failed: what is dead of it runs "
                 "again (at most ten times), or it stays as it is (200, as every duplicate)."},
};
static const struct row_section dedupe_section = {.name = "dedupe",
                                                  .sentence =
                                                      "What counts as the same event sent again.",
                                                  .rows = dedupe_rows,
                                                  .row_count = ROW_COUNT(dedupe_rows),
                                                  .size = sizeof(struct dedupe_settings)};

static bool read_dedupe(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct dedupe_settings *dedupe = field;
    if (node->kind == NODE_MAPPING)
        return load_section(load, node, row->section, dedupe);
    if (node->kind != NODE_SCALAR || strcmp(node->text, "off") != 0)
        return load_mismatch(load, node, row, "{window: DURATION, dead: rerun or keep} or off");
    dedupe->off = true;
    return true;
}

/* ---- json ---- */

static const char *const surrogates_choices[] = {"accept", "refuse", NULL};
static const char *const repeated_choices[] = {"refuse", "last", NULL};

static const struct row json_rows[] = {
    {.name = "depth",
     .type = ROW_INTEGER,
     .offset = offsetof(struct json_settings, depth),
     .default_text = "128",
     .min = 1,
     .max = ROUTE_JSON_DEPTH_MAX,
     .sentence = "How deep objects and arrays may stand within each other."},
    {.name = "values",
     .type = ROW_INTEGER,
     .offset = offsetof(struct json_settings, values),
     .min = 1,
     .max = 100000000,
     .sentence = "How many values of any kind a body may hold, and names one object; if it is not "
                 "set, one value for four bytes of `max_body` and at least 100,000, and 100,000 "
                 "names."},
    {.name = "surrogates",
     .type = ROW_CHOICE,
     .offset = offsetof(struct json_settings, surrogates),
     .choices = surrogates_choices,
     .default_text = "accept",
     .sentence = "Whether a string may hold half a character (`\\ud83d` alone), as senders leave "
                 "it that cut texts; schemas read it as U+FFFD."},
    {.name = "repeated",
     .type = ROW_CHOICE,
     .offset = offsetof(struct json_settings, repeated),
     .choices = repeated_choices,
     .default_text = "refuse",
     .sentence = "A name that comes twice in an object: `last` reads its last value, for senders "
                 "that do so. Actions get the body as it was sent."},
};
static const struct row_section json_section = {.name = "json",
                                                .sentence = "What JSON in a body may be.",
                                                .rows = json_rows,
                                                .row_count = ROW_COUNT(json_rows),
                                                .size = sizeof(struct json_settings)};

/* ---- respond ---- */

enum { RESPOND_BODY_MAX = 64 << 10 };

static const struct row respond_rows[] = {
    {.name = "status",
     .type = ROW_INTEGER,
     .offset = offsetof(struct respond_settings, status),
     .min = 200,
     .max = 299,
     .sentence = "The status; if it is not set, 202, or 200 where nothing is carried out."},
    {.name = "type",
     .type = ROW_TEXT,
     .offset = offsetof(struct respond_settings, type),
     .min = 1,
     .max = 200,
     .sentence = "The media type of `body`; `text/plain; charset=utf-8` if it is not set."},
    {.name = "body",
     .type = ROW_TEXT,
     .offset = offsetof(struct respond_settings, body),
     .max = RESPOND_BODY_MAX,
     .sentence = "The body, `\"\"` for none; if it is not set, JSON with the id of the event."},
};

/* Statuses that cannot have a body get none; all others go with any. */
static bool finish_respond(struct load *load, const struct node *node, void *settings)
{
    struct respond_settings *respond = settings;
    const struct node *body = tree_find(node, "body"), *type = tree_find(node, "type");
    bool bodiless = respond->status == 204 || respond->status == 205;
    if (bodiless && body && respond->body[0])
        return load_problem(load, body, "an answer with status %d has no body",
                            (int)respond->status);
    if (type && (!body || !respond->body[0]))
        return load_problem(load, type, "\"type\" is the media type of \"body\", which is %s",
                            body ? "empty" : "missing");
    for (const char *c = type ? respond->type : ""; *c; c++)
        if (*c < ' ' || *c > '~')
            return load_problem(load, type, "\"type\" must be a media type such as text/plain");
    if (bodiless)
        respond->body = "";
    else if (body && respond->body[0] && !type)
        respond->type = "text/plain; charset=utf-8";
    return true;
}

static const struct row_section respond_section = {.name = "respond",
                                                   .sentence =
                                                       "What the sender of an accepted event gets.",
                                                   .rows = respond_rows,
                                                   .row_count = ROW_COUNT(respond_rows),
                                                   .size = sizeof(struct respond_settings),
                                                   .finish = finish_respond};

static bool read_respond(struct load *load, const struct node *node, const struct row *row,
                         void *field)
{
    if (node->kind == NODE_MAPPING)
        return load_section(load, node, row->section, field);
    return (node->kind == NODE_SCALAR && strcmp(node->text, row->choices[0]) == 0) ||
           load_mismatch(load, node, row, "{status: …, type: …, body: …} or accepted");
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
        return load_problem(load, node, "\"auth\" is empty; to let everybody in, say {none: true}");
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
        return load_problem(load, node, "\"auth\" is empty; to let everybody in, say {none: true}");
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

/* In the order of enum content_kind. */
static const char *const content_choices[] = {"provider", "json", "form", "json_or_form",
                                              "raw",      "auto", NULL};
static const char *const respond_choices[] = {"accepted", NULL};

#define ROUTE(field) offsetof(struct route_draft, route.field)

static const struct row route_rows[] = {
    {.name = "name",
     .type = ROW_CUSTOM,
     .offset = ROUTE(name),
     .read = load_name,
     .flags = ROW_REQUIRED | ROW_NO_DEFAULTS,
     .syntax = "letters, digits, `-`, `_`, `.`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$\"}",
     .sentence = "Unique; it stands in logs, metrics and the environment of commands."},
    {.name = "path",
     .type = ROW_CUSTOM,
     .offset = ROUTE(path),
     .read = read_route_path,
     .flags = ROW_REQUIRED | ROW_NO_DEFAULTS,
     .syntax = "`/a/path`, with `{name}` segments or a "
               "trailing `/*`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^/\"}",
     .sentence = "Of the requests that this route takes. Exact paths are tried before those with "
                 "`{name}` segments, those before `/*`, and of the same sort the one that fixes "
                 "more."},
    {.name = "methods",
     .type = ROW_CUSTOM,
     .offset = ROUTE(methods),
     .read = read_methods,
     .default_text = "[POST]",
     .syntax = "a list of `POST`, `PUT`, `PATCH`, `DELETE`, `GET`",
     .json_schema = "{\"$ref\": \"#/$defs/methods\"}",
     .sentence = "Which methods it takes."},
    {.name = "public_url",
     .type = ROW_CUSTOM,
     .offset = ROUTE(public_url),
     .read = read_public_url,
     .syntax = "`https://host/path`",
     .json_schema = "{\"type\": \"string\", \"pattern\": \"^https?://\"}",
     .sentence = "The address as senders know it, for schemes that sign it; without it the Host "
                 "header is believed. The query is always the one that came. Where `path` has "
                 "`{name}` or `/*` this stands for what is fixed before them, and the rest is what "
                 "came."},
    {.name = "provider",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct route_draft, provider),
     .flags = ROW_SECRETS_INSIDE,
     .read = read_provider,
     .syntax = "a name, or `{name: …}` with what the scheme needs more",
     .json_schema = "{\"$ref\": \"#/$defs/provider\"}",
     .sentence = "Who sends the events: how they are signed and named is known."},
    {.name = "secret",
     .type = ROW_SECRET,
     .offset = offsetof(struct route_draft, secret),
     .sentence = "What the provider signs with; several while one is being replaced."},
    {.name = "auth",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_auth,
     .flags = ROW_SECRETS_INSIDE,
     .syntax = "a mapping of kinds, or a list of them; all that is named must pass",
     .json_schema = "{\"$ref\": \"#/$defs/auth\"}",
     .sentence = "How callers prove who they are, in the place of `provider` or beside it."},
    {.name = "allow",
     .type = ROW_CUSTOM,
     .offset = ROUTE(allow),
     .read = read_prefixes,
     .default_text = "[]",
     .syntax = "a list of addresses and networks",
     .json_schema = LIST_SCHEMA,
     .sentence = "If there are any, clients have to be in one of them."},
    {.name = "deny",
     .type = ROW_CUSTOM,
     .offset = ROUTE(deny),
     .read = read_prefixes,
     .default_text = "[]",
     .syntax = "a list of addresses and networks",
     .json_schema = LIST_SCHEMA,
     .sentence = "Clients in one of these are refused, whatever `allow` says."},
    {.name = "rate_limit",
     .type = ROW_SECTIONS,
     .offset = ROUTE(rate_limits),
     .flags = ROW_ONE_OK,
     .default_text = "[]",
     .max = 8,
     .section = &rate_limit_section,
     .sentence = "How fast requests may come; past it they are answered 429."},
    {.name = "dedupe",
     .type = ROW_CUSTOM,
     .offset = ROUTE(dedupe),
     .read = read_dedupe,
     .default_text = "{window: 3d, dead: rerun}",
     .section = &dedupe_section,
     .choices = off_choice,
     .syntax = "`{window: DURATION, dead: rerun or keep}` or `off`",
     .sentence = "A delivery that came before is answered 200 with the id of the first; or 202, "
                 "where the first has failed and runs again."},
    {.name = "max_body",
     .type = ROW_SIZE,
     .offset = ROUTE(max_body),
     .default_text = "1MiB",
     .min = 1,
     .max = MIB(64),
     .sentence = "Bytes of a body; more is answered 413."},
    {.name = "content",
     .type = ROW_CHOICE,
     .offset = ROUTE(content),
     .choices = content_choices,
     .default_text = "provider",
     .sentence =
         "What the body is: `json` and `form` are checked against the media type and read "
         "strictly, `raw` is taken as it is, `auto` goes by the media type and takes what it "
         "does not know as it is; `provider` is what the route's provider sends, and `json` "
         "where there is none."},
    {.name = "json",
     .type = ROW_SECTION,
     .offset = ROUTE(json),
     .default_text = "{}",
     .section = &json_section,
     .sentence = "What JSON in a body may be; what is beyond it is answered 400."},
    {.name = "events",
     .type = ROW_TEXTS,
     .offset = ROUTE(events),
     .flags = ROW_ONE_OK,
     .default_text = "[]",
     .sentence = "Names or patterns of events, if not all are wanted; others are answered 200 "
                 "\"ignored\"."},
    {.name = "respond",
     .type = ROW_CUSTOM,
     .offset = ROUTE(respond),
     .read = read_respond,
     .default_text = "accepted",
     .section = &respond_section,
     .choices = respond_choices,
     .syntax = "`{status: …, type: …, body: …}` or `accepted`",
     .sentence = "What the sender of an accepted event gets, also if the event came before or is "
                 "ignored: 202 with the event's id, or as its provider wants it. For senders that "
                 "take only a certain 2xx for success."},
    {.name = "actions",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct route_draft, actions),
     .flags = ROW_REQUIRED,
     .read = load_actions,
     .syntax = "a list of actions",
     .json_schema = "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
                    "\"#/$defs/action\"}}",
     .sentence = "What is done with an event, each on its own."},
};
const struct row_section route_section = {
    .name = "a route",
    .sentence = "What is received, from whom, and what is done with it.",
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
                          "a route needs \"provider\" or \"auth\"; to let everybody in, say "
                          "\"auth: {none: true}\"");
    if (secret && !provider)
        ok = load_problem(load, secret->key,
                          "\"secret\" goes with \"provider\"; kinds under \"auth\" name their own");
    return ok;
}

static bool check_none(struct load *load, const struct node *node, const struct node *defaults,
                       struct route_draft *draft)
{
    for (size_t i = 0; i < draft->auth_count; i++)
        draft->route.no_authentication |= is_none(draft->auth[i].kind);
    if (draft->route.no_authentication && (draft->auth_count > 1 || draft->provider.kind))
        return load_problem(load, tree_find_either(node, defaults, "auth"),
                            "\"none\" lets everybody in: it stands alone, without \"provider\" and "
                            "other kinds");
    return true;
}

/* What is still taken has to be known when it comes again, unless the file says otherwise. */
static void widen_dedupe(const struct node *node, const struct node *defaults,
                         struct route_draft *draft)
{
    const struct handler *provider = &draft->provider;
    const struct node *dedupe = tree_find_either(node, defaults, "dedupe");
    struct dedupe_settings *settings = &draft->route.dedupe;
    bool written = dedupe && dedupe->kind == NODE_MAPPING && tree_find(dedupe, "window");
    if (written || settings->off || !provider->kind->replayable_ms)
        return;
    int64_t wanted = provider->kind->replayable_ms(provider->settings);
    if (wanted > settings->window_ms)
        settings->window_ms = wanted;
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

static bool join_authenticators(struct load *load, const struct node *node,
                                const struct node *defaults, struct route_draft *draft)
{
    struct route *route = &draft->route;
    const struct node *provider = tree_find_either(node, defaults, "provider");
    load->secret = tree_find_either(node, defaults, "secret");
    if (!check_none(load, node, defaults, draft))
        return false;
    if (provider) {
        widen_dedupe(node, defaults, draft);
        if (!finish_provider(load, provider, draft))
            return false;
    }
    route->authenticators =
        arena_alloc_array(load->arena, draft->auth_count + 1, sizeof *route->authenticators);
    if (!route->authenticators)
        return load_no_memory(load);
    if (provider)
        route->authenticators[route->authenticator_count++] = draft->provider;
    for (size_t i = 0; i < draft->auth_count; i++)
        route->authenticators[route->authenticator_count++] = draft->auth[i];
    if (provider && draft->provider.kind->warn)
        draft->provider.kind->warn(load, provider, route, draft->provider.settings);
    return !load->registry->check_route || load->registry->check_route(load, node, defaults, route);
}

static struct route_draft *start_route(struct load *load, struct load_mapping *mapping)
{
    struct route_draft *draft = arena_alloc(load->arena, sizeof *draft);
    if (!draft) {
        load_no_memory(load);
        return NULL;
    }
    load_mapping_add(mapping, &route_section, draft);
    draft->route.parts = load_mapping_add_parts(load, mapping, load->registry->route_parts);
    return draft->route.parts ? draft : NULL;
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
    if (check_callers(load, node, defaults) && read)
        join_authenticators(load, node, defaults, draft);
    draft->route.actions = draft->actions.items;
    draft->route.action_count = draft->actions.count;
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
                                   .elsewhere = "belongs to each route, not to \"defaults\""};
    if (start_route(load, &mapping))
        load_mapping_read(load, defaults, &mapping);
}
