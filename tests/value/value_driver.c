/* Answers what references, templates and conditions make of an event, for model.py: reads a line of
 * JSON, writes one. The event is asked as a request, and again as what is stored of it; where the
 * two differ the line says so.
 *
 * In: {"payload": text or null, "headers": [[name, value] …], "query": text, "path": text,
 * "stored": {"headers": text, "query": text, "params": text}, "references": [text …], "templates":
 * [text …], "when": text}. Texts in the answer are hexadecimal: they may be no UTF-8. */
#include "config/loader.h"
#include "handlers/admission/when.h"
#include "handlers/auth/route_auth.h"
#include "handlers/content/json.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"
#include "handlers/value/stored.h"
#include "handlers/value/template.h"
#include "server/cli/verbs.h"
#include "tests/unit/template_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_LIMIT = 4096, HEADERS_MAX = 16, LINE_LIMIT = 1 << 24 };

struct asked {
    struct arena arena;
    struct json_object *line;
    struct settings *settings;
    struct header headers[HEADERS_MAX];
    struct json_summary summary;
    struct request request;
    struct value_context context;
    struct buffer out;
};

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    value_find(object, name, &value);
    return value;
}

static struct bytes text_of(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name);
    return value ? value_string(value) : bytes_of(NULL, 0);
}

/* ---- the event ---- */

static bool take_request(struct asked *asked)
{
    struct json_fault fault;
    struct json_limits limits = json_limits_default;
    struct json_object *headers = member(asked->line, "headers");
    struct request *request = &asked->request;
    limits.lone_surrogates = limits.repeated_names = true;
    *request = (struct request){.arena = &asked->arena,
                                .headers = asked->headers,
                                .route = asked->settings ? asked->settings->routes : NULL,
                                .method = bytes_of_text("POST"),
                                .path = text_of(asked->line, "path"),
                                .query = text_of(asked->line, "query"),
                                .payload = text_of(asked->line, "payload")};
    for (size_t i = 0; i < value_item_count(headers) && i < HEADERS_MAX; i++) {
        struct json_object *pair = value_item(headers, i);
        asked->headers[request->header_count++] =
            (struct header){value_string(value_item(pair, 0)), value_string(value_item(pair, 1))};
    }
    request->json = request->payload.data ? &asked->summary : NULL;
    if (request->route && !route_read_target(request))
        return false;
    return !request->payload.data || json_check(request->payload, &limits, &asked->summary, &fault);
}

static void use_request(struct asked *asked)
{
    value_context_of_request(&asked->context, &asked->request);
}

static void use_stored(struct asked *asked)
{
    struct json_object *texts = member(asked->line, "stored");
    struct stored_values stored = {.headers = text_of(texts, "headers"),
                                   .query = text_of(texts, "query"),
                                   .params = text_of(texts, "params"),
                                   .payload = asked->request.payload,
                                   .method = asked->request.method,
                                   .path = asked->request.path,
                                   .attempt = bytes_of_text("1")};
    value_context_of_stored(&asked->context, &stored);
}

/* ---- the answers ---- */

static void put_hex(struct buffer *out, struct bytes text)
{
    buffer_append_text(out, "\"");
    for (size_t i = 0; i < text.length; i++)
        buffer_printf(out, "%02x", text.data[i]);
    buffer_append_text(out, "\"");
}

static void answer_reference(struct asked *asked, struct bytes text)
{
    struct reference reference;
    struct value value;
    struct error err;
    size_t offset;
    if (!reference_parse(text, &asked->arena, &reference, &err, &offset)) {
        buffer_append_text(&asked->out, "[\"fault\"]");
        return;
    }
    if (!value_resolve(&asked->context, &reference, &value))
        abort();
    buffer_printf(&asked->out, "[%d,%s,", (int)value.kind, value.repeated ? "true" : "false");
    put_hex(&asked->out, value.text);
    buffer_append_text(&asked->out, "]");
}

static void answer_template(struct asked *asked, struct bytes text)
{
    struct template template;
    struct error err;
    struct bytes made;
    size_t offset;
    if (!template_parse(text, &asked->arena, &template, &err, &offset)) {
        buffer_append_text(&asked->out, "[\"fault\"]");
        return;
    }
    enum template_outcome outcome =
        template_text(&template, &asked->context, TEXT_LIMIT, &asked->arena, &made, NULL);
    buffer_printf(&asked->out, "[%d,", (int)outcome);
    put_hex(&asked->out, outcome == TEMPLATE_DONE ? made : bytes_of(NULL, 0));
    buffer_append_text(&asked->out, "]");
}

static void answer_list(struct asked *asked, const char *name,
                        void (*answer)(struct asked *, struct bytes))
{
    struct json_object *list = member(asked->line, name);
    buffer_append_text(&asked->out, "[");
    for (size_t i = 0; i < value_item_count(list); i++) {
        buffer_append_text(&asked->out, i ? "," : "");
        answer(asked, value_string(value_item(list, i)));
    }
    buffer_append_text(&asked->out, "]");
}

static void answer_when(struct asked *asked)
{
    if (!asked->settings) {
        buffer_append_text(&asked->out, "\"fault\"");
        return;
    }
    const struct when_settings *when = when_settings_of(asked->settings->routes);
    struct condition_reason reason;
    buffer_printf(&asked->out, "%d",
                  (int)condition_holds(&when->condition, &asked->context, &asked->arena, &reason));
}

static void answer(struct asked *asked, void (*use)(struct asked *asked))
{
    use(asked);
    buffer_append_text(&asked->out, "[");
    answer_list(asked, "references", answer_reference);
    buffer_append_text(&asked->out, ",");
    answer_list(asked, "templates", answer_template);
    buffer_append_text(&asked->out, ",");
    answer_when(asked);
    buffer_append_text(&asked->out, "]");
    value_context_finish(&asked->context);
}

/* ---- lines ---- */

static struct settings *load_when(struct asked *asked, bool quiet)
{
    struct problem_list problems;
    struct bytes when = text_of(asked->line, "when");
    const char *text =
        arena_format(&asked->arena,
                     "version: 1\nserver: {listen: {address: \"127.0.0.1:0\", tls: off}}\nroutes:\n"
                     "- {name: a, path: \"/p/{one}/{two}\", auth: {none: true}, content: auto,\n"
                     "   actions: [{pipe: p}], when: %.*s}\n",
                     (int)when.length, (const char *)when.data);
    problem_list_init(&problems);
    struct settings *settings =
        settings_load_text("model.yaml", bytes_of_text(text), &program_registry, &problems);
    if (!settings && !quiet)
        problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    return settings;
}

static bool answer_line(struct bytes line, bool quiet)
{
    struct asked asked = {.line = NULL};
    struct json_fault fault;
    struct json_limits limits = json_limits_default;
    limits.lone_surrogates = true;
    arena_init(&asked.arena, LINE_LIMIT);
    buffer_init(&asked.out, LINE_LIMIT);
    bool good = payload_parse(line, &limits, &asked.line, &fault);
    if (good) {
        asked.settings = load_when(&asked, quiet);
        good = take_request(&asked);
    }
    if (good) {
        buffer_append_text(&asked.out, "[");
        answer(&asked, use_request);
        buffer_append_text(&asked.out, ",");
        answer(&asked, use_stored);
        buffer_append_text(&asked.out, "]\n");
        fwrite(asked.out.data, 1, asked.out.length, stdout);
    }
    payload_release(asked.line);
    settings_destroy(asked.settings);
    buffer_finish(&asked.out);
    arena_finish(&asked.arena);
    return good;
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t size = 0;
    bool quiet = argc < 2 || strcmp(argv[1], "-v") != 0, good = true;
    for (ssize_t length; good && (length = getline(&line, &size, stdin)) > 0;)
        good = answer_line(bytes_of(line, (size_t)length), quiet);
    free(line);
    return good ? 0 : 1;
}
