/* `tenterhook prune`: lets go of what is over, as the server does by itself, at once; or of more,
 * or of one route's events only. */
#include "base/units.h"
#include "config/settings.h"
#include "handlers/admission/dedupe.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/journal/pruner.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <string.h>

struct options {
    struct file_options at;
    const char *route;
    struct age {
        bool is_given; /* else as the route file says */
        int64_t ms;
    } older;
    bool dry_run;
};

static struct prune_wish make_wish(const struct options *options, const struct settings *settings)
{
    const struct journal_settings *journal = &settings->journal;
    bool by_file = !options->older.is_given;
    struct prune_wish wish = {.age_ms = by_file ? journal->keep_age_ms : options->older.ms,
                              .dead_ms = by_file ? journal->keep_dead_ms : options->older.ms,
                              .body_ms = by_file ? journal->keep_body_ms : 0,
                              .from_now = !by_file,
                              .keep_size = journal->keep_size,
                              .for_size = by_file && !options->route,
                              .route = options->route,
                              .only_counts = options->dry_run};
    for (size_t i = 0; i < settings->route_count; i++)
        if (dedupe_settings_of(&settings->routes[i])->window_ms > wish.window_ms)
            wish.window_ms = dedupe_settings_of(&settings->routes[i])->window_ms;
    return wish;
}

static void print_counts(const struct prune_counts *counts, bool dry_run)
{
    size_t left = counts->events - counts->gone;
    printf("%zu event%s %s removed", counts->gone, counts->gone == 1 ? "" : "s",
           dry_run             ? "would be"
           : counts->gone == 1 ? "is"
                               : "are");
    if (left > 0)
        printf(", and the bodies and outputs of %zu, which stay%s listed", left,
               left == 1 ? "s" : "");
    fputc('\n', stdout);
}

static void show_progress(void *owner, const struct prune_counts *counts)
{
    progress_show(owner, "%zu events looked at, %zu of them gone", counts->looked, counts->gone);
}

/* A route that is not in the file any more may have events still. */
static int prune_with(const struct options *options, const struct settings *settings)
{
    struct prune_wish wish = make_wish(options, settings);
    struct progress progress = {.is_off = false};
    struct prune_counts counts;
    struct error err = {""};
    terminal_stops_nothing();
    wish.went_on = show_progress;
    wish.owner = &progress;
    bool done = journal_prune(settings->journal.path, &wish, &counts, &err);
    progress_clear(&progress);
    if (!done) {
        print_failure(err.text);
        return EXIT_ENVIRONMENT;
    }
    if (options->route && counts.looked == 0 && !cli_has_route(settings, options->route)) {
        error_set(&err, "there is no route %s, and no event of it", options->route);
        print_failure(err.text);
        return EXIT_NO;
    }
    print_counts(&counts, options->dry_run);
    return EXIT_DONE;
}

static int prune_run(void *given)
{
    const struct options *options = given;
    struct settings *settings = cli_load_settings(options->at.config);
    int code = settings ? prune_with(options, settings) : EXIT_ENVIRONMENT;
    settings_destroy(settings);
    return code;
}

/* No age is another than the age 0. */
static bool take_age(void *field, const char *text, struct error *err)
{
    struct age *age = field;
    age->is_given = units_parse_duration(bytes_of_text(text), &age->ms);
    return age->is_given || error_set(err, "needs a duration such as 90s, 1h or 7d");
}

static const struct option_row rows[] = {
    {.name = "older-than",
     .value = "DURATION",
     .kind = OPTION_CUSTOM,
     .offset = offsetof(struct options, older),
     .sentence = "events that were received so long ago; without it what `journal.keep` says",
     .take = take_age},
    {.name = "route",
     .value = "ROUTE",
     .kind = OPTION_ROUTE,
     .offset = offsetof(struct options, route),
     .sentence = "events of this route"},
    {.name = "dry-run",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, dry_run),
     .sentence = "counts them, and removes nothing"},
};

const struct verb prune_verb = {.name = "prune",
                                .sentence =
                                    "removes events that are old and need no further action",
                                .groups = {OPTION_GROUP(rows), {file_rows, FILE_ROWS, 0, 0}},
                                .forms = {{.run = prune_run}},
                                .size = sizeof(struct options)};
