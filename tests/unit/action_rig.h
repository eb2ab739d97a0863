/* A loop, a delivery and a place for the outcome: what the tests of actions have in common. */
#ifndef TENTERHOOK_TESTS_ACTION_RIG_H
#define TENTERHOOK_TESTS_ACTION_RIG_H

#include "base/clock.h"
#include "handlers/action/action.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RIG_WAIT_S = 60 };

/* A copy of an outcome. */
struct result {
    bool done;
    unsigned calls;
    struct outcome outcome;
    char reason[512];
    char *output, *error_output; /* NUL-terminated */
    int64_t at_ns;
};

static struct loop rig_loop;
static char rig_directory[] = "/tmp/tenterhook-test-XXXXXX";

static inline void rig_setup(void)
{
    struct error err;
    ck_assert(loop_init(&rig_loop, &err));
    memcpy(rig_directory + sizeof rig_directory - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(rig_directory));
}

static inline void rig_teardown(void)
{
    char command[128];
    ck_assert_uint_eq(rig_loop.timers, 0);
    loop_finish(&rig_loop);
    snprintf(command, sizeof command, "rm -rf %s", rig_directory);
    ck_assert_int_eq(system(command), 0);
}

/* The texts of an event as the runner names them (server/event.h; test_attempt compares). */
enum {
    RIG_ID,
    RIG_ROUTE,
    RIG_ACTION,
    RIG_EVENT,
    RIG_MESSAGE,
    RIG_RECEIVED,
    RIG_CLIENT,
    RIG_ATTEMPT,
    RIG_CONTENT_TYPE,
    RIG_TEXTS
};

static const char *rig_texts[RIG_TEXTS];

static inline struct delivery rig_delivery(const char *body)
{
    static const char *const texts[RIG_TEXTS] = {"0188c5a0-0000-7000-8000-000000000001",
                                                 "deploy",
                                                 "run",
                                                 "push",
                                                 "d-1",
                                                 "2023-11-14T22:13:20.123Z",
                                                 "192.0.2.1",
                                                 "1",
                                                 "application/json"};
    static const struct delivery_name members[] = {{"id", RIG_ID, false},
                                                   {"route", RIG_ROUTE, false},
                                                   {"action", RIG_ACTION, false},
                                                   {"event", RIG_EVENT, false},
                                                   {"delivery", RIG_MESSAGE, false},
                                                   {"received", RIG_RECEIVED, false},
                                                   {"client", RIG_CLIENT, false},
                                                   {"attempt", RIG_ATTEMPT, true},
                                                   {"content_type", RIG_CONTENT_TYPE, false}};
    static const struct delivery_name variables[] = {{"TENTERHOOK_ID", RIG_ID, false},
                                                     {"TENTERHOOK_ROUTE", RIG_ROUTE, false},
                                                     {"TENTERHOOK_ACTION", RIG_ACTION, false},
                                                     {"TENTERHOOK_EVENT", RIG_EVENT, false},
                                                     {"TENTERHOOK_DELIVERY", RIG_MESSAGE, false},
                                                     {"TENTERHOOK_ATTEMPT", RIG_ATTEMPT, true},
                                                     {"TENTERHOOK_CLIENT", RIG_CLIENT, false},
                                                     {"TENTERHOOK_RECEIVED", RIG_RECEIVED, false}};
    static const struct delivery_names names = {
        members, variables, sizeof members / sizeof *members, sizeof variables / sizeof *variables};
    memcpy(rig_texts, texts, sizeof texts);
    return (struct delivery){.names = &names,
                             .texts = rig_texts,
                             .body = bytes_of_text(body),
                             .body_is_json = true,
                             .headers = bytes_of_text("{\"X-A\":\"b\"}")};
}

static inline char *rig_copy(struct bytes bytes)
{
    char *text = calloc(1, bytes.length + 1);
    if (bytes.length)
        memcpy(text, bytes.data, bytes.length);
    return text;
}

static inline void rig_done(void *context, const struct outcome *outcome)
{
    struct result *result = context;
    result->calls++;
    ck_assert_uint_eq(result->calls, 1);
    result->done = true;
    result->outcome = *outcome;
    result->at_ns = clock_monotonic_ns();
    snprintf(result->reason, sizeof result->reason, "%s", outcome->reason);
    result->output = rig_copy(outcome->output);
    result->error_output = rig_copy(outcome->error_output);
}

static inline void result_free(struct result *result)
{
    free(result->output);
    free(result->error_output);
    *result = (struct result){.done = false};
}

/* Turns the loop until `*flag`, for a minute at most. */
static inline void rig_wait(const bool *flag)
{
    int64_t end = clock_monotonic_ns() + RIG_WAIT_S * NS_PER_S;
    while (!*flag) {
        ck_assert_msg(clock_monotonic_ns() < end, "waited for a minute");
        loop_run_once(&rig_loop, 100);
    }
}

/* Descriptors of this process that are open. */
static inline unsigned rig_descriptors(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* A file in the rig's directory; the path is the caller's until the next call but seven. */
static inline const char *rig_path(const char *name)
{
    static char paths[8][256];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", rig_directory, name);
    return path;
}

static inline const char *rig_write(const char *name, const char *text, mode_t mode)
{
    const char *path = rig_path(name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    ck_assert_int_eq(chmod(path, mode), 0);
    return path;
}

#endif
