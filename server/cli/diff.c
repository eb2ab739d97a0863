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

/* The side that a reload would change; false after printing why it is not known. */
static bool read_before(struct key_list *list, const char *journal, const char *config)
{
    struct error why;
    enum control_end end = key_list_ask(list, journal, &why);
    if (end == CONTROL_DONE)
        return true;
    print_failure(why.text);
    struct settings *settings = end == CONTROL_NO_SERVER ? cli_load_settings(config) : NULL;
    if (!settings)
        return false;
    fprintf(stderr, "compared with %s\n", config);
    key_list_add(list, settings);
    settings_destroy(settings);
    return true;
}

/* An exit code. */
static int tell(struct key_list *before, struct key_list *after)
{
    int different = key_lists_print(before, after);
    if (different < 0)
        print_failure("no memory");
    else if (different == 0)
        puts("nothing would change");
    return different < 0 ? EXIT_ENVIRONMENT : different == 0 ? EXIT_DONE : EXIT_NO;
}

static int diff(const char *file, const char *journal, const char *config)
{
    struct key_list before = {NULL}, after = {NULL};
    int code = EXIT_ENVIRONMENT;
    struct settings *settings = cli_load_settings(file);
    if (settings && read_before(&before, journal, config)) {
        key_list_add(&after, settings);
        code = tell(&before, &after);
    }
    if (settings)
        settings_destroy(settings);
    key_list_finish(&before);
    key_list_finish(&after);
    return code;
}

struct options {
    struct place_options at;
    const char *file; /* NULL: that of -c */
};

static int diff_run(void *given)
{
    const struct options *options = given;
    const char *config = cli_config_file(options->at.config);
    char *journal = cli_find_journal(&options->at);
    int code =
        journal ? diff(options->file ? options->file : config, journal, config) : EXIT_ENVIRONMENT;
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
    .more = "The exit code is 0 if nothing would change, and 1 if something would.",
    .groups = {OPTION_GROUP(rows), {place_rows, PLACE_ROWS, 0, 0}},
    .forms = {{.run = diff_run}},
    .size = sizeof(struct options)};
