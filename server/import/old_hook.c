/* Each kind of mapping (hook, rule, match, value, header) is a table of its keys. `webhook`
 * compares keys without regard to case, makes text of numbers and booleans, and ignores keys that
 * it does not know; such a key is reported, because it often is a rule with a typo, and its hook
 * stands open. */
#include "server/import/old_hook.h"

#include "config/nearest.h"

struct reading {
    const struct old_template *actions;
    struct arena *arena;
    struct import_report *report;
    struct old_hook *hook;
    unsigned rule_depth;
};

struct old_key {
    const char *name;
    bool (*read)(struct reading *reading, const struct old_node *node, void *field);
    size_t offset;
};

struct old_keys {
    const char *what; /* "a hook" */
    const struct old_key *keys;
    size_t count;
};

static bool refuse(struct reading *reading, const struct old_node *node, const char *text)
{
    reading->hook->is_broken = true;
    return report_problem(reading->report, node->line, node->column, "%s; the hook is left out",
                          text);
}

static void *allocate(struct reading *reading, const struct old_node *node, size_t count,
                      size_t size)
{
    void *memory = arena_alloc_array(reading->arena, count + 1, size);
    if (!memory)
        refuse(reading, node, "no memory");
    return memory;
}

/* ---- mappings by their tables ---- */

static const struct old_key *find_key(const struct old_keys *table, struct bytes name)
{
    for (size_t i = 0; i < table->count; i++)
        if (bytes_equal_nocase(name, bytes_of_text(table->keys[i].name)))
            return &table->keys[i];
    return NULL;
}

/* People write comments into JSON as keys that mean nothing. */
static bool is_remark(struct bytes key)
{
    return key.length == 0 || byte_is_among(key.data[0], "_#/$") ||
           bytes_starts_with(key, bytes_of_text("comment")) || bytes_equal_text(key, "<<");
}

static void report_unknown(struct reading *reading, const struct old_node *node,
                           const struct old_keys *table)
{
    enum { NAMES_MAX = 24 };
    const char *names[NAMES_MAX + 1] = {NULL};
    for (size_t i = 0; i < table->count && i < NAMES_MAX; i++)
        names[i] = table->keys[i].name;
    const char *key = arena_copy_bytes(reading->arena, node->key);
    const char *nearest = key ? nearest_name(key, names) : NULL;
    if (nearest)
        reading->hook->is_broken = true;
    report_problem(reading->report, node->key_line, node->key_column,
                   "%s has no key \"%.60s\"; webhook ignores it%s%s%s", table->what,
                   key ? key : "?", nearest ? ". Is it \"" : "", nearest ? nearest : "",
                   nearest ? "\"? The hook is left out" : "");
}

static bool read_mapping(struct reading *reading, const struct old_node *node,
                         const struct old_keys *table, void *settings)
{
    bool ok = true;
    if (node->kind == OLD_NULL)
        return true;
    if (node->kind != OLD_MAPPING)
        return refuse(reading, node, "a mapping is expected here");
    for (const struct old_node *child = node->first; child; child = child->next) {
        const struct old_key *key = find_key(table, child->key);
        if (key)
            ok = (child->kind == OLD_NULL ||
                  key->read(reading, child, (char *)settings + key->offset)) &&
                 ok;
        else if (!is_remark(child->key))
            report_unknown(reading, child, table);
    }
    return ok;
}

/* ---- scalars ---- */

static bool read_any_text(struct reading *reading, const struct old_node *node, struct bytes *text)
{
    if (node->kind == OLD_LIST || node->kind == OLD_MAPPING)
        return refuse(reading, node, "a string is expected here");
    *text = node->text;
    return true;
}

static bool read_text(struct reading *reading, const struct old_node *node, void *field)
{
    struct bytes *text = field;
    if (!read_any_text(reading, node, text))
        return false;
    if (old_template_is_in(*text))
        return refuse(reading, node, "a template action can stand for a whole secret only");
    return true;
}

static bool read_secret(struct reading *reading, const struct old_node *node, void *field)
{
    struct old_secret *secret = field;
    if (!read_any_text(reading, node, &secret->text))
        return false;
    secret->action = old_template_action(reading->actions, secret->text);
    if (!secret->action && old_template_is_in(secret->text))
        return refuse(reading, node, "a template action must be the whole secret");
    return true;
}

static bool read_flag(struct reading *reading, const struct old_node *node, void *field)
{
    if (node->kind != OLD_BOOLEAN)
        return refuse(reading, node, "true or false is expected here");
    *(bool *)field = bytes_equal_text(node->text, "true");
    return true;
}

static bool read_status(struct reading *reading, const struct old_node *node, void *field)
{
    uint64_t status;
    if (node->kind != OLD_NUMBER || !bytes_to_uint64(node->text, &status) || status > 9999)
        return refuse(reading, node, "an HTTP status is expected here");
    *(int64_t *)field = (int64_t)status;
    return true;
}

/* ---- lists ---- */

static bool is_list(struct reading *reading, const struct old_node *node)
{
    return node->kind == OLD_LIST || refuse(reading, node, "a list is expected here");
}

static bool read_names(struct reading *reading, const struct old_node *node, void *field)
{
    struct old_names *names = field;
    if (!is_list(reading, node))
        return false;
    names->count = 0;
    names->items = allocate(reading, node, node->count, sizeof *names->items);
    for (const struct old_node *item = names->items ? node->first : NULL; item; item = item->next)
        if (!read_text(reading, item, &names->items[names->count++]))
            return false;
    return names->items != NULL;
}

static const struct old_key value_keys[] = {
    {"source", read_text, offsetof(struct old_value, source)},
    {"name", read_text, offsetof(struct old_value, name)},
    {"envname", read_text, offsetof(struct old_value, envname)},
    {"base64decode", read_flag, offsetof(struct old_value, base64decode)},
};
static const struct old_keys value_table = {"a value", value_keys,
                                            sizeof value_keys / sizeof *value_keys};

static bool read_value(struct reading *reading, const struct old_node *node, void *field)
{
    struct old_value *value = field;
    *value = (struct old_value){.line = node->line, .column = node->column};
    return read_mapping(reading, node, &value_table, value);
}

static bool read_values(struct reading *reading, const struct old_node *node, void *field)
{
    struct old_values *values = field;
    if (!is_list(reading, node))
        return false;
    values->count = 0;
    values->items = allocate(reading, node, node->count, sizeof *values->items);
    for (const struct old_node *item = values->items ? node->first : NULL; item; item = item->next)
        if (!read_value(reading, item, &values->items[values->count++]))
            return false;
    return values->items != NULL;
}

static const struct old_key header_keys[] = {
    {"name", read_text, offsetof(struct old_header, name)},
    {"value", read_text, offsetof(struct old_header, value)},
};
static const struct old_keys header_table = {"a header", header_keys,
                                             sizeof header_keys / sizeof *header_keys};

static bool read_headers(struct reading *reading, const struct old_node *node, void *field)
{
    struct old_headers *headers = field;
    if (!is_list(reading, node))
        return false;
    headers->count = 0;
    headers->items = allocate(reading, node, node->count, sizeof *headers->items);
    for (const struct old_node *item = headers->items ? node->first : NULL; item; item = item->next)
        if (!read_mapping(reading, item, &header_table, &headers->items[headers->count++]))
            return false;
    return headers->items != NULL;
}

/* ---- rules ---- */

static const struct old_key match_keys[] = {
    {"type", read_text, offsetof(struct old_rule, type)},
    {"regex", read_text, offsetof(struct old_rule, regex)},
    {"secret", read_secret, offsetof(struct old_rule, secret)},
    {"value", read_secret, offsetof(struct old_rule, value)},
    {"parameter", read_value, offsetof(struct old_rule, parameter)},
    {"ip-range", read_text, offsetof(struct old_rule, ip_range)},
};
static const struct old_keys match_table = {"a match", match_keys,
                                            sizeof match_keys / sizeof *match_keys};

static struct old_rule *read_rule(struct reading *reading, const struct old_node *node);

static bool read_children(struct reading *reading, const struct old_node *node,
                          struct old_rule *rule)
{
    const struct old_node *first = node, *end = node->next;
    size_t count = 1;
    if (rule->kind != OLD_NOT) {
        if (!is_list(reading, node))
            return false;
        first = node->first;
        count = node->count;
        end = NULL;
    }
    rule->children = allocate(reading, node, count, sizeof(struct old_rule *));
    for (const struct old_node *item = rule->children ? first : NULL; item && item != end;
         item = item->next) {
        struct old_rule *child = read_rule(reading, item);
        if (!child)
            return false;
        rule->children[rule->count++] = child;
    }
    return rule->children != NULL;
}

/* Of several keys `webhook` takes the first in this order, and ignores the others. */
static const struct {
    const char *name;
    enum old_rule_kind kind;
} rule_kinds[] = {{"and", OLD_AND}, {"or", OLD_OR}, {"not", OLD_NOT}, {"match", OLD_MATCH}};

static void report_unknown_rules(struct reading *reading, const struct old_node *node,
                                 const struct old_node *taken)
{
    for (const struct old_node *child = node->first; child; child = child->next)
        if (child != taken && child->kind != OLD_NULL && !is_remark(child->key))
            refuse(reading, child, "a rule has one key: and, or, not, match");
}

/* Recursion is limited here, for all that walk rules later. */
static struct old_rule *read_rule(struct reading *reading, const struct old_node *node)
{
    struct old_rule *rule = arena_alloc(reading->arena, sizeof *rule);
    const struct old_node *taken = NULL;
    if (!rule || node->kind != OLD_MAPPING || reading->rule_depth == OLD_RULE_DEPTH_MAX) {
        refuse(reading, node,
               node->kind != OLD_MAPPING ? "a rule is expected here" : "rules nested too deeply");
        return NULL;
    }
    *rule = (struct old_rule){.kind = OLD_NEVER, .line = node->line, .column = node->column};
    for (size_t i = 0; i < sizeof rule_kinds / sizeof *rule_kinds && !taken; i++) {
        taken = old_tree_find(node, rule_kinds[i].name);
        taken = taken && taken->kind == OLD_NULL ? NULL : taken;
        if (taken)
            rule->kind = rule_kinds[i].kind;
    }
    report_unknown_rules(reading, node, taken);
    if (!taken)
        return rule;
    reading->rule_depth++;
    bool ok = rule->kind == OLD_MATCH ? read_mapping(reading, taken, &match_table, rule)
                                      : read_children(reading, taken, rule);
    reading->rule_depth--;
    return ok ? rule : NULL;
}

static bool read_trigger_rule(struct reading *reading, const struct old_node *node, void *field)
{
    struct old_rule *rule = read_rule(reading, node);
    *(struct old_rule **)field = rule;
    return rule != NULL;
}

/* ---- hooks ---- */

#define HOOK(field) offsetof(struct old_hook, field)
static const struct old_key hook_keys[] = {
    {"id", read_text, HOOK(id)},
    {"execute-command", read_text, HOOK(command)},
    {"command-working-directory", read_text, HOOK(directory)},
    {"response-message", read_text, HOOK(message)},
    {"response-headers", read_headers, HOOK(headers)},
    {"success-http-response-code", read_status, HOOK(success)},
    {"incoming-payload-content-type", read_text, HOOK(content_type)},
    {"http-methods", read_names, HOOK(methods)},
    {"include-command-output-in-response", read_flag, HOOK(output)},
    {"include-command-output-in-response-on-error", read_flag, HOOK(output_on_error)},
    {"parse-parameters-as-json", read_values, HOOK(json)},
    {"pass-arguments-to-command", read_values, HOOK(arguments)},
    {"pass-environment-to-command", read_values, HOOK(environment)},
    {"pass-file-to-command", read_values, HOOK(files)},
    {"trigger-rule", read_trigger_rule, HOOK(rule)},
    {"trigger-rule-mismatch-http-response-code", read_status, HOOK(mismatch)},
    {"trigger-signature-soft-failures", read_flag, HOOK(soft_failures)},
};
static const struct old_keys hook_table = {"a hook", hook_keys,
                                           sizeof hook_keys / sizeof *hook_keys};

static void read_hook(struct reading *reading, const struct old_node *node, struct old_hook *hook)
{
    const struct old_node *id = node->kind == OLD_MAPPING ? old_tree_find(node, "id") : NULL;
    *hook = (struct old_hook){.line = node->line, .column = node->column};
    reading->hook = hook;
    reading->rule_depth = 0;
    reading->report->hook = id && id->text.data ? id->text : bytes_of(NULL, 0);
    if (!read_mapping(reading, node, &hook_table, hook))
        hook->is_broken = true;
    if (!hook->is_broken && hook->id.length == 0)
        refuse(reading, node, "a hook without an id has no path");
    if (!hook->is_broken && hook->command.length == 0)
        refuse(reading, node, "a hook without execute-command runs nothing");
    reading->report->hook = bytes_of(NULL, 0);
}

bool old_hooks_read(const struct old_node *root, const struct old_template *actions,
                    struct arena *arena, struct import_report *report, struct old_hooks *hooks)
{
    struct reading reading = {.actions = actions, .arena = arena, .report = report};
    if (root->kind != OLD_LIST)
        return report_problem(report, root->line, root->column, "the file is not a list of hooks");
    if (root->count > OLD_HOOKS_MAX)
        return report_problem(report, root->line, root->column, "more than %d hooks",
                              OLD_HOOKS_MAX);
    hooks->items = arena_alloc_array(arena, root->count + 1, sizeof *hooks->items);
    hooks->count = 0;
    if (!hooks->items)
        return report_problem(report, 0, 0, "no memory");
    for (const struct old_node *node = root->first; node; node = node->next)
        read_hook(&reading, node, &hooks->items[hooks->count++]);
    return true;
}
