/* From settings and a delivery to a process: its input, its outputs, its environment, its program.
 *
 * The body is a sealed file in memory rather than a pipe: nobody has to pump, and a process that
 * reads nothing, or only after it has written a lot, cannot lock up with us. */
#include "handlers/action/command_launch.h"

#include "config/file.h"
#include "handlers/action/body_files.h"
#include "handlers/action/command_values.h"
#include "handlers/action/envelope.h"
#include "handlers/action/environment.h"
#include "handlers/content/form.h"
#include "handlers/value/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ENVIRONMENT_MAX = 16 * 1024 * 1024, INPUT_MAX = 512 * 1024 * 1024 };

/* What is held only until the process has it. */
struct launch {
    const struct command_settings *settings;
    const struct delivery *delivery;
    struct arena arena;
    struct spawn_plan plan;
    struct command_given given;
    struct started started;
    char *body_file, *files;
    int outputs[2]; /* our ends */
};

/* A read-only descriptor at the beginning of `content`; -1 with errno. */
static int input_from_bytes(struct bytes content)
{
    char path[32];
    int file = memfd_create("tenterhook-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return -1;
    int fd = -1;
    if (file_write_all(file, content) &&
        fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        /* Without /proc the sealed one does as well: it cannot be written, though it looks so. */
        if (fd < 0 && errno == ENOENT && lseek(file, 0, SEEK_SET) == 0)
            return file;
    }
    int failure = errno;
    close(file);
    errno = failure;
    return fd;
}

static int input_from_event(const struct delivery *delivery, const char *files)
{
    struct buffer envelope;
    buffer_init(&envelope, INPUT_MAX);
    int fd = -1;
    if (envelope_append_files(&envelope, delivery, files) && buffer_append_text(&envelope, "\n"))
        fd = input_from_bytes(buffer_bytes(&envelope));
    else
        errno = ENOMEM;
    buffer_finish(&envelope);
    return fd;
}

static int input_open(const struct launch *launch)
{
    switch ((enum command_stdin)launch->settings->input) {
    case STDIN_BODY:
        return input_from_bytes(launch->delivery->body);
    case STDIN_EVENT:
        return input_from_event(launch->delivery, launch->files);
    case STDIN_NONE:
        break;
    }
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool command_open_pipe(const struct command_settings *settings, int own, int *ours, int *theirs)
{
    const struct process_account *account = process_switches_to(&settings->process);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    *ours = ends[own];
    *theirs = ends[!own];
    return (!account || fchown(*theirs, account->uid, account->gid) == 0) &&
           fcntl(*ours, F_SETFL, O_NONBLOCK) == 0; /* our end only: theirs blocks, as usual */
}

/* Where helpers live on and nothing is kept, it has no reader, so that they may write as long as
 * they live. */
static bool output_open(const struct command_settings *settings, int *reader, int *writer)
{
    if (settings->helpers == HELPERS_KEEP && settings->output == 0)
        return (*writer = open("/dev/null", O_WRONLY | O_CLOEXEC)) >= 0;
    return command_open_pipe(settings, 0, reader, writer);
}

static enum spawn_result launch_open(struct launch *launch, struct error *err)
{
    int *stdio = launch->plan.stdio;
    if ((stdio[0] = input_open(launch)) >= 0 &&
        output_open(launch->settings, &launch->outputs[0], &stdio[1]) &&
        output_open(launch->settings, &launch->outputs[1], &stdio[2]))
        return SPAWN_STARTED;
    int failure = errno;
    error_set_errno(err, failure, "cannot make its standard input and output");
    return spawn_errno_is_passing(failure) ? SPAWN_LATER : SPAWN_FAILED;
}

/* The event is looked at again only for a command that wants values of it. */
static bool launch_fill(struct launch *launch, struct error *err)
{
    const struct command_settings *settings = launch->settings;
    struct value_context values;
    if (!settings->templates)
        return command_fill(settings, NULL, &launch->arena, &launch->given, err);
    value_context_of_stored(&values, launch->delivery->stored);
    bool filled = command_fill(settings, &values, &launch->arena, &launch->given, err);
    int failure = errno;
    value_context_finish(&values);
    errno = failure;
    return filled;
}

/* As another user: what we may not see, he may. */
static bool list_programs(const struct command_settings *settings, const char *search,
                          struct arena *arena, struct spawn_plan *plan, struct error *err)
{
    const char *const *paths =
        spawn_list_programs(arena, settings->program, search, settings->cwd, err);
    for (size_t i = 0; paths && paths[i]; i++)
        if (!spawn_program_is_safe(paths[i], err))
            return false;
    if (!paths)
        return false;
    plan->program = paths[0];
    plan->others = paths + 1;
    return true;
}

bool command_find_program(const struct command_settings *settings, struct arena *arena,
                          struct spawn_plan *plan, struct error *err)
{
    const char *path = environment_find(plan->environment, "PATH");
    const char *search = path ? path : SPAWN_USUAL_PATH;
    if (process_switches_to(&settings->process) && !strchr(settings->program, '/'))
        return list_programs(settings, search, arena, plan, err);
    char *program = arena_alloc(arena, PATH_MAX);
    if (!program)
        return error_set(err, "out of memory");
    plan->program = program;
    return spawn_find_program(settings->program, search, settings->cwd, program, PATH_MAX, err) &&
           spawn_program_is_safe(program, err);
}

static bool launch_plan(struct launch *launch, struct error *err)
{
    const struct command_settings *settings = launch->settings;
    struct spawn_plan *plan = &launch->plan;
    const struct command_given *given = &launch->given;
    plan->environment = environment_build(&launch->arena, settings, given->env, launch->delivery,
                                          launch->body_file, launch->files, err);
    if (!plan->environment)
        return false;
    plan->arguments = given->arguments;
    plan->directory = settings->cwd;
    plan->inside = given->inside;
    plan->file = launch->body_file;
    if (!plan->file && launch->files &&
        !(plan->file = arena_format(&launch->arena, "%s/1", launch->files)))
        return error_set(err, "out of memory");
    plan->process = &settings->process;
    return command_find_program(settings, &launch->arena, plan, err);
}

/* A full disk may have room again. */
static enum spawn_result files_failed(void)
{
    return spawn_errno_is_passing(errno) || errno == ENOSPC || errno == EDQUOT ? SPAWN_LATER
                                                                               : SPAWN_FAILED;
}

static bool has_directory(const struct delivery *delivery, struct error *err)
{
    errno = 0;
    return delivery->body_files ||
           error_set(err, "there is no directory for the files of the event");
}

enum spawn_result command_put_files(const struct command_settings *settings,
                                    const struct delivery *delivery, char **files,
                                    struct error *err)
{
    const struct process_account *account = process_switches_to(&settings->process);
    *files = NULL;
    if (!delivery->parts || delivery->parts->file_count == 0)
        return SPAWN_STARTED;
    if (has_directory(delivery, err))
        *files = body_files_put(delivery->body_files, delivery->parts, account, err);
    return *files ? SPAWN_STARTED : files_failed();
}

/* The body as a file, if it is wanted so, and the files of a multipart form. */
static enum spawn_result launch_put_files(struct launch *launch, struct error *err)
{
    const struct command_settings *settings = launch->settings;
    const struct delivery *delivery = launch->delivery;
    if (settings->body_file && has_directory(delivery, err))
        launch->body_file = body_files_make(delivery->body_files, delivery->body,
                                            process_switches_to(&settings->process), err);
    if (settings->body_file && !launch->body_file)
        return files_failed();
    return command_put_files(settings, delivery, &launch->files, err);
}

/* What the cgroup limits is not limited again for each process. */
enum spawn_result command_make_tree(const struct command_settings *settings,
                                    struct process_forest *forest, struct spawn_plan *plan,
                                    struct process_tree *tree, struct error *err)
{
    const struct process_limits *limits = &settings->process.limits;
    const struct process_tree_limits wanted = {limits->memory, limits->processes};
    if (!forest)
        return SPAWN_STARTED;
    plan->memory_in_cgroup = forest->has_memory;
    plan->processes_in_cgroup = forest->has_pids;
    plan->tree = tree;
    if (process_tree_make(forest, &wanted, tree, err))
        return SPAWN_STARTED;
    return spawn_errno_is_passing(errno) || errno == ENOSPC ? SPAWN_LATER : SPAWN_FAILED;
}

static enum spawn_result launch_start(struct launch *launch, struct launched *launched,
                                      struct error *err)
{
    enum spawn_result result = launch_put_files(launch, err);
    if (result != SPAWN_STARTED)
        return result;
    errno = 0;
    if (!launch_fill(launch, err)) /* for want of memory, or for good */
        return spawn_errno_is_passing(errno) ? SPAWN_LATER : SPAWN_NEVER;
    errno = 0;
    if (!launch_plan(launch, err))
        return spawn_errno_is_passing(errno) ? SPAWN_LATER : SPAWN_FAILED;
    result = launch_open(launch, err);
    if (result == SPAWN_STARTED)
        result = command_make_tree(launch->settings, launch->delivery->forest, &launch->plan,
                                   &launch->started.tree, err);
    if (result == SPAWN_STARTED)
        result = spawn_start(&launch->plan, &launch->started.process, err);
    if (result != SPAWN_STARTED)
        return result;
    for (int i = 0; i < 2; i++) {
        launched->outputs[i] = launch->outputs[i];
        launch->outputs[i] = -1;
    }
    launched->started = launch->started;
    launch->started.tree.forest = NULL;
    launched->body_file = launch->body_file;
    launched->files = launch->files;
    launch->body_file = launch->files = NULL;
    return SPAWN_STARTED;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

enum spawn_result command_launch(const struct command_settings *settings,
                                 const struct delivery *delivery, struct launched *launched,
                                 struct error *err)
{
    struct launch launch = {.settings = settings,
                            .delivery = delivery,
                            .plan.stdio = {-1, -1, -1},
                            .outputs = {-1, -1}};
    arena_init(&launch.arena, ENVIRONMENT_MAX);
    enum spawn_result result = launch_start(&launch, launched, err);
    close_all(launch.plan.stdio, 3);
    if (launch.started.tree.forest)
        process_tree_remove(&launch.started.tree);
    close_all(launch.outputs, 2);
    body_file_remove(launch.body_file);
    body_files_remove(launch.files);
    arena_finish(&launch.arena);
    return result;
}
