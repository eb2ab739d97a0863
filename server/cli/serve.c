/* `tenterhook serve`. */
#include "server/cli/route_file.h"
#include "server/cli/verbs.h"
#include "server/process/supervisor.h"
#include "server/terminal/terminal.h"

#include <assert.h>

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

static int serve_run(void *given)
{
    const struct file_options *options = given;
    return serve(cli_config_file(options->config));
}

const struct verb serve_verb = {
    .name = "serve",
    .sentence = "receives webhooks until SIGTERM; SIGHUP reloads the route file",
    .groups = {{file_rows, FILE_ROWS, 0, 0}},
    .forms = {{.run = serve_run}},
    .size = sizeof(struct file_options)};
