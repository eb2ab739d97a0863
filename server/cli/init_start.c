/* What the printed lines would do, done: programs are started as a shell starts them, and one loop
 * waits for their ends, for the server's READY=1 and for signals.
 *
 * A server that is our child has a process group of its own. So a Ctrl-C reaches us alone, and we
 * pass it on: a second one would end the server's grace. */
#include "server/cli/init_start.h"

#include "base/clock.h"
#include "base/id.h"
#include "server/cli/init_lines.h"
#include "server/cli/init_print.h"
#include "server/journal/reader.h"
#include "server/options/verb.h"
#include "server/process/notify.h"
#include "server/terminal/terminal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWN_PROGRAM "/proc/self/exe"
#define UNIT_NS (120 * NS_PER_S) /* systemd has a limit of its own, below it */
#define READY_NS (60 * NS_PER_S)
#define SEND_NS (30 * NS_PER_S)
#define SCRIPT_NS (60 * NS_PER_S)

/* A program that was started. */
struct part {
    pid_t pid; /* 0: it does not run */
    int code;  /* its exit code, when it has ended; of one that was killed, of the environment */
    bool was_killed;
};

struct start {
    struct init *init;
    int signals;    /* a signalfd */
    sigset_t usual; /* the mask that programs are started with */
    struct part server, helper;
    bool is_stopped; /* by a signal, which the parts have got too */
};

/* ---- programs ---- */

/* In the child, which ends when we are killed. */
_Noreturn static void become(const struct start *start, const struct init_line *line, pid_t parent,
                             const char *notify)
{
    struct error why;
    bool is_own = strcmp(line->words[0], "tenterhook") == 0;
    sigprocmask(SIG_SETMASK, &start->usual, NULL);
    if (notify) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN); /* its log goes to the terminal, "stty tostop" or not */
        setenv("NOTIFY_SOCKET", notify, 1);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent)
        _exit(EXIT_ENVIRONMENT);
    execvp(is_own ? OWN_PROGRAM : line->words[0], (char *const *)line->words);
    error_set_errno(&why, errno, "cannot run %s", line->words[0]);
    print_failure(why.text);
    _exit(EXIT_ENVIRONMENT);
}

/* Prints the line and starts it; with `notify` as a server that reports there. */
static bool run(const struct start *start, const struct init_line *line, const char *notify,
                struct part *part)
{
    struct error why;
    pid_t parent = getpid();
    fputs("\n$ ", stdout);
    init_line_print(line, stdout);
    fputc('\n', stdout);
    fflush(stdout);
    *part = (struct part){.pid = fork()};
    if (part->pid == 0)
        become(start, line, parent, notify);
    if (part->pid > 0)
        return true;
    error_set_errno(&why, errno, "cannot run %s", line->words[0]);
    print_failure(why.text);
    *part = (struct part){.code = EXIT_ENVIRONMENT};
    return false;
}

static void part_tell(const struct part *part, int signal_number)
{
    if (part->pid > 0)
        kill(part->pid, signal_number);
}

static void part_reap(struct part *part)
{
    int status;
    if (part->pid <= 0 || waitpid(part->pid, &status, WNOHANG) != part->pid)
        return;
    bool was_killed = WIFSIGNALED(status);
    *part = (struct part){.code = was_killed ? EXIT_ENVIRONMENT : WEXITSTATUS(status),
                          .was_killed = was_killed};
}

/* ---- waiting ---- */

static void take_signals(struct start *start)
{
    struct signalfd_siginfo info;
    while (read(start->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            continue;
        start->is_stopped = true;
        part_tell(&start->helper, (int)info.ssi_signo);
        part_tell(&start->server, (int)info.ssi_signo);
    }
    part_reap(&start->helper);
    part_reap(&start->server);
}

/* Sleeps until something has happened: a signal, the end of a part, `fd` (-1: none) is readable.
 * False: it is `end_ns`. */
static bool sleep_until(struct start *start, int fd, int64_t end_ns)
{
    struct pollfd polled[] = {{start->signals, POLLIN, 0}, {fd, POLLIN, 0}};
    int64_t left_ms = (end_ns - clock_monotonic_ns()) / NS_PER_MS + 1;
    if (left_ms <= 0)
        return false;
    poll(polled, 2, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
    take_signals(start);
    return true;
}

static void finish_part(struct start *start, const struct part *part)
{
    while (part->pid > 0)
        sleep_until(start, -1, INT64_MAX);
}

/* Whether there is a server to try, and nobody has stopped us. */
static bool is_wanted(const struct start *start)
{
    return !start->is_stopped && (start->init->is_installed || start->server.pid > 0);
}

/* Runs a line to its end; false if that has not come in time, or nobody wants it any more. */
static bool run_to_end(struct start *start, const struct init_line *line, int64_t patience_ns)
{
    struct part *helper = &start->helper;
    int64_t end_ns = clock_monotonic_ns() + patience_ns;
    if (!run(start, line, NULL, helper))
        return true;
    while (helper->pid > 0 && is_wanted(start) && sleep_until(start, -1, end_ns))
        ;
    bool has_ended = helper->pid == 0;
    part_tell(helper, SIGTERM);
    finish_part(start, helper);
    return has_ended && is_wanted(start);
}

/* ---- the server ---- */

static int start_unit(struct start *start)
{
    if (run_to_end(start, &start->init->start, UNIT_NS) && start->helper.code == EXIT_DONE)
        return EXIT_DONE;
    if (!start->is_stopped)
        print_failure("systemd has not started the server. \"systemctl status tenterhook\" and "
                      "\"journalctl -u tenterhook\" say why");
    return EXIT_ENVIRONMENT;
}

static bool await_ready(struct start *start, int notify)
{
    int64_t end_ns = clock_monotonic_ns() + READY_NS;
    bool is_ready = false;
    while (!is_ready && start->server.pid > 0 && sleep_until(start, notify, end_ns))
        is_ready = notify_heard_ready(notify, start->server.pid);
    return is_ready;
}

static int start_server(struct start *start)
{
    char name[NOTIFY_NAME_SIZE];
    struct error why;
    int notify = notify_listen(name, &why);
    if (notify < 0) {
        print_failure(why.text);
        return EXIT_ENVIRONMENT;
    }
    bool is_ready =
        run(start, &start->init->start, name, &start->server) && await_ready(start, notify);
    close(notify);
    if (is_ready || start->is_stopped)
        return EXIT_DONE;
    if (start->server.pid > 0) {
        print_failure("the server is not ready after 60 s, and is stopped");
        part_tell(&start->server, SIGTERM);
        finish_part(start, &start->server);
        return EXIT_ENVIRONMENT;
    }
    print_failure("the server has not started");
    return start->server.code ? start->server.code : EXIT_ENVIRONMENT;
}

/* ---- the test event ---- */

static void note_id(void *context, const struct event_view *event)
{
    snprintf(context, ID_TEXT_SIZE, "%.*s", (int)event->event.id.length, event->event.id.data);
}

/* The first event of the route behind number `before`. Not the id of the answer: that is as the
 * provider wants it, which may be empty. */
static bool find_event(const struct init *init, struct journal_reader *reader, int64_t before,
                       char id[ID_TEXT_SIZE], struct error *err)
{
    const struct event_filter filter = {
        .route = init->scheme->name, .after = before, .limit = 1, .oldest_first = true};
    id[0] = '\0';
    if (!journal_reader_list(reader, &filter, note_id, id))
        return journal_reader_explain(reader, err);
    return id[0] || error_set(err, "the test event was answered, and is not in the journal");
}

static bool send_event(struct start *start, struct journal_reader *reader, char id[ID_TEXT_SIZE],
                       struct error *err)
{
    int64_t before = 0;
    if (!journal_reader_newest(reader, &before))
        return journal_reader_explain(reader, err);
    if (!run_to_end(start, &start->init->send, SEND_NS))
        return error_set(err, "the test event is not answered after 30 s");
    return start->helper.code == EXIT_DONE ? find_event(start->init, reader, before, id, err)
                                           : error_set(err, "the test event was not accepted");
}

static bool follow_event(struct start *start, const char *id, struct error *err)
{
    struct init_line line;
    if (!init_line_follow(start->init, id, &line))
        return error_set(err, "no memory");
    if (!run_to_end(start, &line, SCRIPT_NS))
        return error_set(err, "the script has not ended after 60 s; it goes on");
    return start->helper.code == EXIT_DONE || error_set(err, "the script has not done its work");
}

static int try_event(struct start *start)
{
    char id[ID_TEXT_SIZE];
    struct error why;
    struct journal_reader *reader = journal_reader_open(start->init->journal, &why);
    bool done = reader && send_event(start, reader, id, &why);
    if (reader)
        journal_reader_close(reader);
    if (done && follow_event(start, id, &why))
        return EXIT_DONE;
    if (is_wanted(start))
        print_failure(why.text);
    return EXIT_NO;
}

/* ---- the whole ---- */

static void tell_rest(const struct start *start, int code)
{
    fputs(code == EXIT_DONE ? "\nThe script has run" : "\nThe test has failed", stdout);
    fputs(start->init->is_installed
              ? ", and systemd keeps the server running. What comes is listed by:\n  "
              : ", and the server runs until Ctrl-C. What comes is listed by:\n  ",
          stdout);
    init_line_print(&start->init->list, stdout);
    fputc('\n', stdout);
    fflush(stdout);
}

static int start_and_try(struct start *start)
{
    int code = start->init->is_installed ? start_unit(start) : start_server(start);
    if (code != EXIT_DONE) {
        init_print_lines(start->init, stdout);
        return code;
    }
    if (is_wanted(start))
        code = try_event(start);
    if (is_wanted(start))
        tell_rest(start, code);
    finish_part(start, &start->server);
    if (start->server.was_killed)
        print_failure("the server was killed");
    return start->server.code ? start->server.code : code;
}

int init_start(struct init *init)
{
    struct start start = {.init = init};
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, &start.usual);
    signal(SIGCHLD, SIG_DFL); /* where it is ignored, no child has an exit code */
    start.signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (start.signals < 0) {
        print_failure("no descriptor for signals");
        return EXIT_ENVIRONMENT;
    }
    int code = start_and_try(&start);
    close(start.signals);
    return code;
}
