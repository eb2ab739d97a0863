/* The route file of a verb: that of -c, of the environment, or the usual one. */
#include "server/cli/route_file.h"

#include "config/loader.h"
#include "config/nearest.h"
#include "config/settings.h"
#include "server/cli/verbs.h"
#include "server/terminal/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_ROW(type)                                                                           \
    {                                                                                              \
        .name = "config", .letter = 'c', .value = "FILE", .kind = OPTION_FILE,                     \
        .offset = offsetof(type, config),                                                          \
        .sentence =                                                                                \
            "the route file; without it $TENTERHOOK_CONFIG, and without that " SETTINGS_FILE_USUAL \
    }

const struct option_row file_rows[FILE_ROWS] = {CONFIG_ROW(struct file_options)};

const struct option_row place_rows[PLACE_ROWS] = {
    CONFIG_ROW(struct place_options),
    {.name = "journal",
     .value = "FILE",
     .kind = OPTION_FILE,
     .offset = offsetof(struct place_options, journal),
     .sentence = "the journal; without it that of the route file"}};

const char *cli_config_file(const char *given)
{
    const char *named = getenv("TENTERHOOK_CONFIG");
    return given ? given : named && *named ? named : SETTINGS_FILE_USUAL;
}

typedef struct settings *settings_loader(const char *file, const struct registry *registry,
                                         struct problem_list *problems);

static struct settings *load_with(settings_loader *load, const char *given)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *settings = load(cli_config_file(given), &program_registry, &problems);
    if (!settings)
        problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    return settings;
}

struct settings *cli_load_settings(const char *given)
{
    return load_with(settings_load_secretless, given);
}

struct settings *cli_load_alone(const char *given)
{
    return load_with(settings_load_alone, given);
}

bool cli_has_route(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->route_count; i++)
        if (strcmp(settings->routes[i].name, name) == 0)
            return true;
    return false;
}

int cli_tell_no_route(const struct settings *settings, const char *name)
{
    struct error err;
    const char **names = calloc(settings->route_count + 1, sizeof *names);
    for (size_t i = 0; names && i < settings->route_count; i++)
        names[i] = settings->routes[i].name;
    const char *nearest = names ? nearest_name(name, names) : NULL;
    error_set(&err, "the route file has no route %s%s%s%s", name, nearest ? ", did you mean " : "",
              nearest ? nearest : "", nearest ? "?" : "");
    print_failure(err.text);
    free(names);
    return EXIT_NO;
}

char *cli_find_journal(const struct place_options *options)
{
    struct problem_list problems;
    if (options->journal)
        return strdup(options->journal);
    problem_list_init(&problems);
    char *path =
        settings_find_journal(cli_config_file(options->config), &program_registry, &problems);
    if (!path) {
        problem_list_print(&problems, stderr);
        fputs("tenterhook: which journal is meant? say --journal FILE\n", stderr);
    }
    problem_list_finish(&problems);
    return path;
}
