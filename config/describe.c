/* One key for a person at a terminal, and the reference page. Both print what the rows say and
 * nothing else, so that there is nothing to keep up to date. */
#include "config/describe.h"

#include "base/mdoc.h"
#include "base/wrap.h"
#include "config/diagnostic.h"
#include "config/example.h"
#include "config/keys.h"
#include "config/nearest.h"
#include "config/settings.h"

#include <stdlib.h>

enum {
    PLAIN_MAX = 2048,
    VALUE_TEXT_MAX = 400,
    SUGGESTIONS_MAX = 1024,
    PATH_TEXT_MAX = KEY_PATH_MAX + 80
};

/* ---- explain ---- */

struct key_search {
    const struct registry *registry;
    const char *key;
    unsigned width; /* of lines */
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
static bool is_needed(const struct key_group *group, size_t index)
{
    return index >= group->kind_count && (group->rows[index]->flags & ROW_REQUIRED);
}

/* Without the marks, wrapped, behind `label`. */
static void print_part(const struct key_search *search, const char *label, const char *text)
{
    char plain[PLAIN_MAX];
    size_t length = 0;
    for (; *text && length < sizeof plain - 1; text++)
        if (*text != '`')
            plain[length++] = *text;
    plain[length] = '\0';
    unsigned indent = 2 + wrap_places(label, strlen(label));
    fprintf(search->out, "  %s", label);
    wrap_print(search->out, plain, indent, *label ? indent : 2, search->width);
}

/* The first sentence of what a key is for; a dot inside of a name does not end it. */
static void first_sentence(const char *sentence, char text[PLAIN_MAX])
{
    const char *end = strstr(sentence, ". ");
    snprintf(text, PLAIN_MAX, "%.*s", end ? (int)(end + 1 - sentence) : (int)strlen(sentence),
             sentence);
}

/* One of the keys inside of a key: its name, its default, and what it is for. */
static void print_child(const struct key_search *search, const struct row *row, bool is_required,
                        unsigned places)
{
    char sentence[PLAIN_MAX], label[PATH_TEXT_MAX];
    first_sentence(row->sentence, sentence);
    size_t length = strlen(sentence);
    if (is_required)
        snprintf(sentence + length, sizeof sentence - length, " Required.");
    else if (row->default_text && *row->default_text)
        snprintf(sentence + length, sizeof sentence - length, " Default: %s.", row->default_text);
    snprintf(label, sizeof label, "  %-*s  ", (int)places, row->name);
    print_part(search, label, sentence);
}

/* Of kinds, which come first, none is required: one is chosen. */
static void print_children(const struct key_search *search, const struct row *const *rows,
                           size_t count, size_t kinds)
{
    unsigned places = 0;
    for (size_t i = 0; i < count; i++)
        if (strlen(rows[i]->name) > places)
            places = (unsigned)strlen(rows[i]->name);
    for (size_t i = 0; i < count; i++)
        print_child(search, rows[i], i >= kinds && (rows[i]->flags & ROW_REQUIRED), places);
}

static void explain_row(const struct key_search *search, const struct key_group *group,
                        size_t index, const char *path)
{
    const struct row *row = group->rows[index], *children[KEY_ROWS_MAX];
    FILE *out = search->out;
    char value[VALUE_TEXT_MAX];
    size_t count = 0;
    key_value_text(row, value, sizeof value);
    fprintf(out, "%s", path);
    if (group->beside) {
        fputs(" (with ", out);
        print_plain(group->beside, out);
        fputs(")", out);
    }
    fputc('\n', out);
    print_part(search, "", row->sentence);
    print_part(search, "value: ", value);
    if (is_needed(group, index))
        fputs("  required\n", out);
    if (row->default_text)
        fprintf(out, "  default: %s\n", row->default_text);
    fputs("  example:\n", out);
    example_print(search->registry, path, group->beside, row, 4, out);
    for (; row->section && count < row->section->row_count && count < KEY_ROWS_MAX; count++)
        children[count] = &row->section->rows[count];
    if (count > 0 && strcmp(path, "routes") != 0) {
        fputs("  its keys:\n", out);
        print_children(search, children, count, 0);
    }
}

static bool is_choice(const struct row *row, const char *text)
{
    for (size_t i = 0; row->choices && row->choices[i]; i++)
        if (strcmp(row->choices[i], text) == 0)
            return true;
    return false;
}

static void list_keys(const struct key_search *search, const struct key_group *group)
{
    fputs("  its keys", search->out);
    if (group->beside) {
        fputs(" with ", search->out);
        print_plain(group->beside, search->out);
    }
    fputs(":\n", search->out);
    print_children(search, group->rows, group->count, group->kind_count);
}

static void search_group(void *context, const struct key_group *group)
{
    struct key_search *search = context;
    char path[PATH_TEXT_MAX];
    if (strcmp(group->path, search->parent) == 0 && search->parent[0])
        list_keys(search, group);
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
        explain_row(search, group, i, path);
        snprintf(search->parent, sizeof search->parent, "%s",
                 row->section && strcmp(path, "routes") != 0 ? "" : path);
    }
}

bool describe_key(const struct registry *registry, const char *key, unsigned width, FILE *out,
                  FILE *err)
{
    struct key_search search = {
        .registry = registry, .key = key, .width = width, .out = out, .exact = true};
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
    if (is_needed(group, index))
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

/* What the page and the manual say before the keys. */
static const char reference_intro[] =
    "YAML 1.2, UTF-8, at most 16 MiB and 32 deep, one document. Unknown and repeated keys, wrong\n"
    "types, values out of bounds, anchors, aliases and tags are errors; `tenterhook check` shows\n"
    "all of them with their position. `tenterhook explain KEY` prints one entry of this page, and\n"
    "`tenterhook schema` a JSON Schema for editors.";

static const struct {
    const char *what, *how;
} notations[] = {
    {"Durations", "are an integer and `ms`, `s`, `m`, `h` or `d`: `250ms`, `10s`, `7d`."},
    {"Sizes", "are an integer and `B`, `KiB`, `MiB` or `GiB`: `512B`, `64KiB`."},
    {"Rates", "are a count and a unit of time: `10/s`, `600/m`, `1000/h`."},
    {"Paths", "that do not begin with `/` are relative to the directory of their file."},
    {"Booleans", "are `true` and `false`. `yes`, `no`, `on` are strings; `off` is a value of\n"
                 "  the keys that list it here."},
    {NULL, "A number in quotes is a string."},
};

static const char secrets_intro[] =
    "A secret is written in one of these ways, or as a list of them while it is being replaced:";

static const struct {
    const char *how, *what;
} secret_ways[] = {
    {"`{env: NAME}`", "An environment variable of the server."},
    {"`{file: PATH}`",
     "A file that only its owner can write and others cannot read. Its group may read it (with a "
     "warning if its owner is not root). On a read-only mount of a container others may read it "
     "too, "
     "with a warning. Every user may read a file that holds only certificates or public keys in "
     "PEM. If "
     "the path is a directory: every file in it whose name does not begin with a dot."},
    {"`{credential: NAME}`", "A systemd credential: `$CREDENTIALS_DIRECTORY/NAME`."},
    {"a string", "The secret itself."},
};

static const char secrets_end[] =
    "One line end at the end of a secret is not part of it. An empty secret is an error. A secret "
    "that is shorter than 16 bytes, begins or ends with blanks, or looks like a variable (`$NAME`, "
    "`${NAME}`, `env:NAME`) or the path of a file, is taken as it is, with a warning.";

void describe_reference(const struct registry *registry, FILE *out)
{
    fprintf(out,
            "<!-- Printed by `tenterhook reference` from the rows of the code; do not edit. -->\n"
            "# The route file: every key\n\n%s\n\n",
            reference_intro);
    for (size_t i = 0; i < ROW_COUNT(notations); i++)
        if (notations[i].what)
            fprintf(out, "- **%s** %s\n", notations[i].what, notations[i].how);
        else
            fprintf(out, "- %s\n", notations[i].how);
    fprintf(out, "\n## Secrets\n\n%s\n\n| value | |\n|---|---|\n", secrets_intro);
    for (size_t i = 0; i < ROW_COUNT(secret_ways); i++)
        fprintf(out, "| %s | %s |\n", secret_ways[i].how, secret_ways[i].what);
    fprintf(out, "\n%s\n", secrets_end);
    keys_walk(registry, reference_group, out);
}

/* ---- the manual page ---- */

static void manual_row(const struct key_group *group, size_t index, FILE *out)
{
    const struct row *row = group->rows[index];
    char value[VALUE_TEXT_MAX], line[2 * VALUE_TEXT_MAX];
    key_value_text(row, value, sizeof value);
    fprintf(out, ".It Cm %s\n", row->name);
    mdoc_sentence(out, row->sentence);
    snprintf(line, sizeof line, "value: %s", value);
    mdoc_sentence(out, line);
    if (is_needed(group, index))
        mdoc_text(out, "Required.");
    else if (row->default_text && *row->default_text) {
        snprintf(line, sizeof line, "default: `%s`", row->default_text);
        mdoc_sentence(out, line);
    }
}

static void manual_group(void *context, const struct key_group *group)
{
    FILE *out = context;
    char beside[PLAIN_MAX] = "";
    size_t length = 0;
    for (const char *at = group->beside; at && *at; at++)
        if (*at != '`')
            beside[length++] = *at;
    fprintf(out, ".Ss %s%s%s\n", group->path[0] ? group->path : "The top level",
            group->beside ? ", beside " : "", beside);
    mdoc_sentence(out, group->sentence);
    fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < group->count; i++)
        manual_row(group, i, out);
    fputs(".El\n", out);
}

static void manual_notation(FILE *out)
{
    char line[VALUE_TEXT_MAX];
    fputs(".Pp\n", out);
    mdoc_text(out, reference_intro);
    fputs(".Bl -dash\n", out);
    for (size_t i = 0; i < ROW_COUNT(notations); i++) {
        const char *what = notations[i].what;
        snprintf(line, sizeof line, "%s%s%s", what ? what : "", what ? " " : "", notations[i].how);
        fputs(".It\n", out);
        mdoc_text(out, line);
    }
    fputs(".El\n.Sh SECRETS\n", out);
    mdoc_text(out, secrets_intro);
    fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < ROW_COUNT(secret_ways); i++) {
        fputs(".It Xo\n", out);
        mdoc_text(out, secret_ways[i].how);
        fputs(".Xc\n", out);
        mdoc_text(out, secret_ways[i].what);
    }
    fputs(".El\n.Pp\n", out);
    mdoc_text(out, secrets_end);
}

void describe_manual(const struct registry *registry, const char *date, FILE *out)
{
    mdoc_begin(out, "tenterhook.yaml", 5, date);
    fputs(".Sh NAME\n.Nm tenterhook.yaml\n.Nd the route file of tenterhook\n.Sh DESCRIPTION\n"
          "The route file says where\n.Xr tenterhook 1\nlistens, which webhooks it receives from "
          "whom,\nand which actions run for them.\n",
          out);
    manual_notation(out);
    fputs(".Sh KEYS\n", out);
    keys_walk(registry, manual_group, out);
    fputs(
        ".Sh FILES\n.Bl -tag -width Ds\n.It Pa " SETTINGS_FILE_USUAL "\nThe usual route file.\n"
        ".El\n.Sh SEE ALSO\n.Xr tenterhook 1 ,\n.Xr tenterhook-check 1 ,\n.Xr tenterhook-explain 1"
        "\n",
        out);
}
