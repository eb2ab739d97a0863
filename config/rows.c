/* The rows of everything but routes: the top level, `server`, `journal`, `log`. */
#include "config/rows.h"

#include "config/address.h"
#include "config/load_private.h"
#include "config/names.h"
#include "config/proxies.h"
#include "config/scalar.h"
#include "config/section.h"

#define MINUTES(count) ((int64_t)(count)*60000)
#define DAYS(count) ((int64_t)(count)*86400000)
#define KIB(count) ((int64_t)(count) << 10)
#define MIB(count) ((int64_t)(count) << 20)
#define GIB(count) ((int64_t)(count) << 30)

/* ---- listen ---- */

static bool read_tls(struct load *load, const struct node *node, const struct row *row,
                     void *field);

static const struct row tls_rows[] = {
    {.name = "certificate",
     .type = ROW_PATH,
     .offset = offsetof(struct tls_settings, certificate),
     .flags = ROW_REQUIRED,
     .sentence = "The certificate with its chain, PEM. ECDSA P-256 costs a thirtieth of RSA-2048."},
    {.name = "key",
     .type = ROW_PATH,
     .offset = offsetof(struct tls_settings, key),
     .flags = ROW_REQUIRED,
     .sentence = "The private key of the certificate, PEM."},
};
static const struct row_section tls_section = {.name = "tls",
                                               .sentence = "The certificate of a listener.",
                                               .rows = tls_rows,
                                               .row_count = ROW_COUNT(tls_rows),
                                               .size = sizeof(struct tls_settings)};

static bool read_tls(struct load *load, const struct node *node, const struct row *row, void *field)
{
    struct tls_settings *tls = field;
    if (node->kind == NODE_MAPPING) {
        bool read = load_section(load, node, row->section, tls);
        if (read)
            tls->certificate_at = load_position(load, tree_find(node, "certificate"));
        if (read)
            tls->key_at = load_position(load, tree_find(node, "key"));
        return read;
    }
    if (node->kind != NODE_SCALAR || strcmp(node->text, "off") != 0)
        return load_mismatch(load, node, row, "{certificate: PATH, key: PATH} or off");
    tls->off = true;
    return true;
}

static const char *const off_choice[] = {"off", NULL};
static const char *const plaintext_choices[] = {"refuse", "accept", NULL};
static const char *const proxy_protocol_choices[] = {"off", "required", NULL};

static const struct row listen_rows[] = {
    {.name = "address",
     .type = ROW_TEXT,
     .offset = offsetof(struct listen_settings, address),
     .flags = ROW_REQUIRED,
     .min = 1,
     .max = 200,
     .sentence =
         "Where to listen: `host:port`, `[v6]:port`, `unix:/path` or `systemd:NAME` (a "
         "socket that systemd passes); port 0 is any that is free. `[::]:port` takes IPv4 too, "
         "unless an IPv4 address with the same port stands beside it."},
    {.name = "tls",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct listen_settings, tls),
     .flags = ROW_REQUIRED,
     .read = read_tls,
     .section = &tls_section,
     .choices = off_choice,
     .syntax = "`{certificate: PATH, key: PATH}` or `off`",
     .sentence = "The certificate, or `off`: plain HTTP is said, never implied."},
    {.name = "plaintext",
     .type = ROW_CHOICE,
     .offset = offsetof(struct listen_settings, plaintext),
     .choices = plaintext_choices,
     .default_text = "refuse",
     .sentence = "`accept` allows `tls: off` on an address that other machines can reach."},
    {.name = "proxy_protocol",
     .type = ROW_CHOICE,
     .offset = offsetof(struct listen_settings, proxy_protocol),
     .choices = proxy_protocol_choices,
     .default_text = "off",
     .sentence =
         "`required`: each connection begins with a header of the PROXY protocol (version 1 or 2), "
         "in front of TLS too, and comes from one of `trusted_proxies`; others are closed. It has "
         "to be there within `header_timeout`."},
    {.name = "mode",
     .type = ROW_MODE,
     .offset = offsetof(struct listen_settings, mode),
     .default_text = "\"0660\"",
     .sentence = "The mode of a unix socket: who may write to it may connect."},
    {.name = "group",
     .type = ROW_TEXT,
     .offset = offsetof(struct listen_settings, group),
     .min = 1,
     .max = 32,
     .sentence = "The group of a unix socket, such as that of a proxy; if it is not said, that of "
                 "the process that starts the server."},
};

/* Paths of unix sockets are relative to the file, as all paths are. */
static bool resolve_unix(struct load *load, const struct node *node, struct listen_settings *listen,
                         struct listen_address *parsed)
{
    struct error err;
    const char *path = load_path(load, node, parsed->name);
    const char *address = path ? arena_format(load->arena, "unix:%s", path) : NULL;
    if (!address)
        return load_no_memory(load);
    listen->address = address;
    return listen_address_parse(address, parsed, &err) || load_problem(load, node, "%s", err.text);
}

/* Keys that only a unix socket which we make can have. */
static bool check_listen_access(struct load *load, const struct node *node,
                                const struct listen_address *parsed)
{
    static const char *const keys[] = {"mode", "group"};
    bool ok = true;
    for (size_t i = 0; i < ROW_COUNT(keys) && parsed->kind != LISTEN_UNIX; i++) {
        const struct node *value = tree_find(node, keys[i]);
        if (value)
            ok = load_problem(load, value->key, "\"%s\" is for addresses of the form unix:/path",
                              keys[i]);
    }
    return ok;
}

static bool finish_listen(struct load *load, const struct node *node, void *settings)
{
    struct listen_settings *listen = settings;
    const struct node *address = tree_find(node, "address"), *tls = tree_find(node, "tls");
    struct listen_address parsed;
    struct error err;
    listen->at = load_position(load, node);
    if (!listen_address_parse(listen->address, &parsed, &err))
        return load_problem(load, address, "%s", err.text);
    if (parsed.kind == LISTEN_UNIX && !resolve_unix(load, address, listen, &parsed))
        return false;
    if (!check_listen_access(load, node, &parsed))
        return false;
    bool open = listen->tls.off && parsed.kind == LISTEN_TCP && !parsed.loopback;
    if (open && listen->plaintext != PLAINTEXT_ACCEPT)
        return load_problem(load, tls,
                            "\"tls: off\" on %s, which other machines can reach: give a "
                            "certificate, or say \"plaintext: accept\"",
                            listen->address);
    return true;
}

static const struct row_section listen_section = {.name = "listen",
                                                  .sentence =
                                                      "One address that requests come in on.",
                                                  .rows = listen_rows,
                                                  .row_count = ROW_COUNT(listen_rows),
                                                  .size = sizeof(struct listen_settings),
                                                  .finish = finish_listen};

/* ---- server ---- */

static const char *const forwarded_choices[] = {"x-forwarded-for", "forwarded", "off", NULL};

static const struct row server_rows[] = {
    {.name = "listen",
     .type = ROW_SECTIONS,
     .offset = offsetof(struct server_settings, listen),
     .flags = ROW_REQUIRED | ROW_ONE_OK,
     .min = 1,
     .max = 64,
     .section = &listen_section,
     .sentence = "The addresses that requests come in on."},
    {.name = "listeners",
     .type = ROW_INTEGER,
     .offset = offsetof(struct server_settings, listeners),
     .min = 1,
     .max = 64,
     .sentence = "Processes that take requests; one a core if it is not said."},
    {.name = "user",
     .type = ROW_TEXT,
     .offset = offsetof(struct server_settings, user),
     .min = 1,
     .max = 32,
     .sentence = "Started as root, everything becomes this user; if it is not said, `tenterhook` "
                 "if that exists, else `nobody`."},
    {.name = "connections",
     .type = ROW_INTEGER,
     .offset = offsetof(struct server_settings, connections),
     .default_text = "4096",
     .min = 1,
     .max = 1000000,
     .sentence =
         "Open connections of all listeners together. A new one beyond them takes the place of "
         "the one that is unused for longest; where all are in use it waits. Less where it is "
         "not said and there is little memory, as for `body_memory`."},
    {.name = "header_timeout",
     .type = ROW_DURATION,
     .offset = offsetof(struct server_settings, header_timeout_ms),
     .default_text = "10s",
     .min = 100,
     .max = MINUTES(60),
     .sentence = "A request's head has to be there this long after its first byte."},
    {.name = "body_timeout",
     .type = ROW_DURATION,
     .offset = offsetof(struct server_settings, body_timeout_ms),
     .default_text = "30s",
     .min = 100,
     .max = MINUTES(60),
     .sentence = "A request's body has to be there this long after its head; one that comes "
                 "steadily, at 1 KiB a second or more, has ten times as long."},
    {.name = "idle_timeout",
     .type = ROW_DURATION,
     .offset = offsetof(struct server_settings, idle_timeout_ms),
     .default_text = "60s",
     .min = 100,
     .max = MINUTES(60),
     .sentence = "A connection without a request is closed after this long."},
    {.name = "max_header",
     .type = ROW_SIZE,
     .offset = offsetof(struct server_settings, max_header),
     .default_text = "16KiB",
     .min = KIB(1),
     .max = MIB(1),
     .sentence =
         "Bytes of the request line and the head; more is answered 431. The target may have "
         "4 KiB of them and 64 parameters (414), a single header 16 KiB."},
    {.name = "body_memory",
     .type = ROW_SIZE,
     .offset = offsetof(struct server_settings, body_memory),
     .default_text = "256MiB",
     .min = KIB(64),
     .max = GIB(1024),
     .sentence =
         "Memory of bodies in flight, all together, counted as they come; past it requests are "
         "answered 503. A client that has not authenticated yet (an IPv4 address, an IPv6 /64) "
         "holds at most a quarter of it, or one `max_body` if that is more. Less where it is not "
         "said and there is little memory: a quarter of what a cgroup or the machine has, after "
         "32 MiB."},
    {.name = "shutdown_grace",
     .type = ROW_DURATION,
     .offset = offsetof(struct server_settings, shutdown_grace_ms),
     .default_text = "30s",
     .max = MINUTES(60),
     .sentence = "How long requests and commands may take to end when the server stops (`0`: they "
                 "are killed at once and carried out by the next start), and requests when it "
                 "reloads, which interrupts no command."},
    {.name = "commands",
     .type = ROW_INTEGER,
     .offset = offsetof(struct server_settings, commands),
     .default_text = "64",
     .min = 1,
     .max = 10000,
     .sentence = "Commands that run at once, of all routes together."},
    {.name = "trusted_proxies",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct server_settings, trusted_proxies),
     .read = load_trusted_proxies,
     .syntax = "a list of addresses, networks and `unix` (who connects through a unix socket)",
     .json_schema = "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
     .sentence =
         "Proxies whose word about the client is believed; `allow`, `deny`, limits, the log and "
         "actions then go by the client that they name (docs/proxies.md). `[]` says that there "
         "is none."},
    {.name = "forwarded",
     .type = ROW_CHOICE,
     .offset = offsetof(struct server_settings, forwarded),
     .choices = forwarded_choices,
     .default_text = "x-forwarded-for",
     .sentence =
         "The one header in which `trusted_proxies` name the client: they have to set it or to add "
         "to it. It is read from the right to the first address that is not trusted. The other "
         "header is ignored; `off`: both are, and only the PROXY protocol counts."},
    {.name = "forwarded_host",
     .type = ROW_BOOL,
     .offset = offsetof(struct server_settings, forwarded_host),
     .default_text = "false",
     .sentence =
         "`true`: the host and the protocol that the sender used are those which "
         "`trusted_proxies` say, in X-Forwarded-Host and X-Forwarded-Proto or in Forwarded; they "
         "have to set both. A route's `public_url` does without it."},
    {.name = "health",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct server_settings, health),
     .read = load_health,
     .default_text = "off",
     .syntax = "a path such as `/healthz`, or `off`",
     .json_schema = "{\"type\": \"string\"}",
     .sentence = "A path that is answered 200 while events would be stored, else 503 with the "
                 "reason; on every address, before routes, to anybody, by GET and HEAD. It makes "
                 "no event and no line in the log."},
};

/* Port 0 is another port each time, and systemd may pass several sockets of one name. */
static bool may_repeat(const char *address)
{
    struct listen_address parsed;
    struct error err;
    return listen_address_parse(address, &parsed, &err) &&
           (parsed.kind == LISTEN_SYSTEMD || (parsed.kind == LISTEN_TCP && parsed.port == 0));
}

static const struct node *item_at(const struct node *list, size_t index)
{
    const struct node *item = list->kind == NODE_SEQUENCE ? list->first : list;
    while (index--)
        item = item->next;
    return item;
}

static bool check_listen_repeated(struct load *load, const struct node *node,
                                  const struct server_settings *server)
{
    const struct listen_settings *items = server->listen.items;
    bool ok = true;
    for (size_t i = 1; i < server->listen.count; i++)
        for (size_t j = 0; j < i; j++) {
            if (strcmp(items[i].address, items[j].address) != 0 || may_repeat(items[i].address))
                continue;
            const struct node *item = item_at(tree_find(node, "listen"), i);
            ok = load_problem(load, tree_find(item, "address"),
                              "%s is listened on twice; it first stands in line %u",
                              items[i].address, items[j].at.line);
            break;
        }
    return ok;
}

static bool finish_server(struct load *load, const struct node *node, void *settings)
{
    struct server_settings *server = settings;
    bool ok = check_listen_repeated(load, node, server);
    const struct node *body_memory = tree_find(node, "body_memory");
    const struct node *connections = tree_find(node, "connections");
    if (server->user)
        server->user_at = load_position(load, tree_find(node, "user"));
    if (body_memory)
        server->body_memory_at = load_position(load, body_memory);
    if (connections)
        server->connections_at = load_position(load, connections);
    ok = load_check_proxies(load, node, server) && ok;
    if (server->user && server->user[strcspn(server->user, ":/ \t\n")])
        return load_problem(load, tree_find(node, "user"), "\"%s\" is not the name of a user",
                            server->user);
    return ok;
}

static const struct row_section server_section = {
    .name = "server",
    .sentence = "Where requests come in, and how much of them at once.",
    .rows = server_rows,
    .row_count = ROW_COUNT(server_rows),
    .size = sizeof(struct server_settings),
    .finish = finish_server};

/* ---- journal ---- */

static const struct row keep_rows[] = {
    {.name = "age",
     .type = ROW_DURATION,
     .offset = offsetof(struct journal_settings, keep_age_ms),
     .default_text = "7d",
     .max = DAYS(3650),
     .sentence = "Events whose actions are all done are removed this long after they came."},
    {.name = "size",
     .type = ROW_SIZE,
     .offset = offsetof(struct journal_settings, keep_size),
     .default_text = "2GiB",
     .min = MIB(1),
     .max = GIB(1024),
     .sentence =
         "When the journal is larger, the oldest events that are done go first. If none are "
         "left, the bodies of events that failed go, the oldest first: they can still be "
         "seen, but not replayed."},
    {.name = "dead",
     .type = ROW_DURATION,
     .offset = offsetof(struct journal_settings, keep_dead_ms),
     .default_text = "30d",
     .max = DAYS(3650),
     .sentence = "Events of which an action failed for good are removed this long after they "
                 "came."},
};
static const struct row_section keep_section = {
    .name = "keep",
    .sentence = "How long events stay that nothing has to be done for any more.",
    .rows = keep_rows,
    .row_count = ROW_COUNT(keep_rows)};

static const char *const damaged_choices[] = {"refuse", "continue", NULL};

static const struct row journal_rows[] = {
    {.name = "path",
     .type = ROW_PATH,
     .offset = offsetof(struct journal_settings, path),
     .default_text = "/var/lib/tenterhook/journal.db",
     .sentence = "The file that events are written to before they are answered (SQLite). Its "
                 "directory has to be there."},
    {.name = "keep",
     .type = ROW_SECTION,
     .default_text = "{}",
     .section = &keep_section,
     .sentence = "How long events stay that nothing has to be done for any more."},
    {.name = "min_free",
     .type = ROW_SIZE,
     .offset = offsetof(struct journal_settings, min_free),
     .default_text = "256MiB",
     .sentence =
         "Space on its disk below which new events are answered 503. What the journal's log "
         "holds counts as used already, because it has to be copied into the file."},
    {.name = "damaged",
     .type = ROW_CHOICE,
     .offset = offsetof(struct journal_settings, damaged),
     .choices = damaged_choices,
     .default_text = "refuse",
     .sentence =
         "What a start does if the journal's log is damaged in front of acknowledged events: "
         "`refuse` leaves everything as it is, `continue` copies the files and goes on "
         "without those events."},
};
static bool finish_journal(struct load *load, const struct node *node, void *data)
{
    struct journal_settings *settings = data;
    const struct node *path = tree_find(node, "path"), *min_free = tree_find(node, "min_free");
    if (path)
        settings->at = load_position(load, path);
    if (min_free)
        settings->min_free_at = load_position(load, min_free);
    return true;
}

static const struct row_section journal_section = {.name = "journal",
                                                   .sentence = "Where events are kept.",
                                                   .rows = journal_rows,
                                                   .row_count = ROW_COUNT(journal_rows),
                                                   .size = sizeof(struct journal_settings),
                                                   .finish = finish_journal};

/* ---- log ---- */

static const char *const level_choices[] = {"debug", "info", "warning", "error", NULL};
static const char *const format_choices[] = {"text", "json", NULL};

static const struct row log_rows[] = {
    {.name = "level",
     .type = ROW_CHOICE,
     .offset = offsetof(struct log_settings, level),
     .choices = level_choices,
     .default_text = "info",
     .sentence = "What is less important than this is not logged."},
    {.name = "format",
     .type = ROW_CHOICE,
     .offset = offsetof(struct log_settings, format),
     .choices = format_choices,
     .default_text = "text",
     .sentence = "Lines for people, or one JSON object a line."},
};
static const struct row_section log_section = {.name = "log",
                                               .sentence = "What is written to standard error.",
                                               .rows = log_rows,
                                               .row_count = ROW_COUNT(log_rows),
                                               .size = sizeof(struct log_settings)};

/* ---- the top level ---- */

/* What needs the whole file is looked at later. */
static bool keep_node(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    (void)load;
    (void)row;
    *(const struct node **)field = node;
    return true;
}

static const struct row top_rows[] = {
    {.name = "version",
     .type = ROW_INTEGER,
     .offset = offsetof(struct top_draft, version),
     .flags = ROW_REQUIRED,
     .min = 1,
     .max = 1,
     .sentence = "Of this format: 1."},
    {.name = "server",
     .type = ROW_SECTION,
     .offset = offsetof(struct top_draft, server),
     .flags = ROW_REQUIRED,
     .section = &server_section,
     .sentence = "Where requests come in, and how much of them at once."},
    {.name = "journal",
     .type = ROW_SECTION,
     .offset = offsetof(struct top_draft, journal),
     .default_text = "{}",
     .section = &journal_section,
     .sentence = "Where events are kept."},
    {.name = "log",
     .type = ROW_SECTION,
     .offset = offsetof(struct top_draft, log),
     .default_text = "{}",
     .section = &log_section,
     .sentence = "What is written to standard error."},
    {.name = "include",
     .type = ROW_TEXTS,
     .offset = offsetof(struct top_draft, include),
     .flags = ROW_ONE_OK,
     .default_text = "[]",
     .sentence = "Further files with routes: paths or patterns, each read in the order of names."},
    {.name = "defaults",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct top_draft, defaults),
     .read = keep_node,
     .syntax = "any key of a route but `name` and `path`",
     .json_schema = "{\"$ref\": \"#/$defs/defaults\"}",
     .sentence = "Keys for all routes; a route's own key replaces the one here."},
    {.name = "routes",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct top_draft, routes),
     .flags = ROW_IN_INCLUDES,
     .read = keep_node,
     .syntax = "a list of routes",
     .json_schema = "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/route\"}}",
     .sentence = "What is received, from whom, and what is done with it."},
};
const struct row_section top_section = {.name = "the file",
                                        .sentence = "The route file.",
                                        .rows = top_rows,
                                        .row_count = ROW_COUNT(top_rows),
                                        .size = sizeof(struct top_draft)};
