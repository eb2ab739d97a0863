/* One pass over the text, no tree, no recursion: nesting is a bounded array, so depth costs nothing
 * but the limit. Each scan function stands in front of its token and leaves `at` behind it, or
 * notes the fault and returns false; nothing continues after a fault. Strings, which are most of a
 * webhook, are skipped a word at a time: a word without quote, backslash, control or 8-bit byte is
 * never looked at byte by byte. */
#include "handlers/content/json.h"

#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/content/json_names.h"

const struct json_limits json_limits_default = {
    .depth = 32, .nodes = 100000, .number_length = 1024};

struct level {
    bool is_object;
    struct json_object object;
};

struct scan {
    const uint8_t *start, *at, *end;
    const struct json_limits *limits;
    struct json_fault *fault;
    struct json_summary summary;
    unsigned depth;
    struct json_names names;
    struct level levels[JSON_DEPTH_MAX];
};

static bool fail_at(struct scan *s, const uint8_t *at, const char *reason)
{
    *s->fault = (struct json_fault){.offset = (size_t)(at - s->start), .reason = reason};
    return false;
}

static bool fail_limit(struct scan *s, const uint8_t *at, const char *reason, const char *limit)
{
    fail_at(s, at, reason);
    s->fault->limit = limit;
    return false;
}

/* `reason` for the byte that is there, another for none. */
static bool fail_here(struct scan *s, const char *reason)
{
    return fail_at(s, s->at, s->at == s->end ? "the text ends too early" : reason);
}

static inline bool at_byte(const struct scan *s, uint8_t byte)
{
    return s->at < s->end && *s->at == byte;
}

static inline void skip_space(struct scan *s)
{
    while (s->at < s->end && *s->at <= ' ' &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

/* ---- strings ---- */

/* The four digits of \uXXXX; `at` on the backslash. */
static bool scan_hex4(struct scan *s, unsigned *code)
{
    unsigned value = 0;
    s->at += 2;
    for (int i = 0; i < 4; i++, s->at++) {
        if (s->at == s->end || hex_digit(*s->at) < 0)
            return fail_here(s, "an escape with a wrong hex digit");
        value = value << 4 | (unsigned)hex_digit(*s->at);
    }
    *code = value;
    return true;
}

static bool is_high_surrogate(unsigned code)
{
    return code >= 0xd800 && code <= 0xdbff;
}

static bool is_low_surrogate(unsigned code)
{
    return code >= 0xdc00 && code <= 0xdfff;
}

/* Half a pair passes where the limits say so; what follows it is then read for itself. */
static bool scan_unicode(struct scan *s)
{
    const uint8_t *from = s->at;
    unsigned code, low;
    if (!scan_hex4(s, &code))
        return false;
    if (!is_high_surrogate(code) && !is_low_surrogate(code))
        return true;
    const uint8_t *behind = s->at;
    if (is_high_surrogate(code) && s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] == 'u') {
        if (!scan_hex4(s, &low))
            return false;
        if (is_low_surrogate(low))
            return true;
    }
    s->at = behind;
    return s->limits->lone_surrogates || fail_at(s, from, "a lone surrogate");
}

static bool scan_escape(struct scan *s)
{
    if (s->end - s->at < 2)
        return fail_at(s, s->end, "the text ends too early");
    switch (s->at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        s->at += 2;
        return true;
    case 'u':
        return scan_unicode(s);
    }
    return fail_at(s, s->at + 1, "an unknown escape");
}

/* A run of characters beyond ASCII, which are seldom alone. */
static bool scan_utf8(struct scan *s)
{
    while (s->at < s->end && *s->at >= 0x80) {
        size_t length = utf8_sequence(s->at, (size_t)(s->end - s->at));
        if (length == 0)
            return fail_here(s, "not UTF-8");
        s->at += length;
    }
    return true;
}

/* A string; `at` on its opening quote. */
static bool scan_string(struct scan *s, bool *has_escapes)
{
    bool good = true;
    *has_escapes = false;
    s->at++;
    while (good) {
        s->at = json_skip_plain(s->at, s->end);
        if (s->at == s->end)
            return fail_here(s, NULL);
        if (*s->at == '"') {
            s->at++;
            return true;
        }
        if (*s->at < ' ')
            return fail_here(s, "a control character in a string");
        if (*s->at == '\\') {
            *has_escapes = true;
            good = scan_escape(s);
        } else {
            good = scan_utf8(s);
        }
    }
    return false;
}

/* ---- the other scalars ---- */

static bool scan_digits(struct scan *s)
{
    const uint8_t *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > from || fail_here(s, "a digit is missing");
}

static bool scan_exponent(struct scan *s)
{
    s->at++;
    if (at_byte(s, '+') || at_byte(s, '-'))
        s->at++;
    return scan_digits(s);
}

enum { LONG_INTEGER = 19 }; /* characters; a decimal with as many before its point counts too */

static bool scan_number(struct scan *s)
{
    const uint8_t *from = s->at;
    if (at_byte(s, '-'))
        s->at++;
    if (at_byte(s, '0'))
        s->at++; /* a digit behind it is no separator, and refused as such */
    else if (!scan_digits(s))
        return false;
    s->summary.long_integers += s->at - from >= LONG_INTEGER;
    if (at_byte(s, '.')) {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if ((at_byte(s, 'e') || at_byte(s, 'E')) && !scan_exponent(s))
        return false;
    return (size_t)(s->at - from) <= s->limits->number_length ||
           fail_limit(s, from, "a number that is too long", "number_length");
}

static bool scan_word(struct scan *s, const char *word)
{
    for (; *word; word++, s->at++)
        if (!at_byte(s, (uint8_t)*word))
            return fail_here(s, "not a value");
    return true;
}

/* ---- structure ---- */

static bool fail_name(struct scan *s, struct bytes name, enum json_name_result result)
{
    static const char *const reasons[] = {
        [NAME_REPEATED] = "a repeated name",
        [NAME_HOLDS_NUL] = "U+0000 in a name",
        [NAME_NO_MEMORY] = "no memory for the names",
    };
    fail_at(s, name.data - 1, reasons[result]);
    s->fault->name = result == NAME_REPEATED ? name : bytes_of(NULL, 0);
    return false;
}

/* A name and its colon; `at` in front of both, and in front of the value afterwards. */
static bool scan_name(struct scan *s)
{
    const uint8_t *from = s->at;
    bool has_escapes;
    if (!at_byte(s, '"'))
        return fail_here(s, "a name is missing");
    if (!scan_string(s, &has_escapes))
        return false;
    struct bytes name = bytes_of(from + 1, (size_t)(s->at - from) - 2);
    enum json_name_result result =
        json_names_add(&s->names, &s->levels[s->depth - 1].object, name, has_escapes);
    if (result == NAME_REPEATED && s->limits->repeated_names)
        s->summary.repeated++;
    else if (result != NAME_NEW)
        return fail_name(s, name, result);
    if (s->limits->names && s->names.count > s->limits->names)
        return fail_limit(s, from, "too many names", "names");
    s->summary.members++;
    skip_space(s);
    if (!at_byte(s, ':'))
        return fail_here(s, "a colon is missing");
    s->at++;
    skip_space(s);
    return true;
}

static void close_level(struct scan *s)
{
    struct level *level = &s->levels[--s->depth];
    s->at++;
    if (level->is_object)
        json_names_close(&s->names, &level->object);
}

/* `at` on the bracket. Afterwards in front of the first value inside, or behind it all. */
static bool open_level(struct scan *s, bool is_object, bool *complete)
{
    if (s->depth == s->limits->depth || s->depth == JSON_DEPTH_MAX)
        return fail_limit(s, s->at, "nested too deeply", "depth");
    struct level *level = &s->levels[s->depth++];
    if (s->depth > s->summary.depth)
        s->summary.depth = s->depth;
    level->is_object = is_object;
    if (is_object) {
        json_names_open(&s->names, &level->object);
        s->summary.objects++;
    }
    s->at++;
    skip_space(s);
    *complete = at_byte(s, is_object ? '}' : ']');
    if (*complete)
        close_level(s);
    else if (is_object)
        return scan_name(s);
    return true;
}

/* A value, or the beginning of one that holds others (`*complete` says which). */
static bool scan_value(struct scan *s, bool *complete)
{
    bool has_escapes;
    *complete = true;
    if (s->at == s->end)
        return fail_here(s, NULL);
    if (++s->summary.nodes > s->limits->nodes)
        return fail_limit(s, s->at, "too many values", "values");
    switch (*s->at) {
    case '{':
        return open_level(s, true, complete);
    case '[':
        return open_level(s, false, complete);
    case '"':
        return scan_string(s, &has_escapes);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    }
    return *s->at == '-' || (*s->at >= '0' && *s->at <= '9') ? scan_number(s)
                                                             : fail_here(s, "not a value");
}

/* What follows a value inside of another: a comma and then the next value, or the end of the outer
 * one, which is then complete itself. */
static bool scan_separator(struct scan *s, bool *complete)
{
    bool in_object = s->levels[s->depth - 1].is_object;
    skip_space(s);
    if (at_byte(s, ',')) {
        s->at++;
        skip_space(s);
        *complete = false;
        return !in_object || scan_name(s);
    }
    if (!at_byte(s, in_object ? '}' : ']'))
        return fail_here(s, "a comma or the closing bracket is missing");
    close_level(s);
    return true;
}

static bool scan_text(struct scan *s)
{
    bool complete = false;
    skip_space(s);
    while (!complete) {
        if (!scan_value(s, &complete))
            return false;
        while (complete && s->depth > 0)
            if (!scan_separator(s, &complete))
                return false;
    }
    skip_space(s);
    return s->at == s->end || fail_here(s, "something follows the value");
}

bool json_check(struct bytes text, const struct json_limits *limits, struct json_summary *summary,
                struct json_fault *fault)
{
    struct scan s; /* not zeroed: the levels and names are large, and filled as they open */
    s.start = s.at = text.length ? text.data : (const uint8_t *)"";
    s.end = s.at + text.length;
    s.limits = limits;
    s.fault = fault;
    s.summary = (struct json_summary){0};
    s.depth = 0;
    if (text.length > UINT32_MAX)
        return fail_here(&s, "longer than 4 GiB");
    json_names_init(&s.names, text);
    bool good = scan_text(&s);
    json_names_finish(&s.names);
    if (good && summary)
        *summary = s.summary;
    return good;
}
