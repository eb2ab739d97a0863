/* A directory of its own for each test, and settings made by hand. */
#ifndef TENTERHOOK_TESTS_JOURNAL_FIXTURE_H
#define TENTERHOOK_TESTS_JOURNAL_FIXTURE_H

#include "base/clock.h"
#include "handlers/action/action.h"
#include "route_settings.h"
#include "server/journal/editor.h"
#include "server/journal/private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char fixture_directory[64];
static char fixture_path[96];

static inline void fixture_begin(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(fixture_directory, sizeof fixture_directory, "%s/tenterhook-test-XXXXXX",
             parent && strlen(parent) < 32 ? parent : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(fixture_directory));
    chmod(fixture_directory, 0777); /* a runner that was root becomes somebody else */
    snprintf(fixture_path, sizeof fixture_path, "%s/journal.db", fixture_directory);
}

static inline void fixture_end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", fixture_directory);
    ck_assert_int_eq(system(command), 0);
}

static inline struct sqlite_journal *fixture_try_open(int64_t check_ms, struct error *err)
{
    static struct journal_settings here;
    here = (struct journal_settings){.path = fixture_path};
    return writer_open(&here, check_ms, err);
}

static inline struct sqlite_journal *fixture_open(void)
{
    struct error err = {""};
    struct sqlite_journal *journal = fixture_try_open(1000, &err);
    ck_assert_msg(journal != NULL, "%s", err.text);
    return journal;
}

/* What root has made is for whom the runner becomes, too. */
static inline void fixture_open_to_all(void)
{
    static const char *const parts[] = {"", "-wal", "-shm", ".lock", ".mark"};
    char name[128];
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "%s%s", fixture_path, parts[i]);
        chmod(name, 0666);
    }
}

/* Of route "alpha", without an id. */
static inline struct event fixture_event(const char *key, struct bytes body)
{
    return (struct event){.route = bytes_of_text("alpha"),
                          .received_ms = 1700000000000,
                          .body_is_json = true,
                          .client = bytes_of_text("192.0.2.1"),
                          .type = bytes_of_text("push"),
                          .message_id = bytes_of_text(key),
                          .content_type = bytes_of_text("application/json"),
                          .dedupe_key = bytes_of_text(key),
                          .headers = bytes_of_text("{}"),
                          .body = body};
}

/* In the transaction under way; its number, or 0. */
static inline int64_t fixture_add(struct sqlite_journal *journal, struct event *event,
                                  const char *id)
{
    int64_t seq = 0;
    event->id = bytes_of_text(id);
    return events_add(journal, event, &seq) ? seq : 0;
}

/* One route of each name with `actions` actions of that kind, in static memory. */
enum { FIXTURE_ROUTES = 3, FIXTURE_ACTIONS = 2 };

static struct route_settings fixture_parts[FIXTURE_ROUTES];

static inline struct settings *fixture_settings(const struct action_kind *kind, size_t routes,
                                                size_t actions)
{
    static const char *const names[FIXTURE_ROUTES] = {"alpha", "beta", "gamma"};
    static struct action_settings action[FIXTURE_ROUTES][FIXTURE_ACTIONS];
    static struct route route[FIXTURE_ROUTES];
    static struct settings settings;
    settings = (struct settings){.routes = route, .route_count = routes};
    settings.server.commands = 4;
    settings.journal = (struct journal_settings){.path = fixture_path,
                                                 .keep_age_ms = 7 * INT64_C(86400000),
                                                 .keep_size = INT64_C(1) << 31,
                                                 .keep_dead_ms = 30 * INT64_C(86400000)};
    for (size_t i = 0; i < routes; i++) {
        route[i] = (struct route){.index = i,
                                  .name = names[i],
                                  .max_body = 1 << 20,
                                  .parts = route_settings_clear(&fixture_parts[i]),
                                  .actions = action[i],
                                  .action_count = actions};
        fixture_parts[i].dedupe.window_ms = 3 * INT64_C(86400000);
        for (size_t j = 0; j < actions; j++)
            action[i][j] =
                (struct action_settings){.name = j == 0 ? "1" : "2", .handler.kind = &kind->kind};
    }
    return &settings;
}

static const struct replay_choice replay_dead = {.state = "dead"};

/* An event of route "alpha" with one delivery, in the transaction under way; its number, or 0 where
 * one of them was not written. */
static inline int64_t fixture_add_event(struct sqlite_journal *journal, const char *key,
                                        struct bytes body)
{
    char id[ID_TEXT_SIZE];
    int64_t seq = 0, action;
    struct event event = fixture_event(key, body);
    id_create(clock_unix_ms(), id);
    bool done = events_find_action(journal, "alpha", "1", &action) &&
                (seq = fixture_add(journal, &event, id)) > 0 &&
                events_add_delivery(journal, seq, 0, action, 0);
    return done ? seq : 0;
}

static inline int64_t fixture_add_committed(struct sqlite_journal *journal, const char *key)
{
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    int64_t seq = fixture_add_event(journal, key, bytes_of_text("{}"));
    ck_assert_int_gt(seq, 0);
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    return seq;
}

#endif
