/* What a test file gives to the main program of the unit tests, main.c. */
#ifndef TENTERHOOK_TESTS_SUITE_H
#define TENTERHOOK_TESTS_SUITE_H

#include <check.h>

/* The suite of the file; NULL, after a line on standard output that says why, if it is skipped. */
Suite *test_suite(void);

#endif
