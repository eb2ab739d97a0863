/* An `and` asks for what all of its children ask for. An `or` can be divided in two cases: its
 * branches are the same proof with other secrets, or all of them ask for the same proofs. Anything
 * else would hide a proof where a caller can go around it. */
#include "server/import/callers.h"

#include "base/encoding.h"
#include "server/pipeline/stored_headers.h"

#include <ctype.h>

static const struct {
    const char *type, *hash;
} signature_types[] = {
    {"payload-hmac-sha1", "sha1"},     {"payload-hash-sha1", "sha1"},
    {"payload-hmac-sha256", "sha256"}, {"payload-hash-sha256", "sha256"},
    {"payload-hmac-sha512", "sha512"}, {"payload-hash-sha512", "sha512"},
};

struct division {
    struct when_builder *builder;
    bool soft_failures;
};

static bool fail(struct division *division, const struct old_rule *rule, const char *reason)
{
    when_fail(division->builder, rule, reason);
    return false;
}

/* ---- one match ---- */

static const char *signature_hash(const struct old_rule *rule)
{
    for (size_t i = 0; i < sizeof signature_types / sizeof *signature_types; i++)
        if (bytes_equal_text(rule->type, signature_types[i].type))
            return signature_types[i].hash;
    return NULL;
}

static struct bytes lower_case(struct arena *arena, struct bytes name)
{
    char *copy = arena_copy_bytes(arena, name);
    for (size_t i = 0; copy && i < name.length; i++)
        copy[i] = (char)tolower((unsigned char)copy[i]);
    return bytes_of(copy, copy ? name.length : 0);
}

static bool is_header(const struct old_value *value)
{
    return bytes_equal_text(value->source, "header");
}

static bool is_query(const struct old_value *value)
{
    return bytes_equal_text(value->source, "url") || bytes_equal_text(value->source, "query");
}

/* Whether a value is held against a constant where secrets are sent. */
static bool is_scalr(const struct old_rule *rule)
{
    return bytes_equal_text(rule->type, "scalr-signature");
}

static bool is_token(struct division *division, const struct old_rule *rule)
{
    if (!bytes_equal_text(rule->type, "value"))
        return false;
    if (!is_header(&rule->parameter) && !is_query(&rule->parameter))
        return false;
    struct bytes name = lower_case(division->builder->arena, rule->parameter.name);
    return stored_headers_is_secret(name) || rule->value.action;
}

static bool is_proof(struct division *division, const struct old_rule *rule)
{
    return rule->kind == OLD_MATCH &&
           (signature_hash(rule) || is_scalr(rule) || is_token(division, rule));
}

static bool has_proof(struct division *division, const struct old_rule *rule)
{
    bool found = is_proof(division, rule);
    for (size_t i = 0; rule->kind != OLD_NOT && i < rule->count && !found; i++)
        found = has_proof(division, rule->children[i]);
    return found;
}

static bool has_prefix(struct bytes *text, const char *scheme)
{
    struct bytes front = *text;
    front.length = strlen(scheme) < text->length ? strlen(scheme) : text->length;
    if (!bytes_equal_nocase(front, bytes_of_text(scheme)))
        return false;
    *text = bytes_from(*text, front.length);
    return text->length > 0;
}

/* `Authorization: Basic …` with a name and a password in it. */
static bool take_basic(struct division *division, struct bytes encoded, struct caller *caller)
{
    uint8_t *text = arena_alloc(division->builder->arena, encoded.length + 1);
    size_t length;
    if (!text || !base64_decode(encoded, text, encoded.length, &length))
        return false;
    uint8_t *colon = memchr(text, ':', length);
    if (!colon || colon == text || colon + 1 == text + length || memchr(text, 0, length))
        return false;
    caller->kind = CALLER_BASIC;
    caller->place = bytes_of(text, (size_t)(colon - text));
    caller->secrets[0].text = bytes_of(colon + 1, length - caller->place.length - 1);
    return true;
}

static void take_authorization(struct division *division, struct caller *caller)
{
    struct bytes value = caller->secrets[0].text;
    if (caller->secrets[0].action)
        return;
    if (has_prefix(&value, "Bearer ")) {
        caller->kind = CALLER_BEARER;
        caller->secrets[0].text = value;
    } else if (has_prefix(&value, "Basic ")) {
        take_basic(division, value, caller);
    }
}

/* Its header is always the same one. */
static bool take_scalr(struct division *division, const struct old_rule *rule,
                       struct callers *callers)
{
    callers->items[0] = (struct caller){.kind = CALLER_SCALR,
                                        .hash = "sha1",
                                        .place = bytes_of_text("x-signature"),
                                        .secrets = {rule->secret},
                                        .count = 1};
    callers->count = 1;
    return rule->secret.text.length > 0 || fail(division, rule, "an empty secret");
}

/* The proof that a match asks for. */
static bool take_proof(struct division *division, const struct old_rule *rule,
                       struct callers *callers)
{
    struct caller *caller = &callers->items[0];
    if (is_scalr(rule))
        return take_scalr(division, rule, callers);
    const char *hash = signature_hash(rule);
    bool in_header = is_header(&rule->parameter);
    *caller = (struct caller){.kind = hash        ? CALLER_HMAC
                                      : in_header ? CALLER_HEADER
                                                  : CALLER_QUERY,
                              .hash = hash,
                              .place = rule->parameter.name,
                              .secrets = {hash ? rule->secret : rule->value},
                              .count = 1};
    if (hash && !in_header)
        return fail(division, rule, "a signature that is not in a header");
    if (caller->secrets[0].text.length == 0)
        return fail(division, rule, "an empty secret");
    if (caller->place.length == 0)
        return fail(division, rule, "a secret without the name of its place");
    if (in_header)
        caller->place = lower_case(division->builder->arena, caller->place);
    if (caller->kind == CALLER_HEADER && bytes_equal_text(caller->place, "authorization"))
        take_authorization(division, caller);
    callers->count = 1;
    return true;
}

/* ---- rules ---- */

static bool divide(struct division *division, const struct old_rule *rule,
                   enum rule_outcome outcome, struct callers *callers);

static struct callers *divide_children(struct division *division, const struct old_rule *rule,
                                       enum rule_outcome outcome)
{
    struct callers *parts =
        arena_alloc_array(division->builder->arena, rule->count + 1, sizeof *parts);
    if (!parts)
        fail(division, rule, "it needs too much memory");
    for (size_t i = 0; parts && i < rule->count; i++)
        if (!divide(division, rule->children[i], outcome, &parts[i]))
            return NULL;
    return parts;
}

static const struct when_entry **conditions_of(struct division *division,
                                               const struct callers *parts, size_t count)
{
    const struct when_entry **items =
        arena_alloc_array(division->builder->arena, count + 1, sizeof(struct when_entry *));
    for (size_t i = 0; items && i < count; i++)
        items[i] = parts[i].condition;
    return items;
}

static bool same_secret(const struct old_secret *a, const struct old_secret *b)
{
    return bytes_equal(a->text, b->text);
}

static bool same_place(const struct caller *a, const struct caller *b)
{
    return a->kind == b->kind && bytes_equal(a->place, b->place) &&
           (!a->hash || strcmp(a->hash, b->hash) == 0);
}

static bool same_caller(const struct caller *a, const struct caller *b)
{
    if (!same_place(a, b) || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_secret(&a->secrets[i], &b->secrets[i]))
            return false;
    return true;
}

static bool divide_and(struct division *division, const struct old_rule *rule,
                       struct callers *callers)
{
    struct callers *parts = divide_children(division, rule, RULE_HOLDS_CLEANLY);
    for (size_t i = 0; parts && i < rule->count; i++)
        for (size_t j = 0; j < parts[i].count; j++) {
            bool known = false;
            for (size_t k = 0; k < callers->count && !known; k++)
                known = same_caller(&callers->items[k], &parts[i].items[j]);
            if (!known && callers->count == CALLERS_MAX)
                return fail(division, rule, "more proofs than a route can ask for");
            if (!known)
                callers->items[callers->count++] = parts[i].items[j];
        }
    const struct when_entry **items = parts ? conditions_of(division, parts, rule->count) : NULL;
    callers->condition = items ? when_all(division->builder, items, rule->count) : NULL;
    return callers->condition != NULL;
}

/* Branches that differ in their secrets alone become one proof with several secrets. */
static bool merge_secrets(struct division *division, const struct old_rule *rule,
                          const struct callers *parts, struct callers *callers)
{
    struct caller merged = parts[0].items[0];
    for (size_t i = 0; i < rule->count; i++)
        if (parts[i].count != 1 || parts[i].condition->kind != WHEN_TRUE ||
            !same_place(&parts[i].items[0], &merged))
            return false;
    for (size_t i = 1; i < rule->count; i++) {
        /* without soft failures the first signature that fails ends webhook's walk with a 500 */
        if (merged.hash && !division->soft_failures) {
            merged.has_untried |= !same_caller(&parts[i].items[0], &parts[0].items[0]);
            continue;
        }
        for (size_t j = 0; j < parts[i].items[0].count; j++) {
            if (merged.count == CALLER_SECRETS_MAX)
                return fail(division, rule, "more secrets than a route may have");
            merged.secrets[merged.count++] = parts[i].items[0].secrets[j];
        }
    }
    callers->items[0] = merged;
    callers->count = 1;
    callers->condition = parts[0].condition;
    return true;
}

static bool divide_or(struct division *division, const struct old_rule *rule,
                      enum rule_outcome outcome, struct callers *callers)
{
    if (!has_proof(division, rule)) {
        callers->condition = when_of_rule(division->builder, rule, outcome);
        return callers->condition != NULL;
    }
    struct callers *parts = divide_children(
        division, rule, division->builder->strict ? RULE_HOLDS_CLEANLY : RULE_HOLDS);
    if (!parts)
        return false;
    if (merge_secrets(division, rule, parts, callers))
        return true;
    for (size_t i = 1; i < rule->count; i++) {
        bool same = parts[i].count == parts[0].count;
        for (size_t j = 0; same && j < parts[0].count; j++)
            same = same_caller(&parts[i].items[j], &parts[0].items[j]);
        if (!same)
            return fail(division, rule,
                        "an or whose branches ask for different proofs: use a route for each");
    }
    *callers = parts[0];
    const struct when_entry **items = conditions_of(division, parts, rule->count);
    callers->condition = items ? when_any(division->builder, items, rule->count) : NULL;
    return callers->condition != NULL;
}

static bool divide(struct division *division, const struct old_rule *rule,
                   enum rule_outcome outcome, struct callers *callers)
{
    callers->count = 0;
    if (rule->kind == OLD_AND)
        return divide_and(division, rule, callers);
    if (rule->kind == OLD_OR)
        return divide_or(division, rule, outcome, callers);
    if (!is_proof(division, rule)) {
        callers->condition = when_of_rule(division->builder, rule, outcome);
        return callers->condition != NULL;
    }
    callers->condition = when_all(division->builder, NULL, 0);
    return callers->condition && take_proof(division, rule, callers);
}

bool callers_of_rule(struct when_builder *builder, const struct old_rule *rule, bool soft_failures,
                     struct callers *callers)
{
    struct division division = {builder, soft_failures};
    *callers = (struct callers){.count = 0};
    if (!rule) {
        callers->condition = when_all(builder, NULL, 0);
        return callers->condition != NULL;
    }
    return divide(&division, rule, builder->strict ? RULE_HOLDS_CLEANLY : RULE_HOLDS, callers);
}

bool callers_own(const struct callers *callers, const struct old_value *value)
{
    for (size_t i = 0; i < callers->count; i++) {
        const struct caller *caller = &callers->items[i];
        bool is_authorization = caller->kind == CALLER_BEARER || caller->kind == CALLER_BASIC;
        struct bytes place = is_authorization ? bytes_of_text("authorization") : caller->place;
        bool same = caller->kind == CALLER_QUERY
                        ? is_query(value) && bytes_equal(value->name, place)
                        : is_header(value) && bytes_equal_nocase(value->name, place);
        if (same)
            return true;
    }
    return false;
}
