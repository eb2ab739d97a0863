/* `tenterhook validate`: the schema engine of the routes, for people and their tests. It prints the
 * location in the document and the reason; an error in a schema is shown as `check` shows it. */
#include "base/buffer.h"
#include "config/file.h"
#include "handlers/admission/schema_files.h"
#include "handlers/content/payload.h"
#include "server/cli/verbs.h"
#include "server/terminal/terminal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DOCUMENT_MAX = 256 << 20, BINDINGS_MAX = 64, EXPLAIN_ARENA = 1 << 20 };

static const struct json_limits document_limits = {
    .depth = JSON_DEPTH_MAX, .nodes = 50000000, .number_length = 1 << 20, .lone_surrogates = true};

struct options {
    const char *schema;
    struct bindings {
        const char *items[BINDINGS_MAX]; /* URI=FILE */
        size_t count;
    } bindings;
    struct schema_manner manner;
    const char *formats, *output; /* one of the choices below, or NULL */
    struct word_list documents;
};

struct validation {
    const struct options *options;
    const struct schema *schema;
    struct schema_evaluator *evaluator;
};

/* ---- options ---- */

static bool take_draft(void *field, const char *text, struct error *err)
{
    return schema_draft_find(text, field) || error_set(err, "needs 2020-12, 2019-09, 07, 06 or 04");
}

static bool take_binding(void *field, const char *text, struct error *err)
{
    struct bindings *bindings = field;
    const char *equals = strrchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return error_set(err, "needs URI=FILE");
    if (bindings->count == BINDINGS_MAX)
        return error_set(err, "may be given %d times", BINDINGS_MAX);
    bindings->items[bindings->count++] = text;
    return true;
}

static const char *const formats[] = {"assert", "annotate", NULL};
static const char *const outputs[] = {"basic", NULL};

static const struct option_row rows[] = {
    {.value = "FILE",
     .kind = OPTION_FILE,
     .flags = OPTION_REPEATS,
     .needed = ALL_FORMS,
     .offset = offsetof(struct options, documents),
     .sentence = "a JSON document; - is standard input"},
    {.name = "schema",
     .value = "FILE",
     .kind = OPTION_FILE,
     .needed = ALL_FORMS,
     .offset = offsetof(struct options, schema),
     .sentence = "the JSON Schema"},
    {.name = "draft",
     .value = "DRAFT",
     .kind = OPTION_CUSTOM,
     .offset = offsetof(struct options, manner.draft),
     .sentence = "that of a schema without $schema: 2020-12, 2019-09, 07, 06 or 04",
     .take = take_draft},
    {.name = "formats",
     .value = "HOW",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct options, formats),
     .sentence = "whether `format` is checked",
     .choices = formats},
    {.name = "output",
     .value = "FORMAT",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct options, output),
     .sentence = "prints the failures as JSON in this output format of JSON Schema",
     .choices = outputs},
    {.name = "bind",
     .value = "URI=FILE",
     .kind = OPTION_CUSTOM,
     .flags = OPTION_REPEATS,
     .offset = offsetof(struct options, bindings),
     .sentence = "the file that has the schema of a URI that the schema refers to",
     .take = take_binding},
};

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
    for (size_t i = 0; i < options->bindings.count; i++) {
        const char *equals = strrchr(options->bindings.items[i], '=');
        snprintf(uri, sizeof uri, "%.*s", (int)(equals - options->bindings.items[i]),
                 options->bindings.items[i]);
        absolute_path(directory, equals + 1, path);
        if (!schema_files_bind(files, uri, path, err))
            return false;
    }
    return true;
}

static struct schema_manner manner_of(const struct options *options)
{
    struct schema_manner manner = options->manner;
    manner.assert_formats = options->formats && strcmp(options->formats, "assert") == 0;
    return manner;
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
        schema = schema_files_compile(files, path, manner_of(options), &err);
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
    if (validation->options->output) {
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
    if (validation->options->output) {
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

static int judge_files(struct validation *validation)
{
    int worst = EXIT_DONE;
    validation->evaluator = schema_evaluator_create(&schema_limits_default);
    if (!validation->evaluator)
        return EXIT_ENVIRONMENT;
    const struct word_list *documents = &validation->options->documents;
    for (size_t i = 0; i < documents->count; i++) {
        int code = judge_file(validation, documents->items[i]);
        worst = code > worst ? code : worst;
    }
    schema_evaluator_destroy(validation->evaluator);
    return worst;
}

static int validate_run(void *given)
{
    const struct options *options = given;
    struct problem_list problems;
    char directory[PATH_MAX];
    if (!getcwd(directory, sizeof directory))
        return EXIT_ENVIRONMENT;
    problem_list_init(&problems);
    struct schema_files *files = schema_files_create(&(struct schema_files_options){
        .problems = &problems, .shown = shown_path, .context = directory});
    struct validation validation = {.options = options};
    validation.schema = files ? compile(files, &problems, options, directory) : NULL;
    int code = validation.schema ? judge_files(&validation) : EXIT_ENVIRONMENT;
    schema_files_destroy(files);
    problem_list_finish(&problems);
    return code;
}

const struct verb validate_verb = {
    .name = "validate",
    .sentence = "checks JSON documents against a JSON Schema and prints the failures",
    .more = "The exit code is 0 if all conform, 1 if one does not, and 3 if the schema or a file "
            "cannot "
            "be used.",
    .hint = "A route file is checked by \"tenterhook check -c FILE\".",
    .groups = {OPTION_GROUP(rows)},
    .forms = {{.run = validate_run}},
    .size = sizeof(struct options)};
