/* Speaks the protocol of Bowtie's harnesses (JSON lines on standard input and output), so that the
 * engine can stand beside other implementations: start, dialect, run, stop. With --formats assert
 * the formats are asserted, for the suite's tests of them; with --explain the verdict is that of
 * the evaluation which collects reasons. References are resolved from the case's registry and
 * nowhere else. */
#include "base/json_text.h"
#include "handlers/content/payload.h"
#include "handlers/schema/schema.h"
#include "handlers/schema/value.h"

#include <stdio.h>
#include <stdlib.h>

static const struct json_limits line_limits = {
    .depth = JSON_DEPTH_MAX, .nodes = 10000000, .number_length = 1024 * 1024};

struct harness {
    enum schema_draft draft;
    bool assert_formats, explain;
    struct schema_evaluator *evaluator;
    struct json_object *registry;
};

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    return value_type(object) == TYPE_OBJECT && value_find(object, name, &value) ? value : NULL;
}

static bool text_is(struct json_object *value, const char *text)
{
    return value_type(value) == TYPE_STRING && bytes_equal_text(value_string(value), text);
}

static struct json_object *resolve(void *context, const char *uri, struct error *err)
{
    struct harness *harness = context;
    struct json_object *found = member(harness->registry, uri);
    if (!found)
        error_set(err, "it is not in the registry");
    return found ? value_keep(found) : NULL;
}

/* ---- commands ---- */

static void answer_start(struct harness *harness, struct json_object *command)
{
    (void)harness;
    (void)command;
    puts("{\"version\":1,\"implementation\":{\"language\":\"c\",\"name\":\"tenterhook\","
         "\"homepage\":\"https://tenterhook.example/\",\"issues\":\"https://tenterhook.example/\","
         "\"source\":\"https://tenterhook.example/\",\"dialects\":["
         "\"https://json-schema.org/draft/2020-12/schema\","
         "\"https://json-schema.org/draft/2019-09/schema\","
         "\"http://json-schema.org/draft-07/schema#\","
         "\"http://json-schema.org/draft-06/schema#\","
         "\"http://json-schema.org/draft-04/schema#\"]}}");
}

static void answer_dialect(struct harness *harness, struct json_object *command)
{
    struct json_object *dialect = member(command, "dialect");
    bool known = value_type(dialect) == TYPE_STRING &&
                 schema_draft_find((const char *)value_string(dialect).data, &harness->draft);
    printf("{\"ok\":%s}\n", known ? "true" : "false");
}

static void answer_error(struct json_object *sequence, const char *pointer, const char *sentence)
{
    struct buffer text;
    buffer_init(&text, 8192);
    json_escape(&text, bytes_of_text(pointer));
    buffer_append_text(&text, ": ");
    json_escape(&text, bytes_of_text(sentence));
    printf("{\"seq\":%s,\"errored\":true,\"context\":{\"message\":\"%.*s\"}}\n",
           json_object_to_json_string(sequence), (int)text.length, (const char *)text.data);
    buffer_finish(&text);
}

/* Where reasons are collected, a refusal without one is no answer. */
static enum schema_verdict evaluate(struct harness *harness, const struct schema *schema,
                                    struct json_object *instance)
{
    struct schema_failures failures;
    struct arena arena;
    if (!harness->explain)
        return schema_evaluate(harness->evaluator, schema, instance);
    arena_init(&arena, 1024 * 1024);
    enum schema_verdict verdict =
        schema_explain(harness->evaluator, schema, instance, &arena, &failures);
    arena_finish(&arena);
    return verdict == SCHEMA_INVALID && !failures.count ? SCHEMA_ABANDONED : verdict;
}

static void answer_tests(struct harness *harness, struct json_object *sequence,
                         struct json_object *tests, const struct schema *schema)
{
    printf("{\"seq\":%s,\"results\":[", json_object_to_json_string(sequence));
    for (size_t i = 0; i < value_item_count(tests); i++) {
        struct json_object *instance = member(value_item(tests, i), "instance");
        enum schema_verdict verdict = evaluate(harness, schema, instance);
        const char *answer = verdict == SCHEMA_VALID     ? "{\"valid\":true}"
                             : verdict == SCHEMA_INVALID ? "{\"valid\":false}"
                                                         : "{\"errored\":true}";
        printf("%s%s", i ? "," : "", answer);
    }
    puts("]}");
}

static void answer_run(struct harness *harness, struct json_object *command)
{
    struct json_object *sequence = member(command, "seq"), *run = member(command, "case");
    struct json_object *tests = member(run, "tests");
    struct schema_options options = {.draft = harness->draft,
                                     .assert_formats = harness->assert_formats,
                                     .resolve = resolve,
                                     .context = harness};
    harness->registry = member(run, "registry");
    struct schema_library *library = schema_library_create(&options);
    struct schema *schema = NULL;
    if (library && value_type(tests) == TYPE_ARRAY)
        schema = schema_compile(library, "", member(run, "schema"));
    const struct schema_fault *fault = library ? schema_faults(library) : NULL;
    if (schema)
        answer_tests(harness, sequence, tests, schema);
    else
        answer_error(sequence, fault ? fault->pointer : "", fault ? fault->sentence : "not a case");
    schema_destroy(schema);
    schema_library_destroy(library);
}

/* ---- lines ---- */

static const struct {
    const char *name;
    void (*answer)(struct harness *harness, struct json_object *command);
} commands[] = {{"start", answer_start}, {"dialect", answer_dialect}, {"run", answer_run}};

/* False when it is time to stop. */
static bool take_line(struct harness *harness, struct bytes line)
{
    struct json_object *command;
    struct json_fault fault;
    if (!payload_parse(line, &line_limits, &command, &fault)) {
        fprintf(stderr, "bowtie: byte %zu: %s\n", fault.offset, fault.reason);
        return false;
    }
    struct json_object *name = member(command, "cmd");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (text_is(name, commands[i].name))
            commands[i].answer(harness, command);
    fflush(stdout);
    bool go_on = !text_is(name, "stop");
    payload_release(command);
    return go_on;
}

/* False for arguments that are none of its options. */
static bool read_options(struct harness *harness, char **argv)
{
    for (; *argv; argv++)
        if (strcmp(*argv, "--explain") == 0) {
            harness->explain = true;
        } else if (strcmp(*argv, "--formats") == 0 && argv[1] && strcmp(argv[1], "assert") == 0) {
            harness->assert_formats = true;
            argv++;
        } else {
            return false;
        }
    return true;
}

int main(int argc, char **argv)
{
    struct harness harness = {.draft = SCHEMA_DRAFT_2020_12};
    if (argc < 1 || !read_options(&harness, argv + 1)) {
        fputs("bowtie: [--formats assert] [--explain]\n", stderr);
        return 2;
    }
    harness.evaluator = schema_evaluator_create(&schema_limits_default);
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while (harness.evaluator && (length = getline(&line, &size, stdin)) > 0)
        if (!take_line(&harness, bytes_of(line, (size_t)length)))
            break;
    free(line);
    schema_evaluator_destroy(harness.evaluator);
    return 0;
}
