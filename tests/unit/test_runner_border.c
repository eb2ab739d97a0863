/* What the runner takes from a listener, what it shares and what it gives up, seen from outside:
 * frames and control messages in, answers, the shared region and the journal out. */
#include "runner_fixture.h"
#include "tests/unit/suite.h"

#include "handlers/auth/authenticator.h"
#include "server/ipc/shared.h"

enum { TEXT_MOST = 64 * 1024, HEADERS_MOST = 2 * 1024 * 1024 };

static char texts[HEADERS_MOST + 1];

static enum frame_status send_event(struct peer *peer, struct event_frame *event)
{
    struct buffer out;
    buffer_init(&out, FRAME_MAX);
    event->tag = ++peer->tag;
    ck_assert(frame_put_event(&out, event));
    send_all(peer, &out);
    return (enum frame_status)wait_answer(peer).status;
}

static void expect_cut_off(struct peer *peer, struct buffer *frame)
{
    char byte;
    send_all(peer, frame);
    ck_assert(wait_readable(peer->link));
    ck_assert_int_le(read(peer->link, &byte, 1), 0);
    close(peer->link);
    peer_connect(peer);
    ck_assert_uint_eq(ask(peer, 0, "").status, FRAME_ACCEPTED);
}

static void expect_refused(struct peer *peer, const struct event_frame *event)
{
    struct buffer out;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, event));
    expect_cut_off(peer, &out);
}

START_TEST(texts_have_a_length_that_is_taken_and_none_beyond)
{
    struct event_frame frame = {0};
    struct event *event = &frame.event;
    struct bytes *const small[] = {&event->client,       &event->type,       &event->message_id,
                                   &event->content_type, &event->dedupe_key, &event->failures};
    struct peer peer = peer_start(1);
    memset(texts, 'x', sizeof texts);
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        *event = fixture_event("", bytes_of_text("{}"));
        *small[i] = bytes_of(texts, TEXT_MOST);
        ck_assert_uint_eq(send_event(&peer, &frame), FRAME_ACCEPTED);
        *small[i] = bytes_of(texts, TEXT_MOST + 1);
        expect_refused(&peer, &frame);
    }
    *event = fixture_event("", bytes_of_text("{}"));
    event->headers = bytes_of(texts, HEADERS_MOST);
    ck_assert_uint_eq(send_event(&peer, &frame), FRAME_ACCEPTED);
    event->headers = bytes_of(texts, HEADERS_MOST + 1);
    expect_refused(&peer, &frame);
    peer_leave(&peer);
}
END_TEST

/* The route has one action, and is not coalesced. */
START_TEST(keys_are_those_of_the_route)
{
    static const int64_t keys[] = {5, 5}, negative = -1;
    struct event_frame frame = {.event = fixture_event("", bytes_of_text("{}"))};
    struct peer peer = peer_start(1);
    frame.keys = bytes_of(keys, sizeof *keys);
    ck_assert_uint_eq(send_event(&peer, &frame), FRAME_ACCEPTED);
    frame.keys = bytes_of(keys, sizeof keys);
    expect_refused(&peer, &frame);
    frame.keys = bytes_of(&negative, sizeof negative);
    expect_refused(&peer, &frame);
    frame.keys = bytes_of(NULL, 0);
    frame.fold = 5;
    expect_refused(&peer, &frame);
    peer_leave(&peer);
}
END_TEST

/* Behind the last span: bytes that belong to nothing. */
START_TEST(a_frame_with_a_rest_is_refused)
{
    struct peer peer = peer_start(1);
    struct event_frame event = {.event = fixture_event("k", bytes_of_text("{}"))};
    struct buffer out;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &event));
    uint32_t length;
    memcpy(&length, out.data, sizeof length); /* the header begins with it */
    ck_assert_uint_lt(length, out.length);
    length++;
    memcpy(out.data, &length, sizeof length);
    ck_assert(buffer_append(&out, "", 1));
    expect_cut_off(&peer, &out);
    ck_assert_int_eq(ask_journal("SELECT count(*) FROM event WHERE delivery_id = 'k'"), 0);
    peer_leave(&peer);
}
END_TEST

START_TEST(a_question_carries_nothing)
{
    struct peer peer = peer_start(1);
    struct event_frame event = {.asks = true, .event.body = bytes_of_text("x")};
    expect_refused(&peer, &event);
    event = (struct event_frame){.asks = true, .event.headers = bytes_of_text("{}")};
    expect_refused(&peer, &event);
    peer_leave(&peer);
}
END_TEST

/* ---- whose turn it is ---- */

START_TEST(routes_take_turns)
{
    enum { EACH = 6 };
    char first[EACH][ID_TEXT_SIZE];
    settings->server.commands = 1; /* one after the other */
    struct peer peer = peer_start(1);
    for (int i = 0; i < EACH; i++)
        memcpy(first[i], ask(&peer, 0, "").id, ID_TEXT_SIZE);
    for (int i = 0; i < EACH; i++)
        ask(&peer, 1, "");
    claim(&peer);
    wait_count(&board->ended, 2 * EACH);
    for (int i = 0; i < EACH; i++) {
        bool second = strcmp(board->seen[1].id, first[0]) == 0;
        ck_assert_str_eq(board->seen[2 * i + second].id, first[i]);
    }
    peer_leave(&peer);
}
END_TEST

START_TEST(pipes_and_commands_take_turns)
{
    enum { EACH = 6 };
    static struct action_settings piped = {.name = "1", .handler.kind = &pipe_like.kind};
    static struct route routes[2];
    char command[EACH][ID_TEXT_SIZE];
    unsigned begun = 0;
    settings->server.commands = EACH;
    memcpy(routes, settings->routes, sizeof routes);
    routes[1].actions = &piped;
    settings->routes = routes;
    atomic_store(&board->hold, 1);
    struct peer peer = peer_start(1);
    for (int i = 0; i < EACH; i++)
        ask(&peer, 1, "");
    for (int i = 0; i < EACH; i++)
        memcpy(command[i], ask(&peer, 0, "").id, ID_TEXT_SIZE);
    claim(&peer);
    wait_at_least(&board->started, 4);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < EACH; j++)
            begun += strcmp(board->seen[i].id, command[j]) == 0;
    ck_assert_uint_eq(begun, 2);
    peer_kill(&peer);
}
END_TEST

/* ---- what is kept ---- */

/* The loop is woken by an event, and finds that the time of a round has come. */
static void pass_seconds(struct peer *peer, int seconds)
{
    atomic_fetch_add(&board->ahead_ns, seconds * NS_PER_S);
    ask(peer, 1, "");
}

START_TEST(retention_keeps_what_a_copy_is_compared_with)
{
    static struct route routes[2];
    memcpy(routes, settings->routes, sizeof routes);
    static struct route_settings parts;
    routes[1].parts = route_settings_clear(&parts);
    parts.dedupe.window_ms = 1; /* the longer one counts */
    settings->routes = routes;
    settings->journal.keep_age_ms = 1;
    struct peer peer = peer_start(1);
    claim(&peer);
    char first[ID_TEXT_SIZE];
    memcpy(first, ask(&peer, 0, "kept").id, ID_TEXT_SIZE);
    ask(&peer, 0, ""); /* without a key */
    wait_count(&board->ended, 2);
    wait_journal(COUNT_STATE("done"), 2);
    for (int round = 0;
         round < 20 && ask_journal("SELECT count(*) FROM event WHERE route = 'alpha'") > 1; round++)
        pass_seconds(&peer, 31);
    struct answer_frame again = ask(&peer, 0, "kept");
    ck_assert_uint_eq(again.status, FRAME_DUPLICATE);
    ck_assert_str_eq(again.id, first);
    wait_journal("SELECT count(*) FROM event WHERE route = 'alpha'", 1);
    peer_leave(&peer);
}
END_TEST

/* ---- a commit that fails ---- */

START_TEST(orphans_are_given_up_though_the_first_commit_fails)
{
    struct peer peer = peer_start(1);
    atomic_store(&board->no_memory, 1); /* it is not claimed */
    claim(&peer);                       /* the first one to do so writes when it began */
    ask(&peer, 1, "");
    peer_leave(&peer);
    atomic_store(&board->no_memory, 0);
    settings->route_count = 1;
    peer = peer_start(2);
    atomic_store(&board->fail_writes, 1);
    claim(&peer); /* there is nothing to take over: the first write is that of the orphan's end */
    wait_at_least(&board->failed_writes, 1);
    ck_assert_uint_eq(ask(&peer, 0, "").status, FRAME_REFUSED_JOURNAL);
    ck_assert_int_eq(ask_journal(COUNT_STATE("pending")), 1);
    atomic_store(&board->fail_writes, 0);
    wait_journal(COUNT_STATE("dead"), 1);
    peer_leave(&peer);
}
END_TEST

/* ---- provisioned keys ---- */

static const char *learns(const void *authenticator)
{
    (void)authenticator;
    return "sender";
}

static const struct authenticator provider = {.kind.name = "provider", .provisions = learns};

static struct shared *share(void)
{
    static struct handler handler = {.kind = &provider.kind};
    static struct route routes[2];
    struct error err = {""};
    memcpy(routes, settings->routes, sizeof routes);
    routes[0].authenticators = routes[1].authenticators = &handler;
    routes[0].authenticator_count = routes[1].authenticator_count = 1;
    settings->routes = routes;
    struct shared *shared = shared_create(&err);
    ck_assert_msg(shared != NULL, "%s", err.text);
    return shared;
}

static enum frame_status deliver_key(struct peer *peer, const char *key)
{
    struct event_frame event = {.learns = true, .event.body = bytes_of_text(key)};
    return send_event(peer, &event);
}

static bool is_shared(struct shared *shared, const char *wanted)
{
    uint8_t key[PROVISIONED_KEY_MAX];
    size_t length;
    return provisioned_keys_get(shared_provisioned_keys(shared), "alpha", "sender", key, &length) &&
           bytes_equal_text(bytes_of(key, length), wanted);
}

START_TEST(a_key_is_shared_when_it_is_committed)
{
    static const char key[] = "0123456789abcdef", other[] = "fedcba9876543210";
    struct shared *shared = share();
    struct peer peer = peer_start_with(1, shared);
    atomic_store(&board->fail_syncs, 1);
    ck_assert_uint_eq(deliver_key(&peer, key), FRAME_REFUSED_JOURNAL);
    ck_assert(!is_shared(shared, key));
    atomic_store(&board->fail_syncs, 0);
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    enum frame_status status;
    while ((status = deliver_key(&peer, other)) == FRAME_REFUSED_JOURNAL &&
           clock_monotonic_ns() < end_ns)
        usleep(1000);
    ck_assert_uint_eq(status, FRAME_ACCEPTED);
    ck_assert(is_shared(shared, other));
    ck_assert_uint_eq(deliver_key(&peer, key), FRAME_REFUSED_KNOWN);
    ck_assert_uint_eq(deliver_key(&peer, "short"), FRAME_REFUSED_JOURNAL);
    ck_assert(is_shared(shared, other));
    atomic_store(&board->fail_syncs, 1); /* a turn that fails takes no key away either */
    struct event_frame second = {.route = 1, .learns = true, .event.body = bytes_of_text(key)};
    ck_assert_uint_eq(send_event(&peer, &second), FRAME_REFUSED_JOURNAL);
    ck_assert(is_shared(shared, other));
    atomic_store(&board->fail_syncs, 0);
    peer_leave(&peer);
}
END_TEST

/* Listeners of the next generation are told to begin when they find what the journal has. */
START_TEST(the_keys_of_the_journal_are_shared_before_it_is_ready)
{
    static const char key[] = "0123456789abcdef";
    struct peer peer = peer_start_with(1, share());
    ck_assert_uint_eq(deliver_key(&peer, key), FRAME_ACCEPTED);
    peer_leave(&peer);
    struct shared *shared = share();
    ck_assert(!is_shared(shared, key));
    peer = peer_start_with(2, shared);
    ck_assert(is_shared(shared, key));
    peer_leave(&peer);
}
END_TEST

/* ---- to the supervisor ---- */

START_TEST(it_says_again_and_again_that_it_is_alive)
{
    struct peer peer = peer_start(1);
    for (int i = 0; i < 3; i++) {
        wait_said(&peer, CONTROL_ALIVE);
        pass_seconds(&peer, 2);
    }
    peer_leave(&peer);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runner_border");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, texts_have_a_length_that_is_taken_and_none_beyond);
    tcase_add_test(all, keys_are_those_of_the_route);
    tcase_add_test(all, a_frame_with_a_rest_is_refused);
    tcase_add_test(all, a_question_carries_nothing);
    tcase_add_test(all, routes_take_turns);
    tcase_add_test(all, pipes_and_commands_take_turns);
    tcase_add_test(all, retention_keeps_what_a_copy_is_compared_with);
    tcase_add_test(all, orphans_are_given_up_though_the_first_commit_fails);
    tcase_add_test(all, a_key_is_shared_when_it_is_committed);
    tcase_add_test(all, the_keys_of_the_journal_are_shared_before_it_is_ready);
    tcase_add_test(all, it_says_again_and_again_that_it_is_alive);
    suite_add_tcase(suite, all);
    return suite;
}
