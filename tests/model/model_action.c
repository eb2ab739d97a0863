/* The command of the model test: writes down that it begins, waits, writes down that it ends, and
 * exits as its event says. Each line is one write to a file that is only appended to, so the order
 * of the lines is the order of what happened.
 *
 *   model_action LEDGER PLAN MS     PLAN: exit statuses by attempt, "75.75.0"; the last one stays
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "-";
}

static void note(int ledger, const char *what, int status)
{
    char line[256];
    int length = snprintf(line, sizeof line, "%s %s %s %s %d %lld %d\n", what,
                          variable("TENTERHOOK_ID"), variable("TENTERHOOK_ROUTE"),
                          variable("TENTERHOOK_ATTEMPT"), status, now_ns(), (int)getpid());
    if (write(ledger, line, (size_t)length) != length)
        _exit(99);
}

static int status_of(const char *plan, long attempt)
{
    for (const char *dot = strchr(plan, '.'); dot && attempt > 1; dot = strchr(plan, '.')) {
        plan = dot + 1;
        attempt--;
    }
    return atoi(plan);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 99;
    int ledger = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0644);
    int status = status_of(argv[2], atol(variable("TENTERHOOK_ATTEMPT")));
    long ms = atol(argv[3]);
    if (ledger < 0)
        return 99;
    note(ledger, "begin", -1);
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
    note(ledger, "end", status);
    return status;
}
