/* Three kinds of pattern never reach PCRE2: what matches everything (.*), and literals, anchored or
 * not; they are most of what patternProperties holds ("^x-"). The others are compiled with PCRE2's
 * JIT. Two limits hold a hostile pattern and text: PCRE2's own count of match steps for one match,
 * and the processor time of all matches of an evaluation, looked at every few matches. Past either
 * the verdict is "abandoned", never "matches". */
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
    MATCH_STEPS = 100000,
    HEAP_KIB = 1024,
    JIT_STACK_FIRST = 32 * 1024,
    JIT_STACK = 512 * 1024,
    MATCHES_PER_LOOK = 8,
    LONG_TEXT = 4096,
};

enum pattern_kind { PATTERN_ALL, PATTERN_LITERAL, PATTERN_CODE };

struct pattern {
    enum pattern_kind kind;
    bool at_start, at_end; /* of a literal */
    struct bytes literal;  /* inside of source */
    pcre2_code *code;
    struct pattern *next;
    char source[];
};

struct matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    int64_t limit_ns, started_ns;
    unsigned matches;
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

static pcre2_code *compile_code(struct bytes source, struct error *err)
{
    const uint32_t options = PCRE2_UTF | PCRE2_MATCH_UNSET_BACKREF | PCRE2_DOLLAR_ENDONLY |
                             PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK;
    struct buffer text;
    const char *reason;
    size_t offset;
    int code = 0;
    pcre2_code *compiled = NULL;
    buffer_init(&text, PATTERN_BYTES);
    if (!regex_translate(source, &text, &reason, &offset)) {
        error_set(err, "not a regular expression of ECMA-262: %s at character %zu", reason,
                  offset + 1);
        buffer_finish(&text);
        return NULL;
    }
    compiled = pcre2_compile(text.data, text.length, options, &code, &offset, NULL);
    if (!compiled) {
        PCRE2_UCHAR message[200] = "";
        pcre2_get_error_message(code, message, sizeof message);
        error_set(err, "not a regular expression that can be used: %s", (const char *)message);
    } else {
        pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE); /* without it, it is slower */
    }
    buffer_finish(&text);
    return compiled;
}

struct pattern *pattern_compile(struct bytes source, struct pattern **all, struct error *err)
{
    struct pattern *pattern = calloc(1, sizeof *pattern + source.length + 1);
    if (!pattern) {
        error_set(err, "no memory for the pattern");
        return NULL;
    }
    if (source.length)
        memcpy(pattern->source, source.data, source.length);
    if (!find_short_cut(pattern, bytes_of(pattern->source, source.length))) {
        pattern->kind = PATTERN_CODE;
        pattern->code = compile_code(source, err);
        if (!pattern->code) {
            free(pattern);
            return NULL;
        }
    }
    pattern->next = *all;
    *all = pattern;
    return pattern;
}

void pattern_destroy_all(struct pattern *all)
{
    while (all) {
        struct pattern *next = all->next;
        pcre2_code_free(all->code);
        free(all);
        all = next;
    }
}

/* ---- matching ---- */

struct matcher *matcher_create(int64_t limit_ms)
{
    struct matcher *matcher = calloc(1, sizeof *matcher);
    if (!matcher)
        return NULL;
    matcher->limit_ns = limit_ms * NS_PER_MS;
    matcher->data = pcre2_match_data_create(1, NULL);
    matcher->context = pcre2_match_context_create(NULL);
    matcher->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK, NULL);
    if (!matcher->data || !matcher->context || !matcher->stack) {
        matcher_destroy(matcher);
        return NULL;
    }
    pcre2_set_match_limit(matcher->context, MATCH_STEPS);
    pcre2_set_heap_limit(matcher->context, HEAP_KIB);
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    return matcher;
}

void matcher_destroy(struct matcher *matcher)
{
    if (!matcher)
        return;
    pcre2_match_data_free(matcher->data);
    pcre2_match_context_free(matcher->context);
    pcre2_jit_stack_free(matcher->stack);
    free(matcher);
}

void matcher_reset(struct matcher *matcher)
{
    matcher->matches = 0;
    matcher->started_ns = 0;
}

static int64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
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

/* Whether the time of this evaluation is over. Asked seldom, since asking costs more than a match.
 */
static bool out_of_time(struct matcher *matcher, size_t length)
{
    if (length < LONG_TEXT && ++matcher->matches % MATCHES_PER_LOOK)
        return false;
    int64_t now = processor_ns();
    if (!matcher->started_ns)
        matcher->started_ns = now;
    return now - matcher->started_ns > matcher->limit_ns;
}

enum match pattern_match(const struct pattern *pattern, struct matcher *matcher, struct bytes text)
{
    if (pattern->kind == PATTERN_ALL)
        return MATCH_YES;
    if (pattern->kind == PATTERN_LITERAL)
        return match_literal(pattern, text);
    if (out_of_time(matcher, text.length))
        return MATCH_ABANDONED;
    int result = pcre2_match(pattern->code, text.length ? text.data : (PCRE2_SPTR) "", text.length,
                             0, PCRE2_NO_UTF_CHECK, matcher->data, matcher->context);
    if (result >= 0)
        return MATCH_YES;
    return result == PCRE2_ERROR_NOMATCH ? MATCH_NO : MATCH_ABANDONED;
}
