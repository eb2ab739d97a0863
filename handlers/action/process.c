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

bool process_finish(struct load *load, const struct node *node, struct process_settings *settings)
{
    (void)load;
    (void)node;
    (void)settings;
    return true;
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
