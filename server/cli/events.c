/* `tenterhook events`: reads the journal while the server runs, and changes nothing. It needs only
 * the path of the journal, so the route file is read without its secrets. */
#include "server/cli/events_parts.h"

#include "config/loader.h"
#include "server/cli/verbs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LIST_DEFAULT = 50, TAIL_DEFAULT = 10 };

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
    if (options->at.journal)
        return (options->path = strdup(options->at.journal));
    struct settings *settings = cli_load_alone(options->at.config);
    if (settings)
        options->path = strdup(settings->journal.path);
    settings_destroy(settings);
    return options->path;
}

/* ---- the verb ---- */

typedef int events_part(struct journal_reader *reader, struct events_options *options);

static int read_with(struct events_options *options, events_part *part)
{
    struct journal_reader *reader = find_journal(options) ? open_reader(options->path) : NULL;
    if (!reader)
        return EXIT_ENVIRONMENT;
    setpriority(PRIO_PROCESS, 0, 10); /* a long search leaves the processor to the server */
    const char *route = options->search.filter.route;
    int code = route && !search_check_route(reader, route, NULL) ? EXIT_NO : part(reader, options);
    journal_reader_close(reader);
    return code;
}

/* `limit`: unless it is said; 0: none. */
static int run_part(struct events_options *options, int64_t limit, events_part *part)
{
    struct search *search = &options->search;
    search->limit = search->limit ? search->limit : limit;
    int code = search_begin(search) ? read_with(options, part) : EXIT_USAGE;
    search_finish(search);
    free(options->path);
    return code;
}

static int list_run(void *options)
{
    return run_part(options, LIST_DEFAULT, events_list);
}

static int show_run(void *options)
{
    return run_part(options, 0, events_show);
}

static int tail_run(void *given)
{
    struct events_options *options = given;
    const struct search *search = &options->search;
    if (options->follow && (search_is_narrow(search) || search->limit)) {
        print_failure("--follow shows one event: options that choose events are not for it");
        return EXIT_USAGE;
    }
    return run_part(options, TAIL_DEFAULT, events_tail);
}

static int export_run(void *options)
{
    return run_part(options, 0, events_export);
}

/* Bits of the forms, in their order. */
enum { LIST = 1, SHOW = 2, TAIL = 4, EXPORT = 8, SEARCHES = LIST | TAIL | EXPORT };

static const struct option_row rows[] = {
    {.value = "ID",
     .kind = OPTION_EVENT,
     .forms = SHOW,
     .needed = SHOW,
     .offset = offsetof(struct events_options, id),
     .sentence = "the id of an event, or how it begins"},
    {.name = "body",
     .kind = OPTION_FLAG,
     .forms = SHOW,
     .offset = offsetof(struct events_options, body),
     .sentence = "prints the body and nothing else, byte for byte"},
    {.name = "raw",
     .kind = OPTION_FLAG,
     .forms = SHOW,
     .offset = offsetof(struct events_options, raw),
     .sentence = "shows the body as it came, not laid out"},
    {.name = "follow",
     .value = "ID",
     .kind = OPTION_EVENT,
     .forms = TAIL,
     .offset = offsetof(struct events_options, follow),
     .sentence = "shows the output of the commands of this event as it comes"},
    {.name = "exact",
     .kind = OPTION_FLAG,
     .forms = EXPORT,
     .offset = offsetof(struct events_options, exact),
     .sentence = "writes every body as base64, byte for byte"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .forms = LIST | SHOW | TAIL,
     .offset = offsetof(struct events_options, json),
     .sentence = "prints JSON, for programs"},
};

const struct verb events_verb = {
    .name = "events",
    .sentence = "shows events and their outcomes, while the server runs or afterwards",
    .more = "Without --limit, list shows the last 50 events, tail begins with the last 10, and "
            "export writes all.",
    .groups = {OPTION_GROUP(rows),
               {search_rows, SEARCH_ROWS, offsetof(struct events_options, search), SEARCHES},
               {search_outcome_rows, SEARCH_OUTCOME_ROWS, offsetof(struct events_options, search),
                SEARCHES},
               {search_place_rows, SEARCH_PLACE_ROWS, offsetof(struct events_options, search),
                LIST | EXPORT},
               {place_rows, PLACE_ROWS, offsetof(struct events_options, at), 0}},
    .forms = {{"list", "shows the newest events, one a line", list_run},
              {"show", "shows all of one event", show_run},
              {"tail", "shows the last events and those that come, until it is ended", tail_run},
              {"export", "writes whole events as lines of JSON, the oldest first", export_run}},
    .size = sizeof(struct events_options)};
