/* The verbs about the route file alone: check, explain, schema, reference. */
#include "config/describe.h"
#include "config/load.h"
#include "server/cli.h"
#include "server/database.h"
#include "server/premises.h"

#include <unistd.h>

/* "-c FILE" and nothing else; false for a usage error. */
static bool parse_file_option(int argc, char **argv, const char **file)
{
    const char *given = NULL;
    int option;
    optind = 1;
    while ((option = getopt(argc, argv, "c:")) != -1) {
        if (option != 'c')
            return false;
        given = optarg;
    }
    *file = cli_config_file(given);
    return optind == argc;
}

static void print_count(size_t count, const char *what, FILE *out)
{
    fprintf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

static void print_summary(const char *file, const struct settings *settings,
                          const struct problem_list *problems, FILE *out)
{
    fprintf(out, "%s: ", file);
    if (settings && problems->errors == 0) {
        fputs("ok, ", out);
        print_count(settings->route_count, "route", out);
    } else {
        print_count(problems->errors, "error", out);
    }
    if (problems->warnings) {
        fputs(", ", out);
        print_count(problems->warnings, "warning", out);
    }
    fputc('\n', out);
}

/* What of the machine decides how the journal is written. */
static void print_library(FILE *out)
{
    fprintf(out, "journal: SQLite %s, checkpoints run %s\n", database_library_version(),
            database_checkpoints_apart()
                ? "apart from commits: this version has SQLite's WAL-reset bug"
                : "beside commits");
}

static int check_run(int argc, char **argv)
{
    const char *file;
    struct problem_list problems;
    if (!parse_file_option(argc, argv, &file))
        return EXIT_USAGE;
    problem_list_init(&problems);
    struct settings *settings = settings_load(file, &program_registry, &problems);
    bool missing = problems.unreadable; /* the file itself */
    if (settings)
        premises_check(settings, &problems);
    problem_list_print(&problems, stderr);
    print_summary(file, settings, &problems, stdout);
    if (settings && problems.errors == 0)
        print_library(stdout);
    int code = problems.errors == 0 ? EXIT_DONE : missing ? EXIT_ENVIRONMENT : EXIT_NO;
    settings_destroy(settings);
    problem_list_finish(&problems);
    return code;
}

static int explain_run(int argc, char **argv)
{
    if (argc != 2)
        return EXIT_USAGE;
    return describe_key(&program_registry, argv[1], stdout, stderr) ? EXIT_DONE : EXIT_NO;
}

static int schema_run(int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return EXIT_USAGE;
    describe_json_schema(&program_registry, stdout);
    return EXIT_DONE;
}

static int reference_run(int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return EXIT_USAGE;
    describe_reference(&program_registry, stdout);
    return EXIT_DONE;
}

const struct verb check_verb = {"check", "check [-c FILE]",
                                "says everything that is wrong with a route file", check_run};
const struct verb explain_verb = {"explain", "explain KEY",
                                  "says what a key of the route file means", explain_run};
const struct verb schema_verb = {"schema", "schema",
                                 "prints a JSON Schema of the route file, for editors", schema_run};
const struct verb reference_verb = {
    "reference", "reference", "prints the page about every key of the route file", reference_run};
