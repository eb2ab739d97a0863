/* systemd.syntax(7), systemd.unit(5) "Specifiers", and systemd.exec(5) for files of variables,
 * whose quotes and escapes are others than those of a unit. What systemd would not take is not
 * guessed. */
#include "server/service/service_words.h"

#include "base/buffer.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* ---- escapes ---- */

/* The number in at most `count` digits of the base, all of which have to be there; 0: they are not.
 */
static unsigned read_digits(const char *text, size_t count, unsigned base)
{
    unsigned number = 0;
    for (size_t i = 0; i < count; i++) {
        int letter = tolower((unsigned char)text[i]);
        unsigned digit = isdigit(letter)    ? (unsigned)letter - '0'
                         : isxdigit(letter) ? (unsigned)letter - 'a' + 10
                                            : base;
        if (digit >= base)
            return 0;
        number = number * base + digit;
    }
    return number;
}

/* Of what follows a backslash: how long it is, and the byte that it stands for; 0: no escape. */
static size_t read_escape(const char *text, char *byte)
{
    static const char letters[] = "abfnrtv\\\"'s", bytes[] = "\a\b\f\n\r\t\v\\\"' ";
    const char *simple = *text ? strchr(letters, *text) : NULL;
    unsigned number = *text == 'x' ? read_digits(text + 1, 2, 16) : read_digits(text, 3, 8);
    if (simple)
        *byte = bytes[simple - letters];
    else
        *byte = (char)number;
    return simple ? 1 : number > 0 && number <= UCHAR_MAX ? 3 : 0;
}

char *service_unescape(struct arena *arena, const char *text, size_t *length)
{
    char *whole = arena_alloc(arena, strlen(text) + 1), *end = whole;
    size_t taken;
    while (whole && *text) {
        if (*text == '\\' && (taken = read_escape(text + 1, end))) {
            text += 1 + taken;
            end++;
        } else {
            *end++ = *text++;
        }
    }
    *length = (size_t)(end - whole);
    return whole;
}

/* ---- words ---- */

static const char blanks[] = " \t\r\n";

/* Appends the word at `*rest`; false where there is none that systemd takes. */
static bool append_word(const char **rest, bool escapes, struct buffer *word)
{
    const char *at = *rest;
    char quote = '\0', byte;
    bool good = true;
    for (; good && *at && (quote || !strchr(blanks, *at)); at++) {
        size_t taken = 1;
        if (quote ? *at == quote : *at == '"' || *at == '\'') {
            quote = quote ? '\0' : *at;
            continue;
        }
        byte = *at;
        if (*at == '\\') {
            byte = at[1];
            good = at[1] && (!escapes || (taken = read_escape(at + 1, &byte)));
            at += good ? taken : 0;
        }
        good = good && buffer_append(word, &byte, 1);
    }
    if (good && !quote)
        *rest = at;
    return good && !quote;
}

const char *service_split(struct arena *arena, const char **rest, bool escapes)
{
    struct buffer word;
    const char *copy = NULL;
    *rest += strspn(*rest, blanks);
    buffer_init(&word, SERVICE_TEXT_MAX);
    if (**rest && append_word(rest, escapes, &word))
        copy = arena_copy_bytes(arena, buffer_bytes(&word));
    buffer_finish(&word);
    return copy;
}

/* ---- specifiers ---- */

/* The part of a unit's name that a letter stands for: of "a-b@c.service" %n is all of it, %N
 * "a-b@c", %p "a-b", %j "b", %i "c". */
static struct bytes part_of_name(const char *unit, char letter)
{
    const char *dot = strrchr(unit, '.');
    struct bytes whole = bytes_of_text(unit), stem = whole;
    if (dot)
        stem.length = (size_t)(dot - unit);
    struct bytes instance = stem, prefix = bytes_split(&instance, '@');
    const uint8_t *dash = prefix.length ? memrchr(prefix.data, '-', prefix.length) : NULL;
    switch (letter) {
    case 'n':
        return whole;
    case 'N':
        return stem;
    case 'i':
        return instance.data ? instance : bytes_of("", 0);
    case 'j':
        return dash ? bytes_from(prefix, (size_t)(dash - prefix.data) + 1) : prefix;
    default:
        return prefix;
    }
}

/* As in names of units: "-" stands for "/", and \xHH for a byte. */
static const char *unescape_name(struct arena *arena, struct bytes name)
{
    size_t length;
    char *text = arena_copy_bytes(arena, name);
    for (char *at = text; at && *at; at++)
        if (*at == '-')
            *at = '/';
    return text ? service_unescape(arena, text, &length) : NULL;
}

static const char *host_name(struct arena *arena, bool is_short)
{
    char name[HOST_NAME_MAX + 1] = "";
    if (gethostname(name, sizeof name - 1) != 0)
        return NULL;
    if (is_short)
        name[strcspn(name, ".")] = '\0';
    return arena_copy_text(arena, name);
}

/* NULL: it is not known here. */
static const char *meaning_of(struct arena *arena, const struct service_names *names, char letter)
{
    static const char *const fixed[UCHAR_MAX + 1] = {
        ['%'] = "%",     ['t'] = "/run",     ['S'] = "/var/lib", ['C'] = "/var/cache",
        ['E'] = "/etc",  ['L'] = "/var/log", ['T'] = "/tmp",     ['V'] = "/var/tmp",
        ['h'] = "/root", ['u'] = "root",     ['U'] = "0",        ['g'] = "root",
        ['G'] = "0"};
    if (fixed[(unsigned char)letter])
        return fixed[(unsigned char)letter];
    if (letter && strchr("nNpij", letter))
        return arena_copy_bytes(arena, part_of_name(names->unit, letter));
    if (letter && strchr("PIJ", letter))
        return unescape_name(arena, part_of_name(names->unit, (char)tolower(letter)));
    if (letter == 'H' || letter == 'l')
        return host_name(arena, letter == 'l');
    if (letter == 'd' && !names->credentials)
        return arena_format(arena, "/run/credentials/%s", names->unit);
    return letter == 'y' ? names->path : letter == 'd' ? names->credentials : NULL;
}

char *service_expand(struct arena *arena, const struct service_names *names, const char *text,
                     char *unknown)
{
    struct buffer whole;
    char *copy = NULL;
    bool good = true;
    *unknown = '\0';
    buffer_init(&whole, SERVICE_TEXT_MAX);
    while (good && *text) {
        size_t plain = strcspn(text, "%");
        const char *meaning = text[plain] ? meaning_of(arena, names, text[plain + 1]) : "";
        good = buffer_append(&whole, text, plain) && meaning && buffer_append_text(&whole, meaning);
        if (!meaning)
            *unknown = text[plain + 1] ? text[plain + 1] : '%';
        text += plain + (text[plain] ? 2 : 0);
    }
    if (good)
        copy = arena_copy_bytes(arena, buffer_bytes(&whole));
    buffer_finish(&whole);
    return copy;
}

/* ---- files of variables ---- */

/* What a byte is part of. */
enum variables_state {
    BEFORE_NAME,
    IN_NAME,
    BEFORE_VALUE, /* also behind a quoted part of it */
    IN_VALUE,
    IN_ESCAPE,
    IN_SINGLE,
    IN_DOUBLE,
    IN_DOUBLE_ESCAPE,
    IN_COMMENT,
    IN_COMMENT_ESCAPE
};

struct variables {
    enum variables_state state;
    char *name, *value; /* with room for the whole text */
    size_t name_length, value_length;
    size_t kept; /* of the value: what blanks at its end do not belong to */
    struct arena *arena;
    bool (*take)(void *context, const char *name, const char *value);
    void *context;
};

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || is_line_end(byte);
}

static void put_value(struct variables *run, char byte, bool is_kept)
{
    run->value[run->value_length++] = byte;
    if (is_kept)
        run->kept = run->value_length;
}

/* The end of a variable. */
static bool give(struct variables *run)
{
    while (run->name_length > 0 && is_blank(run->name[run->name_length - 1]))
        run->name_length--;
    const char *name = arena_copy_bytes(run->arena, bytes_of(run->name, run->name_length));
    const char *value = arena_copy_bytes(run->arena, bytes_of(run->value, run->kept));
    run->name_length = run->value_length = run->kept = 0;
    run->state = BEFORE_NAME;
    return name && value && run->take(run->context, name, value);
}

static void take_of_value(struct variables *run, char byte)
{
    if (byte == '\\') {
        run->state = IN_ESCAPE;
        run->kept = run->value_length;
    } else if (run->state == BEFORE_VALUE && (byte == '\'' || byte == '"')) {
        run->state = byte == '"' ? IN_DOUBLE : IN_SINGLE;
    } else if (run->state == IN_VALUE || !is_blank(byte)) {
        run->state = IN_VALUE;
        put_value(run, byte, !is_blank(byte));
    }
}

/* In quotes a backslash stays where it escapes nothing. */
static void take_double_escape(struct variables *run, char byte)
{
    if (byte == '\0' || !strchr("\"\\`$\n", byte))
        put_value(run, '\\', true);
    if (byte != '\n')
        put_value(run, byte, true);
    run->state = IN_DOUBLE;
}

static void take_of_name(struct variables *run, char byte)
{
    if (is_line_end(byte)) {
        run->state = BEFORE_NAME;
        run->name_length = 0;
    } else if (byte == '=') {
        run->state = BEFORE_VALUE;
    } else {
        run->name[run->name_length++] = byte;
    }
}

static bool take_byte(struct variables *run, char byte)
{
    switch (run->state) {
    case BEFORE_NAME:
        if (byte == '#' || byte == ';')
            run->state = IN_COMMENT;
        else if (!is_blank(byte)) {
            run->state = IN_NAME;
            take_of_name(run, byte);
        }
        break;
    case IN_NAME:
        take_of_name(run, byte);
        break;
    case BEFORE_VALUE:
    case IN_VALUE:
        if (is_line_end(byte))
            return give(run);
        take_of_value(run, byte);
        break;
    case IN_ESCAPE:
        run->state = IN_VALUE;
        if (!is_line_end(byte))
            put_value(run, byte, true);
        break;
    case IN_SINGLE:
    case IN_DOUBLE:
        if (byte == (run->state == IN_DOUBLE ? '"' : '\''))
            run->state = BEFORE_VALUE;
        else if (run->state == IN_DOUBLE && byte == '\\')
            run->state = IN_DOUBLE_ESCAPE;
        else
            put_value(run, byte, true);
        break;
    case IN_DOUBLE_ESCAPE:
        take_double_escape(run, byte);
        break;
    case IN_COMMENT:
        run->state = byte == '\\'        ? IN_COMMENT_ESCAPE
                     : is_line_end(byte) ? BEFORE_NAME
                                         : IN_COMMENT;
        break;
    case IN_COMMENT_ESCAPE:
        run->state = IN_COMMENT;
    }
    return true;
}

bool service_read_variables(struct bytes text, struct arena *arena,
                            bool (*take)(void *context, const char *name, const char *value),
                            void *context)
{
    struct variables run = {.name = arena_alloc(arena, text.length + 1),
                            .value = arena_alloc(arena, text.length + 1),
                            .arena = arena,
                            .take = take,
                            .context = context};
    bool done = run.name && run.value;
    for (size_t i = 0; done && i < text.length; i++)
        done = take_byte(&run, (char)text.data[i]);
    bool is_open = run.state >= BEFORE_VALUE && run.state <= IN_DOUBLE_ESCAPE;
    return done && (!is_open || give(&run));
}
