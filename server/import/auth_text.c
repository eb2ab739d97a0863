/* A signature becomes a scheme or an `auth:`, a secret that is compared a token, an address list
 * `allow:`. What `webhook` lets pass without any of them is said to be open. */
#include "server/import/auth_text.h"
#include "server/import/yaml_text.h"

#include <stdio.h>

/* ---- reading ---- */

static bool names_header(const struct when_entry *condition, struct bytes reference)
{
    if (condition->kind == WHEN_TEST && bytes_equal(condition->reference, reference))
        return true;
    for (size_t i = 0; i < condition->count; i++)
        if (names_header(condition->children[i], reference))
            return true;
    return false;
}

/* A header that authenticates cannot be named in a condition. */
static bool check_conditions(struct route_draft *draft)
{
    for (size_t i = 0; i < draft->callers.count; i++) {
        const struct caller *caller = &draft->callers.items[i];
        const char *root = caller->kind == CALLER_QUERY ? "query" : "header";
        const char *reference =
            arena_format(draft->arena, "%s.%.*s", root, (int)caller->place.length,
                         (const char *)caller->place.data);
        if (!reference || names_header(draft->when, bytes_of_text(reference)))
            return draft_fail(draft, "a condition names a header or parameter that authenticates");
    }
    return true;
}

/* The first address test among those that must all hold becomes `allow:`. */
static bool take_address(struct route_draft *draft, const struct when_entry *whole)
{
    const struct when_entry *alone[] = {whole};
    bool is_all = whole->kind == WHEN_ALL;
    const struct when_entry *const *items = is_all ? whole->children : alone;
    size_t count = is_all ? whole->count : 1, kept = 0;
    const struct when_entry **rest =
        arena_alloc_array(draft->arena, count + 1, sizeof(struct when_entry *));
    if (!rest)
        return draft_fail(draft, "it needs too much memory");
    for (size_t i = 0; i < count; i++) {
        if (items[i]->kind == WHEN_ADDRESS && !draft->address)
            draft->address = items[i];
        else
            rest[kept++] = items[i];
    }
    draft->when = when_all(&draft->builder, rest, kept);
    return draft->when || draft_fail(draft, draft->builder.failure);
}

bool draft_read_callers(struct route_draft *draft)
{
    const struct old_hook *hook = draft->hook;
    draft->builder =
        (struct when_builder){.arena = draft->arena, .body = &draft->body, .strict = !draft->exact};
    if (!callers_of_rule(&draft->builder, hook->rule, hook->soft_failures, &draft->callers))
        return draft_fail(draft, draft->builder.failure ? draft->builder.failure
                                                        : "it needs too much memory");
    const struct when_entry *whole = draft->callers.condition;
    if (whole->kind == WHEN_FALSE)
        return draft_fail(draft, "its trigger-rule never holds");
    if (!when_fits(whole))
        return draft_fail(draft, "its trigger-rule needs more tests than a route may have");
    return take_address(draft, whole) && check_conditions(draft);
}

/* ---- secrets ---- */

static bool write_secret(struct buffer *out, const struct old_secret *secret)
{
    if (!secret->action)
        return yaml_string(out, secret->text);
    return buffer_printf(out, "{%s: ", secret->action->kind) &&
           yaml_string(out, secret->action->name) && buffer_append_text(out, "}");
}

static bool write_secrets(struct buffer *out, const struct caller *caller)
{
    bool is_list = caller->count > 1;
    bool ok = buffer_append_text(out, is_list ? "[" : "");
    for (size_t i = 0; ok && i < caller->count; i++)
        ok = (i == 0 || buffer_append_text(out, ", ")) && write_secret(out, &caller->secrets[i]);
    return ok && buffer_append_text(out, is_list ? "]" : "");
}

/* ---- one proof ---- */

/* Headers of senders that are known; the prefix is the one that they send. */
static const struct sender {
    const char *header, *hash, *prefix, *provider;
} senders[] = {
    {"x-hub-signature-256", "sha256", "sha256=", "github"},
    {"x-hub-signature", "sha1", "sha1=", "github-sha1"},
    {"x-gitea-signature", "sha256", NULL, "gitea"},
    {"x-forgejo-signature", "sha256", NULL, "forgejo"},
    {"x-gogs-signature", "sha256", NULL, "gogs"},
    {"x-gitlab-token", NULL, NULL, "gitlab"},
};

static const struct sender *find_sender(const struct caller *caller)
{
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        const char *hash = senders[i].hash;
        bool same_hash = caller->hash ? hash && strcmp(hash, caller->hash) == 0 : !hash;
        if (caller->kind <= CALLER_HEADER && same_hash &&
            bytes_equal_text(caller->place, senders[i].header))
            return &senders[i];
    }
    return NULL;
}

static bool write_caller(struct buffer *out, const struct caller *caller)
{
    static const char *const keys[] = {[CALLER_HEADER] = "token: {header",
                                       [CALLER_QUERY] = "token: {query",
                                       [CALLER_BEARER] = "token: {bearer",
                                       [CALLER_BASIC] = "basic: {user",
                                       [CALLER_HMAC] = "hmac: {header"};
    static const char *const secrets[] = {[CALLER_HEADER] = ", value: ",
                                          [CALLER_QUERY] = ", value: ",
                                          [CALLER_BASIC] = ", password: ",
                                          [CALLER_HMAC] = ", secret: "};
    const struct sender *sender = find_sender(caller);
    bool ok = buffer_printf(out, "%s: ", keys[caller->kind]);
    if (caller->kind != CALLER_BEARER)
        ok = ok && yaml_string(out, caller->place);
    if (caller->kind == CALLER_HMAC) {
        ok = ok && buffer_printf(out, ", hash: %s", caller->hash);
        if (sender && sender->prefix)
            ok = ok && buffer_printf(out, ", prefix: \"%s\"", sender->prefix);
    }
    if (secrets[caller->kind])
        ok = ok && buffer_append_text(out, secrets[caller->kind]);
    return ok && write_secrets(out, caller) && buffer_append_text(out, "}");
}

static bool write_hints(const struct route_draft *draft, struct buffer *out,
                        const struct caller *caller)
{
    const struct sender *sender = find_sender(caller);
    bool ok = true;
    if (caller->has_untried)
        ok = yaml_comment(out, KEY_INDENT,
                          "The further secrets of the hook are left away: without "
                          "trigger-signature-soft-failures webhook answers 500 before it tries "
                          "them. If they are meant to work, make the secret a list.");
    if (ok && sender && !draft->exact)
        ok = yaml_comment(out, KEY_INDENT,
                          "If the sender is what the header says, provider: %s with its secret: is "
                          "the same check, and knows its event types and message ids.",
                          sender->provider);
    if (ok && caller->kind == CALLER_QUERY)
        ok = yaml_comment(out, KEY_INDENT,
                          "Proxies log a query: send the token in a header if the sender can.");
    if (ok && caller->hash)
        ok = yaml_comment(out, KEY_INDENT,
                          "Stricter: a wrong or missing signature is answered 401, always.");
    return ok;
}

/* ---- the route's keys ---- */

/* Schemes that are written once for all routes: signatures as `webhook` takes them. */
static const struct own_scheme {
    enum caller_kind kind;
    const char *name, *hash, *rest;
} own_schemes[SCHEMES] = {
#define HMAC_KEYS(hash)                                                                            \
    "    signed: \"{{body}}\"\n"                                                                   \
    "    signature: {in: \"header.{{parameter.header}}\", separator: \",\", prefix: \"" hash       \
    "=\", prefix_optional: true}\n"                                                                \
    "    parameters: [header]\n"
    {CALLER_HMAC, "webhook-sha1", "sha1", HMAC_KEYS("sha1")},
    {CALLER_HMAC, "webhook-sha256", "sha256", HMAC_KEYS("sha256")},
    {CALLER_HMAC, "webhook-sha512", "sha512", HMAC_KEYS("sha512")},
    {CALLER_SCALR, "webhook-scalr", "sha1",
     "    signed: \"{{body}}{{time}}\"\n"
     "    signature: {in: header.x-signature}\n"
     "    time: {in: header.date, unit: rfc1123, tolerance: 5m, ahead: 5m}\n"},
};

/* A signature whose header may have a prefix or not, or several signatures, or one that covers more
 * than the body. */
static bool wants_scheme(const struct route_draft *draft, const struct caller *caller)
{
    return caller->kind == CALLER_SCALR ||
           (caller->kind == CALLER_HMAC && (draft->exact || !find_sender(caller)));
}

static bool write_provider(struct route_draft *draft, struct buffer *out,
                           const struct caller *caller)
{
    size_t place = 0;
    while (place + 1 < SCHEMES && (own_schemes[place].kind != caller->kind ||
                                   strcmp(own_schemes[place].hash, caller->hash) != 0))
        place++;
    const char *name = own_schemes[place].name;
    draft->writer->has_scheme[place] = true;
    bool ok = caller->kind == CALLER_HMAC
                  ? buffer_printf(out, "    provider: {name: %s, header: ", name) &&
                        yaml_string(out, caller->place) && buffer_append_text(out, "}\n")
                  : buffer_printf(out, "    provider: %s\n", name);
    return ok && buffer_append_text(out, "    secret: ") && write_secrets(out, caller) &&
           buffer_append_text(out, "\n");
}

bool auth_write_schemes(const struct route_writer *writer, struct buffer *out)
{
    bool ok = true, is_first = true;
    for (size_t i = 0; i < SCHEMES; i++) {
        if (!writer->has_scheme[i])
            continue;
        if (is_first)
            ok = yaml_comment(out, 0,
                              "Signatures as webhook takes them: with or without the prefix, one "
                              "or several.") &&
                 buffer_append_text(out, "providers:\n");
        is_first = false;
        ok = ok && buffer_printf(out, "  %s:\n    kind: hmac\n    hash: %s\n%s",
                                 own_schemes[i].name, own_schemes[i].hash, own_schemes[i].rest);
    }
    return ok && (is_first || buffer_append_text(out, "\n"));
}

static bool write_open(const struct route_draft *draft, struct buffer *out)
{
    const char *text =
        draft->address ? "Open to every process at these addresses; nobody proves who it is."
        : draft->when->kind != WHEN_TRUE
            ? "Open: no caller proves who it is, the conditions below only choose events."
            : "Open: every caller who knows the path runs the command.";
    bool ok = yaml_comment(out, KEY_INDENT, "%s", text);
    if (ok && draft->builder.has_payload_secret)
        ok = yaml_comment(out, KEY_INDENT,
                          "A value in the payload is compared with what seems to be a secret: it "
                          "is shown by verify and in this file. See tenterhook providers for a "
                          "scheme that this sender signs with.");
    return ok && buffer_append_text(out, "    auth: {none: true}\n");
}

/* The caller that is written as `provider`; their count: none is. A route has one of them, and any
 * number of HMACs under `auth`. */
static size_t choose_provider(const struct route_draft *draft)
{
    const struct callers *callers = &draft->callers;
    size_t chosen = callers->count;
    for (size_t i = 0; i < callers->count; i++)
        if (callers->items[i].kind == CALLER_SCALR ||
            (chosen == callers->count && wants_scheme(draft, &callers->items[i])))
            chosen = i;
    return chosen;
}

bool draft_write_callers(struct route_draft *draft, struct buffer *out)
{
    const struct callers *callers = &draft->callers;
    size_t provider = choose_provider(draft);
    size_t others = callers->count - (provider < callers->count);
    bool ok = true;
    for (size_t i = 0; i < callers->count; i++) {
        if (i != provider && callers->items[i].kind == CALLER_SCALR)
            return draft_fail(draft, "two scalr-signatures with different secrets");
        ok = ok && write_hints(draft, out, &callers->items[i]);
    }
    if (provider < callers->count)
        ok = ok && write_provider(draft, out, &callers->items[provider]);
    if (others > 0)
        ok = ok && buffer_append_text(out, others > 1 ? "    auth:\n" : "    auth: {");
    for (size_t i = 0; i < callers->count; i++) {
        if (i == provider)
            continue;
        ok = ok && buffer_append_text(out, others > 1 ? "      - {" : "") &&
             write_caller(out, &callers->items[i]) && buffer_append_text(out, "}\n");
    }
    if (callers->count == 0)
        ok = ok && write_open(draft, out);
    if (!ok || !draft->address)
        return ok;
    if (draft->builder.has_odd_network)
        ok = yaml_comment(out, KEY_INDENT,
                          "Stricter: webhook reads an IPv6 address without a prefix as a /32, "
                          "which lets a whole provider in. Here it is the one address.");
    return ok && buffer_append_text(out, "    allow: ") &&
           when_write_networks(out, draft->address) && buffer_append_text(out, "\n");
}
