/* Any bytes as `when:`, and behind the last line feed as a payload: a list is taken or has problems
 * at places in the text; it holds or does not, with a reason that is bounded, and `not` of it says
 * the opposite. */
#include "config/loader.h"
#include "handlers/admission/when.h"
#include "handlers/content/json.h"
#include "server/cli/verbs.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

enum { ARENA = 1 << 22, REASON_MAX = 600 };

static void see(void *caller, const struct condition_line *line)
{
    ++*(size_t *)caller;
    assert(line->condition->text && line->depth <= CONDITION_DEPTH_MAX + 1);
}

static void judge(const struct condition *condition, struct value_context *context,
                  struct arena *arena)
{
    struct condition_reason reason = {.text = NULL};
    struct condition inverse = {.kind = CONDITION_NOT, .text = "inverse", .inner_count = 1};
    struct condition copy = *condition;
    size_t lines = 0;
    inverse.inner = &copy;
    enum condition_outcome outcome = condition_holds(condition, context, arena, &reason);
    enum condition_outcome opposite = condition_holds(&inverse, context, arena, NULL);
    assert(outcome != CONDITION_NO_MEMORY);
    assert(outcome == CONDITION_HOLDS || (reason.text && strlen(reason.text) < REASON_MAX));
    if (outcome != CONDITION_LIMIT)
        assert(opposite == (outcome == CONDITION_HOLDS ? CONDITION_FAILS : CONDITION_HOLDS));
    assert(condition_explain(condition, context, arena, see, &lines) == outcome && lines > 0);
}

static void judge_payload(const struct route *route, struct bytes json)
{
    struct arena arena;
    struct json_summary summary;
    struct json_fault fault;
    struct value_context context;
    struct request request = {.arena = &arena, .route = route, .payload = json};
    if (json_check(json, &json_limits_default, &summary, &fault))
        request.json = &summary;
    arena_init(&arena, ARENA);
    value_context_of_request(&context, &request);
    judge(&when_settings_of(route)->condition, &context, &arena);
    value_context_finish(&context);
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[] =
        "version: 1\nserver: {listen: {address: \"127.0.0.1:0\", tls: off}}\nroutes:\n"
        "- name: a\n  path: /a/{b}\n  auth: {none: true}\n  content: auto\n  actions: [{pipe: p}]\n"
        "  when: ";
    const uint8_t *line = size ? memrchr(data, '\n', size) : NULL;
    size_t length = line ? (size_t)(line - data) : size;
    struct bytes json = bytes_from(bytes_of(data, size), length + 1);
    struct problem_list problems;
    struct buffer text;
    buffer_init(&text, sizeof head + size + 1);
    problem_list_init(&problems);
    assert(buffer_append_text(&text, head) && buffer_append(&text, data, length));
    struct settings *settings =
        settings_load_text("fuzz.yaml", buffer_bytes(&text), &program_registry, &problems);
    assert((settings != NULL) == (problems.errors == 0));
    if (settings && settings->route_count > 0 && when_settings_of(settings->routes)->is_set)
        judge_payload(settings->routes, json);
    settings_destroy(settings);
    problem_list_finish(&problems);
    buffer_finish(&text);
    return 0;
}
