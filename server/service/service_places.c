/* Several settings name directories, and the nearest one above a path decides; of two that name the
 * same one, that which takes away more (as systemd 252 was seen to do). Below what is made
 * inaccessible nothing is given back; below an empty file system only what is bound there. */
#include "server/service/service_places.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- directories ---- */

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/')
        length--;
    return strncmp(path, directory, length) == 0 &&
           (length == 1 || path[length] == '/' || path[length] == '\0');
}

static bool is_below_one(const char *path, const char *const *directories)
{
    for (; *directories; directories++)
        if (is_below(path, *directories))
            return true;
    return false;
}

static const char *const homes[] = {"/home", "/root", "/run/user", NULL};
static const char *const temporary[] = {"/tmp", "/var/tmp", NULL};

/* Settings whose words are directories. */
struct list_row {
    const char *setting;
    const char *base; /* of names without a slash before them; NULL: they have one */
    bool binds;       /* SOURCE:PLACE:OPTIONS */
};

/* The directory that a word means, in the arena; NULL without memory. */
static const char *directory_of(const struct service *unit, const struct list_row *row,
                                const char *word)
{
    word += strspn(word, "-+");
    const char *colon = strchr(word, ':');
    if (row->binds && colon && colon[1] && colon[1] != ':')
        word = colon + 1;
    const char *plain = arena_format(unit->arena, "%s%s%.*s", row->base ? row->base : "",
                                     row->base ? "/" : "", (int)strcspn(word, ":"), word);
    char *real = plain ? realpath(plain, NULL) : NULL;
    const char *place = real ? arena_copy_text(unit->arena, real) : plain;
    free(real);
    return place;
}

/* How long the name of the nearest directory is that a setting names and that has the path; 0: it
 * names none. */
static size_t reach_of(const struct service *unit, const struct list_row *row, const char *path)
{
    struct service_words words = {.unit = unit, .name = row->setting};
    const char *word;
    size_t reach = 0;
    while ((word = service_words_next(&words))) {
        const char *place = directory_of(unit, row, word);
        if (place && is_below(path, place) && strlen(place) > reach)
            reach = strlen(place);
    }
    return reach;
}

static size_t reach_of_all(const struct service *unit, const struct list_row *rows, size_t count,
                           const char *path)
{
    size_t reach = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = reach_of(unit, &rows[i], path);
        reach = own > reach ? own : reach;
    }
    return reach;
}

static size_t reach_of_fixed(const char *const *directories, const char *path)
{
    size_t reach = 0;
    for (; *directories; directories++)
        if (is_below(path, *directories) && strlen(*directories) > reach)
            reach = strlen(*directories);
    return reach;
}

/* What takes away, and how near it is. */
struct taker {
    const char *setting;
    size_t reach;
};

static void take(struct taker *taker, const char *setting, size_t reach)
{
    if (reach > taker->reach)
        *taker = (struct taker){setting, reach};
}

/* ---- choices ---- */

static const char *const home_choices[] = {"read-only", "tmpfs", NULL}, *const system_choices[] = {
                                                                            "full", "strict", NULL};

static bool home_is(const struct service *unit, const char *value)
{
    const char *choice = service_choice(unit, "ProtectHome", home_choices);
    return choice && strcmp(choice, value) == 0;
}

static bool system_is(const struct service *unit, const char *value)
{
    const char *choice = service_choice(unit, "ProtectSystem", system_choices);
    return choice && strcmp(choice, value) == 0;
}

/* ---- what is asked ---- */

static const struct list_row binds[] = {{"BindPaths", NULL, true},
                                        {"BindReadOnlyPaths", NULL, true}};

const char *service_hides(const struct service *unit, const char *path)
{
    static const struct list_row inaccessible = {"InaccessiblePaths", NULL, false},
                                 empty = {"TemporaryFileSystem", NULL, false};
    static const char *const devices[] = {"/dev", NULL};
    static const char *const devices_left[] = {
        "/dev/shm",   "/dev/mqueue", "/dev/hugepages", "/dev/pts", "/dev/null", "/dev/zero",
        "/dev/full",  "/dev/random", "/dev/urandom",   "/dev/tty", "/dev/ptmx", "/dev/fd",
        "/dev/stdin", "/dev/stdout", "/dev/stderr",    "/dev/log", "/dev/core", NULL};
    struct taker taker = {NULL, 0};
    if (reach_of(unit, &inaccessible, path) > 0)
        return inaccessible.setting;
    if (home_is(unit, "yes") && is_below_one(path, homes))
        return "ProtectHome";
    take(&taker, empty.setting, reach_of(unit, &empty, path));
    if (home_is(unit, "tmpfs"))
        take(&taker, "ProtectHome", reach_of_fixed(homes, path));
    if (service_says(unit, "PrivateTmp"))
        take(&taker, "PrivateTmp", reach_of_fixed(temporary, path));
    if (service_says(unit, "PrivateDevices") && !is_below_one(path, devices_left))
        take(&taker, "PrivateDevices", reach_of_fixed(devices, path));
    return taker.reach > reach_of_all(unit, binds, 2, path) ? taker.setting : NULL;
}

const char *service_keeps_read_only(const struct service *unit, const char *path)
{
    static const struct list_row takers[] = {{"ReadOnlyPaths", NULL, false},
                                             {"BindReadOnlyPaths", NULL, true}};
    static const struct list_row givers[] = {
        {"ReadWritePaths", NULL, false},      {"BindPaths", NULL, true},
        {"TemporaryFileSystem", NULL, false}, {"StateDirectory", "/var/lib", false},
        {"RuntimeDirectory", "/run", false},  {"CacheDirectory", "/var/cache", false},
        {"LogsDirectory", "/var/log", false}, {"ConfigurationDirectory", "/etc", false}};
    static const char *const system[] = {"/usr", "/boot", "/efi", NULL};
    static const char *const full[] = {"/usr", "/boot", "/efi", "/etc", NULL};
    static const char *const strict[] = {"/", NULL};
    static const char *const strict_left[] = {"/dev",  "/proc",     "/sys", "/home",
                                              "/root", "/run/user", NULL};
    struct taker taker = {NULL, 0};
    bool is_strict = system_is(unit, "strict");
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
        take(&taker, takers[i].setting, reach_of(unit, &takers[i], path));
    if (home_is(unit, "read-only"))
        take(&taker, "ProtectHome", reach_of_fixed(homes, path));
    take(&taker, "ProtectSystem",
         reach_of_fixed(is_strict                 ? strict
                        : system_is(unit, "full") ? full
                        : system_is(unit, "yes")  ? system
                                                  : strict + 1,
                        path));
    size_t given = reach_of_all(unit, givers, sizeof givers / sizeof *givers, path);
    size_t left = is_strict ? reach_of_fixed(strict_left, path) : 0;
    if (service_says(unit, "PrivateTmp") && reach_of_fixed(temporary, path) > left)
        left = reach_of_fixed(temporary, path);
    return taker.reach > 0 && taker.reach >= (given > left ? given : left) ? taker.setting : NULL;
}

const char *service_keeps_from_running(const struct service *unit, const char *path)
{
    static const struct list_row taker = {"NoExecPaths", NULL, false},
                                 giver = {"ExecPaths", NULL, false};
    size_t taken = reach_of(unit, &taker, path);
    return taken > 0 && taken >= reach_of(unit, &giver, path) ? taker.setting : NULL;
}

bool service_gives_away(const struct service *unit, const char *path)
{
    static const struct list_row row = {"StateDirectory", "/var/lib", false};
    struct stat what;
    char real[PATH_MAX], *slash;
    snprintf(real, sizeof real, "%s", path);
    if ((slash = strrchr(real, '/')) && slash > real)
        *slash = '\0';
    char *above = realpath(real, NULL);
    size_t reach = above ? reach_of(unit, &row, above) : 0;
    if (reach > 0)
        above[reach] = '\0';
    bool gives = reach > 0 && stat(above, &what) == 0 && what.st_uid != geteuid();
    free(above);
    return gives;
}
