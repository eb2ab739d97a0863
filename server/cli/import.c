/* `tenterhook import`: moves a configuration of the `webhook` program here. The route file goes to
 * standard output, also where something could not be said, with a comment in its place; what that
 * is goes to standard error. Of a file that cannot be read at all nothing is written. */
#include "server/import/import.h"
#include "config/file.h"
#include "server/cli/verbs.h"
#include "server/terminal/terminal.h"

#include <stdio.h>

enum {
    FILE_LIMIT = 64 << 20
}; /* larger than an import takes: that is said with its own sentence */

struct options {
    bool exact, is_template;
    struct word_list files, flags;
};

/* An exit code. */
static int read_arguments(struct import *import, const struct options *options)
{
    struct error err = {""};
    bool good = true;
    for (size_t i = 0; good && i < options->files.count; i++)
        good = flags_add_file(&import->flags, options->files.items[i], &err);
    good = good && flags_read(&import->flags, options->flags.count, options->flags.items, &err);
    import->exact = options->exact;
    import->flags.is_template |= options->is_template;
    if (good && import->flags.file_count == 0)
        good = error_set(&err, "name a hooks file");
    if (!good)
        print_failure(err.text);
    return good ? EXIT_DONE : EXIT_USAGE;
}

static int add_file(struct import *import, const char *name)
{
    struct buffer content;
    struct error err;
    int code = EXIT_DONE;
    if (file_read(name, name, FILE_LIMIT, FILE_SHARED, &content, NULL, &err) == FILE_READ) {
        import_add(import, name, buffer_bytes(&content));
    } else {
        fprintf(stderr, "tenterhook import: %s\n", err.text);
        code = EXIT_ENVIRONMENT;
    }
    buffer_finish(&content);
    return code;
}

static void print_buffer(const struct buffer *buffer, FILE *out)
{
    if (buffer->length > 0)
        fwrite(buffer->data, 1, buffer->length, out);
}

static int run(struct import *import)
{
    for (size_t i = 0; i < import->flags.file_count; i++) {
        int code = add_file(import, import->flags.files[i]);
        if (code != EXIT_DONE)
            return code;
    }
    if (!import_end(import)) {
        fputs("tenterhook import: no memory\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    if (!import->unreadable)
        print_buffer(&import->out, stdout);
    print_buffer(&import->report.lines, stderr);
    if (import->unreadable) {
        fputs("tenterhook import: nothing is written\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    return import->report.count > 0 ? EXIT_NO : EXIT_DONE;
}

static int import_run(void *options)
{
    struct import import;
    int code = EXIT_ENVIRONMENT;
    if (import_begin(&import))
        code = read_arguments(&import, options);
    else
        fputs("tenterhook import: no memory\n", stderr);
    if (code == EXIT_DONE)
        code = run(&import);
    import_finish(&import);
    return code;
}

static const struct option_row rows[] = {
    {.value = "FILE",
     .kind = OPTION_FILE,
     .flags = OPTION_REPEATS,
     .offset = offsetof(struct options, files),
     .sentence = "a hooks file of the webhook program, in JSON or YAML"},
    {.value = "FLAG",
     .kind = OPTION_TEXT,
     .flags = OPTION_BEHIND,
     .offset = offsetof(struct options, flags),
     .sentence = "behind --, what the webhook program is started with; -hooks names files too"},
    {.name = "exact",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, exact),
     .sentence = "keeps its statuses, bodies, arguments and variables"},
    {.name = "template",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, is_template),
     .sentence = "the files are templates, as with its flag -template"},
};

const struct verb import_verb = {
    .name = "import",
    .sentence = "writes a route file that does what a configuration of the webhook program does",
    .more =
        "The route file goes to standard output, with a comment where something is left out; then "
        "the exit code is 1.",
    .groups = {OPTION_GROUP(rows)},
    .forms = {{.run = import_run}},
    .size = sizeof(struct options)};
