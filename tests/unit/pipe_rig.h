/* Numbered events into a FIFO, readers in processes of their own, and what became of the events. */
#ifndef TENTERHOOK_TESTS_PIPE_RIG_H
#define TENTERHOOK_TESTS_PIPE_RIG_H

#include "action_rig.h"

#include "handlers/action/pipe.h"
#include "handlers/action/pipe_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

enum { EVENTS_MAX = 3000 };

/* An event, numbered in its body. */
struct event {
    struct delivery delivery;
    struct result result;
    struct action_run *run;
    char *body;
};

static struct event events[EVENTS_MAX];
static struct pipe_settings settings;
static const char *fifo;

static inline void pipe_setup(void)
{
    rig_setup();
    fifo = rig_path("fifo");
    settings = (struct pipe_settings){.path = fifo, .format = PIPE_BODY};
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
}

static inline void forget_events(void)
{
    for (int i = 0; i < EVENTS_MAX; i++) {
        result_free(&events[i].result);
        free(events[i].body);
    }
    memset(events, 0, sizeof events);
}

static inline void pipe_teardown(void)
{
    forget_events();
    pipe_writers_finish();
    rig_teardown();
}

static inline struct event *begin_text(int number, const char *body)
{
    struct event *event = &events[number];
    free(event->body);
    event->body = strdup(body);
    event->delivery = rig_delivery(event->body);
    event->run =
        pipe_action.start(&settings, &rig_loop, &event->delivery, rig_done, &event->result);
    ck_assert_ptr_nonnull(event->run);
    ck_assert(!event->result.done);
    return event;
}

/* A body of about `size` bytes: "<number>" and filling. */
static inline struct event *begin(int number, size_t size)
{
    char *body = malloc(size + 32);
    int head = snprintf(body, size + 32, "\"%d ", number);
    size_t fill = size > (size_t)head + 1 ? size - (size_t)head - 1 : 0;
    memset(body + head, 'a' + number % 26, fill);
    memcpy(body + (size_t)head + fill, "\"", 2);
    struct event *event = begin_text(number, body);
    free(body);
    return event;
}

/* A child of ours that may read the FIFO, also where we may not. */
static inline pid_t fork_reader(void)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        signal(SIGPIPE, SIG_DFL);
        if (getuid() == 0 && seteuid(0) != 0)
            _exit(126);
    }
    return pid;
}

static inline pid_t reader(const char *script)
{
    pid_t pid = fork_reader();
    if (pid == 0) {
        if (chdir(rig_directory) == 0)
            execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* Turns the loop for so long: to see that nothing happens. */
static inline void turn(int ms)
{
    int64_t end = clock_monotonic_ns() + ms * NS_PER_MS;
    do
        loop_run_once(&rig_loop, 5);
    while (clock_monotonic_ns() < end);
}

/* Turns the loop until so many bytes are unread in the FIFO, and takes all that are. */
static inline ssize_t take(int fd, size_t wanted, char *text, size_t size)
{
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    int unread = 0;
    while (ioctl(fd, FIONREAD, &unread) == 0 && (size_t)unread < wanted) {
        ck_assert_msg(clock_monotonic_ns() < end, "%d of %zu bytes came", unread, wanted);
        loop_run_once(&rig_loop, 5);
    }
    return read(fd, text, size);
}

/* Turns the loop until the process has ended, and as often as a writer needs to see that: it may be
 * looking away for a millisecond. */
static inline void reap(pid_t pid)
{
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        ck_assert(clock_monotonic_ns() < end);
        loop_run_once(&rig_loop, 5);
    }
    for (int i = 0; i < 3; i++)
        loop_run_once(&rig_loop, 1);
}

static inline void kill_reader(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static inline void wait_all(int count)
{
    for (int i = 0; i < count; i++) {
        rig_wait(&events[i].result.done);
        ck_assert_msg(events[i].result.outcome.kind == OUTCOME_DONE, "%d: %s", i,
                      events[i].result.reason);
    }
}

static inline char *content_of(const char *name, size_t *length)
{
    FILE *file = fopen(rig_path(name), "r");
    char *text = malloc(64 << 20);
    *length = file ? fread(text, 1, (64 << 20) - 1, file) : 0;
    text[*length] = '\0';
    if (file)
        fclose(file);
    return text;
}

/* The number of the event whose body is exactly this line; -1: of none, as a torn one. */
static inline int number_of(const char *line, size_t length, int count)
{
    int number = length > 1 && *line == '"' ? atoi(line + 1) : -1;
    bool whole = number >= 0 && number < count && events[number].body &&
                 bytes_equal(bytes_of(line, length), bytes_of_text(events[number].body));
    return whole ? number : -1;
}

/* Counts, for each number, the lines of the file that are exactly that event's body. Others are
 * torn ones and counted together. */
static inline unsigned tally(const char *name, unsigned *seen, int count)
{
    size_t length;
    char *text = content_of(name, &length);
    unsigned torn = 0;
    memset(seen, 0, (size_t)count * sizeof *seen);
    for (char *line = text; *line;) {
        char *end = strchrnul(line, '\n');
        int number = *end ? number_of(line, (size_t)(end - line), count) : -1;
        if (number >= 0)
            seen[number]++;
        else if (end != line)
            torn++;
        line = *end ? end + 1 : end;
    }
    free(text);
    return torn;
}

/* What a reader has taken from the FIFO counts at once, and is in its file a moment later: waits
 * until the last of the events is. */
static inline void wait_in_file(const char *name, int last)
{
    unsigned *seen = calloc((size_t)last + 1, sizeof *seen);
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (tally(name, seen, last + 1), seen[last] == 0 && clock_monotonic_ns() < end)
        loop_run_once(&rig_loop, 5);
    ck_assert_msg(seen[last], "event %d was counted and never read whole", last);
    free(seen);
}

static inline void assert_once_each(const char *name, int count)
{
    unsigned *seen = calloc((size_t)count, sizeof *seen);
    ck_assert_uint_eq(tally(name, seen, count), 0);
    for (int i = 0; i < count; i++)
        ck_assert_msg(seen[i] == 1, "event %d came %u times", i, seen[i]);
    free(seen);
}

#endif
