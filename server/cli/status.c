/* `tenterhook status`: the server and its journal on one page, or as one JSON object. What needs
 * attention stands last, where a person looks first, and decides the exit code. */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/encoding.h"
#include "base/json_text.h"
#include "base/secret.h"
#include "config/file.h"
#include "handlers/schema/value.h"
#include "server/cli/control.h"
#include "server/cli/route_file.h"
#include "server/cli/status_facts.h"
#include "server/cli/verbs.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <stdlib.h>

enum { LABEL_WIDTH = 11, WIDTH_MIN = 40, NAME_WIDTH_MAX = 32, NUMBER_WIDTH = 9, LIMITS_WIDTH = 18 };
enum { SHOWN_DIGITS = 16 /* of a digest; --json has all */, FILE_MAX = 16 << 20 };

/* ---- lines for people ---- */

/* Of the terminal; 0: there is none, and nothing is wrapped. */
static size_t terminal_width(void)
{
    struct screen screen = screen_look();
    if (!screen.is_terminal)
        return 0;
    return screen.width < WIDTH_MIN ? WIDTH_MIN : screen.width;
}

/* Words, in lines of that width which begin with `indent` blanks, the first with `label`. */
static void put_words(const char *label, size_t indent, const char *text, size_t width)
{
    size_t column = strlen(label);
    print_safe(stdout, bytes_of_text(label));
    for (bool is_first = true; *text; is_first = false) {
        size_t length = strcspn(text, " ");
        if (!is_first && width > 0 && column + 1 + length > width) {
            fputc('\n', stdout);
            column = 0;
        } else if (!is_first) {
            fputc(' ', stdout);
            column++;
        }
        for (; column < indent; column++)
            fputc(' ', stdout);
        print_safe(stdout, bytes_of(text, length));
        column += length;
        text += length + strspn(text + length, " ");
    }
    fputc('\n', stdout);
}

static void put_fact(const char *label, const char *text)
{
    put_words(label, LABEL_WIDTH, text, terminal_width());
}

/* ---- the server ---- */

/* As far as it can be read here. */
static bool is_unchanged(struct json_object *file)
{
    struct buffer content;
    struct error why;
    uint8_t digest[HASH_MAX_SIZE];
    char text[2 * HASH_MAX_SIZE + 1] = "";
    const char *path = control_text(file, "path");
    if (file_read(path, path, FILE_MAX, FILE_SHARED, &content, NULL, &why) != FILE_READ) {
        buffer_finish(&content);
        return true;
    }
    if (hash_compute(HASH_SHA256, buffer_bytes(&content), digest))
        hex_encode(bytes_of(digest, hash_size(HASH_SHA256)), text);
    secret_wipe(content.data, content.capacity);
    buffer_finish(&content);
    return strcmp(text, control_text(file, "sha256")) == 0;
}

static void print_files(struct json_object *server)
{
    struct json_object *files = control_part(server, "files");
    char text[512];
    for (size_t i = 0; files && i < value_item_count(files); i++) {
        struct json_object *file = value_item(files, i);
        put_fact(i == 0 ? "file" : "", control_text(file, "path"));
        snprintf(text, sizeof text, "SHA-256 %.*s…%s", SHOWN_DIGITS, control_text(file, "sha256"),
                 is_unchanged(file) ? "" : ", changed on the disk since it was loaded");
        put_fact("", text);
    }
    snprintf(text, sizeof text, "generation %lld, loaded %s, %lld %s",
             (long long)control_number(server, "generation"), control_text(server, "loaded"),
             (long long)control_number(server, "routes"),
             control_number(server, "routes") == 1 ? "route" : "routes");
    put_fact("", text);
}

static void print_processes(struct json_object *server)
{
    static const char *const roles[] = {"runner", "listener", "checkpointer"};
    struct json_object *processes = control_part(server, "processes");
    int64_t counts[3] = {0}, leaving = 0;
    char text[256];
    for (size_t i = 0; processes && i < value_item_count(processes); i++) {
        struct json_object *process = value_item(processes, i);
        bool leaves = control_flag(process, "leaving");
        leaving += leaves;
        for (size_t r = 0; r < 3; r++)
            counts[r] += !leaves && strcmp(control_text(process, "role"), roles[r]) == 0;
    }
    size_t length = (size_t)snprintf(text, sizeof text,
                                     "%lld runner, %lld listener%s, %lld "
                                     "checkpointer",
                                     (long long)counts[0], (long long)counts[1],
                                     counts[1] == 1 ? "" : "s", (long long)counts[2]);
    if (leaving > 0)
        snprintf(text + length, sizeof text - length, "; %lld of earlier generations leave",
                 (long long)leaving);
    put_fact("processes", text);
}

static void print_limits(const struct status_facts *facts)
{
    struct json_object *limits = control_part(facts->server, "limits");
    char text[512], bodies[32], keep[32], done[32], dead[32];
    status_format_bytes(control_number(limits, "body_memory"), bodies);
    status_format_bytes(control_number(limits, "keep_size"), keep);
    status_format_span(control_number(limits, "keep_age_ms"), done);
    status_format_span(control_number(limits, "keep_dead_ms"), dead);
    snprintf(
        text, sizeof text,
        "%lld commands at once (%lld run), %lld connections, %s of bodies; events are kept for "
        "%s, dead ones for %s, within %s",
        (long long)control_number(limits, "commands"),
        (long long)control_number(facts->runner, "commands"),
        (long long)control_number(limits, "connections"), bodies, done, dead, keep);
    put_fact("limits", text);
}

static void print_last_error(const char *process, struct json_object *part)
{
    char text[1200];
    const char *line = control_text(part, "last_error");
    if (!*line)
        return;
    snprintf(text, sizeof text, "of the %s: %s", process, line);
    put_fact("last error", text);
}

static void print_server(const struct status_facts *facts)
{
    char text[256];
    if (!facts->server) {
        put_fact("server", facts->no_server.text);
        return;
    }
    snprintf(text, sizeof text, "tenterhook %s, process %lld, %s since %s",
             control_text(facts->server, "version"),
             (long long)control_number(facts->server, "pid"),
             control_flag(facts->server, "stopping") ? "is stopping, ran" : "runs",
             control_text(facts->server, "started"));
    put_fact("server", text);
    print_files(facts->server);
    print_processes(facts->server);
    print_limits(facts);
    print_last_error("supervisor", facts->server);
    print_last_error("runner", facts->runner);
}

/* ---- the journal ---- */

static void print_delivery(const char *label, const struct status_fact *fact, int64_t now_ms,
                           bool is_ahead)
{
    char text[512], when[CLOCK_TEXT_SIZE], span[32];
    if (!fact->is_there)
        return;
    clock_format_unix_ms(fact->time_ms, when);
    status_format_span(is_ahead ? fact->time_ms - now_ms : now_ms - fact->time_ms, span);
    snprintf(text, sizeof text, "%s of %s, %s%s%s (%s)", fact->name, fact->id,
             is_ahead ? "in " : "", span, is_ahead ? "" : " ago", when);
    put_fact(label, text);
}

/* With what it may be, where a server says that. */
static void print_sizes(const struct status_facts *facts)
{
    struct json_object *limits = control_part(facts->server, "limits");
    char text[512], is[32], most[32];
    status_format_bytes(facts->file_bytes, is);
    status_format_bytes(control_number(limits, "keep_size"), most);
    snprintf(text, sizeof text, limits ? "%s of %s (journal.keep.size)" : "%s", is, most);
    put_fact("", text);
    status_format_bytes(facts->log_bytes > 0 ? facts->log_bytes : 0, is);
    size_t length = (size_t)snprintf(text, sizeof text, "its log %s", is);
    if (facts->log_is_known)
        snprintf(text + length, sizeof text - length, ": %u pages, %u of them copied into the file",
                 facts->log_pages, facts->log_copied);
    put_fact("", text);
    status_format_bytes(facts->free_bytes, is);
    status_format_bytes(control_number(limits, "min_free"), most);
    snprintf(text, sizeof text,
             limits ? "the disk has %s free; events are refused below %s (journal.min_free)"
                    : "the disk has %s free",
             is, most);
    put_fact("", text);
}

static void print_integrity(const struct status_integrity *integrity)
{
    const struct journal_losses *losses = &integrity->losses;
    char text[1400];
    if (!integrity->is_compared)
        snprintf(text, sizeof text, "not known: %s", integrity->why_not.text);
    else if (losses->missing > 0 || losses->changed > 0)
        snprintf(text, sizeof text, "%lld events are missing, %lld are not what was written",
                 (long long)losses->missing, (long long)losses->changed);
    else if (!losses->is_whole)
        snprintf(text, sizeof text, "nothing is missing as far as a second's look can tell");
    else if (losses->mark != MARK_FOUND)
        snprintf(text, sizeof text, "no number is missing; there is no mark to compare with");
    else
        snprintf(text, sizeof text, "nothing is missing; the newest %zu event%s what was written",
                 losses->compared, losses->compared == 1 ? " is" : "s are");
    put_fact("integrity", text);
}

/* Of the deliveries of all routes. */
static void print_queue(const struct status_facts *facts)
{
    struct json_object *limits = control_part(facts->server, "limits");
    struct json_object *queue = control_part(facts->runner, "queue");
    char text[256], is[32], most[32];
    if (!queue)
        return;
    status_format_bytes(control_number(queue, "bytes"), is);
    status_format_bytes(control_number(limits, "queue_bytes"), most);
    snprintf(text, sizeof text, "%lld of %lld deliveries, %s of %s wait (journal.queue)",
             (long long)control_number(queue, "deliveries"),
             (long long)control_number(limits, "queue_max"), is, most);
    put_fact("queue", text);
}

static void print_refusal(struct json_object *runner)
{
    struct json_object *journal = control_part(runner, "journal");
    const char *when = control_text(journal, "refused");
    char text[1024];
    if (!*when)
        return;
    snprintf(text, sizeof text, "at %s the journal %s events: %s", when,
             control_flag(journal, "refuses") ? "began to refuse" : "refused",
             control_text(journal, "reason"));
    put_fact("refused", text);
}

static void print_journal(const struct status_facts *facts)
{
    put_fact("journal", facts->journal);
    print_sizes(facts);
    print_integrity(&facts->integrity);
    print_refusal(facts->runner);
    print_queue(facts);
    print_delivery("oldest", &facts->oldest, facts->now_ms, false);
    print_delivery("next due", &facts->next, facts->now_ms, true);
}

/* ---- routes ---- */

/* Of those of the file many may have had no event yet. */
static bool has_deliveries(const struct status_route *route)
{
    int64_t all = 0;
    for (int s = 0; s < STATUS_STATES; s++)
        all += route->by_state[s];
    return all > 0;
}

static size_t name_width(const struct status_facts *facts)
{
    size_t width = strlen("in all");
    for (size_t i = 0; i < facts->route_count; i++)
        if (has_deliveries(&facts->routes[i]) && strlen(facts->routes[i].name) > width)
            width = strlen(facts->routes[i].name);
    return width < NAME_WIDTH_MAX ? width : NAME_WIDTH_MAX;
}

static void print_row(const char *name, const int64_t by_state[], size_t width)
{
    print_column(stdout, bytes_of_text(name), width);
    for (int s = 0; s < STATUS_STATES; s++)
        printf("%*lld", s == STATUS_SUPERSEDED ? NUMBER_WIDTH + 3 : NUMBER_WIDTH,
               (long long)by_state[s]);
    fputc('\n', stdout);
}

static void print_routes(const struct status_facts *facts)
{
    size_t width = name_width(facts), shown = 0;
    for (size_t i = 0; i < facts->route_count; i++)
        shown += has_deliveries(&facts->routes[i]);
    if (shown == 0)
        return;
    fputc('\n', stdout);
    print_column(stdout, bytes_of_text("route"), width);
    for (int s = 0; s < STATUS_STATES; s++)
        printf("%*s", s == STATUS_SUPERSEDED ? NUMBER_WIDTH + 3 : NUMBER_WIDTH,
               status_state_names[s]);
    fputc('\n', stdout);
    for (size_t i = 0; i < facts->route_count; i++)
        if (has_deliveries(&facts->routes[i]))
            print_row(facts->routes[i].name, facts->routes[i].by_state, width);
    if (shown > 1)
        print_row("in all", facts->total, width);
}

/* A line of a route or an action, if it has limits. */
static void print_limits_of(const char *route, const char *action, struct json_object *limits,
                            struct json_object *queue, bool *is_begun)
{
    char label[LIMITS_WIDTH + 256], *text = NULL;
    if (status_format_limits(limits, queue, &text) && *text) {
        if (!*is_begun)
            puts("\nlimits of routes and actions");
        *is_begun = true;
        snprintf(label, sizeof label, "  %.100s%s%.100s  ", route, *action ? "/" : "", action);
        put_words(label, LIMITS_WIDTH, text, terminal_width());
    }
    free(text);
}

static void print_route_limits(const struct status_facts *facts)
{
    bool is_begun = false;
    for (size_t i = 0; i < facts->route_count; i++) {
        const struct status_route *route = &facts->routes[i];
        struct json_object *actions = control_part(route->limits, "actions");
        print_limits_of(route->name, "", route->limits, route->queue, &is_begun);
        for (size_t j = 0; actions && j < value_item_count(actions); j++) {
            struct json_object *action = value_item(actions, j);
            print_limits_of(route->name, control_text(action, "name"), action, NULL, &is_begun);
        }
    }
}

static void print_attentions(const struct status_facts *facts)
{
    const struct screen screen = screen_look();
    enum style style = facts->attention_count > 0 ? STYLE_BAD : STYLE_GOOD;
    fputc('\n', stdout);
    style_begin(stdout, &screen, style);
    fputs(facts->attention_count > 0 ? "needs attention" : "nothing needs attention", stdout);
    style_end(stdout, &screen, style);
    fputc('\n', stdout);
    for (size_t i = 0; i < facts->attention_count; i++) {
        put_words("  - ", 4, facts->attentions[i].text, terminal_width());
        if (facts->attentions[i].command[0])
            put_words("", 6, facts->attentions[i].command, 0);
    }
}

/* ---- the verb ---- */

static int status(const char *journal, const char *config, bool json)
{
    struct status_facts facts;
    struct error why = {""};
    bool read = status_facts_gather(&facts, journal, config, &why);
    if (!read)
        print_failure(why.text);
    if (!read && !facts.server) { /* a start that has never succeeded makes no journal */
        print_failure(facts.no_server.text);
        fprintf(stderr, "  %s\n", status_server_command());
    }
    if (json && read) {
        status_print_json(&facts);
    } else if (read || facts.server) {
        print_server(&facts);
        print_journal(&facts);
        print_routes(&facts);
        print_route_limits(&facts);
        print_attentions(&facts);
    }
    int code = !read || !facts.server      ? EXIT_ENVIRONMENT
               : facts.attention_count > 0 ? EXIT_NO
                                           : EXIT_DONE;
    status_facts_finish(&facts);
    return code;
}

struct options {
    struct place_options at;
    bool json;
};

static int status_run(void *given)
{
    const struct options *options = given;
    char *journal = cli_find_journal(&options->at);
    const char *config = options->at.journal ? NULL : cli_config_file(options->at.config);
    int code = journal ? status(journal, config, options->json) : EXIT_ENVIRONMENT;
    free(journal);
    return code;
}

static const struct option_row rows[] = {{.name = "json",
                                          .kind = OPTION_FLAG,
                                          .offset = offsetof(struct options, json),
                                          .sentence = "prints JSON, for programs"}};

const struct verb status_verb = {
    .name = "status",
    .sentence = "shows the server and its journal, and what needs attention",
    .more =
        "The exit code is 0 if nothing needs attention, 1 if something does, and 3 if no server "
        "runs.",
    .groups = {OPTION_GROUP(rows), {place_rows, PLACE_ROWS, 0, 0}},
    .forms = {{.run = status_run}},
    .size = sizeof(struct options)};
