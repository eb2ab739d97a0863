/* A rule is translated by which of its outcomes is wanted, down to the tests, so that `not` and
 * missing values come out as they do in `webhook`, with operators that have no error: there is no
 * other way to say "the value is there, and differs" under a `not`. An `and` that fails cleanly is
 * one of its children failing behind others that hold; that grows, so the nodes are counted. */
#include "server/import/when_text.h"

#include "config/text.h"
#include "handlers/admission/condition.h"
#include "server/import/expression.h"
#include "server/import/network.h"
#include "server/import/yaml_text.h"
#include "server/pipeline/stored_headers.h"

#include <ctype.h>

enum { NODES_MAX = 4 * CONDITION_ENTRIES_MAX };

const struct when_entry *when_fail(struct when_builder *builder, const struct old_rule *rule,
                                   const char *reason)
{
    if (!builder->failure) {
        builder->failure = reason;
        builder->where = rule;
    }
    return NULL;
}

static struct when_entry *when_new(struct when_builder *builder, enum when_kind kind)
{
    struct when_entry *condition = arena_alloc(builder->arena, sizeof *condition);
    if (condition)
        condition->kind = kind;
    if (!condition || ++builder->nodes > NODES_MAX) {
        when_fail(builder, NULL, "it needs too many tests");
        return NULL;
    }
    return condition;
}

/* ---- lists ---- */

static bool add_child(struct when_entry *list, const struct when_entry *item)
{
    list->children[list->count++] = item;
    return true;
}

/* `empty` is what a list without items is, and what an item of no effect is. */
static const struct when_entry *make_list(struct when_builder *builder, enum when_kind kind,
                                          enum when_kind empty, enum when_kind decides,
                                          const struct when_entry *const *items, size_t count)
{
    struct when_entry *list = when_new(builder, kind);
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += items[i] && items[i]->kind == kind ? items[i]->count : 1;
    if (list)
        list->children = arena_alloc_array(builder->arena, most + 1, sizeof *list->children);
    if (!list || !list->children)
        return when_fail(builder, NULL, "it needs too many tests");
    for (size_t i = 0; i < count; i++) {
        const struct when_entry *item = items[i];
        if (!item || item->kind == decides)
            return item;
        if (item->kind == kind)
            for (size_t j = 0; j < item->count; j++)
                add_child(list, item->children[j]);
        else if (item->kind != empty)
            add_child(list, item);
    }
    if (list->count == 0)
        list->kind = empty;
    return list->count == 1 ? list->children[0] : list;
}

const struct when_entry *when_all(struct when_builder *builder,
                                  const struct when_entry *const *items, size_t count)
{
    return make_list(builder, WHEN_ALL, WHEN_TRUE, WHEN_FALSE, items, count);
}

const struct when_entry *when_any(struct when_builder *builder,
                                  const struct when_entry *const *items, size_t count)
{
    return make_list(builder, WHEN_ANY, WHEN_FALSE, WHEN_TRUE, items, count);
}

static const struct when_entry *make_not(struct when_builder *builder,
                                         const struct when_entry *item)
{
    if (!item)
        return NULL;
    if (item->kind == WHEN_NOT)
        return item->children[0];
    bool is_constant = item->kind == WHEN_TRUE || item->kind == WHEN_FALSE;
    struct when_entry *made = when_new(builder, WHEN_NOT);
    if (made && is_constant)
        made->kind = item->kind == WHEN_TRUE ? WHEN_FALSE : WHEN_TRUE;
    if (made && !is_constant) {
        made->children = arena_alloc_array(builder->arena, 1, sizeof *made->children);
        if (!made->children)
            return when_fail(builder, NULL, "it needs too many tests");
        add_child(made, item);
    }
    return made;
}

/* ---- tests ---- */

static struct when_entry *make_test(struct when_builder *builder, struct bytes reference,
                                    const char *operator, struct bytes literal, bool is_string)
{
    struct when_entry *test = when_new(builder, WHEN_TEST);
    if (!test)
        return NULL;
    test->reference = reference;
    test->operator= operator;
    test->literals[test->literal_count++] = (struct when_literal){literal, is_string};
    return test;
}

static const struct when_entry *make_exists(struct when_builder *builder, struct bytes reference,
                                            bool exists)
{
    return make_test(builder, reference, "exists", bytes_of_text(exists ? "true" : "false"), false);
}

/* The grammar of a number of JSON, short enough to be written as it is. */
static bool is_json_number(struct bytes text)
{
    enum { DIGITS_MAX = 40 };
    char digits[DIGITS_MAX + 1];
    if (text.length == 0 || text.length > DIGITS_MAX)
        return false;
    memcpy(digits, text.data, text.length);
    digits[text.length] = '\0';
    const char *at = digits + (digits[0] == '-');
    if (!isdigit((unsigned char)*at) || (*at == '0' && isdigit((unsigned char)at[1])))
        return false;
    at += strspn(at, "0123456789");
    if (*at == '.') {
        size_t count = strspn(at + 1, "0123456789");
        if (count == 0)
            return false;
        at += 1 + count;
    }
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        size_t count = strspn(at, "0123456789");
        if (count == 0)
            return false;
        at += count;
    }
    return (size_t)(at - digits) == text.length;
}

/* `webhook` compares texts, and the text of the number 1 is the same as that of the string "1". */
static void add_typed_literal(struct when_entry *test, struct bytes value)
{
    bool is_word = bytes_equal_text(value, "true") || bytes_equal_text(value, "false");
    struct when_literal typed = {value, false};
    if (bytes_equal_text(value, "<nil>"))
        typed.text = bytes_of_text("null");
    else if (!is_word && !is_json_number(value))
        return;
    test->literals[test->literal_count++] = typed;
}

static bool translate(struct when_builder *builder, const struct old_rule *rule,
                      struct origin *origin)
{
    origin_translate(&rule->parameter, builder->body, builder->arena, origin);
    if (origin->form == ORIGIN_NOTHING)
        when_fail(builder, rule, origin->reason);
    return origin->form != ORIGIN_NOTHING;
}

static const struct when_entry *value_test(struct when_builder *builder,
                                           const struct old_rule *rule, struct bytes reference,
                                           bool is_typed, enum rule_outcome outcome)
{
    bool fails = outcome == RULE_FAILS_CLEANLY;
    struct when_entry *test =
        make_test(builder, reference, fails ? "not_equals" : "equals", rule->value.text, true);
    if (test && is_typed)
        add_typed_literal(test, rule->value.text);
    if (test && test->literal_count > 1)
        test->operator= fails ? "not_in" : "in";
    return test;
}

/* The test of a value that stands in JSON or in a form: it fails where the value is missing. */
static const struct when_entry *
of_both(struct when_builder *builder, const struct old_rule *rule, const struct origin *origin,
        enum rule_outcome outcome,
        const struct when_entry *(*test)(struct when_builder *, const struct old_rule *,
                                         struct bytes reference, bool is_typed, enum rule_outcome))
{
    const struct when_entry *first = test(builder, rule, origin->text, origin->is_typed, outcome);
    if (!origin->other.data || !first)
        return first;
    const struct when_entry *ways[] = {first, test(builder, rule, origin->other, false, outcome)};
    return when_any(builder, ways, 2);
}

static const struct when_entry *value_condition(struct when_builder *builder,
                                                const struct old_rule *rule,
                                                enum rule_outcome outcome)
{
    struct origin origin;
    if (rule->value.action)
        return when_fail(builder, rule, "a condition cannot name a secret of the environment");
    if (!translate(builder, rule, &origin))
        return NULL;
    if (origin.form == ORIGIN_CONSTANT)
        return when_new(builder, bytes_equal(origin.text, rule->value.text) !=
                                         (outcome == RULE_FAILS_CLEANLY)
                                     ? WHEN_TRUE
                                     : WHEN_FALSE);
    if (origin.is_client)
        return when_fail(builder, rule,
                         "remote-addr has a port that no condition knows; use ip-whitelist");
    if (origin.is_payload && stored_headers_is_secret(rule->parameter.name))
        builder->has_payload_secret = true;
    return of_both(builder, rule, &origin, outcome, value_test);
}

/* ---- regular expressions ---- */

static const struct when_entry *expression_test(struct when_builder *builder,
                                                const struct old_rule *rule, struct bytes reference,
                                                bool is_typed, enum rule_outcome outcome)
{
    struct bytes expression = rule->regex.length ? rule->regex : bytes_of_text("^");
    const struct when_entry *test = make_test(builder, reference, "matches", expression, true);
    if (outcome != RULE_FAILS_CLEANLY)
        return test;
    /* of what is no string nothing is known: webhook would have made text of it */
    const struct when_entry *both[] = {
        is_typed ? make_test(builder, reference, "matches", bytes_of_text("^"), true)
                 : make_exists(builder, reference, true),
        make_not(builder, test)};
    return when_all(builder, both, 2);
}

static const struct when_entry *expression_condition(struct when_builder *builder,
                                                     const struct old_rule *rule,
                                                     enum rule_outcome outcome)
{
    struct origin origin;
    if (!translate(builder, rule, &origin))
        return NULL;
    if (origin.form == ORIGIN_CONSTANT)
        return when_fail(builder, rule, "an expression over a constant string");
    if (!expression_is_of_go(rule->regex))
        return when_fail(builder, rule, "webhook refuses this expression, so the rule never holds");
    if (!expression_is_of_route(rule->regex, builder->arena))
        return when_fail(builder, rule, "PCRE2 does not take this expression");
    builder->has_expression = true;
    builder->has_typed_expression |= origin.is_typed;
    return of_both(builder, rule, &origin, outcome, expression_test);
}

/* ---- addresses ---- */

static const struct when_entry *address_condition(struct when_builder *builder,
                                                  const struct old_rule *rule,
                                                  enum rule_outcome outcome)
{
    struct when_entry *address = when_new(builder, WHEN_ADDRESS);
    bool is_odd = false;
    if (!address)
        return NULL;
    if (!networks_read(rule->ip_range, builder->arena, &address->networks, &address->network_count,
                       &is_odd))
        return when_fail(builder, rule, "its ip-range is no list of addresses and networks");
    builder->has_odd_network |= is_odd;
    if (address->network_count == 0)
        address->kind = WHEN_FALSE;
    return outcome == RULE_FAILS_CLEANLY ? make_not(builder, address) : address;
}

/* ---- rules ---- */

static const struct when_entry *signature_condition(struct when_builder *builder,
                                                    const struct old_rule *rule,
                                                    enum rule_outcome outcome)
{
    (void)outcome;
    return when_fail(builder, rule,
                     "a signature under or, or under not, is no authentication here");
}

static const struct match_row {
    const char *type;
    const struct when_entry *(*condition)(struct when_builder *, const struct old_rule *,
                                          enum rule_outcome);
} match_rows[] = {
    {"value", value_condition},
    {"regex", expression_condition},
    {"ip-whitelist", address_condition},
    {"payload-hmac-sha1", signature_condition},
    {"payload-hmac-sha256", signature_condition},
    {"payload-hmac-sha512", signature_condition},
    {"payload-hash-sha1", signature_condition},
    {"payload-hash-sha256", signature_condition},
    {"payload-hash-sha512", signature_condition},
    {"scalr-signature", signature_condition},
};

static const struct when_entry *match_condition(struct when_builder *builder,
                                                const struct old_rule *rule,
                                                enum rule_outcome outcome)
{
    for (size_t i = 0; i < sizeof match_rows / sizeof *match_rows; i++)
        if (bytes_equal_text(rule->type, match_rows[i].type))
            return match_rows[i].condition(builder, rule, outcome);
    return when_fail(builder, rule, "a match of a type that webhook does not know either");
}

/* All children with that outcome, as a list. */
static const struct when_entry **child_conditions(struct when_builder *builder,
                                                  const struct old_rule *rule, size_t count,
                                                  enum rule_outcome outcome)
{
    const struct when_entry **items =
        arena_alloc_array(builder->arena, count + 1, sizeof(struct when_entry *));
    if (!items)
        when_fail(builder, rule, "it needs too many tests");
    for (size_t i = 0; items && i < count; i++) {
        items[i] = when_of_rule(builder, rule->children[i], outcome);
        if (!items[i])
            return NULL;
    }
    return items;
}

/* An `and` fails without an error where a child does so behind children that hold. */
static const struct when_entry *and_fails(struct when_builder *builder, const struct old_rule *rule)
{
    const struct when_entry **ways =
        arena_alloc_array(builder->arena, rule->count + 1, sizeof(struct when_entry *));
    if (!ways)
        return when_fail(builder, rule, "it needs too many tests");
    for (size_t i = 0; i < rule->count; i++) {
        const struct when_entry **items = child_conditions(builder, rule, i, RULE_HOLDS_CLEANLY);
        if (items)
            items[i] = when_of_rule(builder, rule->children[i], RULE_FAILS_CLEANLY);
        ways[i] = items && items[i] ? when_all(builder, items, i + 1) : NULL;
        if (!ways[i])
            return NULL;
    }
    return when_any(builder, ways, rule->count);
}

/* Of a value that is no string an expression fails here, where `webhook` matches its text: nothing
 * may follow from that. */
static bool has_expression(const struct old_rule *rule)
{
    bool found = rule->kind == OLD_MATCH && bytes_equal_text(rule->type, "regex");
    for (size_t i = 0; i < rule->count && !found; i++)
        found = has_expression(rule->children[i]);
    return found;
}

static const struct when_entry *or_condition(struct when_builder *builder,
                                             const struct old_rule *rule, enum rule_outcome outcome)
{
    bool fails = outcome == RULE_FAILS_CLEANLY;
    bool strict = builder->strict || (fails && has_expression(rule));
    enum rule_outcome wanted = !strict ? RULE_HOLDS : fails ? outcome : RULE_HOLDS_CLEANLY;
    const struct when_entry **items = child_conditions(builder, rule, rule->count, wanted);
    if (!items)
        return NULL;
    if (fails && strict)
        return when_all(builder, items, rule->count);
    const struct when_entry *any = when_any(builder, items, rule->count);
    return fails ? make_not(builder, any) : any;
}

static const struct when_entry *
not_condition(struct when_builder *builder, const struct old_rule *rule, enum rule_outcome outcome)
{
    const struct old_rule *child = rule->children[0];
    if (outcome == RULE_FAILS_CLEANLY)
        return when_of_rule(builder, child, RULE_HOLDS_CLEANLY);
    if (outcome == RULE_HOLDS_CLEANLY || builder->strict)
        return when_of_rule(builder, child, RULE_FAILS_CLEANLY);
    if (!has_expression(child))
        return make_not(builder, when_of_rule(builder, child, RULE_HOLDS));
    if (child->kind != OLD_MATCH)
        return when_of_rule(builder, child, RULE_FAILS_CLEANLY);
    struct origin origin;
    if (!translate(builder, child, &origin))
        return NULL;
    struct bytes other = origin.other.data ? origin.other : origin.text;
    const struct when_entry *missing[] = {make_exists(builder, origin.text, false),
                                          make_exists(builder, other, false)};
    const struct when_entry *ways[] = {when_all(builder, missing, origin.other.data ? 2 : 1),
                                       when_of_rule(builder, child, RULE_FAILS_CLEANLY)};
    return when_any(builder, ways, 2);
}

const struct when_entry *when_of_rule(struct when_builder *builder, const struct old_rule *rule,
                                      enum rule_outcome outcome)
{
    const struct when_entry **items;
    switch (rule->kind) {
    case OLD_MATCH:
        return match_condition(builder, rule, outcome);
    case OLD_AND:
        if (outcome == RULE_FAILS_CLEANLY)
            return and_fails(builder, rule);
        items = child_conditions(builder, rule, rule->count, RULE_HOLDS_CLEANLY);
        return items ? when_all(builder, items, rule->count) : NULL;
    case OLD_OR:
        return or_condition(builder, rule, outcome);
    case OLD_NOT:
        return not_condition(builder, rule, outcome);
    case OLD_NEVER:
        break;
    }
    return when_new(builder, outcome == RULE_FAILS_CLEANLY ? WHEN_TRUE : WHEN_FALSE);
}

/* ---- size and text ---- */

/* `nesting` is how deep the file is nested where the entry stands: a list is a mapping with a list
 * in it. */
static size_t count_tests(const struct when_entry *condition, unsigned depth, unsigned nesting)
{
    enum { LEAF = 2 }; /* the mapping of a test, with a list in it */
    size_t count = 1;
    bool is_list = condition->kind == WHEN_ALL || condition->kind == WHEN_ANY;
    if (depth > CONDITION_DEPTH_MAX || nesting + LEAF > TEXT_DEPTH_MAX)
        return CONDITION_ENTRIES_MAX + 1;
    for (size_t i = 0; i < condition->count; i++)
        count += count_tests(condition->children[i], depth + 1, nesting + (is_list ? 2 : 1));
    return count;
}

bool when_fits(const struct when_entry *condition)
{
    enum { NESTING = 4 }; /* the file, its routes, one of them, its when: */
    return count_tests(condition, 0, NESTING) <= CONDITION_ENTRIES_MAX;
}

bool when_write_networks(struct buffer *out, const struct when_entry *condition)
{
    bool ok = buffer_append_text(out, "[");
    for (size_t i = 0; ok && i < condition->network_count; i++)
        ok = (i == 0 || buffer_append_text(out, ", ")) && yaml_string(out, condition->networks[i]);
    return ok && buffer_append_text(out, "]");
}

static bool write_literal(struct buffer *out, const struct when_literal *literal)
{
    return literal->is_string ? yaml_string(out, literal->text)
                              : buffer_append_bytes(out, literal->text);
}

static bool write_test(struct buffer *out, const struct when_entry *test)
{
    bool is_list = test->literal_count > 1;
    bool ok = buffer_append_text(out, "{value: ") && yaml_string(out, test->reference) &&
              buffer_printf(out, ", %s: %s", test->operator, is_list ? "[" : "");
    for (size_t i = 0; ok && i < test->literal_count; i++)
        ok = (i == 0 || buffer_append_text(out, ", ")) && write_literal(out, &test->literals[i]);
    return ok && buffer_append_text(out, is_list ? "]}\n" : "}\n");
}

static bool write_entry(struct buffer *out, unsigned indent, const struct when_entry *entry);

static bool write_items(struct buffer *out, unsigned indent, const struct when_entry *list)
{
    bool ok = true;
    for (size_t i = 0; ok && i < list->count; i++)
        ok = buffer_printf(out, "%*s- ", (int)indent, "") &&
             write_entry(out, indent + 2, list->children[i]);
    return ok;
}

/* What stands behind "- " or "not:", where `indent` columns are taken. The depth is bounded by
 * when_fits. */
static bool write_entry(struct buffer *out, unsigned indent, const struct when_entry *entry)
{
    const struct when_entry *inner = entry->kind == WHEN_NOT ? entry->children[0] : NULL;
    switch (entry->kind) {
    case WHEN_TEST:
        return write_test(out, entry);
    case WHEN_ADDRESS:
        return buffer_append_text(out, "{address: ") && when_write_networks(out, entry) &&
               buffer_append_text(out, "}\n");
    case WHEN_ALL:
    case WHEN_ANY:
        return buffer_printf(out, "%s:\n", entry->kind == WHEN_ALL ? "all" : "any") &&
               write_items(out, indent + 2, entry);
    case WHEN_NOT:
        if (inner->kind == WHEN_TEST || inner->kind == WHEN_ADDRESS)
            return buffer_append_text(out, "not: ") && write_entry(out, indent, inner);
        return buffer_printf(out, "not:\n%*s", (int)indent + 2, "") &&
               write_entry(out, indent + 2, inner);
    case WHEN_TRUE:
    case WHEN_FALSE:
        break;
    }
    return buffer_append_text(out, entry->kind == WHEN_TRUE ? "{all: []}\n" : "{any: []}\n");
}

bool when_write(struct buffer *out, unsigned indent, const struct when_entry *condition)
{
    if (condition->kind == WHEN_ALL)
        return write_items(out, indent, condition);
    return buffer_printf(out, "%*s- ", (int)indent, "") && write_entry(out, indent + 2, condition);
}
