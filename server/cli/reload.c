/* `tenterhook reload`: has the running server read its route file anew, and prints what it says:
 * the problems as `check` prints them; or which keys have changed, and the generation that serves.
 * Where the file cannot be parsed, or names a journal that is none of a server's, it does not say
 * which server is meant: the one at the usual place is asked, if it runs with that file. */
#include "config/loader.h"
#include "handlers/schema/value.h"
#include "server/cli/key_lists.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <stdlib.h>

/* Longer than a process that does not get ready lives. */
enum { PATIENCE_MS = 120 * 1000 };

static bool print_problems(void *context, struct json_object *line, struct bytes text)
{
    (void)context;
    (void)text;
    print_bytes(stderr, bytes_of_text(control_text(line, "text")), true);
    return true;
}

/* What the reload has changed, if all of that is known. */
static void print_changes(struct key_list *before, const char *journal)
{
    struct key_list after = {NULL};
    struct error why;
    if (before->count > 0 && key_list_ask(&after, journal, &why) == CONTROL_DONE)
        key_lists_print(before, &after);
    key_list_finish(&after);
}

/* `file`: NULL where the journal says which server is meant. */
static int reload(const char *journal, const char *file)
{
    struct key_list before = {NULL};
    struct json_object *last;
    struct error why;
    if (key_list_ask_server_of(&before, file, &journal, &why) != CONTROL_DONE)
        key_list_finish(&before);
    const struct control_request request = {
        .journal = journal, .verb = "reload", .patience_ms = PATIENCE_MS, .line = print_problems};
    enum control_end end = control_ask(&request, &last, &why);
    if (end == CONTROL_DONE)
        print_changes(&before, journal);
    if (end == CONTROL_DONE)
        printf("generation %lld serves\n", (long long)control_number(last, "generation"));
    else
        print_failure(why.text);
    if (end == CONTROL_FAILED)
        fputs("the server goes on with the file before\n", stderr);
    if (last)
        value_release(last);
    key_list_finish(&before);
    return end == CONTROL_DONE ? EXIT_DONE : end == CONTROL_FAILED ? EXIT_NO : EXIT_ENVIRONMENT;
}

/* ---- which server ---- */

static int reload_by_file(const char *file)
{
    struct problem_list problems;
    int code;
    problem_list_init(&problems);
    char *journal = settings_find_journal(file, &program_registry, &problems);
    if (journal || control_usual_server_has(file)) {
        code = reload(journal, file);
    } else {
        problem_list_print(&problems, stderr);
        fputs("nothing is reloaded: no server with this file is at the usual place, and the file "
              "does not say where its journal is\n",
              stderr);
        code = problems.unreadable ? EXIT_ENVIRONMENT : EXIT_NO;
    }
    problem_list_finish(&problems);
    free(journal);
    return code;
}

static int reload_run(void *given)
{
    const struct place_options *options = given;
    return options->journal ? reload(options->journal, NULL)
                            : reload_by_file(cli_config_file(options->config));
}

const struct verb reload_verb = {
    .name = "reload",
    .sentence = "has the running server read its route file",
    .more =
        "Prints what is wrong with the file, and then the exit code is 1 and the server goes on "
        "with the one before; or what has changed, and the generation that serves.",
    .groups = {{place_rows, PLACE_ROWS, 0, 0}},
    .forms = {{.run = reload_run}},
    .size = sizeof(struct place_options)};
