/* `tenterhook events`: looks at the journal while the server runs, and changes nothing. It needs to
 * know where the journal is and nothing else: the route file is read without its secrets. */
#include "base/clock.h"
#include "config/load.h"
#include "server/cli.h"
#include "server/events_print.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { LIST_DEFAULT = 50, TAIL_BATCH = 1000, FOLLOWED_MAX = 1000 };
#define TAIL_PAUSE_NS (200 * NS_PER_MS)

struct options {
    const char *config, *journal, *route, *state;
    int64_t limit;
    bool json, body;
    const char *operands[2];
    int operand_count;
};

/* ---- options ---- */

static bool is_state(const char *text)
{
    static const char *const states[] = {"pending", "running", "done", "dead"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(states[i], text) == 0)
            return true;
    fprintf(stderr, "tenterhook: a state is pending, running, done or dead\n");
    return false;
}

static bool read_limit(const char *text, int64_t *limit)
{
    uint64_t number;
    if (!bytes_to_uint64(bytes_of_text(text), &number) || number == 0 || number > INT32_MAX) {
        fprintf(stderr, "tenterhook: --limit wants a number from 1\n");
        return false;
    }
    *limit = (int64_t)number;
    return true;
}

static bool take_option(struct options *options, int option, const char *value)
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
    case 'J':
        return options->json = true;
    case 'b':
        return options->body = true;
    }
    return false;
}

static bool read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {{"journal", required_argument, NULL, 'j'},
                                          {"route", required_argument, NULL, 'r'},
                                          {"state", required_argument, NULL, 's'},
                                          {"limit", required_argument, NULL, 'n'},
                                          {"json", no_argument, NULL, 'J'},
                                          {"body", no_argument, NULL, 'b'},
                                          {NULL, 0, NULL, 0}};
    int option;
    *options = (struct options){.limit = LIST_DEFAULT};
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

static struct journal_reader *open_reader(const char *path)
{
    struct error why = {""};
    struct journal_reader *reader = journal_reader_open(path, &why);
    if (!reader)
        fprintf(stderr, "tenterhook: %s\n", why.text);
    return reader;
}

/* NULL after saying why. */
static struct journal_reader *open_journal(const struct options *options)
{
    struct problem_list problems;
    if (options->journal)
        return open_reader(options->journal);
    problem_list_init(&problems);
    struct settings *settings =
        settings_load_alone(cli_config_file(options->config), &program_registry, &problems);
    if (!settings)
        problem_list_print(&problems, stderr);
    struct journal_reader *reader = settings ? open_reader(settings->journal.path) : NULL;
    settings_destroy(settings);
    problem_list_finish(&problems);
    return reader;
}

static int reader_failed(const struct journal_reader *reader)
{
    struct error why = {""};
    journal_reader_explain(reader, &why);
    fprintf(stderr, "tenterhook: cannot read the journal: %s\n", why.text);
    return EXIT_ENVIRONMENT;
}

/* ---- list ---- */

static void list_row(void *context, const struct event_view *event)
{
    const struct options *options = context;
    if (options->json)
        events_print_row_json(stdout, event);
    else
        events_print_row(stdout, event);
}

static int run_list(struct journal_reader *reader, struct options *options)
{
    struct event_filter filter = {
        .route = options->route, .state = options->state, .limit = options->limit};
    if (!options->json)
        events_print_head(stdout);
    return journal_reader_list(reader, &filter, list_row, options) ? EXIT_DONE
                                                                   : reader_failed(reader);
}

/* ---- show ---- */

static void show_event(void *context, const struct event_view *event)
{
    events_print_event(context, event);
}

static void show_headers(void *context, struct bytes headers, struct bytes body)
{
    (void)body;
    events_print_headers(context, headers);
}

static void show_delivery(void *context, const struct delivery_view *delivery)
{
    events_print_delivery(context, delivery);
}

static void write_body(void *context, struct bytes headers, struct bytes body)
{
    (void)context, (void)headers;
    if (body.length > 0)
        fwrite(body.data, 1, body.length, stdout);
}

static int show_body(struct journal_reader *reader, int64_t seq)
{
    if (journal_reader_body(reader, seq, write_body, NULL))
        return EXIT_DONE;
    fprintf(stderr, "tenterhook: its body is not kept any more\n");
    return EXIT_NO;
}

static int show_all(struct journal_reader *reader, int64_t seq, bool json)
{
    struct events_detail detail = {.out = stdout, .json = json};
    if (!journal_reader_event(reader, seq, show_event, &detail))
        return reader_failed(reader);
    journal_reader_body(reader, seq, show_headers, &detail);
    if (!journal_reader_deliveries(reader, seq, show_delivery, &detail))
        return reader_failed(reader);
    events_print_end(&detail);
    return EXIT_DONE;
}

static int run_show(struct journal_reader *reader, struct options *options)
{
    int64_t seq;
    size_t count;
    const char *id = options->operands[1];
    if (!journal_reader_find(reader, id, &seq, &count))
        return reader_failed(reader);
    if (count != 1) {
        fprintf(stderr,
                count == 0 ? "tenterhook: there is no event %s\n"
                           : "tenterhook: more than one event begins with %s\n",
                id);
        return EXIT_NO;
    }
    return options->body ? show_body(reader, seq) : show_all(reader, seq, options->json);
}

/* ---- tail ---- */

/* Events that were shown while something was still to be done; shown again when it is done. */
struct tail {
    struct options *options;
    int64_t last;
    int64_t followed[FOLLOWED_MAX];
    size_t count;
    bool over; /* the event just looked at */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static bool is_over(const struct event_view *event)
{
    struct bytes states = event->states;
    while (states.data) {
        struct bytes state = bytes_split(&states, ',');
        if (!bytes_equal_text(state, "done") && !bytes_equal_text(state, "dead"))
            return false;
    }
    return true;
}

static void tail_new(void *context, const struct event_view *event)
{
    struct tail *tail = context;
    list_row(tail->options, event);
    tail->last = event->seq;
    if (!is_over(event) && tail->count < FOLLOWED_MAX)
        tail->followed[tail->count++] = event->seq;
}

static void tail_again(void *context, const struct event_view *event)
{
    struct tail *tail = context;
    tail->over = is_over(event);
    if (tail->over)
        list_row(tail->options, event);
}

static void look_at_followed(struct journal_reader *reader, struct tail *tail)
{
    size_t kept = 0;
    for (size_t i = 0; i < tail->count; i++) {
        tail->over = true; /* also where it is gone */
        journal_reader_event(reader, tail->followed[i], tail_again, tail);
        if (!tail->over)
            tail->followed[kept++] = tail->followed[i];
    }
    tail->count = kept;
}

static bool look_at_new(struct journal_reader *reader, struct tail *tail)
{
    struct event_filter filter = {.route = tail->options->route,
                                  .after = tail->last,
                                  .limit = TAIL_BATCH,
                                  .oldest_first = true};
    int64_t before;
    do {
        before = filter.after;
        if (!journal_reader_list(reader, &filter, tail_new, tail))
            return false;
        filter.after = tail->last;
    } while (tail->last != before);
    return true;
}

static int run_tail(struct journal_reader *reader, struct options *options)
{
    struct tail tail = {.options = options};
    const struct timespec pause = {.tv_nsec = TAIL_PAUSE_NS};
    const struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (!options->json)
        events_print_head(stdout);
    if (!journal_reader_newest(reader, &tail.last))
        return reader_failed(reader);
    while (!interrupted) {
        if (fflush(stdout) != 0) /* nobody reads any more */
            return EXIT_DONE;
        nanosleep(&pause, NULL);
        if (!journal_reader_changed(reader))
            continue;
        look_at_followed(reader, &tail);
        if (!look_at_new(reader, &tail))
            return reader_failed(reader);
    }
    return EXIT_DONE;
}

/* ---- the verb ---- */

static const struct {
    const char *name;
    int operands;
    int (*run)(struct journal_reader *reader, struct options *options);
} parts[] = {{"list", 1, run_list}, {"show", 2, run_show}, {"tail", 1, run_tail}};

static int events_run(int argc, char **argv)
{
    struct options options;
    if (!read_options(&options, argc, argv))
        return EXIT_USAGE;
    if (options.operand_count == 0)
        options.operands[options.operand_count++] = "list";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, options.operands[0]) != 0)
            continue;
        if (parts[i].operands != options.operand_count)
            return EXIT_USAGE;
        struct journal_reader *reader = open_journal(&options);
        if (!reader)
            return EXIT_ENVIRONMENT;
        int code = parts[i].run(reader, &options);
        journal_reader_close(reader);
        return code;
    }
    return EXIT_USAGE;
}

const struct verb events_verb = {
    "events",
    "events [list [--route R] [--state S] [--limit N] | show ID [--body] | tail [--route R]] "
    "[--json] [-c FILE | --journal FILE]",
    "Shows what came and what became of it, while the server runs or after it.", events_run};
