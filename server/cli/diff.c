/* `tenterhook diff`: which routes and keys a reload would change. The server tells a digest of each
 * key of the file that it has read; the other file is read here. So secrets are compared without
 * being told, and a file that was changed on the disk is not taken for the one that runs. */
#include "config/loader.h"
#include "server/cli/key_lists.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATIENCE_MS = 10 * 1000 };

struct options {
    struct place_options at;
    const char *file; /* NULL: that of -c */
};

struct comparison {
    const char *file, *config; /* what would be the route file, and the one of -c */
    const char *journal;       /* of the server; NULL: of the one at the usual place */
    bool is_config;            /* `file` is the one of -c */
    bool is_running;           /* what a server runs with is compared */
    struct key_list before, after;
};

static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;
    return strcmp(one, other) == 0 || (stat(one, &a) == 0 && stat(other, &b) == 0 &&
                                       a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* The side that a reload would change; false after printing why it is not known. The file of -c
 * stands for a server that does not run, unless it would be compared with itself. */
static bool read_before(struct comparison *both, bool journal_is_given)
{
    struct error why;
    enum control_end end = key_list_ask_server_of(
        &both->before, journal_is_given ? NULL : both->config, &both->journal, &why);
    both->is_running = end == CONTROL_DONE;
    if (both->is_running)
        return true;
    print_failure(why.text);
    if (both->is_config)
        fputs("what runs is not known, and so not what a reload would change\n", stderr);
    struct settings *settings =
        end == CONTROL_NO_SERVER && !both->is_config ? cli_load_settings(both->config) : NULL;
    if (!settings)
        return false;
    fprintf(stderr, "compared with %s\n", both->config);
    key_list_add(&both->before, settings);
    settings_destroy(settings);
    return true;
}

static bool compare_journal(void *context, struct json_object *line, struct bytes text)
{
    const char **journal = context;
    (void)text;
    if (strcmp(control_text(control_part(line, "server"), "journal"), *journal) != 0)
        *journal = NULL;
    return false;
}

/* As a reload judges it: it is refused then. */
static bool moves_journal(const struct comparison *both, const struct settings *settings)
{
    const char *journal = settings->journal.path;
    struct error why;
    const struct control_request request = {.journal = both->journal,
                                            .verb = "status",
                                            .patience_ms = PATIENCE_MS,
                                            .line = compare_journal,
                                            .context = &journal};
    return both->is_running && control_ask(&request, NULL, &why) == CONTROL_LEFT && !journal;
}

/* An exit code. */
static int tell(struct comparison *both, const struct settings *settings)
{
    bool moves = moves_journal(both, settings);
    int different = key_lists_print(&both->before, &both->after);
    if (moves)
        puts("journal.path cannot change in a reload; a restart takes it");
    if (different < 0)
        print_failure("no memory");
    else if (different == 0 && !moves)
        puts(both->is_running ? "nothing would change" : "no key differs");
    return different < 0 ? EXIT_ENVIRONMENT : different == 0 && !moves ? EXIT_DONE : EXIT_NO;
}

static int diff(struct comparison *both, bool journal_is_given)
{
    int code = EXIT_ENVIRONMENT;
    struct settings *settings = cli_load_settings(both->file);
    if (settings && read_before(both, journal_is_given)) {
        key_list_add(&both->after, settings);
        code = tell(both, settings);
    }
    if (settings)
        settings_destroy(settings);
    key_list_finish(&both->before);
    key_list_finish(&both->after);
    return code;
}

static int diff_run(void *given)
{
    const struct options *options = given;
    const char *config = cli_config_file(options->at.config);
    char *journal = cli_find_journal(&options->at);
    struct comparison both = {
        .file = options->file ? options->file : config, .config = config, .journal = journal};
    both.is_config = is_same_file(both.file, config);
    int code = journal ? diff(&both, options->at.journal != NULL) : EXIT_ENVIRONMENT;
    free(journal);
    return code;
}

static const struct option_row rows[] = {
    {.value = "FILE",
     .kind = OPTION_FILE,
     .offset = offsetof(struct options, file),
     .sentence = "what would be the route file; without it the file of -c, as it is now"}};

const struct verb diff_verb = {
    .name = "diff",
    .sentence = "says which routes and keys a reload would change, if FILE were the route file",
    .more =
        "Compares with what the running server has loaded; if none runs, FILE is compared with the "
        "route file. The exit code is 0 if nothing would change, 1 if something would, and 3 if "
        "what runs is not known.",
    .groups = {OPTION_GROUP(rows), {place_rows, PLACE_ROWS, 0, 0}},
    .forms = {{.run = diff_run}},
    .size = sizeof(struct options)};
