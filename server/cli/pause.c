/* `tenterhook pause` and `tenterhook resume`: whether deliveries of a route start. Both write one
 * row of the journal, so they work beside a server and without one; then they have a running server
 * read it, so that nothing of the route begins once `pause` has returned. A route that is paused is
 * resumed also if the route file does not have it any more. */
#include "base/clock.h"
#include "config/settings.h"
#include "server/cli/control.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"
#include "server/journal/editor.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
    BECAUSE_MAX = 500,
    PATIENCE_MS = 5000, /* a server that is busy takes note of it by itself */
};

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

/* Returns once the server has read what was written, if one runs. */
static void tell_server(const char *journal)
{
    const struct control_request request = {
        .journal = journal, .verb = "refresh", .patience_ms = PATIENCE_MS};
    struct error why;
    enum control_end end = control_ask(&request, NULL, &why);
    if (end != CONTROL_DONE && end != CONTROL_NO_SERVER)
        fputs("tenterhook: the server has not confirmed it yet\n", stderr);
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
    if (!cli_has_route(settings, options->route))
        return tell_no_route(options->route);
    struct journal_edit *edit = journal_edit_open(settings->journal.path, &err);
    bool good = edit && journal_edit_begin(edit, &err) &&
                journal_edit_pause(edit, options->route, options->because, clock_unix_ms(),
                                   &changed, &err) &&
                journal_edit_commit(edit, &err);
    journal_edit_close(edit);
    if (!good)
        return fail(&err);
    tell_server(settings->journal.path);
    print_route("route ", options->route,
                changed ? " is paused: its events are stored, and wait"
                        : " was paused before: nothing is changed");
    print_route("to let them start: tenterhook resume ", options->route, "");
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
    tell_server(settings->journal.path);
    if (!changed && !cli_has_route(settings, options->route))
        return tell_no_route(options->route);
    print_route("route ", options->route,
                changed ? " is resumed: what waits starts" : " was not paused");
    return EXIT_DONE;
}

static int run(int argc, char **argv, bool pauses)
{
    struct options options;
    if (!read_options(&options, argc, argv, pauses))
        return EXIT_USAGE;
    if (strlen(options.because) > BECAUSE_MAX) {
        print_failure("--because takes 500 bytes at most");
        return EXIT_USAGE;
    }
    struct settings *settings = cli_load_settings(options.config);
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
