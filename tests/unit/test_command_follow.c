/* Who looks on sees both outputs of a command from what is kept of them on, and can stop looking;
 * and people can end one command alone. */
#include "action_rig.h"

#include "handlers/action/command.h"
#include "tests/unit/suite.h"

#include <signal.h>

static const char *pass[] = {"PATH"};
static const char *words[3] = {"/bin/sh", "-c"};
static char seen[2][4096];

static void see(void *context, bool is_error, struct bytes piece)
{
    ck_assert_ptr_eq(context, seen);
    strncat(seen[is_error], (const char *)piece.data, piece.length);
}

static const struct output_follower follower = {see, seen};

static struct command_settings shell(const char *text)
{
    words[2] = text;
    seen[0][0] = seen[1][0] = '\0';
    return (struct command_settings){.command = {words, 3},
                                     .program = words[0],
                                     .pass_env = {pass, 1},
                                     .cwd = rig_directory,
                                     .timeout_ms = 30000,
                                     .kill_after_ms = 1000,
                                     .output = 65536,
                                     .process = {.no_new_privs = true, .umask = 022}};
}

static void wait_for(const char *text, int stream)
{
    for (int i = 0; i < 1000 && !strstr(seen[stream], text); i++)
        loop_run_once(&rig_loop, 20);
    ck_assert_msg(strstr(seen[stream], text) != NULL, "%s", seen[stream]);
}

static void run_for(int rounds)
{
    for (int i = 0; i < rounds; i++)
        loop_run_once(&rig_loop, 20);
}

START_TEST(it_is_seen_from_what_is_kept_on)
{
    struct command_settings settings =
        shell("echo one; echo two >&2; until [ -e go ]; do sleep 0.02; done; echo three; echo four "
              ">&2; exit 3");
    struct delivery delivery = rig_delivery("");
    struct result result = {.done = false};
    struct action_run *run = command_start(&settings, &rig_loop, &delivery, rig_done, &result);
    run_for(20);
    command_follow(run, &follower);
    wait_for("one\n", 0);
    wait_for("two\n", 1);
    command_follow(run, NULL);
    command_follow(run, &follower); /* again from the beginning */
    ck_assert_str_eq(seen[0], "one\none\n");
    char command[128];
    snprintf(command, sizeof command, "touch %s/go", rig_directory);
    ck_assert_int_eq(system(command), 0);
    rig_wait(&result.done);
    ck_assert_str_eq(seen[0], "one\none\nthree\n");
    ck_assert_str_eq(seen[1], "two\ntwo\nfour\n");
    ck_assert_str_eq(result.output, "one\nthree\n"); /* what is stored is as ever */
    result_free(&result);
}
END_TEST

/* Of the output only its end is kept. */
START_TEST(a_flood_is_seen_from_its_kept_end_on)
{
    struct command_settings settings = shell("head -c 100000 /dev/zero | tr '\\0' x; echo end; "
                                             "sleep 60");
    struct delivery delivery = rig_delivery("");
    struct result result = {.done = false};
    settings.output = 10;
    struct action_run *run = command_start(&settings, &rig_loop, &delivery, rig_done, &result);
    run_for(50);
    command_follow(run, &follower);
    ck_assert_str_eq(seen[0], "xxxxxxend\n");
    ck_assert(command_cancel(run));
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_INTERRUPTED);
    ck_assert_int_eq(result.outcome.signal, SIGTERM);
    result_free(&result);
}
END_TEST

START_TEST(one_is_cancelled_alone)
{
    struct command_settings settings = shell("trap '' TERM; sleep 60 & wait; wait");
    struct command_settings other = shell("sleep 1; echo done");
    struct delivery delivery = rig_delivery("");
    struct result results[2] = {{.done = false}, {.done = false}};
    settings.kill_after_ms = 200;
    words[2] = "trap '' TERM; sleep 60 & wait; wait";
    struct action_run *run = command_start(&settings, &rig_loop, &delivery, rig_done, &results[0]);
    run_for(10);
    words[2] = "sleep 1; echo done";
    command_start(&other, &rig_loop, &delivery, rig_done, &results[1]);
    run_for(3);
    ck_assert(command_cancel(run));
    rig_wait(&results[0].done);
    ck_assert_int_eq(results[0].outcome.kind, OUTCOME_INTERRUPTED);
    ck_assert_int_eq(results[0].outcome.signal, SIGKILL);
    rig_wait(&results[1].done);
    ck_assert_int_eq(results[1].outcome.kind, OUTCOME_DONE);
    ck_assert_str_eq(results[1].output, "done\n");
    result_free(&results[0]);
    result_free(&results[1]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("command_follow");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, rig_setup, rig_teardown);
    tcase_add_test(all, it_is_seen_from_what_is_kept_on);
    tcase_add_test(all, a_flood_is_seen_from_its_kept_end_on);
    tcase_add_test(all, one_is_cancelled_alone);
    suite_add_tcase(suite, all);
    return suite;
}
