/* `tenterhook replay`: makes deliveries that are done or dead pending again. An event that its
 * route's schema had refused is first checked against the present schema, so that mending the file
 * and replaying is all there is to do, and forgetting to mend it does no harm. Deliveries keep
 * their ids; the runner of a running server notices, otherwise the next one does. */
#include "base/clock.h"
#include "base/units.h"
#include "config/loader.h"
#include "server/cli/event_copy.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"
#include "server/journal/editor.h"
#include "server/pipeline/pipeline.h"
#include "server/pipeline/stored_event.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 100, EVENT_MEMORY = 256 << 20 };

struct options {
    const char *config, *route;
    int64_t since_ms; /* how long ago at most; 0: ever */
    bool dead, force;
    char **ids;
    int id_count;
};

struct replaying {
    const struct options *options;
    const struct settings *settings;
    struct journal_reader *reader;
    struct journal_edit *edit;
    struct pipeline pipeline; /* of the present settings */
    int64_t seqs[PAGE];
    size_t seq_count;
    /* the event that is looked at */
    struct arena arena;
    char id[64];
    /* of the run */
    size_t events, deliveries, failed;
};

/* ---- options ---- */

static bool take_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'c':
        options->config = value;
        return true;
    case 'r':
        options->route = value;
        return true;
    case 's':
        return units_parse_duration(bytes_of_text(value), &options->since_ms);
    case 'd':
        return options->dead = true;
    case 'f':
        return options->force = true;
    }
    return false;
}

static bool read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {{"route", required_argument, NULL, 'r'},
                                          {"since", required_argument, NULL, 's'},
                                          {"dead", no_argument, NULL, 'd'},
                                          {"force", no_argument, NULL, 'f'},
                                          {NULL, 0, NULL, 0}};
    int option;
    *options = (struct options){0};
    optind = 1;
    while ((option = getopt_long(argc, argv, "c:", names, NULL)) != -1)
        if (!take_option(options, option, optarg))
            return false;
    options->ids = argv + optind;
    options->id_count = argc - optind;
    bool selects = options->route || options->since_ms;
    /* ids, or a selection; --dead goes with either */
    return options->id_count ? !selects : options->dead || selects;
}

/* ---- the event, as the stage of the schema sees it ---- */

static const struct route *find_route(const struct settings *settings, struct bytes name)
{
    for (size_t i = 0; i < settings->route_count; i++)
        if (bytes_equal_text(name, settings->routes[i].name))
            return &settings->routes[i];
    return NULL;
}

/* NULL: it conforms; else why not. */
static const char *check_schema(struct replaying *run, const struct route *route,
                                const struct event *event)
{
    struct exchange exchange;
    const char *refusal = NULL;
    exchange_init(&exchange, &run->pipeline);
    struct verdict verdict = verdict_refuse(REPLY_MEMORY_FULL, "no memory for its headers");
    if (stored_event_begin(&exchange, event)) {
        exchange.request.route = route;
        verdict = pipeline_stored_conforms(&exchange);
    }
    if (verdict.reply != REPLY_NONE && verdict.reason) /* that goes with the exchange */
        refusal = arena_copy_text(&run->arena, verdict.reason);
    if (verdict.reply != REPLY_NONE && !refusal)
        refusal = "it does not conform to the schema";
    exchange_finish(&exchange);
    return refusal;
}

/* NULL: the event may be carried out; else why not. */
static const char *find_refusal(struct replaying *run, int64_t seq)
{
    struct event_copy copy;
    if (!event_copy_row(run->reader, seq, &run->arena, &copy))
        return "it cannot be read";
    if (!copy.is_there)
        return "it is no longer in the journal";
    snprintf(run->id, sizeof run->id, "%.*s", (int)copy.event.id.length, copy.event.id.data);
    const struct route *route = find_route(run->settings, copy.event.route);
    if (!copy.has_body)
        return "its body is no longer stored";
    if (!route)
        return "its route is no longer in the route file";
    if (copy.event.failures.length == 0 || run->options->force)
        return NULL;
    if (!event_copy_body(run->reader, seq, &run->arena, &copy) || !copy.has_body)
        return "its body cannot be read";
    return check_schema(run, route, &copy.event);
}

/* ---- a page of events ---- */

static bool replay_one(struct replaying *run, int64_t seq, struct error *err)
{
    size_t count = 0;
    const char *refusal = find_refusal(run, seq);
    if (refusal) {
        run->failed++;
        fputs("tenterhook: event ", stderr);
        print_safe(stderr, bytes_of_text(run->id));
        fputs(" is not replayed: ", stderr);
        print_safe(stderr, bytes_of_text(refusal));
        fputc('\n', stderr);
        return true;
    }
    if (!journal_edit_replay(run->edit, seq, !run->options->dead, &count, err))
        return false;
    if (count == 0)
        return true;
    run->events++;
    run->deliveries += count;
    return true;
}

static bool replay_page(struct replaying *run, struct error *err)
{
    bool good = journal_edit_begin(run->edit, err);
    for (size_t i = 0; good && i < run->seq_count; i++) {
        arena_init(&run->arena, EVENT_MEMORY);
        good = replay_one(run, run->seqs[i], err);
        arena_finish(&run->arena);
    }
    return good && journal_edit_commit(run->edit, err);
}

/* ---- which events ---- */

static bool replay_ids(struct replaying *run, struct error *err)
{
    for (int i = 0; i < run->options->id_count; i++) {
        const char *id = run->options->ids[i];
        size_t found;
        if (!journal_reader_find(run->reader, id, &run->seqs[0], &found))
            return journal_reader_explain(run->reader, err);
        run->seq_count = 1;
        if (found == 1 && !replay_page(run, err))
            return false;
        if (found == 1)
            continue;
        run->failed++;
        error_set(err, found ? "more than one event id begins with %s" : "there is no event %s",
                  id);
        print_failure(err->text);
    }
    return true;
}

struct selection {
    struct replaying *run;
    int64_t last, not_before_ms;
};

static void select_event(void *context, const struct event_view *view)
{
    struct selection *selection = context;
    struct replaying *run = selection->run;
    selection->last = view->seq;
    if (view->event.received_ms >= selection->not_before_ms && run->seq_count < PAGE)
        run->seqs[run->seq_count++] = view->seq;
}

static bool replay_selection(struct replaying *run, struct error *err)
{
    const struct options *options = run->options;
    struct selection selection = {
        .run = run, .not_before_ms = options->since_ms ? clock_unix_ms() - options->since_ms : 0};
    int64_t before;
    do {
        struct event_filter filter = {.route = options->route,
                                      .state = options->dead ? "dead" : NULL,
                                      .after = selection.last,
                                      .limit = PAGE,
                                      .oldest_first = true};
        before = selection.last;
        run->seq_count = 0;
        if (!journal_reader_list(run->reader, &filter, select_event, &selection))
            return journal_reader_explain(run->reader, err);
        if (run->seq_count && !replay_page(run, err))
            return false;
    } while (selection.last != before);
    return true;
}

/* ---- the verb ---- */

static int replay_all(struct replaying *run)
{
    struct error err = {""};
    bool done = run->options->id_count ? replay_ids(run, &err) : replay_selection(run, &err);
    if (!done)
        print_failure(err.text);
    printf("%zu event%s, %zu deliver%s pending again\n", run->events, run->events == 1 ? "" : "s",
           run->deliveries, run->deliveries == 1 ? "y" : "ies");
    return !done ? EXIT_ENVIRONMENT : run->failed ? EXIT_NO : EXIT_DONE;
}

static int replay_with(const struct options *options, const struct settings *settings)
{
    struct error err = {""};
    struct replaying run = {.options = options, .settings = settings};
    int code = EXIT_ENVIRONMENT;
    bool is_ready = pipeline_init(&run.pipeline, settings, NULL, NULL, &err);
    run.reader = is_ready ? journal_reader_open(settings->journal.path, &err) : NULL;
    run.edit = run.reader ? journal_edit_open(settings->journal.path, &err) : NULL;
    if (run.edit)
        code = replay_all(&run);
    else
        print_failure(err.text);
    journal_edit_close(run.edit);
    if (run.reader)
        journal_reader_close(run.reader);
    if (is_ready)
        pipeline_finish(&run.pipeline);
    return code;
}

static int replay_run(int argc, char **argv)
{
    struct options options;
    struct problem_list problems;
    if (!read_options(&options, argc, argv))
        return EXIT_USAGE;
    problem_list_init(&problems);
    struct settings *settings =
        settings_load_secretless(cli_config_file(options.config), &program_registry, &problems);
    if (!settings)
        problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    int code = settings ? replay_with(&options, settings) : EXIT_ENVIRONMENT;
    settings_destroy(settings);
    return code;
}

const struct verb replay_verb = {
    "replay", "replay (ID… [--dead] | [--dead] [--route R] [--since DURATION]) [--force] [-c FILE]",
    "runs again what is done or dead of events, with --dead only what failed. An event that its "
    "schema refused must conform to the present schema, unless --force is given",
    replay_run};
