/* --help is laid out for 80 places wherever it goes, so that a page of it looks everywhere the
 * same. */
#include "server/options/help.h"

#include "base/wrap.h"

#include <string.h>

enum { HEAD_PLACES = 24, INDENT = 2 };

/* ---- parts ---- */

static void put_choices(const struct option_row *row, char *text, size_t size)
{
    size_t length = strlen(text);
    for (size_t i = 0; row->choices && row->choices[i] && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : ": ",
                                   row->choices[i]);
}

void help_row_sentence(const struct option_row *row, char text[HELP_SENTENCE_MAX])
{
    snprintf(text, HELP_SENTENCE_MAX, "%s", row->sentence);
    put_choices(row, text, HELP_SENTENCE_MAX);
    size_t length = strlen(text);
    if (row->default_text && *row->default_text)
        snprintf(text + length, HELP_SENTENCE_MAX - length, " (default: %s)", row->default_text);
}

/* The first set that is not done; that of all forms comes last. */
static unsigned next_set(const struct verb *verb, const unsigned done[], size_t done_count)
{
    struct placed_row rows[VERB_ROWS_MAX];
    size_t count = verb_rows(verb, rows);
    unsigned all = (1U << verb_form_count(verb)) - 1;
    for (size_t i = 0; i < count && verb->forms[0].word; i++) {
        bool is_new = rows[i].row->name && rows[i].forms != all;
        for (size_t j = 0; j < done_count; j++)
            is_new &= done[j] != rows[i].forms;
        if (is_new)
            return rows[i].forms;
    }
    return all;
}

void help_option_sets(const struct verb *verb,
                      void (*put)(const struct verb *verb, unsigned forms, const char *words,
                                  FILE *out),
                      FILE *out)
{
    unsigned done[VERB_ROWS_MAX + 1], all = (1U << verb_form_count(verb)) - 1, forms = 0;
    for (size_t count = 0; forms != all; count++) {
        char words[128] = "";
        size_t length = 0;
        forms = done[count] = next_set(verb, done, count);
        for (size_t i = 0; forms != all && verb->forms[i].run && length < sizeof words; i++)
            if (forms & (1U << i))
                length += (size_t)snprintf(words + length, sizeof words - length, "%s%s",
                                           length ? ", " : "", verb->forms[i].word);
        put(verb, verb->forms[0].word ? forms : 0, words, out);
    }
}

void help_rows_of(const struct verb *verb, unsigned forms, bool operands,
                  void (*put)(const struct option_row *row, FILE *out), FILE *out)
{
    struct placed_row rows[VERB_ROWS_MAX];
    size_t count = verb_rows(verb, rows);
    for (size_t i = 0; i < count; i++)
        if (operands == !rows[i].row->name && (!forms || rows[i].forms == forms))
            put(rows[i].row, out);
}

static bool may_repeat(const struct option_row *row)
{
    return row->flags & (OPTION_REPEATS | OPTION_BEHIND);
}

void help_row_head(const struct option_row *row, char text[USAGE_PART_MAX])
{
    const char *more = may_repeat(row) ? "…" : "";
    if (!row->name)
        snprintf(text, USAGE_PART_MAX, "%s%s", row->value, more);
    else if (row->letter)
        snprintf(text, USAGE_PART_MAX, "-%c, --%s%s%s%s", row->letter, row->name,
                 row->value ? " " : "", row->value ? row->value : "", more);
    else
        snprintf(text, USAGE_PART_MAX, "--%s%s%s%s", row->name, row->value ? " " : "",
                 row->value ? row->value : "", more);
}

/* "[-c FILE]", "--to URL", "[--set NAME=VALUE]…", "[-- FLAG…]" */
static void write_part(const struct option_row *row, bool is_needed, char text[USAGE_PART_MAX])
{
    char name[48] = "";
    if (row->letter)
        snprintf(name, sizeof name, "-%c", row->letter);
    else if (row->name)
        snprintf(name, sizeof name, "--%s", row->name);
    else if (row->flags & OPTION_BEHIND)
        snprintf(name, sizeof name, "--");
    bool repeats_inside = may_repeat(row) && !row->name;
    snprintf(text, USAGE_PART_MAX, "%s%s%s%s%s%s%s", is_needed ? "" : "[", name,
             name[0] && row->value ? " " : "", row->value ? row->value : "",
             repeats_inside ? "…" : "", is_needed ? "" : "]",
             may_repeat(row) && !repeats_inside ? "…" : "");
}

/* What is needed first, operands before options, as people write it. */
void help_usage_rows(const struct verb *verb, size_t form,
                     void (*put)(void *context, const struct placed_row *row, bool is_needed),
                     void *context)
{
    enum { NEEDED_OPERANDS, OPERANDS, NEEDED_OPTIONS, OPTIONS, BEHIND, PASSES };
    struct placed_row rows[VERB_ROWS_MAX];
    size_t count = verb_rows(verb, rows);
    unsigned bit = 1U << form;
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < count; i++) {
            const struct option_row *row = rows[i].row;
            bool is_needed = rows[i].needed & bit;
            int wanted = row->flags & OPTION_BEHIND ? BEHIND
                         : row->name                ? (is_needed ? NEEDED_OPTIONS : OPTIONS)
                                                    : (is_needed ? NEEDED_OPERANDS : OPERANDS);
            if ((rows[i].forms & bit) && wanted == pass)
                put(context, &rows[i], is_needed);
        }
}

/* ---- layout ---- */

struct usage_line {
    FILE *out;
    unsigned at, indent;
};

static void print_part(void *context, const struct placed_row *row, bool is_needed)
{
    struct usage_line *line = context;
    char part[USAGE_PART_MAX];
    write_part(row->row, is_needed, part);
    unsigned width = wrap_places(part, strlen(part));
    if (line->at + 1 + width > HELP_WIDTH) {
        fputc('\n', line->out);
        wrap_pad(line->out, 0, line->indent);
        line->at = line->indent;
    } else {
        fputc(' ', line->out);
        line->at++;
    }
    fputs(part, line->out);
    line->at += width;
}

static void print_usage(const struct verb *verb, FILE *out)
{
    for (size_t i = 0; verb->forms[i].run; i++) {
        char head[64];
        const char *word = verb->forms[i].word;
        snprintf(head, sizeof head, "%s tenterhook %s%s%s", i ? "      " : "usage:", verb->name,
                 !word ? ""
                 : i   ? " "
                       : " [",
                 word ? word : "");
        fprintf(out, "%s%s", head, word && !i ? "]" : "");
        unsigned at = wrap_places(head, strlen(head)) + (word && !i);
        struct usage_line line = {out, at, (unsigned)strlen("usage: tenterhook ") + 4};
        help_usage_rows(verb, i, print_part, &line);
        fputc('\n', out);
    }
}

static void print_row(FILE *out, const char *head, const char *sentence)
{
    unsigned at = INDENT + wrap_places(head, strlen(head)), column = INDENT + HEAD_PLACES + 2;
    fprintf(out, "  %s", head);
    if (at + 2 > column) {
        fputc('\n', out);
        at = 0;
    }
    wrap_pad(out, at, column);
    wrap_print(out, sentence, column, column, HELP_WIDTH);
}

static void print_forms(const struct verb *verb, FILE *out)
{
    if (!verb->forms[0].word)
        return;
    fputc('\n', out);
    for (size_t i = 0; verb->forms[i].run; i++)
        print_row(out, verb->forms[i].word, verb->forms[i].sentence);
}

static void print_option(const struct option_row *row, FILE *out)
{
    char head[USAGE_PART_MAX], sentence[HELP_SENTENCE_MAX];
    help_row_head(row, head);
    help_row_sentence(row, sentence);
    print_row(out, head, sentence);
}

/* What is for some forms only stands under their words; what is for all, at the end. */
static void print_options(const struct verb *verb, unsigned forms, const char *words, FILE *out)
{
    fprintf(out, "\nOptions%s%s:\n", words[0] ? " of " : "", words);
    help_rows_of(verb, forms, false, print_option, out);
    if (!words[0])
        print_row(out, "-h, --help", "prints this");
}

static void print_paragraphs(const char *text, FILE *out)
{
    while (text && *text) {
        const char *end = strstr(text, "\n\n");
        size_t length = end ? (size_t)(end - text) : strlen(text);
        char paragraph[1024];
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)length, text);
        fputc('\n', out);
        wrap_print(out, paragraph, 0, 0, HELP_WIDTH);
        text = end ? end + 2 : NULL;
    }
}

void help_print(const struct verb *verb, FILE *out)
{
    print_usage(verb, out);
    fputc('\n', out);
    wrap_print(out, verb->sentence, 0, 0, HELP_WIDTH);
    print_forms(verb, out);
    if (verb_has_operands(verb, (unsigned)ALL_FORMS))
        fputc('\n', out);
    help_rows_of(verb, 0, true, print_option, out);
    help_option_sets(verb, print_options, out);
    print_paragraphs(verb->more, out);
    print_paragraphs(verb->hint, out);
}
