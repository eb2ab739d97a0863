/* Entries are read by hand and not by rows, because they nest and because an entry is what its
 * first word says. All mistakes of a list are reported in one run, each at its place, also inside
 * of a string; and what could never hold (a header equal to the number 1) is a mistake. */
#include "handlers/admission/condition.h"

#include "base/json_text.h"
#include "config/node_place.h"
#include "handlers/admission/schema_load.h"
#include "handlers/content/yaml_json.h"
#include "handlers/value/reference_load.h"

enum { TEXT_MAX = 400, TEXT_ROOM = TEXT_MAX + 8, OPERANDS_MAX = 10000, OPERAND_MAX = 64 * 1024 };

struct reader {
    struct load *load;
    bool by_action;
    unsigned depth;
    size_t entries;
};

static bool no_memory(struct reader *reader)
{
    return load_no_memory(reader->load);
}

/* A text for messages, cut with an ellipsis; NULL without memory. */
static const char *shown_text(struct reader *reader, struct buffer *text)
{
    bool good = buffer_append(text, "", 1);
    const char *copy =
        good ? arena_copy_text(load_arena(reader->load), (const char *)text->data) : NULL;
    buffer_finish(text);
    if (!copy)
        no_memory(reader);
    return copy;
}

static void append_cut(struct buffer *out, const char *text)
{
    if (out->length >= TEXT_MAX) /* cut already */
        return;
    size_t length = strlen(text), room = TEXT_MAX - out->length;
    bool fits = length <= room;
    while (!fits && room > 0 && (text[room] & 0xc0) == 0x80)
        room--;
    buffer_append(out, text, fits ? length : room);
    if (!fits)
        buffer_append_text(out, "…");
}

/* ---- operands ---- */

/* A scalar by the core schema of YAML, its number in the form of JSON. */
static bool read_scalar(struct reader *reader, const struct node *node, const char *key,
                        struct operand *operand)
{
    struct buffer json;
    if (node->kind != NODE_SCALAR)
        return load_problem(reader->load, node,
                            "\"%s\" compares with a string, a number, true, false or null", key);
    if (node->length == 0 && !node->quoted)
        return load_problem(reader->load, node, "\"%s\" has no value; write null or \"\"", key);
    if (node->length > OPERAND_MAX)
        return load_problem(reader->load, node, "\"%s\" takes at most %d bytes", key, OPERAND_MAX);
    buffer_init(&json, 8 * OPERAND_MAX);
    bool good = yaml_json_append(&json, node, load_problems(reader->load));
    uint8_t first = good ? json.data[0] : 0;
    operand->kind = first == '"'                   ? VALUE_STRING
                    : first == 'n'                 ? VALUE_NULL
                    : first == 't' || first == 'f' ? VALUE_BOOLEAN
                                                   : VALUE_NUMBER;
    struct bytes text =
        operand->kind == VALUE_STRING ? bytes_of(node->text, node->length) : buffer_bytes(&json);
    const char *copy = good ? arena_copy_bytes(load_arena(reader->load), text) : NULL;
    operand->text = bytes_of(copy, text.length);
    buffer_finish(&json);
    return copy || (good && no_memory(reader));
}

static bool read_one_of(struct reader *reader, const struct node *node, const char *key,
                        enum value_kind kind, const char *what, struct operand *operand)
{
    return read_scalar(reader, node, key, operand) &&
           (operand->kind == kind ||
            load_problem(reader->load, node, "\"%s\" must be %s", key, what));
}

static bool read_list(struct reader *reader, const struct node *node, const char *key,
                      struct operand *operands, size_t *count)
{
    bool ok = true;
    if (node->kind != NODE_SEQUENCE || !node->first)
        return load_problem(reader->load, node, "\"%s\" must be a list, such as [a, b]", key);
    for (const struct node *item = node->first; item; item = item->next)
        ok = read_scalar(reader, item, key, &operands[(*count)++]) && ok;
    return ok;
}

static bool read_pattern(struct reader *reader, const struct node *node, struct operand *operand,
                         struct value_test *test)
{
    struct error err;
    size_t offset;
    if (!read_one_of(reader, node, "matches", VALUE_STRING, "a PCRE2 expression", operand))
        return false;
    struct test_pattern *pattern =
        test_pattern_compile((const char *)operand->text.data, &err, &offset);
    if (!pattern) {
        struct node place = node_place_inside(node, offset);
        return load_problem(reader->load, &place, "\"%.100s\" %s", node->text, err.text);
    }
    test->pattern = pattern;
    return load_own(reader->load, test_pattern_destroy, pattern);
}

static bool read_operands(struct reader *reader, const struct node *node, struct value_test *test)
{
    const char *key = test_operators[test->operator].key;
    struct operand *operands =
        arena_alloc_array(load_arena(reader->load),
                          node->kind == NODE_SEQUENCE ? node->count + 1 : 1, sizeof *operands);
    if (node->count > OPERANDS_MAX)
        return load_problem(reader->load, node, "\"%s\" takes at most %d values", key,
                            OPERANDS_MAX);
    if (!operands)
        return no_memory(reader);
    test->operands = operands;
    test->operand_count = 1;
    switch (test_operators[test->operator].operand) {
    case OPERAND_SCALARS:
        test->operand_count = 0;
        return read_list(reader, node, key, operands, &test->operand_count);
    case OPERAND_PATTERN:
        return read_pattern(reader, node, operands, test);
    case OPERAND_STRING:
        return read_one_of(reader, node, key, VALUE_STRING,
                           "a string (in quotes, if it looks like something else)", operands);
    case OPERAND_NUMBER:
        return read_one_of(reader, node, key, VALUE_NUMBER, "a number without quotes", operands);
    case OPERAND_BOOLEAN:
        if (!read_one_of(reader, node, key, VALUE_BOOLEAN, "true or false", operands))
            return false;
        test->wanted = operands->text.data[0] == 't';
        return true;
    case OPERAND_SCALAR:
        break;
    }
    return read_scalar(reader, node, key, operands);
}

/* ---- tests of one value ---- */

/* Types are not made others, so against text some operands can never do. */
static bool wants_other_than_text(const struct value_test *test)
{
    for (size_t i = 0; test_operators[test->operator].operand != OPERAND_BOOLEAN &&
                       i < test->operand_count;
         i++)
        if (test->operands[i].kind != VALUE_STRING)
            return true;
    return false;
}

static bool check_types(struct reader *reader, const struct node *node, struct condition *condition,
                        const struct value_test *test)
{
    const struct operator_row *row = &test_operators[test->operator];
    bool of_strings = row->operand == OPERAND_STRING || row->operand == OPERAND_PATTERN;
    if (condition->as_number)
        return !of_strings || load_problem(reader->load, node,
                                           "\"as: number\" makes a number of the value, and "
                                           "\"%s\" tests a string",
                                           row->key);
    if (!wants_other_than_text(test))
        return true;
    condition->reference.never_text = true;
    return !reference_is_text(&condition->reference) ||
           load_problem(reader->load, node,
                        row->operand == OPERAND_NUMBER
                            ? "%s is a string always, and \"%s\" compares numbers only: add "
                              "\"as: number\""
                            : "%s is a string always: \"%s\" needs a string in quotes",
                        condition->reference.text, row->key);
}

/* A star is a pattern in `events`, and only a star here. */
static void warn_of_star(struct reader *reader, const struct node *node,
                         const struct value_test *test)
{
    static const bool compares[TEST_OPERATOR_COUNT] = {
        [TEST_EQUALS] = true, [TEST_NOT_EQUALS] = true,  [TEST_IN] = true,
        [TEST_NOT_IN] = true, [TEST_STARTS_WITH] = true, [TEST_ENDS_WITH] = true};
    for (size_t i = 0; compares[test->operator] && i < test->operand_count; i++) {
        const struct operand *operand = &test->operands[i];
        if (operand->kind != VALUE_STRING || !memchr(operand->text.data, '*', operand->text.length))
            continue;
        load_warning(reader->load, node,
                     "\"%s\" knows no patterns: \"*\" is only a star; see \"starts_with\" and "
                     "\"matches\"",
                     test_operators[test->operator].key);
        return;
    }
}

static bool append_operand(struct buffer *out, const struct operand *operand)
{
    if (operand->kind != VALUE_STRING)
        return buffer_append_bytes(out, operand->text);
    return buffer_append_text(out, "\"") && json_escape(out, operand->text) &&
           buffer_append_text(out, "\"");
}

static const char *text_of_test(struct reader *reader, const struct value_test *test)
{
    bool is_list = test_operators[test->operator].operand == OPERAND_SCALARS;
    struct buffer whole, text;
    buffer_init(&whole, 8 * OPERAND_MAX);
    buffer_init(&text, TEXT_ROOM);
    bool good = buffer_printf(&whole, "%s %s", test_operators[test->operator].key,
                              is_list ? "[" : "");
    for (size_t i = 0; good && i < test->operand_count && whole.length < TEXT_MAX; i++)
        good = (i == 0 || buffer_append_text(&whole, ", ")) &&
               append_operand(&whole, &test->operands[i]);
    good = good && buffer_append_text(&whole, is_list ? "]" : "") && buffer_append(&whole, "", 1);
    append_cut(&text, good ? (const char *)whole.data : test_operators[test->operator].key);
    buffer_finish(&whole);
    return shown_text(reader, &text);
}

static bool read_test(struct reader *reader, const struct node *node, struct condition *condition,
                      struct value_test *test)
{
    for (size_t i = 0; i < TEST_OPERATOR_COUNT; i++)
        if (strcmp(node->key->text, test_operators[i].key) == 0)
            test->operator=(enum test_operator) i;
    if (!read_operands(reader, node, test) || !check_types(reader, node, condition, test))
        return false;
    warn_of_star(reader, node, test);
    test->text = text_of_test(reader, test);
    return test->text;
}

static bool is_operator(const char *key)
{
    for (size_t i = 0; i < TEST_OPERATOR_COUNT; i++)
        if (strcmp(key, test_operators[i].key) == 0)
            return true;
    return false;
}

/* ---- references ---- */

/* What an event does not have yet when it is decided whether it is one. */
static bool check_known(struct reader *reader, const struct node *node,
                        const struct reference *reference)
{
    if (reference->root == REFERENCE_EVENT_ID || reference->root == REFERENCE_EVENT_ATTEMPT)
        return load_problem(reader->load, node,
                            "%s is not known before an event is accepted: no condition can test it",
                            reference->text);
    if (reference->root == REFERENCE_ACTION_NAME && !reader->by_action)
        return load_problem(reader->load, node,
                            "action.name is known in a condition of an action "
                            "only");
    return true;
}

/* ---- entries ---- */

static const char *text_of_entry(struct reader *reader, const struct condition *condition)
{
    struct buffer text;
    buffer_init(&text, TEXT_ROOM);
    append_cut(&text, condition->reference.text);
    append_cut(&text, condition->as_number ? " as number" : "");
    for (size_t i = 0; i < condition->test_count; i++) {
        append_cut(&text, i > 0 ? ", " : condition->every ? " every " : " ");
        append_cut(&text, condition->tests[i].text);
    }
    return shown_text(reader, &text);
}

static bool read_every(struct reader *reader, const struct node *node, struct condition *condition)
{
    struct operand operand;
    if (!read_one_of(reader, node, "every", VALUE_BOOLEAN, "true or false", &operand))
        return false;
    condition->every = operand.text.data[0] == 't';
    return condition->reference.has_each ||
           load_problem(reader->load, node, "\"every\" is for values with [*]; %s is one value",
                        condition->reference.text);
}

static bool read_as(struct reader *reader, const struct node *node, struct condition *condition)
{
    condition->as_number = node && node->kind == NODE_SCALAR && strcmp(node->text, "number") == 0;
    return !node || condition->as_number ||
           load_problem(reader->load, node, "\"as\" can only be number");
}

static bool report_key(struct reader *reader, const struct node *value)
{
    const char *names[TEST_OPERATOR_COUNT + 4] = {"value", "every", "as"};
    for (size_t i = 0; i < TEST_OPERATOR_COUNT; i++)
        names[i + 3] = test_operators[i].key;
    return load_unknown(reader->load, value, "a condition about a value", names, false);
}

static bool read_value_entry(struct reader *reader, const struct node *node,
                             const struct node *value, struct condition *condition)
{
    condition->kind = CONDITION_TEST;
    condition->tests =
        arena_alloc_array(load_arena(reader->load), node->count, sizeof *condition->tests);
    if (!condition->tests)
        return no_memory(reader);
    bool ok = reference_load(reader->load, value, "\"value\"", &condition->reference) &&
              check_known(reader, value, &condition->reference) &&
              read_as(reader, tree_find(node, "as"), condition);
    if (!ok) /* what follows is about nothing */
        return false;
    for (const struct node *key = node->first; key; key = key->next) {
        if (key == value || strcmp(key->key->text, "as") == 0)
            continue;
        if (strcmp(key->key->text, "every") == 0)
            ok = read_every(reader, key, condition) && ok;
        else if (is_operator(key->key->text))
            ok =
                read_test(reader, key, condition, &condition->tests[condition->test_count++]) && ok;
        else
            ok = report_key(reader, key) && ok;
    }
    if (ok && condition->test_count == 0)
        return load_problem(reader->load, node,
                            "this tests nothing; a test is equals, not_equals, "
                            "in, not_in, matches, starts_with, ends_with, "
                            "contains, exists, greater or less");
    if (ok)
        condition->text = text_of_entry(reader, condition);
    return ok && condition->text;
}

static bool read_address(struct reader *reader, const struct node *node,
                         struct condition *condition)
{
    static const struct row row = {.name = "address"};
    bool is_list = node->kind == NODE_SEQUENCE, ok = true;
    struct prefix_list *list = &condition->networks;
    struct buffer text;
    if (is_list && !node->first)
        return load_problem(reader->load, node, "\"address\" needs at least 1");
    list->items =
        arena_alloc_array(load_arena(reader->load), is_list ? node->count : 1, sizeof *list->items);
    if (!list->items)
        return no_memory(reader);
    buffer_init(&text, TEXT_ROOM);
    append_cut(&text, "address ");
    for (const struct node *item = is_list ? node->first : node; item;
         item = is_list ? item->next : NULL) {
        ok = load_prefix(reader->load, item, &row, &list->items[list->count++]) && ok;
        append_cut(&text, list->count > 1 ? ", " : "");
        append_cut(&text, item->kind == NODE_SCALAR ? item->text : "");
    }
    condition->text = shown_text(reader, &text);
    return ok && condition->text;
}

static bool read_schema(struct reader *reader, const struct node *node, struct condition *condition)
{
    static const struct schema_manner manner = {.draft = SCHEMA_DRAFT_2020_12};
    bool is_file = node->kind == NODE_SCALAR && !tree_is_null(node);
    if (!is_file && node->kind != NODE_MAPPING)
        return load_expected(reader->load, node, "\"schema\"", "a file or a schema");
    condition->text = arena_format(load_arena(reader->load), "schema %.200s",
                                   is_file ? node->text : "written here");
    if (!condition->text)
        return no_memory(reader);
    if (load_is_offline(reader->load))
        return true;
    condition->schema = schema_load(reader->load, node, manner);
    return condition->schema;
}

static bool read_entries(struct reader *reader, const struct node *node,
                         struct condition *condition);

static bool read_inner(struct reader *reader, const struct node *node, struct condition *condition)
{
    static const char *const texts[] = {[CONDITION_ALL] = "all of them",
                                        [CONDITION_ANY] = "one of them",
                                        [CONDITION_NOT] = "none of them"};
    condition->text = texts[condition->kind];
    if (condition->kind != CONDITION_NOT)
        return read_entries(reader, node, condition);
    struct condition *inner = arena_alloc(load_arena(reader->load), sizeof *inner);
    if (!inner)
        return no_memory(reader);
    inner->kind = CONDITION_ALL;
    inner->text = texts[CONDITION_ALL];
    bool ok = read_entries(reader, node, inner);
    condition->inner = inner->inner_count == 1 ? inner->inner : inner;
    condition->inner_count = 1;
    return ok;
}

typedef bool entry_reader(struct reader *reader, const struct node *node,
                          struct condition *condition);

static const struct {
    const char *key;
    enum condition_kind kind;
    entry_reader *read;
} entry_kinds[] = {
    {"all", CONDITION_ALL, read_inner},           {"any", CONDITION_ANY, read_inner},
    {"not", CONDITION_NOT, read_inner},           {"schema", CONDITION_SCHEMA, read_schema},
    {"address", CONDITION_ADDRESS, read_address},
};
enum { ENTRY_KINDS = sizeof entry_kinds / sizeof *entry_kinds };

static bool read_kind(struct reader *reader, const struct node *node, struct condition *condition)
{
    const struct node *value = node->first;
    const char *names[ENTRY_KINDS + TEST_OPERATOR_COUNT + 2] = {"value"};
    for (size_t i = 0; i < ENTRY_KINDS; i++) {
        names[i + 1] = entry_kinds[i].key;
        if (strcmp(value->key->text, entry_kinds[i].key) != 0)
            continue;
        if (value->next)
            return load_problem(reader->load, value->next->key,
                                "\"%s\" stands alone in its entry; a list of entries has all of "
                                "them",
                                entry_kinds[i].key);
        condition->kind = entry_kinds[i].kind;
        return entry_kinds[i].read(reader, value, condition);
    }
    if (is_operator(value->key->text) || strcmp(value->key->text, "every") == 0 ||
        strcmp(value->key->text, "as") == 0)
        return load_problem(reader->load, node,
                            "\"value\" is missing: what is tested, such as "
                            "{value: payload.ref, equals: refs/heads/main}");
    return load_unknown(reader->load, value, "a condition", names, false);
}

static bool read_entry(struct reader *reader, const struct node *node, struct condition *condition)
{
    if (node->kind == NODE_MAPPING && !node->first)
        return load_problem(reader->load, node,
                            "a condition says what is tested, such as {value: "
                            "payload.ref, equals: refs/heads/main}");
    if (node->kind != NODE_MAPPING)
        return load_expected(reader->load, node, "a condition",
                             "a mapping such as {value: payload.ref, equals: refs/heads/main}");
    if (++reader->entries == CONDITION_ENTRIES_MAX + 1)
        return load_problem(reader->load, node, "at most %d conditions in one list",
                            CONDITION_ENTRIES_MAX);
    condition->line = node->line;
    const struct node *value = tree_find(node, "value");
    return value ? read_value_entry(reader, node, value, condition)
                 : read_kind(reader, node, condition);
}

/* A list, or one entry for a list of one. */
static bool read_entries(struct reader *reader, const struct node *node,
                         struct condition *condition)
{
    bool is_list = node->kind == NODE_SEQUENCE, ok = true;
    size_t count = is_list ? node->count : 1;
    if (is_list && !node->first)
        return load_problem(reader->load, node, "a list of conditions needs at least 1");
    if (reader->depth == CONDITION_DEPTH_MAX)
        return load_problem(reader->load, node, "conditions are nested deeper than %d levels",
                            CONDITION_DEPTH_MAX);
    condition->inner = arena_alloc_array(load_arena(reader->load), count, sizeof *condition->inner);
    if (!condition->inner)
        return no_memory(reader);
    condition->line = node->line;
    reader->depth++;
    for (const struct node *item = is_list ? node->first : node; item;
         item = is_list ? item->next : NULL)
        ok = reader->entries <= CONDITION_ENTRIES_MAX &&
             read_entry(reader, item, &condition->inner[condition->inner_count++]) && ok;
    reader->depth--;
    return ok;
}

bool condition_load(struct load *load, const struct node *node, bool by_action,
                    struct condition *condition)
{
    struct reader reader = {.load = load, .by_action = by_action};
    *condition = (struct condition){.kind = CONDITION_ALL, .text = "all of them"};
    return read_entries(&reader, node, condition);
}
