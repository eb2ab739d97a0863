/* What a copy is answered with where the output of an action is the answer, on every engine of the
 * journal. */
#include "engines_rig.h"
#include "tests/unit/suite.h"

/* An event, or a copy of it, that the output of the second action answers: at most 8 bytes of it.
 * `ending` gets how the turn says that it has ended, with the output as a text. */
static struct journal_admit ask(struct journal *journal, const char *key, char ending[64])
{
    struct journal_turn turn;
    struct admission what = admission(key, "{}");
    what.admit.event = &what.event;
    what.admit.answering = rig.numbers[1];
    what.admit.answer_most = 8;
    make_turn(&turn);
    turn.admits = &what.admit;
    turn.admit_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    const struct journal_answer *answer = what.admit.answer;
    snprintf(ending, 64, "%s", "none");
    if (answer)
        snprintf(ending, 64, "%d %.*s/%llu", answer->exit_status, (int)answer->output.length,
                 (const char *)answer->output.data, (unsigned long long)answer->output_total);
    journal_turn_finish(&turn);
    return what.admit;
}

/* The second delivery ends so; the first one is done. */
static void end_both(struct journal *journal, int64_t handle, enum outcome_kind kind,
                     int exit_status, const char *output, uint64_t total)
{
    const struct outcome outcome = {.kind = kind,
                                    .exit_status = exit_status,
                                    .reason = "",
                                    .output = bytes_of_text(output),
                                    .output_total = total};
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    ck_assert(finish(journal, handle, 1, OUTCOME_DONE));
    ck_assert_int_eq(claim(journal, handle + 1), WANT_CLAIMED);
    ck_assert(finish_as(journal, handle + 1, 1, &outcome));
}

START_TEST(a_copy_is_told_how_the_answering_delivery_ended)
{
    static const struct {
        const char *key;
        int exit_status;
        const char *output;
        uint64_t total;
        const char *ending;
    } cases[] = {
        {"said", 0, "out", 3, "0 out/3"},
        {"silent", 0, "", 0, "0 /0"},
        {"most", 0, "12345678", 8, "0 12345678/8"},
        {"long", 0, "123456789", 9, "0 /9"},
        {"cut", 0, "789", 9, "0 /9"},
        {"dropped", 0, "", 5, "0 /5"},
    };
    char ending[64];
    begin(_i);
    struct journal *journal = open_journal(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t handle = ask(journal, cases[i].key, ending).answer_handle;
        ck_assert(handle > 0 && strcmp(ending, "none") == 0);
        struct journal_admit copy = ask(journal, cases[i].key, ending); /* it is open */
        ck_assert(copy.answer_handle == 0 && strcmp(ending, "none") == 0);
        end_both(journal, handle - 1, OUTCOME_DONE, cases[i].exit_status, cases[i].output,
                 cases[i].total);
        copy = ask(journal, cases[i].key, ending);
        ck_assert(copy.result == ADMIT_DUPLICATE && copy.answer_handle == 0);
        ck_assert_str_eq(ending, cases[i].ending);
    }
    ck_assert_ptr_null(admit(journal, "said").answer); /* nobody asks */
    journal_close(journal);
    end();
}
END_TEST

START_TEST(a_copy_waits_for_what_runs_again)
{
    char ending[64];
    begin(_i);
    struct journal *journal = open_journal(1);
    int64_t handle = ask(journal, "k", ending).answer_handle;
    end_both(journal, handle - 1, OUTCOME_FAILED, 3, "no", 2);
    struct journal_admit copy = ask(journal, "k", ending);
    ck_assert(copy.result == ADMIT_RERUN && copy.answer_handle == handle);
    ck_assert_str_eq(ending, "none");
    const struct outcome silent = {.kind = OUTCOME_DONE, .reason = ""};
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    ck_assert(finish_as(journal, handle, 2, &silent));
    copy = ask(journal, "k", ending); /* and not what the attempt before has said */
    ck_assert(copy.result == ADMIT_DUPLICATE && copy.answer_handle == 0);
    ck_assert_str_eq(ending, "0 /0");
    /* the other delivery was cancelled and runs again, and this one has ended */
    handle = ask(journal, "l", ending).answer_handle;
    ck_assert(claim(journal, handle - 1) == WANT_CLAIMED && claim(journal, handle) == WANT_CLAIMED);
    ck_assert(finish(journal, handle - 1, 1, OUTCOME_CANCELLED));
    ck_assert(finish_as(journal, handle, 1, &silent));
    copy = ask(journal, "l", ending);
    ck_assert(copy.result == ADMIT_RERUN && copy.answer_handle == 0);
    ck_assert_str_eq(ending, "0 /0");
    journal_close(journal);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_answers");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, a_copy_is_told_how_the_answering_delivery_ended, 0, ENGINES);
    tcase_add_loop_test(all, a_copy_waits_for_what_runs_again, 0, ENGINES);
    suite_add_tcase(suite, all);
    return suite;
}
