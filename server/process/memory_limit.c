/* The kernel does not report the limit that applies: it kills. So the limits are read where they
 * are set. A process is in one cgroup of each hierarchy, and each cgroup is under the limits of all
 * those above it. Limits that cannot be seen are not known.
 *
 * The memory is divided so: the processes themselves need about 30 MiB (the journal's cache is half
 * of that); of the rest, bodies and connections may have a quarter each. A body in flight is in
 * memory up to three times: as it came, in the frame to the runner, and in what the runner has
 * read. The last quarter is for memory that is not counted, and for commands. */
#include "server/process/memory_limit.h"

#include "base/units.h"
#include "server/process/cgroup_place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Version 1 says "no limit" with the largest multiple of the page. */
#define NO_LIMIT (INT64_C(1) << 60)

/* The two that there are; both may be mounted, and hold a limit. */
static const struct hierarchy {
    struct cgroup_hierarchy is;
    const char *file;
} hierarchies[] = {
    {{"cgroup2", NULL}, "memory.max"},
    {{"cgroup", "memory"}, "memory.limit_in_bytes"},
};

static FILE *open_at(const char *root, const char *path)
{
    char full[PATH_MAX];
    if (snprintf(full, sizeof full, "%s%s", root, path) >= (int)sizeof full)
        return NULL;
    return fopen(full, "re");
}

/* ---- limits ---- */

static int64_t read_limit(const char *root, const char *directory, const char *name)
{
    char path[PATH_MAX], text[64] = "";
    uint64_t bytes;
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return INT64_MAX;
    FILE *file = open_at(root, path);
    bool read = file && fgets(text, sizeof text, file);
    if (file)
        fclose(file);
    bool is_number = read && bytes_to_uint64(bytes_of(text, strcspn(text, "\n")), &bytes);
    return is_number && bytes < NO_LIMIT ? (int64_t)bytes : INT64_MAX;
}

/* Of the cgroup and all above it, as far as they are mounted. */
static int64_t hierarchy_limit(const char *root, const struct hierarchy *hierarchy)
{
    struct cgroup_place place;
    int64_t least = INT64_MAX;
    if (!cgroup_find_own(root, &hierarchy->is, &place))
        return least;
    for (;;) {
        int64_t limit = read_limit(root, place.directory, hierarchy->file);
        least = limit < least ? limit : least;
        char *slash = strrchr(place.directory, '/');
        if (!slash || (size_t)(slash - place.directory) < place.mounted)
            return least;
        *slash = '\0';
    }
}

static int64_t machine_memory(const char *root)
{
    FILE *file = open_at(root, "/proc/meminfo");
    long long kibibytes = 0;
    bool read = file && fscanf(file, "MemTotal: %lld kB", &kibibytes) == 1;
    if (file)
        fclose(file);
    return read && kibibytes > 0 && kibibytes < NO_LIMIT / 1024 ? kibibytes * 1024 : INT64_MAX;
}

int64_t memory_limit_find(const char *root)
{
    int64_t least = machine_memory(root);
    for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++) {
        int64_t limit = hierarchy_limit(root, &hierarchies[i]);
        least = limit < least ? limit : least;
    }
    return least;
}

/* ---- what follows ---- */

#define PROCESSES_BYTES (INT64_C(32) << 20)
#define CONNECTION_BYTES (INT64_C(32) << 10) /* an idle one with TLS */
#define BODIES_LEAST (INT64_C(1) << 20)

enum { CONNECTIONS_LEAST = 32 };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* As people write it: what is less than a KiB says nothing here. */
static void format_memory(int64_t bytes, char text[32])
{
    units_format_size(bytes / 1024 * 1024, text);
}

static void warn_of_routes(const struct settings *settings, const char *limit,
                           struct problem_list *problems)
{
    char body[32], memory[32];
    format_memory(settings->server.body_memory, memory);
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (route->max_body <= settings->server.body_memory)
            continue;
        format_memory(route->max_body, body);
        settings_problem(problems, PROBLEM_WARNING, &route->at,
                         "\"max_body\" of this route is %s, but of %s of memory only %s are for "
                         "bodies (server.body_memory): a larger body is answered 503",
                         body, limit, memory);
    }
}

static void fit_bodies(struct settings *settings, int64_t limit, int64_t share,
                       struct problem_list *problems)
{
    struct server_settings *server = &settings->server;
    char body[32], memory[32];
    format_memory(limit, memory);
    if (!server->body_memory_at.file && server->body_memory > share) {
        server->body_memory = larger(share / 1024 * 1024, BODIES_LEAST);
        warn_of_routes(settings, memory, problems);
    } else if (server->body_memory_at.file && server->body_memory > limit / 2) {
        format_memory(server->body_memory, body);
        settings_problem(problems, PROBLEM_WARNING, &server->body_memory_at,
                         "server.body_memory is %s, more than half of the %s of memory that the "
                         "server may use: bodies in flight can get the server killed",
                         body, memory);
    }
}

static void fit_connections(struct server_settings *server, int64_t limit, int64_t share,
                            struct problem_list *problems)
{
    char taken[32], memory[32];
    int64_t bytes = server->connections * CONNECTION_BYTES;
    if (!server->connections_at.file && bytes > share) {
        server->connections = larger(share / CONNECTION_BYTES, CONNECTIONS_LEAST);
    } else if (server->connections_at.file && bytes > limit / 2) {
        format_memory(bytes, taken);
        format_memory(limit, memory);
        settings_problem(problems, PROBLEM_WARNING, &server->connections_at,
                         "%lld connections can take %s, more than half of the %s of memory that "
                         "the server may use: clients can get the server killed",
                         (long long)server->connections, taken, memory);
    }
}

void memory_limit_apply(struct settings *settings, int64_t limit, struct problem_list *problems)
{
    if (limit == INT64_MAX)
        return;
    int64_t share = larger(limit - PROCESSES_BYTES, 0) / 4;
    fit_bodies(settings, limit, share, problems);
    fit_connections(&settings->server, limit, share, problems);
}
