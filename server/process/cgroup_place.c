/* A process is in one cgroup of each hierarchy. The visible part may begin in the middle: in a
 * container the hierarchy is mounted from some cgroup on (the root in mountinfo), and the process
 * is named as seen from there or, without a namespace of its own, as seen from the host. */
#include "server/process/cgroup_place.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
static bool is_own_line(char *line, const struct cgroup_hierarchy *hierarchy, char path[PATH_MAX])
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

static bool find_own_path(const char *root, const struct cgroup_hierarchy *hierarchy,
                          char path[PATH_MAX])
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
static bool read_mount(const char *line, const struct cgroup_hierarchy *hierarchy,
                       struct mount *mount)
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

static bool find_mount(const char *root, const struct cgroup_hierarchy *hierarchy,
                       struct mount *mount)
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

bool cgroup_find_own(const char *root, const struct cgroup_hierarchy *hierarchy,
                     struct cgroup_place *place)
{
    char path[PATH_MAX];
    struct mount mount;
    if (!find_own_path(root, hierarchy, path) || !find_mount(root, hierarchy, &mount))
        return false;
    place->mounted = strlen(mount.at);
    snprintf(place->directory, sizeof place->directory, "%s%s", mount.at,
             path_below(path, mount.from));
    return true;
}
