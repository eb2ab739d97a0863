/* FIFOs with real readers: whole frames, each once read, whatever the readers do. */
#include "handlers/value/stored.h"
#include "pipe_rig.h"
#include "tests/unit/suite.h"

START_TEST(no_reader_then_a_reader)
{
    begin(0, 10);
    begin(1, 10);
    turn(300);
    ck_assert(!events[0].result.done && !events[1].result.done);
    pid_t pid = reader("exec cat fifo > out");
    wait_all(2);
    wait_in_file("out", 1);
    kill_reader(pid);
    assert_once_each("out", 2);
}
END_TEST

START_TEST(a_frame_counts_once_it_is_read)
{
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char text[64];
    begin_text(0, "\"first\"");
    begin_text(1, "\"second\"");
    ck_assert_int_eq(take(fd, 8, text, 4), 4);
    turn(100);
    ck_assert(!events[0].result.done);
    ck_assert_int_eq(read(fd, text, 4), 4);
    rig_wait(&events[0].result.done);
    turn(100);
    ck_assert(!events[1].result.done);
    ck_assert_int_eq(take(fd, 9, text, sizeof text), 9);
    ck_assert_mem_eq(text, "\"second\"\n", 9);
    wait_all(2);
    ck_assert_int_eq(events[0].result.outcome.exit_status, -1);
    close(fd);
}
END_TEST

START_TEST(formats_frame_as_they_say)
{
    static const char envelope[] =
        "{\"id\":\"0188c5a0-0000-7000-8000-000000000001\",\"route\":\"deploy\","
        "\"action\":\"run\",\"event\":\"push\","
        "\"delivery\":\"d-1\",\"received\":\"2023-11-14T22:13:20.123Z\",\"client\":\"192.0.2.1\","
        "\"attempt\":1,\"content_type\":\"application/json\",\"headers\":{\"X-A\":\"b\"},"
        "\"payload\":{\"a\":\"x \\n\"}}";
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char text[2048];
    for (int format = 0; format <= PIPE_LENGTH; format++) {
        settings.format = format;
        struct event *event = begin_text(0, "{ \"a\" :\n\"x \\n\" }");
        ssize_t length = take(fd, 1, text, sizeof text);
        rig_wait(&event->result.done);
        if (format == PIPE_JSON_LINES) {
            ck_assert_int_eq(length, sizeof envelope);
            ck_assert_mem_eq(text, envelope, sizeof envelope - 1);
            ck_assert_int_eq(text[length - 1], '\n');
        } else if (format == PIPE_LENGTH) {
            ck_assert_int_eq(length, sizeof envelope - 1 + 4);
            ck_assert_int_eq((uint8_t)text[2] << 8 | (uint8_t)text[3], sizeof envelope - 1);
            ck_assert_mem_eq(text + 4, envelope, sizeof envelope - 1);
        } else {
            ck_assert_int_eq(length, 13);
            ck_assert_mem_eq(text, "{\"a\":\"x \\n\"}\n", 13);
        }
        result_free(&event->result);
        free(event->body);
        event->body = NULL;
    }
    close(fd);
}
END_TEST

/* The event of the rig, stored: with a line end in a value. */
static const struct stored_values stored = {
    .payload = {(const uint8_t *)"{\"ref\":\"a\\nb\"}", 14},
    .type = {(const uint8_t *)"push", 4},
};

static void set_line(const char *text, struct arena *arena)
{
    settings.format = PIPE_LINE;
    ck_assert(template_parse(bytes_of_text(text), arena, &settings.line, NULL, NULL));
}

START_TEST(a_line_is_what_its_template_says)
{
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char text[64];
    struct arena arena;
    arena_init(&arena, 1 << 16);
    set_line("{{event.type}}\t{{payload.ref}}", &arena);
    begin_text(0, "{}")->delivery.stored = &stored;
    ck_assert_int_eq(take(fd, 10, text, sizeof text), 10);
    ck_assert_mem_eq(text, "push\ta\\nb\n", 10);
    rig_wait(&events[0].result.done);
    set_line("{{payload.none}}", &arena); /* the file has changed since it was accepted */
    begin_text(1, "{}")->delivery.stored = &stored;
    rig_wait(&events[1].result.done);
    ck_assert_int_eq(events[1].result.outcome.kind, OUTCOME_FAILED);
    ck_assert_str_eq(events[1].result.reason, "payload.none in the line of the pipe is missing");
    arena_finish(&arena);
    close(fd);
}
END_TEST

static void note_line(void *context, enum value_place place, const char *name, struct bytes text)
{
    ck_assert(place == VALUE_LINE && !name && bytes_equal_text(text, "push"));
    ++*(int *)context;
}

START_TEST(the_values_of_a_line_are_tried_before)
{
    struct arena arena;
    struct value_context values;
    struct error why;
    int lines = 0;
    const struct value_sink sink = {.take = note_line, .context = &lines};
    arena_init(&arena, 1 << 16);
    value_context_of_stored(&values, &stored);
    ck_assert(pipe_action.try_values(&settings, &values, &sink, &why));
    set_line("{{event.type}}", &arena);
    ck_assert(pipe_action.try_values(&settings, &values, NULL, &why));
    ck_assert(pipe_action.try_values(&settings, &values, &sink, &why) && lines == 1);
    set_line("{{form.a}}", &arena);
    ck_assert(!pipe_action.try_values(&settings, &values, &sink, &why) && lines == 1);
    ck_assert_ptr_nonnull(strstr(why.text, "form.a in the line of the pipe is missing"));
    value_context_finish(&values);
    arena_finish(&arena);
}
END_TEST

START_TEST(a_body_with_lines_is_not_a_line)
{
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char text[2048];
    struct event *event = begin_text(0, "a=1\nb=2");
    event->delivery.body_is_json = false;
    event = begin_text(1, "a=1&b=2");
    event->delivery.body_is_json = false;
    rig_wait(&events[0].result.done);
    ck_assert_int_eq(events[0].result.outcome.kind, OUTCOME_FAILED);
    ck_assert_ptr_nonnull(strstr(events[0].result.reason, "line end"));
    ck_assert_int_eq(take(fd, 8, text, sizeof text), 8);
    rig_wait(&events[1].result.done);
    settings.format = PIPE_JSON_LINES;
    event = begin_text(2, "a=1\nb=2");
    event->delivery.body_is_json = false;
    ssize_t length = take(fd, 1, text, sizeof text);
    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    ck_assert_ptr_nonnull(strstr(text, ",\"body_base64\":\"YT0xCmI9Mg==\"}\n"));
    rig_wait(&event->result.done);
    close(fd);
}
END_TEST

START_TEST(large_frames_pass_whole)
{
    pid_t pid = reader("exec cat fifo > out");
    for (int i = 0; i < 8; i++)
        begin(i, (1 << 20) + (size_t)i);
    wait_all(8);
    wait_in_file("out", 7);
    kill_reader(pid);
    assert_once_each("out", 8);
}
END_TEST

START_TEST(sizes_around_the_kernels_limits)
{
    static const size_t sizes[] = {4094, 4095, 4096, 4097, 65534, 65535, 65536, 65537, 1};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    pid_t pid = reader("exec cat fifo > out");
    for (int i = 0; i < COUNT; i++)
        begin(i, sizes[i]);
    wait_all(COUNT);
    wait_in_file("out", COUNT - 1);
    kill_reader(pid);
    assert_once_each("out", COUNT);
}
END_TEST

START_TEST(many_events_and_a_steady_reader)
{
    pid_t pid = reader("exec cat fifo > out");
    int64_t began = clock_monotonic_ns();
    for (int i = 0; i < EVENTS_MAX; i++)
        begin(i, 500);
    wait_all(EVENTS_MAX);
    double seconds = (double)(clock_monotonic_ns() - began) / (double)NS_PER_S;
    printf("%.0f frames a second\n", EVENTS_MAX / seconds);
    wait_in_file("out", EVENTS_MAX - 1);
    kill_reader(pid);
    assert_once_each("out", EVENTS_MAX);
}
END_TEST

START_TEST(a_slow_reader_gets_all)
{
    pid_t pid = reader("exec < fifo; while dd bs=3000 count=1 2>/dev/null >> out && "
                       "[ -s out ]; do sleep 0.01; done");
    for (int i = 0; i < 50; i++)
        begin(i, 7000);
    wait_all(50);
    wait_in_file("out", 49);
    kill_reader(pid);
    assert_once_each("out", 50);
}
END_TEST

/* The popular loop: a new opening for each line, byte by byte. Nothing may come twice or be torn.
 */
START_TEST(a_reader_a_line_gets_each_line_once)
{
    pid_t pid = reader("while IFS= read -r line < fifo; do printf '%s\\n' \"$line\" >> out; done");
    for (int i = 0; i < 200; i++)
        begin(i, 100);
    wait_all(200);
    turn(50);
    wait_in_file("out", 199);
    kill_reader(pid);
    assert_once_each("out", 200);
}
END_TEST

START_TEST(what_is_not_a_fifo_is_refused)
{
    struct {
        const char *path, *reason;
    } rows[] = {
        {rig_write("regular", "content", 0600), "is a regular file, not a FIFO"},
        {rig_path("link"), "is a symbolic link, not a FIFO"},
        {rig_directory, "is a directory, not a FIFO"},
        {"/dev/null", "is a device, not a FIFO"},
        {rig_path("foreign"), "belongs to another user (12345)"},
        {rig_path("./fifo"), "are the same FIFO"},
    };
    size_t count = sizeof rows / sizeof *rows;
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    begin(50, 10);
    ck_assert_int_eq(take(fd, 1, NULL, 0), 0);
    ck_assert_int_eq(symlink(fifo, rows[1].path), 0);
    ck_assert_int_eq(mkfifo(rows[4].path, 0666), 0);
    if (geteuid() != 0 || chown(rows[4].path, 12345, 12345) != 0)
        rows[4] = rows[0];
    for (size_t i = 0; i < count; i++) {
        settings.path = rows[i].path;
        begin((int)i, 10);
    }
    turn(500); /* somebody may be at work there */
    for (size_t i = 0; i < count; i++)
        ck_assert(!events[i].result.done);
    for (size_t i = 0; i < count; i++) {
        rig_wait(&events[i].result.done);
        ck_assert_int_eq(events[i].result.outcome.kind, OUTCOME_FAILED);
        ck_assert_msg(strstr(events[i].result.reason, rows[i].reason), "%s",
                      events[i].result.reason);
    }
    char text[64];
    ck_assert_int_eq(take(fd, 11, text, sizeof text), 11);
    rig_wait(&events[50].result.done);
    close(fd);
    size_t length;
    char *kept = content_of("regular", &length);
    ck_assert_str_eq(kept, "content");
    free(kept);
}
END_TEST

START_TEST(a_missing_fifo_is_made_if_asked)
{
    struct stat st;
    settings.path = rig_path("made");
    settings.create = 0662;
    pipe_action.prepare(&settings, NULL); /* for readers that come first */
    ck_assert_int_eq(lstat(settings.path, &st), 0);
    ck_assert_int_eq(unlink(settings.path), 0);
    begin(0, 10);
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (lstat(settings.path, &st) != 0 && clock_monotonic_ns() < end)
        loop_run_once(&rig_loop, 5);
    ck_assert_int_eq(lstat(settings.path, &st), 0);
    ck_assert(S_ISFIFO(st.st_mode));
    ck_assert_int_eq(st.st_mode & 07777, 0662);
    pid_t pid = reader("exec cat made > out");
    wait_all(1);
    wait_in_file("out", 0);
    kill_reader(pid);
    assert_once_each("out", 1);
}
END_TEST

static char missing_path[256];
static unsigned missing_count;

static void note_missing(const char *path, bool no_directory)
{
    ck_assert(no_directory == (settings.create != 0));
    snprintf(missing_path, sizeof missing_path, "%s", path);
    missing_count++;
}

/* A reader whose directory goes when it stops (systemd's RuntimeDirectory) costs no event. */
START_TEST(a_missing_fifo_is_waited_for_and_told_once)
{
    pipe_writers_tell(note_missing, NULL);
    settings.path = rig_path("run/fifo");
    begin(0, 10);
    settings.create = 0600;
    begin(1, 10);
    turn(1000);
    ck_assert_uint_eq(missing_count, 0);
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (missing_count == 0 && clock_monotonic_ns() < end)
        loop_run_once(&rig_loop, 100);
    turn(500);
    ck_assert(!events[0].result.done && !events[1].result.done);
    ck_assert_uint_eq(missing_count, 1);
    ck_assert_str_eq(missing_path, settings.path);
    ck_assert_int_eq(mkdir(rig_path("run"), 0700), 0);
    pid_t pid = reader("until [ -p run/fifo ]; do sleep 0.05; done; exec cat run/fifo > out");
    wait_all(2);
    wait_in_file("out", 1);
    kill_reader(pid);
    assert_once_each("out", 2);
    ck_assert_uint_eq(missing_count, 1);
    pipe_writers_tell(NULL, NULL);
}
END_TEST

/* Who makes its directory as root, and gives it away then, costs no event either. */
START_TEST(what_comes_after_an_absence_may_be_refused_for_a_moment)
{
    pipe_writers_tell(note_missing, NULL);
    missing_count = 0;
    settings.path = rig_path("late");
    begin(0, 10);
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (missing_count == 0 && clock_monotonic_ns() < end)
        loop_run_once(&rig_loop, 100);
    ck_assert_uint_eq(missing_count, 1);
    rig_write("late", "no FIFO yet", 0600);
    turn(500);
    ck_assert(!events[0].result.done);
    ck_assert_int_eq(unlink(settings.path), 0);
    ck_assert_int_eq(mkfifo(settings.path, 0600), 0);
    pid_t pid = reader("exec cat late > out");
    wait_all(1);
    wait_in_file("out", 0);
    kill_reader(pid);
    assert_once_each("out", 1);
    pipe_writers_tell(NULL, NULL);
}
END_TEST

/* As a writer that is killed leaves it: part of a frame, of which the reader has got a part. */
static int leave_torn(const char *written, size_t seen)
{
    char text[64];
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int writer = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_eq(write(writer, written, strlen(written)), strlen(written));
    ck_assert_int_eq(read(fd, text, seen), seen);
    close(writer);
    return fd;
}

static struct event *begin_after_crash(int number, const char *body)
{
    struct event *event = &events[number];
    free(event->body);
    event->body = strdup(body);
    event->delivery = rig_delivery(event->body);
    event->delivery.after_crash = true;
    event->run =
        pipe_action.start(&settings, &rig_loop, &event->delivery, rig_done, &event->result);
    return event;
}

START_TEST(after_a_crash_a_torn_line_is_ended)
{
    static const struct {
        const char *left;
        size_t seen;
    } rows[] = {{"\"0 fir", 3}, {"\"0 fir", 6}, {"\"0 first\"\n\"1 sec", 12}};
    char text[64];
    for (int i = 0; i < 3; i++) {
        int fd = leave_torn(rows[i].left, rows[i].seen);
        struct event *event = begin_after_crash(0, "\"0 first\"");
        begin_text(1, "\"1 second\"");
        ck_assert_int_eq(take(fd, 11, text, sizeof text), 11);
        ck_assert_mem_eq(text, "\n\"0 first\"\n", 11);
        rig_wait(&event->result.done);
        ck_assert_int_eq(take(fd, 11, text, sizeof text), 11);
        ck_assert_mem_eq(text, "\"1 second\"\n", 11);
        wait_all(2);
        close(fd);
        result_free(&events[0].result);
        result_free(&events[1].result);
        pipe_writers_finish();
    }
}
END_TEST

START_TEST(after_a_crash_a_reader_that_is_new_sees_nothing_of_it)
{
    char text[64];
    begin_after_crash(0, "\"0 first\"");
    turn(200);
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_eq(take(fd, 10, text, sizeof text), 10);
    ck_assert_mem_eq(text, "\"0 first\"\n", 10);
    wait_all(1);
    close(fd);
}
END_TEST

/* The end of the file is what tells a reader of frames with a length that one was torn. */
START_TEST(after_a_crash_a_reader_of_lengths_sees_the_end_of_the_file)
{
    char text[2048];
    settings.format = PIPE_LENGTH;
    int fd = leave_torn("{half", 3); /* of a frame whose length came before */
    begin_after_crash(0, "\"0 first\"");
    turn(100);
    ck_assert_int_eq(read(fd, text, sizeof text), 2); /* what was left */
    ck_assert_int_eq(read(fd, text, sizeof text), 0);
    ssize_t length = take(fd, 5, text, sizeof text);
    ck_assert_int_gt(length, 4);
    ck_assert_int_eq((uint8_t)text[2] << 8 | (uint8_t)text[3], length - 4);
    wait_all(1);
    close(fd);
}
END_TEST

START_TEST(a_fifo_that_is_replaced_is_followed)
{
    pid_t pid = reader("exec cat fifo > out1");
    begin(0, 10);
    wait_all(1);
    kill_reader(pid);
    ck_assert_int_eq(unlink(fifo), 0);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    pid = reader("exec cat fifo > out2");
    begin(1, 10);
    wait_all(2);
    kill_reader(pid);
    ck_assert_int_eq(unlink(fifo), 0); /* while something waits */
    begin(2, 10);
    turn(150);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    pid = reader("exec cat fifo > out3");
    wait_all(3);
    wait_in_file("out3", 2);
    kill_reader(pid);
    unsigned seen[3];
    tally("out3", seen, 3);
    ck_assert_uint_eq(seen[2], 1);
    ck_assert_uint_eq(seen[0] + seen[1], 0);
}
END_TEST

START_TEST(stop_takes_back_what_nobody_reads)
{
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int unread;
    for (int i = 0; i < 5; i++)
        begin(i, 30000);
    ck_assert_int_eq(take(fd, 30000, NULL, 0), 0);
    int64_t now = clock_monotonic_ns();
    for (int i = 0; i < 5; i++)
        pipe_action.stop(events[i].run, now + 200 * NS_PER_MS);
    for (int i = 0; i < 5; i++)
        ck_assert(!events[i].result.done);
    for (int i = 0; i < 5; i++) {
        rig_wait(&events[i].result.done);
        ck_assert_int_eq(events[i].result.outcome.kind, OUTCOME_INTERRUPTED);
    }
    ck_assert_int_lt((clock_monotonic_ns() - now) / NS_PER_MS, 10000);
    ck_assert_int_eq(ioctl(fd, FIONREAD, &unread), 0);
    ck_assert_int_eq(unread, 0);
    close(fd);
}
END_TEST

START_TEST(stop_leaves_a_begun_frame_to_its_reader)
{
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char text[64];
    begin_text(0, "\"0 first\"");
    ck_assert_int_eq(take(fd, 10, text, 3), 3);
    pipe_action.stop(events[0].run, clock_monotonic_ns() + 100 * NS_PER_MS);
    rig_wait(&events[0].result.done);
    ck_assert_int_eq(events[0].result.outcome.kind, OUTCOME_INTERRUPTED);
    ck_assert_int_eq(read(fd, text, sizeof text), 7);
    ck_assert_mem_eq(text, "first\"\n", 7);
    /* read before the deadline it is done */
    begin_text(1, "\"1 second\"");
    ck_assert_int_eq(take(fd, 11, NULL, 0), 0);
    pipe_action.stop(events[1].run, clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S);
    ck_assert_int_eq(read(fd, text, sizeof text), 11);
    rig_wait(&events[1].result.done);
    ck_assert_int_eq(events[1].result.outcome.kind, OUTCOME_DONE);
    close(fd);
}
END_TEST

START_TEST(stop_ends_the_file_of_a_reader_of_lengths_in_the_middle)
{
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char text[64];
    settings.format = PIPE_LENGTH;
    begin(0, 200000);
    ck_assert_int_eq(take(fd, 10, text, 10), 10);
    pipe_action.stop(events[0].run, clock_monotonic_ns() + 50 * NS_PER_MS);
    rig_wait(&events[0].result.done);
    ck_assert_int_eq(events[0].result.outcome.kind, OUTCOME_INTERRUPTED);
    ck_assert(events[0].result.outcome.torn);
    ck_assert_int_eq(read(fd, text, sizeof text), 0);
    close(fd);
}
END_TEST

START_TEST(stop_does_not_wait_for_a_reader_that_has_left)
{
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    begin(0, 100);
    ck_assert_int_eq(take(fd, 100, NULL, 0), 0);
    close(fd); /* the frame lies in the FIFO */
    turn(50);
    ck_assert(!events[0].result.done);
    int64_t now = clock_monotonic_ns();
    pipe_action.stop(events[0].run, now + 30 * NS_PER_S);
    rig_wait(&events[0].result.done);
    ck_assert_int_lt((clock_monotonic_ns() - now) / NS_PER_MS, 10000);
    ck_assert_int_eq(events[0].result.outcome.kind, OUTCOME_INTERRUPTED);
    pid_t pid = reader("exec cat fifo > out");
    begin(1, 100);
    rig_wait(&events[1].result.done);
    wait_in_file("out", 1);
    kill_reader(pid);
    unsigned seen[2];
    ck_assert_uint_eq(tally("out", seen, 2), 0);
    ck_assert(seen[0] == 0 && seen[1] == 1);
}
END_TEST

START_TEST(a_torn_line_gets_an_end_before_the_next)
{
    /* a frame larger than the FIFO, a reader in its middle, and the server leaves */
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char text[64];
    begin(0, 200000);
    ck_assert_int_eq(take(fd, 10, text, 10), 10);
    pipe_action.stop(events[0].run, clock_monotonic_ns() + 50 * NS_PER_MS);
    rig_wait(&events[0].result.done);
    ck_assert_int_eq(events[0].result.outcome.kind, OUTCOME_INTERRUPTED);
    ck_assert_int_eq(read(fd, text, sizeof text), 1);
    ck_assert_int_eq(text[0], '\n');
    close(fd);
}
END_TEST

START_TEST(an_idle_writer_costs_nothing)
{
    pid_t pid = reader("exec cat fifo > out");
    begin(0, 10);
    wait_all(1);
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (rig_loop.timers > 0 && clock_monotonic_ns() < end)
        loop_run_once(&rig_loop, 5);
    unsigned before = rig_descriptors();
    ck_assert_uint_eq(rig_loop.timers, 0);
    kill_reader(pid);
    end = clock_monotonic_ns() + 300 * NS_PER_MS;
    int turns = 0;
    for (; clock_monotonic_ns() < end; turns++)
        loop_run_once(&rig_loop, 300);
    ck_assert_int_lt(turns, 10);
    ck_assert_uint_eq(rig_descriptors(), before);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pipe");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, pipe_setup, pipe_teardown);
    tcase_set_timeout(all, 100);
    tcase_add_test(all, no_reader_then_a_reader);
    tcase_add_test(all, a_frame_counts_once_it_is_read);
    tcase_add_test(all, formats_frame_as_they_say);
    tcase_add_test(all, a_body_with_lines_is_not_a_line);
    tcase_add_test(all, a_line_is_what_its_template_says);
    tcase_add_test(all, the_values_of_a_line_are_tried_before);
    tcase_add_test(all, large_frames_pass_whole);
    tcase_add_test(all, sizes_around_the_kernels_limits);
    tcase_add_test(all, many_events_and_a_steady_reader);
    tcase_add_test(all, a_slow_reader_gets_all);
    tcase_add_test(all, a_reader_a_line_gets_each_line_once);
    tcase_add_test(all, what_is_not_a_fifo_is_refused);
    tcase_add_test(all, a_missing_fifo_is_made_if_asked);
    tcase_add_test(all, a_missing_fifo_is_waited_for_and_told_once);
    tcase_add_test(all, what_comes_after_an_absence_may_be_refused_for_a_moment);
    tcase_add_test(all, after_a_crash_a_torn_line_is_ended);
    tcase_add_test(all, after_a_crash_a_reader_that_is_new_sees_nothing_of_it);
    tcase_add_test(all, after_a_crash_a_reader_of_lengths_sees_the_end_of_the_file);
    tcase_add_test(all, a_fifo_that_is_replaced_is_followed);
    tcase_add_test(all, stop_takes_back_what_nobody_reads);
    tcase_add_test(all, stop_leaves_a_begun_frame_to_its_reader);
    tcase_add_test(all, stop_ends_the_file_of_a_reader_of_lengths_in_the_middle);
    tcase_add_test(all, stop_does_not_wait_for_a_reader_that_has_left);
    tcase_add_test(all, a_torn_line_gets_an_end_before_the_next);
    tcase_add_test(all, an_idle_writer_costs_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
