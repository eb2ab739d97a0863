/* `tenterhook validate`: the schema engine of the routes, for people and their tests. It prints the
 * location in the document and the reason; an error in a schema is shown as `check` shows it. */
#include "base/buffer.h"
#include "config/file.h"
#include "handlers/admission/schema_files.h"
#include "handlers/content/payload.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DOCUMENT_MAX = 256 << 20, BINDINGS_MAX = 64, EXPLAIN_ARENA = 1 << 20 };

static const struct json_limits document_limits = {
    .depth = JSON_DEPTH_MAX, .nodes = 50000000, .number_length = 1 << 20, .lone_surrogates = true};

struct options {
    const char *schema;
    const char *bindings[BINDINGS_MAX]; /* URI=FILE */
    size_t binding_count;
    struct schema_manner manner;
    bool basic;
};

struct validation {
    const struct options *options;
    const struct schema *schema;
    struct schema_evaluator *evaluator;
};

/* ---- options ---- */

static bool take_formats(struct options *options, const char *value)
{
    options->manner.assert_formats = strcmp(value, "assert") == 0;
    return options->manner.assert_formats || strcmp(value, "annotate") == 0;
}

static bool take_binding(struct options *options, const char *value)
{
    const char *equals = strrchr(value, '=');
    if (!equals || equals == value || !equals[1] || options->binding_count == BINDINGS_MAX)
        return false;
    options->bindings[options->binding_count++] = value;
    return true;
}

static bool take_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 's':
        options->schema = value;
        return true;
    case 'd':
        return schema_draft_find(value, &options->manner.draft);
    case 'f':
        return take_formats(options, value);
    case 'o':
        return options->basic = strcmp(value, "basic") == 0;
    case 'b':
        return take_binding(options, value);
    }
    return false;
}

static bool read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"schema", required_argument, NULL, 's'},  {"draft", required_argument, NULL, 'd'},
        {"formats", required_argument, NULL, 'f'}, {"output", required_argument, NULL, 'o'},
        {"bind", required_argument, NULL, 'b'},    {NULL, 0, NULL, 0}};
    int option;
    *options = (struct options){0};
    optind = 1;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
        if (!take_option(options, option, optarg))
            return false;
    return options->schema && optind < argc;
}

/* ---- the schema ---- */

static const char *shown_path(void *context, const char *path)
{
    const char *directory = context;
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && path[length] == '/' ? path + length + 1 : path;
}

/* Absolute, of a file that need not be there. */
static void absolute_path(const char *directory, const char *path, char out[PATH_MAX])
{
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    if (path[0] == '/')
        snprintf(out, PATH_MAX, "%s", path);
    else
        snprintf(out, PATH_MAX, "%s/%s", directory, path);
}

static bool bind_all(struct schema_files *files, const struct options *options,
                     const char *directory, struct error *err)
{
    char uri[PATH_MAX], path[PATH_MAX];
    for (size_t i = 0; i < options->binding_count; i++) {
        const char *equals = strrchr(options->bindings[i], '=');
        snprintf(uri, sizeof uri, "%.*s", (int)(equals - options->bindings[i]),
                 options->bindings[i]);
        absolute_path(directory, equals + 1, path);
        if (!schema_files_bind(files, uri, path, err))
            return false;
    }
    return true;
}

/* NULL after saying why. */
static const struct schema *compile(struct schema_files *files, struct problem_list *problems,
                                    const struct options *options, const char *directory)
{
    char path[PATH_MAX];
    struct error err = {""};
    const struct schema *schema = NULL;
    absolute_path(directory, options->schema, path);
    if (bind_all(files, options, directory, &err))
        schema = schema_files_compile(files, path, options->manner, &err);
    if (err.text[0])
        problem_add_plain(problems, "%s", err.text);
    problem_list_print(problems, stderr);
    return schema;
}

/* ---- documents ---- */

static bool read_stream(FILE *file, struct buffer *content)
{
    char piece[65536];
    size_t length;
    while ((length = fread(piece, 1, sizeof piece, file)) > 0)
        if (!buffer_append(content, piece, length))
            return false;
    return !ferror(file);
}

static bool read_document(const char *name, struct buffer *content)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    if (!file) {
        fprintf(stderr, "tenterhook: %s: %s\n", name, strerror(errno));
        return false;
    }
    bool good = read_stream(file, content);
    if (!good)
        fprintf(stderr, "tenterhook: %s cannot be read, or is too large\n", name);
    if (file != stdin)
        fclose(file);
    return good;
}

static void print_at(const char *name, struct bytes text, size_t offset)
{
    const struct source source = {.name = name, .text = text};
    unsigned line, column;
    source_place(&source, offset, &line, &column);
    printf("%s:%u:%u: ", name, line, column);
}

static void print_failures(const char *name, struct bytes text,
                           const struct schema_failures *failures)
{
    for (size_t i = 0; i < failures->count; i++) {
        const struct schema_failure *failure = &failures->items[i];
        print_at(name, text, payload_locate(text, failure->instance));
        print_safe(stdout, bytes_of_text(*failure->instance ? failure->instance : "the document"));
        putchar(' ');
        print_safe(stdout, bytes_of_text(failure->sentence));
        fputs(*failure->schema ? " (" : "", stdout);
        print_safe(stdout, bytes_of_text(failure->schema));
        puts(*failure->schema ? ")" : "");
    }
}

static void print_basic(enum schema_verdict verdict, const struct schema_failures *failures)
{
    struct buffer out;
    buffer_init(&out, EXPLAIN_ARENA);
    if (schema_write_basic(&out, verdict, failures)) {
        print_json(stdout, buffer_bytes(&out));
        putchar('\n');
    }
    buffer_finish(&out);
}

static void print_verdict(const struct validation *validation, const char *name, struct bytes text,
                          enum schema_verdict verdict, const struct schema_failures *failures)
{
    if (validation->options->basic) {
        print_basic(verdict, failures);
    } else if (verdict == SCHEMA_VALID) {
        printf("%s: valid\n", name);
    } else {
        print_failures(name, text, failures);
        printf("%s: not valid%s\n", name, verdict == SCHEMA_ABANDONED ? ", not decided" : "");
    }
}

static bool judge_value(const struct validation *validation, const char *name, struct bytes text,
                        struct json_object *value)
{
    struct schema_failures failures = {.count = 0};
    enum schema_verdict explained = SCHEMA_VALID;
    struct arena arena;
    arena_init(&arena, EXPLAIN_ARENA);
    enum schema_verdict verdict = schema_evaluate(validation->evaluator, validation->schema, value);
    if (verdict != SCHEMA_VALID)
        explained =
            schema_explain(validation->evaluator, validation->schema, value, &arena, &failures);
    if (verdict == SCHEMA_ABANDONED)
        verdict = explained;
    print_verdict(validation, name, text, verdict, &failures);
    arena_finish(&arena);
    return verdict == SCHEMA_VALID;
}

static void print_fault(const struct validation *validation, const char *name, struct bytes text,
                        const struct json_fault *fault)
{
    char sentence[128];
    snprintf(sentence, sizeof sentence, "is not JSON: %s at byte %zu", fault->reason,
             fault->offset);
    if (validation->options->basic) {
        const struct schema_failures failures = {.items = {{"", "", "", "", sentence}}, .count = 1};
        print_basic(SCHEMA_INVALID, &failures);
        return;
    }
    print_at(name, text, fault->offset);
    printf("the document %s\n%s: not valid\n", sentence, name);
}

static bool judge_text(const struct validation *validation, const char *name, struct bytes text)
{
    struct json_fault fault;
    struct json_object *value;
    if (!payload_parse(text, &document_limits, &value, &fault)) {
        print_fault(validation, name, text, &fault);
        return false;
    }
    bool valid = judge_value(validation, name, text, value);
    payload_release(value);
    return valid;
}

/* An exit code. */
static int judge_file(const struct validation *validation, const char *name)
{
    struct buffer content;
    buffer_init(&content, DOCUMENT_MAX);
    int code = EXIT_ENVIRONMENT;
    if (read_document(name, &content))
        code = judge_text(validation, name, buffer_bytes(&content)) ? EXIT_DONE : EXIT_NO;
    buffer_finish(&content);
    return code;
}

/* ---- the verb ---- */

static int judge_files(struct validation *validation, char **names)
{
    int worst = EXIT_DONE;
    validation->evaluator = schema_evaluator_create(&schema_limits_default);
    if (!validation->evaluator)
        return EXIT_ENVIRONMENT;
    for (; *names; names++) {
        int code = judge_file(validation, *names);
        worst = code > worst ? code : worst;
    }
    schema_evaluator_destroy(validation->evaluator);
    return worst;
}

static int validate_run(int argc, char **argv)
{
    struct options options;
    struct problem_list problems;
    char directory[PATH_MAX];
    if (!read_options(&options, argc, argv))
        return EXIT_USAGE;
    if (!getcwd(directory, sizeof directory))
        return EXIT_ENVIRONMENT;
    problem_list_init(&problems);
    struct schema_files *files = schema_files_create(&(struct schema_files_options){
        .problems = &problems, .shown = shown_path, .context = directory});
    struct validation validation = {.options = &options};
    validation.schema = files ? compile(files, &problems, &options, directory) : NULL;
    int code = validation.schema ? judge_files(&validation, argv + optind) : EXIT_ENVIRONMENT;
    schema_files_destroy(files);
    problem_list_finish(&problems);
    return code;
}

const struct verb validate_verb = {
    "validate",
    "validate --schema FILE [--draft D] [--formats assert] [--output basic] [--bind URI=FILE] "
    "FILE…",
    "checks JSON documents against a JSON Schema and prints the failures; the exit code is 1 if "
    "one does not conform, 3 if the schema or a file cannot be used",
    validate_run};
