/* `tenterhook pause` and `tenterhook resume`: whether deliveries of a route start. Both write one
 * row of the journal, so they work beside a server and without one; the runner notices within a
 * second. A route that is paused is resumed also if the route file does not have it any more. */
#include "base/clock.h"
#include "config/loader.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"
#include "server/journal/editor.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { BECAUSE_MAX = 500 };

struct options {
    const char *config, *route, *because;
};

static bool read_options(struct options *options, int argc, char **argv, bool pauses)
{
    static const struct option names[] = {{"because", required_argument, NULL, 'b'},
                                          {NULL, 0, NULL, 0}};
    int option;
    *options = (struct options){.because = ""};
    optind = 1;
    while ((option = getopt_long(argc, argv, "c:", pauses ? names : names + 1, NULL)) != -1) {
        if (option == 'c')
            options->config = optarg;
        else if (option == 'b')
            options->because = optarg;
        else
            return false;
    }
    options->route = argv[optind];
    return argc - optind == 1;
}

static bool has_route(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->route_count; i++)
        if (strcmp(settings->routes[i].name, name) == 0)
            return true;
    return false;
}

static void print_route(const char *before, const char *route, const char *after)
{
    fputs(before, stdout);
    print_safe(stdout, bytes_of_text(route));
    puts(after);
}

static int fail(const struct error *err)
{
    print_failure(err->text);
    return EXIT_ENVIRONMENT;
}

/* An exit code. */
static int tell_no_route(const char *route)
{
    struct error err;
    error_set(&err, "the route file has no route %s", route);
    print_failure(err.text);
    return EXIT_NO;
}

static int pause_route(const struct settings *settings, const struct options *options)
{
    struct error err = {""};
    bool changed = false;
    if (!has_route(settings, options->route))
        return tell_no_route(options->route);
    struct journal_edit *edit = journal_edit_open(settings->journal.path, &err);
    bool good = edit && journal_edit_begin(edit, &err) &&
                journal_edit_pause(edit, options->route, options->because, clock_unix_ms(),
                                   &changed, &err) &&
                journal_edit_commit(edit, &err);
    journal_edit_close(edit);
    if (!good)
        return fail(&err);
    print_route("route ", options->route,
                changed ? " is paused: its events are stored, and start after \"resume\""
                        : " was paused before");
    return EXIT_DONE;
}

static int resume_route(const struct settings *settings, const struct options *options)
{
    struct error err = {""};
    bool changed = false;
    struct journal_edit *edit = journal_edit_open(settings->journal.path, &err);
    bool good = edit && journal_edit_begin(edit, &err) &&
                journal_edit_resume(edit, options->route, &changed, &err) &&
                journal_edit_commit(edit, &err);
    journal_edit_close(edit);
    if (!good)
        return fail(&err);
    if (!changed && !has_route(settings, options->route))
        return tell_no_route(options->route);
    print_route("route ", options->route,
                changed ? " is resumed: what waits starts" : " was not paused");
    return EXIT_DONE;
}

static int run(int argc, char **argv, bool pauses)
{
    struct options options;
    struct problem_list problems;
    if (!read_options(&options, argc, argv, pauses))
        return EXIT_USAGE;
    if (strlen(options.because) > BECAUSE_MAX) {
        print_failure("--because takes 500 bytes at most");
        return EXIT_USAGE;
    }
    problem_list_init(&problems);
    struct settings *settings =
        settings_load_secretless(cli_config_file(options.config), &program_registry, &problems);
    if (!settings)
        problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    int code = !settings ? EXIT_ENVIRONMENT
               : pauses  ? pause_route(settings, &options)
                         : resume_route(settings, &options);
    settings_destroy(settings);
    return code;
}

static int pause_run(int argc, char **argv)
{
    return run(argc, argv, true);
}

static int resume_run(int argc, char **argv)
{
    return run(argc, argv, false);
}

const struct verb pause_verb = {
    "pause", "pause ROUTE [--because TEXT] [-c FILE]",
    "stores the events of the route and starts nothing of it, until \"resume\"; what runs ends",
    pause_run};
const struct verb resume_verb = {"resume", "resume ROUTE [-c FILE]",
                                 "starts what waits of a route that is paused", resume_run};
