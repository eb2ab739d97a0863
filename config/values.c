/* One reader for each type of row. Scalars follow the core schema of YAML 1.2: only plain true and
 * false are booleans, only plain digits are integers, and a quoted number is a text. */
#include "config/values.h"

#include "base/units.h"
#include "config/load_private.h"
#include "config/nearest.h"
#include "config/scalar.h"
#include "config/secret_source.h"
#include "config/section.h"

/* ---- numbers ---- */

static bool parse_number(struct bytes text, int64_t *value)
{
    bool negative = text.length > 1 && text.data[0] == '-';
    struct bytes digits = bytes_from(text, negative);
    uint64_t number;
    if (!bytes_to_uint64(digits, &number) || number > INT64_MAX ||
        (digits.length > 1 && digits.data[0] == '0'))
        return false;
    *value = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static void format_number(int64_t value, char text[32])
{
    snprintf(text, 32, "%lld", (long long)value);
}

/* What the numeric types differ in. */
struct number_type {
    bool (*parse)(struct bytes text, int64_t *value);
    void (*format)(int64_t value, char text[32]);
    const char *expected;
    bool plain; /* a quoted one is a text */
};

static const struct number_type number_types[] = {
    [ROW_INTEGER] = {parse_number, format_number, "an integer", true},
    [ROW_SIZE] = {units_parse_size, units_format_size,
                  "a size with its unit, such as 512B, 64KiB, 1MiB or 2GiB", false},
    [ROW_DURATION] = {units_parse_duration, units_format_duration,
                      "a duration with its unit, such as 250ms, 10s, 5m, 2h or 7d", false},
};

static bool in_bounds(const struct row *row, int64_t value)
{
    return row->min || row->max ? value >= row->min && value <= row->max : value >= 0;
}

static bool refuse_bounds(struct load *load, const struct node *node, const struct row *row)
{
    const struct number_type *type = &number_types[row->type];
    char expected[100], min[32], max[32];
    type->format(row->min, min);
    type->format(row->max, max);
    if (row->min == row->max && row->min)
        snprintf(expected, sizeof expected, "%s", min);
    else if (row->min || row->max)
        snprintf(expected, sizeof expected, "between %s and %s", min, max);
    else
        snprintf(expected, sizeof expected, "%s from 0", type->expected);
    return load_mismatch(load, node, row, expected);
}

static bool read_number(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    const struct number_type *type = &number_types[row->type];
    int64_t value;
    if (node->kind != NODE_SCALAR || (type->plain && node->quoted) ||
        !type->parse(bytes_of(node->text, node->length), &value))
        return load_mismatch(load, node, row, type->expected);
    if (!in_bounds(row, value))
        return refuse_bounds(load, node, row);
    *(int64_t *)field = value;
    return true;
}

static bool read_bool(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    bool plain = node->kind == NODE_SCALAR && !node->quoted;
    bool yes = plain && strcmp(node->text, "true") == 0;
    if (!yes && !(plain && strcmp(node->text, "false") == 0))
        return load_mismatch(load, node, row, "true or false");
    *(bool *)field = yes;
    return true;
}

/* "0620": in quotes, because YAML would make 620 or 400 of it, according to its version. */
static bool read_mode(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    static const char expected[] = "an octal number in quotes, such as \"0620\"";
    int64_t mode = 0;
    if (node->kind != NODE_SCALAR || node->length < 3 || node->length > 4)
        return load_mismatch(load, node, row, expected);
    if (!node->quoted)
        return load_problem(load, node, "\"%s\" must be in quotes: \"%s\"", row->name, node->text);
    for (size_t i = 0; i < node->length; i++) {
        if (node->text[i] < '0' || node->text[i] > '7')
            return load_mismatch(load, node, row, expected);
        mode = mode * 8 + (node->text[i] - '0');
    }
    if (mode > (row->max ? row->max : 0777))
        return load_mismatch(load, node, row, expected);
    *(int64_t *)field = mode;
    return true;
}

/* ---- texts ---- */

static bool check_length(struct load *load, const struct node *node, const struct row *row)
{
    char expected[80];
    if (!(row->min || row->max) ||
        (node->length >= (size_t)row->min && node->length <= (size_t)row->max))
        return true;
    if (node->length == 0)
        return load_problem(load, node, "\"%s\" is empty", row->name);
    snprintf(expected, sizeof expected, "a string of %lld to %lld bytes", (long long)row->min,
             (long long)row->max);
    return load_mismatch(load, node, row, expected);
}

static bool read_text(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    const char *text = load_text(load, node, row);
    if (!text || !check_length(load, node, row))
        return false;
    *(const char **)field = text;
    return true;
}

static bool read_path(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    if (node->kind == NODE_MAPPING)
        load_mask(load, node); /* {env: SECRET}, for a key */
    if (node->kind != NODE_SCALAR || node->length == 0 || tree_is_null(node) || scalar_is_pem(node))
        return load_mismatch(load, node, row, "a path");
    const char *path = load_path(load, node, node->text);
    if (!path)
        return load_no_memory(load);
    *(const char **)field = path;
    return true;
}

/* The longest choice that is part of the text: "xml" of "application/xml". */
static const char *choice_within(const char *text, const char *const *choices)
{
    const char *found = NULL;
    for (; strchr(text, '/') && *choices; choices++)
        if (strstr(text, *choices) && (!found || strlen(*choices) > strlen(found)))
            found = *choices;
    return found;
}

static bool read_choice(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    char expected[256];
    size_t used = 0;
    for (int i = 0; row->choices[i]; i++) {
        if (node->kind == NODE_SCALAR && strcmp(node->text, row->choices[i]) == 0) {
            *(int *)field = i;
            return true;
        }
        int written = snprintf(expected + used, sizeof expected - used, "%s%s",
                               i == 0                ? ""
                               : row->choices[i + 1] ? ", "
                                                     : " or ",
                               row->choices[i]);
        used = used + (size_t)written < sizeof expected ? used + (size_t)written : used;
    }
    const char *nearest = node->kind == NODE_SCALAR ? nearest_name(node->text, row->choices) : NULL;
    if (!nearest && node->kind == NODE_SCALAR)
        nearest = choice_within(node->text, row->choices);
    if (nearest)
        return load_problem(load, node, "\"%s\" must be %s, not \"%s\"; did you mean \"%s\"?",
                            row->name, expected, node->text, nearest);
    return load_mismatch(load, node, row, expected);
}

/* ---- lists ---- */

static bool check_count(struct load *load, const struct node *node, const struct row *row,
                        size_t count)
{
    if (!(row->min || row->max) || (count >= (size_t)row->min && count <= (size_t)row->max))
        return true;
    if (count < (size_t)row->min)
        return load_problem(load, node, "\"%s\" needs at least %lld", row->name,
                            (long long)row->min);
    return load_problem(load, node, "\"%s\" has %zu entries; at most %lld are allowed", row->name,
                        count, (long long)row->max);
}

/* One text of a list or a map; NULL after a problem. */
static const char *read_entry(struct load *load, const struct node *node, const struct row *row,
                              const char *subject)
{
    if (node->kind != NODE_SCALAR || tree_is_null(node)) {
        load_expected(load, node, subject, "a string");
        return NULL;
    }
    if (node->length == 0 && !(row->flags & ROW_EMPTY_OK)) {
        load_problem(load, node, "%s is empty", subject);
        return NULL;
    }
    return load_text(load, node, row);
}

static bool read_texts(struct load *load, const struct node *node, const struct row *row,
                       void *field)
{
    char subject[80];
    bool one = node->kind == NODE_SCALAR && (row->flags & ROW_ONE_OK) && !tree_is_null(node);
    if (node->kind != NODE_SEQUENCE && !one)
        return load_mismatch(load, node, row,
                             row->flags & ROW_ONE_OK ? "a string or a list of strings"
                                                     : "a list of strings");
    struct text_list list = {.count = one ? 1 : node->count};
    list.items = arena_alloc_array(load->arena, list.count + 1, sizeof *list.items);
    if (!list.items)
        return load_no_memory(load);
    bool ok = check_count(load, node, row, list.count);
    const struct node *item = one ? node : node->first;
    snprintf(subject, sizeof subject, "an entry of \"%s\"", row->name);
    for (size_t i = 0; i < list.count; i++, item = item->next) {
        list.items[i] = read_entry(load, item, row, subject);
        ok = ok && list.items[i];
    }
    if (ok)
        *(struct text_list *)field = list;
    return ok;
}

static bool read_text_map(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    char subject[160];
    struct row entry = *row;
    entry.flags |= ROW_EMPTY_OK; /* a variable may be set to nothing */
    if (node->kind != NODE_MAPPING)
        return load_mismatch(load, node, row, "a map of strings");
    struct text_map map = {.count = node->count};
    map.names = arena_alloc_array(load->arena, map.count + 1, sizeof *map.names);
    map.values = arena_alloc_array(load->arena, map.count + 1, sizeof *map.values);
    if (!map.names || !map.values)
        return load_no_memory(load);
    bool ok = check_count(load, node, row, map.count);
    const struct node *value = node->first;
    for (size_t i = 0; i < map.count; i++, value = value->next) {
        snprintf(subject, sizeof subject, "\"%.60s\" in \"%s\"", value->key->text, row->name);
        map.names[i] = load_text(load, value->key, row);
        map.values[i] = read_entry(load, value, &entry, subject);
        ok = ok && map.names[i] && map.values[i];
    }
    if (ok)
        *(struct text_map *)field = map;
    return ok;
}

static bool read_section(struct load *load, const struct node *node, const struct row *row,
                         void *field)
{
    if (node->kind != NODE_MAPPING)
        return load_mismatch(load, node, row, "a mapping (\"key: value\")");
    return load_section(load, node, row->section, field);
}

static bool read_sections(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    bool one = node->kind == NODE_MAPPING && (row->flags & ROW_ONE_OK);
    if (node->kind != NODE_SEQUENCE && !one)
        return load_mismatch(load, node, row,
                             row->flags & ROW_ONE_OK ? "a mapping or a list of mappings"
                                                     : "a list of mappings");
    struct section_list list = {.count = one ? 1 : node->count};
    uint8_t *items = arena_alloc_array(load->arena, list.count + 1, row->section->size);
    if (!items)
        return load_no_memory(load);
    list.items = items;
    bool ok = check_count(load, node, row, list.count);
    const struct node *item = one ? node : node->first;
    for (size_t i = 0; i < list.count; i++, item = item->next)
        ok = read_section(load, item, row, items + i * row->section->size) && ok;
    if (ok)
        *(struct section_list *)field = list;
    return ok;
}

static bool read_custom(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    return row->read(load, node, row, field);
}

static bool (*const readers[])(struct load *, const struct node *, const struct row *, void *) = {
    [ROW_BOOL] = read_bool,         [ROW_INTEGER] = read_number, [ROW_SIZE] = read_number,
    [ROW_DURATION] = read_number,   [ROW_TEXT] = read_text,      [ROW_CHOICE] = read_choice,
    [ROW_PATH] = read_path,         [ROW_MODE] = read_mode,      [ROW_TEXTS] = read_texts,
    [ROW_TEXT_MAP] = read_text_map, [ROW_SECRET] = load_secret,  [ROW_SECTION] = read_section,
    [ROW_SECTIONS] = read_sections, [ROW_CUSTOM] = read_custom,
};

bool load_row(struct load *load, const struct node *node, const struct row *row, void *settings)
{
    return readers[row->type](load, node, row, (uint8_t *)settings + row->offset);
}

bool load_handler(struct load *load, const struct node *node, const struct handler_kind *kind,
                  struct handler *handler)
{
    *handler = (struct handler){kind, arena_alloc(load->arena, kind->settings_size + 1)};
    if (!handler->settings)
        return load_no_memory(load);
    return load_row(load, node, kind->value, handler->settings) &&
           (!kind->finish || kind->finish(load, node, handler->settings));
}
