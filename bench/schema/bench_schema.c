/* The engine over one corpus (bench_schema DIRECTORY CORPUS none|assert), or over the hostile cases
 * (bench_schema hostile). Prints a line of JSON with processor times in microseconds a document:
 * the same document again and again ("hot", each document's best batch counts) and all in turn
 * ("cold", the best pass counts); for validation alone, for guard, parse, validation and release
 * ("whole"), and for the guard and the parse on their own. bench/schema/run drives it. */
#include "handlers/content/payload.h"
#include "handlers/schema/schema.h"
#include "tests/unit/schema_hostile.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct text {
    size_t schema;
    struct bytes bytes;
    struct json_object *value;
    const struct schema *compiled;
};

struct corpus {
    char *schema_file, *document_file;
    struct text *schemas, *documents;
    size_t schema_count, document_count;
    struct schema **compiled;
    struct schema_evaluator *evaluator;
};

static const struct json_limits limits = {.depth = 64, .nodes = 200000, .number_length = 1024};

static double processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_schema: %s\n", what);
    exit(1);
}

/* ---- reading ---- */

static char *read_file(const char *directory, const char *corpus, const char *kind, size_t *size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", directory, corpus, kind);
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die("no such corpus");
    *size = (size_t)ftell(file);
    char *text = malloc(*size + 1);
    rewind(file);
    if (!text || fread(text, 1, *size, file) != *size)
        die("cannot read");
    fclose(file);
    return text;
}

static struct json_object *parse(struct bytes bytes)
{
    struct json_object *value;
    struct json_fault fault;
    if (!payload_parse(bytes, &limits, &value, &fault))
        die(fault.reason);
    return value;
}

/* A text for each line; before a tab stands the index of its schema. */
static struct text *read_texts(const char *text, size_t size, size_t *count)
{
    struct bytes rest = bytes_of(text, size);
    struct text *texts = NULL;
    *count = 0;
    while (rest.length) {
        struct bytes line = bytes_split(&rest, '\n'), body = line;
        struct bytes index = bytes_split(&body, '\t');
        texts = realloc(texts, (*count + 1) * sizeof *texts);
        if (!texts)
            die("no memory");
        texts[(*count)++] =
            (struct text){.bytes = body.data ? body : line,
                          .schema = body.data ? strtoul((const char *)index.data, NULL, 10) : 0};
    }
    return texts;
}

static void compile_all(struct corpus *corpus, bool formats)
{
    struct schema_options options = {.draft = SCHEMA_DRAFT_7, .assert_formats = formats};
    for (size_t i = 0; i < corpus->schema_count; i++) {
        struct json_object *document = parse(corpus->schemas[i].bytes);
        struct schema_library *library = schema_library_create(&options);
        corpus->compiled[i] = schema_compile(library, "schema", document);
        if (!corpus->compiled[i])
            die(schema_faults(library)->sentence);
        schema_library_destroy(library);
        payload_release(document);
    }
}

/* ---- what is timed ---- */

static void work_alone(struct corpus *corpus, struct text *text)
{
    schema_evaluate(corpus->evaluator, text->compiled, text->value);
}

static void work_whole(struct corpus *corpus, struct text *text)
{
    struct json_object *value = parse(text->bytes);
    schema_evaluate(corpus->evaluator, text->compiled, value);
    payload_release(value);
}

static void work_guard(struct corpus *corpus, struct text *text)
{
    struct json_fault fault;
    (void)corpus;
    if (!json_check(text->bytes, &limits, NULL, &fault))
        die(fault.reason);
}

static void work_parse(struct corpus *corpus, struct text *text)
{
    (void)corpus;
    payload_release(parse(text->bytes)); /* with the guard */
}

typedef void work(struct corpus *corpus, struct text *text);

static double time_batch(struct corpus *corpus, work *run, struct text *text, unsigned times)
{
    double begun = processor_us();
    for (unsigned i = 0; i < times; i++)
        run(corpus, text);
    return (processor_us() - begun) / times;
}

static double hot(struct corpus *corpus, work *run)
{
    double sum = 0, batch = 600000.0 / (double)corpus->document_count / 8;
    batch = batch < 300 ? 300 : batch > 20000 ? 20000 : batch;
    for (size_t i = 0; i < corpus->document_count; i++) {
        struct text *text = &corpus->documents[i];
        time_batch(corpus, run, text, 1);
        double best = time_batch(corpus, run, text, 1), count = batch / (best < 0.1 ? 0.1 : best);
        unsigned times = count < 1 ? 1 : count > 2000 ? 2000 : (unsigned)count;
        best = time_batch(corpus, run, text, times);
        for (int turn = 1; turn < 8; turn++) {
            double now = time_batch(corpus, run, text, times);
            best = now < best ? now : best;
        }
        sum += best;
    }
    return sum / (double)corpus->document_count;
}

static double pass(struct corpus *corpus, work *run)
{
    double begun = processor_us();
    for (size_t i = 0; i < corpus->document_count; i++)
        run(corpus, &corpus->documents[i]);
    return processor_us() - begun;
}

static double cold(struct corpus *corpus, work *run)
{
    double best = pass(corpus, run), turns = 700000 / best;
    for (int turn = 0; turn < (turns < 5 ? 5 : turns > 40 ? 40 : (int)turns); turn++) {
        double now = pass(corpus, run);
        best = now < best ? now : best;
    }
    return best / (double)corpus->document_count;
}

/* ---- reports ---- */

static size_t count_valid(struct corpus *corpus)
{
    size_t count = 0;
    for (size_t i = 0; i < corpus->document_count; i++)
        count += schema_evaluate(corpus->evaluator, corpus->documents[i].compiled,
                                 corpus->documents[i].value) == SCHEMA_VALID;
    return count;
}

static void measure(struct corpus *corpus)
{
    static const struct {
        const char *name;
        work *run;
    } rows[] = {
        {"alone", work_alone}, {"whole", work_whole}, {"guard", work_guard}, {"parse", work_parse}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pass(corpus, rows[i].run);
        printf(",\"%s_cold\":%.3f", rows[i].name, cold(corpus, rows[i].run));
        printf(",\"%s_hot\":%.3f", rows[i].name, hot(corpus, rows[i].run));
    }
}

static void load(struct corpus *corpus, const char *directory, const char *name)
{
    size_t size;
    corpus->schema_file = read_file(directory, name, "schemas", &size);
    corpus->schemas = read_texts(corpus->schema_file, size, &corpus->schema_count);
    corpus->document_file = read_file(directory, name, "documents", &size);
    corpus->documents = read_texts(corpus->document_file, size, &corpus->document_count);
    corpus->compiled = calloc(corpus->schema_count, sizeof(struct schema *));
    corpus->evaluator = schema_evaluator_create(&schema_limits_default);
    if (!corpus->compiled || !corpus->evaluator)
        die("no memory");
}

static void unload(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->document_count; i++)
        payload_release(corpus->documents[i].value);
    for (size_t i = 0; i < corpus->schema_count; i++)
        schema_destroy(corpus->compiled[i]);
    schema_evaluator_destroy(corpus->evaluator);
    free(corpus->compiled);
    free(corpus->schemas);
    free(corpus->documents);
    free(corpus->schema_file);
    free(corpus->document_file);
}

/* Compiled three times, the best counts; the last stays. */
static double time_compile(struct corpus *corpus, bool formats, size_t *memory)
{
    double best = 0;
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < corpus->schema_count; i++)
            schema_destroy(corpus->compiled[i]);
        size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        double begun = processor_us();
        compile_all(corpus, formats);
        double now = processor_us() - begun;
        *memory = mallinfo2().uordblks + mallinfo2().hblkhd - before;
        best = turn == 0 || now < best ? now : best;
    }
    return best;
}

static void bench_corpus(const char *directory, const char *name, bool formats)
{
    struct corpus corpus;
    size_t memory;
    load(&corpus, directory, name);
    double compile = time_compile(&corpus, formats, &memory);
    for (size_t i = 0; i < corpus.document_count; i++) {
        struct text *text = &corpus.documents[i];
        text->compiled = corpus.compiled[text->schema];
        text->value = parse(text->bytes);
    }
    printf("{\"engine\":\"tenterhook\",\"corpus\":\"%s\",\"formats\":\"%s\",\"valid\":%zu,"
           "\"documents\":%zu,\"compile_ms\":%.3f,\"memory\":%zu",
           name, formats ? "assert" : "none", count_valid(&corpus), corpus.document_count,
           compile / 1000, memory);
    measure(&corpus);
    puts("}");
    unload(&corpus);
}

static void bench_hostile(void)
{
    for (const struct hostile_case *item = hostile_cases; item->name; item++) {
        struct hostile_result result;
        struct arena arena;
        arena_init(&arena, 1 << 20);
        struct json_object *document, *value;
        if (!hostile_make(item, &document, &value))
            die("no memory");
        hostile_judge(document, value, &arena, &result);
        payload_release(document);
        payload_release(value);
        const char *outcome = result.outcome == HOSTILE_FAULT     ? "no schema"
                              : result.outcome == HOSTILE_VALID   ? "valid"
                              : result.outcome == HOSTILE_INVALID ? "invalid"
                                                                  : "abandoned";
        printf("%-46s %-10s %8.1f %8.1f %8.1f\n", item->name, outcome,
               (double)result.compile_ns / 1e6, (double)result.evaluate_ns / 1e6,
               (double)result.explain_ns / 1e6);
        arena_finish(&arena);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "hostile") == 0)
        bench_hostile();
    else if (argc == 4)
        bench_corpus(argv[1], argv[2], strcmp(argv[3], "assert") == 0);
    else
        die("arguments: DIRECTORY CORPUS none|assert, or hostile");
    return 0;
}
