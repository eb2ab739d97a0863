/* `tenterhook replay`: makes deliveries pending again. First the events are found, and a terminal
 * is asked where there are several; then they go page by page through short transactions, so that
 * the server goes on beside it. Deliveries keep their ids; the runner of a running server notices,
 * otherwise the next one does. */
#include "config/settings.h"
#include "server/cli/events_find.h"
#include "server/cli/replay_judge.h"
#include "server/cli/replay_plan.h"
#include "server/cli/route_file.h"
#include "server/cli/search.h"
#include "server/cli/verbs.h"

#include <stdlib.h>

enum { PAGE = 100, EVENT_MEMORY = 256 << 20 };

struct options {
    struct file_options at;
    struct search search;
    bool dead, force, yes, dry_run, wait;
    struct word_list ids;
};

struct replaying {
    struct options *options;
    struct replay_choice choice;
    struct replay_judge judge;
    struct journal_reader *reader;
    struct journal_edit *edit; /* NULL: nothing is changed */
    struct replay_plan plan;   /* what would be replayed */
    struct replay_plan done;   /* what was */
    size_t refused, deliveries;
};

/* ---- options ---- */

/* Whether a search chooses any. */
static bool is_replayable(const struct options *options)
{
    const char *state = options->search.filter.state;
    bool is_over = !state || (strcmp(state, "pending") != 0 && strcmp(state, "running") != 0);
    if (!is_over)
        print_failure("what is pending or running runs without a replay");
    else if (options->ids.count == 0 && !search_is_narrow(&options->search))
        print_failure("say which events: their ids, or --dead, --route or another option that "
                      "chooses");
    return is_over && (options->ids.count > 0 || search_is_narrow(&options->search));
}

/* ---- which events ---- */

static bool plan_event(void *context, const struct event_copy *event)
{
    struct replaying *run = context;
    return replay_plan_add(&run->plan, run->reader, event->seq, &run->choice);
}

static bool plan_ids(struct replaying *run, struct error *err)
{
    for (size_t i = 0; i < run->options->ids.count; i++) {
        int64_t seq;
        int code;
        if (!events_find(run->reader, run->options->ids.items[i], &seq, &code)) {
            if (code == EXIT_ENVIRONMENT)
                return error_set(err, "nothing was replayed");
            run->refused++;
            continue;
        }
        if (!replay_plan_add(&run->plan, run->reader, seq, &run->choice))
            return journal_reader_explain(run->reader, err);
    }
    return true;
}

static bool plan_all(struct replaying *run, struct error *err)
{
    struct search *search = &run->options->search;
    search->filter.oldest_first = true;
    bool read = run->options->ids.count ? plan_ids(run, err)
                                        : search_walk(search, run->reader, plan_event, run, err);
    search_tell_unjudged(search);
    if (read && run->plan.is_short)
        return error_set(err, "no memory");
    return read &&
           (journal_reader_is_well(run->reader) || journal_reader_explain(run->reader, err));
}

/* Whether to go on. More than one event is asked for where there is a person to be asked. */
static bool is_wanted(const struct replaying *run)
{
    char question[128];
    const struct replay_plan *plan = &run->plan;
    if (run->options->yes || run->options->dry_run || plan->events < 2 || !terminal_can_ask())
        return true;
    snprintf(question, sizeof question, "replay %zu deliver%s of %zu events?", plan->count,
             plan->count == 1 ? "y" : "ies", plan->events);
    return terminal_asks(question);
}

/* ---- one event ---- */

static void tell_refusal(struct replaying *run, const char *id, const char *refusal)
{
    run->refused++;
    fputs("tenterhook: event ", stderr);
    print_safe(stderr, bytes_of_text(id));
    fputs(" is not replayed: ", stderr);
    print_safe(stderr, bytes_of_text(refusal));
    fputc('\n', stderr);
}

/* The names of the actions that would run, behind the event. */
struct dry_line {
    const struct planned *items;
    size_t count, printed;
};

static void print_action(void *context, const struct delivery_view *delivery)
{
    struct dry_line *line = context;
    for (size_t i = 0; i < line->count; i++) {
        if (line->items[i].delivery != delivery->seq)
            continue;
        fputs(line->printed++ ? ", " : "", stdout);
        print_safe(stdout, delivery->action);
    }
}

static void print_dry(const struct replaying *run, const char *id, const char *route,
                      const struct planned *items, size_t count)
{
    struct dry_line line = {items, count, 0};
    print_safe(stdout, bytes_of_text(id));
    fputs("  ", stdout);
    print_safe(stdout, bytes_of_text(route));
    fputs("  ", stdout);
    journal_reader_deliveries(run->reader, items->event, print_action, &line);
    fputc('\n', stdout);
}

/* Deliveries of one event, which stand together in the plan. */
struct planned_event {
    const struct planned *items;
    size_t count;
};

/* Whether it is to be changed. Says why it is not replayed, or with --dry-run that it would be. */
static bool judge_event(struct replaying *run, const struct planned_event *event)
{
    struct arena arena;
    const char *id, *route;
    arena_init(&arena, EVENT_MEMORY);
    const char *refusal =
        replay_judge_refusal(&run->judge, event->items->event, &arena, &id, &route);
    if (refusal)
        tell_refusal(run, id, refusal);
    else if (run->options->dry_run)
        print_dry(run, id, route, event->items, event->count);
    arena_finish(&arena);
    return !refusal;
}

static bool replay_event(struct replaying *run, const struct planned_event *event,
                         struct error *err)
{
    size_t replayed = event->count;
    if (!run->options->dry_run &&
        !journal_edit_replay(run->edit, event->items->event, &run->choice, &replayed, err))
        return false;
    run->deliveries += replayed;
    return replayed == 0 || replay_plan_take(&run->done, event->items, event->count) ||
           error_set(err, "no memory");
}

/* ---- all of them ---- */

static size_t items_of_event(const struct replay_plan *plan, size_t first)
{
    size_t end = first + 1;
    while (end < plan->count && plan->items[end].event == plan->items[first].event)
        end++;
    return end - first;
}

/* The next events of the plan, in one transaction, which keeps the server waiting: what may take
 * long (a schema, a terminal that nobody reads from) is done before it. */
static bool replay_page(struct replaying *run, size_t *next, struct error *err)
{
    struct planned_event events[PAGE];
    size_t count = 0;
    for (size_t i = 0; i < PAGE && *next < run->plan.count; i++) {
        events[count] =
            (struct planned_event){&run->plan.items[*next], items_of_event(&run->plan, *next)};
        *next += events[count].count;
        count += judge_event(run, &events[count]);
    }
    bool edits = count > 0 && !run->options->dry_run;
    bool good = !edits || journal_edit_begin(run->edit, err);
    for (size_t i = 0; good && i < count; i++)
        good = replay_event(run, &events[i], err);
    return good && (!edits || journal_edit_commit(run->edit, err));
}

static bool replay_plan_all(struct replaying *run, struct error *err)
{
    struct progress progress = {.is_off = false};
    size_t next = 0;
    terminal_stops_nothing();
    bool good = true;
    while (good && next < run->plan.count) {
        good = replay_page(run, &next, err);
        progress_show(&progress, "%zu of %zu deliveries", next, run->plan.count);
    }
    progress_clear(&progress);
    return good;
}

static void print_summary(const struct replaying *run)
{
    size_t events = run->done.events;
    printf("%zu event%s, %zu deliver%s %s\n", events, events == 1 ? "" : "s", run->deliveries,
           run->deliveries == 1 ? "y" : "ies",
           run->options->dry_run ? "would run again" : "pending again");
    fflush(stdout);
    if (run->deliveries > 0 && !run->options->dry_run)
        fputs("each begins a new budget of attempts\n", stderr);
}

static int replay_all(struct replaying *run)
{
    struct error err = {""};
    bool done = plan_all(run, &err);
    if (done && !is_wanted(run)) {
        fputs("nothing is replayed\n", stderr);
        return EXIT_NO;
    }
    done = done && replay_plan_all(run, &err);
    if (!done)
        print_failure(err.text);
    print_summary(run);
    if (!done)
        return EXIT_ENVIRONMENT;
    int code = run->options->wait && !run->options->dry_run && run->done.count > 0
                   ? replay_plan_wait(&run->done, run->reader)
                   : EXIT_DONE;
    return code == EXIT_DONE && run->refused ? EXIT_NO : code;
}

/* ---- the verb ---- */

static int replay_checked(struct replaying *run)
{
    const struct event_filter *filter = &run->options->search.filter;
    run->choice = (struct replay_choice){.state = filter->state, .action = filter->action};
    run->judge.reader = run->reader;
    run->judge.force = run->options->force;
    if (filter->route && !search_check_route(run->reader, filter->route, run->judge.settings))
        return EXIT_NO;
    int code = replay_all(run);
    replay_plan_finish(&run->plan);
    replay_plan_finish(&run->done);
    return code;
}

static int replay_with(struct options *options, const struct settings *settings)
{
    struct error err = {""};
    struct replaying run = {.options = options, .judge = {.settings = settings}};
    int code = EXIT_ENVIRONMENT;
    bool is_ready = pipeline_init(&run.judge.pipeline, settings, NULL, NULL, &err);
    run.reader = is_ready ? journal_reader_open(settings->journal.path, &err) : NULL;
    if (run.reader && !options->dry_run)
        run.edit = journal_edit_open(settings->journal.path, &err);
    if (run.edit || (run.reader && options->dry_run))
        code = replay_checked(&run);
    else
        print_failure(err.text);
    journal_edit_close(run.edit);
    if (run.reader)
        journal_reader_close(run.reader);
    if (is_ready)
        pipeline_finish(&run.judge.pipeline);
    return code;
}

static int replay_read(struct options *options)
{
    struct settings *settings = cli_load_settings(options->at.config);
    int code = settings ? replay_with(options, settings) : EXIT_ENVIRONMENT;
    settings_destroy(settings);
    return code;
}

static int replay_run(void *given)
{
    struct options *options = given;
    if (options->dead)
        options->search.filter.state = "dead";
    int code = is_replayable(options) && search_begin(&options->search) ? replay_read(options)
                                                                        : EXIT_USAGE;
    search_finish(&options->search);
    return code;
}

/* Bits of the forms, in their order. */
enum { IDS = 1, SEARCH = 2 };

static const struct option_row rows[] = {
    {.value = "ID",
     .kind = OPTION_EVENT,
     .flags = OPTION_REPEATS,
     .forms = IDS,
     .needed = IDS,
     .offset = offsetof(struct options, ids),
     .sentence = "the id of an event, or how it begins"},
    {.name = "dead",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, dead),
     .sentence = "only what failed: as --state dead"},
    {.name = "force",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, force),
     .sentence = "also what does not conform to the schema of its route"},
    {.name = "dry-run",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, dry_run),
     .sentence = "says what would run again, and changes nothing"},
    {.name = "yes",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, yes),
     .sentence = "does not ask"},
    {.name = "wait",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, wait),
     .sentence = "waits for the ends, and shows them"},
};

const struct verb replay_verb = {
    .name = "replay",
    .sentence = "runs again what is done or dead of events",
    .more =
        "Where a person sits at a terminal and there are several events, it asks first. An event "
        "that its schema refused must conform to the present schema, unless --force is given.",
    .groups = {OPTION_GROUP(rows),
               {search_rows, SEARCH_ROWS, offsetof(struct options, search), SEARCH},
               {search_outcome_rows, SEARCH_OUTCOME_ROWS, offsetof(struct options, search), 0},
               {search_place_rows, SEARCH_PLACE_ROWS, offsetof(struct options, search), SEARCH},
               {file_rows, FILE_ROWS, offsetof(struct options, at), 0}},
    .forms = {{NULL, NULL, replay_run}, {NULL, NULL, replay_run}},
    .size = sizeof(struct options)};
