/* `tenterhook serve`. */
#include "server/cli/terminal.h"
#include "server/cli/verb.h"
#include "server/process/supervisor.h"

#include <assert.h>
#include <getopt.h>
#include <stddef.h>

static_assert((int)SUPERVISOR_STOPPED == EXIT_DONE && (int)SUPERVISOR_REFUSED == EXIT_NO &&
                  (int)SUPERVISOR_FAILED == EXIT_ENVIRONMENT,
              "the ends of the server are the exit codes of serve");

static int serve(const char *file)
{
    struct error why = {""};
    enum supervisor_end end = supervisor_run(file, &program_registry, &why);
    if (why.text[0])
        print_failure(why.text);
    return (int)end;
}

static int serve_run(int argc, char **argv)
{
    const char *file = NULL;
    int option;
    while ((option = getopt(argc, argv, "c:")) != -1) {
        if (option != 'c')
            return EXIT_USAGE;
        file = optarg;
    }
    return optind == argc ? serve(cli_config_file(file)) : EXIT_USAGE;
}

const struct verb serve_verb = {"serve", "serve [-c FILE]",
                                "receives webhooks until SIGTERM; SIGHUP reloads the route file",
                                serve_run};
