/* One key for a person at a terminal, and the reference page. Both print what the rows say and
 * nothing else, so that there is nothing to keep up to date. */
#include "config/describe.h"

#include "config/diagnostic.h"
#include "config/keys.h"
#include "config/nearest.h"

#include <stdlib.h>

enum { VALUE_TEXT_MAX = 400, SUGGESTIONS_MAX = 1024, PATH_TEXT_MAX = KEY_PATH_MAX + 80 };

/* ---- explain ---- */

struct key_search {
    const char *key;
    FILE *out;
    unsigned found;
    bool exact;                         /* only keys whose whole path it is */
    const char *names[SUGGESTIONS_MAX]; /* of all keys, for "did you mean" */
    size_t name_count;
    char chooser[PATH_TEXT_MAX]; /* the first key of which it is a value, as xml is of content */
    char parent[PATH_TEXT_MAX];  /* the key printed last, whose keys are in groups to come */
};

/* Whether `key` has parts of the path in their order, the last with the last: "routes.pipe" is
 * found as routes.actions.pipe. */
static bool path_leads_to(const char *path, const char *key)
{
    struct bytes parts = bytes_of_text(path), wanted = bytes_of_text(key);
    struct bytes next = bytes_split(&wanted, '.');
    while (parts.data) {
        struct bytes part = bytes_split(&parts, '.');
        if (!bytes_equal(part, next) || (!wanted.data && parts.data))
            continue;
        if (!wanted.data)
            return true;
        next = bytes_split(&wanted, '.');
    }
    return false;
}

static void print_plain(const char *text, FILE *out)
{
    for (; *text; text++) /* Markdown's code marks are for the page */
        if (*text != '`')
            fputc(*text, out);
}

/* A kind is chosen, not required, though its row may say so for those who chose it. */
static bool is_required(const struct key_group *group, size_t index)
{
    return index >= group->kind_count && (group->rows[index]->flags & ROW_REQUIRED);
}

static void explain_row(const struct key_group *group, size_t index, const char *path, FILE *out)
{
    const struct row *row = group->rows[index];
    char value[VALUE_TEXT_MAX];
    key_value_text(row, value, sizeof value);
    fprintf(out, "%s", path);
    if (group->beside) {
        fputs(" (with ", out);
        print_plain(group->beside, out);
        fputs(")", out);
    }
    fputs("\n  ", out);
    print_plain(row->sentence, out);
    fputs("\n  value: ", out);
    print_plain(value, out);
    if (is_required(group, index))
        fputs("\n  required", out);
    if (row->default_text)
        fprintf(out, "\n  default: %s", row->default_text);
    for (size_t i = 0; row->section && i < row->section->row_count; i++)
        fprintf(out, "%s%s", i ? ", " : "\n  its keys: ", row->section->rows[i].name);
    fputc('\n', out);
}

static bool is_choice(const struct row *row, const char *text)
{
    for (size_t i = 0; row->choices && row->choices[i]; i++)
        if (strcmp(row->choices[i], text) == 0)
            return true;
    return false;
}

static void list_keys(const struct key_group *group, FILE *out)
{
    fputs("  its keys", out);
    if (group->beside) {
        fputs(" with ", out);
        print_plain(group->beside, out);
    }
    for (size_t i = 0; i < group->count; i++)
        fprintf(out, "%s%s", i ? ", " : ": ", group->rows[i]->name);
    fputc('\n', out);
}

static void search_group(void *context, const struct key_group *group)
{
    struct key_search *search = context;
    char path[PATH_TEXT_MAX];
    if (strcmp(group->path, search->parent) == 0 && search->parent[0])
        list_keys(group, search->out);
    for (size_t i = 0; i < group->count; i++) {
        const struct row *row = group->rows[i];
        snprintf(path, sizeof path, "%s%s%s", group->path, group->path[0] ? "." : "", row->name);
        if (search->name_count < SUGGESTIONS_MAX - 1)
            search->names[search->name_count++] = row->name;
        if (!search->chooser[0] && is_choice(row, search->key))
            snprintf(search->chooser, sizeof search->chooser, "%s", path);
        if (search->exact ? strcmp(path, search->key) != 0 : !path_leads_to(path, search->key))
            continue;
        if (search->found++)
            fputc('\n', search->out);
        explain_row(group, i, path, search->out);
        snprintf(search->parent, sizeof search->parent, "%s", row->section ? "" : path);
    }
}

bool describe_key(const struct registry *registry, const char *key, FILE *out, FILE *err)
{
    struct key_search search = {.key = key, .out = out, .exact = true};
    keys_walk(registry, search_group, &search);
    if (!search.found) {
        search.exact = false;
        search.name_count = 0;
        keys_walk(registry, search_group, &search);
    }
    if (search.found || !err)
        return search.found;
    const char *last = strrchr(key, '.');
    const char *nearest = nearest_name(last ? last + 1 : key, search.names);
    fprintf(err, "there is no key \"%s\"", key);
    if (search.chooser[0])
        fprintf(err, "; it is a value of %s", search.chooser);
    else if (nearest)
        fprintf(err, ", did you mean \"%s\"?", nearest);
    fputc('\n', err);
    return false;
}

/* ---- reference ---- */

/* In a cell of a table a bar would end it. */
static void print_cell(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void reference_row(const struct key_group *group, size_t index, FILE *out)
{
    const struct row *row = group->rows[index];
    char value[VALUE_TEXT_MAX];
    key_value_text(row, value, sizeof value);
    fprintf(out, "| `%s` | ", row->name);
    print_cell(value, out);
    fputs(" | ", out);
    if (is_required(group, index))
        fputs("required", out);
    else if (row->default_text)
        fprintf(out, "`%s`", row->default_text);
    fputs(" | ", out);
    print_cell(row->sentence, out);
    fputs(" |\n", out);
}

static void reference_group(void *context, const struct key_group *group)
{
    FILE *out = context;
    if (group->path[0])
        fprintf(out, "\n## %s", group->path);
    else
        fputs("\n## The top level", out);
    if (group->beside)
        fprintf(out, ", beside %s", group->beside);
    fprintf(out, "\n\n%s\n\n| key | value | default | |\n|---|---|---|---|\n", group->sentence);
    for (size_t i = 0; i < group->count; i++)
        reference_row(group, i, out);
}

static const char reference_head[] =
    "<!-- Printed by `tenterhook reference` from the rows of the code; do not edit. -->\n"
    "# The route file: every key\n\n"
    "YAML 1.2, UTF-8, at most 16 MiB and 32 deep, one document. Unknown and repeated keys, wrong\n"
    "types, values out of bounds, anchors, aliases and tags are errors; `tenterhook check` shows\n"
    "all of them with their position. `tenterhook explain KEY` prints one entry of this page, and\n"
    "`tenterhook schema` a JSON Schema for editors.\n\n"
    "- **Durations** are an integer and `ms`, `s`, `m`, `h` or `d`: `250ms`, `10s`, `7d`.\n"
    "- **Sizes** are an integer and `B`, `KiB`, `MiB` or `GiB`: `512B`, `64KiB`.\n"
    "- **Rates** are a count and a unit of time: `10/s`, `600/m`, `1000/h`.\n"
    "- **Paths** that do not begin with `/` are relative to the directory of their file.\n"
    "- **Booleans** are `true` and `false`. `yes`, `no`, `on` are strings; `off` is a value of\n"
    "  the keys that list it here.\n"
    "- A number in quotes is a string.\n\n"
    "## Secrets\n\n"
    "A secret is written in one of these ways, or as a list of them while it is being "
    "replaced:\n\n"
    "| value | |\n|---|---|\n"
    "| `{env: NAME}` | An environment variable of the server. |\n"
    "| `{file: PATH}` | A file that only its owner can write and others cannot read. Its group may "
    "read it (with a warning if its owner is not root). On a read-only file system others may read "
    "it too, with a warning. Every user may read a file that holds only certificates or public "
    "keys in PEM. If the path is a directory: every file in it whose name does not begin with a "
    "dot. |\n"
    "| `{credential: NAME}` | A systemd credential: `$CREDENTIALS_DIRECTORY/NAME`. |\n"
    "| a string | The secret itself. |\n\n"
    "One line end at the end of a secret is not part of it. An empty secret is an error. A secret "
    "that is shorter than 16 bytes, begins or ends with blanks, or looks like a variable (`$NAME`, "
    "`${NAME}`, `env:NAME`) or the path of a file, is taken as it is, with a warning.\n";

void describe_reference(const struct registry *registry, FILE *out)
{
    fputs(reference_head, out);
    keys_walk(registry, reference_group, out);
}
