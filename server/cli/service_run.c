/* What systemd gives a service (systemd.exec(5)) as far as a route file can ask for it. Root reads
 * files of variables and of credentials, as systemd does, and the child is the unit's user for
 * good. Credentials are copied for it into a directory in memory, if the machine has one, which is
 * removed at the end. */
#include "server/cli/service_run.h"

#include "base/buffer.h"
#include "base/secret.h"
#include "config/file.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"
#include "server/ipc/privilege.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VARIABLES_SIZE_MAX = 256 * 1024, CREDENTIAL_MAX = 1024 * 1024, GROUPS_MAX = 64 };

struct place {
    const struct service *unit;
    bool switches; /* to the user: we are root, and the unit names another one */
    uid_t uid;
    gid_t gid;
    gid_t groups[GROUPS_MAX];
    int group_count;
    const char *user, *home;
    char credentials[PATH_MAX]; /* the directory; empty: there is none */
};

/* ---- variables ---- */

static bool set_variable(const char *text)
{
    const char *equals = strchr(text, '=');
    char name[256];
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof name)
        return true;
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    return setenv(name, equals + 1, 1) == 0;
}

/* NAME=VALUE; quotes around the value are taken off. */
static bool set_line(struct arena *arena, struct bytes line)
{
    line = bytes_trim(line);
    if (line.length == 0 || line.data[0] == '#' || line.data[0] == ';')
        return true;
    struct bytes value = line, name = bytes_trim(bytes_split(&value, '='));
    value = bytes_trim(value);
    if (value.length > 1 && (value.data[0] == '"' || value.data[0] == '\'') &&
        value.data[value.length - 1] == value.data[0])
        value = bytes_of(value.data + 1, value.length - 2);
    const char *text =
        arena_format(arena, "%.*s=%.*s", (int)name.length, (const char *)name.data,
                     (int)value.length, value.length ? (const char *)value.data : "");
    return text && set_variable(text);
}

static bool set_file(const struct service *unit, const char *path, struct error *err)
{
    struct buffer content;
    bool may_miss = *path == '-', done = true;
    path += may_miss;
    enum file_result result =
        file_read(path, path, VARIABLES_SIZE_MAX, FILE_SHARED, &content, NULL, err);
    struct bytes text = buffer_bytes(&content);
    while (result == FILE_READ && done && text.length > 0)
        done = set_line(unit->arena, bytes_split(&text, '\n'));
    if (content.length > 0)
        secret_wipe(content.data, content.length);
    buffer_finish(&content);
    if (result == FILE_MISSING && may_miss && access(path, F_OK) != 0)
        return true;
    return (result == FILE_READ && done) || error_prefix(err, "EnvironmentFile=");
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
    const struct service *unit = place->unit;
    bool done = clear_variables(place);
    for (size_t i = 0; done && i < unit->count; i++) {
        const char *rest = unit->settings[i].value, *word;
        bool is_environment = strcmp(unit->settings[i].name, "Environment") == 0;
        while (done && is_environment && (word = service_word(unit->arena, &rest)))
            done = set_variable(word);
    }
    if (!done)
        return error_set(err, "no memory");
    for (size_t i = 0; done && i < unit->count; i++)
        if (strcmp(unit->settings[i].name, "EnvironmentFile") == 0)
            done = set_file(unit, unit->settings[i].value, err);
    return done &&
           (!place->credentials[0] || setenv("CREDENTIALS_DIRECTORY", place->credentials, 1) == 0);
}

/* ---- credentials ---- */

static bool put_credential(const struct place *place, const char *id, struct bytes content,
                           struct error *err)
{
    char path[PATH_MAX + 300];
    if (!*id || strchr(id, '/') || id[0] == '.' || strlen(id) > 255)
        return error_set(err, "\"%.100s\" is no name of a credential", id);
    snprintf(path, sizeof path, "%s/%s", place->credentials, id);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
    bool done = fd >= 0 && file_write_all(fd, content) &&
                (!place->switches || fchown(fd, place->uid, place->gid) == 0);
    if (!done)
        error_set_errno(err, errno, "the credential %s cannot be copied", id);
    if (fd >= 0)
        close(fd);
    return done;
}

static bool load_credential(const struct place *place, const char *id, const char *path,
                            struct error *err)
{
    struct buffer content;
    bool done =
        file_read(path, path, CREDENTIAL_MAX, FILE_CREDENTIAL, &content, NULL, err) == FILE_READ;
    done = done ? put_credential(place, id, buffer_bytes(&content), err)
                : error_prefix(err, "LoadCredential=%s", id);
    if (content.length > 0)
        secret_wipe(content.data, content.length);
    buffer_finish(&content);
    return done;
}

static bool add_credentials(const struct place *place, struct error *err)
{
    const struct service *unit = place->unit;
    bool done = true;
    for (size_t i = 0; done && i < unit->count; i++) {
        const char *name = unit->settings[i].name, *colon = strchr(unit->settings[i].value, ':');
        const char *id =
            colon ? arena_format(unit->arena, "%.*s", (int)(colon - unit->settings[i].value),
                                 unit->settings[i].value)
                  : NULL;
        if (strcmp(name, "LoadCredentialEncrypted") == 0 ||
            strcmp(name, "SetCredentialEncrypted") == 0)
            fputs("note: encrypted credentials are not read: --without-secrets checks the rest\n",
                  stderr);
        else if (id && strcmp(name, "LoadCredential") == 0 && colon[1] == '/')
            done = load_credential(place, id, colon + 1, err);
        else if (id && strcmp(name, "SetCredential") == 0)
            done = put_credential(place, id, bytes_of_text(colon + 1), err);
    }
    return done;
}

static bool wants_credentials(const struct service *unit)
{
    return service_value(unit, "LoadCredential") || service_value(unit, "SetCredential");
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

static void add_groups(struct place *place)
{
    const char *rest = service_value(place->unit, "SupplementaryGroups"), *word;
    while (rest && place->group_count < GROUPS_MAX &&
           (word = service_word(place->unit->arena, &rest))) {
        const struct group *group = getgrnam(word);
        if (group)
            place->groups[place->group_count++] = group->gr_gid;
    }
}

static bool find_user(struct place *place, struct error *err)
{
    const char *user = service_value(place->unit, "User"),
               *group = service_value(place->unit, "Group");
    if (!user) {
        if (service_says(place->unit, "DynamicUser"))
            fputs("note: the unit's user is made at its start: what it may do is not checked\n",
                  stderr);
        return true;
    }
    const struct passwd *found = getpwnam(user);
    const struct group *its = group ? getgrnam(group) : NULL;
    if (!found || (group && !its))
        return error_set(err, "there is no %s \"%.100s\", which the unit names",
                         found ? "group" : "user", found ? group : user);
    place->user = arena_copy_text(place->unit->arena, found->pw_name);
    place->home = arena_copy_text(place->unit->arena, found->pw_dir);
    place->uid = found->pw_uid;
    place->gid = its ? its->gr_gid : found->pw_gid;
    place->switches = geteuid() == 0 && place->uid != 0;
    if (geteuid() != 0 && geteuid() != place->uid)
        fprintf(stderr, "note: only root can check what %s, the user of the unit, may do\n",
                place->user);
    place->group_count = GROUPS_MAX / 2;
    if (getgrouplist(place->user, place->gid, place->groups, &place->group_count) < 0)
        place->group_count = 0;
    add_groups(place);
    return true;
}

/* ---- the run ---- */

static int run_inside(const struct place *place, int (*run)(void *context), void *context)
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
    print_safe(stdout, bytes_of_text(place->unit->path));
    fputc('\n', stdout);
    fflush(stdout); /* children of this one have nothing of it */
    if (service_says(place->unit, "NoNewPrivileges"))
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return run(context);
}

static int run_child(const struct place *place, int (*run)(void *context), void *context)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int code = run_inside(place, run, context);
        _exit(fflush(stdout) == 0 ? code : EXIT_ENVIRONMENT);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_ENVIRONMENT;
}

int service_run(const struct service *unit, int (*run)(void *context), void *context)
{
    struct place place = {.unit = unit};
    struct error err;
    int code = EXIT_ENVIRONMENT;
    if (find_user(&place, &err) && (!wants_credentials(unit) || make_credentials(&place, &err)))
        code = run_child(&place, run, context);
    else
        print_failure(err.text);
    remove_credentials(&place);
    return code;
}
