/* `tenterhook pause` and `tenterhook resume`: whether deliveries of a route start. Both write one
 * row of the journal, so they work beside a server and without one; then they have a running server
 * read it, so that nothing of the route begins once `pause` has returned. A route that is paused is
 * resumed also if the route file does not have it any more. */
#include "base/clock.h"
#include "config/settings.h"
#include "server/cli/control.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/journal/editor.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <string.h>

enum {
    BECAUSE_MAX = 500,
    PATIENCE_MS = 5000, /* a server that is busy takes note of it by itself */
};

struct options {
    struct file_options at;
    const char *route, *because;
};

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
    if (end != CONTROL_DONE && end != CONTROL_NO_SERVER && end != CONTROL_BARRED)
        fputs("tenterhook: the server has not confirmed it yet\n", stderr);
}

static int pause_route(const struct settings *settings, const struct options *options)
{
    struct error err = {""};
    bool changed = false;
    if (!cli_has_route(settings, options->route))
        return cli_tell_no_route(settings, options->route);
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
        return cli_tell_no_route(settings, options->route);
    print_route("route ", options->route,
                changed ? " is resumed: what waits starts" : " was not paused");
    return EXIT_DONE;
}

static int run(const struct options *options,
               int (*change)(const struct settings *settings, const struct options *options))
{
    struct settings *settings = cli_load_settings(options->at.config);
    int code = settings ? change(settings, options) : EXIT_ENVIRONMENT;
    settings_destroy(settings);
    return code;
}

static int pause_run(void *options)
{
    return run(options, pause_route);
}

static int resume_run(void *options)
{
    return run(options, resume_route);
}

static bool take_because(void *field, const char *text, struct error *err)
{
    if (strlen(text) > BECAUSE_MAX)
        return error_set(err, "takes %d bytes at most", BECAUSE_MAX);
    *(const char **)field = text;
    return true;
}

static const struct option_row pause_rows[] = {
    {.value = "ROUTE",
     .kind = OPTION_ROUTE,
     .needed = ALL_FORMS,
     .offset = offsetof(struct options, route),
     .sentence = "the name of a route"},
    {.name = "because",
     .value = "TEXT",
     .kind = OPTION_CUSTOM,
     .offset = offsetof(struct options, because),
     .sentence = "the reason, which `status` and `events` show",
     .default_text = "",
     .take = take_because},
};

const struct verb pause_verb = {
    .name = "pause",
    .sentence = "stores the events of a route and starts nothing of it until it is resumed",
    .more = "What runs goes on to its end.",
    .groups = {OPTION_GROUP(pause_rows), {file_rows, FILE_ROWS, 0, 0}},
    .forms = {{.run = pause_run}},
    .size = sizeof(struct options)};

/* The route alone. */
const struct verb resume_verb = {.name = "resume",
                                 .sentence = "starts what waits of a route that is paused",
                                 .groups = {{pause_rows, 1, 0, 0}, {file_rows, FILE_ROWS, 0, 0}},
                                 .forms = {{.run = resume_run}},
                                 .size = sizeof(struct options)};
