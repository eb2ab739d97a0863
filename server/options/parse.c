/* One parser for all verbs, over getopt_long, which knows the ways to write options. Words are
 * taken in their order whatever POSIXLY_CORRECT says, and a name only where it is whole: a script
 * that says --lim would end on the day on which --limbo is new.
 *
 * Which form of the verb is meant is known at the end: by its word, or by what was given. */
#include "server/options/parse.h"

#include "config/nearest.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_VALUES = 256 }; /* what getopt_long returns of the first row: beyond characters */

struct parse {
    const struct verb *verb;
    struct placed_row rows[VERB_ROWS_MAX];
    size_t count;
    bool given[VERB_ROWS_MAX];
    struct word_list operands, behind; /* behind "--" */
    char *options;
    int argc;
    char **argv;
    struct error *err;
};

/* ---- memory ---- */

/* One block: the struct, and behind it a list for each row that may repeat, and two of operands. */
static bool allocate(struct parse *parse)
{
    size_t start = (parse->verb->size + 15) / 16 * 16, words = (size_t)parse->argc + 1;
    char *block = calloc(1, start + (parse->count + 2) * words * sizeof(const char *));
    if (!block)
        return error_set(parse->err, "no memory");
    const char **lists = (const char **)(void *)(block + start);
    for (size_t i = 0; i < parse->count; i++, lists += words) {
        const struct option_row *row = parse->rows[i].row;
        if ((row->flags & (OPTION_REPEATS | OPTION_BEHIND)) && row->kind != OPTION_CUSTOM)
            ((struct word_list *)(void *)(block + parse->rows[i].offset))->items = lists;
    }
    parse->operands.items = lists;
    parse->behind.items = lists + words;
    parse->options = block;
    return true;
}

/* ---- options ---- */

static void list_for_getopt(const struct parse *parse, struct option *longs, char *letters)
{
    size_t count = 0, length = 2;
    memcpy(letters, "-:", length);
    for (size_t i = 0; i < parse->count; i++) {
        const struct option_row *row = parse->rows[i].row;
        if (!row->name)
            continue;
        longs[count++] = (struct option){row->name, row->value ? required_argument : no_argument,
                                         NULL, LONG_VALUES + (int)i};
        if (row->letter)
            letters[length++] = row->letter;
        if (row->letter && row->value)
            letters[length++] = ':';
    }
    longs[count] = (struct option){NULL, 0, NULL, 0};
    letters[length] = '\0';
}

/* The row of what getopt_long has returned, or of `optopt`. */
static size_t find_row(const struct parse *parse, int value)
{
    size_t i = 0;
    if (value >= LONG_VALUES)
        return (size_t)(value - LONG_VALUES);
    while (i < parse->count && (value == 0 || parse->rows[i].row->letter != value))
        i++;
    return i;
}

static bool is_whole(const struct option_row *row, const char *word)
{
    size_t length = strlen(row->name);
    return strncmp(word, "--", 2) != 0 ||
           (strncmp(word + 2, row->name, length) == 0 && strchr("=", word[2 + length]));
}

/* The option that was probably meant. */
static const char *nearest_option(const struct parse *parse, const char *word, size_t length)
{
    static char shown[VERB_ROWS_MAX][64];
    const char *names[VERB_ROWS_MAX + 2] = {"--help"};
    char given[64];
    size_t count = 1;
    snprintf(given, sizeof given, "%s%.*s", word[1] == '-' ? "" : "-", (int)length, word);
    for (size_t i = 0; i < parse->count; i++)
        if (parse->rows[i].row->name)
            names[count++] = option_shown(parse->rows[i].row, shown[i]);
    return length > 2 ? nearest_name(given, names) : NULL;
}

/* Behind one dash a letter may have its value, and that may be a secret. */
static bool tell_unknown(const struct parse *parse, const char *word)
{
    bool is_long = word[1] == '-';
    size_t length = strcspn(word, "=");
    const char *nearest = nearest_option(parse, word, length);
    bool shows_all = is_long || (nearest && strncmp(nearest + 1, word, length) == 0);
    return error_set(parse->err, "there is no option \"%.*s\"%s%s%s", (int)(shows_all ? length : 2),
                     word, nearest ? ", did you mean \"" : "", nearest ? nearest : "",
                     nearest ? "\"?" : "");
}

static bool take_value(struct parse *parse, size_t i, const char *value)
{
    const struct placed_row *placed = &parse->rows[i];
    char shown[64];
    parse->err->text[0] = '\0';
    parse->given[i] = true;
    if (option_take(placed->row, value, parse->options + placed->offset, parse->err))
        return true;
    if (parse->err->text[0]) {
        struct error why = *parse->err;
        error_set(parse->err, "%s %s", option_shown(placed->row, shown), why.text);
    }
    return false;
}

/* What getopt_long has found at `word`. */
static bool take_option(struct parse *parse, int found, const char *word)
{
    char shown[64];
    size_t i = find_row(parse, found == '?' || found == ':' ? optopt : found);
    const struct option_row *row = i < parse->count ? parse->rows[i].row : NULL;
    if (!row || !is_whole(row, word))
        return tell_unknown(parse, word);
    if (found == ':')
        return error_set(parse->err, "%s needs %s", option_shown(row, shown), row->value);
    if (found == '?')
        return error_set(parse->err, "%s takes no value", option_shown(row, shown));
    return take_value(parse, i, row->value ? optarg : NULL);
}

static bool read_words(struct parse *parse)
{
    struct option longs[VERB_ROWS_MAX + 1];
    char letters[2 * VERB_ROWS_MAX + 3];
    int found, at = 1;
    list_for_getopt(parse, longs, letters);
    opterr = 0;
    optind = 0; /* begins anew */
    while ((found = getopt_long(parse->argc, parse->argv, letters, longs, NULL)) != -1) {
        if (found == 1)
            parse->operands.items[parse->operands.count++] = optarg;
        else if (!take_option(parse, found, parse->argv[at]))
            return false;
        at = optind;
    }
    for (at = optind; at < parse->argc; at++)
        parse->behind.items[parse->behind.count++] = parse->argv[at];
    return true;
}

/* ---- the form ---- */

/* Of words that were typed in the place of a form's. */
static const struct verb_form *find_word(const struct parse *parse)
{
    const char *names[VERB_FORMS_MAX + 1] = {NULL}, *word = parse->operands.items[0];
    const struct verb_form *forms = parse->verb->forms;
    char list[128] = "";
    size_t length = 0;
    for (size_t i = 0; forms[i].run; i++) {
        if (strcmp(forms[i].word, word) == 0)
            return &forms[i];
        names[i] = forms[i].word;
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : "",
                                   forms[i].word);
    }
    const char *nearest = nearest_name(word, names);
    if (nearest)
        error_set(parse->err, "did you mean \"%s %s\"?", parse->verb->name, nearest);
    else
        error_set(parse->err, "behind %s stands %s", parse->verb->name, list);
    return NULL;
}

static size_t bit_of(const struct parse *parse, const struct verb_form *form)
{
    return (size_t)1 << (form - parse->verb->forms);
}

/* Whether all that was given may stand in the form. */
static bool may_be(const struct parse *parse, size_t bit)
{
    for (size_t i = 0; i < parse->count; i++)
        if (parse->given[i] && !(parse->rows[i].forms & bit))
            return false;
    return parse->operands.count == 0 || verb_has_operands(parse->verb, (unsigned)bit);
}

/* The first row that is needed and was not given; NULL. Operands come to their rows in order. */
static const struct option_row *find_missing(const struct parse *parse, size_t bit)
{
    size_t operands = parse->operands.count;
    for (size_t i = 0; i < parse->count; i++) {
        const struct placed_row *placed = &parse->rows[i];
        bool is_operand = !placed->row->name && (placed->forms & bit);
        bool is_given = is_operand ? operands > 0 : parse->given[i];
        operands -= is_operand && operands > 0;
        if ((placed->needed & bit) && !is_given)
            return placed->row;
    }
    return NULL;
}

static const struct verb_form *find_form(const struct parse *parse)
{
    const struct verb_form *forms = parse->verb->forms, *possible = NULL;
    for (const struct verb_form *form = forms; form->run; form++) {
        size_t bit = bit_of(parse, form);
        if (!may_be(parse, bit))
            continue;
        if (!find_missing(parse, bit))
            return form;
        possible = possible ? possible : form;
    }
    return possible;
}

/* Of what was given without a form in common: two that exclude each other, if there are such. */
static bool tell_apart(const struct parse *parse)
{
    char one[64], other[64];
    for (size_t i = 0; i < parse->count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct placed_row *a = &parse->rows[i], *b = &parse->rows[j];
            bool a_is_there = a->row->name ? parse->given[i] : parse->operands.count > 0;
            bool b_is_there = b->row->name ? parse->given[j] : parse->operands.count > 0;
            if (a_is_there && b_is_there && !(a->forms & b->forms))
                return error_set(parse->err, "%s and %s do not go together",
                                 option_shown(b->row, other), option_shown(a->row, one));
        }
    return error_set(parse->err, "these options do not go together");
}

/* `check hooks.yaml` */
static bool is_bare_file(const struct parse *parse, const char *word)
{
    const char *ending = strrchr(word, '.');
    bool has_file = false;
    for (size_t i = 0; i < parse->count; i++)
        has_file |= parse->rows[i].row->letter == 'c';
    return has_file && ending && (strcmp(ending, ".yaml") == 0 || strcmp(ending, ".yml") == 0);
}

/* Words that have no row are not shown: one may be a secret whose option was forgotten. */
static bool tell_too_many(const struct parse *parse, const char *word, const char *last)
{
    if (is_bare_file(parse, word))
        return error_set(parse->err, "did you mean -c %s?", word);
    return last ? error_set(parse->err, "takes no further word behind %s", last)
                : error_set(parse->err, "takes options only");
}

/* The operands into the fields of their rows. */
static bool give_operands(struct parse *parse, size_t bit)
{
    size_t next = 0;
    const char *last = NULL;
    for (size_t i = 0; i < parse->count; i++) {
        const struct option_row *row = parse->rows[i].row;
        if (row->name || !(parse->rows[i].forms & bit) || (row->flags & OPTION_BEHIND))
            continue;
        bool more = next < parse->operands.count;
        for (; more; more = (row->flags & OPTION_REPEATS) && next < parse->operands.count)
            if (!take_value(parse, i, parse->operands.items[next++]))
                return false;
        last = row->value;
    }
    return next == parse->operands.count || tell_too_many(parse, parse->operands.items[next], last);
}

/* To the row for it, or to the operands. */
static void give_behind(struct parse *parse)
{
    struct word_list *list = &parse->operands;
    for (size_t i = 0; i < parse->count; i++)
        if (parse->rows[i].row->flags & OPTION_BEHIND)
            list = (struct word_list *)(void *)(parse->options + parse->rows[i].offset);
    for (size_t i = 0; i < parse->behind.count; i++)
        list->items[list->count++] = parse->behind.items[i];
}

static const struct verb_form *choose_form(struct parse *parse)
{
    const struct verb_form *form = parse->verb->forms;
    if (!form->word) {
        form = find_form(parse);
        if (!form && parse->operands.count > 0 && is_bare_file(parse, parse->operands.items[0]))
            tell_too_many(parse, parse->operands.items[0], NULL);
        else if (!form && parse->operands.count > 0 &&
                 !verb_has_operands(parse->verb, (unsigned)ALL_FORMS))
            tell_too_many(parse, parse->operands.items[0], NULL);
        else if (!form)
            tell_apart(parse);
        return form;
    }
    if (parse->operands.count > 0 && is_bare_file(parse, parse->operands.items[0])) {
        tell_too_many(parse, parse->operands.items[0], NULL);
        return NULL;
    }
    if (parse->operands.count > 0) {
        form = find_word(parse);
        parse->operands.items++;
        parse->operands.count--;
    }
    return form;
}

/* Of a form that its word has chosen. */
static bool check_form(struct parse *parse, const struct verb_form *form)
{
    char shown[64];
    size_t bit = bit_of(parse, form);
    const struct option_row *missing = find_missing(parse, bit);
    for (size_t i = 0; i < parse->count; i++)
        if (parse->given[i] && !(parse->rows[i].forms & bit))
            return error_set(parse->err, "%s is not for \"%s %s\"",
                             option_shown(parse->rows[i].row, shown), parse->verb->name,
                             form->word);
    if (!missing)
        return true;
    return error_set(parse->err, "needs %s%s%s", option_shown(missing, shown),
                     missing->name && missing->value ? " " : "",
                     missing->name && missing->value ? missing->value : "");
}

/* What has a default and was not given. */
static bool give_defaults(struct parse *parse)
{
    for (size_t i = 0; i < parse->count; i++)
        if (!parse->given[i] && parse->rows[i].row->default_text &&
            !take_value(parse, i, parse->rows[i].row->default_text))
            return false;
    return true;
}

bool cli_parse(const struct verb *verb, int argc, char **argv, struct parsed *parsed,
               struct error *err)
{
    struct parse parse = {.verb = verb, .argc = argc, .argv = argv, .err = err};
    *parsed = (struct parsed){NULL, NULL};
    parse.count = verb_rows(verb, parse.rows);
    bool good = allocate(&parse) && read_words(&parse);
    parsed->options = parse.options;
    if (!good)
        return false;
    give_behind(&parse);
    const struct verb_form *form = choose_form(&parse);
    if (!form || !check_form(&parse, form) || !give_operands(&parse, bit_of(&parse, form)) ||
        !give_defaults(&parse))
        return false;
    parsed->form = form;
    return true;
}

void cli_parsed_finish(struct parsed *parsed)
{
    free(parsed->options);
    parsed->options = NULL;
}
