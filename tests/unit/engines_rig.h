/* Journals of every engine for the conformance suite, and turns in which one thing happens. All of
 * it is static, for the one program that includes it. */
#ifndef TENTERHOOK_TESTS_ENGINES_RIG_H
#define TENTERHOOK_TESTS_ENGINES_RIG_H

#include "journal_fixture.h"
#include "journal_memory.h"

#include "base/clock.h"
#include "server/journal/editor.h"

enum { ENGINES = 3, WINDOW_MS = 100000, HELD_MAX = 64 };
#define NOW_MS INT64_C(1700000000000)

/* Where the journals of a test are, and what stands beside them. */
static struct {
    int engine;
    struct memory_store *store;
    struct sqlite_journal *beside;
    struct loop loop;
    struct journal_action actions[2];
    int64_t numbers[2];
    struct journal_settings settings;
} rig;

/* What has been claimed in the turns of a test. */
static struct {
    int64_t handle, action;
    unsigned attempt, failures;
    char id[ID_TEXT_SIZE], body[32];
} held[HELD_MAX];
static size_t held_count;
static bool has_no_memory;

/* ---- journals ---- */

static inline void begin(int engine)
{
    struct error err = {""};
    fixture_begin();
    memset(&rig, 0, sizeof rig);
    held_count = 0;
    has_no_memory = false;
    rig.engine = engine;
    rig.settings.path = fixture_path;
    ck_assert(loop_init(&rig.loop, &err));
    if (engine > 0)
        rig.store = memory_store_create(engine == 2);
    rig.actions[0] = (struct journal_action){.route = "alpha", .name = "1", .counts_crashes = true};
    rig.actions[1] = (struct journal_action){.route = "alpha", .name = "2"};
}

static inline struct journal *open_with(uint64_t runner_id, struct journal_action *actions,
                                        size_t count)
{
    const struct journal_engine *engine = rig.engine == 0 ? &sqlite_engine : &memory_engine;
    const struct journal_setup setup = {.settings = &rig.settings,
                                        .loop = &rig.loop,
                                        .runner_id = runner_id,
                                        .window_ms = WINDOW_MS,
                                        .actions = actions,
                                        .action_count = count};
    struct error err = {""};
    struct journal *journal = engine->open(&setup, &err);
    ck_assert_msg(journal != NULL, "%s", err.text);
    return journal;
}

static inline struct journal *open_journal(uint64_t runner_id)
{
    struct journal *journal = open_with(runner_id, rig.actions, 2);
    rig.numbers[0] = rig.actions[0].number;
    rig.numbers[1] = rig.actions[1].number;
    return journal;
}

static inline void end(void)
{
    if (rig.store)
        memory_store_destroy(rig.store);
    loop_finish(&rig.loop);
    fixture_end();
}

static inline void lock_beside(bool lock)
{
    if (rig.store) {
        memory_store_lock(rig.store, lock);
    } else if (lock) {
        rig.beside = fixture_open();
        ck_assert_int_eq(writer_begin(rig.beside), SQLITE_STATUS_OK);
    } else {
        ck_assert_int_eq(writer_commit(rig.beside), SQLITE_STATUS_OK);
        writer_close(rig.beside);
    }
}

/* Turns that write much fail. */
static inline void break_journal(struct journal *journal, bool broken)
{
    if (rig.store)
        memory_store_break(rig.store, broken);
    else
        ck_assert(prune_limit_pages(&((struct sqlite_journal *)journal)->db, broken ? 20 : 100000));
}

/* People have what is dead of the first event carried out again. */
static inline void replay_beside(void)
{
    struct error err = {""};
    size_t count;
    if (rig.store) {
        memory_store_replay(rig.store);
        return;
    }
    struct journal_edit *edit = journal_edit_open(fixture_path, &err);
    ck_assert(edit && journal_edit_begin(edit, &err) &&
              journal_edit_replay(edit, 1, &replay_dead, &count, &err) &&
              journal_edit_commit(edit, &err));
    journal_edit_close(edit);
}

static inline void drop_bodies_beside(void)
{
    struct error err = {""};
    struct sqlite db;
    if (rig.store) {
        memory_store_drop_bodies(rig.store);
        return;
    }
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 1000, NULL, &err));
    ck_assert(sqlite_begin(&db) && sqlite_run(&db, "DELETE FROM body") && sqlite_commit(&db));
    sqlite_close(&db);
}

/* ---- turns ---- */

static inline bool hold(struct journal_turn *turn, int64_t action, int64_t handle,
                        const struct journal_delivery *delivery)
{
    (void)turn;
    if (has_no_memory || held_count == HELD_MAX)
        return false;
    held[held_count].handle = handle;
    held[held_count].action = action;
    held[held_count].attempt = delivery->attempt;
    held[held_count].failures = delivery->failures;
    snprintf(held[held_count].id, ID_TEXT_SIZE, "%.*s", (int)delivery->event.id.length,
             (const char *)delivery->event.id.data);
    snprintf(held[held_count].body, sizeof held[0].body, "%.*s", (int)delivery->event.body.length,
             (const char *)delivery->event.body.data);
    held_count++;
    return true;
}

static inline void completed(struct journal_turn *turn)
{
    ck_assert_ptr_nonnull(turn->owner); /* once */
    turn->owner = NULL;
}

static inline void make_turn(struct journal_turn *turn)
{
    ck_assert(journal_turn_init(turn, 64));
    turn->now_ms = turn->due_ms = NOW_MS;
    turn->hold = hold;
    turn->completed = completed;
}

static inline enum journal_end submit(struct journal *journal, struct journal_turn *turn)
{
    turn->owner = turn;
    journal_submit(journal, turn);
    while (turn->owner)
        loop_run_once(&rig.loop, 1000);
    return turn->end;
}

struct admission {
    struct journal_admit admit;
    struct event event;
};

static inline struct admission admission(const char *key, const char *body)
{
    struct admission made = {.event = fixture_event(key, bytes_of_text(body))};
    made.admit =
        (struct journal_admit){.actions = rig.numbers, .action_count = 2, .window_ms = WINDOW_MS};
    return made;
}

/* One event in a turn of its own. */
static inline struct journal_admit admit_at(struct journal *journal, struct admission what,
                                            int64_t now_ms)
{
    struct journal_turn turn;
    make_turn(&turn);
    what.admit.event = &what.event;
    turn.now_ms = now_ms;
    turn.admits = &what.admit;
    turn.admit_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    return what.admit;
}

static inline struct journal_admit admit(struct journal *journal, const char *key)
{
    return admit_at(journal, admission(key, "{\"a\":1}"), NOW_MS);
}

/* A copy of the event with the key "k"; how many deliveries run again because of it. */
static inline struct journal_admit copy_with(struct journal *journal, const char *body,
                                             const char *failures, bool keeps_dead, size_t *reruns)
{
    struct journal_turn turn;
    struct admission what = admission("k", body);
    what.event.failures = bytes_of_text(failures);
    what.admit.event = &what.event;
    what.admit.keeps_dead = keeps_dead;
    make_turn(&turn);
    turn.admits = &what.admit;
    turn.admit_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    *reruns = turn.reruns.count;
    for (size_t i = 0; i < turn.reruns.count; i++)
        ck_assert(turn.reruns.items[i].handle > 0 && turn.reruns.items[i].bytes == 7);
    journal_turn_finish(&turn);
    return what.admit;
}

static inline int claim_as(struct journal *journal, int64_t handle, bool is_alone)
{
    struct journal_turn turn;
    struct journal_want want = {.handle = handle, .is_alone = is_alone};
    make_turn(&turn);
    turn.wants = &want;
    turn.want_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    return want.result;
}

static inline int claim(struct journal *journal, int64_t handle)
{
    return claim_as(journal, handle, false);
}

static inline bool finish_as(struct journal *journal, int64_t handle, unsigned attempt,
                             const struct outcome *outcome)
{
    struct journal_turn turn;
    struct journal_finish what = {
        .handle = handle, .attempt = attempt, .outcome = outcome, .ended_ms = NOW_MS};
    make_turn(&turn);
    turn.finish = &what;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    return what.applied;
}

static inline bool finish(struct journal *journal, int64_t handle, unsigned attempt,
                          enum outcome_kind kind)
{
    const struct outcome outcome = {
        .kind = kind, .exit_status = -1, .reason = "it failed", .output = bytes_of_text("out")};
    return finish_as(journal, handle, attempt, &outcome);
}

/* The handles that are due of an action behind one; how many. */
static inline size_t look(struct journal *journal, int place, int64_t after, size_t room,
                          int64_t handles[64])
{
    struct journal_turn turn;
    struct journal_look what = {.action = rig.numbers[place], .after = after, .room = room};
    make_turn(&turn);
    turn.looks = &what;
    turn.look_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(what.count == turn.due_count && what.count <= room);
    for (size_t i = 0; i < what.count; i++) {
        ck_assert_int_eq(turn.due[i].action, what.action);
        handles[i] = turn.due[i].handle;
    }
    journal_turn_finish(&turn);
    return what.count;
}

static inline size_t pending(struct journal *journal, int place)
{
    int64_t handles[64];
    return look(journal, place, 0, 64, handles);
}

/* What is taken over by `journal`, with the turn. */
static inline size_t take_over(struct journal *journal, struct journal_turn *turn, uint64_t live,
                               int64_t ours)
{
    struct journal_take_over what = {.live = &live, .live_count = 1, .ours = &ours, .our_count = 1};
    make_turn(turn);
    turn->take_over = &what;
    ck_assert_int_eq(submit(journal, turn), JOURNAL_DONE);
    turn->take_over = NULL;
    return what.count;
}

#endif
