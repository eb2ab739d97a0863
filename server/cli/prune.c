#include "server/cli/verb.h"
static int prune_run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return EXIT_USAGE;
}
const struct verb prune_verb = {"prune", "prune [-c FILE]", "x", prune_run};
