/* The verbs about the route file alone: check, explain, schema, reference. */
#include "config/describe.h"
#include "config/loader.h"
#include "config/settings.h"
#include "server/cli/check_print.h"
#include "server/cli/paused.h"
#include "server/cli/route_file.h"
#include "server/cli/tables.h"
#include "server/cli/verbs.h"
#include "server/journal/journal.h"
#include "server/process/preflight.h"
#include "server/service/service_places.h"
#include "server/service/service_run.h"
#include "server/service/service_sandbox.h"
#include "server/terminal/prose.h"
#include "server/terminal/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct check_options {
    struct file_options at;
    bool without_secrets;
    const char *unit;
};

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

/* The administrator of a machine has neither the unit's variables nor its credentials. */
static void print_unchecked(const struct settings *settings, bool without_keys, FILE *out)
{
    const struct section_list *list = &settings->server.listen;
    const struct listen_settings *listen = list->items;
    size_t keys = 0;
    for (size_t i = 0; without_keys && i < list->count; i++)
        keys += !listen[i].tls.off;
    fputs("not checked: ", out);
    print_count(settings->assumed_secrets, "secret", out);
    fputs(" (existence, length, format)", out);
    if (without_keys) {
        fputs(" and ", out);
        print_count(keys, "private key", out);
    }
    fputc('\n', out);
}

/* A file to check, and the unit that it is to run in. */
struct check {
    const char *given; /* file; NULL: that of the unit, else the usual one */
    bool without_secrets;
    const struct service *unit; /* NULL: none is given */
};

static void print_check(const char *file, const struct settings *settings,
                        const struct problem_list *problems, const struct check *check)
{
    problem_list_print(problems, stderr);
    print_summary(file, settings, problems, stdout);
    if (settings && (check->without_secrets || settings->assumed_secrets > 0))
        print_unchecked(settings, check->without_secrets, stdout);
    if (settings && problems->errors == 0) {
        check_print_routes(settings, stdout);
        bool is_of_unit =
            check->unit && service_value(check->unit, "User") && service_is_run_by_us(check->unit);
        check_print_users(settings, is_of_unit ? check->unit->names.unit : NULL, stdout);
    }
    if (settings)
        paused_print_of(settings->journal.path, stdout);
    if (problems->missing_secrets > 0) {
        print_count(problems->missing_secrets, "secret", stdout);
        fputs(" cannot be read here; \"check --without-secrets\" checks everything else\n", stdout);
    }
}

/* Of a journal that cannot be written: a start in the unit would fail, unless it gives the
 * directory to the unit's user before. */
static enum problem_kind unwritable_in(const struct service *unit, const struct settings *settings)
{
    return unit && service_is_run_by_us(unit) && !service_gives_away(unit, settings->journal.path)
               ? PROBLEM_ERROR
               : PROBLEM_WARNING;
}

static int check_file(void *context, const char *const *assumed)
{
    const struct check *check = context;
    bool without_secrets = check->without_secrets;
    const char *given =
        check->given || !check->unit ? check->given : service_config_file(check->unit);
    const char *file = cli_config_file(given);
    struct problem_list problems;
    problem_list_init(&problems);
    problems.assumed_credentials = assumed;
    struct settings *settings = without_secrets
                                    ? settings_load_secretless(file, &program_registry, &problems)
                                    : settings_load(file, &program_registry, &problems);
    bool missing = problems.unreadable; /* the file itself */
    if (settings)
        preflight_check(settings, !without_secrets, unwritable_in(check->unit, settings),
                        &problems);
    if (settings && check->unit)
        service_sandbox_check(check->unit, settings, &problems);
    print_check(file, settings, &problems, check);
    int code = problems.errors == 0 ? EXIT_DONE : missing ? EXIT_ENVIRONMENT : EXIT_NO;
    settings_destroy(settings);
    problem_list_finish(&problems);
    return code;
}

struct unit {
    struct service service;
    struct arena arena;
};

static void close_unit(struct unit *unit)
{
    if (unit)
        arena_finish(&unit->arena);
    free(unit);
}

/* NULL with a sentence. */
static struct unit *open_unit(const char *name, struct error *err)
{
    enum { UNIT_MEMORY = 16 * 1024 * 1024 };
    struct unit *unit = calloc(1, sizeof *unit);
    if (!unit) {
        error_set(err, "no memory");
        return NULL;
    }
    arena_init(&unit->arena, UNIT_MEMORY);
    if (service_read(name, &unit->arena, &unit->service, err))
        return unit;
    close_unit(unit);
    return NULL;
}

static int check_in_unit(struct check *check, const char *name)
{
    struct error err;
    struct unit *unit = open_unit(name, &err);
    if (!unit) {
        print_failure(err.text);
        return EXIT_ENVIRONMENT;
    }
    check->unit = &unit->service;
    int code = service_run(&unit->service, check_file, check);
    close_unit(unit);
    return code;
}

/* Root can read what the user of the unit cannot, so its own check says too little. */
static void print_unit(const char *file)
{
    struct error err;
    bool is_asked = geteuid() == 0 && service_is_installed();
    struct unit *unit = is_asked ? open_unit(SERVICE_USUAL, &err) : NULL;
    const char *user = unit ? service_value(&unit->service, "User") : NULL;
    const char *own = unit ? service_config_file(&unit->service) : NULL;
    if (user && strcmp(own ? own : SETTINGS_FILE_USUAL, file) == 0) {
        fputs(SERVICE_USUAL ".service runs as ", stdout);
        print_safe(stdout, bytes_of_text(user));
        puts(": \"tenterhook check --unit " SERVICE_USUAL "\" checks as it does");
    }
    close_unit(unit);
}

static int check_run(void *given)
{
    const struct check_options *options = given;
    struct check check = {.given = options->at.config, .without_secrets = options->without_secrets};
    if (options->unit)
        return check_in_unit(&check, options->unit);
    int code = check_file(&check, NULL);
    print_unit(cli_config_file(check.given));
    return code;
}

struct explain_options {
    const char *name;
};

static unsigned text_width_wanted(void)
{
    enum { WIDTH_USUAL = 80 };
    return print_is_for_terminal() ? prose_width() : WIDTH_USUAL;
}

static int explain_run(void *given)
{
    const char *name = ((const struct explain_options *)given)->name;
    unsigned width = text_width_wanted();
    bool known = tables_explain(name, width, stdout);
    bool is_key = describe_key(&program_registry, name, width, stdout, known ? NULL : stderr);
    return is_key || known ? EXIT_DONE : EXIT_NO;
}

static int schema_run(void *options)
{
    (void)options;
    describe_json_schema(&program_registry, stdout);
    return EXIT_DONE;
}

#define GIVEN_ROW(name, kind, origin, column, json, envelope, variable, limit, sentence)           \
    {{json}, {envelope}, {variable}, sentence},

/* What the route file's own rows do not tell: the fields of an event (server/event.h). */
static void put_event_fields(FILE *out)
{
    static const struct {
        struct {
            int place;
            const char *name;
        } json, envelope, variable;
        const char *sentence;
    } rows[] = {GIVEN_FIELDS(GIVEN_ROW)};
    fputs(
        "\n## What an action is given\n\n"
        "The members of the JSON envelope (pipes, `stdin: event`), the variables of a command, "
        "and\n"
        "the members that `tenterhook events --json` shows. The envelope also has `headers`, an\n"
        "object of the stored headers, and the body: `payload` is its JSON, or that of the field\n"
        "`json_field` of a form, or what was made of XML or a CloudEvent; without JSON it has\n"
        "`body_base64`, and for a form `form`, its fields. A command also has "
        "`TENTERHOOK_PARAM_NAME` for each `{name}` segment of its\n"
        "route's path.\n\n"
        "| envelope | variable | events | |\n|---|---|---|---|\n",
        out);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *names[] = {rows[i].envelope.name, rows[i].variable.name, rows[i].json.name};
        if (!names[0] && !names[1] && !names[2])
            continue;
        for (size_t j = 0; j < 3; j++)
            if (names[j])
                fprintf(out, "| `%s` ", names[j]);
            else
                fputs("| ", out);
        fprintf(out, "| %s |\n", rows[i].sentence);
    }
}

static int reference_run(void *options)
{
    (void)options;
    describe_reference(&program_registry, stdout);
    put_event_fields(stdout);
    tables_print(stdout);
    return EXIT_DONE;
}

static const struct option_row check_rows[] = {
    {.name = "without-secrets",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct check_options, without_secrets),
     .sentence = "checks everything but secrets and private keys, which only the server can read"},
    {.name = "unit",
     .value = "UNIT",
     .kind = OPTION_UNIT,
     .offset = offsetof(struct check_options, unit),
     .sentence =
         "checks as systemd would run it: with the user, variables, credentials and sandbox "
         "of this unit, such as tenterhook, or of the file of one"}};

const struct verb check_verb = {
    .name = "check",
    .sentence = "says everything that is wrong with a route file",
    .more =
        "The exit code is 0 if the file is right, 1 if it is wrong, 3 if there is none.\n\n"
        "Run it as root: then it becomes the user of the server to see what that user can read, "
        "run and write. With --unit the route file is the one that the unit's command names, "
        "unless "
        "-c does.",
    .groups = {OPTION_GROUP(check_rows), {file_rows, FILE_ROWS, 0, 0}},
    .forms = {{.run = check_run}},
    .size = sizeof(struct check_options)};

static const struct option_row explain_rows[] = {
    {.value = "NAME",
     .kind = OPTION_KEY,
     .needed = ALL_FORMS,
     .offset = offsetof(struct explain_options, name),
     .sentence = "such as routes.actions.timeout, timeout, accepted or rate_limited"}};

const struct verb explain_verb = {
    .name = "explain",
    .sentence = "says what a key of the route file, an event of the log or an error means",
    .groups = {OPTION_GROUP(explain_rows)},
    .forms = {{.run = explain_run}},
    .size = sizeof(struct explain_options)};

const struct verb schema_verb = {.name = "schema",
                                 .sentence = "prints a JSON Schema of the route file, for editors",
                                 .forms = {{.run = schema_run}}};

const struct verb reference_verb = {
    .name = "reference",
    .sentence = "prints the page about every key, event of the log and error",
    .forms = {{.run = reference_run}}};
