/* `tenterhook import`: moves a configuration of the `webhook` program here. The route file goes to
 * standard output, also where something could not be said, with a comment in its place; what that
 * is goes to standard error. Of a file that cannot be read at all nothing is written. */
#include "server/import/import.h"
#include "config/file.h"
#include "server/cli/verb.h"

#include <stdio.h>

enum {
    FILE_LIMIT = 64 << 20
}; /* larger than an import takes: that is said with its own sentence */

static int refuse_usage(const char *reason)
{
    fprintf(stderr, "tenterhook import: %s\n", reason);
    return EXIT_USAGE;
}

/* FILE and --exact in any order; behind "--" the flags of `webhook`. */
static int read_arguments(struct import *import, int argc, char **argv)
{
    struct error err = {""};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return flags_read(&import->flags, argc - i - 1, argv + i + 1, &err)
                       ? EXIT_DONE
                       : refuse_usage(err.text);
        if (strcmp(argv[i], "--exact") == 0)
            import->exact = true;
        else if (strcmp(argv[i], "--template") == 0)
            import->flags.is_template = true;
        else if (!flags_add_file(&import->flags, argv[i], &err))
            return refuse_usage(err.text);
    }
    return EXIT_DONE;
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

static int import_run(int argc, char **argv)
{
    struct import import;
    int code = EXIT_ENVIRONMENT;
    if (import_begin(&import))
        code = read_arguments(&import, argc, argv);
    else
        fputs("tenterhook import: no memory\n", stderr);
    if (code == EXIT_DONE && import.flags.file_count == 0)
        code = refuse_usage("name a hooks file");
    if (code == EXIT_DONE)
        code = run(&import);
    import_finish(&import);
    return code;
}

const struct verb import_verb = {
    "import", "import FILE… [--exact] [--template] [-- FLAG…]",
    "writes a route file that does what a configuration of the webhook program does; FLAG… are "
    "those that it is started with; --exact keeps its statuses, bodies, arguments and variables; "
    "the exit code is 1 if something is left out",
    import_run};
