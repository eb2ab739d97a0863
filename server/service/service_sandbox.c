/* What programs need and a unit may take away, read off the words of scripts: so a warning says
 * that an action names one. And what the unit hides of their places, or makes read-only
 * (service_places.c). */
#include "server/service/service_sandbox.h"

#include "config/file.h"
#include "handlers/action/action.h"
#include "server/service/service_places.h"

#include <ctype.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SCRIPT_MAX = 64 * 1024, WORD_MAX = 64, NAME_MAX_SHOWN = 255 };

struct review {
    const struct service *unit;
    const struct settings *settings;
    const struct action_settings *action;
    bool passes_on; /* the program of the action runs what it is given */
    struct problem_list *problems;
};

static bool is_among(const char *const *names, struct bytes word)
{
    for (; *names; names++)
        if (bytes_equal_text(word, *names))
            return true;
    return false;
}

/* ---- what a unit takes away: the setting, as it is to be shown; NULL: it does not ---- */

static const char *yes_of(const struct service *unit, const char *setting)
{
    return service_says(unit, setting) ? arena_format(unit->arena, "%s=yes", setting) : NULL;
}

/* A list has those that may be made, or with "~" those that may not. */
static const char *denies_namespaces(const struct service *unit)
{
    const char *value = service_value(unit, "RestrictNamespaces");
    const char *choice = service_choice(unit, "RestrictNamespaces", NULL);
    return value && (!choice || strcmp(choice, "yes") == 0)
               ? arena_format(unit->arena, "RestrictNamespaces=%.*s", NAME_MAX_SHOWN, value)
               : NULL;
}

/* Filters of system calls can be set without privileges only so that there are never any. */
static const char *denies_privileges(const struct service *unit)
{
    static const char *const switches[] = {
        "DynamicUser",       "LockPersonality",      "MemoryDenyWriteExecute",
        "PrivateDevices",    "ProtectClock",         "ProtectHostname",
        "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables",
        "RestrictRealtime",  "RestrictSUIDSGID"};
    static const char *const lists[] = {"RestrictAddressFamilies", "SystemCallArchitectures",
                                        "SystemCallFilter", "SystemCallLog"};
    const char *user = service_value(unit, "User"), *implied = NULL;
    bool is_root = (!user || strcmp(user, "root") == 0 || strcmp(user, "0") == 0) &&
                   !service_says(unit, "DynamicUser");
    if (service_says(unit, "NoNewPrivileges"))
        return "NoNewPrivileges=yes";
    for (size_t i = 0; i < sizeof switches / sizeof *switches && !implied; i++)
        implied = yes_of(unit, switches[i]);
    if (!implied)
        implied = denies_namespaces(unit);
    for (size_t i = 0; i < sizeof lists / sizeof *lists && !implied; i++)
        if (service_value(unit, lists[i]))
            implied = arena_format(unit->arena, "%s=", lists[i]);
    return is_root || !implied
               ? NULL
               : arena_format(unit->arena, "%s, which means NoNewPrivileges=yes too,", implied);
}

static const char *denies_new_code(const struct service *unit)
{
    return yes_of(unit, "MemoryDenyWriteExecute");
}

/* Whether a family of addresses is left: of lists, those with "~" name what is not, and the first
 * one decides what is said of the others. */
static bool has_family(const struct service *unit, const char *family)
{
    bool some = false, has = true;
    for (size_t i = 0; i < unit->count; i++) {
        const char *rest = unit->settings[i].value, *word;
        if (strcmp(unit->settings[i].name, "RestrictAddressFamilies") != 0)
            continue;
        bool forbids = *rest == '~';
        if (!some)
            has = forbids;
        some = true;
        rest += forbids;
        while ((word = service_split(unit->arena, &rest, false)))
            if (strcmp(word, family) == 0)
                has = !forbids;
    }
    return has;
}

static const char *denies_network(const struct service *unit)
{
    const char *private = yes_of(unit, "PrivateNetwork");
    return private || has_family(unit, "AF_INET") || has_family(unit, "AF_INET6")
               ? private
               : "RestrictAddressFamilies=";
}

/* ---- programs ---- */

#define PROGRAMS_MAX 20
static const struct {
    const char *(*denies)(const struct service *unit);
    const char *names[PROGRAMS_MAX + 1];
    const char *why;
} program_rows[] = {
    {denies_privileges, {"sudo", "su", "doas", "pkexec", "newgrp", "sg"}, "can gain no rights"},
    {denies_new_code,
     {"node", "nodejs", "npm", "npx", "yarn", "pnpm", "corepack", "java", "mvn", "gradle", "dotnet",
      "pwsh", "mono", "deno", "bun", "luajit", "pypy3", "julia"},
     "makes code while it runs, and is ended"},
    {denies_namespaces,
     {"unshare", "bwrap", "podman", "buildah", "runc", "crun", "firejail", "chromium",
      "google-chrome", "flatpak", "systemd-nspawn"},
     "can make no namespaces"},
    {denies_network,
     {"git", "ssh", "scp", "sftp", "rsync", "curl", "wget", "npm", "npx", "yarn", "pnpm", "pip",
      "pip3", "composer", "apt", "apt-get"},
     "has no network"},
};
enum { PROGRAM_ROWS = sizeof program_rows / sizeof *program_rows };

static void review_word(struct review *review, struct bytes word, bool *told)
{
    for (size_t i = 0; i < PROGRAM_ROWS; i++) {
        if (told[i] || !is_among(program_rows[i].names, word))
            continue;
        const char *setting = program_rows[i].denies(review->unit);
        told[i] = true;
        if (!setting)
            continue;
        settings_problem(review->problems, PROBLEM_WARNING, &review->action->at,
                         "this action names %.*s, which %s under %s of the unit", (int)word.length,
                         (const char *)word.data, program_rows[i].why, setting);
    }
}

/* A device that is not there. */
static void review_device(struct review *review, struct bytes path)
{
    char text[WORD_MAX + 1];
    snprintf(text, sizeof text, "%.*s", (int)path.length, (const char *)path.data);
    const char *setting = service_hides(review->unit, text);
    if (setting && strcmp(setting, "PrivateDevices") == 0)
        settings_problem(review->problems, PROBLEM_WARNING, &review->action->at,
                         "this action names %s, which is not there under PrivateDevices=yes of "
                         "the unit",
                         text);
}

static bool is_word_byte(uint8_t byte)
{
    return isalnum(byte) || (byte && strchr("._+-", byte));
}

static size_t word_end(struct bytes line, size_t at, bool is_path)
{
    while (at < line.length && (is_word_byte(line.data[at]) || (is_path && line.data[at] == '/')))
        at++;
    return at;
}

static void review_line(struct review *review, struct bytes line, bool *told)
{
    for (size_t at = 0; at < line.length;) {
        bool is_device = bytes_starts_with(bytes_from(line, at), bytes_of_text("/dev/"));
        size_t end = word_end(line, at, is_device);
        struct bytes word = bytes_of(line.data + at, end - at);
        if (is_device && word.length <= WORD_MAX)
            review_device(review, word);
        else if (word.length > 0 && word.length <= WORD_MAX)
            review_word(review, word, told);
        at = end + (end == at);
    }
}

/* Comments of a shell name what is not called; the first line may name an interpreter. */
static void review_text(struct review *review, struct bytes text)
{
    bool told[PROGRAM_ROWS] = {false};
    while (text.length > 0) {
        struct bytes line = bytes_trim(bytes_split(&text, '\n'));
        if (!bytes_starts_with(line, bytes_of_text("#")) ||
            bytes_starts_with(line, bytes_of_text("#!")))
            review_line(review, line, told);
    }
}

/* Of a script its text; with `is_source` it is one without a first line that says so. */
static void review_file(struct review *review, const char *path, bool is_source)
{
    struct error ignored;
    struct buffer content;
    if (file_read(path, path, SCRIPT_MAX, FILE_SHARED, &content, NULL, &ignored) == FILE_READ &&
        (is_source || bytes_starts_with(buffer_bytes(&content), bytes_of_text("#!"))))
        review_text(review, buffer_bytes(&content));
    buffer_finish(&content);
}

static bool is_named(const char *name)
{
    for (size_t i = 0; i < PROGRAM_ROWS; i++)
        if (is_among(program_rows[i].names, bytes_of_text(name)))
            return true;
    return false;
}

/* Of a program its name, which is that of another one if it is a link. */
static void review_program(struct review *review, const char *path)
{
    static const char *const wrappers[] = {"env",     "nice",   "ionice", "chrt",  "taskset",
                                           "timeout", "setsid", "flock",  "xargs", "nohup",
                                           "stdbuf",  "time",   "sh",     "bash",  "dash",
                                           "ash",     "ksh",    "zsh",    NULL};
    char *real = path[0] == '/' ? realpath(path, NULL) : NULL;
    const char *slash = strrchr(path, '/'), *real_slash = real ? strrchr(real, '/') : NULL;
    const char *name = slash ? slash + 1 : path;
    review->passes_on = is_among(wrappers, bytes_of_text(name));
    review_text(review, bytes_of_text(real_slash && !is_named(name) ? real_slash + 1 : name));
    if (slash)
        review_file(review, path, false);
    free(real);
}

/* ---- places ---- */

/* The path without links, as far as it is there. */
static void find_real(const char *path, char real[PATH_MAX])
{
    char above[PATH_MAX], last[PATH_MAX], whole[PATH_MAX];
    if (realpath(path, real))
        return;
    snprintf(above, sizeof above, "%s", path);
    snprintf(last, sizeof last, "%s", path);
    int length = snprintf(real, PATH_MAX, "%s", path);
    if (length < PATH_MAX && realpath(dirname(above), whole) && strcmp(whole, "/") != 0 &&
        strlen(whole) + strlen(basename(last)) + 2 < PATH_MAX) {
        length = snprintf(real, PATH_MAX, "%s/", whole);
        snprintf(real + length, (size_t)(PATH_MAX - length), "%s", basename(last));
    }
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
    char real[PATH_MAX];
    find_real(path, real);
    const char *hidden = service_hides(review->unit, real),
               *read_only = service_keeps_read_only(review->unit, real),
               *idle = service_keeps_from_running(review->unit, real);
    bool is_fifo = use == PLACE_FIFO || use == PLACE_FIFO_MADE;
    if (hidden)
        warn(review, path, is_fifo ? "is seen by no reader outside" : "is hidden", hidden);
    else if (idle && use == PLACE_PROGRAM)
        warn(review, path, "cannot be executed", idle);
    else if (read_only && use == PLACE_FIFO_MADE)
        warn(review, path, "cannot be made", read_only);
    else if (read_only && use == PLACE_DIRECTORY && !is_of_file(review->settings, path))
        warn(review, path, "cannot be written", read_only);
}

static void review_use(void *context, enum place_use use, const char *path)
{
    struct review *review = context;
    if (use == PLACE_PROGRAM)
        review_program(review, path);
    else if (use == PLACE_SOURCE)
        review_file(review, path, true);
    else if (use == PLACE_SCRIPT || (use == PLACE_ARGUMENT && review->passes_on))
        review_text(review, bytes_of_text(path));
    if (use != PLACE_SCRIPT && use != PLACE_ARGUMENT && path[0] == '/')
        review_place(review, use, path);
}

/* ---- the server's own files ---- */

static void review_journal(struct review *review)
{
    const struct journal_settings *journal = &review->settings->journal;
    char real[PATH_MAX];
    find_real(journal->path, real);
    const char *setting = service_hides(review->unit, real);
    if (!setting)
        setting = service_keeps_read_only(review->unit, real);
    if (setting)
        settings_problem(review->problems, PROBLEM_ERROR, &journal->at,
                         "the journal %s cannot be kept there under %s=%s of the unit",
                         journal->path, setting, service_value(review->unit, setting));
}

static void review_read(struct review *review, const char *path, const struct position *at)
{
    char real[PATH_MAX];
    find_real(path, real);
    const char *setting = service_hides(review->unit, real);
    if (setting && at)
        settings_problem(review->problems, PROBLEM_ERROR, at,
                         "%s is hidden under %s=%s of the unit", path, setting,
                         service_value(review->unit, setting));
    else if (setting)
        problem_add_plain(review->problems, "%s is hidden under %s=%s of the unit", path, setting,
                          service_value(review->unit, setting));
}

/* Systemd puts them where the sandbox does not hide them; our copies are elsewhere. */
static bool is_credential(const struct service *unit, const char *path)
{
    const char *place = unit->names.credentials;
    size_t length = place ? strlen(place) : 0;
    return place && strncmp(path, place, length) == 0 && path[length] == '/';
}

/* Those of the route file, and the secrets and schemas that were read for it. */
static void review_files(struct review *review)
{
    const struct settings_prints *prints = &review->settings->prints;
    const struct section_list *list = &review->settings->server.listen;
    const struct listen_settings *listen = list->items;
    for (size_t i = 0; i < prints->file_count; i++)
        review_read(review, prints->files[i].path, NULL);
    for (size_t i = 0; i < prints->key_count; i++)
        if (prints->keys[i].key[0] == '/' && !is_credential(review->unit, prints->keys[i].key))
            review_read(review, prints->keys[i].key, NULL);
    for (size_t i = 0; i < list->count; i++) {
        if (listen[i].tls.off)
            continue;
        review_read(review, listen[i].tls.certificate, &listen[i].tls.certificate_at);
        review_read(review, listen[i].tls.key, &listen[i].tls.key_at);
    }
}

/* Each action has a memory of its own for the words of the unit: there may be many actions. */
static void review_action(struct review *review, const struct service *unit)
{
    enum { ACTION_MEMORY = 16 * 1024 * 1024 };
    struct place_visitor visitor = {.visit = review_use, .context = review};
    struct service own = *unit;
    struct arena arena;
    arena_init(&arena, ACTION_MEMORY);
    own.arena = &arena;
    review->unit = &own;
    review->passes_on = false;
    action_kind_of(&review->action->handler)
        ->visit_places(review->action->handler.settings, &visitor);
    review->unit = unit;
    arena_finish(&arena);
}

void service_sandbox_check(const struct service *unit, const struct settings *settings,
                           struct problem_list *problems)
{
    struct review review = {.unit = unit, .settings = settings, .problems = problems};
    review_journal(&review);
    review_files(&review);
    for (size_t i = 0; i < settings->route_count; i++)
        for (size_t j = 0; j < route_all_count(&settings->routes[i]); j++) {
            review.action = &settings->routes[i].actions[j];
            review_action(&review, unit);
        }
}
