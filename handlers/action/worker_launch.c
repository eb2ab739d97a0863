/* From settings to a process with three pipes: a worker's environment has no event. */
#include "handlers/action/worker_launch.h"

#include "handlers/action/environment.h"

#include <errno.h>
#include <unistd.h>

enum { PLAN_MAX = 16 * 1024 * 1024 };

/* What is held only until the process has it. */
struct launch {
    const struct command_settings *settings;
    const char *route, *action; /* for its environment */
    struct arena arena;
    struct spawn_plan plan;
    struct started started;
    int ours[3];
};

static bool launch_plan(struct launch *launch, struct error *err)
{
    static const struct delivery_name variables[] = {{"TENTERHOOK_ROUTE", 0, false},
                                                     {"TENTERHOOK_ACTION", 1, false}};
    static const struct delivery_names names = {.variables = variables, .variable_count = 2};
    const struct command_settings *settings = launch->settings;
    const char *const texts[] = {launch->route, launch->action};
    const struct delivery none = {.names = &names, .texts = texts};
    struct spawn_plan *plan = &launch->plan;
    plan->environment =
        environment_build(&launch->arena, settings, settings->env.values, &none, NULL, NULL, err);
    plan->arguments = settings->command.items;
    plan->directory = settings->cwd;
    plan->process = &settings->process;
    return plan->environment && command_find_program(settings, &launch->arena, plan, err);
}

static bool launch_open(struct launch *launch, struct error *err)
{
    const struct command_settings *settings = launch->settings;
    int *ours = launch->ours, *theirs = launch->plan.stdio;
    if (command_open_pipe(settings, 1, &ours[0], &theirs[0]) &&
        command_open_pipe(settings, 0, &ours[1], &theirs[1]) &&
        command_open_pipe(settings, 0, &ours[2], &theirs[2]))
        return true;
    int failure = errno;
    error_set_errno(err, failure, "cannot make its standard input and output");
    errno = failure;
    return false;
}

static enum spawn_result launch_start(struct launch *launch, struct process_forest *forest,
                                      struct error *err)
{
    errno = 0;
    if (!launch_plan(launch, err) || !launch_open(launch, err)) /* for the moment, or for good */
        return spawn_errno_is_passing(errno) ? SPAWN_LATER : SPAWN_FAILED;
    enum spawn_result result =
        command_make_tree(launch->settings, forest, &launch->plan, &launch->started.tree, err);
    return result == SPAWN_STARTED ? spawn_start(&launch->plan, &launch->started.process, err)
                                   : result;
}

static void close_all(const int fds[3])
{
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

enum spawn_result worker_launch(const struct command_settings *settings,
                                struct process_forest *forest, const char *route,
                                const char *action, struct worker_launched *launched,
                                struct error *err)
{
    struct launch launch = {.settings = settings,
                            .route = route,
                            .action = action,
                            .plan.stdio = {-1, -1, -1},
                            .ours = {-1, -1, -1}};
    arena_init(&launch.arena, PLAN_MAX);
    enum spawn_result result = launch_start(&launch, forest, err);
    arena_finish(&launch.arena);
    close_all(launch.plan.stdio);
    if (result != SPAWN_STARTED) {
        close_all(launch.ours);
        if (launch.started.tree.forest)
            process_tree_remove(&launch.started.tree);
        return result;
    }
    *launched = (struct worker_launched){.started = launch.started};
    memcpy(launched->pipes, launch.ours, sizeof launched->pipes);
    return SPAWN_STARTED;
}
