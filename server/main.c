/* The program: a table of verbs. Those that speak of the others stand here, because they need the
 * table. */
#include "base/log.h"
#include "base/wrap.h"
#include "config/describe.h"
#include "config/nearest.h"
#include "server/cli/complete.h"
#include "server/cli/verbs.h"
#include "server/http/http.h"
#include "server/http/tls.h"
#include "server/journal/journal.h"
#include "server/options/help.h"
#include "server/options/manual.h"
#include "server/options/parse.h"
#include "server/terminal/terminal.h"
#include "version.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct verb help_verb, manual_verb, complete_verb;

#define VERB_ENTRY(name) &name##_verb,
static const struct verb *const verbs[] = {VERBS(VERB_ENTRY) & help_verb, &manual_verb,
                                           &complete_verb};

enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

/* ---- names ---- */

static const struct verb *find_verb(const char *name)
{
    for (int i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

/* What other programs of this kind call their verbs. */
static const struct {
    const char *name, *here;
} peer_verbs[] = {
    {"cleanup", "prune"},
    {"config", "check"},
    {"configtest", "check"},
    {"describe", "explain"},
    {"doctor", "status"},
    {"dump", "backup"},
    {"export", "events export"},
    {"get", "events show"},
    {"gc", "prune"},
    {"health", "status"},
    {"inspect", "events show"},
    {"lint", "check"},
    {"list", "events list"},
    {"listen", "serve"},
    {"log", "events tail"},
    {"logs", "events tail"},
    {"ls", "events list"},
    {"purge", "prune"},
    {"redeliver", "replay"},
    {"resend", "replay"},
    {"rerun", "replay"},
    {"retry", "replay"},
    {"run", "serve"},
    {"server", "serve"},
    {"show", "events show"},
    {"start", "serve"},
    {"stop", "pause"},
    {"tail", "events tail"},
    {"test", "verify"},
    {"trigger", "send"},
    {"unpause", "resume"},
    {"up", "serve"},
};

static const char *verb_meant(const char *name)
{
    static const char *const options[] = {"--help", "--version", NULL};
    const char *names[VERB_COUNT + 1] = {NULL};
    for (int i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i]->name;
    for (size_t i = 0; i < sizeof peer_verbs / sizeof *peer_verbs; i++)
        if (strcmp(peer_verbs[i].name, name) == 0)
            return peer_verbs[i].here;
    return nearest_name(name, name[0] == '-' ? options : names);
}

static int unknown_verb(const char *name)
{
    struct error why;
    const char *meant = verb_meant(name);
    error_set(&why, "there is no %s \"%.100s\"%s%s%s", name[0] == '-' ? "option" : "verb", name,
              meant ? ", did you mean \"" : "; see tenterhook --help", meant ? meant : "",
              meant ? "\"?" : "");
    print_failure(why.text);
    return EXIT_USAGE;
}

/* ---- help ---- */

static void print_help(FILE *out)
{
    enum { NAME_PLACES = 14 };
    fputs("usage: tenterhook VERB [ARGUMENT…]\n"
          "       tenterhook help [VERB]\n"
          "       tenterhook -V | --version\n\n"
          "Receives webhooks and runs the actions that a file names.\n\n",
          out);
    for (int i = 0; i < VERB_COUNT; i++) {
        fprintf(out, "  %-*s", NAME_PLACES - 2, verbs[i]->name);
        wrap_print(out, verbs[i]->sentence, NAME_PLACES, NAME_PLACES, HELP_WIDTH);
    }
    fputc('\n', out);
    wrap_print(out,
               "Exit codes: 0 success, 1 the answer is no, 2 wrong usage, 3 an error of the "
               "environment.",
               0, 0, HELP_WIDTH);
}

struct help_options {
    const char *verb;
};

static int help_run(void *given)
{
    const struct help_options *options = given;
    const struct verb *verb = options->verb ? find_verb(options->verb) : NULL;
    if (options->verb && !verb)
        return unknown_verb(options->verb);
    if (verb)
        help_print(verb, stdout);
    else
        print_help(stdout);
    return EXIT_DONE;
}

static const struct option_row help_rows[] = {{.value = "VERB",
                                               .kind = OPTION_VERB,
                                               .offset = offsetof(struct help_options, verb),
                                               .sentence = "the verb that is explained"}};

static const struct verb help_verb = {.name = "help",
                                      .sentence = "explains a verb and its options",
                                      .groups = {OPTION_GROUP(help_rows)},
                                      .forms = {{.run = help_run}},
                                      .size = sizeof(struct help_options)};

/* ---- manual ---- */

static int manual_run(void *given)
{
    const struct help_options *options = given;
    const char *name = options->verb ? options->verb : "tenterhook";
    const struct verb *verb = find_verb(name);
    if (strcmp(name, "tenterhook") == 0)
        manual_print_program(verbs, VERB_COUNT, TENTERHOOK_DATE, stdout);
    else if (strcmp(name, "tenterhook.yaml") == 0)
        describe_manual(&program_registry, TENTERHOOK_DATE, stdout);
    else if (verb)
        manual_print_verb(verb, TENTERHOOK_DATE, stdout);
    else
        return unknown_verb(name);
    return EXIT_DONE;
}

static const struct option_row manual_rows[] = {
    {.value = "PAGE",
     .kind = OPTION_VERB,
     .offset = offsetof(struct help_options, verb),
     .sentence =
         "a verb, or tenterhook.yaml for the route file; without it the page of the program"}};

static const struct verb manual_verb = {.name = "manual",
                                        .sentence =
                                            "prints a manual page in mdoc, as `man` reads it",
                                        .groups = {OPTION_GROUP(manual_rows)},
                                        .forms = {{.run = manual_run}},
                                        .size = sizeof(struct help_options)};

/* ---- complete ---- */

struct complete_options {
    struct word_list words;
};

static int complete_run(void *given)
{
    const struct complete_options *options = given;
    complete_print(verbs, VERB_COUNT, &options->words, stdout);
    return EXIT_DONE;
}

static const struct option_row complete_rows[] = {
    {.value = "WORD",
     .kind = OPTION_TEXT,
     .flags = OPTION_BEHIND,
     .offset = offsetof(struct complete_options, words),
     .sentence = "behind --, the words of a command line, the last of them as far as it is typed"}};

static const struct verb complete_verb = {
    .name = "complete",
    .sentence = "prints what may stand next in a command line, for shells",
    .groups = {OPTION_GROUP(complete_rows)},
    .forms = {{.run = complete_run}},
    .size = sizeof(struct complete_options)};

/* Help may be asked for at any place among the options: the verb is not carried out then. */
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* ---- the program ---- */

/* The loaded libraries, which may differ from those of the build. */
static int print_version(void)
{
    printf("tenterhook " TENTERHOOK_VERSION "\nlibmicrohttpd %s, GnuTLS %s, SQLite %s\n",
           http_library_version(), tls_library_version(), journal_library_version());
    return EXIT_DONE;
}

static void tell_usage(const struct verb *verb, const char *why)
{
    const char *front = log_priority(LOG_ERROR);
    if (*why) {
        fprintf(stderr, "%stenterhook %s: ", front, verb->name);
        print_safe(stderr, bytes_of_text(why));
        fputc('\n', stderr);
    }
    if (verb->hint)
        fprintf(stderr, "%s%s\n", front, verb->hint);
    fprintf(stderr, "%ssee tenterhook %s --help\n", front, verb->name);
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    struct parsed parsed;
    struct error why = {""};
    int code = EXIT_USAGE;
    if (cli_parse(verb, argc, argv, &parsed, &why))
        code = parsed.form->run(parsed.options);
    if (code == EXIT_USAGE && ((verb != &help_verb && verb != &manual_verb) ||
                               why.text[0])) /* it has told of the other */
        tell_usage(verb, why.text);
    cli_parsed_finish(&parsed);
    return code;
}

/* Lost output is a failure. */
static int finish_output(int code)
{
    if (code > EXIT_NO || (fflush(stdout) == 0 && !ferror(stdout)))
        return code;
    fputs("tenterhook: cannot write to standard output\n", stderr);
    return EXIT_ENVIRONMENT;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    /* a limit on the size of files is an error of write(2), for us and what we fork, and no death;
     * commands have it at its default again (handlers/action/spawn.c) */
    signal(SIGXFSZ, SIG_IGN);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return finish_output(print_version());
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return argc > 1 ? finish_output(EXIT_DONE) : EXIT_USAGE;
    }
    const struct verb *verb = find_verb(name);
    if (!verb)
        return unknown_verb(name);
    if (asks_for_help(argc - 1, argv + 1)) {
        help_print(verb, stdout);
        return finish_output(EXIT_DONE);
    }
    int code = run_verb(verb, argc - 1, argv + 1);
    return verb == &serve_verb ? code : finish_output(code); /* its output was for its start */
}
