/* What commands and workers do with a process alike, so that there is one rule for what a process
 * leaves behind. */
#include "handlers/action/started.h"

#include <unistd.h>

void started_signal(const struct started *started, int signal)
{
    spawn_signal_group(&started->process, signal);
    if (started->tree.forest && signal == SIGKILL)
        process_tree_kill(&started->tree);
    else if (started->tree.forest)
        process_tree_signal_others(&started->tree, started->process.pid, signal);
}

bool started_tree_lives(const struct started *started)
{
    int watch = process_tree_watch(&started->tree);
    bool lives = process_tree_lives(watch);
    if (watch >= 0)
        close(watch);
    return lives;
}

/* How many processes the limit on memory has cost is known as long as there is the cgroup. */
void started_reap(struct started *started, const struct process_limits *limits, bool keeps,
                  struct started_end *end)
{
    *end = (struct started_end){.leaves = false};
    spawn_reap(&started->process, keeps, &end->info);
    if (!started->tree.forest)
        return;
    if (limits->memory > 0)
        end->memory_kills = process_tree_memory_kills(&started->tree);
    bool lives = started_tree_lives(started);
    end->leaves = lives && !keeps;
    if (lives && keeps)
        process_tree_keep(&started->tree);
    else
        process_tree_remove(&started->tree);
    started->tree.forest = NULL;
}
