/* `tenterhook events`: reads the journal while the server runs, and changes nothing. It needs only
 * the path of the journal, so the route file is read without its secrets. */
#include "server/cli/events_parts.h"

#include "config/loader.h"
#include "server/cli/verb.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LIST_DEFAULT = 50, TAIL_DEFAULT = 10 };

/* ---- options ---- */

static bool take_option(struct events_options *options, int option, const char *value)
{
    switch (option) {
    case 'c':
        options->config = value;
        return true;
    case 'j':
        options->journal = value;
        return true;
    case 'f':
        options->follow = value;
        return true;
    case 'J':
        return options->json = true;
    case 'b':
        return options->body = true;
    case 'r':
        return options->raw = true;
    case 'e':
        return options->exact = true;
    }
    return search_take_option(&options->search, option, value);
}

static bool read_options(struct events_options *options, int argc, char **argv)
{
    static const struct option names[] = {SEARCH_OPTIONS,
                                          {"journal", required_argument, NULL, 'j'},
                                          {"follow", required_argument, NULL, 'f'},
                                          {"json", no_argument, NULL, 'J'},
                                          {"body", no_argument, NULL, 'b'},
                                          {"raw", no_argument, NULL, 'r'},
                                          {"exact", no_argument, NULL, 'e'},
                                          {NULL, 0, NULL, 0}};
    int option;
    *options = (struct events_options){.config = NULL};
    optind = 1;
    while ((option = getopt_long(argc, argv, "c:", names, NULL)) != -1)
        if (!take_option(options, option, optarg))
            return false;
    for (; optind < argc; optind++) {
        if (options->operand_count == 2)
            return false;
        options->operands[options->operand_count++] = argv[optind];
    }
    if (options->operand_count == 0)
        options->operands[options->operand_count++] = "list";
    return true;
}

/* ---- the journal ---- */

/* NULL after saying why. */
static struct journal_reader *open_reader(const char *path)
{
    struct error why = {""};
    struct journal_reader *reader = journal_reader_open(path, &why);
    if (!reader)
        print_failure(why.text);
    return reader;
}

/* The path of the journal into the options; false after saying why not. */
static bool find_journal(struct events_options *options)
{
    if (options->journal)
        return (options->path = strdup(options->journal));
    struct settings *settings = cli_load_alone(options->config);
    if (settings)
        options->path = strdup(settings->journal.path);
    settings_destroy(settings);
    return options->path;
}

/* ---- the verb ---- */

static const struct {
    const char *name;
    int operands;
    bool searches;
    int64_t limit; /* unless it is said; 0: none */
    int (*run)(struct journal_reader *reader, struct events_options *options);
} parts[] = {{"list", 1, true, LIST_DEFAULT, events_list},
             {"show", 2, false, 0, events_show},
             {"tail", 1, true, TAIL_DEFAULT, events_tail},
             {"export", 1, true, 0, events_export}};

static int run_part(size_t part, struct events_options *options)
{
    struct search *search = &options->search;
    bool is_asked = search_is_narrow(search) || search->limit > 0;
    if (parts[part].operands != options->operand_count || (is_asked && !parts[part].searches))
        return EXIT_USAGE;
    search->limit = search->limit ? search->limit : parts[part].limit;
    struct journal_reader *reader = find_journal(options) ? open_reader(options->path) : NULL;
    if (!reader)
        return EXIT_ENVIRONMENT;
    setpriority(PRIO_PROCESS, 0, 10); /* a long search leaves the processor to the server */
    const char *route = search->filter.route;
    int code = route && !search_check_route(reader, route, NULL) ? EXIT_NO
                                                                 : parts[part].run(reader, options);
    journal_reader_close(reader);
    return code;
}

static int events_run(int argc, char **argv)
{
    struct events_options options;
    int code = EXIT_USAGE;
    if (read_options(&options, argc, argv))
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (strcmp(parts[i].name, options.operands[0]) == 0)
                code = run_part(i, &options);
    search_finish(&options.search);
    free(options.path);
    return code;
}

const struct verb events_verb = {
    "events",
    "events [list | tail [--follow ID] | export [--exact] | show ID [--body] [--raw]] [--route R] "
    "[--type T] [--state S] [--action A] [--since TIME] [--until TIME] [--where CONDITION] "
    "[--text TEXT] [--before ID] [--after ID] [--limit N] [--json] [-c FILE | --journal FILE]",
    "shows events and their outcomes, while the server runs or afterwards. TIME is a duration (1h, "
    "2d), a day or a time of UTC; CONDITION an entry of when, such as "
    "{value: payload.ref, equals: refs/heads/main}. --follow shows the output of the commands of "
    "an "
    "event as it comes",
    events_run};
