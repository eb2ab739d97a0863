/* The main program of each unit test:
 *
 *     build/tests/unit/unit_NAME [WORD…]      all tests, or those with one of the words in their
 * name CK_FORK=no gdb --args build/tests/unit/unit_NAME WORD      in one process, to be debugged
 *     CK_VERBOSITY=verbose build/tests/unit/unit_NAME            each test with its verdict
 *
 * Check itself can choose only test cases: the linker leads the call by which it takes tests to
 * this file (--wrap). */
#include "tests/unit/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPPED = 77 };

/* Check's own default of 4 s is what a test may take on an idle machine. Whoever hangs is ended by
 * this; a test that takes longer on its own says so with tcase_set_timeout(). */
#define TIMEOUT_S "60"

static char **words; /* ends in NULL; empty: all tests are wanted */
static unsigned tests;

void __real__tcase_add_test(TCase *tcase, const TTest *test, int signal, int exit_value, int start,
                            int end);
void __wrap__tcase_add_test(TCase *tcase, const TTest *test, int signal, int exit_value, int start,
                            int end);

static bool is_wanted(const char *name)
{
    for (char **word = words; *word; word++)
        if (strstr(name, *word))
            return true;
    return !*words;
}

void __wrap__tcase_add_test(TCase *tcase, const TTest *test, int signal, int exit_value, int start,
                            int end)
{
    if (!is_wanted(test->name))
        return;
    tests++;
    __real__tcase_add_test(tcase, test, signal, exit_value, start, end);
}

int main(int argc, char **argv)
{
    words = argv + 1;
    setenv("CK_DEFAULT_TIMEOUT", TIMEOUT_S, false);
    Suite *suite = test_suite();
    if (!suite)
        return SKIPPED;
    SRunner *runner = srunner_create(suite);
    if (tests)
        srunner_run_all(runner, CK_ENV);
    else
        fprintf(stderr, "%s: no test has %s in its name\n", argv[0],
                argc > 1 ? argv[1] : "anything");
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return tests && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
