/* A sentence begins a line, lines have at most 78 places, no line of text begins with what would
 * make it a request, and all that is not ASCII is written as an escape: so the pages mean the same
 * to mandoc and to groff. */
#include "base/mdoc.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { PLACES = 78 };

/* ---- characters ---- */

/* A character of UTF-8 and its length. */
static uint32_t decode(const char *text, size_t *length)
{
    const unsigned char *at = (const unsigned char *)text;
    *length = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    uint32_t value = *length == 1 ? at[0] : at[0] & (0xFFU >> (*length + 1));
    for (size_t i = 1; i < *length; i++) {
        if (!at[i]) {
            *length = i;
            return 0xFFFD;
        }
        value = value << 6 | (at[i] & 0x3F);
    }
    return value;
}

static void put_escaped(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0, one; i < length; i += one) {
        uint32_t value = decode(text + i, &one);
        if (value == '\\')
            fputs("\\e", out);
        else if (value == '"')
            fputs("\\(dq", out);
        else if (value < 0x80)
            fputc((int)value, out);
        else if (value == 0x2026)
            fputs("...", out);
        else
            fprintf(out, "\\[u%04X]", (unsigned)value);
    }
}

/* How many bytes put_escaped writes. */
static unsigned escaped_length(const char *text, size_t length)
{
    unsigned bytes = 0;
    for (size_t i = 0, one; i < length; i += one) {
        uint32_t value = decode(text + i, &one);
        bytes += value == '\\' ? 2 : value == '"' ? 4 : value < 0x80 ? 1 : value == 0x2026 ? 3 : 8;
    }
    return bytes;
}

/* ---- text ---- */

struct text {
    FILE *out;
    unsigned at; /* places of the line; 0: a new one */
};

static void end_line(struct text *text)
{
    if (text->at > 0)
        fputc('\n', text->out);
    text->at = 0;
}

static bool ends_sentence(const char *word, size_t length)
{
    while (length > 1 && strchr(")\"", word[length - 1]))
        length--;
    return length > 0 && strchr(".!?", word[length - 1]);
}

static void put_word(struct text *text, const char *word, size_t length)
{
    unsigned places = escaped_length(word, length);
    if (text->at > 0 && text->at + 1 + places > PLACES)
        end_line(text);
    if (text->at > 0)
        fputc(' ', text->out);
    else if (strchr(".'", word[0]))
        fputs("\\&", text->out);
    text->at += places + (text->at > 0);
    put_escaped(text->out, word, length);
    if (ends_sentence(word, length))
        end_line(text);
}

/* What a macro sets without a blank before it, if it is an argument of its own. */
static bool is_delimiter(char c)
{
    return c && strchr(".,:;)]?!", c);
}

static bool are_delimiters(const char *word, size_t length)
{
    while (length > 0 && is_delimiter(word[length - 1]))
        length--;
    return length == 0;
}

/* Arguments in quotes, so that blanks in them stay, and behind \&, so that they are no macros. */
static void put_argument(FILE *out, const char *word, size_t length)
{
    fputs(" \"\\&", out);
    put_escaped(out, word, length);
    fputs(is_delimiter(word[length - 1]) ? "\\&\"" : "\"", out);
}

/* A literal with what stands before it and behind it without a blank: (`a`), */
static const char *put_literal(struct text *text, const char *before, const char *begin)
{
    const char *end = strchr(begin + 1, '`'), *after = end + 1;
    size_t length = strcspn(after, " \n`");
    end_line(text);
    fputs(begin > before ? ".No" : ".Ql", text->out);
    if (begin > before) {
        put_argument(text->out, before, (size_t)(begin - before));
        fputs(" Ns Ql", text->out);
    }
    put_argument(text->out, begin + 1, (size_t)(end - begin - 1));
    if (are_delimiters(after, length)) {
        for (size_t i = 0; i < length; i++)
            fprintf(text->out, " %c", after[i]);
    } else {
        fputs(" Ns No", text->out);
        put_argument(text->out, after, length);
    }
    fputc('\n', text->out);
    return after + length;
}

/* The words of [words](link). */
static const char *put_link(struct text *text, const char *begin)
{
    const char *end = strchr(begin, ']');
    put_word(text, begin + 1, (size_t)(end - begin - 1));
    return strchr(end, ')') + 1;
}

static bool is_link(const char *at)
{
    const char *end = *at == '[' ? strchr(at, ']') : NULL;
    return end && end[1] == '(' && strchr(end, ')');
}

static void put_text(struct text *text, const char *at)
{
    while (*at) {
        size_t length = strcspn(at, " \n");
        const char *tick = memchr(at, '`', length);
        if (length == 0)
            at++;
        else if (tick && strchr(tick + 1, '`'))
            at = put_literal(text, at, tick);
        else if (is_link(at))
            at = put_link(text, at);
        else {
            put_word(text, at, length);
            at += length;
        }
    }
    end_line(text);
}

void mdoc_text(FILE *out, const char *text)
{
    struct text state = {out, 0};
    put_text(&state, text);
}

void mdoc_sentence(FILE *out, const char *text)
{
    char whole[4096];
    size_t length = (size_t)snprintf(whole, sizeof whole - 1, "%s", text);
    if (length == 0 || length >= sizeof whole - 1)
        return;
    whole[0] = (char)toupper((unsigned char)whole[0]);
    if (!strchr(".!?", whole[length - 1]))
        memcpy(whole + length, ".", 2);
    mdoc_text(out, whole);
}

void mdoc_paragraphs(FILE *out, const char *text)
{
    char paragraph[4096];
    while (text && *text) {
        const char *end = strstr(text, "\n\n");
        snprintf(paragraph, sizeof paragraph, "%.*s", end ? (int)(end - text) : (int)strlen(text),
                 text);
        fputs(".Pp\n", out);
        mdoc_text(out, paragraph);
        text = end ? end + 2 : NULL;
    }
}

void mdoc_about(FILE *out, const char *text)
{
    fputs(".Nd ", out);
    while (*text) {
        size_t length = strcspn(text, "`");
        put_escaped(out, text, length);
        text += length + (text[length] != '\0');
    }
    fputc('\n', out);
}

void mdoc_words(FILE *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        if (length > 0) {
            fputs(" \\&", out);
            put_escaped(out, text, length);
        }
        text += length + (text[length] != '\0');
    }
}

/* ---- the head ---- */

void mdoc_begin(FILE *out, const char *title, int section, const char *date)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    unsigned year = 0, month = 1, day = 1;
    if (sscanf(date, "%u-%u-%u", &year, &month, &day) != 3 || month < 1 || month > 12)
        month = 1;
    fprintf(out,
            ".\\\" Printed by \"tenterhook manual\" from the rows of the code; do not edit.\n"
            ".Dd %s %u, %u\n.Dt ",
            months[month - 1], day, year);
    for (; *title; title++)
        fputc(toupper((unsigned char)*title), out);
    fprintf(out, " %d\n.Os\n", section);
}
