/* What systemd gives a service (systemd.exec(5)) as far as a route file can ask for it. Root reads
 * files of variables and of credentials, as systemd does, and the child is the unit's user for
 * good. Credentials are copied for it into a directory in memory, if the machine has one, which is
 * removed at the end. */
#include "server/service/service_run.h"

#include "base/buffer.h"
#include "base/secret.h"
#include "config/file.h"
#include "config/names.h"
#include "server/ipc/privilege.h"
#include "server/options/verb.h"
#include "server/service/service_notes.h"
#include "server/terminal/terminal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    VARIABLES_SIZE_MAX = 256 * 1024,
    CREDENTIAL_MAX = 1024 * 1024,
    GROUPS_MAX = 64,
    ASSUMED_MAX = 64
};

struct place {
    struct service *unit;
    bool switches; /* to the user: we are root, and the unit names another one */
    uid_t uid;
    gid_t gid;
    gid_t groups[GROUPS_MAX];
    int group_count;
    const char *user, *home;
    char credentials[PATH_MAX]; /* the directory; empty: there is none */
    const char *assumed[ASSUMED_MAX + 1];
    size_t assumed_count;
};

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    struct error text;
    va_list args;
    va_start(args, format);
    vsnprintf(text.text, sizeof text.text, format, args);
    va_end(args);
    fputs("note: ", stderr);
    print_safe(stderr, bytes_of_text(text.text));
    fputc('\n', stderr);
}

/* ---- variables ---- */

/* What is none systemd passes over, too. */
static bool set_variable(void *context, const char *name, const char *value)
{
    (void)context;
    return !env_name_valid(name) || setenv(name, value, 1) == 0;
}

static bool set_word(const char *word)
{
    const char *equals = strchr(word, '=');
    char name[256];
    if (!equals || (size_t)(equals - word) >= sizeof name)
        return true;
    snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
    return set_variable(NULL, name, equals + 1);
}

static bool read_file(const struct service *unit, const char *path, bool may_miss,
                      struct error *err)
{
    struct buffer content;
    enum file_result result =
        file_read(path, path, VARIABLES_SIZE_MAX, FILE_SHARED, &content, NULL, err);
    bool done = result == FILE_READ &&
                (service_read_variables(buffer_bytes(&content), unit->arena, set_variable, NULL) ||
                 error_set(err, "no memory"));
    if (content.length > 0)
        secret_wipe(content.data, content.length);
    buffer_finish(&content);
    if (result != FILE_READ && may_miss) {
        if (access(path, F_OK) == 0)
            note("EnvironmentFile=-%s is passed over: %s", path, err->text);
        return true;
    }
    return done || error_prefix(err, "EnvironmentFile=");
}

/* A pattern stands for the files that it fits, in the order of their names. */
static bool read_files(const struct service *unit, const char *pattern, struct error *err)
{
    glob_t found = {0};
    bool may_miss = *pattern == '-', done = true;
    pattern += may_miss;
    int result = glob(pattern, GLOB_NOCHECK, NULL, &found);
    for (size_t i = 0; result == 0 && done && i < found.gl_pathc; i++)
        done = read_file(unit, found.gl_pathv[i], may_miss, err);
    if (result != 0)
        done = may_miss || error_set(err, "EnvironmentFile=%s cannot be looked for", pattern);
    globfree(&found);
    return done;
}

/* The admin's own are not the service's. What a terminal wants stays. */
static bool clear_variables(const struct place *place)
{
    static const char *const kept[] = {"TERM", "NO_COLOR", "COLUMNS", "LANG", "LC_ALL"};
    const char *values[sizeof kept / sizeof *kept];
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = getenv(kept[i]);
        values[i] = value ? arena_copy_text(place->unit->arena, value) : NULL;
    }
    bool done =
        clearenv() == 0 &&
        setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1) == 0;
    for (size_t i = 0; done && i < sizeof kept / sizeof *kept; i++)
        done = !values[i] || setenv(kept[i], values[i], 1) == 0;
    return done && (!place->user || setenv("USER", place->user, 1) == 0) &&
           (!place->home || setenv("HOME", place->home, 1) == 0);
}

/* Files stand over what the unit says itself, wherever they are named. */
static bool set_variables(const struct place *place, struct error *err)
{
    struct service_words variables = {.unit = place->unit, .name = "Environment", .escapes = true};
    const struct service *unit = place->unit;
    const char *word;
    bool done = clear_variables(place);
    while (done && (word = service_words_next(&variables)))
        done = set_word(word);
    if (!done)
        return error_set(err, "no memory");
    for (size_t i = 0; done && i < unit->count; i++) {
        bool is_file = strcmp(unit->settings[i].name, "EnvironmentFile") == 0;
        const char *path = is_file ? service_text(unit, unit->settings[i].value) : NULL;
        if (path && path[*path == '-'] != '/')
            note("EnvironmentFile=%s is passed over, as systemd does: the path is not absolute",
                 path);
        else if (path)
            done = read_files(unit, path, err);
    }
    variables = (struct service_words){.unit = unit, .name = "UnsetEnvironment", .escapes = true};
    while (done && (word = service_words_next(&variables)))
        unsetenv(word);
    return done &&
           (!place->credentials[0] || setenv("CREDENTIALS_DIRECTORY", place->credentials, 1) == 0);
}

/* ---- credentials ---- */

static bool has_credential(const struct place *place, const char *id)
{
    char path[PATH_MAX + 300];
    snprintf(path, sizeof path, "%s/%s", place->credentials, id);
    return access(path, F_OK) == 0;
}

/* In place of one of that name. */
static bool put_credential(const struct place *place, const char *id, struct bytes content,
                           struct error *err)
{
    char path[PATH_MAX + 300];
    snprintf(path, sizeof path, "%s/%s", place->credentials, id);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
    bool done = fd >= 0 && file_write_all(fd, content) &&
                (!place->switches || fchown(fd, place->uid, place->gid) == 0);
    if (!done)
        error_set_errno(err, errno, "the credential %s cannot be copied", id);
    if (fd >= 0)
        close(fd);
    return done;
}

static void assume(struct place *place, const char *id, const char *why)
{
    note("the credential %s is taken to be there: %s", id, why);
    if (place->assumed_count < ASSUMED_MAX)
        place->assumed[place->assumed_count++] = id;
}

/* Where systemd looks for a credential without a path; NULL: it is nowhere. */
static const char *find_stored(struct arena *arena, const char *name)
{
    static const char *const places[] = {"/run/credentials/@system", "/etc/credstore",
                                         "/run/credstore", "/usr/local/lib/credstore",
                                         "/usr/lib/credstore"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *path = arena_format(arena, "%s/%s", places[i], name);
        if (path && access(path, F_OK) == 0)
            return path;
    }
    return NULL;
}

/* That others can read it, too, systemd does not mind. */
static bool copy_credential(const struct place *place, const char *id, const char *path,
                            struct error *err)
{
    struct buffer content;
    struct stat what;
    bool done =
        file_read(path, path, CREDENTIAL_MAX, FILE_SHARED, &content, NULL, err) == FILE_READ;
    done = done ? put_credential(place, id, buffer_bytes(&content), err)
                : error_prefix(err, "LoadCredential=%s", id);
    if (done && stat(path, &what) == 0 && (what.st_mode & S_IROTH))
        note("LoadCredential=%s: every user can read %s: chmod o= %s", id, path, path);
    if (content.length > 0)
        secret_wipe(content.data, content.length);
    buffer_finish(&content);
    return done;
}

/* ID:PATH, ID:NAME or ID. One that is not there stays away, if it has no path or has a value of
 * SetCredential=. */
static bool load_credential(struct place *place, const char *id, const char *path,
                            struct error *err)
{
    struct stat what;
    bool is_stored = path[0] != '/';
    if (is_stored && !(path = find_stored(place->unit->arena, *path ? path : id)))
        return true;
    bool is_there = stat(path, &what) == 0;
    if (is_there && (S_ISSOCK(what.st_mode) || S_ISDIR(what.st_mode))) {
        assume(place, id, S_ISDIR(what.st_mode) ? "it is a directory" : "it is a socket");
        return true;
    }
    return (!is_there && has_credential(place, id)) || copy_credential(place, id, path, err);
}

static bool set_credential(struct place *place, const char *id, const char *value,
                           struct error *err)
{
    size_t length;
    const char *text = service_unescape(place->unit->arena, value, &length);
    return text ? put_credential(place, id, bytes_of(text, length), err)
                : error_set(err, "no memory");
}

static bool encrypted_credential(struct place *place, const char *id, const char *value,
                                 struct error *err)
{
    (void)value;
    (void)err;
    assume(place, id, "it is encrypted");
    return true;
}

/* In the order in which one stands over another. */
static const struct credential_row {
    const char *setting;
    bool has_specifiers; /* behind the ID */
    bool (*take)(struct place *place, const char *id, const char *value, struct error *err);
} credential_rows[] = {{"SetCredential", false, set_credential},
                       {"SetCredentialEncrypted", false, encrypted_credential},
                       {"LoadCredential", true, load_credential},
                       {"LoadCredentialEncrypted", true, encrypted_credential}};
enum { CREDENTIAL_ROWS = sizeof credential_rows / sizeof *credential_rows };

/* ID:VALUE, or ID. */
static bool add_credential(struct place *place, const struct credential_row *row, const char *text,
                           struct error *err)
{
    struct arena *arena = place->unit->arena;
    size_t length = strcspn(text, ":");
    const char *plain = arena_format(arena, "%.*s", (int)length, text);
    const char *id = plain ? service_text(place->unit, plain) : NULL;
    const char *value = text + length + (text[length] != '\0');
    if (id && row->has_specifiers)
        value = service_text(place->unit, value);
    if (!id || !value) /* that is told */
        return true;
    if (!*id || strchr(id, '/') || id[0] == '.' || strlen(id) > 255)
        return error_set(err, "\"%.100s\" is no name of a credential", id);
    return row->take(place, id, value, err);
}

static bool add_credentials(struct place *place, struct error *err)
{
    const struct service *unit = place->unit;
    bool done = true;
    for (size_t i = 0; i < CREDENTIAL_ROWS; i++)
        for (size_t j = 0; done && j < unit->count; j++)
            if (strcmp(unit->settings[j].name, credential_rows[i].setting) == 0)
                done = add_credential(place, &credential_rows[i], unit->settings[j].value, err);
    return done;
}

static bool wants_credentials(const struct service *unit)
{
    for (size_t i = 0; i < CREDENTIAL_ROWS; i++)
        if (service_value(unit, credential_rows[i].setting))
            return true;
    return false;
}

static bool make_credentials(struct place *place, struct error *err)
{
    static const char *const bases[] = {"/dev/shm", "/tmp"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases && !place->credentials[0]; i++) {
        snprintf(place->credentials, sizeof place->credentials, "%s/tenterhook-check-XXXXXX",
                 bases[i]);
        if (!mkdtemp(place->credentials))
            place->credentials[0] = '\0';
    }
    if (!place->credentials[0])
        return error_set_errno(err, errno, "no directory for credentials can be made");
    place->unit->names.credentials = place->credentials;
    return (!place->switches || chown(place->credentials, place->uid, place->gid) == 0 ||
            error_set_errno(err, errno, "%s", place->credentials)) &&
           add_credentials(place, err);
}

static void remove_credentials(const struct place *place)
{
    DIR *directory = place->credentials[0] ? opendir(place->credentials) : NULL;
    struct dirent *entry;
    if (!directory)
        return;
    while ((entry = readdir(directory)))
        unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    rmdir(place->credentials);
}

/* ---- the user ---- */

/* A name or a number, as systemd takes both. */
static const struct passwd *find_passwd(const char *text)
{
    uint64_t number;
    const struct passwd *found = getpwnam(text);
    return found || !bytes_to_uint64(bytes_of_text(text), &number) ? found
                                                                   : getpwuid((uid_t)number);
}

static bool find_group(const char *text, gid_t *gid, struct error *err)
{
    uint64_t number;
    const struct group *found = getgrnam(text);
    if (!found && !bytes_to_uint64(bytes_of_text(text), &number))
        return error_set(err, "there is no group \"%.100s\", which the unit names", text);
    *gid = found ? found->gr_gid : (gid_t)number;
    return true;
}

static bool add_groups(struct place *place, struct error *err)
{
    struct service_words groups = {.unit = place->unit, .name = "SupplementaryGroups"};
    const char *word;
    while (place->group_count < GROUPS_MAX && (word = service_words_next(&groups)))
        if (!find_group(word, &place->groups[place->group_count++], err))
            return false;
    return true;
}

/* The value with its specifiers replaced; NULL: not set, or that is told. */
static const char *text_of(const struct service *unit, const char *name)
{
    const char *value = service_value(unit, name);
    return value ? service_text(unit, value) : NULL;
}

bool service_user_is_own(const struct service *unit)
{
    const char *user = text_of(unit, "User");
    const struct passwd *found = user ? find_passwd(user) : NULL;
    return found && found->pw_uid == geteuid();
}

static bool find_user(struct place *place, struct error *err)
{
    const char *user = text_of(place->unit, "User"), *group = text_of(place->unit, "Group");
    const struct passwd *found = user ? find_passwd(user) : NULL;
    if (service_says(place->unit, "DynamicUser") && !found) {
        note("the unit's user is made at its start: what it may do is not checked");
        return true;
    }
    if (!user)
        return true;
    if (!found)
        return error_set(err, "there is no user \"%.100s\", which the unit names", user);
    place->user = arena_copy_text(place->unit->arena, found->pw_name);
    place->home = arena_copy_text(place->unit->arena, found->pw_dir);
    place->uid = found->pw_uid;
    place->gid = found->pw_gid;
    if (group && !find_group(group, &place->gid, err))
        return false;
    place->switches = geteuid() == 0 && place->uid != 0;
    if (geteuid() != 0 && geteuid() != place->uid)
        note("only root can check what %s, the user of the unit, may do", place->user);
    place->group_count = GROUPS_MAX / 2;
    if (getgrouplist(place->user, place->gid, place->groups, &place->group_count) < 0)
        place->group_count = 0;
    return add_groups(place, err);
}

/* ---- the run ---- */

static int run_inside(const struct place *place,
                      int (*run)(void *context, const char *const *assumed), void *context)
{
    struct error err;
    if (!set_variables(place, &err) ||
        (place->switches && !privilege_become(place->uid, place->gid, place->groups,
                                              (size_t)place->group_count, &err))) {
        print_failure(err.text);
        return EXIT_ENVIRONMENT;
    }
    fputs("checked as ", stdout);
    print_safe(stdout, bytes_of_text(place->switches  ? place->user
                                     : geteuid() == 0 ? "root"
                                                      : "this user"));
    fputs(", in ", stdout);
    print_safe(stdout, bytes_of_text(place->unit->names.path));
    fputc('\n', stdout);
    fflush(stdout); /* children of this one have nothing of it */
    if (service_says(place->unit, "NoNewPrivileges"))
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return run(context, place->assumed);
}

static int run_child(const struct place *place, const sigset_t *signals,
                     int (*run)(void *context, const char *const *assumed), void *context)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        sigprocmask(SIG_SETMASK, signals, NULL);
        int code = run_inside(place, run, context);
        _exit(fflush(stdout) == 0 ? code : EXIT_ENVIRONMENT);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_ENVIRONMENT;
}

/* Who ends us waits until no copy of a credential is left. */
static void hold_signals(sigset_t *before)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        sigaddset(&held, ending[i]);
    sigprocmask(SIG_BLOCK, &held, before);
}

int service_run(struct service *unit, int (*run)(void *context, const char *const *assumed),
                void *context)
{
    struct place place = {.unit = unit};
    struct error err;
    sigset_t signals;
    int code = EXIT_ENVIRONMENT;
    service_print_notes(unit);
    hold_signals(&signals);
    if (find_user(&place, &err) && (!wants_credentials(unit) || make_credentials(&place, &err)))
        code = run_child(&place, &signals, run, context);
    else
        print_failure(err.text);
    remove_credentials(&place);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    return code;
}

/* "-c FILE", "--config FILE" and "--config=FILE" of a command of ExecStart= that serves. */
const char *service_config_file(const struct service *unit)
{
    struct service_words words = {.unit = unit, .name = "ExecStart", .escapes = true};
    const char *word, *file = NULL;
    bool serves = false;
    while ((word = service_words_next(&words))) {
        serves |= strcmp(word, "serve") == 0;
        if (strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0)
            file = service_words_next(&words);
        else if (strncmp(word, "--config=", 9) == 0)
            file = word + 9;
    }
    if (!serves || !file || !strchr(file, '$'))
        return serves ? file : NULL;
    note("ExecStart= names the route file by a variable: say which one is meant with -c FILE");
    return NULL;
}
