/* `tenterhook diff`: which routes and keys a reload would change. The server tells a digest of each
 * key of the file that it has read; the other file is read here. So secrets are compared without
 * being told, and a file that was changed on the disk is not taken for the one that runs. */
#include "config/loader.h"
#include "server/cli/key_lists.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"

#include <getopt.h>
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

static int diff_run(int argc, char **argv)
{
    struct control_options options;
    int code = control_read_options(argc, argv, &options);
    if (code >= 0)
        return code;
    const char *config = cli_config_file(options.config);
    code = EXIT_USAGE;
    if (argc - optind <= 1)
        code = diff(optind < argc ? argv[optind] : config, options.journal, config);
    free(options.journal);
    return code;
}

const struct verb diff_verb = {
    "diff", "diff [FILE] [-c FILE | --journal FILE]",
    "says which routes and keys a reload would change, if FILE were the route file", diff_run};
