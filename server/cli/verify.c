/* `tenterhook verify`: the walk of a captured request, stage by stage; nothing is run and nothing
 * stored. The list of stages is the one that the listener uses. A stranger is never told why a
 * signature is refused and what should have been signed; the operator is told here. */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_text.h"
#include "base/secret.h"
#include "config/loader.h"
#include "handlers/provider/provisioned_keys.h"
#include "server/cli/capture.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"
#include "server/cli/verify_when.h"
#include "server/journal/reader.h"
#include "server/pipeline/pipeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_LIMIT = 80 * 1024 * 1024, SIGNED_SHOWN = 4096 };

struct verify_options {
    const char *config, *request, *body, *now;
    bool json;
};

/* What came of it. */
struct verify_result {
    const struct capture *capture;
    struct exchange *exchange;
    struct verdict verdict;
    struct buffer signed_text;
    bool explained;
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

static bool parse_options(int argc, char **argv, struct verify_options *options)
{
    struct {
        const char *name;
        const char **value;
    } texts[] = {{"-c", &options->config},
                 {"--request", &options->request},
                 {"--body", &options->body},
                 {"--now", &options->now}};
    for (int i = 1; i < argc; i++) {
        size_t j = 0, count = sizeof texts / sizeof texts[0];
        while (j < count && strcmp(argv[i], texts[j].name) != 0)
            j++;
        if (j < count && i + 1 < argc)
            *texts[j].value = argv[++i];
        else if (strcmp(argv[i], "--json") == 0)
            options->json = true;
        else
            return false;
    }
    return options->request != NULL;
}

/* ---- the walk ---- */

static void explain(struct verify_result *result)
{
    const struct exchange *exchange = result->exchange;
    const struct route *route = exchange->request.route;
    for (size_t i = 0; route && i < exchange->passed_heads && !result->explained; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->explain && exchange->states[i])
            result->explained = kind->explain(exchange->states[i], &result->signed_text);
    }
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

static void walk(struct verify_result *result, int64_t now_ms)
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
    explain(result);
}

/* ---- output ---- */

static unsigned status_of(const struct verdict *verdict)
{
    return verdict->status ? verdict->status : reply_rows[verdict->reply].status;
}

static bool is_accepted(const struct verdict *verdict)
{
    return status_of(verdict) < 400;
}

/* Whether the walk came as far as `stage`: all do before the one that decided. */
static const char *stage_result(const struct verify_result *result, size_t stage)
{
    if (result->verdict.reply == REPLY_ACCEPTED)
        return "passed";
    if (result->verdict.reply == REPLY_QUARANTINED)
        return pipeline_stage_names[stage + 1] ? "passed" : "quarantined";
    size_t decided = 0;
    while (pipeline_stage_names[decided] &&
           strcmp(pipeline_stage_names[decided], result->exchange->stage) != 0)
        decided++;
    return stage < decided                 ? "passed"
           : stage > decided               ? "not reached"
           : is_accepted(&result->verdict) ? "answered"
                                           : "refused";
}

static void print_escaped(const char *name, struct bytes text)
{
    printf("%-10s ", name);
    struct bytes rest =
        bytes_of(text.data, text.length < SIGNED_SHOWN ? text.length : SIGNED_SHOWN);
    while (rest.length > 0) { /* in pieces: line ends and backslashes have names of their own */
        size_t plain = 0;
        while (plain < rest.length && rest.data[plain] != '\n' && rest.data[plain] != '\\')
            plain++;
        print_safe(stdout, bytes_of(rest.data, plain));
        if (plain < rest.length)
            fputs(rest.data[plain++] == '\n' ? "\\n" : "\\x5c", stdout);
        rest = bytes_from(rest, plain);
    }
    puts(text.length > SIGNED_SHOWN ? " …" : "");
}

static void print_text(const struct verify_result *result)
{
    const struct verdict *verdict = &result->verdict;
    const struct request *request = &result->exchange->request;
    for (size_t i = 0; pipeline_stage_names[i]; i++)
        printf("%-12s %s\n", pipeline_stage_names[i], stage_result(result, i));
    if (request->route)
        printf("%-10s %s\n", "route", request->route->name);
    if (request->message_id.length)
        print_escaped("delivery", request->message_id);
    if (request->event_type.length)
        print_escaped("event", request->event_type);
    verify_print_conditions(result->exchange);
    if (result->explained)
        print_escaped("signed", buffer_bytes(&result->signed_text));
    for (size_t i = 0; i < result->capture->note_count; i++)
        printf("%-10s %s\n", "note", result->capture->notes[i]);
    if (verdict->reply == REPLY_CHALLENGE && verdict->body.length)
        print_escaped("answer", verdict->body);
    if (verdict->details.length)
        print_escaped("failures", verdict->details);
    if (verdict->message && verdict->message != verdict->reason)
        print_escaped("message", bytes_of_text(verdict->message));
    printf("%s with %u (%s)%s", is_accepted(verdict) ? "answered" : "refused", status_of(verdict),
           reply_rows[verdict->reply].code, verdict->reason ? ": " : "");
    print_safe(stdout, bytes_of_text(verdict->reason ? verdict->reason : ""));
    putchar('\n');
}

static void json_member(struct buffer *out, const char *name, struct bytes value)
{
    buffer_printf(out, ",\"%s\":\"", name);
    json_escape(out, value);
    buffer_append_text(out, "\"");
}

static void json_answer(struct buffer *out, const struct verdict *verdict)
{
    buffer_printf(out, ",\"answer\":{\"status\":%u", status_of(verdict));
    if (verdict->content_type)
        json_member(out, "type", bytes_of_text(verdict->content_type));
    json_member(out, "body", verdict->body);
    if (verdict->header_name) {
        buffer_append_text(out, ",\"headers\":{\"");
        json_escape(out, bytes_of_text(verdict->header_name));
        buffer_append_text(out, "\":\"");
        json_escape(out, verdict->header_value);
        buffer_append_text(out, "\"}");
    }
    buffer_append_text(out, "}");
}

static void json_notes(struct buffer *out, const struct capture *capture)
{
    for (size_t i = 0; i < capture->note_count; i++) {
        buffer_append_text(out, i ? ",\"" : ",\"notes\":[\"");
        json_escape(out, bytes_of_text(capture->notes[i]));
        buffer_append_text(out, "\"");
    }
    if (capture->note_count)
        buffer_append_text(out, "]");
}

static void print_result_json(const struct verify_result *result)
{
    const struct verdict *verdict = &result->verdict;
    const struct request *request = &result->exchange->request;
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    buffer_printf(&out, "{\"accepted\":%s,\"status\":%u,\"code\":\"%s\"",
                  is_accepted(verdict) ? "true" : "false", status_of(verdict),
                  reply_rows[verdict->reply].code);
    if (!is_accepted(verdict))
        json_member(&out, "stage", bytes_of_text(result->exchange->stage));
    if (verdict->reason)
        json_member(&out, "reason", bytes_of_text(verdict->reason));
    if (verdict->message)
        json_member(&out, "message", bytes_of_text(verdict->message));
    buffer_append_text(&out, ",\"stages\":[");
    for (size_t i = 0; pipeline_stage_names[i]; i++)
        buffer_printf(&out, "%s{\"name\":\"%s\",\"result\":\"%s\"}", i ? "," : "",
                      pipeline_stage_names[i], stage_result(result, i));
    buffer_append_text(&out, "]");
    if (request->route)
        json_member(&out, "route", bytes_of_text(request->route->name));
    json_member(&out, "delivery", request->message_id);
    json_member(&out, "event", request->event_type);
    json_member(&out, "dedupe_key", request->dedupe_key);
    buffer_printf(&out, ",\"secret\":%zu", request->secret_used);
    if (result->explained)
        json_member(&out, "signed", buffer_bytes(&result->signed_text));
    if (verdict->reply == REPLY_CHALLENGE)
        json_answer(&out, verdict);
    if (verdict->details.length) { /* a list already */
        buffer_append_text(&out, ",\"failures\":");
        buffer_append_bytes(&out, verdict->details);
    }
    verify_append_conditions(result->exchange, &out);
    json_notes(&out, result->capture);
    buffer_append_text(&out, "}\n");
    print_json(stdout, buffer_bytes(&out));
    buffer_finish(&out);
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

/* ---- the verb ---- */

static int verify_capture(const struct verify_options *options, const struct settings *settings,
                          const struct capture *capture, int64_t now_ms)
{
    struct pipeline pipeline;
    struct exchange exchange;
    struct error err;
    struct provisioned_keys *keys = read_provisioned(settings->journal.path);
    if (!pipeline_init(&pipeline, settings, NULL, keys, &err)) {
        print_failure(err.text);
        free_provisioned(keys);
        return EXIT_ENVIRONMENT;
    }
    exchange_init(&exchange, &pipeline);
    struct verify_result result = {.capture = capture, .exchange = &exchange};
    buffer_init(&result.signed_text, SIZE_MAX / 2);
    walk(&result, now_ms);
    if (options->json)
        print_result_json(&result);
    else
        print_text(&result);
    buffer_finish(&result.signed_text);
    exchange_finish(&exchange);
    pipeline_finish(&pipeline);
    free_provisioned(keys);
    return is_accepted(&result.verdict) ? EXIT_DONE : EXIT_NO;
}

static bool read_capture(const struct verify_options *options, struct buffer files[2],
                         struct arena *arena, struct capture *capture, struct error *err)
{
    if (!read_file(options->request, &files[0], err) ||
        (options->body && !read_file(options->body, &files[1], err)))
        return false;
    if (!capture_parse(buffer_bytes(&files[0]), arena, capture, err))
        return error_prefix(err, "%s", options->request);
    if (options->body)
        capture->body = buffer_bytes(&files[1]);
    return true;
}

static int verify_with(const struct verify_options *options, const struct settings *settings,
                       int64_t now_ms)
{
    struct buffer files[2];
    struct arena arena;
    struct capture capture;
    struct error err;
    int code = EXIT_ENVIRONMENT;
    buffer_init(&files[0], FILE_LIMIT);
    buffer_init(&files[1], FILE_LIMIT);
    arena_init(&arena, 4 * (size_t)FILE_LIMIT);
    if (read_capture(options, files, &arena, &capture, &err))
        code = verify_capture(options, settings, &capture, now_ms);
    else
        print_failure(err.text);
    arena_finish(&arena);
    buffer_finish(&files[0]);
    buffer_finish(&files[1]);
    return code;
}

static int verify_run(int argc, char **argv)
{
    struct verify_options options = {0};
    uint64_t now_s = 0;
    if (!parse_options(argc, argv, &options) ||
        (options.now && !bytes_to_uint64(bytes_of_text(options.now), &now_s)))
        return EXIT_USAGE;
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *settings =
        settings_load(cli_config_file(options.config), &program_registry, &problems);
    problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    if (!settings)
        return EXIT_ENVIRONMENT;
    int code =
        verify_with(&options, settings, options.now ? (int64_t)now_s * 1000 : clock_unix_ms());
    settings_destroy(settings);
    return code;
}

const struct verb verify_verb = {
    .name = "verify",
    .usage = "verify [-c FILE] --request FILE [--body FILE] [--now UNIX_SECONDS] [--json]",
    .sentence = "prints what each stage decides about a captured request, and runs nothing; the "
                "exit code is 0 if the request would be accepted, 1 if it would be refused",
    .run = verify_run};
