/* The kernel does not report the limit that applies: it kills. So the limits are read where they
 * are set. A process is in one cgroup of each hierarchy, each cgroup is under the limits of all
 * those above it, and the visible part may begin in the middle: in a container the hierarchy is
 * mounted from some cgroup on (the root in mountinfo), and the process is named as seen from there
 * or, without a namespace of its own, as seen from the host. Limits that cannot be seen are not
 * known.
 *
 * The memory is divided so: the processes themselves need about 30 MiB (the journal's cache is half
 * of that); of the rest, bodies and connections may have a quarter each. A body in flight is in
 * memory up to three times: as it came, in the frame to the runner, and in what the runner has
 * read. The last quarter is for memory that is not counted, and for commands. */
#include "server/process/memory_limit.h"

#include "base/units.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Version 1 says "no limit" with the largest multiple of the page. */
#define NO_LIMIT (INT64_C(1) << 60)

/* The two that there are; both may be mounted, and hold a limit. */
static const struct hierarchy {
    const char *type;       /* of its file system */
    const char *controller; /* it is mounted for; NULL: all of them */
    const char *file;
} hierarchies[] = {
    {"cgroup2", NULL, "memory.max"},
    {"cgroup", "memory", "memory.limit_in_bytes"},
};

static FILE *open_at(const char *root, const char *path)
{
    char full[PATH_MAX];
    if (snprintf(full, sizeof full, "%s%s", root, path) >= (int)sizeof full)
        return NULL;
    return fopen(full, "re");
}

/* Whether the list, with commas, has the word. */
static bool list_has(const char *list, const char *word)
{
    struct bytes rest = bytes_of_text(list);
    while (rest.data)
        if (bytes_equal_text(bytes_split(&rest, ','), word))
            return true;
    return false;
}

/* ---- where the process is ---- */

/* "4:memory:/a/b", or "0::/a/b" in version 2. */
static bool is_own_line(char *line, const struct hierarchy *hierarchy, char path[PATH_MAX])
{
    char *controllers = strchr(line, ':'), *at = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!at)
        return false;
    *at++ = '\0';
    at[strcspn(at, "\n")] = '\0';
    controllers++;
    bool is_it =
        hierarchy->controller ? list_has(controllers, hierarchy->controller) : *controllers == '\0';
    if (is_it)
        snprintf(path, PATH_MAX, "%s", at);
    return is_it;
}

static bool find_own_path(const char *root, const struct hierarchy *hierarchy, char path[PATH_MAX])
{
    FILE *file = open_at(root, "/proc/self/cgroup");
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (file && !found && getline(&line, &size, file) > 0)
        found = is_own_line(line, hierarchy, path);
    free(line);
    if (file)
        fclose(file);
    return found;
}

/* ---- where that can be seen ---- */

struct mount {
    char from[PATH_MAX]; /* the cgroup that is mounted */
    char at[PATH_MAX];
};

/* "36 35 0:32 FROM AT OPTIONS … - TYPE SOURCE SUPER_OPTIONS". Blanks in paths are \040, which no
 * cgroup of ours has; such a one is not found, and that is all. */
static bool read_mount(const char *line, const struct hierarchy *hierarchy, struct mount *mount)
{
    char type[32], options[1024];
    const char *behind = strstr(line, " - ");
    if (!behind || sscanf(behind, " - %31s %*s %1023s", type, options) != 2 ||
        strcmp(type, hierarchy->type) != 0 ||
        (hierarchy->controller && !list_has(options, hierarchy->controller)))
        return false;
    _Static_assert(PATH_MAX == 4096, "the widths below");
    return sscanf(line, "%*s %*s %*s %4095s %4095s", mount->from, mount->at) == 2;
}

static bool find_mount(const char *root, const struct hierarchy *hierarchy, struct mount *mount)
{
    FILE *file = open_at(root, "/proc/self/mountinfo");
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (file && !found && getline(&line, &size, file) > 0)
        found = read_mount(line, hierarchy, mount);
    free(line);
    if (file)
        fclose(file);
    return found;
}

/* What of `path` is below the mounted cgroup; "" where it is not, seen from there. */
static const char *path_below(const char *path, const char *from)
{
    size_t length = strcmp(from, "/") == 0 ? 0 : strlen(from);
    bool below = strncmp(path, from, length) == 0 && (path[length] == '/' || !path[length]);
    return below && !strstr(path, "/..") && strcmp(path + length, "/") != 0 ? path + length : "";
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
    char path[PATH_MAX], directory[2 * PATH_MAX];
    struct mount mount;
    int64_t least = INT64_MAX;
    if (!find_own_path(root, hierarchy, path) || !find_mount(root, hierarchy, &mount))
        return least;
    size_t top = strlen(mount.at);
    snprintf(directory, sizeof directory, "%s%s", mount.at, path_below(path, mount.from));
    for (;;) {
        int64_t limit = read_limit(root, directory, hierarchy->file);
        least = limit < least ? limit : least;
        char *slash = strrchr(directory, '/');
        if (!slash || (size_t)(slash - directory) < top)
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
