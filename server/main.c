/* The program: a table of verbs. */
#include "config/nearest.h"
#include "server/cli/verb.h"
#include "server/http/http.h"
#include "server/http/tls.h"
#include "server/journal/journal.h"
#include "version.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define VERB_ENTRY(name) &name##_verb,
static const struct verb *const verbs[] = {VERBS(VERB_ENTRY)};

enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static void print_help(FILE *out)
{
    fputs("tenterhook: receives webhooks and runs the actions that a file names\n\n", out);
    for (int i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  tenterhook %s\n      %s\n", verbs[i]->usage, verbs[i]->sentence);
    fputs("\n-c FILE defaults to $TENTERHOOK_CONFIG, then /etc/tenterhook/tenterhook.yaml.\nExit "
          "codes: 0 success, 1 the answer is no, 2 wrong usage, 3 an error of the environment.\n",
          out);
}

/* The loaded libraries, which may differ from those of the build. */
static void print_version(void)
{
    printf("tenterhook " TENTERHOOK_VERSION "\nlibmicrohttpd %s, GnuTLS %s, SQLite %s\n",
           http_library_version(), tls_library_version(), journal_library_version());
}

static const struct verb *find_verb(const char *name)
{
    for (int i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

/* Help may be asked for at any place among the options: the verb is not carried out then. */
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int unknown_verb(const char *name)
{
    static const char *const options[] = {"--help", "--version", NULL};
    const char *names[VERB_COUNT + 1] = {NULL};
    for (int i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i]->name;
    bool is_option = name[0] == '-';
    const char *nearest = nearest_name(name, is_option ? options : names);
    fprintf(stderr, "tenterhook: there is no %s \"%s\"", is_option ? "option" : "verb", name);
    if (nearest)
        fprintf(stderr, ", did you mean \"%s\"?\n", nearest);
    else
        fputs("; see tenterhook --help\n", stderr);
    return EXIT_USAGE;
}

static int print_verb_help(const char *name)
{
    const struct verb *verb = find_verb(name);
    if (!verb)
        return unknown_verb(name);
    printf("usage: tenterhook %s\n%s\n", verb->usage, verb->sentence);
    return EXIT_DONE;
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
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        print_version();
        return finish_output(EXIT_DONE);
    }
    bool is_help = strcmp(name, "help") == 0;
    if (is_help && argc > 2)
        return finish_output(print_verb_help(argv[2]));
    if (is_help || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return argc > 1 ? finish_output(EXIT_DONE) : EXIT_USAGE;
    }
    const struct verb *verb = find_verb(name);
    if (!verb)
        return unknown_verb(name);
    if (asks_for_help(argc - 1, argv + 1))
        return finish_output(print_verb_help(name));
    int code = cli_options_are_known(verb, argc - 1, argv + 1) ? verb->run(argc - 1, argv + 1)
                                                               : EXIT_USAGE;
    if (code == EXIT_USAGE)
        fprintf(stderr, "usage: tenterhook %s\n", verb->usage);
    return verb == &serve_verb ? code : finish_output(code); /* its output was for its start */
}
