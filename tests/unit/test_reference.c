/* References: what they mean, and where a fault is. */
#include "handlers/value/reference.h"
#include "tests/unit/suite.h"

#include <stdio.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena, 1 << 20);
}

static void teardown(void)
{
    arena_finish(&arena);
}

/* `a`, [0], [-1], [*] of a path, one after the other. */
static void describe(const struct reference *reference, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%d:%.*s", (int)reference->root,
                                   (int)reference->name.length, (const char *)reference->name.data);
    for (size_t i = 0; i < reference->step_count; i++) {
        const struct reference_step *step = &reference->steps[i];
        char *at = text + used;
        if (step->kind == STEP_NAME)
            used += (size_t)snprintf(at, size - used, "<%.*s>", (int)step->name.length,
                                     (const char *)step->name.data);
        else if (step->kind == STEP_EACH)
            used += (size_t)snprintf(at, size - used, "[*]");
        else
            used += (size_t)snprintf(at, size - used, "[%s%u]",
                                     step->kind == STEP_FROM_END ? "-" : "", step->index);
    }
}

static const struct {
    const char *text, *meaning;
    int root;
} good[] = {
    {"payload", "", REFERENCE_PAYLOAD},
    {"payload.a", "<a>", REFERENCE_PAYLOAD},
    {"  payload.a.b\t", "<a><b>", REFERENCE_PAYLOAD},
    {"payload[0]", "[0]", REFERENCE_PAYLOAD},
    {"payload.a[12][-1][*].b", "<a>[12][-1][*]<b>", REFERENCE_PAYLOAD},
    {"payload[\"a.b\"]", "<a.b>", REFERENCE_PAYLOAD},
    {"payload[\"\"]", "<>", REFERENCE_PAYLOAD},
    {"payload[\"\\u00e4\\\"]\"].c", "<\xc3\xa4\"]><c>", REFERENCE_PAYLOAD},
    {"payload.$a.@b.c:d-e_f.0", "<$a><@b><c:d-e_f><0>", REFERENCE_PAYLOAD},
    {"header.X-GitHub-Event", "x-github-event", REFERENCE_HEADER},
    {"header.x.y", "x.y", REFERENCE_HEADER},
    {"header[\"X-A!\"]", "x-a!", REFERENCE_HEADER},
    {"query.n", "n", REFERENCE_QUERY},
    {"query[\"user[name]\"]", "user[name]", REFERENCE_QUERY},
    {"path.name", "name", REFERENCE_PATH},
    {"form.user.name", "user.name", REFERENCE_FORM},
    {"event.id", "", REFERENCE_EVENT_ID},
    {"event.attempt", "", REFERENCE_EVENT_ATTEMPT},
    {"client.address", "", REFERENCE_CLIENT_ADDRESS},
    {"request.host", "", REFERENCE_REQUEST_HOST},
    {"route.name", "", REFERENCE_ROUTE_NAME},
    {"action.name", "", REFERENCE_ACTION_NAME},
};

START_TEST(references_are_read)
{
    char meaning[200], wanted[200];
    struct reference reference;
    struct error err = {""};
    ck_assert_msg(reference_parse(bytes_of_text(good[_i].text), &arena, &reference, &err, NULL),
                  "%s: %s", good[_i].text, err.text);
    describe(&reference, meaning, sizeof meaning);
    snprintf(wanted, sizeof wanted, "%d:%s", good[_i].root, good[_i].meaning);
    ck_assert_str_eq(meaning, wanted);
    ck_assert_int_eq(reference.has_each, strstr(good[_i].text, "[*]") != NULL);
    ck_assert_int_eq(reference_is_text(&reference), good[_i].root != REFERENCE_PAYLOAD);
}
END_TEST

static const struct {
    const char *text, *sentence;
    size_t offset;
} bad[] = {
    {"", "needs a value", 0},
    {"  ", "needs a value", 1},
    {"secret", "not a value", 0},
    {"paylod.a", "did you mean \"payload\"", 0},
    {" payloads", "did you mean \"payload\"", 1},
    {"event", "only event.id", 5},
    {"event.size", "only event.id", 5},
    {"event.idx", "only event.id", 5},
    {"payload x", "needs a dot or a bracket", 7},
    {"headers.x", "did you mean \"header\"", 0},
    {"client.name", "only client.address", 6},
    {"event.id.x", "nothing can follow", 8},
    {"route.name[0]", "nothing can follow", 10},
    {"payload.", "needs a name", 8},
    {"payload.a b", "needs a dot or a bracket", 9},
    {"payload.a..b", "needs a name", 10},
    {"payload.\xc3\xa4", "[\"NAME\"]", 8},
    {"payload[", "needs [0]", 8},
    {"payload[]", "needs [0]", 8},
    {"payload[01]", "needs [0]", 8},
    {"payload[-0]", "needs [0]", 8},
    {"payload[-]", "needs [0]", 8},
    {"payload[1234567890]", "needs [0]", 8},
    {"payload[0", "needs a ]", 9},
    {"payload[*", "needs a ]", 9},
    {"payload[\"a\"", "needs a ]", 11},
    {"payload[\"a]", "needs a JSON string", 8},
    {"payload[\"\\x\"]", "needs a JSON string", 8},
    {"payload[\"a\\u0000\"]", "U+0000", 8},
    {"header", "header.NAME", 6},
    {"header.", "needs a name", 7},
    {"header[0]", "[\"NAME\"]", 7},
    {"header[\"a b\"]", "not the name of a header", 6},
    {"header[\"\"]", "not the name of a header", 6},
    {"header[\"a\\u0000b\"]", "a name cannot hold U+0000", 7},
    {"query.a[0]", "nothing can follow", 7},
    {"query[\"a\"].b", "nothing can follow", 10},
};

START_TEST(faults_have_a_place)
{
    struct reference reference;
    struct error err = {""};
    size_t offset = 999;
    ck_assert(!reference_parse(bytes_of_text(bad[_i].text), &arena, &reference, &err, &offset));
    ck_assert_msg(strstr(err.text, bad[_i].sentence) != NULL, "%s: %s", bad[_i].text, err.text);
    ck_assert_msg(offset == bad[_i].offset, "%s: %zu", bad[_i].text, offset);
}
END_TEST

START_TEST(there_are_limits)
{
    char text[REFERENCE_LENGTH_MAX + 2] = "payload.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";
    struct reference reference;
    struct error err;
    ck_assert(reference_parse(bytes_of_text(text), &arena, &reference, &err, NULL));
    ck_assert_uint_eq(reference.step_count, REFERENCE_STEPS_MAX);
    memcpy(text + strlen(text), ".a", 3);
    ck_assert(!reference_parse(bytes_of_text(text), &arena, &reference, &err, NULL));
    ck_assert_ptr_nonnull(strstr(err.text, "16 steps"));
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "header.", 7);
    ck_assert(!reference_parse(bytes_of_text(text), &arena, &reference, &err, NULL));
    text[REFERENCE_LENGTH_MAX] = '\0';
    ck_assert(reference_parse(bytes_of_text(text), &arena, &reference, &err, NULL));
}
END_TEST

START_TEST(without_memory_nothing_is_read)
{
    struct reference reference;
    struct error err = {""};
    for (size_t room = 0; room < 64; room++) {
        struct arena small;
        arena_init(&small, room);
        if (!reference_parse(bytes_of_text("header[\"X-A\"]"), &small, &reference, &err, NULL))
            ck_assert_str_eq(err.text, "no memory for a reference");
        arena_finish(&small);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("reference");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, references_are_read, 0, sizeof good / sizeof *good);
    tcase_add_loop_test(all, faults_have_a_place, 0, sizeof bad / sizeof *bad);
    tcase_add_test(all, there_are_limits);
    tcase_add_test(all, without_memory_nothing_is_read);
    suite_add_tcase(suite, all);
    return suite;
}
