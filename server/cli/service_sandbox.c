/* Two tables: programs that do not work under a setting, and settings that hide directories or make
 * them read-only. Which programs a script calls is read off its words, so a warning says that it
 * names one. */
#include "server/cli/service_sandbox.h"

#include "config/file.h"
#include "handlers/action/action.h"

#include <ctype.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SCRIPT_MAX = 64 * 1024, WORD_MAX = 64 };

struct review {
    const struct service *unit;
    const struct settings *settings;
    const struct action_settings *action;
    struct problem_list *problems;
};

/* ---- programs ---- */

#define PROGRAMS_MAX 12
static const struct {
    const char *setting; /* that says yes */
    const char *names[PROGRAMS_MAX + 1];
    const char *why;
} program_rows[] = {
    {"NoNewPrivileges",
     {"sudo", "su", "doas", "pkexec", "newgrp", "runuser"},
     "can gain no rights"},
    {"MemoryDenyWriteExecute",
     {"node", "nodejs", "npm", "java", "php", "dotnet", "mono", "deno", "bun", "luajit", "pypy3"},
     "makes code while it runs, and is ended"},
    {"RestrictNamespaces",
     {"unshare", "bwrap", "podman", "buildah", "chromium", "google-chrome", "flatpak", "nsenter"},
     "can make no namespaces"},
    {"PrivateNetwork",
     {"git", "ssh", "scp", "rsync", "curl", "wget", "npm", "pip", "apt", "apt-get"},
     "has no network"},
};

static bool is_among(const char *const *names, struct bytes word)
{
    for (; *names; names++)
        if (bytes_equal_text(word, *names))
            return true;
    return false;
}

static void review_word(struct review *review, struct bytes word, bool *told)
{
    for (size_t i = 0; i < sizeof program_rows / sizeof *program_rows; i++) {
        if (told[i] || !is_among(program_rows[i].names, word) ||
            !service_says(review->unit, program_rows[i].setting))
            continue;
        told[i] = true;
        settings_problem(review->problems, PROBLEM_WARNING, &review->action->at,
                         "this action names %.*s, which %s under %s=yes of the unit",
                         (int)word.length, (const char *)word.data, program_rows[i].why,
                         program_rows[i].setting);
    }
}

static bool is_word_byte(uint8_t byte)
{
    return isalnum(byte) || (byte && strchr("._+-", byte));
}

/* Comments of a shell name what is not called; the first line may name an interpreter. */
static void review_text(struct review *review, struct bytes text)
{
    bool told[sizeof program_rows / sizeof *program_rows] = {false};
    while (text.length > 0) {
        struct bytes line = bytes_trim(bytes_split(&text, '\n'));
        if (bytes_starts_with(line, bytes_of_text("#")) &&
            !bytes_starts_with(line, bytes_of_text("#!")))
            continue;
        for (size_t at = 0; at < line.length;) {
            size_t end = at;
            while (end < line.length && is_word_byte(line.data[end]))
                end++;
            if (end > at && end - at < WORD_MAX)
                review_word(review, bytes_of(line.data + at, end - at), told);
            at = end + (end == at);
        }
    }
}

/* Of a script its text, of another program its name. */
static void review_program(struct review *review, const char *path)
{
    struct error ignored;
    struct buffer content;
    const char *slash = strrchr(path, '/');
    review_text(review, bytes_of_text(slash ? slash + 1 : path));
    if (!slash)
        return;
    if (file_read(path, path, SCRIPT_MAX, FILE_SHARED, &content, NULL, &ignored) == FILE_READ &&
        bytes_starts_with(buffer_bytes(&content), bytes_of_text("#!")))
        review_text(review, buffer_bytes(&content));
    buffer_finish(&content);
}

/* ---- places ---- */

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

static const char *const home_directories[] = {"/home", "/root", "/run/user", NULL};
static const char *const temporary_directories[] = {"/tmp", "/var/tmp", NULL};

/* Whether a list of the unit has the path; names without a slash are below `base`. */
static bool is_listed(const struct review *review, const char *setting, const char *base,
                      const char *path)
{
    const struct service *unit = review->unit;
    for (size_t i = 0; i < unit->count; i++) {
        const char *rest = unit->settings[i].value, *word;
        if (strcmp(unit->settings[i].name, setting) != 0)
            continue;
        while ((word = service_word(unit->arena, &rest))) {
            word += strspn(word, "-+");
            const char *whole =
                *word == '/' ? word : arena_format(unit->arena, "%s/%s", base, word);
            if (whole && is_below(path, whole))
                return true;
        }
    }
    return false;
}

/* Whether the unit gives it back whatever else it says. */
static bool is_given_back(const struct review *review, const char *path)
{
    static const struct {
        const char *setting, *base;
    } rows[] = {{"ReadWritePaths", ""},           {"BindPaths", ""},
                {"StateDirectory", "/var/lib"},   {"RuntimeDirectory", "/run"},
                {"CacheDirectory", "/var/cache"}, {"LogsDirectory", "/var/log"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (is_listed(review, rows[i].setting, rows[i].base, path))
            return true;
    return false;
}

static bool value_is(const struct review *review, const char *setting, const char *value)
{
    const char *said = service_value(review->unit, setting);
    return said && strcmp(said, value) == 0;
}

/* The setting that hides a path; NULL: none does. */
static const char *hidden_by(const struct review *review, const char *path)
{
    bool home = is_below_one(path, home_directories);
    if (is_listed(review, "InaccessiblePaths", "", path))
        return "InaccessiblePaths";
    if (home && !is_given_back(review, path) &&
        (service_says(review->unit, "ProtectHome") || value_is(review, "ProtectHome", "tmpfs")))
        return "ProtectHome";
    return service_says(review->unit, "PrivateTmp") && is_below_one(path, temporary_directories)
               ? "PrivateTmp"
               : NULL;
}

/* The setting by which nothing can be written there; NULL: none. */
static const char *read_only_by(const struct review *review, const char *path)
{
    static const char *const system[] = {"/usr", "/boot", "/efi", NULL};
    static const char *const kernel[] = {"/dev", "/proc", "/sys", NULL};
    bool full = value_is(review, "ProtectSystem", "full");
    if (is_listed(review, "ReadOnlyPaths", "", path))
        return "ReadOnlyPaths";
    if (is_given_back(review, path) ||
        (service_says(review->unit, "PrivateTmp") && is_below_one(path, temporary_directories)))
        return NULL;
    if (is_below_one(path, home_directories) && value_is(review, "ProtectHome", "read-only"))
        return "ProtectHome";
    if (value_is(review, "ProtectSystem", "strict") && !is_below_one(path, kernel))
        return "ProtectSystem";
    return ((full || service_says(review->unit, "ProtectSystem")) && is_below_one(path, system)) ||
                   (full && is_below(path, "/etc"))
               ? "ProtectSystem"
               : NULL;
}

/* Says it of the action, with how the unit has the setting. */
static void warn(struct review *review, const char *path, const char *what, const char *setting)
{
    const char *value = service_value(review->unit, setting);
    settings_problem(review->problems, PROBLEM_WARNING, &review->action->at,
                     "%s %s under %s=%s of the unit", path, what, setting, value ? value : "");
}

static bool is_of_file(const struct settings *settings, const char *path)
{
    struct stat given, own;
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", settings->file);
    return stat(path, &given) == 0 && stat(dirname(file), &own) == 0 &&
           given.st_dev == own.st_dev && given.st_ino == own.st_ino;
}

/* A working directory is mostly there to be written to; the route file's own is not. */
static void review_place(struct review *review, enum place_use use, const char *path)
{
    const char *hidden = hidden_by(review, path), *read_only = read_only_by(review, path);
    bool is_fifo = use == PLACE_FIFO || use == PLACE_FIFO_MADE;
    if (hidden)
        warn(review, path, is_fifo ? "is seen by no reader outside" : "is hidden", hidden);
    else if (read_only && use == PLACE_FIFO_MADE)
        warn(review, path, "cannot be made", read_only);
    else if (read_only && use == PLACE_DIRECTORY && !is_of_file(review->settings, path))
        warn(review, path, "cannot be written", read_only);
}

static void review_use(void *context, enum place_use use, const char *path)
{
    struct review *review = context;
    if (use == PLACE_SCRIPT)
        review_text(review, bytes_of_text(path));
    else if (use == PLACE_PROGRAM)
        review_program(review, path);
    if (use != PLACE_SCRIPT && path[0] == '/')
        review_place(review, use, path);
}

static void review_journal(struct review *review)
{
    const struct journal_settings *journal = &review->settings->journal;
    const char *setting = hidden_by(review, journal->path);
    if (!setting)
        setting = read_only_by(review, journal->path);
    if (setting)
        settings_problem(review->problems, PROBLEM_ERROR, &journal->at,
                         "the journal %s cannot be kept there under %s=%s of the unit",
                         journal->path, setting, service_value(review->unit, setting));
}

void service_sandbox_check(const struct service *unit, const struct settings *settings,
                           struct problem_list *problems)
{
    struct review review = {.unit = unit, .settings = settings, .problems = problems};
    struct place_visitor visitor = {.visit = review_use, .context = &review};
    review_journal(&review);
    for (size_t i = 0; i < settings->route_count; i++)
        for (size_t j = 0; j < route_all_count(&settings->routes[i]); j++) {
            review.action = &settings->routes[i].actions[j];
            action_kind_of(&review.action->handler)
                ->visit_places(review.action->handler.settings, &visitor);
        }
}
