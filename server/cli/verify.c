/* `tenterhook verify`: the walk of captured requests, stage by stage, or of events of the journal;
 * nothing is run and nothing stored. The list of stages is the one that the listener uses. A
 * stranger is never told why a signature is refused and what should have been signed; the operator
 * is told here. */
#include "base/clock.h"
#include "base/secret.h"
#include "base/units.h"
#include "config/loader.h"
#include "handlers/provider/provisioned_keys.h"
#include "server/cli/capture.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"
#include "server/cli/verify_print.h"
#include "server/cli/verify_stored.h"
#include "server/journal/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_LIMIT = 80 * 1024 * 1024 };

struct verify_options {
    const char *config, *body, *now, *since;
    char **requests; /* files */
    int request_count;
    int64_t now_ms;
    struct verify_selection selection; /* of events */
};

static bool read_file(const char *path, struct buffer *content, struct error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set_errno(err, errno, "%s", path);
    char piece[16384];
    size_t length;
    bool fits = true;
    while (fits && (length = fread(piece, 1, sizeof piece, file)) > 0)
        fits = buffer_append(content, piece, length);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (!fits)
        return error_set(err, "%s is too large", path);
    return !failed || error_set(err, "%s cannot be read", path);
}

/* The files of requests are moved to the front of argv. */
static bool take_option(struct verify_options *options, const char *name, char *value)
{
    const struct {
        const char *name;
        const char **value;
    } texts[] = {{"-c", &options->config},
                 {"--body", &options->body},
                 {"--now", &options->now},
                 {"--event", &options->selection.id},
                 {"--route", &options->selection.route},
                 {"--since", &options->since}};
    if (strcmp(name, "--request") == 0) {
        options->requests[options->request_count++] = value;
        return true;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].value = value;
            return true;
        }
    return false;
}

static bool read_numbers(struct verify_options *options)
{
    uint64_t now_s = 0;
    if (options->now && !bytes_to_uint64(bytes_of_text(options->now), &now_s))
        return false;
    options->now_ms = options->now ? (int64_t)now_s * 1000 : clock_unix_ms();
    return !options->since ||
           units_parse_duration(bytes_of_text(options->since), &options->selection.since_ms);
}

/* Requests, or an event, or a selection of events. */
static bool parse_options(int argc, char **argv, struct verify_options *options)
{
    options->requests = argv;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            options->selection.json = true;
        else if (i + 1 == argc || !take_option(options, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    const struct verify_selection *selection = &options->selection;
    bool selects = selection->route || options->since;
    int ways = (options->request_count > 0) + (selection->id != NULL) + selects;
    bool of_request = options->body || options->now;
    return ways == 1 && (options->request_count > 0 || !of_request) &&
           (!options->body || options->request_count == 1) && read_numbers(options);
}

/* ---- the walk ---- */

/* What was signed, where an authenticator can tell. */
static void explain(struct verify_result *result, struct buffer *text)
{
    const struct exchange *exchange = result->exchange;
    const struct route *route = exchange->request.route;
    for (size_t i = 0; route && i < exchange->passed_heads && !result->signed_text; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->explain && exchange->states[i] && kind->explain(exchange->states[i], text))
            result->signed_text = text;
    }
}

/* Of a body that was sent in a content coding and unfolded, most senders sign the bytes as sent. */
static void explain_as_sent(struct verify_result *result, struct buffer *text)
{
    struct request *request = &result->exchange->request;
    struct bytes unfolded = request->body;
    if (!result->exchange->signs_unfolded)
        request->body = result->capture->body;
    explain(result, text);
    request->body = unfolded;
}

/* A capture of the bytes alone does not say whether they came over TLS: where no listener has it,
 * they did not. */
static bool came_secure(const struct verify_result *result)
{
    const struct section_list *listen = &result->exchange->pipeline->settings->server.listen;
    bool tls = false;
    for (size_t i = 0; i < listen->count; i++)
        tls |= ((const struct listen_settings *)listen->items)[i].tls.certificate != NULL;
    return result->capture->secure || (tls && !result->capture->plain);
}

static void walk(struct verify_result *result, int64_t now_ms, struct buffer *signed_text)
{
    const struct capture *capture = result->capture;
    struct exchange *exchange = result->exchange;
    struct request *request = &exchange->request;
    request->method = capture->method;
    request->target = capture->target;
    request->version = capture->version;
    request->headers = capture->headers;
    request->header_count = capture->header_count;
    request->secure = came_secure(result);
    request->client =
        (struct client_address){.address = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}};
    request->now_ms = now_ms;
    result->verdict = pipeline_head(exchange, 0);
    if (result->verdict.reply != REPLY_NONE)
        return;
    pipeline_feed(exchange, capture->body);
    result->verdict = pipeline_body(exchange, capture->body, 0);
    if (result->verdict.reply == REPLY_NONE)
        result->verdict = exchange->quarantine;
    if (result->verdict.reply == REPLY_NONE)
        result->verdict.reply = REPLY_ACCEPTED;
    result->verdict = pipeline_format_response(exchange, "", result->verdict);
    explain_as_sent(result, signed_text);
}

/* ---- keys that senders have delivered ---- */

static void put_key(void *context, const struct provisioned_view *key)
{
    provisioned_keys_put(context, key->route, key->provider, key->key);
}

/* As far as there is a journal and it may be read. */
static struct provisioned_keys *read_provisioned(const char *path)
{
    struct provisioned_keys *table = calloc(1, provisioned_keys_size());
    struct error err;
    struct journal_reader *reader = table ? journal_reader_open(path, &err) : NULL;
    if (reader) {
        journal_reader_provisioned(reader, put_key, table);
        journal_reader_close(reader);
    }
    return table;
}

static void free_provisioned(struct provisioned_keys *table)
{
    if (table)
        secret_wipe(table, provisioned_keys_size());
    free(table);
}

/* ---- captures ---- */

static bool read_capture(const struct verify_options *options, const char *file,
                         struct buffer files[2], struct arena *arena, struct capture *capture,
                         struct error *err)
{
    if (!read_file(file, &files[0], err) ||
        (options->body && !read_file(options->body, &files[1], err)))
        return false;
    if (!capture_parse(buffer_bytes(&files[0]), arena, capture, err))
        return error_prefix(err, "%s", file);
    if (options->body)
        capture->body = buffer_bytes(&files[1]);
    else if (capture->lacks_body)
        capture_note(capture, "curl -v does not show the body: give it with --body FILE");
    return true;
}

static int verify_capture(const struct verify_options *options, const struct pipeline *pipeline,
                          const char *file, const struct capture *capture)
{
    struct exchange exchange;
    struct buffer signed_text;
    struct verify_result result = {.exchange = &exchange, .file = file, .capture = capture};
    exchange_init(&exchange, pipeline);
    buffer_init(&signed_text, SIZE_MAX / 2);
    walk(&result, options->now_ms, &signed_text);
    verify_print_result(&result, options->selection.json);
    buffer_finish(&signed_text);
    exchange_finish(&exchange);
    return verify_accepts(&result.verdict) ? EXIT_DONE : EXIT_NO;
}

static int verify_file(const struct verify_options *options, const struct pipeline *pipeline,
                       const char *file)
{
    struct buffer files[2];
    struct arena arena;
    struct capture capture;
    struct error err;
    int code = EXIT_ENVIRONMENT;
    buffer_init(&files[0], FILE_LIMIT);
    buffer_init(&files[1], FILE_LIMIT);
    arena_init(&arena, 4 * (size_t)FILE_LIMIT);
    if (read_capture(options, file, files, &arena, &capture, &err))
        code = verify_capture(options, pipeline, file, &capture);
    else
        print_failure(err.text);
    arena_finish(&arena);
    buffer_finish(&files[0]);
    buffer_finish(&files[1]);
    return code;
}

static int verify_files(const struct verify_options *options, const struct settings *settings)
{
    struct pipeline pipeline;
    struct error err;
    int worst = EXIT_DONE;
    bool has_titles = options->request_count > 1 && !options->selection.json;
    struct provisioned_keys *keys = read_provisioned(settings->journal.path);
    if (pipeline_init(&pipeline, settings, NULL, keys, &err)) {
        for (int i = 0; i < options->request_count; i++) {
            if (has_titles)
                printf("%s%s:\n", i ? "\n" : "", options->requests[i]);
            int code = verify_file(options, &pipeline, options->requests[i]);
            worst = code > worst ? code : worst;
        }
        pipeline_finish(&pipeline);
    } else {
        print_failure(err.text);
        worst = EXIT_ENVIRONMENT;
    }
    free_provisioned(keys);
    return worst;
}

/* ---- the verb ---- */

static int verify_run(int argc, char **argv)
{
    struct verify_options options = {0};
    struct problem_list problems;
    if (!parse_options(argc, argv, &options))
        return EXIT_USAGE;
    bool of_requests = options.request_count > 0;
    const char *file = cli_config_file(options.config);
    problem_list_init(&problems);
    struct settings *settings = of_requests
                                    ? settings_load(file, &program_registry, &problems)
                                    : settings_load_secretless(file, &program_registry, &problems);
    problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    if (!settings)
        return EXIT_ENVIRONMENT;
    int code = of_requests ? verify_files(&options, settings)
                           : verify_stored(&options.selection, settings);
    settings_destroy(settings);
    return code;
}

const struct verb verify_verb = {
    .name = "verify",
    .usage =
        "verify (--request FILE… [--body FILE] [--now UNIX_SECONDS] | --event ID | [--route R] "
        "[--since DURATION]) [--json] [-c FILE]",
    .sentence =
        "prints what each stage decides about captured requests and what the actions would be "
        "given, or what the route file would make of stored events that was not so then, and runs "
        "nothing; the exit code is 0 if each request would be stored (or answered as a handshake), "
        "or "
        "nothing would be different, otherwise 1",
    .run = verify_run};
