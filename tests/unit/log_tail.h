/* What a test's process has logged: its standard error goes into a file without a name. All of it
 * is static. */
#ifndef TENTERHOOK_TESTS_LOG_TAIL_H
#define TENTERHOOK_TESTS_LOG_TAIL_H

#include "base/log.h"

#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int log_tail_fd = -1;
static off_t log_tail_seen;

static inline void log_tail_begin(void)
{
    log_tail_fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_ge(log_tail_fd, 0);
    ck_assert_int_eq(dup2(log_tail_fd, 2), 2);
    log_configure(LOG_DEBUG, LOG_TEXT);
    log_tail_seen = 0;
}

/* What has come since the last call, with its end of line; at most one line is expected. */
static inline const char *log_tail(void)
{
    static char text[4096];
    ssize_t got = pread(log_tail_fd, text, sizeof text - 1, log_tail_seen);
    ck_assert_int_ge(got, 0);
    log_tail_seen += got;
    text[got] = '\0';
    return text;
}

#define expect_log(part)                                                                           \
    do {                                                                                           \
        const char *line_ = log_tail();                                                            \
        ck_assert_msg(strstr(line_, part) != NULL, "%s is not in: %s", part, line_);               \
    } while (0)

#define expect_no_log() ck_assert_str_eq(log_tail(), "")

#endif
