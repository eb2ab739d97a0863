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
#include "server/cli/status_facts.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LABEL_WIDTH = 11, WIDTH_MIN = 40, NAME_WIDTH_MAX = 32, NUMBER_WIDTH = 9 };
enum { SHOWN_DIGITS = 16 /* of a digest; --json has all */, FILE_MAX = 16 << 20 };

/* ---- lines for people ---- */

/* Of the terminal; 0: there is none, and nothing is wrapped. */
static size_t terminal_width(void)
{
    struct winsize size;
    if (!print_is_for_terminal() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

/* Words, in lines of that width which begin with `indent` blanks, the first with `label`. */
static void put_words(const char *label, size_t indent, const char *text, size_t width)
{
    size_t column = strlen(label);
    fputs(label, stdout);
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

static void print_journal(const struct status_facts *facts)
{
    char text[512], file[32], log[32], free_text[32];
    put_fact("journal", facts->journal);
    status_format_bytes(facts->file_bytes, file);
    status_format_bytes(facts->log_bytes > 0 ? facts->log_bytes : 0, log);
    status_format_bytes(facts->free_bytes, free_text);
    snprintf(text, sizeof text, "%s, its log %s; the disk has %s free", file, log, free_text);
    put_fact("", text);
    print_delivery("oldest", &facts->oldest, facts->now_ms, false);
    print_delivery("next due", &facts->next, facts->now_ms, true);
}

static size_t name_width(const struct status_facts *facts)
{
    size_t width = strlen("in all");
    for (size_t i = 0; i < facts->route_count; i++)
        if (strlen(facts->routes[i].name) > width)
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
    size_t width = name_width(facts);
    if (facts->route_count == 0)
        return;
    fputc('\n', stdout);
    print_column(stdout, bytes_of_text("route"), width);
    for (int s = 0; s < STATUS_STATES; s++)
        printf("%*s", s == STATUS_SUPERSEDED ? NUMBER_WIDTH + 3 : NUMBER_WIDTH,
               status_state_names[s]);
    fputc('\n', stdout);
    for (size_t i = 0; i < facts->route_count; i++)
        print_row(facts->routes[i].name, facts->routes[i].by_state, width);
    if (facts->route_count > 1)
        print_row("in all", facts->total, width);
}

static void print_attentions(const struct status_facts *facts)
{
    puts(facts->attention_count > 0 ? "\nneeds attention" : "\nnothing needs attention");
    for (size_t i = 0; i < facts->attention_count; i++) {
        put_words("  - ", 4, facts->attentions[i].text, terminal_width());
        if (facts->attentions[i].command[0])
            put_words("", 6, facts->attentions[i].command, 0);
    }
}

/* ---- JSON ---- */

static bool put_text(struct buffer *out, const char *name, const char *text)
{
    return buffer_printf(out, ",\"%s\":", name) && json_append_string(out, bytes_of_text(text));
}

static bool put_delivery(struct buffer *out, const char *name, const struct status_fact *fact)
{
    char when[CLOCK_TEXT_SIZE];
    if (!fact->is_there)
        return true;
    clock_format_unix_ms(fact->time_ms, when);
    return buffer_printf(out, ",\"%s\":{\"time\":\"%s\"", name, when) &&
           put_text(out, "id", fact->id) && put_text(out, "name", fact->name) &&
           put_text(out, "reason", fact->reason) && buffer_append_text(out, "}");
}

static bool put_counts(struct buffer *out, const int64_t by_state[])
{
    bool put = true;
    for (int s = 0; put && s < STATUS_STATES; s++)
        put = buffer_printf(out, "%s\"%s\":%lld", s > 0 ? "," : "", status_state_names[s],
                            (long long)by_state[s]);
    return put;
}

static bool put_routes(struct buffer *out, const struct status_facts *facts)
{
    bool put = buffer_append_text(out, ",\"routes\":[");
    for (size_t i = 0; put && i < facts->route_count; i++) {
        const struct status_route *route = &facts->routes[i];
        put = buffer_append_text(out, i > 0 ? ",{\"name\":" : "{\"name\":") &&
              json_append_string(out, bytes_of_text(route->name)) && buffer_append_text(out, ",") &&
              put_counts(out, route->by_state) &&
              buffer_printf(out, ",\"paused\":%s", route->paused_ms ? "true" : "false") &&
              (!route->paused_why || put_text(out, "paused_because", route->paused_why)) &&
              buffer_append_text(out, "}");
    }
    return put && buffer_append_text(out, "]");
}

static bool put_attentions(struct buffer *out, const struct status_facts *facts)
{
    bool put = buffer_append_text(out, ",\"attention\":[");
    for (size_t i = 0; put && i < facts->attention_count; i++) {
        const struct attention *item = &facts->attentions[i];
        put = buffer_printf(out, "%s{\"about\":\"%s\"", i > 0 ? "," : "", item->about) &&
              put_text(out, "text", item->text) && put_text(out, "command", item->command) &&
              buffer_append_text(out, "}");
    }
    return put && buffer_append_text(out, "]");
}

/* The inside of {"server":{…}}, as the server has sent it. */
static bool put_line(struct buffer *out, const char *line)
{
    return !line || strlen(line) < 2 ||
           (buffer_append_text(out, ",") && buffer_append(out, line + 1, strlen(line) - 2));
}

static void print_object(const struct status_facts *facts)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    bool put = buffer_append_text(&out, "{\"journal\":{\"path\":") &&
               json_append_string(&out, bytes_of_text(facts->journal)) &&
               buffer_printf(&out, ",\"bytes\":%lld,\"log_bytes\":%lld,\"free_bytes\":%lld",
                             (long long)facts->file_bytes, (long long)facts->log_bytes,
                             (long long)facts->free_bytes) &&
               put_delivery(&out, "oldest_pending", &facts->oldest) &&
               put_delivery(&out, "next_due", &facts->next) &&
               put_delivery(&out, "newest_dead", &facts->newest_dead) &&
               buffer_append_text(&out, "}") && put_line(&out, facts->server_text) &&
               put_line(&out, facts->runner_text) && buffer_append_text(&out, ",\"states\":{") &&
               put_counts(&out, facts->total) && buffer_append_text(&out, "}") &&
               put_routes(&out, facts) && put_attentions(&out, facts) &&
               buffer_append_text(&out, "}\n");
    if (put)
        print_json(stdout, buffer_bytes(&out));
    else
        print_failure("no memory");
    buffer_finish(&out);
}

/* ---- the verb ---- */

static int status(const char *journal, bool json)
{
    struct status_facts facts;
    struct error why = {""};
    bool read = status_facts_gather(&facts, journal, &why);
    if (!read)
        print_failure(why.text);
    if (json && read) {
        print_object(&facts);
    } else if (read || facts.server) {
        print_server(&facts);
        print_journal(&facts);
        print_routes(&facts);
        print_attentions(&facts);
    }
    int code = !read || !facts.server      ? EXIT_ENVIRONMENT
               : facts.attention_count > 0 ? EXIT_NO
                                           : EXIT_DONE;
    status_facts_finish(&facts);
    return code;
}

static int status_run(int argc, char **argv)
{
    struct control_options options;
    int code = control_read_options(argc, argv, &options);
    if (code >= 0)
        return code;
    code = optind == argc ? status(options.journal, options.json) : EXIT_USAGE;
    free(options.journal);
    return code;
}

const struct verb status_verb = {
    "status", "status [--json] [-c FILE | --journal FILE]",
    "shows the server and its journal, and what needs attention: exit code 1 if something does, 3 "
    "if no server runs",
    status_run};
