/* `tenterhook events`: reads the journal while the server runs, and changes nothing. It needs only
 * the path of the journal, so the route file is read without its secrets. */
#include "config/loader.h"
#include "server/cli/events_print.h"
#include "server/cli/follow.h"
#include "server/cli/output.h"
#include "server/cli/paused.h"
#include "server/cli/tail.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_DEFAULT = 50, LIST_PAGE = 500 };

struct events_options {
    const char *config, *journal, *route, *state, *follow;
    char *path; /* of the journal; owned */
    int64_t limit;
    bool json, body;
    const char *operands[2];
    int operand_count;
};

/* ---- options ---- */

static bool is_state(const char *text)
{
    static const char *const states[] = {"pending", "running", "done", "dead", "superseded"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(states[i], text) == 0)
            return true;
    fprintf(stderr, "tenterhook: the states are pending, running, done, dead and "
                    "superseded\n");
    return false;
}

static bool read_limit(const char *text, int64_t *limit)
{
    uint64_t number;
    if (!bytes_to_uint64(bytes_of_text(text), &number) || number == 0 || number > INT32_MAX) {
        fprintf(stderr, "tenterhook: --limit needs a number from 1\n");
        return false;
    }
    *limit = (int64_t)number;
    return true;
}

static bool take_option(struct events_options *options, int option, const char *value)
{
    switch (option) {
    case 'c':
        options->config = value;
        return true;
    case 'j':
        options->journal = value;
        return true;
    case 'r':
        options->route = value;
        return true;
    case 's':
        options->state = value;
        return is_state(value);
    case 'n':
        return read_limit(value, &options->limit);
    case 'f':
        options->follow = value;
        return true;
    case 'J':
        return options->json = true;
    case 'b':
        return options->body = true;
    }
    return false;
}

static bool read_options(struct events_options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"journal", required_argument, NULL, 'j'}, {"route", required_argument, NULL, 'r'},
        {"state", required_argument, NULL, 's'},   {"limit", required_argument, NULL, 'n'},
        {"follow", required_argument, NULL, 'f'},  {"json", no_argument, NULL, 'J'},
        {"body", no_argument, NULL, 'b'},          {NULL, 0, NULL, 0}};
    int option;
    *options = (struct events_options){.limit = LIST_DEFAULT};
    optind = 1;
    while ((option = getopt_long(argc, argv, "c:", names, NULL)) != -1)
        if (!take_option(options, option, optarg))
            return false;
    for (; optind < argc; optind++) {
        if (options->operand_count == 2)
            return false;
        options->operands[options->operand_count++] = argv[optind];
    }
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
    struct problem_list problems;
    if (options->journal)
        return (options->path = strdup(options->journal));
    problem_list_init(&problems);
    struct settings *settings =
        settings_load_alone(cli_config_file(options->config), &program_registry, &problems);
    if (!settings)
        problem_list_print(&problems, stderr);
    else
        options->path = strdup(settings->journal.path);
    settings_destroy(settings);
    problem_list_finish(&problems);
    return options->path;
}

/* ---- list ---- */

struct listing {
    const struct events_options *options;
    struct page page;
    int64_t rows, last;
};

static void list_row(void *context, const struct event_view *event)
{
    struct listing *listing = context;
    events_print_row(listing->page.out, event, listing->options->json);
    listing->rows++;
    listing->last = event->seq;
}

static int run_list(struct journal_reader *reader, struct events_options *options)
{
    struct event_filter filter = {.route = options->route, .state = options->state};
    struct listing listing = {.options = options};
    if (!options->json && !paused_print(reader, stderr))
        return events_print_failure(reader);
    if (!options->json)
        events_print_head(stdout);
    for (int64_t left = options->limit; left > 0; left -= listing.rows) {
        listing.rows = 0;
        filter.before = listing.last;
        filter.limit = left < LIST_PAGE ? left : LIST_PAGE;
        if (!page_begin(&listing.page))
            return EXIT_ENVIRONMENT;
        bool read = journal_reader_list(reader, &filter, list_row, &listing);
        bool written = page_end(&listing.page);
        if (!read)
            return events_print_failure(reader);
        if (!written || listing.rows < filter.limit)
            break;
    }
    return EXIT_DONE;
}

/* ---- show ---- */

static void show_event(void *context, const struct event_view *event)
{
    events_print_event(context, event);
}

static void show_stored(void *context, const struct event *stored)
{
    events_print_stored(context, stored);
}

static void show_delivery(void *context, const struct delivery_view *delivery)
{
    events_print_delivery(context, delivery);
}

static void write_body(void *context, const struct event *stored)
{
    struct page *page = context;
    print_bytes(page->out, stored->body, print_is_for_terminal());
}

static int show_body(struct journal_reader *reader, int64_t seq)
{
    struct page page;
    if (!page_begin(&page))
        return EXIT_ENVIRONMENT;
    bool there = journal_reader_body(reader, seq, write_body, &page);
    page_end(&page);
    if (there)
        return EXIT_DONE;
    fprintf(stderr, "tenterhook: the body is no longer stored\n");
    return EXIT_NO;
}

static bool put_all(struct journal_reader *reader, int64_t seq, struct events_detail *detail)
{
    if (!journal_reader_event(reader, seq, show_event, detail))
        return false;
    journal_reader_body(reader, seq, show_stored, detail);
    if (!journal_reader_deliveries(reader, seq, show_delivery, detail))
        return false;
    events_print_end(detail);
    return true;
}

static int show_all(struct journal_reader *reader, int64_t seq, bool json)
{
    struct page page;
    if (!page_begin(&page))
        return EXIT_ENVIRONMENT;
    struct events_detail detail = {.out = page.out, .json = json};
    bool read = put_all(reader, seq, &detail);
    page_end(&page);
    return read ? EXIT_DONE : events_print_failure(reader);
}

/* The one event whose id begins so: -1, and its number; or an exit code. */
static int find_event(struct journal_reader *reader, const char *id, int64_t *seq)
{
    size_t count;
    if (!journal_reader_find(reader, id, seq, &count))
        return events_print_failure(reader);
    if (count != 1) {
        struct error why;
        error_set(&why, count ? "more than one event id begins with %s" : "there is no event %s",
                  id);
        print_failure(why.text);
        return EXIT_NO;
    }
    return -1;
}

static int run_show(struct journal_reader *reader, struct events_options *options)
{
    int64_t seq;
    int code = find_event(reader, options->operands[1], &seq);
    if (code >= 0)
        return code;
    return options->body ? show_body(reader, seq) : show_all(reader, seq, options->json);
}

/* ---- tail ---- */

static int run_tail(struct journal_reader *reader, struct events_options *options)
{
    int64_t seq;
    if (!options->follow)
        return events_tail(reader, options->route, options->json);
    int code = find_event(reader, options->follow, &seq);
    return code >= 0 ? code : events_follow(reader, options->path, seq, options->json);
}

/* ---- the verb ---- */

static const struct {
    const char *name;
    int operands;
    int (*run)(struct journal_reader *reader, struct events_options *options);
} parts[] = {{"list", 1, run_list}, {"show", 2, run_show}, {"tail", 1, run_tail}};

static int events_run(int argc, char **argv)
{
    struct events_options options;
    if (!read_options(&options, argc, argv))
        return EXIT_USAGE;
    if (options.operand_count == 0)
        options.operands[options.operand_count++] = "list";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, options.operands[0]) != 0)
            continue;
        if (parts[i].operands != options.operand_count)
            return EXIT_USAGE;
        struct journal_reader *reader = find_journal(&options) ? open_reader(options.path) : NULL;
        int code = reader ? parts[i].run(reader, &options) : EXIT_ENVIRONMENT;
        if (reader)
            journal_reader_close(reader);
        free(options.path);
        return code;
    }
    return EXIT_USAGE;
}

const struct verb events_verb = {
    "events",
    "events [list [--route R] [--state S] [--limit N] | show ID [--body] | tail [--route R | "
    "--follow ID]] "
    "[--json] [-c FILE | --journal FILE]",
    "shows events and their outcomes, while the server runs or afterwards", events_run};
