/* What verbs have in common of a command line. The usage of a verb names all of its options, so one
 * place can say for all verbs which word is wrong, before the verb reads them. */
#include "config/loader.h"
#include "config/nearest.h"
#include "config/settings.h"
#include "server/cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_option_byte(char c)
{
    return (c >= 'a' && c <= 'z') || c == '-';
}

/* The next option of a usage line, "-c" or "--limit", from `at` on; its end in `*end`. NULL: there
 * is none. */
static const char *next_option(const char *at, const char **end)
{
    while ((at = strchr(at, '-')) && at[-1] != ' ' && at[-1] != '[' && at[-1] != '(')
        at++;
    for (*end = at; *end && is_option_byte(**end);)
        ++*end;
    return at;
}

/* "--limit N]" takes a value, "--json]" and "--print | …" do not. */
static bool takes_value(const char *end)
{
    return end[0] == ' ' && end[1] && !strchr("[]()|", end[1]);
}

/* Whether the usage has the option `name`, and whether a value follows it. */
static bool usage_has(const char *usage, const char *name, bool *has_value)
{
    size_t length = strcspn(name, "=");
    const char *end = usage + 1;
    for (const char *at; (at = next_option(end, &end));) {
        if ((size_t)(end - at) != length || strncmp(at, name, length) != 0)
            continue;
        *has_value = takes_value(end) && name[length] != '=';
        return true;
    }
    return false;
}

/* The option that was probably meant, in a buffer of this function's; or NULL. */
static const char *nearest_option(const char *usage, const char *name)
{
    enum { OPTIONS_MAX = 32, OPTION_MAX = 32 };
    static char texts[OPTIONS_MAX][OPTION_MAX];
    const char *names[OPTIONS_MAX + 1] = {NULL}, *end = usage + 1;
    int count = 0;
    for (const char *at; count < OPTIONS_MAX && (at = next_option(end, &end)); count++) {
        snprintf(texts[count], OPTION_MAX, "%.*s", (int)(end - at), at);
        names[count] = texts[count];
    }
    return strncmp(name, "--", 2) == 0 ? nearest_name(name, names) : NULL;
}

/* `check hooks.yaml`: but for diff, no verb that reads a route file takes a YAML file otherwise. */
static bool is_bare_file(const struct verb *verb, const char *word)
{
    bool has_value;
    const char *ending = strrchr(word, '.');
    return !strstr(verb->usage, " [FILE]") && ending &&
           (strcmp(ending, ".yaml") == 0 || strcmp(ending, ".yml") == 0) &&
           usage_has(verb->usage, "-c", &has_value);
}

bool cli_options_are_known(const struct verb *verb, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        bool has_value = false, is_joined = argv[i][0] == '-' && argv[i][1] == 'c';
        if (is_bare_file(verb, argv[i]) && argv[i][0] != '-') {
            fprintf(stderr, "tenterhook %s: did you mean -c %s?\n", verb->name, argv[i]);
            return false;
        }
        if (argv[i][0] != '-' || !argv[i][1])
            continue;
        if (usage_has(verb->usage, is_joined ? "-c" : argv[i], &has_value)) {
            i += has_value && !(is_joined && argv[i][2]);
            continue;
        }
        const char *nearest = nearest_option(verb->usage, argv[i]);
        fprintf(stderr, "tenterhook %s: there is no option \"%.*s\"", verb->name,
                (int)strcspn(argv[i], "="), argv[i]);
        if (nearest)
            fprintf(stderr, ", did you mean \"%s\"?", nearest);
        fputc('\n', stderr);
        return false;
    }
    return true;
}

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
