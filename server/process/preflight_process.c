/* What the actions want for their processes, and this process can give them or not. `check` is
 * often run by somebody else than the server: what depends on who runs it is a warning there, and
 * an error where the server would start. */
#include "server/process/preflight.h"

#include "handlers/action/action.h"
#include "handlers/action/process.h"
#include "server/process/containment.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct review {
    bool serves;                      /* not only `check` */
    bool may_have_cgroups;            /* server.cgroup is not off */
    struct containment_counts counts; /* what the cgroups that this process would have limit */
    struct problem_list *problems;
    bool good;
};

static void needs_root(struct review *review, const struct position *at, const char *key,
                       const char *value)
{
    settings_problem(review->problems, review->serves ? PROBLEM_ERROR : PROBLEM_WARNING, at,
                     "\"%s: %s\" needs a server that is started as root", key, value);
    if (!review->serves)
        return;
    review->problems->unreadable = true; /* it is not the file that is wrong */
    review->good = false;
}

static void review_user(struct review *review, const struct process_settings *process)
{
    const struct process_account *account = process->account;
    if (account && geteuid() != 0 && account->uid != geteuid())
        needs_root(review, &process->user_at, "user", process->user);
}

/* The limit counts from the other end: 40 - nice. */
static void review_nice(struct review *review, const struct process_settings *process)
{
    struct rlimit limit;
    char value[24];
    int64_t wanted = getpriority(PRIO_PROCESS, 0) + process->nice;
    if (process->nice >= 0 || geteuid() == 0 ||
        (getrlimit(RLIMIT_NICE, &limit) == 0 && 20 - wanted <= (int64_t)limit.rlim_cur))
        return;
    snprintf(value, sizeof value, "%lld", (long long)process->nice);
    needs_root(review, &process->nice_at, "nice", value);
}

static void review_new_privs(struct review *review, const struct process_settings *process)
{
    if (!process->no_new_privs && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        settings_problem(review->problems, PROBLEM_WARNING, &process->no_new_privs_at,
                         "this process was started with no_new_privs (NoNewPrivileges=yes in a "
                         "unit): what an action starts cannot gain rights, and sudo does not work");
}

/* Without a cgroup processes are counted for each user: the server's own would be among them.
 * Root's are not. */
static void review_count(struct review *review, const struct process_settings *process)
{
    const struct process_account *account = process->account;
    if (process->limits.processes == 0 || (account && account->uid != 0) ||
        review->counts.processes)
        return;
    if (!review->serves && review->may_have_cgroups) {
        settings_problem(review->problems, PROBLEM_WARNING, &process->limits_at,
                         "\"processes\" needs a server that has cgroups with that limit, as in a "
                         "unit with Delegate=yes; otherwise the action needs a \"user\" of its own "
                         "for it, who is not root");
        return;
    }
    settings_problem(review->problems, PROBLEM_ERROR, &process->limits_at,
                     "\"processes\" counts all processes of a user: the action needs a \"user\" of "
                     "its own for it, who is not root");
    review->good = false;
}

/* The log of a server says which limits its cgroups have. */
static void review_memory(struct review *review, const struct process_settings *process)
{
    if (process->limits.memory > 0 && !review->counts.memory && !review->serves)
        settings_problem(review->problems, PROBLEM_WARNING, &process->limits_at,
                         "\"memory\" is the address space of each process %s",
                         review->may_have_cgroups
                             ? "if the server has no cgroups with that limit; it has them in a "
                               "unit with Delegate=yes"
                             : "because server.cgroup is off");
}

static void review_limits(struct review *review, const struct process_settings *process)
{
    const struct process_limits *limits = &process->limits;
    const struct {
        const char *key;
        int resource;
        int64_t wanted;
    } rows[] = {
        {"files", RLIMIT_NOFILE, limits->files},
        {"memory", RLIMIT_AS, limits->memory},
        {"file_size", RLIMIT_FSIZE, limits->file_size},
        {"processes", RLIMIT_NPROC, limits->processes},
        {"cpu", RLIMIT_CPU, limits->cpu_ms / 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rlimit limit;
        if (rows[i].wanted > 0 && getrlimit(rows[i].resource, &limit) == 0 &&
            (rlim_t)rows[i].wanted > limit.rlim_max)
            settings_problem(
                review->problems, PROBLEM_WARNING, &process->limits_at,
                "\"%s\" is more than this process may have itself (%llu), which is the "
                "limit then",
                rows[i].key, (unsigned long long)limit.rlim_max);
    }
}

static void review_action(struct review *review, const struct handler *handler)
{
    const struct action_kind *kind = action_kind_of(handler);
    const struct process_settings *process =
        kind->process ? kind->process(handler->settings) : NULL;
    if (!process)
        return;
    review_user(review, process);
    review_nice(review, process);
    review_new_privs(review, process);
    review_count(review, process);
    review_memory(review, process);
    review_limits(review, process);
}

bool preflight_check_actions(const struct settings *settings, bool serves,
                             struct problem_list *problems)
{
    bool may = settings->server.cgroup == CGROUP_AUTO;
    struct review review = {
        .serves = serves, .may_have_cgroups = may, .problems = problems, .good = true};
    if (may)
        review.counts = containment_counts("");
    for (size_t i = 0; i < settings->route_count; i++)
        for (size_t j = 0; j < route_all_count(&settings->routes[i]); j++)
            review_action(&review, &settings->routes[i].actions[j].handler);
    return review.good;
}
