/* `tenterhook verify`: the walk of captured requests, stage by stage, or of events of the journal;
 * nothing is run and nothing stored. The list of stages is the one that the listener uses. A
 * stranger is never told why a signature is refused and what should have been signed; the operator
 * is told here. */
#include "base/clock.h"
#include "base/secret.h"
#include "config/loader.h"
#include "handlers/provider/provisioned_keys.h"
#include "handlers/provider/signature_time.h"
#include "server/capture/capture.h"
#include "server/capture/paste.h"
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/cli/verify_print.h"
#include "server/cli/verify_stored.h"
#include "server/journal/reader.h"
#include "server/terminal/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_LIMIT = 80 * 1024 * 1024 };

struct verify_options {
    struct file_options at;
    const char *body;
    struct word_list requests;         /* files */
    int64_t now_s;                     /* 0: the present */
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
        return capture_give_body(capture, buffer_bytes(&files[1]), arena) ||
               error_set(err, "%s is too large", options->body);
    if (capture->lacks_body)
        capture_note(capture, "the body is not in the file: give it with --body FILE");
    return true;
}

/* One walk with all that its result is in. */
struct attempt {
    struct capture capture;
    struct exchange exchange;
    struct buffer signed_text;
    struct verify_result result;
};

static void attempt_walk(struct attempt *attempt, const struct pipeline *pipeline, const char *file,
                         int64_t now_ms)
{
    attempt->result = (struct verify_result){
        .exchange = &attempt->exchange, .file = file, .capture = &attempt->capture};
    exchange_init(&attempt->exchange, pipeline);
    buffer_init(&attempt->signed_text, SIZE_MAX / 2);
    walk(&attempt->result, now_ms, &attempt->signed_text);
}

static void attempt_finish(struct attempt *attempt)
{
    buffer_finish(&attempt->signed_text);
    exchange_finish(&attempt->exchange);
}

/* Walks with the body as senders lay it out, until one proves who has sent it. What it was is a
 * name; NULL: none does, and nothing is to be finished. */
static const char *find_layout(const struct attempt *given, struct attempt *found,
                               struct arena *arena)
{
    const struct capture *capture = &given->capture;
    struct bytes json = capture->json.length ? capture->json : capture->body;
    for (size_t i = 0; paste_is_json(json) && i < JSON_LAYOUTS; i++) {
        found->capture = *capture;
        if (!capture_lay_out(&found->capture, json, &json_layouts[i], arena))
            continue;
        attempt_walk(found, given->exchange.pipeline, given->result.file,
                     given->exchange.request.now_ms);
        if (found->exchange.has_passed)
            return json_layouts[i].name;
        attempt_finish(found);
    }
    return NULL;
}

/* A body that was copied from a page is judged as its sender sent it; any other as it is. */
static bool note_layout(struct attempt *given, struct attempt *found, const char *name,
                        struct arena *arena)
{
    const char *text = arena_format(
        arena, "the body was laid out anew: %s%s%s",
        given->capture.is_pasted ? "as the sender sent it (" : "as ", name,
        given->capture.is_pasted ? "), it matches"
                                 : " it matches; if nobody copied it from a page, look for what "
                                   "rewrites bodies on the way here");
    struct attempt *shown = given->capture.is_pasted ? found : given;
    if (text)
        capture_note(&shown->capture, text);
    return shown == found;
}

/* What to do about credentials that are well formed and wrong. */
static void note_mismatch(struct attempt *given, const struct verify_options *options)
{
    const struct verdict *verdict = &given->result.verdict;
    if (signature_time_is_reason(verdict->reason) && !options->now_s)
        capture_note(&given->capture, "--now UNIX_SECONDS sets the clock to when it was sent");
    else if (given->capture.is_pasted && verdict->had_credentials && given->capture.body.length)
        capture_note(&given->capture,
                     "the payload matches neither as it stands nor as senders lay it out: the "
                     "secret may be another one, or the copy is not whole; copy it again, or have "
                     "it delivered again");
}

static int verify_capture(const struct verify_options *options, const struct pipeline *pipeline,
                          const char *file, const struct capture *capture, struct arena *arena)
{
    struct attempt given = {.capture = *capture}, found;
    struct attempt *shown = &given;
    const char *layout = NULL;
    attempt_walk(&given, pipeline, file, options->now_s ? options->now_s * 1000 : clock_unix_ms());
    const struct verdict *verdict = &given.result.verdict;
    bool is_unproved = verdict->reply == REPLY_UNAUTHENTICATED ||
                       (capture->is_pasted && verdict->reply == REPLY_TOO_LARGE);
    if (is_unproved && !signature_time_is_reason(verdict->reason))
        layout = find_layout(&given, &found, arena);
    if (layout && note_layout(&given, &found, layout, arena))
        shown = &found;
    else if (is_unproved && !layout)
        note_mismatch(&given, options);
    verify_print_result(&shown->result, options->selection.json);
    int code = verify_accepts(&shown->result.verdict) ? EXIT_DONE : EXIT_NO;
    if (layout)
        attempt_finish(&found);
    attempt_finish(&given);
    return code;
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
        code = verify_capture(options, pipeline, file, &capture, &arena);
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
    bool has_titles = options->requests.count > 1 && !options->selection.json;
    struct provisioned_keys *keys = read_provisioned(settings->journal.path);
    if (pipeline_init(&pipeline, settings, NULL, keys, &err)) {
        for (size_t i = 0; i < options->requests.count; i++) {
            if (has_titles)
                printf("%s%s:\n", i ? "\n" : "", options->requests.items[i]);
            int code = verify_file(options, &pipeline, options->requests.items[i]);
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

/* NULL after printing the problems, which are printed of a good file too. */
static struct settings *load(const struct verify_options *options, bool with_secrets)
{
    const char *file = cli_config_file(options->at.config);
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *settings = with_secrets
                                    ? settings_load(file, &program_registry, &problems)
                                    : settings_load_secretless(file, &program_registry, &problems);
    problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    return settings;
}

static int requests_run(void *given)
{
    const struct verify_options *options = given;
    if (options->body && options->requests.count > 1) {
        print_failure("--body is that of one request");
        return EXIT_USAGE;
    }
    struct settings *settings = load(options, true);
    int code = settings ? verify_files(options, settings) : EXIT_ENVIRONMENT;
    settings_destroy(settings);
    return code;
}

static int stored_run(void *given)
{
    const struct verify_options *options = given;
    const struct verify_selection *selection = &options->selection;
    if (!selection->id && !selection->route && !selection->since_ms) {
        print_failure("say what is verified: --request FILE, --event ID, --route ROUTE or --since "
                      "DURATION");
        return EXIT_USAGE;
    }
    struct settings *settings = load(options, false);
    int code = settings ? verify_stored(selection, settings) : EXIT_ENVIRONMENT;
    settings_destroy(settings);
    return code;
}

/* Bits of the forms, in their order. */
enum { REQUESTS = 1, EVENT = 2, SELECTION = 4 };

static const struct option_row rows[] = {
    {.name = "request",
     .value = "FILE",
     .kind = OPTION_FILE,
     .flags = OPTION_REPEATS,
     .forms = REQUESTS,
     .needed = REQUESTS,
     .offset = offsetof(struct verify_options, requests),
     .sentence = "a captured request: its bytes, what curl -v has printed, or what a page of the "
                 "sender lets people copy"},
    {.name = "body",
     .value = "FILE",
     .kind = OPTION_FILE,
     .forms = REQUESTS,
     .offset = offsetof(struct verify_options, body),
     .sentence = "the body of the request, where the capture does not have it"},
    {.name = "now",
     .value = "UNIX_SECONDS",
     .kind = OPTION_NUMBER,
     .forms = REQUESTS,
     .offset = offsetof(struct verify_options, now_s),
     .sentence = "the time of the check; without it the present",
     .min = 1,
     .max = INT64_MAX / 1000},
    {.name = "event",
     .value = "ID",
     .kind = OPTION_EVENT,
     .forms = EVENT,
     .needed = EVENT,
     .offset = offsetof(struct verify_options, selection.id),
     .sentence = "a stored event: its id, or how it begins"},
    {.name = "route",
     .value = "ROUTE",
     .kind = OPTION_ROUTE,
     .forms = SELECTION,
     .offset = offsetof(struct verify_options, selection.route),
     .sentence = "the stored events of this route"},
    {.name = "since",
     .value = "DURATION",
     .kind = OPTION_DURATION,
     .forms = SELECTION,
     .offset = offsetof(struct verify_options, selection.since_ms),
     .sentence = "stored events that are not older",
     .min = 1},
    {.name = "json",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct verify_options, selection.json),
     .sentence = "prints JSON, for programs"},
};

const struct verb verify_verb = {
    .name = "verify",
    .sentence = "says what each stage decides about requests or stored events; runs nothing",
    .more =
        "Of captured requests it prints what each stage decides and what the actions would be "
        "given. Of stored events it prints what the route file would make of them that was not so "
        "when they came.\n\n"
        "The exit code is 0 if each request would be stored (or answered as a handshake), or "
        "nothing "
        "would be different, and otherwise 1.",
    .groups = {OPTION_GROUP(rows), {file_rows, FILE_ROWS, 0, 0}},
    .forms = {{NULL, NULL, requests_run}, {NULL, NULL, stored_run}, {NULL, NULL, stored_run}},
    .size = sizeof(struct verify_options)};
