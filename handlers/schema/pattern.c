/* Three kinds of pattern never reach PCRE2: what matches everything (.*), and literals, anchored or
 * not; they are most of what patternProperties holds ("^x-"). The others are compiled with PCRE2's
 * JIT.
 *
 * What a match may cost is bounded twice. PCRE2 counts the steps of an attempt at one position of
 * the text and gives up after MATCH_STEPS (a text that is longer than that, after a few for each of
 * its bytes). But an attempt at each of 100,000 positions that stays below the limit is still far
 * too much, so the positions are tried a few at a time, and in between we look at the clock: at a
 * coarse one, which costs next to nothing, and when that has moved, at the processor time of all
 * matches of the evaluation. Past any limit the verdict is "abandoned", never "matches".
 *
 * PCRE2's interpreter, where there is no JIT, gets its memory from the matcher's own, so that a
 * match allocates nothing. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "handlers/schema/pattern.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "handlers/schema/regex.h"

#include <pcre2.h>
#include <stdlib.h>
#include <time.h>

enum {
    PATTERN_BYTES = 1024 * 1024,
    PATTERNS_BYTES = 32 * 1024 * 1024, /* of a schema, compiled */
    MATCH_STEPS = 100000,
    STEPS_A_BYTE = 4,
    HEAP_KIB = 1024,
    JIT_STACK_FIRST = 32 * 1024,
    JIT_STACK = 8 * 1024 * 1024,
    POSITIONS = 32, /* tried between looks at the clock */
    POSITIONS_SLOW = 8,
    SHORT_TEXT = 64,
};

enum pattern_kind { PATTERN_ALL, PATTERN_LITERAL, PATTERN_CODE };

struct pattern {
    enum pattern_kind kind;
    bool at_start, at_end; /* of a literal */
    bool anchored;         /* PCRE2 tries the first position only */
    bool references;       /* a step may compare long pieces of the text */
    bool jit;
    struct bytes literal; /* inside of source */
    pcre2_code *code;
    struct pattern *next;
    char source[];
};

struct matcher {
    pcre2_general_context *memory;
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    uint8_t *heap; /* two halves, for the interpreter */
    bool used[2];  /* which of them are handed out */
    int64_t limit_ns, started_ns, tick;
};

const char *pattern_source(const struct pattern *pattern)
{
    return pattern->source;
}

/* ---- compiling ---- */

static bool is_literal(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!text.data[i] || strchr("\\[](){}*+?.|^$", text.data[i]))
            return false;
    return true;
}

/* Whether the pattern can do without PCRE2; the text stays in `source`. */
static bool find_short_cut(struct pattern *pattern, struct bytes text)
{
    pattern->kind = PATTERN_ALL;
    if (text.length == 0 || bytes_equal_text(text, ".*"))
        return true;
    pattern->kind = PATTERN_LITERAL;
    if (text.data[0] == '^') {
        pattern->at_start = true;
        text = bytes_from(text, 1);
    }
    if (text.length && text.data[text.length - 1] == '$') {
        pattern->at_end = true;
        text.length--;
    }
    pattern->literal = text;
    return is_literal(text);
}

/* With a look-ahead, PCRE2 may take its first character for one that is consumed and look for the
 * next only behind it: /(?=b)b?b/ would not match "b". So such a pattern does without guesses. */
static uint32_t options_for(struct bytes text)
{
    const uint32_t options = PCRE2_UTF | PCRE2_MATCH_UNSET_BACKREF | PCRE2_DOLLAR_ENDONLY |
                             PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK | PCRE2_USE_OFFSET_LIMIT;
    bool ahead = memmem(text.data, text.length, "(?=", 3) != NULL;
    return options | (ahead ? PCRE2_NO_START_OPTIMIZE : 0);
}

static pcre2_code *compile_code(struct bytes source, struct error *err)
{
    struct buffer text;
    struct regex_fault fault;
    size_t offset;
    int code = 0;
    pcre2_code *compiled = NULL;
    buffer_init(&text, PATTERN_BYTES);
    if (!regex_translate(source, &text, &fault)) {
        error_set(err, "not a regular expression %s: %s at character %zu",
                  fault.legal ? "that can be used" : "of ECMA-262", fault.reason, fault.offset + 1);
        buffer_finish(&text);
        return NULL;
    }
    compiled = pcre2_compile(text.data, text.length, options_for(buffer_bytes(&text)), &code,
                             &offset, NULL);
    if (!compiled) {
        PCRE2_UCHAR message[200] = "";
        pcre2_get_error_message(code, message, sizeof message);
        error_set(err, "not a regular expression that can be used: %s", (const char *)message);
    }
    buffer_finish(&text);
    return compiled;
}

/* The JIT, and what matching wants to know. Returns the bytes it all takes. */
static size_t prepare_code(struct pattern *pattern)
{
    uint32_t options = 0, references = 0;
    size_t size = 0, machine_size = 0;
    pattern->jit = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_ALLOPTIONS, &options);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_BACKREFMAX, &references);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_SIZE, &size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_JITSIZE, &machine_size);
    pattern->anchored = options & PCRE2_ANCHORED;
    pattern->references = references > 0;
    return size + machine_size;
}

static bool compile_pattern(struct pattern *pattern, struct bytes source, struct patterns *all,
                            struct error *err)
{
    all->bytes += sizeof *pattern + source.length + 1;
    if (find_short_cut(pattern, bytes_of(pattern->source, source.length)))
        return true;
    pattern->kind = PATTERN_CODE;
    pattern->code = compile_code(source, err);
    if (!pattern->code)
        return false;
    all->bytes += prepare_code(pattern);
    return all->bytes <= PATTERNS_BYTES ||
           error_set(err, "the patterns of the schema take more than %d MiB",
                     PATTERNS_BYTES / 1024 / 1024);
}

struct pattern *pattern_compile(struct bytes source, struct patterns *all, struct error *err)
{
    struct pattern *pattern = calloc(1, sizeof *pattern + source.length + 1);
    if (!pattern) {
        error_set(err, "no memory for the pattern");
        return NULL;
    }
    if (source.length)
        memcpy(pattern->source, source.data, source.length);
    pattern->next = all->first;
    all->first = pattern;
    return compile_pattern(pattern, source, all, err) ? pattern : NULL;
}

void patterns_destroy(struct patterns *all)
{
    while (all->first) {
        struct pattern *next = all->first->next;
        pcre2_code_free(all->first->code);
        free(all->first);
        all->first = next;
    }
}

/* ---- the memory of matches ---- */

/* The interpreter grows its vector by taking a larger one, copying, and giving the old one back, so
 * two halves do. What else comes is asked for while the matcher is made. */
static void *take_memory(size_t size, void *data)
{
    struct matcher *matcher = data;
    if (!matcher->data)
        return malloc(size);
    for (int i = 0; i < 2 && size <= HEAP_KIB * 1024; i++)
        if (!matcher->used[i]) {
            matcher->used[i] = true;
            return matcher->heap + (size_t)i * HEAP_KIB * 1024;
        }
    return NULL;
}

static void give_memory(void *memory, void *data)
{
    struct matcher *matcher = data;
    for (int i = 0; i < 2; i++)
        if (memory && memory == matcher->heap + (size_t)i * HEAP_KIB * 1024) {
            matcher->used[i] = false;
            return;
        }
    free(memory);
}

struct matcher *matcher_create(int64_t limit_ms)
{
    struct matcher *matcher = calloc(1, sizeof *matcher);
    if (!matcher)
        return NULL;
    matcher->limit_ns = limit_ms * NS_PER_MS;
    matcher->heap = malloc(2 * HEAP_KIB * 1024); /* untouched pages cost nothing */
    matcher->memory = pcre2_general_context_create(take_memory, give_memory, matcher);
    matcher->context = pcre2_match_context_create(NULL);
    matcher->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK, NULL);
    if (matcher->memory)
        matcher->data = pcre2_match_data_create(1, matcher->memory);
    if (!matcher->heap || !matcher->data || !matcher->context || !matcher->stack) {
        matcher_destroy(matcher);
        return NULL;
    }
    pcre2_set_heap_limit(matcher->context, HEAP_KIB);
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    return matcher;
}

void matcher_destroy(struct matcher *matcher)
{
    if (!matcher)
        return;
    pcre2_match_data_free(matcher->data);
    pcre2_general_context_free(matcher->memory);
    pcre2_match_context_free(matcher->context);
    pcre2_jit_stack_free(matcher->stack);
    free(matcher->heap);
    free(matcher);
}

/* ---- matching ---- */

void matcher_reset(struct matcher *matcher)
{
    matcher->tick = matcher->started_ns = 0;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Whether the time of this evaluation is over. The coarse clock moves every few milliseconds; the
 * time before it first does is nobody's. */
static bool out_of_time(struct matcher *matcher)
{
    int64_t tick = clock_ns(CLOCK_MONOTONIC_COARSE);
    bool first = !matcher->tick;
    if (tick == matcher->tick)
        return false;
    matcher->tick = tick;
    if (first)
        return false;
    int64_t now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    if (!matcher->started_ns)
        matcher->started_ns = now;
    return now - matcher->started_ns > matcher->limit_ns;
}

static enum match match_literal(const struct pattern *pattern, struct bytes text)
{
    struct bytes literal = pattern->literal;
    if (text.length < literal.length)
        return MATCH_NO;
    if (literal.length == 0)
        return !(pattern->at_start && pattern->at_end) || text.length == 0 ? MATCH_YES : MATCH_NO;
    bool found;
    if (pattern->at_start)
        found = (!pattern->at_end || text.length == literal.length) &&
                memcmp(text.data, literal.data, literal.length) == 0;
    else if (pattern->at_end)
        found = memcmp(text.data + text.length - literal.length, literal.data, literal.length) == 0;
    else
        found = memmem(text.data, text.length, literal.data, literal.length) != NULL;
    return found ? MATCH_YES : MATCH_NO;
}

/* How the positions of a text are tried. */
struct attempt {
    size_t from, to;   /* positions */
    size_t patient_to; /* up to here they may take more steps, but fewer are tried at once */
    size_t positions, patient_positions;
    uint32_t steps, most_steps;
};

static struct attempt attempt_plan(const struct pattern *pattern, size_t length)
{
    struct attempt plan = {.positions = POSITIONS, .steps = MATCH_STEPS, .most_steps = MATCH_STEPS};
    if (pattern->references && length > SHORT_TEXT)
        plan.steps = plan.most_steps = (uint32_t)(MATCH_STEPS / (length / SHORT_TEXT) + 100);
    else if (pattern->jit && length * STEPS_A_BYTE > MATCH_STEPS)
        plan.most_steps =
            (uint32_t)(length < UINT32_MAX / STEPS_A_BYTE ? length * STEPS_A_BYTE : UINT32_MAX);
    if (pattern->references || !pattern->jit)
        plan.positions = POSITIONS_SLOW;
    plan.patient_positions = 1;
    if (pattern->anchored)
        plan.positions = plan.patient_positions = length;
    return plan;
}

/* Where the next positions end: never inside a character. */
static size_t attempt_end(const struct attempt *plan, struct bytes text)
{
    size_t count = plan->from < plan->patient_to ? plan->patient_positions : plan->positions;
    size_t end = count < text.length - plan->from ? plan->from + count : text.length;
    while (end < text.length && (text.data[end] & 0xc0) == 0x80)
        end++;
    return end;
}

static int try_positions(const struct pattern *pattern, struct matcher *matcher, struct bytes text,
                         const struct attempt *plan)
{
    bool last = plan->to == text.length, patient = plan->from < plan->patient_to;
    pcre2_set_offset_limit(matcher->context, last ? PCRE2_UNSET : plan->to - 1);
    pcre2_set_match_limit(matcher->context, patient ? plan->most_steps : plan->steps);
    return pcre2_match(pattern->code, text.length ? text.data : (PCRE2_SPTR) "", text.length,
                       plan->from, PCRE2_NO_UTF_CHECK, matcher->data, matcher->context);
}

static enum match match_code(const struct pattern *pattern, struct matcher *matcher,
                             struct bytes text)
{
    struct attempt plan = attempt_plan(pattern, text.length);
    do {
        plan.to = attempt_end(&plan, text);
        if (out_of_time(matcher))
            return MATCH_ABANDONED;
        int result = try_positions(pattern, matcher, text, &plan);
        bool patient = plan.from < plan.patient_to || plan.steps == plan.most_steps;
        if (result == PCRE2_ERROR_MATCHLIMIT && !patient) {
            plan.patient_to = plan.to;
            continue;
        }
        if (result != PCRE2_ERROR_NOMATCH)
            return result >= 0 ? MATCH_YES : MATCH_ABANDONED;
        plan.from = plan.to;
    } while (plan.from < text.length);
    return MATCH_NO;
}

enum match pattern_match(const struct pattern *pattern, struct matcher *matcher, struct bytes text)
{
    switch (pattern->kind) {
    case PATTERN_ALL:
        return MATCH_YES;
    case PATTERN_LITERAL:
        return match_literal(pattern, text);
    default:
        return match_code(pattern, matcher, text);
    }
}
