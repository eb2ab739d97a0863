/* A user is looked up when the route file is read: the child that becomes him may ask nobody, and a
 * name that is wrong is found before an event is lost over it. The processes are forked from the
 * one that has read the file, so what it has found holds for all of them until the next reload. */
#include "handlers/action/process.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define LIMIT(name) offsetof(struct process_limits, name)

static const struct row limit_rows[] = {
    {"memory", ROW_SIZE, LIMIT(memory),
     "The memory of the whole command where a control group can hold it to that; otherwise the "
     "address space of each process of it.",
     NULL, 1024 * 1024, INT64_C(1) << 50},
    {"cpu", ROW_DURATION, LIMIT(cpu_ms),
     "The processor time of each process, rounded up to seconds; then it gets SIGXCPU, and a "
     "second later SIGKILL.",
     NULL, 1000, 365 * 86400 * INT64_C(1000)},
    {"files", ROW_INTEGER, LIMIT(files), "The descriptors that each process may have open.", NULL,
     8, 1 << 30},
    {"processes", ROW_INTEGER, LIMIT(processes),
     "The processes and threads of the whole command where a control group can hold it to that; "
     "otherwise those of its `user`, which it then needs, whoever has started them.",
     NULL, 1, 1 << 22},
    {"file_size", ROW_SIZE, LIMIT(file_size),
     "The size of a file that a process writes; beyond it, it gets SIGXFSZ.", NULL, 1,
     INT64_C(1) << 60},
};

const struct row_section process_limits_section = {
    .name = "limits",
    .sentence = "What the process of an action may use. Without a key, what the server itself may.",
    .rows = limit_rows,
    .row_count = ROW_COUNT(limit_rows),
    .size = sizeof(struct process_limits),
};

/* By name, and then by number, as chown(1) does. */
static const struct passwd *find_user(const char *wanted)
{
    const struct passwd *found = getpwnam(wanted);
    char *end;
    if (found || *wanted < '0' || *wanted > '9')
        return found;
    errno = 0;
    unsigned long number = strtoul(wanted, &end, 10);
    if (errno != 0 || *end != '\0' || number >= UINT32_MAX)
        return NULL;
    return getpwuid((uid_t)number);
}

/* False without memory. */
static bool find_groups(struct arena *arena, struct process_account *account)
{
    int count = 0;
    getgrouplist(account->name, account->gid, NULL, &count);
    gid_t *groups = arena_alloc_array(arena, (size_t)count + 1, sizeof *groups);
    if (!groups || getgrouplist(account->name, account->gid, groups, &count) < 0)
        return false;
    account->groups = groups;
    account->group_count = (size_t)count;
    return true;
}

static const struct process_account *make_account(struct load *load, const struct passwd *user)
{
    struct arena *arena = load_arena(load);
    struct process_account *account = arena_alloc(arena, sizeof *account);
    if (!account)
        return NULL;
    /* copied before the next question to the system overwrites them */
    *account = (struct process_account){.name = arena_copy_text(arena, user->pw_name),
                                        .home = arena_copy_text(arena, user->pw_dir),
                                        .shell = arena_copy_text(arena, user->pw_shell),
                                        .uid = user->pw_uid,
                                        .gid = user->pw_gid};
    bool made = account->name && account->home && account->shell && find_groups(arena, account);
    return made ? account : NULL;
}

static bool find_account(struct load *load, const struct node *at,
                         struct process_settings *settings)
{
    const struct passwd *user = find_user(settings->user);
    if (!user)
        return load_problem(load, at, "there is no user \"%s\"", settings->user);
    if (user->pw_uid == 0 && !settings->allow_root)
        return load_problem(load, at,
                            "\"user: %s\" is root: that takes \"allow_root: true\" beside it",
                            settings->user);
    settings->account = make_account(load, user);
    settings->switches = geteuid() == 0;
    return settings->account || load_no_memory(load);
}

static struct position position_of(struct load *load, const struct node *node, const char *key)
{
    const struct node *found = tree_find(node, key);
    return found ? load_position(load, found) : (struct position){0};
}

bool process_finish(struct load *load, const struct node *node, struct process_settings *settings)
{
    settings->user_at = position_of(load, node, "user");
    settings->nice_at = position_of(load, node, "nice");
    settings->no_new_privs_at = position_of(load, node, "no_new_privs");
    settings->limits_at = position_of(load, node, "limits");
    return !settings->user || load_is_offline(load) ||
           find_account(load, tree_find(node, "user"), settings);
}

const char *process_own_variable(const struct process_settings *settings, const char *name)
{
    const struct process_account *account = settings->account;
    if (!account)
        return NULL;
    if (strcmp(name, "HOME") == 0)
        return account->home;
    if (strcmp(name, "SHELL") == 0)
        return account->shell;
    return strcmp(name, "USER") == 0 || strcmp(name, "LOGNAME") == 0 ? account->name : NULL;
}
