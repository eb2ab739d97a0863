/* An example is made from the rows on the way to the key: which of them are lists, and what a value
 * may be. */
#include "config/example.h"

#include "base/units.h"
#include "base/wrap.h"
#include "config/keys.h"

enum { DEPTH_MAX = 12, CHILDREN_MAX = 6, VALUE_MAX = 256 };

/* ---- the way ---- */

struct way {
    const char *path;
    bool is_list[DEPTH_MAX]; /* by the number of dots before its end */
    /* Of a key whose keys are in a group of their own: those that it needs. */
    const struct row *children[CHILDREN_MAX];
    size_t count;
    /* The kind of action that a key goes with: its name, and its row. */
    struct bytes kind;
    const struct row *kind_row;
};

static bool is_list(const struct row *row)
{
    char value[VALUE_MAX];
    key_value_text(row, value, sizeof value);
    return row->type == ROW_SECTIONS ||
           (row->type == ROW_CUSTOM && strncmp(value, "a list", 6) == 0);
}

/* Of kinds, of which one chooses, the first. */
static void note_children(struct way *way, const struct key_group *group)
{
    size_t count = group->kind_count ? 1 : group->count;
    for (size_t i = 0; i < count && way->count < CHILDREN_MAX; i++)
        if (group->kind_count || (group->rows[i]->flags & ROW_REQUIRED))
            way->children[way->count++] = group->rows[i];
}

static void note_kind(struct way *way, const struct key_group *group)
{
    for (size_t i = 0; i < group->kind_count && way->kind.length > 0; i++)
        if (bytes_equal_text(way->kind, group->rows[i]->name))
            way->kind_row = group->rows[i];
}

static void note_group(void *context, const struct key_group *group)
{
    struct way *way = context;
    note_kind(way, group);
    char path[KEY_PATH_MAX + 80];
    if (strcmp(group->path, way->path) == 0 && way->count == 0)
        note_children(way, group);
    for (size_t i = 0; i < group->count; i++) {
        snprintf(path, sizeof path, "%s%s%s", group->path, group->path[0] ? "." : "",
                 group->rows[i]->name);
        size_t length = strlen(path), depth = 0;
        for (const char *at = path; (at = strchr(at, '.')); at++)
            depth++;
        if (strncmp(way->path, path, length) == 0 && way->path[length] == '.' && depth < DEPTH_MAX)
            way->is_list[depth] = is_list(group->rows[i]);
    }
}

/* ---- values ---- */

static int64_t within(const struct row *row, int64_t likely)
{
    if (!row->min && !row->max)
        return likely;
    return likely < row->min ? row->min : likely > row->max ? row->max : likely;
}

static void sample(const struct row *row, char text[VALUE_MAX])
{
    enum { LIKELY_COUNT = 10, LIKELY_MS = 10000, LIKELY_SIZE = 1 << 20 };
    static const char *const fixed[] = {
        [ROW_BOOL] = "true",          [ROW_TEXT] = "…",    [ROW_PATH] = "./FILE",
        [ROW_MODE] = "\"0620\"",      [ROW_TEXTS] = "[…]", [ROW_TEXT_MAP] = "{NAME: …}",
        [ROW_SECRET] = "{env: NAME}", [ROW_CUSTOM] = "…",
    };
    char number[32];
    if (row->type == ROW_INTEGER)
        snprintf(text, VALUE_MAX, "%lld", (long long)within(row, LIKELY_COUNT));
    else if (row->type == ROW_SIZE || row->type == ROW_DURATION) {
        if (row->type == ROW_SIZE)
            units_format_size(within(row, LIKELY_SIZE), number);
        else
            units_format_duration(within(row, LIKELY_MS), number);
        snprintf(text, VALUE_MAX, "%s", number);
    } else
        snprintf(text, VALUE_MAX, "%s",
                 row->choices && row->choices[0] ? row->choices[0]
                 : fixed[row->type]              ? fixed[row->type]
                                                 : "{}");
}

/* What is not the default tells more; `shows_default` where it stands among others. */
static void value_of(const struct row *row, bool shows_default, char text[VALUE_MAX])
{
    const char *said = row->default_text;
    bool is_said = said && *said && strcmp(said, "[]") != 0 && strcmp(said, "{}") != 0 &&
                   strcmp(said, "off") != 0;
    bool is_other = !shows_default && (row->type == ROW_BOOL || row->type == ROW_CHOICE);
    sample(row, text);
    if (is_other && said && row->type == ROW_BOOL)
        snprintf(text, VALUE_MAX, "%s", strcmp(said, "true") == 0 ? "false" : "true");
    for (size_t i = 0; is_other && said && row->choices && row->choices[i]; i++)
        if (strcmp(row->choices[i], said) != 0) {
            snprintf(text, VALUE_MAX, "%s", row->choices[i]);
            break;
        }
    if (row->example)
        snprintf(text, VALUE_MAX, "%s", row->example);
    else if (is_said && !is_other)
        snprintf(text, VALUE_MAX, "%s", said);
}

/* Children with something to say: required, or with a default that is more than "no". */
static bool is_told(const struct row *child)
{
    return (child->flags & ROW_REQUIRED) ||
           (child->default_text && *child->default_text &&
            strcmp(child->default_text, "off") != 0 && strcmp(child->default_text, "false") != 0);
}

static void print_child(const struct row *child, bool in_list, bool begins, unsigned indent,
                        FILE *out)
{
    char value[VALUE_MAX];
    value_of(child, true, value);
    wrap_pad(out, 0, indent + (in_list && !begins ? 2 : 0));
    fprintf(out, "%s%s: %s\n", in_list && begins ? "- " : "", child->name, value);
}

static void print_children(const struct row *row, unsigned indent, FILE *out)
{
    const struct row_section *section = row->section;
    size_t told = 0, printed = 0;
    for (size_t i = 0; i < section->row_count; i++)
        told += is_told(&section->rows[i]) && !section->rows[i].section;
    for (size_t i = 0; i < section->row_count && printed < CHILDREN_MAX; i++) {
        const struct row *child = &section->rows[i];
        if (child->section || (told ? !is_told(child) : printed == 2))
            continue;
        print_child(child, is_list(row), printed == 0, indent, out);
        printed++;
    }
}

/* "`command`, `shell`": the first */
static struct bytes first_kind(const char *beside)
{
    const char *begin = beside ? strchr(beside, '`') : NULL;
    return begin ? bytes_of(begin + 1, strcspn(begin + 1, "`")) : bytes_of(NULL, 0);
}

void example_print(const struct registry *registry, const char *path, const char *beside,
                   const struct row *row, unsigned indent, FILE *out)
{
    struct way way = {.path = path, .kind = first_kind(beside)};
    struct bytes rest = bytes_of_text(path);
    char value[VALUE_MAX];
    bool is_item = false;
    keys_walk(registry, note_group, &way);
    for (size_t depth = 0; rest.data && depth < DEPTH_MAX; depth++) {
        struct bytes name = bytes_split(&rest, '.');
        if (!rest.data && way.kind_row && is_item) {
            print_child(way.kind_row, true, true, indent, out);
            indent += 2;
            is_item = false;
        }
        wrap_pad(out, 0, indent);
        fprintf(out, "%s%.*s:", is_item ? "- " : "", (int)name.length, (const char *)name.data);
        fputs(rest.data ? "\n" : "", out);
        indent += is_item ? 4 : 2;
        is_item = way.is_list[depth];
    }
    bool has_children = row->section && row->section->row_count > 0 && way.count == 0 &&
                        !row->example && (row->type != ROW_CUSTOM || !row->choices);
    if (has_children) {
        fputc('\n', out);
        if (row->flags & ROW_NAMES_INSIDE) {
            wrap_pad(out, 0, indent);
            fputs("NAME:\n", out);
            indent += 2;
        }
        print_children(row, indent, out);
        return;
    }
    if (way.count > 0)
        fputc('\n', out);
    for (size_t i = 0; i < way.count; i++)
        print_child(way.children[i], is_list(row), i == 0, indent, out);
    if (way.count > 0)
        return;
    value_of(row, false, value);
    fprintf(out, " %s\n", value);
}
