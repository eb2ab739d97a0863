/* Readers of a FIFO that die, leave and are replaced: what counts as delivered was read whole by
 * one of them.
 *
 * By hand at length, beside busy loops:
 *   TENTERHOOK_PIPE_REPLACEMENTS=5000 TENTERHOOK_PIPE_BUSY=4 build/tests/unit/unit_pipe_readers */
#include "pipe_rig.h"

#include "handlers/action/fifo.h"
#include "tests/unit/suite.h"

#include <sys/mman.h>
#include <sys/prctl.h>

/* ---- a trial: readers that replace each other at once, and what each of them got ---- */

enum { ROUND = 50, SESSIONS = 200, LOG_BYTES = 32 << 20 };

/* Written by the readers, in memory that they share with us. */
struct trial_log {
    volatile unsigned sessions; /* that are over */
    volatile size_t length;
    struct {
        size_t first_read, end; /* where the bytes of its first read end, and of its last */
    } session[SESSIONS];
    char bytes[LOG_BYTES];
};

enum session_kind { SOME_BYTES, A_LINE, EITHER, ONE_READ };

static const struct pattern {
    const char *name;
    enum session_kind kind;
    bool processes; /* each reader is one of its own; else one that opens the FIFO again at once */
    unsigned wanted_max, frame_max, large_max; /* bytes; every third frame is a large one */
    unsigned count;                            /* replacements in the short form */
} patterns[] = {
    {"a part of a frame", SOME_BYTES, false, 6000, 3000, 0, 100},
    {"a part of a frame, processes", SOME_BYTES, true, 6000, 3000, 0, 50},
    {"line by line", A_LINE, false, 0, 3000, 0, 50},
    {"a line or a part", EITHER, false, 6000, 3000, 0, 30},
    {"much of a full FIFO", SOME_BYTES, false, 100000, 3000, 0, 25},
    {"much of a full FIFO, processes", SOME_BYTES, true, 100000, 3000, 0, 20},
    {"large frames", SOME_BYTES, false, 300000, 3000, 200000, 30},
    {"one read", ONE_READ, false, 0, 3000, 0, 10},
    {"one read, processes", ONE_READ, true, 0, 3000, 0, 20},
};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

struct figures {
    unsigned replaced, counted, lost, doubles, torn_first, torn_later;
};

static struct trial_log *trial_log;
static unsigned seed;

static unsigned pick(unsigned below)
{
    seed = seed * 1664525 + 1013904223;
    return (unsigned)((uint64_t)seed * below >> 32);
}

/* One reader: opens the FIFO, takes what it wants, closes it. */
static void read_session(const struct pattern *pattern, bool last)
{
    static const size_t pieces[] = {1, 100, 4096, 65536};
    enum session_kind kind = pattern->kind == EITHER ? (enum session_kind)pick(2) : pattern->kind;
    size_t wanted = kind == SOME_BYTES ? 1 + pick(pattern->wanted_max) : SIZE_MAX;
    size_t piece = kind == A_LINE ? 1 : kind == ONE_READ ? 65536 : pieces[pick(4)];
    unsigned number = trial_log->sessions;
    size_t at = trial_log->length, got = 0;
    int fd = open(fifo, O_RDONLY | O_CLOEXEC);
    while (last || got < wanted) {
        size_t size = last ? 65536 : wanted - got < piece ? wanted - got : piece;
        if (at + got + size > LOG_BYTES)
            _exit(1);
        ssize_t length = read(fd, trial_log->bytes + at + got, size);
        if (length <= 0)
            break;
        got += (size_t)length;
        if (trial_log->session[number].first_read == 0)
            trial_log->session[number].first_read = at + got;
        trial_log->length = at + got;
        if (!last &&
            (kind == ONE_READ || (kind == A_LINE && trial_log->bytes[at + got - 1] == '\n')))
            break;
    }
    trial_log->session[number].end = at + got;
    close(fd);
    trial_log->sessions = number + 1;
}

static void read_sessions(const struct pattern *pattern, unsigned count)
{
    while (trial_log->sessions < count) {
        unsigned next = pick(UINT32_MAX);
        pid_t pid = pattern->processes ? fork() : -1;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (pid <= 0)
            read_session(pattern, false);
        if (pid == 0)
            _exit(0);
        seed = next;
        if (pid > 0)
            waitpid(pid, NULL, 0);
    }
    while (trial_log->sessions < SESSIONS - 1) /* again where it sees the end of the file */
        read_session(pattern, true);
}

/* Counts whole lines from `at` to `end`, which one reader got; others are torn. */
static void tally_session(size_t at, size_t end, size_t first_read, unsigned *seen, int count,
                          struct figures *sum)
{
    for (size_t start = at; at < end;) {
        const char *line = trial_log->bytes + at, *stop = memchr(line, '\n', end - at);
        if (!stop)
            break;
        size_t length = (size_t)(stop - line);
        int number = number_of(line, length, count);
        if (number >= 0)
            seen[number]++;
        else if (length > 0 && (at == start || at < first_read))
            sum->torn_first++;
        else if (length > 0)
            sum->torn_later++;
        at += length + 1;
    }
}

/* How often each frame came whole to one reader. */
static struct figures tally_log(unsigned *seen, int count)
{
    struct figures sum = {.replaced = trial_log->sessions, .counted = (unsigned)count};
    size_t at = 0;
    memset(seen, 0, (size_t)count * sizeof *seen);
    for (unsigned i = 0; i <= trial_log->sessions; i++) {
        bool open = i == trial_log->sessions;
        size_t end = open ? trial_log->length : trial_log->session[i].end;
        tally_session(at, end, trial_log->session[i].first_read, seen, count, &sum);
        at = end;
    }
    for (int i = 0; i < count; i++) {
        sum.lost += seen[i] == 0;
        sum.doubles += seen[i] > 1 ? seen[i] - 1 : 0;
    }
    return sum;
}

/* Whether all frames were read, by one reader or by several one after the other. */
static bool all_in_log(const unsigned *seen, int count)
{
    for (int i = 0; i < count; i++)
        if (!seen[i] &&
            !memmem(trial_log->bytes, trial_log->length, events[i].body, strlen(events[i].body)))
            return false;
    return true;
}

/* Keeps frames waiting until so many readers have been replaced, and then until all have ended;
 * their number. */
static int feed(const struct pattern *pattern, unsigned count)
{
    enum { WAITING = 16 };
    int begun = 0, ended = 0;
    int64_t end = clock_monotonic_ns() + 2 * RIG_WAIT_S * NS_PER_S;
    for (bool more = true; more || ended < begun;) {
        more = trial_log->sessions < count && begun < EVENTS_MAX;
        while (more && begun < EVENTS_MAX && begun - ended < WAITING) {
            unsigned size = 10 + pick(pattern->frame_max);
            if (pattern->large_max && pick(3) == 0)
                size = 10 + pick(pattern->large_max);
            begin(begun++, size);
        }
        loop_run_once(&rig_loop, 5);
        while (ended < begun && events[ended].result.done)
            ended++;
        ck_assert_msg(clock_monotonic_ns() < end, "%s: %d of %d frames after %u readers",
                      pattern->name, ended, begun, trial_log->sessions);
    }
    return begun;
}

static struct figures trial_round(const struct pattern *pattern, unsigned count)
{
    static unsigned seen[EVENTS_MAX];
    trial_log = mmap(NULL, sizeof *trial_log, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(trial_log, MAP_FAILED);
    pid_t pid = fork_reader();
    if (pid == 0) {
        read_sessions(pattern, count);
        _exit(0);
    }
    pick(2); /* not the readers' numbers */
    int frames = feed(pattern, count);
    struct figures sum;
    int64_t end = clock_monotonic_ns() + 5 * NS_PER_S;
    while (sum = tally_log(seen, frames), !all_in_log(seen, frames) && clock_monotonic_ns() < end)
        loop_run_once(&rig_loop, 5); /* what was read is in the log a moment later */
    kill_reader(pid);
    for (int i = 0; i < frames; i++)
        ck_assert_int_eq(events[i].result.outcome.kind, OUTCOME_DONE);
    ck_assert_msg(all_in_log(seen, frames), "%s: a frame was counted and not read", pattern->name);
    munmap(trial_log, sizeof *trial_log);
    forget_events();
    pipe_writers_finish();
    return sum;
}

static unsigned number_from(const char *variable, unsigned otherwise)
{
    const char *text = getenv(variable);
    return text ? (unsigned)atoi(text) : otherwise;
}

static struct figures trial(const struct pattern *pattern, const char *how)
{
    struct figures all = {.replaced = 0};
    unsigned count = number_from("TENTERHOOK_PIPE_REPLACEMENTS", pattern->count);
    unsigned first = seed = number_from("TENTERHOOK_PIPE_SEED", (unsigned)clock_monotonic_ns());
    while (all.replaced < count) {
        unsigned left = count - all.replaced;
        struct figures sum = trial_round(pattern, left < ROUND ? left : ROUND);
        all.replaced += sum.replaced;
        all.counted += sum.counted;
        all.lost += sum.lost;
        all.doubles += sum.doubles;
        all.torn_first += sum.torn_first;
        all.torn_later += sum.torn_later;
    }
    printf("%s%s: %u readers replaced, %u frames counted, %u of them never read whole, "
           "%u doubles, lines torn %u at the beginning, %u later (seed %u)\n",
           pattern->name, how, all.replaced, all.counted, all.lost, all.doubles, all.torn_first,
           all.torn_later, first);
    return all;
}

START_TEST(readers_that_are_replaced_at_once)
{
    struct figures sum = trial(&patterns[_i], "");
    ck_assert_uint_eq(sum.lost, 0);
    ck_assert_uint_eq(sum.torn_later, 0);
}
END_TEST

/* Where we cannot see who reads, a reader that came before we saw that there was none is taken for
 * the one before, by any writer: the frame counts that both of them read together. All others were
 * read whole, and no frame was left out. */
START_TEST(readers_that_are_replaced_at_once_unseen)
{
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(rig_directory, 0755), 0);
    ck_assert_int_eq(chmod(fifo, 0622), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    struct figures sum = trial(&patterns[1], ", unseen");
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_uint_eq(sum.torn_later, 0);
}
END_TEST

/* ---- readers that are programs ---- */

/* Reads a part and dies, again and again; then a good reader. Every frame is read whole by someone,
 * and those that the good one reads are whole. */
START_TEST(readers_that_die_in_the_middle)
{
    enum { COUNT = 30 };
    unsigned seen[COUNT], early[COUNT];
    for (int i = 0; i < COUNT; i++)
        begin(i, 3000);
    for (int i = 0; i < 50; i++) {
        char script[64];
        snprintf(script, sizeof script, "exec head -c %d fifo >> early", 100 + i * 37);
        reap(reader(script));
        ck_assert_msg(!events[0].result.done || i > 0, "a frame of which only a part was read");
    }
    pid_t pid = reader("exec cat fifo > out");
    wait_all(COUNT);
    wait_in_file("out", COUNT - 1);
    kill_reader(pid);
    ck_assert_uint_eq(tally("out", seen, COUNT), 0);
    tally("early", early, COUNT);
    for (int i = 0; i < COUNT; i++)
        ck_assert_uint_eq(seen[i], 1);
}
END_TEST

/* The same without a moment between one reader and the next: torn lines are seen, none is lost. */
START_TEST(readers_that_die_and_are_replaced_at_once)
{
    enum { COUNT = 40 };
    unsigned seen[COUNT];
    pid_t pid = reader("i=0; while [ $i -lt 50 ]; do head -c 1234 < fifo; i=$((i + 1)); "
                       "echo; done >> out; exec cat fifo >> out");
    for (int i = 0; i < COUNT; i++)
        begin(i, 3000);
    wait_all(COUNT);
    wait_in_file("out", COUNT - 1);
    kill_reader(pid);
    tally("out", seen, COUNT);
    for (int i = 0; i < COUNT; i++)
        ck_assert_msg(seen[i] >= 1, "event %d was counted and never read whole", i);
}
END_TEST

START_TEST(large_frames_and_dying_readers)
{
    unsigned seen[4];
    for (int i = 0; i < 4; i++)
        begin(i, 1 << 20);
    for (int i = 0; i < 10; i++) {
        char script[64];
        snprintf(script, sizeof script, "exec head -c %d fifo >> early", 1 + i * 100000);
        reap(reader(script));
    }
    ck_assert(!events[0].result.done);
    pid_t pid = reader("exec cat fifo > out");
    wait_all(4);
    wait_in_file("out", 3);
    kill_reader(pid);
    ck_assert_uint_eq(tally("out", seen, 4), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(seen[i], 1);
}
END_TEST

/* Without permission to read it there is neither inotify nor a drain: closing it does as well. */
START_TEST(a_fifo_that_only_others_may_read)
{
    enum { COUNT = 20 };
    unsigned seen[COUNT];
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(rig_directory, 0755), 0);
    ck_assert_int_eq(chmod(fifo, 0622), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    for (int i = 0; i < COUNT; i++)
        begin(i, 3000);
    for (int i = 0; i < 20; i++) {
        char script[64];
        snprintf(script, sizeof script, "exec head -c %d fifo > early", 100 + i * 137);
        reap(reader(script));
    }
    pid_t pid = reader("exec cat fifo > out");
    wait_all(COUNT);
    ck_assert_int_eq(seteuid(0), 0);
    wait_in_file("out", COUNT - 1);
    kill_reader(pid);
    ck_assert_uint_eq(tally("out", seen, COUNT), 0);
    for (int i = 0; i < COUNT; i++)
        ck_assert_uint_le(seen[i], 1);
    ck_assert_uint_eq(seen[COUNT - 1], 1);
}
END_TEST

/* ---- single observations that mislead ---- */

static unsigned untold, told;

static void note_unwatched(const char *path)
{
    told += strcmp(path, fifo) == 0;
    untold += strcmp(path, fifo) != 0;
}

/* Turns the loop and takes what comes, until a whole line of this event has. */
static unsigned take_lines(int fd, int number)
{
    static char text[1 << 20];
    static unsigned seen[EVENTS_MAX];
    size_t length = 0;
    struct figures sum = {.lost = 0};
    memset(seen, 0, sizeof seen);
    while (seen[number] == 0) {
        length += (size_t)take(fd, 1, text + length, sizeof text - length);
        memset(seen, 0, sizeof seen);
        sum.torn_first = 0;
        for (char *line = text, *end; (end = memchr(line, '\n', length - (size_t)(line - text)));
             line = end + 1) {
            int found = number_of(line, (size_t)(end - line), EVENTS_MAX);
            sum.torn_first += found < 0 && end > line;
            seen[found < 0 ? EVENTS_MAX - 1 : found]++;
        }
    }
    return sum.torn_first;
}

/* A frame that is read before the next is written is the most that two readers can share unseen. */
START_TEST(a_fifo_that_cannot_be_watched_is_told_and_gets_a_frame_at_a_time)
{
    enum { COUNT = 60 };
    char text[4096];
    if (geteuid() != 0)
        return;
    pipe_writers_tell(NULL, note_unwatched);
    ck_assert_int_eq(chmod(rig_directory, 0755), 0);
    ck_assert_int_eq(chmod(fifo, 0622), 0);
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_eq(seteuid(65534), 0);
    for (int i = 0; i < COUNT; i++)
        begin(i, 100);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(take(fd, 101, text, sizeof text), 101);
    wait_all(COUNT);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_uint_eq(told, 1);
    ck_assert_uint_eq(untold, 0);
    pipe_writers_tell(NULL, NULL);
    close(fd);
}
END_TEST

/* More happens than the kernel keeps for us: what it dropped may have been the second reader. */
START_TEST(events_that_the_kernel_dropped_are_not_taken_for_none)
{
    char text[4096];
    unsigned kept = 0;
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (!file || fscanf(file, "%u", &kept) != 1 || kept > 1000000)
        kept = 0;
    if (file)
        fclose(file);
    int first = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    begin(0, 3000);
    ck_assert_int_eq(take(first, 3001, text, 1000), 1000);
    turn(20);
    for (unsigned i = 0; i < kept; i++)
        close(open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    close(first);
    int second = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_eq(read(second, text, sizeof text), 2001);
    if (kept)
        ck_assert_uint_eq(take_lines(second, 0), 0);
    close(second);
    turn(300);
    begin(1, 10);
    second = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    take_lines(second, 1);
    wait_all(2);
    close(second);
}
END_TEST

/* As the runner before a reload closes it, which its reader does not notice: nothing may be taken
 * away from that one in the middle of a line. */
START_TEST(another_writer_that_closes_tears_nothing)
{
    char text[4096];
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    begin(0, 3000);
    ck_assert_int_eq(take(fd, 3001, text, 1000), 1000);
    turn(20);
    close(open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    turn(100);
    ck_assert_int_eq(read(fd, text + 1000, 2001), 2001);
    ck_assert_int_eq(number_of(text, 3000, 1), 0);
    if (!events[0].result.done) /* it may come twice */
        take_lines(fd, 0);
    wait_all(1);
    close(fd);
}
END_TEST

/* Where frames have a length, whoever comes after a reader that died in the middle of one begins
 * with a whole frame, or sees the end of the file before one. */
START_TEST(a_reader_of_lengths_that_got_a_piece_sees_the_end_of_the_file)
{
    char text[10000];
    settings.format = PIPE_LENGTH;
    int first = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct event *event = begin(0, 3000);
    ck_assert_int_eq(take(first, 3000, text, 1000), 1000);
    close(first);
    int second = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* before it is noticed */
    ssize_t length = read(second, text, sizeof text);
    ck_assert_int_gt(length, 2000);
    while (length = read(second, text, sizeof text), length != 0) {
        ck_assert_int_eq(errno, EAGAIN);
        loop_run_once(&rig_loop, 5);
    }
    length = take(second, 3000, text, sizeof text);
    ck_assert_int_gt(length, 3000);
    ck_assert_int_eq((uint8_t)text[2] << 8 | (uint8_t)text[3], length - 4);
    rig_wait(&event->result.done);
    ck_assert_int_eq(event->result.outcome.kind, OUTCOME_DONE);
    close(second);
}
END_TEST

/* Readers that close after each frame get its last byte apart. Those that take whatever one read
 * gives for a frame, and close a moment later, would never get on with that. */
START_TEST(readers_that_take_one_read_for_a_frame_get_on)
{
    enum { COUNT = 4, SESSIONS_MAX = 30 };
    char text[4096];
    int sessions = 0;
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    for (int i = 0; i < COUNT; i++)
        begin(i, 3000);
    ck_assert_int_eq(take(fd, 3001, text, sizeof text), 3001);
    for (; !events[COUNT - 1].result.done && sessions < SESSIONS_MAX; sessions++) {
        close(fd); /* the first time before we look */
        fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (sessions == 0)
            rig_wait(&events[0].result.done);
        while (!events[COUNT - 1].result.done && read(fd, text, sizeof text) <= 0)
            loop_run_once(&rig_loop, 5);
        turn(20);
    }
    wait_all(COUNT);
    close(fd);
}
END_TEST

/* A reader of numbers that count up from 0, again and again, each time until they are drained. */
static int read_numbers(void)
{
    uint32_t words[100], next = 0;
    int fd = open(fifo, O_RDONLY | O_CLOEXEC);
    ssize_t length;
    while ((length = read(fd, words, sizeof words)) > 0) {
        for (size_t i = 0; i < (size_t)length / sizeof *words; i++) {
            if (words[i] != next && words[i] != 0)
                return 1;
            next = words[i] + 1;
        }
    }
    return 0;
}

/* Else half of one frame and half of another could make a line that looks whole. */
START_TEST(a_drain_leaves_no_hole)
{
    int status;
    signal(SIGPIPE, SIG_IGN); /* the reader ends at the first hole */
    pid_t pid = fork_reader();
    if (pid == 0)
        _exit(read_numbers());
    int fd;
    while ((fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
        ck_assert_int_eq(errno, ENXIO);
    for (int i = 0; i < 500; i++) {
        uint32_t words[1024];
        size_t taken;
        for (uint32_t word = 0; word < 64 * 1024 / sizeof word;) {
            for (size_t j = 0; j < 1024; j++)
                words[j] = word++;
            if (write(fd, words, sizeof words) < 0)
                break;
        }
        char *content = fifo_drain(fd, &taken);
        ck_assert_ptr_nonnull(content);
        free(content);
        ck_assert_uint_eq(fifo_unread(fd), 0);
    }
    close(fd);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

static pid_t busy[16];
static unsigned busy_count;

static void start_busy_loops(void)
{
    unsigned wanted = number_from("TENTERHOOK_PIPE_BUSY", 0);
    for (; busy_count < wanted && busy_count < 16; busy_count++) {
        pid_t pid = busy[busy_count] = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                ;
        }
    }
}

static void stop_busy_loops(void)
{
    while (busy_count)
        kill_reader(busy[--busy_count]);
}

static TCase *add_case(Suite *suite, const char *name, double timeout_s)
{
    TCase *made = tcase_create(name);
    tcase_add_unchecked_fixture(made, start_busy_loops, stop_busy_loops);
    tcase_add_checked_fixture(made, pipe_setup, pipe_teardown);
    tcase_set_timeout(made, timeout_s);
    suite_add_tcase(suite, made);
    return made;
}

Suite *test_suite(void)
{
    Suite *suite = suite_create("pipe_readers");
    bool at_length = number_from("TENTERHOOK_PIPE_REPLACEMENTS", 0) > 0;
    TCase *trials = add_case(suite, "trials", at_length ? 36000 : 100);
    tcase_add_loop_test(trials, readers_that_are_replaced_at_once, 0, PATTERNS);
    tcase_add_test(trials, readers_that_are_replaced_at_once_unseen);
    TCase *programs = add_case(suite, "programs", 100);
    tcase_add_test(programs, readers_that_die_in_the_middle);
    tcase_add_test(programs, readers_that_die_and_are_replaced_at_once);
    tcase_add_test(programs, large_frames_and_dying_readers);
    tcase_add_test(programs, a_fifo_that_only_others_may_read);
    TCase *single = add_case(suite, "observations", 100);
    tcase_add_test(single, a_fifo_that_cannot_be_watched_is_told_and_gets_a_frame_at_a_time);
    tcase_add_test(single, events_that_the_kernel_dropped_are_not_taken_for_none);
    tcase_add_test(single, another_writer_that_closes_tears_nothing);
    tcase_add_test(single, a_reader_of_lengths_that_got_a_piece_sees_the_end_of_the_file);
    tcase_add_test(single, readers_that_take_one_read_for_a_frame_get_on);
    tcase_add_test(single, a_drain_leaves_no_hole);
    return suite;
}
