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
     .example = "0.0.0.0:8443",
     .type = ROW_TEXT,
     .offset = offsetof(struct listen_settings, address),
     .flags = ROW_REQUIRED,
     .min = 1,
     .max = 200,
     .sentence =
         "The address to listen on: `host:port`, `[v6]:port`, `unix:/path` or `systemd:NAME` (a "
         "socket that systemd passes). Port 0 selects any free port. `[::]:port` accepts IPv4 too, "
         "unless an IPv4 address with the same port is also listed."},
    {.name = "tls",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct listen_settings, tls),
     .flags = ROW_REQUIRED,
     .read = read_tls,
     .section = &tls_section,
     .choices = off_choice,
     .syntax = "`{certificate: PATH, key: PATH}` or `off`",
     .sentence = "The certificate, or `off` for plain HTTP, which is never the default."},
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
     .sentence = "`required`: each connection must begin with a header of the PROXY protocol "
                 "(version 1 or 2), before TLS, and come from one of `trusted_proxies`; other "
                 "connections are closed. The header must arrive within `header_timeout`."},
    {.name = "mode",
     .type = ROW_MODE,
     .offset = offsetof(struct listen_settings, mode),
     .default_text = "\"0660\"",
     .sentence = "The mode of a unix socket. A process that may write to the socket may connect."},
    {.name = "group",
     .example = "www-data",
     .type = ROW_TEXT,
     .offset = offsetof(struct listen_settings, group),
     .min = 1,
     .max = 32,
     .sentence = "The group of a unix socket, such as that of a proxy; without it, the group of "
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
                            "certificate, or write \"plaintext: accept\"",
                            listen->address);
    return true;
}

static const struct row_section listen_section = {
    .name = "listen",
    .sentence = "One address on which the server accepts requests.",
    .rows = listen_rows,
    .row_count = ROW_COUNT(listen_rows),
    .size = sizeof(struct listen_settings),
    .finish = finish_listen};

/* ---- server ---- */

static const char *const cgroup_choices[] = {"auto", "off", NULL};
static const char *const forwarded_choices[] = {"x-forwarded-for", "forwarded", "off", NULL};

static const struct row server_rows[] = {
    {.name = "listen",
     .type = ROW_SECTIONS,
     .offset = offsetof(struct server_settings, listen),
     .flags = ROW_REQUIRED | ROW_ONE_OK,
     .min = 1,
     .max = 64,
     .section = &listen_section,
     .sentence = "The addresses on which the server accepts requests."},
    {.name = "listeners",
     .type = ROW_INTEGER,
     .offset = offsetof(struct server_settings, listeners),
     .min = 1,
     .max = 64,
     .sentence = "The number of listener processes; without it, one per core."},
    {.name = "user",
     .type = ROW_TEXT,
     .offset = offsetof(struct server_settings, user),
     .min = 1,
     .max = 32,
     .sentence = "The user that all processes become if the server is started as root; without it, "
                 "`tenterhook` if that user exists, else `nobody`."},
    {.name = "connections",
     .type = ROW_INTEGER,
     .offset = offsetof(struct server_settings, connections),
     .default_text = "4096",
     .min = 1,
     .max = 1000000,
     .sentence = "The maximum number of open connections of all listeners together. A new "
                 "connection beyond it replaces the connection that has been idle for longest; if "
                 "all are in use, the new connection waits. Without this key the limit is lower on "
                 "a machine with little memory, as for `body_memory`."},
    {.name = "header_timeout",
     .type = ROW_DURATION,
     .offset = offsetof(struct server_settings, header_timeout_ms),
     .default_text = "10s",
     .min = 100,
     .max = MINUTES(60),
     .sentence =
         "The time within which the head of a request must arrive, counted from its first byte."},
    {.name = "body_timeout",
     .type = ROW_DURATION,
     .offset = offsetof(struct server_settings, body_timeout_ms),
     .default_text = "30s",
     .min = 100,
     .max = MINUTES(60),
     .sentence =
         "The time within which the body of a request must arrive, counted from the end of its "
         "head. A body that arrives steadily, at 1 KiB a second or more, has ten times as long."},
    {.name = "idle_timeout",
     .type = ROW_DURATION,
     .offset = offsetof(struct server_settings, idle_timeout_ms),
     .default_text = "60s",
     .min = 100,
     .max = MINUTES(60),
     .sentence = "The time after which a connection without a request is closed."},
    {.name = "max_header",
     .type = ROW_SIZE,
     .offset = offsetof(struct server_settings, max_header),
     .default_text = "16KiB",
     .min = KIB(1),
     .max = MIB(1),
     .sentence =
         "The maximum size of the request line and the head; a larger one is answered 431. Of it "
         "the request target may have 4 KiB and 64 parameters (414), a single header 16 KiB."},
    {.name = "body_memory",
     .type = ROW_SIZE,
     .offset = offsetof(struct server_settings, body_memory),
     .default_text = "256MiB",
     .min = KIB(64),
     .max = GIB(1024),
     .sentence =
         "Memory for the bodies of all requests in progress, counted as their bytes arrive; "
         "requests beyond it are answered 503. A client that has not authenticated yet (an IPv4 "
         "address, an IPv6 /64) holds at most a quarter of it, or one `max_body` if that is more. "
         "Without this key the limit is lower if there is little memory: a quarter of the memory "
         "of the cgroup or the machine, less 32 MiB for the processes."},
    {.name = "shutdown_grace",
     .type = ROW_DURATION,
     .offset = offsetof(struct server_settings, shutdown_grace_ms),
     .default_text = "30s",
     .max = MINUTES(60),
     .sentence = "The time that requests and commands have to end when the server stops; with `0` "
                 "they are killed at once, and the next start runs the commands again. Requests "
                 "have the same time when the server reloads; a reload interrupts no command."},
    {.name = "cgroup",
     .type = ROW_CHOICE,
     .offset = offsetof(struct server_settings, cgroup),
     .choices = cgroup_choices,
     .default_text = "auto",
     .sentence = "`auto`: each command gets a cgroup, which ends all that it has started, if "
                 "cgroups of version 2 are mounted and the server may make some; `off`: none. "
                 "Read at the start only."},
    {.name = "commands",
     .type = ROW_INTEGER,
     .offset = offsetof(struct server_settings, commands),
     .default_text = "64",
     .min = 1,
     .max = 10000,
     .sentence =
         "The maximum number of commands that run at the same time, of all routes together."},
    {.name = "trusted_proxies",
     .example = "[127.0.0.1, \"::1\"]",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct server_settings, trusted_proxies),
     .read = load_trusted_proxies,
     .syntax = "a list of addresses, networks and `unix` (every process that connects through a "
               "unix socket)",
     .json_schema = "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
     .sentence = "Proxies that are trusted to name the client. `allow`, `deny`, limits, the log "
                 "and actions then use the client that they name (docs/proxies.md). `[]` states "
                 "that there is no proxy."},
    {.name = "forwarded",
     .type = ROW_CHOICE,
     .offset = offsetof(struct server_settings, forwarded),
     .choices = forwarded_choices,
     .default_text = "x-forwarded-for",
     .sentence =
         "The one header in which `trusted_proxies` name the client: they must set it or append to "
         "it. It is read from the right to the first address that is not trusted. The other header "
         "is ignored. With `off` both are ignored, and only the PROXY protocol names the client."},
    {.name = "forwarded_host",
     .type = ROW_BOOL,
     .offset = offsetof(struct server_settings, forwarded_host),
     .default_text = "false",
     .sentence = "`true`: the host and the protocol that the sender used are taken from "
                 "X-Forwarded-Host and X-Forwarded-Proto, or from Forwarded, of `trusted_proxies`; "
                 "the proxies must set both. A route with `public_url` does not need it."},
    {.name = "health",
     .example = "/healthz",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct server_settings, health),
     .read = load_health,
     .default_text = "off",
     .syntax = "a path such as `/healthz`, or `off`",
     .json_schema = "{\"type\": \"string\"}",
     .sentence = "A path that is answered 200 while the server can store events, else 503 with the "
                 "reason. It is served on every address, before routes, to every client, for GET "
                 "and HEAD. A request for it creates no event and no log line."},
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
                              "%s is repeated in \"listen\"; it is first given in line %u",
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
    .sentence = "The addresses of the server, and its limits.",
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
     .sentence = "Events whose actions are all done are removed this long after they arrived."},
    {.name = "size",
     .type = ROW_SIZE,
     .offset = offsetof(struct journal_settings, keep_size),
     .default_text = "2GiB",
     .min = MIB(1),
     .max = GIB(1024),
     .sentence = "If the journal is larger, the oldest events that are done are removed. If none "
                 "are left, the bodies of events that failed are removed, the oldest first: such "
                 "events are still listed, but cannot be replayed."},
    {.name = "dead",
     .type = ROW_DURATION,
     .offset = offsetof(struct journal_settings, keep_dead_ms),
     .default_text = "30d",
     .max = DAYS(3650),
     .sentence =
         "Events with an action that failed for good are removed this long after they arrived."},
    {.name = "body",
     .type = ROW_DURATION,
     .offset = offsetof(struct journal_settings, keep_body_ms),
     .min = 1000,
     .max = DAYS(3650),
     .sentence = "Bodies of events that need no further action are removed this long after they "
                 "arrived, with the outputs and earlier attempts. The events stay listed, but "
                 "cannot be replayed. Without the key bodies are kept as long as their events."},
};
static const struct row_section keep_section = {
    .name = "keep",
    .sentence = "How long events that need no further action are kept.",
    .rows = keep_rows,
    .row_count = ROW_COUNT(keep_rows)};

static const struct row queue_rows[] = {
    {.name = "max",
     .type = ROW_INTEGER,
     .offset = offsetof(struct journal_settings, queue_max),
     .default_text = "1000000",
     .min = 1,
     .max = 1000000000,
     .sentence = "The most deliveries that may wait."},
    {.name = "bytes",
     .type = ROW_SIZE,
     .offset = offsetof(struct journal_settings, queue_bytes),
     .default_text = "4GiB",
     .min = 1,
     .max = GIB(1024),
     .sentence = "The most bytes that their bodies may have together; the body of an event with "
                 "two deliveries that wait counts twice."},
};
static const struct row_section queue_section = {
    .name = "queue",
    .sentence = "The limit of what waits, of all routes together; an event that would exceed it is "
                "answered 503.",
    .rows = queue_rows,
    .row_count = ROW_COUNT(queue_rows)};

static const char *const damaged_choices[] = {"refuse", "continue", NULL};

static const struct row journal_rows[] = {
    {.name = "path",
     .type = ROW_PATH,
     .offset = offsetof(struct journal_settings, path),
     .default_text = "/var/lib/tenterhook/journal.db",
     .sentence = "The SQLite file to which events are written before they are answered. Its "
                 "directory must exist."},
    {.name = "keep",
     .type = ROW_SECTION,
     .default_text = "{}",
     .section = &keep_section,
     .sentence = "How long events that need no further action are kept."},
    {.name = "queue",
     .type = ROW_SECTION,
     .default_text = "{}",
     .section = &queue_section,
     .sentence =
         "The limit of what waits, of all routes together; an event that would exceed it is "
         "answered 503 with Retry-After, and not stored."},
    {.name = "min_free",
     .type = ROW_SIZE,
     .offset = offsetof(struct journal_settings, min_free),
     .default_text = "256MiB",
     .sentence = "The free space on the disk of the journal below which new events are answered "
                 "503. The content of the journal's log counts as used space too, because it has "
                 "to be copied into the file."},
    {.name = "damaged",
     .type = ROW_CHOICE,
     .offset = offsetof(struct journal_settings, damaged),
     .choices = damaged_choices,
     .default_text = "refuse",
     .sentence = "What a start does if the journal's log is damaged and acknowledged events follow "
                 "the damage: `refuse` changes nothing and ends the start, `continue` copies the "
                 "files and starts without those events."},
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
                                                   .sentence =
                                                       "The journal, in which events are stored.",
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
     .sentence = "Messages below this level are not logged."},
    {.name = "format",
     .type = ROW_CHOICE,
     .offset = offsetof(struct log_settings, format),
     .choices = format_choices,
     .default_text = "text",
     .sentence = "`text`: lines for people; `json`: one JSON object a line."},
};
static const struct row_section log_section = {.name = "log",
                                               .sentence =
                                                   "The log, which is written to standard error.",
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
     .sentence = "The version of this file format: 1."},
    {.name = "server",
     .type = ROW_SECTION,
     .offset = offsetof(struct top_draft, server),
     .flags = ROW_REQUIRED,
     .section = &server_section,
     .sentence = "The addresses of the server, and its limits."},
    {.name = "journal",
     .type = ROW_SECTION,
     .offset = offsetof(struct top_draft, journal),
     .default_text = "{}",
     .section = &journal_section,
     .sentence = "The journal, in which events are stored."},
    {.name = "log",
     .type = ROW_SECTION,
     .offset = offsetof(struct top_draft, log),
     .default_text = "{}",
     .section = &log_section,
     .sentence = "The log, which is written to standard error."},
    {.name = "include",
     .example = "[conf.d/*.yaml]",
     .type = ROW_TEXTS,
     .offset = offsetof(struct top_draft, include),
     .flags = ROW_ONE_OK,
     .default_text = "[]",
     .sentence = "Further files with routes: paths or patterns, whose files are read in the order "
                 "of their names."},
    {.name = "defaults",
     .example = "{max_body: 256KiB}",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct top_draft, defaults),
     .read = keep_node,
     .syntax = "any key of a route except `name` and `path`",
     .json_schema = "{\"$ref\": \"#/$defs/defaults\"}",
     .sentence = "Keys for all routes; the same key in a route replaces the one here."},
    {.name = "routes",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct top_draft, routes),
     .flags = ROW_IN_INCLUDES,
     .read = keep_node,
     .syntax = "a list of routes",
     .json_schema = "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/route\"}}",
     .sentence =
         "The routes: which requests are received, from which sender, and which actions run."},
};
const struct row_section top_section = {.name = "the file",
                                        .sentence = "The route file.",
                                        .rows = top_rows,
                                        .row_count = ROW_COUNT(top_rows),
                                        .size = sizeof(struct top_draft)};
