/* Problems are kept in file order, so that a person works through a file from top to bottom, and
 * each once: a mistake under `defaults:` would otherwise come up for every route. What is printed
 * goes to a terminal, so control bytes are escaped; and a line may hold a secret, so what is known
 * to be one is cut off (masks), and where a file does not parse, whatever stands behind a key whose
 * value would be a secret. */
#include "config/diagnostic.h"

#include "base/encoding.h"
#include "base/log.h"
#include "base/secret.h"
#include "config/nearest.h"

enum { PROBLEM_ARENA = 64 << 20, SHOWN_MAX = 120, SHOWN_BEFORE = 60 };

void problem_list_init(struct problem_list *list)
{
    *list = (struct problem_list){0};
    arena_init(&list->arena, PROBLEM_ARENA);
}

void problem_list_finish(struct problem_list *list)
{
    for (struct source *source = list->sources; source; source = source->next)
        secret_wipe((uint8_t *)source->text.data, source->text.length);
    arena_finish(&list->arena);
    *list = (struct problem_list){0};
}

const struct source *problem_list_add_source(struct problem_list *list, const char *name,
                                             const char *directory, struct bytes text)
{
    struct source *source = arena_alloc(&list->arena, sizeof *source);
    char *name_copy = arena_copy_text(&list->arena, name);
    char *directory_copy = arena_copy_text(&list->arena, directory);
    char *text_copy = arena_copy_bytes(&list->arena, text);
    if (!source || !name_copy || !directory_copy || !text_copy)
        return NULL;
    *source =
        (struct source){name_copy, directory_copy, bytes_of(text_copy, text.length), list->sources};
    list->sources = source;
    return source;
}

/* ---- collecting ---- */

static int compare_places(const struct problem *a, const struct problem *b)
{
    return a->line != b->line       ? (a->line < b->line ? -1 : 1)
           : a->column != b->column ? (a->column < b->column ? -1 : 1)
                                    : 0;
}

/* Where a new problem belongs: behind all of its source that are not after it, else (its source is
 * there, but only later places) in front of those, else at the end. NULL: it is there already. */
static struct problem **find_slot(struct problem_list *list, const struct problem *added)
{
    struct problem **slot = NULL, **link = &list->first;
    for (; *link; link = &(*link)->next) {
        if ((*link)->source != added->source)
            continue;
        int order = compare_places(*link, added);
        if (order == 0 && strcmp((*link)->text, added->text) == 0)
            return NULL;
        if (order <= 0)
            slot = &(*link)->next;
        else if (!slot)
            slot = link;
    }
    return slot ? slot : link;
}

static void insert_problem(struct problem_list *list, struct problem *added)
{
    struct problem **slot = find_slot(list, added);
    if (!slot)
        return;
    *(added->kind == PROBLEM_ERROR ? &list->errors : &list->warnings) += 1;
    if (list->count == PROBLEMS_MAX)
        return;
    added->next = *slot;
    *slot = added;
    list->count++;
}

/* Full memory must not turn a wrong file into a right one: the count goes up in any case. */
__attribute__((format(printf, 3, 0))) static void
add_problem(struct problem_list *list, const struct problem *made, const char *format, va_list args)
{
    char text[1024];
    struct problem *problem = arena_alloc(&list->arena, sizeof *problem);
    vsnprintf(text, sizeof text, format, args);
    if (problem)
        *problem = *made;
    if (problem)
        problem->text = arena_copy_text(&list->arena, text);
    if (problem && problem->text)
        insert_problem(list, problem);
    else
        *(made->kind == PROBLEM_ERROR ? &list->errors : &list->warnings) += 1;
}

void problem_add(struct problem_list *list, enum problem_kind kind, const struct source *source,
                 unsigned line, unsigned column, unsigned end_column, const char *format,
                 va_list args)
{
    struct problem problem = {
        .kind = kind, .source = source, .line = line, .column = column, .end_column = end_column};
    add_problem(list, &problem, format, args);
}

void problem_add_unparsed(struct problem_list *list, const struct source *source, unsigned line,
                          unsigned column, const char *bare, const char *format, ...)
{
    struct problem problem = {
        .source = source, .line = line, .column = column, .unparsed = true, .bare = bare};
    va_list args;
    va_start(args, format);
    add_problem(list, &problem, format, args);
    va_end(args);
}

__attribute__((format(printf, 3, 4))) static void
add_made(struct problem_list *list, const struct problem *made, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_problem(list, made, format, args);
    va_end(args);
}

void problem_warn_unparsed(struct problem_list *list, const struct source *source, unsigned line,
                           unsigned column, const char *text)
{
    struct problem problem = {.kind = PROBLEM_WARNING,
                              .source = source,
                              .line = line,
                              .column = column,
                              .unparsed = true};
    add_made(list, &problem, "%s", text);
}

void problem_add_at(struct problem_list *list, const struct source *source, unsigned line,
                    unsigned column, unsigned end_column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem_add(list, PROBLEM_ERROR, source, line, column, end_column, format, args);
    va_end(args);
}

static size_t count_characters(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += (text.data[i] & 0xc0) != 0x80;
    return count;
}

void source_place(const struct source *source, size_t offset, unsigned *line, unsigned *column)
{
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < offset && i < source->text.length; i++)
        if (source->text.data[i] == '\n') {
            ++*line;
            start = i + 1;
        }
    *column = (unsigned)count_characters(bytes_of(source->text.data + start, offset - start)) + 1;
}

void problem_add_plain(struct problem_list *list, const char *format, ...)
{
    struct problem problem = {.kind = PROBLEM_ERROR};
    va_list args;
    va_start(args, format);
    add_problem(list, &problem, format, args);
    va_end(args);
}

void problem_list_mask(struct problem_list *list, const struct source *source, unsigned line,
                       unsigned column, unsigned end_line)
{
    struct mask *mask = arena_alloc(&list->arena, sizeof *mask);
    if (!mask) {
        list->lines_hidden = true;
        return;
    }
    *mask = (struct mask){source, line, column, end_line, list->masks};
    list->masks = mask;
}

/* ---- printing ---- */

/* Bytes of the UTF-8 character at the front; a byte that starts none counts as one. */
static size_t character_length(struct bytes text)
{
    uint8_t first = text.data[0];
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return length <= text.length && utf8_valid(bytes_of(text.data, length)) ? length : 1;
}

/* Prints one character and returns its width (1 where it is not escaped: of wide ones nothing is
 * known). */
static unsigned print_character(struct bytes character, FILE *out)
{
    if (character.data[0] == '\t') {
        fputc(' ', out);
        return 1;
    }
    if (character.length == 1 && character.data[0] >= 0x80)
        return (unsigned)fprintf(out, "\\x%02x", character.data[0]);
    uint32_t point = utf8_decode(character.data, character.length);
    if (utf8_shown(character.data, character.length) == 0)
        return (unsigned)fprintf(out, point < 0x100 ? "\\x%02x" : "\\u%04x", point);
    fwrite(character.data, 1, character.length, out);
    return 1;
}

static void print_text(struct bytes text, FILE *out)
{
    while (text.length) {
        size_t length = character_length(text);
        print_character(bytes_of(text.data, length), out);
        text = bytes_from(text, length);
    }
}

static struct bytes source_line(const struct source *source, unsigned line)
{
    struct bytes rest = source->text, found = {0};
    for (unsigned i = 0; i < line && rest.data; i++)
        found = bytes_split(&rest, '\n');
    if (found.length && found.data[found.length - 1] == '\r')
        found.length--;
    return found;
}

static size_t indentation(struct bytes line)
{
    size_t count = 0;
    while (count < line.length && line.data[count] == ' ')
        count++;
    return count;
}

static bool is_name_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           byte == '-' || (byte >= '0' && byte <= '9');
}

/* The word at the front, as far as it is one of a name. */
static size_t name_length(struct bytes text)
{
    size_t length = 0;
    while (length < text.length && is_name_byte(text.data[length]))
        length++;
    return length;
}

/* Behind the colon that follows a name of that length, perhaps in quotes; 0: there is none. */
static size_t behind_colon(struct bytes text, size_t length)
{
    if (length < text.length && (text.data[length] == '"' || text.data[length] == '\''))
        length++;
    while (length < text.length && text.data[length] == ' ')
        length++;
    return length < text.length && text.data[length] == ':' ? length + 1 : 0;
}

static bool is_among(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Misspelt ones too. */
static bool is_secret_name(const struct problem_list *list, struct bytes name)
{
    char text[64];
    if (name.length == 0 || name.length >= sizeof text)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)name.length, (const char *)name.data);
    return is_among(list->secret_names, text) ||
           (!is_among(list->plain_names, text) && nearest_name(text, list->secret_names) != NULL);
}

/* Whether it is the key `value` and a reference such as `payload.ref`, perhaps in quotes, so that
 * both belong to a condition. The value of a token is looked for at the key `token` too, so what is
 * taken for a reference wrongly has to stand outside of any. */
static bool is_reference(const struct problem_list *list, struct bytes name, struct bytes text)
{
    if (!bytes_equal_text(name, "value"))
        return false;
    while (text.length && (text.data[0] == ' ' || text.data[0] == '"' || text.data[0] == '\''))
        text = bytes_from(text, 1);
    for (const char *const *root = list->reference_roots; root && *root; root++) {
        if (!bytes_starts_with(text, bytes_of_text(*root)))
            continue;
        struct bytes rest = bytes_from(text, strlen(*root));
        bool ends = rest.length == 0 || !is_name_byte(rest.data[0]);
        if (strchr(*root, '.') ? ends : rest.length && byte_is_among(rest.data[0], ".["))
            return true;
    }
    return false;
}

/* Behind the first key whose value is a secret; SIZE_MAX if the line has none. Its colon may be
 * missing: then it is the first word of the line. */
static size_t secret_offset(const struct problem_list *list, struct bytes line)
{
    bool is_first = true;
    for (size_t at = 0; list->secret_names && at < line.length;) {
        struct bytes rest = bytes_from(line, at);
        size_t length = name_length(rest), behind = length ? behind_colon(rest, length) : 0;
        if (is_first && !behind && length > 0 && rest.data[0] != '-')
            behind = length;
        is_first = is_first && (length == 0 || rest.data[0] == '-');
        struct bytes name = bytes_of(rest.data, length);
        if (behind && is_secret_name(list, name) &&
            !is_reference(list, name, bytes_from(rest, behind)))
            return at + behind;
        at += length ? length : 1;
    }
    return SIZE_MAX;
}

/* The line before `line` in the same text; data is NULL for the first. */
static struct bytes line_before(const struct source *source, struct bytes line)
{
    const uint8_t *start = source->text.data, *end = line.data;
    if (end == start)
        return (struct bytes){0};
    const uint8_t *from = --end;
    while (from > start && from[-1] != '\n')
        from--;
    return bytes_of(from, (size_t)(end - from));
}

/* "key: …", "- …" or a comment; other lines go on with what an earlier one began. */
static bool starts_something(struct bytes line)
{
    struct bytes rest = bytes_from(line, indentation(line));
    size_t name = name_length(rest);
    if (rest.length == 0 || rest.data[0] == '-' || rest.data[0] == '#')
        return rest.length > 0;
    return name > 0 && behind_colon(rest, name) > 0;
}

/* Whether `above` may be what `line` stands in: it is further out, or `line` goes on with it, or is
 * an item of its list, which may stand as far in as its key. */
static bool may_hold(struct bytes above, struct bytes line)
{
    size_t outer = indentation(above), inner = indentation(line);
    bool item = line.length > inner && line.data[inner] == '-';
    bool above_item = above.length > outer && above.data[outer] == '-';
    return outer < inner || !starts_something(line) || (outer == inner && item && !above_item);
}

/* In a file that does not parse the text has to say what stands in what: looks upwards for a key
 * whose value would be a secret. */
static bool below_secret(const struct problem_list *list, const struct source *source,
                         struct bytes line)
{
    struct bytes above = line;
    while ((above = line_before(source, above)).data) {
        if (above.length == indentation(above) || !may_hold(above, line))
            continue;
        if (secret_offset(list, above) != SIZE_MAX)
            return true;
        line = above;
    }
    return false;
}

static size_t byte_of_column(struct bytes line, unsigned column)
{
    size_t at = 0;
    for (unsigned i = 1; i < column && at < line.length; i++)
        at += character_length(bytes_from(line, at));
    return at;
}

/* How much of the line may be shown. */
static size_t shown_length(const struct problem_list *list, const struct problem *problem,
                           struct bytes line)
{
    size_t length = line.length;
    for (const struct mask *mask = list->masks; mask; mask = mask->next) {
        if (mask->source != problem->source || problem->line < mask->line ||
            problem->line > mask->end_line)
            continue;
        size_t from =
            problem->line == mask->line ? byte_of_column(line, mask->column) : indentation(line);
        length = from < length ? from : length;
    }
    if (problem->unparsed) {
        size_t from = below_secret(list, problem->source, line) ? indentation(line)
                                                                : secret_offset(list, line);
        length = from < length ? from : length;
    }
    return length;
}

const char *problem_sentence(const struct problem_list *list, const struct problem *problem)
{
    if (!problem->bare)
        return problem->text;
    struct bytes line = source_line(problem->source, problem->line);
    bool hidden = list->lines_hidden ||
                  shown_length(list, problem, line) <= byte_of_column(line, problem->column);
    return hidden ? problem->bare : problem->text;
}

/* Prints the part of the line around the column, and returns the caret's place in what is printed.
 */
static unsigned print_line(struct bytes line, size_t shown, unsigned column, unsigned end_column,
                           FILE *out, unsigned *width)
{
    unsigned printed = 0, caret = 0, end = 0, number = 1;
    unsigned from = column > SHOWN_MAX ? column - SHOWN_BEFORE : 1;
    if (from > 1)
        printed += (unsigned)fprintf(out, "...");
    for (size_t at = 0; at < shown && printed < SHOWN_MAX + 3; number++) {
        size_t length = character_length(bytes_from(line, at));
        if (number == column)
            caret = printed;
        if (number >= from)
            printed += print_character(bytes_of(line.data + at, length), out);
        if (number < end_column)
            end = printed;
        at += length;
    }
    if (shown < line.length && printed < SHOWN_MAX)
        fputs(shown && line.data[shown - 1] == ':' ? " …" : "…", out);
    if (number <= column) /* behind the end, or what it points to is hidden */
        caret = printed + column - (number > from ? number : from);
    *width = end > caret ? end - caret : 1;
    return caret;
}

/* Before each line: the journal of systemd knows no priority of a text, only of its lines. */
static const char *front_of(enum problem_kind kind, const FILE *out)
{
    return out != stderr ? "" : log_priority(kind == PROBLEM_ERROR ? LOG_ERROR : LOG_WARNING);
}

static void print_place(const struct problem_list *list, const struct problem *problem, FILE *out)
{
    const char *front = front_of(problem->kind, out);
    struct bytes line = source_line(problem->source, problem->line);
    size_t shown = shown_length(list, problem, line);
    unsigned width;
    fprintf(out, "%s%6u | ", front, problem->line);
    unsigned caret = print_line(line, shown, problem->column, problem->end_column, out, &width);
    fprintf(out, "\n%s       | %*s^", front, (int)caret, "");
    for (unsigned i = 1; i < width; i++)
        fputc('~', out);
    fputc('\n', out);
}

/* "hooks.yaml:12:7: error: …" */
static void print_head(const struct problem_list *list, const struct problem *problem, FILE *out)
{
    fputs(front_of(problem->kind, out), out);
    if (problem->source) {
        print_text(bytes_of_text(problem->source->name), out);
        if (problem->line)
            fprintf(out, ":%u:%u", problem->line, problem->column);
        fputs(": ", out);
    }
    fputs(problem->kind == PROBLEM_ERROR ? "error: " : "warning: ", out);
    print_text(bytes_of_text(problem_sentence(list, problem)), out);
    fputc('\n', out);
}

void problem_list_print(const struct problem_list *list, FILE *out)
{
    for (const struct problem *problem = list->first; problem; problem = problem->next) {
        print_head(list, problem, out);
        if (problem->source && problem->line && !list->lines_hidden)
            print_place(list, problem, out);
    }
    if (list->errors + list->warnings > list->count)
        fprintf(out, "%sand %zu more\n",
                front_of(list->errors > 0 ? PROBLEM_ERROR : PROBLEM_WARNING, out),
                list->errors + list->warnings - list->count);
}
