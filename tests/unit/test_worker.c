/* Workers with real processes: whatever they do, each event is answered once by something, and what
 * is wrong with one costs nobody else an event. */
#include "action_rig.h"

#include "handlers/action/worker.h"
#include "handlers/action/worker_news.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { EVENTS_MAX = 300 };

static struct event {
    struct delivery delivery;
    struct result result;
    struct action_run *run;
    const char *texts[RIG_TEXTS];
    char id[16];
    char *body;
} events[EVENTS_MAX];

static const char *pass[] = {"PATH"};
static struct worker_settings settings;

/* What was told, by its kind. */
static struct {
    unsigned count;
    char reason[512], text[128];
    int64_t wait_ms;
    uint64_t held_back;
} news[WORKER_WRONG + 1];

static void hear_news(const struct worker_news *what)
{
    news[what->kind].count++;
    news[what->kind].wait_ms = what->wait_ms;
    news[what->kind].held_back += what->held_back;
    if (what->reason)
        snprintf(news[what->kind].reason, sizeof news[0].reason, "%s", what->reason);
    if (what->kind == WORKER_SAID || what->kind == WORKER_WRONG)
        snprintf(news[what->kind].text, sizeof news[0].text, "%.*s", (int)what->text.length,
                 (const char *)what->text.data);
}

static void worker_setup(void)
{
    rig_setup();
    memset(news, 0, sizeof news);
    workers_tell(hear_news);
}

static void worker_teardown(void)
{
    workers_finish();
    for (int i = 0; i < EVENTS_MAX; i++) {
        result_free(&events[i].result);
        free(events[i].body);
    }
    memset(events, 0, sizeof events);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    rig_teardown();
}

/* A script in sh: `next` reads an event into $line and $id, `ok` answers it. */
#define BEGIN                                                                                      \
    "#!/bin/sh\n"                                                                                  \
    "next() { IFS= read -r line && id=${line#*'\"id\":\"'} && id=${id%%'\"'*}; }\n"                \
    "say() { printf '{\"id\":\"%s\",%s}\\n' \"$id\" \"$1\"; }\n"                                   \
    "ok() { echo \"$id\" >>done; say '\"ok\":true'; }\n"

static void use(const char *script)
{
    static const char *arguments[2];
    arguments[0] = script[0] == '#' ? rig_write("worker", script, 0755) : script;
    settings = (struct worker_settings){.command = {.command = {arguments, 1},
                                                    .program = arguments[0],
                                                    .pass_env = {pass, 1},
                                                    .cwd = rig_directory,
                                                    .timeout_ms = 30000,
                                                    .process = {.no_new_privs = true, .umask = 022},
                                                    .kill_after_ms = 1000},
                                        .window = 8};
}

static struct event *begin(int number, const char *body)
{
    struct event *event = &events[number];
    event->body = strdup(body);
    event->delivery = rig_delivery(event->body);
    memcpy(event->texts, event->delivery.texts, sizeof event->texts);
    snprintf(event->id, sizeof event->id, "e%d", number);
    event->texts[RIG_ID] = event->id;
    event->delivery.texts = event->texts;
    event->run =
        worker_action.start(&settings, &rig_loop, &event->delivery, rig_done, &event->result);
    ck_assert_ptr_nonnull(event->run);
    ck_assert(!event->result.done);
    return event;
}

static void begin_many(int from, int count)
{
    for (int i = from; i < from + count; i++)
        begin(i, "{\"a\":1}");
}

static void wait_done(int from, int count)
{
    for (int i = from; i < from + count; i++) {
        rig_wait(&events[i].result.done);
        ck_assert_msg(events[i].result.outcome.kind == OUTCOME_DONE, "%d: %s", i,
                      events[i].result.reason);
    }
}

static void expect_failed(int number, enum outcome_kind kind, const char *reason)
{
    struct result *result = &events[number].result;
    rig_wait(&result->done);
    ck_assert_int_eq(result->outcome.kind, kind);
    ck_assert_msg(strstr(result->reason, reason), "%s", result->reason);
}

static void turn(int ms)
{
    int64_t end = clock_monotonic_ns() + ms * NS_PER_MS;
    do
        loop_run_once(&rig_loop, 5);
    while (clock_monotonic_ns() < end);
}

/* As the runner does it. */
static void stop_all(int count, int64_t deadline_ns)
{
    for (int i = 0; i < count; i++)
        if (!events[i].result.done)
            worker_action.stop(events[i].run, deadline_ns);
    workers_leave(deadline_ns);
}

static void wait_gone(void)
{
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (workers_count() > 0) {
        ck_assert(clock_monotonic_ns() < end);
        loop_run_once(&rig_loop, 50);
    }
}

static unsigned lines_in(const char *name)
{
    FILE *file = fopen(rig_path(name), "r");
    unsigned count = 0;
    for (int c; file && (c = getc(file)) != EOF;)
        count += c == '\n';
    if (file)
        fclose(file);
    return count;
}

static void wait_lines(const char *name, unsigned count)
{
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (lines_in(name) < count) {
        ck_assert(clock_monotonic_ns() < end);
        loop_run_once(&rig_loop, 5);
    }
}

/* ---- the protocol ---- */

START_TEST(one_process_answers_all_in_order)
{
    use(BEGIN "while next; do ok; done");
    begin_many(0, 200);
    wait_done(0, 200);
    ck_assert_uint_eq(news[WORKER_STARTED].count, 1);
    ck_assert_uint_eq(news[WORKER_WRONG].count, 0);
    FILE *file = fopen(rig_path("done"), "r");
    for (int i = 0, number; i < 200; i++) {
        ck_assert_int_eq(fscanf(file, "e%d ", &number), 1);
        ck_assert_int_eq(number, i);
    }
    fclose(file);
}
END_TEST

START_TEST(it_starts_before_the_first_event_and_knows_whose_it_is)
{
    const struct action_place place = {.loop = &rig_loop, .route = "deploy", .action = "run"};
    use(BEGIN "echo \"$TENTERHOOK_ROUTE/$TENTERHOOK_ACTION/$TENTERHOOK_ID\" >&2; cat >/dev/null");
    worker_action.prepare(&settings, &place);
    while (news[WORKER_SAID].count == 0)
        loop_run_once(&rig_loop, 100);
    ck_assert_str_eq(news[WORKER_SAID].text, "deploy/run/");
}
END_TEST

START_TEST(no_more_than_the_window_is_unanswered)
{
    use(BEGIN
        "while next; do echo >>got; if [ -e go ]; then ok; else echo $id >>ids; fi\n"
        "[ $(wc -l <got) -ne 4 ] || { while [ ! -e go ]; do sleep 0.02; done; while read -r id; "
        "do ok; done <ids; }; done");
    settings.window = 4;
    begin_many(0, 12);
    wait_lines("got", 4);
    turn(150);
    ck_assert_uint_eq(lines_in("got"), 4);
    rig_write("go", "", 0600);
    wait_done(0, 12);
}
END_TEST

START_TEST(retry_after_gives_the_event_back)
{
    use(BEGIN
        "while next; do case $line in *later*) say '\"retry_after\":0.3';; *) ok; esac; done");
    settings.window = 1;
    begin(0, "\"later\"");
    begin_many(1, 5);
    expect_failed(0, OUTCOME_INTERRUPTED, "the worker wanted it later");
    ck_assert_int_eq(events[0].result.outcome.later_ms, 300);
    wait_done(1, 5);
}
END_TEST

START_TEST(dead_is_a_failure_with_its_reason)
{
    use(BEGIN "while next; do say '\"dead\":\"no such\\nuser\"'; done");
    begin(0, "{}");
    expect_failed(0, OUTCOME_FAILED, "no such user");
    ck_assert_uint_eq(news[WORKER_STARTED].count, 1);
}
END_TEST

START_TEST(large_lines_pass_whole)
{
    enum { SIZE = 150000 };
    char *body = malloc(SIZE + 1);
    memset(body, 'x', SIZE);
    body[0] = body[SIZE - 1] = '"';
    body[SIZE] = '\0';
    use(BEGIN "sleep 0.2; while next; do echo ${#line} >>sizes; ok; done");
    for (int i = 0; i < 5; i++)
        begin(i, body);
    wait_done(0, 5);
    free(body);
    FILE *file = fopen(rig_path("sizes"), "r");
    for (int i = 0, size; i < 5; i++) {
        ck_assert_int_eq(fscanf(file, "%d", &size), 1);
        ck_assert_int_gt(size, SIZE);
    }
    fclose(file);
}
END_TEST

/* ---- lies ---- */

START_TEST(what_is_no_answer_changes_nothing)
{
    use(BEGIN
        "echo hello; while next; do echo \"$line\"; say '\"ok\":false'; say '\"x\":1'; ok; ok; "
        "id=other; say '\"dead\":\"x\"'; echo; done");
    begin_many(0, 3);
    wait_done(0, 3);
    while (news[WORKER_WRONG].count < 1 + 3 * 6)
        loop_run_once(&rig_loop, 100);
    ck_assert_uint_eq(news[WORKER_WRONG].count, 1 + 3 * 6);
    ck_assert_uint_eq(news[WORKER_STARTED].count, 1);
}
END_TEST

START_TEST(an_event_whose_line_is_not_written_cannot_be_answered)
{
    use(BEGIN "id=e3; while next; do id=e3; say '\"ok\":true'; break; done; sleep 60");
    settings.window = 2;
    begin_many(0, 4);
    while (news[WORKER_WRONG].count == 0)
        loop_run_once(&rig_loop, 100);
    ck_assert_str_eq(news[WORKER_WRONG].reason, "its \"id\" is none that waits for an answer");
    ck_assert(!events[3].result.done);
    stop_all(4, clock_monotonic_ns());
    expect_failed(0, OUTCOME_INTERRUPTED, "the server is leaving");
}
END_TEST

/* Each does its mischief in its first life. */
static void misbehave_once(const char *mischief, const char *reason)
{
    char script[2048];
    snprintf(script, sizeof script,
             "%snext; [ -e once ] || { touch once; %s; }\nok; while next; do ok; done", BEGIN,
             mischief);
    use(script);
    settings.command.kill_after_ms = 100;
    begin_many(0, 5);
    wait_done(0, 5);
    ck_assert_uint_eq(news[WORKER_STARTED].count, 2);
    ck_assert_uint_eq(news[WORKER_ENDED].count, 1);
    ck_assert_msg(strstr(news[WORKER_ENDED].reason, reason), "%s", news[WORKER_ENDED].reason);
    ck_assert_int_eq(news[WORKER_ENDED].wait_ms, 100);
}

START_TEST(a_flood_without_a_line_end_ends_it)
{
    misbehave_once("head -c 200000 /dev/zero; sleep 60", "64 KiB");
}
END_TEST

START_TEST(one_that_closes_its_output_is_ended)
{
    misbehave_once("exec >&-; trap '' TERM; sleep 60; sleep 60", "it closed its standard output");
}
END_TEST

START_TEST(one_that_closes_its_input_is_ended)
{
    misbehave_once("exec <&-; ok; sleep 60", "it closed its standard input");
}
END_TEST

START_TEST(one_that_ends_is_replaced)
{
    misbehave_once("exit 7", "exited with status 7");
}
END_TEST

START_TEST(one_that_is_killed_is_replaced)
{
    misbehave_once("kill -KILL $$", "was killed by signal 9");
}
END_TEST

START_TEST(an_answer_before_the_end_counts)
{
    use(BEGIN "next; ok; next; ok; exit 0");
    begin_many(0, 20);
    wait_done(0, 20);
    ck_assert_uint_eq(lines_in("done"), 20); /* each once */
    ck_assert_uint_ge(news[WORKER_ENDED].count, 9);
}
END_TEST

START_TEST(standard_error_is_told_within_bounds)
{
    use(BEGIN "yes 'something is wrong' | head -n 5000 >&2; while next; do ok; done; ");
    begin_many(0, 5);
    wait_done(0, 5);
    turn(50);
    ck_assert_str_eq(news[WORKER_SAID].text, "something is wrong");
    ck_assert_uint_ge(news[WORKER_SAID].count, 50);
    ck_assert_uint_le(news[WORKER_SAID].count, 200);
}
END_TEST

/* ---- events that end it, workers that cannot work ---- */

START_TEST(an_event_that_ends_it_three_times_is_dead_if_others_are_answered)
{
    use(BEGIN "while next; do case $line in *poison*) exit 3;; esac; ok; done");
    begin_many(0, 3);
    begin(3, "\"poison\"");
    begin_many(4, 10);
    expect_failed(3, OUTCOME_FAILED,
                  "the worker ended 3 times while it had this event: "
                  "exited with status 3");
    wait_done(0, 3);
    wait_done(4, 10);
    ck_assert_uint_eq(news[WORKER_ENDED].count, 3);
}
END_TEST

START_TEST(one_that_answers_nothing_costs_no_event)
{
    use(BEGIN "while next; do [ -e fixed ] || exit 1; ok; done");
    begin_many(0, 3);
    while (news[WORKER_ENDED].count < 5)
        loop_run_once(&rig_loop, 100);
    for (int i = 0; i < 3; i++)
        ck_assert(!events[i].result.done);
    rig_write("fixed", "", 0600);
    wait_done(0, 3);
}
END_TEST

/* It answers all that it has at once, or none. */
START_TEST(the_event_is_found_among_those_that_are_done_together)
{
    use("#!/usr/bin/python3\n"
        "import json, os, select, sys\n"
        "left = b''\n"
        "while True:\n"
        "    batch = left\n"
        "    while select.select([0], [], [], 0.05)[0]:\n"
        "        piece = os.read(0, 65536)\n"
        "        if not piece: sys.exit(0)\n"
        "        batch += piece\n"
        "    whole, _, left = batch.rpartition(b'\\n')\n"
        "    if b'poison' in whole: os.abort()\n"
        "    for line in whole.splitlines():\n"
        "        os.write(1, json.dumps({'id': json.loads(line)['id'], 'ok': True}).encode() + "
        "b'\\n')\n");
    begin_many(0, 5);
    begin(5, "\"poison\"");
    begin_many(6, 4);
    wait_done(0, 5);
    expect_failed(5, OUTCOME_FAILED, "was killed by signal 6");
    wait_done(6, 4);
}
END_TEST

START_TEST(one_that_ends_at_its_start_costs_no_event)
{
    use(BEGIN "[ -e fixed ] || exit 1; while next; do ok; done");
    begin_many(0, 5);
    while (news[WORKER_ENDED].count < 5)
        loop_run_once(&rig_loop, 100);
    ck_assert_int_eq(news[WORKER_ENDED].wait_ms, 1600); /* 100, 200, 400, 800 */
    ck_assert(!events[0].result.done);
    rig_write("fixed", "", 0600);
    wait_done(0, 5);
}
END_TEST

START_TEST(a_program_that_is_missing_is_waited_for)
{
    static char path[256];
    snprintf(path, sizeof path, "%s", rig_path("worker"));
    use(path);
    begin_many(0, 3);
    while (news[WORKER_NOT_STARTED].count < 2)
        loop_run_once(&rig_loop, 100);
    ck_assert_msg(strstr(news[WORKER_NOT_STARTED].reason, "does not exist"), "%s",
                  news[WORKER_NOT_STARTED].reason);
    rig_write("worker", BEGIN "while next; do ok; done", 0755);
    wait_done(0, 3);
}
END_TEST

START_TEST(one_that_hangs_is_replaced_and_the_oldest_event_has_timed_out)
{
    use(BEGIN "while next; do case $line in *hang*) sleep 60;; esac; ok; done");
    settings.command.timeout_ms = 300;
    begin(0, "{}");
    begin(1, "\"hang\"");
    begin_many(2, 5);
    expect_failed(1, OUTCOME_TIMEOUT, "the worker did not answer within its timeout of 300 ms");
    wait_done(0, 1);
    wait_done(2, 5);
    ck_assert_uint_eq(news[WORKER_STARTED].count, 2);
}
END_TEST

/* The window as a whole takes longer than the timeout. */
START_TEST(the_timeout_is_that_of_the_oldest_event)
{
    use(BEGIN "while next; do sleep 0.1; ok; done");
    settings.command.timeout_ms = 500;
    begin_many(0, 8);
    wait_done(0, 8);
    ck_assert_uint_eq(news[WORKER_ENDED].count, 0);
}
END_TEST

/* ---- stops ---- */

START_TEST(a_stop_leaves_time_for_what_it_has)
{
    use(BEGIN "while next; do ids=\"$ids $id\"; echo >>got; done; for id in $ids; do ok; done");
    settings.window = 3;
    begin_many(0, 6);
    wait_lines("got", 3);
    stop_all(6, clock_monotonic_ns() + 30 * NS_PER_S);
    wait_done(0, 3);
    for (int i = 3; i < 6; i++)
        expect_failed(i, OUTCOME_INTERRUPTED, "the server is leaving");
    wait_gone();
    ck_assert_int_eq(news[WORKER_ENDED].wait_ms, -1);
    ck_assert_str_eq(news[WORKER_ENDED].reason, "exited with status 0");
}
END_TEST

START_TEST(a_stop_ends_by_its_deadline)
{
    use(BEGIN "trap '' TERM; while next; do echo >>got; done; while :; do sleep 1; done");
    begin_many(0, 4);
    wait_lines("got", 4);
    int64_t deadline = clock_monotonic_ns() + 400 * NS_PER_MS;
    stop_all(4, deadline + 30 * NS_PER_S);
    stop_all(4, deadline); /* the earlier one holds */
    for (int i = 0; i < 4; i++) {
        expect_failed(i, OUTCOME_INTERRUPTED, "the server is leaving");
        ck_assert_int_ge(events[i].result.at_ns, deadline - 10 * NS_PER_MS);
        ck_assert_int_le(events[i].result.at_ns, deadline + 5 * NS_PER_S);
    }
    ck_assert_uint_eq(workers_count(), 0);
}
END_TEST

START_TEST(an_idle_one_that_does_not_look_at_its_input_is_ended_soon)
{
    use(BEGIN "next; ok; exec sleep 60");
    begin_many(0, 1);
    wait_done(0, 1);
    int64_t begun = clock_monotonic_ns();
    workers_leave(begun + 40 * NS_PER_S);
    wait_gone();
    ck_assert_int_le(clock_monotonic_ns() - begun, 20 * NS_PER_S);
    ck_assert_str_eq(news[WORKER_ENDED].reason, "was ended because the server is leaving");
}
END_TEST

START_TEST(descriptors_are_given_back)
{
    use(BEGIN "next; ok; exit 0");
    unsigned before = rig_descriptors();
    begin_many(0, 10);
    wait_done(0, 10);
    stop_all(10, clock_monotonic_ns() + NS_PER_S);
    wait_gone();
    ck_assert_uint_eq(rig_descriptors(), before);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("worker");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, worker_setup, worker_teardown);
    tcase_set_timeout(all, 100);
    tcase_add_test(all, one_process_answers_all_in_order);
    tcase_add_test(all, it_starts_before_the_first_event_and_knows_whose_it_is);
    tcase_add_test(all, no_more_than_the_window_is_unanswered);
    tcase_add_test(all, retry_after_gives_the_event_back);
    tcase_add_test(all, dead_is_a_failure_with_its_reason);
    tcase_add_test(all, large_lines_pass_whole);
    tcase_add_test(all, what_is_no_answer_changes_nothing);
    tcase_add_test(all, an_event_whose_line_is_not_written_cannot_be_answered);
    tcase_add_test(all, a_flood_without_a_line_end_ends_it);
    tcase_add_test(all, one_that_closes_its_output_is_ended);
    tcase_add_test(all, one_that_closes_its_input_is_ended);
    tcase_add_test(all, one_that_ends_is_replaced);
    tcase_add_test(all, one_that_is_killed_is_replaced);
    tcase_add_test(all, an_answer_before_the_end_counts);
    tcase_add_test(all, standard_error_is_told_within_bounds);
    tcase_add_test(all, an_event_that_ends_it_three_times_is_dead_if_others_are_answered);
    tcase_add_test(all, one_that_answers_nothing_costs_no_event);
    tcase_add_test(all, the_event_is_found_among_those_that_are_done_together);
    tcase_add_test(all, one_that_ends_at_its_start_costs_no_event);
    tcase_add_test(all, a_program_that_is_missing_is_waited_for);
    tcase_add_test(all, one_that_hangs_is_replaced_and_the_oldest_event_has_timed_out);
    tcase_add_test(all, the_timeout_is_that_of_the_oldest_event);
    tcase_add_test(all, a_stop_leaves_time_for_what_it_has);
    tcase_add_test(all, a_stop_ends_by_its_deadline);
    tcase_add_test(all, an_idle_one_that_does_not_look_at_its_input_is_ended_soon);
    tcase_add_test(all, descriptors_are_given_back);
    suite_add_tcase(suite, all);
    return suite;
}
