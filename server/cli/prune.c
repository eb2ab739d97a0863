/* `tenterhook prune`: lets go of what is over, as the server does by itself, at once; or of more,
 * or of one route's events only. */
#include "base/units.h"
#include "config/settings.h"
#include "handlers/admission/dedupe.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"
#include "server/journal/pruner.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct options {
    const char *config, *route;
    int64_t older_ms; /* -1: as the route file says */
    bool dry_run;
};

static bool take_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'c':
        options->config = value;
        return true;
    case 'r':
        options->route = value;
        return true;
    case 'o':
        return units_parse_duration(bytes_of_text(value), &options->older_ms);
    case 'n':
        return options->dry_run = true;
    }
    return false;
}

static bool read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {{"older-than", required_argument, NULL, 'o'},
                                          {"route", required_argument, NULL, 'r'},
                                          {"dry-run", no_argument, NULL, 'n'},
                                          {NULL, 0, NULL, 0}};
    int option;
    *options = (struct options){.older_ms = -1};
    optind = 1;
    while ((option = getopt_long(argc, argv, "c:", names, NULL)) != -1)
        if (!take_option(options, option, optarg))
            return false;
    return optind == argc;
}

static struct prune_wish make_wish(const struct options *options, const struct settings *settings)
{
    const struct journal_settings *journal = &settings->journal;
    bool by_file = options->older_ms < 0;
    struct prune_wish wish = {.age_ms = by_file ? journal->keep_age_ms : options->older_ms,
                              .dead_ms = by_file ? journal->keep_dead_ms : options->older_ms,
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

static int prune_run(int argc, char **argv)
{
    struct options options;
    if (!read_options(&options, argc, argv))
        return EXIT_USAGE;
    struct settings *settings = cli_load_settings(options.config);
    int code = settings ? prune_with(&options, settings) : EXIT_ENVIRONMENT;
    settings_destroy(settings);
    return code;
}

const struct verb prune_verb = {
    "prune", "prune [--older-than DURATION] [--route R] [--dry-run] [-c FILE]",
    "removes events that need no further action and are older than `journal.keep` or DURATION says",
    prune_run};
