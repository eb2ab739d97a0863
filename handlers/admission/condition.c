/* A condition is judged from the outside in, and no further than needed. The reason is made where
 * an entry says no, because the value that it saw is gone with the next one; of entries that say no
 * in turn (`any`) the first is kept. */
#include "handlers/admission/condition.h"

#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/admission/address.h"
#include "handlers/content/content.h"
#include "handlers/content/json.h"
#include "handlers/content/payload.h"
#include "handlers/schema/schema.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>

enum { REASON_MAX = 480, SHOWN_MAX = 80, NUMBER_ROOM = 1025 };

struct judge {
    struct value_context *context;
    struct arena *arena;
    bool wants_reason, has_reason;
    const struct condition *culprit;
    char reason[REASON_MAX];
};

/* ---- reasons ---- */

/* Cut at a whole character. */
static struct bytes cut(struct bytes text, size_t most, bool *was_cut)
{
    *was_cut = text.length > most;
    if (!*was_cut)
        return text;
    while (most > 0 && (text.data[most] & 0xc0) == 0x80)
        most--;
    return bytes_of(text.data, most);
}

/* A string as JSON has it, so that a control byte or a quote shows as one; anything else of the
 * payload has nothing in it that needs this but blanks. */
static bool append_shown(struct buffer *out, const struct value *value, struct bytes shown)
{
    if (value->kind == VALUE_STRING)
        return json_escape(out, shown) && buffer_append(out, "", 1);
    if (!buffer_append_bytes(out, shown) || !buffer_append(out, "", 1))
        return false;
    for (size_t i = 0; i < shown.length; i++)
        if (out->data[i] < ' ')
            out->data[i] = ' ';
    return true;
}

static void show_value(const struct value *value, char *text, size_t size)
{
    static const char *const names[] = {[VALUE_MISSING] = "missing", [VALUE_NULL] = "null"};
    bool was_cut, is_string = value->kind == VALUE_STRING;
    struct buffer out;
    if (value->kind <= VALUE_NULL) {
        snprintf(text, size, "%s", value->repeated ? "given more than once" : names[value->kind]);
        return;
    }
    buffer_init(&out, 6 * SHOWN_MAX + 16);
    struct bytes shown = cut(value->text, SHOWN_MAX, &was_cut);
    bool good = append_shown(&out, value, shown);
    snprintf(text, size, "%s%s%s%s", is_string ? "\"" : "", good ? (const char *)out.data : "",
             is_string ? "\"" : "", was_cut ? "…" : "");
    buffer_finish(&out);
}

const char *value_shown(struct arena *arena, const struct value *value)
{
    char text[6 * SHOWN_MAX + 32];
    show_value(value, text, sizeof text);
    return arena_copy_text(arena, text);
}

static void set_reason(struct judge *judge, const struct condition *culprit, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));

static void set_reason(struct judge *judge, const struct condition *culprit, const char *format,
                       ...)
{
    va_list args;
    if (!judge->wants_reason || judge->has_reason)
        return;
    va_start(args, format);
    vsnprintf(judge->reason, sizeof judge->reason, format, args);
    va_end(args);
    utf8_drop_halves(judge->reason);
    judge->culprit = culprit;
    judge->has_reason = true;
}

/* ---- tests ---- */

static enum condition_outcome outcome_of_test(enum test_outcome outcome)
{
    static const enum condition_outcome outcomes[] = {[TEST_HOLDS] = CONDITION_HOLDS,
                                                      [TEST_FAILS] = CONDITION_FAILS,
                                                      [TEST_LIMIT] = CONDITION_LIMIT,
                                                      [TEST_NO_MEMORY] = CONDITION_NO_MEMORY};
    return outcomes[outcome];
}

/* The tests of one entry, of one value after the other. */
struct examination {
    struct judge *judge;
    const struct condition *condition;
    enum condition_outcome outcome;
};

static const struct value_test *first_failing(const struct examination *examination,
                                              const struct value *value,
                                              enum condition_outcome *outcome)
{
    const struct condition *condition = examination->condition;
    for (size_t i = 0; i < condition->test_count; i++) {
        *outcome = outcome_of_test(
            value_test_holds(&condition->tests[i], examination->judge->context, value));
        if (*outcome != CONDITION_HOLDS)
            return &condition->tests[i];
    }
    *outcome = CONDITION_HOLDS;
    return NULL;
}

static void explain_failure(struct examination *examination, const struct value_test *test,
                            const struct value *value)
{
    struct judge *judge = examination->judge;
    char shown[6 * SHOWN_MAX + 32], absence[VALUE_ABSENCE_SIZE];
    if (!judge->wants_reason || judge->has_reason)
        return;
    const struct reference *reference = &examination->condition->reference;
    show_value(value, shown, sizeof shown);
    value_absence(judge->context, reference, absence);
    set_reason(judge, examination->condition, "%.160s%s %.160s: %s %s%s", reference->text,
               examination->condition->as_number ? " as number" : "", test->text,
               reference->has_each ? "one is" : "it is", shown, absence);
}

/* A string that is written as JSON writes a number, where the entry says so. The copy ends in a
 * NUL, behind which nobody reads on. */
static void take_as_number(struct value *value, char room[NUMBER_ROOM])
{
    struct json_fault fault;
    struct bytes text = value->text;
    if (value->kind != VALUE_STRING || text.length == 0 || text.length >= NUMBER_ROOM ||
        (text.data[0] != '-' && !isdigit(text.data[0])) || !isdigit(text.data[text.length - 1]) ||
        !json_check(text, &json_limits_default, NULL, &fault))
        return;
    memcpy(room, text.data, text.length);
    room[text.length] = '\0';
    *value = (struct value){.kind = VALUE_NUMBER, .text = bytes_of(room, text.length)};
}

/* With `every` the first that fails decides, else the first that holds. */
static bool examine(void *caller, struct value *value)
{
    struct examination *examination = caller;
    enum condition_outcome outcome;
    char room[NUMBER_ROOM];
    if (examination->condition->as_number)
        take_as_number(value, room);
    const struct value_test *failing = first_failing(examination, value, &outcome);
    examination->outcome = outcome;
    if (outcome == CONDITION_LIMIT || outcome == CONDITION_NO_MEMORY)
        return false;
    if (failing)
        explain_failure(examination, failing, value);
    return (outcome == CONDITION_HOLDS) == examination->condition->every;
}

static enum condition_outcome pass_limit(struct judge *judge, const struct condition *condition)
{
    judge->has_reason = false; /* what came before has not decided */
    set_reason(judge, condition, "%.300s: to find out takes more steps than a request may cost",
               condition->text);
    return CONDITION_LIMIT;
}

static enum condition_outcome judge_test(struct judge *judge, const struct condition *condition)
{
    struct examination examination = {.judge = judge, .condition = condition};
    bool had_reason = judge->has_reason;
    bool good = value_each(judge->context, &condition->reference, examine, &examination);
    if (value_steps_are_over(judge->context) || examination.outcome == CONDITION_LIMIT)
        return pass_limit(judge, condition);
    if (!good)
        return CONDITION_NO_MEMORY;
    if (examination.outcome == CONDITION_HOLDS) /* of [*], others may not have held before */
        judge->has_reason = had_reason;
    return examination.outcome;
}

/* ---- the client ---- */

static bool client_of(const struct value_context *context, struct client_address *client)
{
    if (context->request) {
        *client = context->request->client;
        return !client->local;
    }
    return client_address_parse(AF_INET, context->client, client->address) ||
           client_address_parse(AF_INET6, context->client, client->address);
}

static enum condition_outcome judge_address(struct judge *judge, const struct condition *condition)
{
    struct client_address client = {.local = false};
    bool known = client_of(judge->context, &client);
    if (known && prefix_list_holds(&condition->networks, client.address))
        return CONDITION_HOLDS;
    char text[CLIENT_TEXT_SIZE] = "unix";
    if (known)
        client_format(&client, text);
    set_reason(judge, condition, "%.300s: it is %s", condition->text, text);
    return CONDITION_FAILS;
}

/* ---- schemas ---- */

/* The payload as a tree, built once for all conditions. */
static enum condition_outcome make_tree(struct value_context *context)
{
    static const struct json_limits limits = {.depth = JSON_DEPTH_MAX,
                                              .nodes = SIZE_MAX,
                                              .number_length = SIZE_MAX,
                                              .lone_surrogates = true,
                                              .repeated_names = true};
    struct bytes payload = value_payload(context);
    const struct request *request = context->request;
    struct json_summary summary;
    struct json_fault fault;
    size_t max_body = request ? content_body_max(request) : 0;
    if (payload.length == 0 || !json_check(payload, &limits, &summary, &fault))
        return CONDITION_FAILS;
    if (!payload_fits(&summary, payload.length, max_body))
        return CONDITION_LIMIT;
    if (!payload_build(payload, &summary, &context->tree, &fault))
        return CONDITION_NO_MEMORY;
    context->tree_made = true;
    return CONDITION_HOLDS;
}

static void explain_schema(struct judge *judge, const struct condition *condition)
{
    struct schema_failures failures = {.count = 0};
    struct arena arena;
    if (!judge->wants_reason || judge->has_reason)
        return;
    arena_init(&arena, 256 * 1024);
    schema_explain(judge->context->evaluator, condition->schema, judge->context->tree, &arena,
                   &failures);
    const struct schema_failure *first = failures.count ? &failures.items[0] : NULL;
    set_reason(judge, condition, "%.160s: %.120s %.160s", condition->text,
               first && *first->instance ? first->instance : "the payload",
               first ? first->sentence : "does not conform");
    arena_finish(&arena);
}

static enum condition_outcome judge_schema(struct judge *judge, const struct condition *condition)
{
    struct value_context *context = judge->context;
    if (!context->evaluator || !condition->schema)
        return CONDITION_LIMIT;
    enum condition_outcome made = context->tree_made ? CONDITION_HOLDS : make_tree(context);
    if (made != CONDITION_HOLDS) {
        set_reason(judge, condition, "%.160s: the payload %s", condition->text,
                   made == CONDITION_LIMIT ? "would take more memory than the route may use"
                                           : "is missing");
        return made;
    }
    switch (schema_evaluate(context->evaluator, condition->schema, context->tree)) {
    case SCHEMA_VALID:
        return CONDITION_HOLDS;
    case SCHEMA_ABANDONED:
        set_reason(judge, condition, "%.160s: %s", condition->text,
                   schema_abandon_reason(context->evaluator));
        return CONDITION_LIMIT;
    case SCHEMA_INVALID:
        break;
    }
    explain_schema(judge, condition);
    return CONDITION_FAILS;
}

/* ---- entries within entries ---- */

static enum condition_outcome judge_one(struct judge *judge, const struct condition *condition);

static enum condition_outcome judge_all(struct judge *judge, const struct condition *condition)
{
    enum condition_outcome outcome = CONDITION_HOLDS;
    for (size_t i = 0; i < condition->inner_count && outcome == CONDITION_HOLDS; i++)
        outcome = judge_one(judge, &condition->inner[i]);
    return outcome;
}

static enum condition_outcome judge_any(struct judge *judge, const struct condition *condition)
{
    bool had_reason = judge->has_reason;
    enum condition_outcome outcome = CONDITION_FAILS;
    for (size_t i = 0; i < condition->inner_count && outcome == CONDITION_FAILS; i++)
        outcome = judge_one(judge, &condition->inner[i]);
    if (outcome == CONDITION_HOLDS)
        judge->has_reason = had_reason;
    return outcome;
}

/* What is inside has no reason to say no for, because there it said yes. */
static enum condition_outcome judge_not(struct judge *judge, const struct condition *condition)
{
    bool had_reason = judge->has_reason;
    enum condition_outcome outcome = judge_one(judge, condition->inner);
    if (outcome == CONDITION_FAILS)
        judge->has_reason = had_reason;
    else if (outcome == CONDITION_HOLDS)
        set_reason(judge, condition, "not %.300s: that holds", condition->inner->text);
    return outcome == CONDITION_HOLDS   ? CONDITION_FAILS
           : outcome == CONDITION_FAILS ? CONDITION_HOLDS
                                        : outcome;
}

typedef enum condition_outcome judge_function(struct judge *judge,
                                              const struct condition *condition);

/* Recurses at most CONDITION_DEPTH_MAX times: the loader refuses more. */
static enum condition_outcome judge_one(struct judge *judge, const struct condition *condition)
{
    static judge_function *const functions[] = {
        [CONDITION_TEST] = judge_test,     [CONDITION_ALL] = judge_all,
        [CONDITION_ANY] = judge_any,       [CONDITION_NOT] = judge_not,
        [CONDITION_SCHEMA] = judge_schema, [CONDITION_ADDRESS] = judge_address,
    };
    return functions[condition->kind](judge, condition);
}

enum condition_outcome condition_holds(const struct condition *condition,
                                       struct value_context *context, struct arena *arena,
                                       struct condition_reason *reason)
{
    struct judge judge;
    judge.context = context;
    judge.arena = arena;
    judge.wants_reason = reason != NULL;
    judge.has_reason = false;
    judge.culprit = NULL;
    enum condition_outcome outcome = judge_one(&judge, condition);
    if (outcome == CONDITION_HOLDS || !reason)
        return outcome;
    const char *text = judge.has_reason ? arena_copy_text(arena, judge.reason) : NULL;
    *reason = (struct condition_reason){judge.culprit, text ? text : condition->text};
    return outcome;
}

/* ---- explaining ---- */

struct explanation {
    struct value_context *context;
    struct arena *arena;
    void (*see)(void *caller, const struct condition_line *line);
    void *caller;
};

static const char *shown_of(struct explanation *explanation, const struct condition *condition)
{
    struct value value;
    char text[CLIENT_TEXT_SIZE] = "unix";
    struct client_address client = {.local = false};
    if (condition->kind == CONDITION_TEST)
        return value_resolve(explanation->context, &condition->reference, &value)
                   ? value_shown(explanation->arena, &value)
                   : NULL;
    if (condition->kind != CONDITION_ADDRESS)
        return NULL;
    if (client_of(explanation->context, &client))
        client_format(&client, text);
    return arena_copy_text(explanation->arena, text);
}

static enum condition_outcome explain_one(struct explanation *explanation,
                                          const struct condition *condition, unsigned depth)
{
    explanation->context->steps = 0; /* each is asked for itself, and again with those around it */
    struct condition_line line = {
        .condition = condition,
        .depth = depth,
        .outcome = condition_holds(condition, explanation->context, explanation->arena, NULL),
        .value = shown_of(explanation, condition)};
    explanation->see(explanation->caller, &line);
    for (size_t i = 0; i < condition->inner_count; i++)
        explain_one(explanation, &condition->inner[i], depth + 1);
    return line.outcome;
}

enum condition_outcome
condition_explain(const struct condition *condition, struct value_context *context,
                  struct arena *arena, void (*see)(void *caller, const struct condition_line *line),
                  void *caller)
{
    struct explanation explanation = {context, arena, see, caller};
    return explain_one(&explanation, condition, 0);
}

/* A condition that was never loaded is all zero: a test of nothing. */
bool condition_visit(const struct condition *condition, const struct reference_visitor *visitor)
{
    if (condition->kind == CONDITION_TEST && condition->test_count == 0)
        return true;
    if (condition->kind == CONDITION_TEST)
        return visitor->visit(visitor->context, &condition->reference);
    for (size_t i = 0; i < condition->inner_count; i++)
        if (!condition_visit(&condition->inner[i], visitor))
            return false;
    return true;
}

bool condition_needs_schema(const struct condition *condition)
{
    bool needs = condition->kind == CONDITION_SCHEMA;
    for (size_t i = 0; i < condition->inner_count && !needs; i++)
        needs = condition_needs_schema(&condition->inner[i]);
    return needs;
}
