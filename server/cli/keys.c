/* `tenterhook keys`: the routes whose sender has delivered a key in a challenge, and when; the key
 * itself only on demand, because some senders need it typed on their pages. A key is stored until
 * it is deleted here: before a hook is set up anew at its sender, delete the old key. */
#include "base/clock.h"
#include "config/loader.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/journal/editor.h"
#include "server/journal/reader.h"
#include "server/terminal/output.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 20 };

struct listing {
    struct page page;
    const char *route; /* NULL: all, without the keys */
    size_t count;
};

static void print_key(void *context, const struct provisioned_view *key)
{
    char when[CLOCK_TEXT_SIZE];
    struct listing *listing = context;
    FILE *out = listing->page.out;
    if (listing->route && strcmp(listing->route, key->route) != 0)
        return;
    listing->count++;
    clock_format_unix_ms(key->provisioned_ms, when);
    if (listing->route) {
        print_bytes(out, key->key, print_is_for_terminal());
        if (!print_is_for_terminal())
            fputc('\n', out);
        return;
    }
    print_column(out, bytes_of_text(key->route), NAME_WIDTH);
    print_column(out, bytes_of_text(key->provider), NAME_WIDTH);
    fprintf(out, "%s\n", when);
}

/* An exit code; `route`: its key and nothing else. */
static int list_keys(const char *journal, const char *route, struct error *err)
{
    struct listing listing = {.route = route};
    struct journal_reader *reader = journal_reader_open(journal, err);
    if (!reader || !page_begin(&listing.page))
        return EXIT_ENVIRONMENT;
    bool good = journal_reader_provisioned(reader, print_key, &listing) ||
                journal_reader_explain(reader, err);
    journal_reader_close(reader);
    page_end(&listing.page);
    if (good && listing.count == 0)
        fputs("no sender has delivered a key\n", stderr);
    return !good ? EXIT_ENVIRONMENT : listing.count || !route ? EXIT_DONE : EXIT_NO;
}

static int forget_keys(const char *journal, const char *route, struct error *err)
{
    size_t count = 0;
    struct journal_edit *edit = journal_edit_open(journal, err);
    bool good = edit && journal_edit_begin(edit, err) &&
                journal_edit_forget_keys(edit, route, &count, err) &&
                journal_edit_commit(edit, err);
    journal_edit_close(edit);
    if (!good)
        return EXIT_ENVIRONMENT;
    printf(count ? "the key of route %s is deleted; the next challenge delivers another\n"
                 : "route %s has no delivered key\n",
           route);
    return count ? EXIT_DONE : EXIT_NO;
}

struct options {
    struct file_options at;
    const char *route; /* NULL: all */
};

typedef int keys_part(const char *journal, const char *route, struct error *err);

static int run_part(const struct options *options, keys_part *part)
{
    struct error err = {""};
    struct settings *settings = cli_load_alone(options->at.config);
    if (!settings)
        return EXIT_ENVIRONMENT;
    int code = part(settings->journal.path, options->route, &err);
    if (code == EXIT_ENVIRONMENT)
        print_failure(err.text);
    settings_destroy(settings);
    return code;
}

static int list_run(void *options)
{
    return run_part(options, list_keys);
}

static int forget_run(void *options)
{
    return run_part(options, forget_keys);
}

/* Bits of the forms, in their order. */
enum { SHOW = 2, FORGET = 4 };

static const struct option_row rows[] = {{.value = "ROUTE",
                                          .kind = OPTION_ROUTE,
                                          .forms = SHOW | FORGET,
                                          .needed = SHOW | FORGET,
                                          .offset = offsetof(struct options, route),
                                          .sentence = "the route whose sender has delivered it"}};

const struct verb keys_verb = {
    .name = "keys",
    .sentence = "lists, prints or deletes the keys that senders have delivered",
    .groups = {OPTION_GROUP(rows), {file_rows, FILE_ROWS, 0, 0}},
    .forms = {{"list", "lists the routes whose sender has delivered a key", list_run},
              {"show", "prints the key of a route", list_run},
              {"forget", "deletes it, so that the next challenge delivers another", forget_run}},
    .size = sizeof(struct options)};
