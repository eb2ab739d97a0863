/* How wide a character is the C library knows, in its locale of UTF-8; the program itself runs in
 * the locale C, so that no number or message depends on where it runs. */
#include "server/terminal/columns.h"

#include "base/encoding.h"

#include <locale.h>
#include <wchar.h>

/* ---- widths ---- */

static locale_t utf8_locale(void)
{
    static locale_t locale; /* for the life of the process */
    if (!locale)
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return locale;
}

/* Of the character at the front, whose number of bytes goes to `*length`. What is shown as \xHH
 * takes four places. */
static unsigned character_width(struct bytes text, size_t *length)
{
    locale_t locale = utf8_locale();
    *length = utf8_shown(text.data, text.length);
    if (*length == 0) {
        *length = 1;
        return 4;
    }
    if (*length == 1 || !locale)
        return 1;
    locale_t before = uselocale(locale);
    int width = wcwidth((wchar_t)utf8_decode(text.data, *length));
    uselocale(before);
    return width < 0 ? 1 : (unsigned)width;
}

unsigned text_width(struct bytes text)
{
    unsigned width = 0;
    size_t length;
    for (; text.length > 0; text = bytes_from(text, length))
        width += character_width(text, &length);
    return width;
}

/* The bytes at the front that take at most `width` places. */
static struct bytes fitting_part(struct bytes text, unsigned width)
{
    size_t end = 0, length;
    for (struct bytes rest = text; rest.length > 0; rest = bytes_from(rest, length)) {
        unsigned one = character_width(rest, &length);
        if (one > width)
            break;
        width -= one;
        end += length;
    }
    return bytes_of(text.data, end);
}

/* ---- fitting ---- */

static unsigned line_width(const struct column *columns, size_t count)
{
    unsigned width = 0;
    for (size_t i = 0; i < count; i++)
        if (columns[i].width > 0)
            width += columns[i].width + (width > 0 ? COLUMN_GAP : 0);
    return width;
}

static struct column *widest_above_least(struct column *columns, size_t count)
{
    struct column *widest = NULL;
    for (size_t i = 0; i < count; i++)
        if (columns[i].width > columns[i].least && (!widest || columns[i].width > widest->width))
            widest = &columns[i];
    return widest;
}

static struct column *least_needed(struct column *columns, size_t count)
{
    struct column *last = NULL;
    for (size_t i = 0; i < count; i++)
        if (columns[i].width > 0 && columns[i].rank > (last ? last->rank : 0))
            last = &columns[i];
    return last;
}

void columns_fit(struct column *columns, size_t count, const unsigned *wanted, unsigned places)
{
    struct column *column;
    for (size_t i = 0; i < count; i++)
        columns[i].width = wanted[i] ? wanted[i] : 1;
    while (line_width(columns, count) > places) {
        if ((column = widest_above_least(columns, count)))
            column->width--;
        else if ((column = least_needed(columns, count)))
            column->width = 0;
        else
            break;
    }
    /* where a column was left out the others may be wider again */
    for (size_t i = 0; i < count; i++)
        while (columns[i].width > 0 && columns[i].width < wanted[i] &&
               line_width(columns, count) < places)
            columns[i].width++;
}

/* ---- printing ---- */

static void print_cut(FILE *out, struct bytes text, unsigned width, unsigned *printed)
{
    unsigned whole = text_width(text);
    struct bytes part = whole > width ? fitting_part(text, width - 1) : text;
    print_safe(out, part);
    if (whole > width)
        fputs("…", out);
    *printed = whole > width ? text_width(part) + 1 : whole;
}

void columns_print(FILE *out, const struct screen *screen, const struct column *columns,
                   const struct cell *cells, size_t count)
{
    unsigned owed = 0; /* blanks, once something follows */
    for (size_t i = 0; i < count; i++) {
        unsigned printed = 0;
        if (columns[i].width == 0)
            continue;
        fprintf(out, "%*s", (int)owed, "");
        style_begin(out, screen, cells[i].style);
        print_cut(out, cells[i].text, columns[i].width, &printed);
        style_end(out, screen, cells[i].style);
        owed = columns[i].width - printed + COLUMN_GAP;
    }
    fputc('\n', out);
}
