/* PCRE2 reads Perl's dialect, JSON Schema writes JavaScript's. Where the two spell a thing the same
 * but mean different things (\s, \v, ., $), or Perl knows what JavaScript refuses (\A, \Q, (?>…),
 * (*VERB), possessive quantifiers), a pattern that is handed through matches something else than
 * its author meant. So every pattern is parsed here and written anew: characters that are not plain
 * become \x{…}, classes are enumerated, and what ECMA-262 does not have is refused. In lenient
 * points (a lone ], } or {, escapes of punctuation) we follow what people write: annex B of the
 * standard. */
#include "handlers/schema/regex.h"

#include "base/encoding.h"
#include "handlers/schema/regex_groups.h"
#include "handlers/schema/regex_property.h"

#include <stdio.h>

enum { CODE_POINT_MAX = 0x10ffff, REPEAT_MAX = 65535 };

enum before { BEFORE_NOTHING, BEFORE_ATOM, BEFORE_GROUP };

struct translation {
    const uint8_t *start, *at, *end;
    struct buffer *out; /* NULL: only checking */
    const char *reason;
    bool full;          /* no room for the output */
    enum before before; /* what a quantifier would repeat */
    struct regex_groups groups;
};

/* What an escape stands for. */
enum atom_kind { ATOM_CHARACTER, ATOM_SET, ATOM_ASSERTION, ATOM_REFERENCE };

struct atom {
    enum atom_kind kind;
    uint32_t code;   /* ATOM_CHARACTER */
    char text[96];   /* else: PCRE2's spelling, for sets the one inside brackets */
    const char *set; /* ATOM_SET: constant spelling instead of text */
    bool bare;       /* ATOM_SET: stands for itself outside brackets too */
};

static bool fail(struct translation *t, const char *reason)
{
    t->reason = reason;
    return false;
}

/* From a sentence or NULL. */
static bool good_unless(struct translation *t, const char *reason)
{
    return !reason || fail(t, reason);
}

static void put(struct translation *t, const char *text)
{
    if (t->out && !buffer_append_text(t->out, text))
        t->full = true;
}

static void put_code(struct translation *t, uint32_t code)
{
    char text[16];
    if (!t->out)
        return;
    if (code < 0x80 && ((code | 0x20) - 'a' < 26u || code - '0' < 10u))
        snprintf(text, sizeof text, "%c", (char)code);
    else
        snprintf(text, sizeof text, "\\x{%x}", code);
    put(t, text);
}

static bool at_end(const struct translation *t)
{
    return t->at == t->end;
}

static bool next_is(const struct translation *t, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(t->end - t->at) >= length && memcmp(t->at, text, length) == 0;
}

static bool take(struct translation *t, const char *text)
{
    if (!next_is(t, text))
        return false;
    t->at += strlen(text);
    return true;
}

/* The code point at `at`, moving behind it. */
static uint32_t take_code(struct translation *t)
{
    size_t length = utf8_sequence(t->at, (size_t)(t->end - t->at));
    uint32_t code = utf8_decode(t->at, length ? length : 1); /* callers have checked */
    t->at += length ? length : 1;
    return code;
}

/* ---- names of groups ---- */

static bool is_name_byte(uint8_t c, bool first)
{
    return c == '_' || c == '$' || c >= 0x80 || (uint8_t)((c | 0x20) - 'a') < 26 ||
           (!first && c >= '0' && c <= '9');
}

/* A name and ">". */
static bool take_name(struct translation *t, struct bytes *name)
{
    const uint8_t *from = t->at;
    while (!at_end(t) && is_name_byte(*t->at, t->at == from))
        t->at++;
    *name = bytes_of(from, (size_t)(t->at - from));
    return (name->length && take(t, ">")) || fail(t, "not a name for a group");
}

/* ---- escapes ---- */

static bool take_hex(struct translation *t, int digits, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < digits; i++, t->at++) {
        if (at_end(t) || hex_digit(*t->at) < 0)
            return fail(t, "an escape with a wrong hex digit");
        *code = *code << 4 | (uint32_t)hex_digit(*t->at);
    }
    return true;
}

static bool take_braced_hex(struct translation *t, uint32_t *code)
{
    const uint8_t *from = t->at;
    for (*code = 0; !at_end(t) && hex_digit(*t->at) >= 0 && *code <= CODE_POINT_MAX; t->at++)
        *code = *code << 4 | (uint32_t)hex_digit(*t->at);
    return (t->at > from && *code <= CODE_POINT_MAX && take(t, "}")) ||
           fail(t, "not a code point between the braces of \\u{…}");
}

/* Behind "\u". */
static bool take_unicode(struct translation *t, struct atom *atom)
{
    uint32_t low;
    if (take(t, "{"))
        return take_braced_hex(t, &atom->code);
    if (!take_hex(t, 4, &atom->code))
        return false;
    if (atom->code < 0xd800 || atom->code > 0xdbff || !next_is(t, "\\u"))
        return true;
    const uint8_t *from = t->at;
    t->at += 2;
    if (!take_hex(t, 4, &low))
        return false;
    if (low < 0xdc00 || low > 0xdfff)
        t->at = from;
    else
        atom->code = 0x10000 + ((atom->code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static bool take_control(struct translation *t, struct atom *atom)
{
    if (at_end(t) || (uint8_t)((*t->at | 0x20) - 'a') >= 26)
        return fail(t, "\\c without a letter");
    atom->code = *t->at++ & 0x1f;
    return true;
}

static bool take_property(struct translation *t, struct atom *atom, bool negated)
{
    const uint8_t *close = take(t, "{") ? memchr(t->at, '}', (size_t)(t->end - t->at)) : NULL;
    if (!close)
        return fail(t, "\\p without a property in braces");
    struct bytes name = bytes_of(t->at, (size_t)(close - t->at));
    t->at = close + 1;
    atom->kind = ATOM_SET;
    atom->bare = true;
    return regex_property(name, negated, atom->text, sizeof atom->text) ||
           fail(t, "an unknown Unicode property");
}

/* In a group of its own: PCRE2's JIT lets a repeated reference fail where its group is unset. */
static void set_reference(struct atom *atom, unsigned number)
{
    atom->kind = ATOM_REFERENCE;
    snprintf(atom->text, sizeof atom->text, number ? "(?:\\g{%u})" : "(?:)", number);
}

/* Digits behind the backslash: a reference to a group, or NUL. */
static bool take_digits(struct translation *t, struct atom *atom)
{
    unsigned number = 0;
    if (*t->at == '0') {
        t->at++;
        atom->code = 0;
        return at_end(t) || *t->at < '0' || *t->at > '9' || fail(t, "an octal escape");
    }
    for (; !at_end(t) && *t->at >= '0' && *t->at <= '9' && number < 1000; t->at++)
        number = number * 10 + (unsigned)(*t->at - '0');
    if (!good_unless(t, groups_refer(&t->groups, number, &number)))
        return false;
    set_reference(atom, number);
    return true;
}

/* Behind "\k". */
static bool take_name_reference(struct translation *t, struct atom *atom)
{
    struct bytes name;
    unsigned number;
    if (!take(t, "<"))
        return fail(t, "\\k without the name of a group");
    if (!take_name(t, &name) || !good_unless(t, groups_refer_name(&t->groups, name, &number)))
        return false;
    set_reference(atom, number);
    return true;
}

/* White space and line ends as ECMA-262 has them, and all else. */
#define SPACES                                                                                     \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"  \
    "\\x{3000}\\x{feff}"
#define NOT_SPACES                                                                                 \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-"     \
    "\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}"        \
    "\\x{ff00}-\\x{10ffff}"

static const struct letter_escape {
    char letter;
    enum atom_kind kind;
    uint32_t code;
    const char *set;
} letter_escapes[] = {
    {'t', ATOM_CHARACTER, '\t', NULL}, {'n', ATOM_CHARACTER, '\n', NULL},
    {'v', ATOM_CHARACTER, 0x0b, NULL}, {'f', ATOM_CHARACTER, 0x0c, NULL},
    {'r', ATOM_CHARACTER, '\r', NULL}, {'d', ATOM_SET, 0, "0-9"},
    {'D', ATOM_SET, 0, "\\D"},         {'w', ATOM_SET, 0, "A-Za-z0-9_"},
    {'W', ATOM_SET, 0, "\\W"},         {'s', ATOM_SET, 0, SPACES},
    {'S', ATOM_SET, 0, NOT_SPACES},    {'b', ATOM_ASSERTION, 0, "\\b"},
    {'B', ATOM_ASSERTION, 0, "\\B"},
};

static bool take_letter(struct translation *t, struct atom *atom, char letter)
{
    for (size_t i = 0; i < sizeof letter_escapes / sizeof *letter_escapes; i++) {
        const struct letter_escape *row = &letter_escapes[i];
        if (row->letter != letter)
            continue;
        atom->kind = row->kind;
        atom->code = row->code;
        atom->set = row->set;
        return true;
    }
    return fail(t, "an unknown escape");
}

static bool take_escape(struct translation *t, struct atom *atom)
{
    *atom = (struct atom){.kind = ATOM_CHARACTER};
    t->at++;
    if (at_end(t))
        return fail(t, "a backslash at the end");
    uint8_t c = *t->at;
    if (c >= '0' && c <= '9')
        return take_digits(t, atom);
    if (c >= 0x80 || (uint8_t)((c | 0x20) - 'a') >= 26) {
        atom->code = take_code(t);
        return true;
    }
    t->at++;
    switch (c) {
    case 'u':
        return take_unicode(t, atom);
    case 'x':
        return take_hex(t, 2, &atom->code);
    case 'c':
        return take_control(t, atom);
    case 'k':
        return take_name_reference(t, atom);
    case 'p':
    case 'P':
        return take_property(t, atom, c == 'P');
    }
    return take_letter(t, atom, (char)c);
}

static void put_atom(struct translation *t, const struct atom *atom)
{
    if (atom->kind == ATOM_CHARACTER && atom->code >= 0xd800 && atom->code <= 0xdfff) {
        put(t, "(?!)"); /* half a character: never in valid text */
        return;
    }
    bool bracket = atom->kind == ATOM_SET && !atom->bare;
    if (atom->kind == ATOM_CHARACTER) {
        put_code(t, atom->code);
        return;
    }
    put(t, bracket ? "[" : "");
    put(t, atom->set ? atom->set : atom->text);
    put(t, bracket ? "]" : "");
}

/* ---- classes ---- */

/* One member of a class: a character or a set. */
static bool take_class_atom(struct translation *t, struct atom *atom)
{
    *atom = (struct atom){.kind = ATOM_CHARACTER};
    if (at_end(t))
        return fail(t, "a class without its closing bracket");
    if (*t->at != '\\') {
        atom->code = take_code(t);
        return true;
    }
    if (next_is(t, "\\b")) {
        t->at += 2;
        atom->code = '\b';
        return true;
    }
    if (!take_escape(t, atom))
        return false;
    return atom->kind == ATOM_CHARACTER || atom->kind == ATOM_SET ||
           fail(t, "an item that a class cannot hold");
}

static bool is_surrogate(uint32_t code)
{
    return code >= 0xd800 && code <= 0xdfff;
}

static void put_range(struct translation *t, uint32_t from, uint32_t to)
{
    if (is_surrogate(from))
        from = 0xe000;
    if (is_surrogate(to))
        to = 0xd7ff;
    if (from > to)
        return;
    put_code(t, from);
    if (from == to)
        return;
    put(t, "-");
    put_code(t, to);
}

static void put_class_atom(struct translation *t, const struct atom *atom)
{
    if (atom->kind == ATOM_CHARACTER)
        put_range(t, atom->code, atom->code);
    else
        put(t, atom->set ? atom->set : atom->text);
}

static bool take_class_member(struct translation *t)
{
    struct atom first, last;
    if (!take_class_atom(t, &first))
        return false;
    bool range = next_is(t, "-") && !next_is(t, "-]");
    if (!range) {
        put_class_atom(t, &first);
        return true;
    }
    t->at++;
    if (!take_class_atom(t, &last))
        return false;
    if (first.kind == ATOM_CHARACTER && last.kind == ATOM_CHARACTER) {
        if (first.code > last.code)
            return fail(t, "a range that ends before it begins");
        put_range(t, first.code, last.code);
        return true;
    }
    put_class_atom(t, &first); /* [\w-.]: the dash is itself */
    put_code(t, '-');
    put_class_atom(t, &last);
    return true;
}

/* A class without members. */
static void put_nothing(struct translation *t, bool negated)
{
    put(t, negated ? "(?s:.)" : "(?!)");
}

static bool take_class(struct translation *t)
{
    t->at++;
    bool negated = take(t, "^");
    if (take(t, "]")) {
        put_nothing(t, negated);
        return true;
    }
    size_t before = t->out ? t->out->length : 0;
    const char *bracket = negated ? "[^" : "[";
    put(t, bracket);
    while (!take(t, "]"))
        if (!take_class_member(t))
            return false;
    if (t->out && t->out->length == before + strlen(bracket)) { /* only halves of characters */
        t->out->length = before;
        put_nothing(t, negated);
    } else {
        put(t, "]");
    }
    return true;
}

/* ---- groups and quantifiers ---- */

/* PCRE2 gets numbers only: its rules for names are narrower than ECMA-262's. */
static bool take_capture(struct translation *t)
{
    struct bytes name;
    put(t, "(");
    if (!good_unless(t, groups_open(&t->groups, GROUP_CAPTURE)))
        return false;
    if (!take(t, "(?<"))
        return take(t, "(");
    return take_name(t, &name) && good_unless(t, groups_name(&t->groups, name));
}

static bool take_group(struct translation *t)
{
    static const struct {
        const char *opening;
        enum group_kind kind;
    } rows[] = {{"(?:", GROUP_PLAIN},
                {"(?=", GROUP_AHEAD},
                {"(?!", GROUP_AHEAD},
                {"(?<=", GROUP_BEHIND},
                {"(?<!", GROUP_BEHIND}};
    t->before = BEFORE_NOTHING;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (take(t, rows[i].opening)) {
            put(t, rows[i].opening);
            return good_unless(t, groups_open(&t->groups, rows[i].kind));
        }
    if (!next_is(t, "(?<") && (next_is(t, "(?") || next_is(t, "(*")))
        return fail(t, "an unknown kind of group");
    return take_capture(t);
}

static bool take_group_end(struct translation *t)
{
    if (!good_unless(t, groups_close(&t->groups)))
        return false;
    t->at++;
    put(t, ")");
    t->before = t->groups.closed.kind == GROUP_BEHIND ? BEFORE_NOTHING : BEFORE_GROUP;
    return true;
}

static bool take_count(const uint8_t **at, const uint8_t *end, unsigned *count)
{
    const uint8_t *from = *at;
    for (*count = 0; *at < end && **at >= '0' && **at <= '9'; ++*at)
        *count = *count > REPEAT_MAX ? *count : *count * 10 + (unsigned)(**at - '0');
    return *at > from;
}

/* "{2}", "{2,}", "{2,5}" in front; `*length` of it. */
static bool looks_like_counts(const struct translation *t, unsigned *least, unsigned *most,
                              size_t *length)
{
    const uint8_t *at = t->at + 1;
    if (!take_count(&at, t->end, least))
        return false;
    *most = *least;
    if (at < t->end && *at == ',') {
        at++;
        if (!take_count(&at, t->end, most))
            *most = REPEAT_MAX;
    }
    *length = (size_t)(at + 1 - t->at);
    return at < t->end && *at == '}';
}

static bool put_quantifier(struct translation *t, size_t length, unsigned least, unsigned most)
{
    char text[48];
    if (t->before == BEFORE_NOTHING)
        return fail(t, "a quantifier with nothing before it");
    if (t->before == BEFORE_GROUP)
        groups_repeat(&t->groups, least, most);
    snprintf(text, sizeof text, "%.*s", (int)(length < 40 ? length : 40), (const char *)t->at);
    t->at += length;
    put(t, text);
    if (take(t, "?"))
        put(t, "?");
    t->before = BEFORE_NOTHING;
    return true;
}

static bool take_brace(struct translation *t)
{
    unsigned least, most;
    size_t length;
    if (!looks_like_counts(t, &least, &most, &length)) {
        t->at++;
        put(t, "\\{");
        t->before = BEFORE_ATOM;
        return true;
    }
    if (least > most)
        return fail(t, "a quantifier whose minimum is greater than its maximum");
    if (most > REPEAT_MAX || length > 40)
        return fail(t, "a quantifier beyond 65,535");
    return put_quantifier(t, length, least, most);
}

/* ---- the whole ---- */

static bool take_special(struct translation *t, uint8_t c)
{
    struct atom atom;
    switch (c) {
    case '\\':
        if (!take_escape(t, &atom))
            return false;
        put_atom(t, &atom);
        t->before = atom.kind == ATOM_ASSERTION ? BEFORE_NOTHING : BEFORE_ATOM;
        return true;
    case '[':
        t->before = BEFORE_ATOM;
        return take_class(t);
    case '(':
        return take_group(t);
    case ')':
        return take_group_end(t);
    case '{':
        return take_brace(t);
    default:
        return put_quantifier(t, 1, c == '+', c == '?' ? 1 : REPEAT_MAX);
    }
}

/* Characters that are written as something else, and what may be repeated of them. */
static bool take_plain(struct translation *t, uint8_t c)
{
    static const struct {
        char c;
        enum before before;
        const char *text;
    } rows[] = {
        {'^', BEFORE_NOTHING, "^"},
        {'$', BEFORE_NOTHING, "$"},
        {'|', BEFORE_NOTHING, "|"},
        {'.', BEFORE_ATOM, "[^\\n\\r\\x{2028}\\x{2029}]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].c == (char)c) {
            t->at++;
            put(t, rows[i].text);
            t->before = rows[i].before;
            if (c == '|')
                groups_alternative(&t->groups);
            return true;
        }
    put_code(t, take_code(t));
    t->before = BEFORE_ATOM;
    return true;
}

static bool translate(struct translation *t, struct bytes source)
{
    t->start = t->at = source.length ? source.data : (const uint8_t *)"";
    t->end = t->start + source.length;
    if (!utf8_valid(source))
        return fail(t, "not UTF-8");
    while (!at_end(t)) {
        bool special = *t->at && strchr("\\[(){*+?", *t->at);
        if (!(special ? take_special(t, *t->at) : take_plain(t, *t->at)))
            return false;
    }
    return good_unless(t, groups_check(&t->groups));
}

bool regex_translate(struct bytes source, struct buffer *out, struct regex_fault *fault)
{
    struct translation t = {.out = out};
    bool legal = translate(&t, source);
    bool good = legal && good_unless(&t, groups_check_lost(&t.groups)) &&
                (!t.full || fail(&t, "it is too long"));
    *fault = (struct regex_fault){t.reason, (size_t)(t.at - t.start), legal};
    return good;
}

bool regex_valid(struct bytes source)
{
    struct translation t = {.out = NULL};
    return translate(&t, source);
}
