/* Prints as a JSON object all that a process is given by whoever starts it, apart from arguments:
 * what docs/actions.md lists, and what it does not, so that a test finds what nobody has thought
 * of. Nothing here may need more than a few descriptors or some memory: limits are among the facts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static void put_text(const char *text, size_t length)
{
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == '"' || byte == '\\')
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void put_member(const char *name, const char *text)
{
    printf(",\n \"%s\": ", name);
    put_text(text, strlen(text));
}

static void put_numbers(const char *name, const unsigned *numbers, int count)
{
    printf(",\n \"%s\": [", name);
    for (int i = 0; i < count; i++)
        printf("%s%u", i ? ", " : "", numbers[i]);
    putchar(']');
}

/* The lines of /proc/self/status that say who somebody is, as they stand there. */
static void put_status(void)
{
    static const char *const wanted[] = {"CapInh",     "CapPrm",  "CapEff",    "CapBnd", "CapAmb",
                                         "SigPnd",     "ShdPnd",  "SigBlk",    "SigIgn", "SigCgt",
                                         "NoNewPrivs", "Seccomp", "TracerPid", "Threads"};
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        char *value = strchr(line, ':');
        if (!value)
            continue;
        *value++ = '\0';
        value += strspn(value, " \t");
        value[strcspn(value, "\n")] = '\0';
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            if (strcmp(line, wanted[i]) == 0)
                put_member(line, value);
    }
    if (status)
        fclose(status);
}

static void put_user(void)
{
    uid_t users[3];
    gid_t group[3];
    static gid_t groups[65536];
    getresuid(&users[0], &users[1], &users[2]);
    getresgid(&group[0], &group[1], &group[2]);
    put_numbers("uid", users, 3);
    put_numbers("gid", group, 3);
    put_numbers("groups", groups, getgroups(65536, groups));
}

static void put_limits(void)
{
    static const char *const names[] = {
        "cpu",     "file_size", "data",  "stack",   "core",   "rss",  "processes", "files",
        "memlock", "memory",    "locks", "signals", "queues", "nice", "rtprio",    "rttime"};
    printf(",\n \"limits\": {");
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        struct rlimit limit = {0, 0};
        getrlimit(i, &limit);
        printf("%s\"%s\": [%lld, %lld]", i ? ", " : "", names[i],
               limit.rlim_cur == RLIM_INFINITY ? -1LL : (long long)limit.rlim_cur,
               limit.rlim_max == RLIM_INFINITY ? -1LL : (long long)limit.rlim_max);
    }
    putchar('}');
}

/* The whole of a small file; its last line end is left out. */
static void put_file(const char *name, const char *path)
{
    char text[4096];
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length - (length > 0 && text[length - 1] == '\n')] = '\0';
    put_member(name, text);
}

static const char *kind_of(int fd)
{
    struct stat st;
    char link[64] = "";
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, link, sizeof link - 1) > 0 && strncmp(link, "/memfd:", 7) == 0)
        return "memory";
    if (fstat(fd, &st) != 0)
        return "closed";
    return S_ISFIFO(st.st_mode) ? "pipe" : S_ISCHR(st.st_mode) ? "device" : "other";
}

/* Also whether the three can be opened anew by their names, as scripts do. */
static void put_descriptors(void)
{
    static const int modes[] = {O_RDONLY, O_WRONLY, O_WRONLY};
    DIR *open_ones = opendir("/proc/self/fd");
    bool first = true;
    printf(",\n \"descriptors\": {");
    for (struct dirent *entry; open_ones && (entry = readdir(open_ones));) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd == dirfd(open_ones))
            continue;
        printf("%s\"%d\": \"%s\"", first ? "" : ", ", fd, kind_of(fd));
        first = false;
    }
    closedir(open_ones);
    printf("},\n \"reopened\": [");
    for (int i = 0; i < 3; i++) {
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", i);
        int fd = open(path, modes[i]);
        printf("%s\"%s\"", i ? ", " : "", fd >= 0 ? "" : strerror(errno));
        close(fd);
    }
    putchar(']');
}

static void put_environment(void)
{
    printf(",\n \"environment\": {");
    for (char **item = environ; *item; item++) {
        size_t name = strcspn(*item, "=");
        fputs(item == environ ? "" : ", ", stdout);
        put_text(*item, name);
        printf(": ");
        put_text(*item + name + 1, strlen(*item + name + 1));
    }
    putchar('}');
}

/* Answers each event as a worker does: the id is the first member of its line. */
static void work(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        printf("%.*s, \"ok\": true}\n", (int)strcspn(line, ","), line);
        fflush(stdout);
    }
    free(line);
}

/* Writes what was printed so far into a file. */
static void flush_to(const char *path)
{
    int own = dup(1), file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, 1);
    fflush(stdout);
    dup2(own, 1);
    close(own);
    close(file);
}

/* `on`: it stays until it is killed. A path: the facts go there, and it is a worker. */
int main(int argc, char **argv)
{
    static char buffer[65536]; /* holds all of the facts */
    int death = 0;
    char directory[4096] = "";
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    mode_t mask = umask(0);
    umask(mask);
    prctl(PR_GET_PDEATHSIG, &death);
    printf("{\"pid\": %d, \"parent\": %d, \"group\": %d, \"session\": %d", getpid(), getppid(),
           getpgrp(), getsid(0));
    put_user();
    put_status();
    put_limits();
    put_descriptors();
    printf(",\n \"umask\": \"%03o\", \"nice\": %d, \"death_signal\": %d, \"securebits\": %d",
           (unsigned)mask, getpriority(PRIO_PROCESS, 0), death, prctl(PR_GET_SECUREBITS));
    printf(", \"dumpable\": %d, \"scheduler\": %d, \"io_priority\": %ld", prctl(PR_GET_DUMPABLE),
           sched_getscheduler(0), syscall(SYS_ioprio_get, 1, 0));
    put_member("directory", getcwd(directory, sizeof directory) ? directory : "");
    put_file("oom_score_adj", "/proc/self/oom_score_adj");
    put_file("timer_slack", "/proc/self/timerslack_ns");
    put_file("personality", "/proc/self/personality");
    put_file("cgroup", "/proc/self/cgroup");
    put_environment();
    puts("}");
    if (argc > 1 && *argv[1] == '/') {
        flush_to(argv[1]);
        work();
    }
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "on") == 0)
        pause();
    return 0;
}
