/* A shared word in a header, in the query, or as a bearer token (RFC 6750). It is compared as a
 * whole and in constant time with each of the secrets; nothing is trimmed off it. In Authorization
 * the case of the scheme's name does not count. */
#include "base/encoding.h"
#include "handlers/auth/authenticator.h"
#include "handlers/auth/credentials.h"

struct token_settings {
    const char *header, *query;
    struct secret_list value, bearer;
};

static bool token_finish(struct load *load, const struct node *node, void *settings)
{
    const struct token_settings *token = settings;
    int places = (token->header != NULL) + (token->query != NULL) + (token->bearer.count > 0);
    if (places != 1)
        return load_problem(
            load, node, "a token must be in exactly one of \"header\", \"query\" and \"bearer\"");
    if ((token->value.count > 0) == (token->bearer.count > 0))
        return load_problem(
            load, node,
            token->bearer.count > 0
                ? "\"bearer\" is the secret itself; \"value\" is not allowed with it"
                : "the secret is missing: add \"value\"");
    return !token->header || credentials_check_name(load, node, "header", token->header);
}

/* The parameter with its percent-encoding taken off, in the arena. */
static bool token_from_query(struct request *request, const char *name, struct bytes *given)
{
    size_t count, length;
    struct bytes raw = request_query(request, name, &count);
    uint8_t *text = arena_alloc(request->arena, raw.length + 1);
    if (count != 1 || !text || !percent_decode(raw, text, raw.length, &length))
        return false;
    *given = bytes_of(text, length);
    return true;
}

static bool token_find(const struct token_settings *token, struct request *request,
                       struct bytes *given)
{
    if (token->query)
        return token_from_query(request, token->query, given);
    if (token->header)
        return credentials_header(request, token->header, given);
    return credentials_authorization(request, "Bearer", given);
}

static struct verdict token_head(const void *settings, struct request *request, void **state)
{
    const struct token_settings *token = settings;
    const struct secret_list *secrets = token->bearer.count > 0 ? &token->bearer : &token->value;
    struct bytes given;
    size_t which;
    (void)state;
    if (!token_find(token, request, &given))
        return credentials_refuse("the token is missing, empty or repeated");
    if (!credentials_match(bytes_of_text(token->header), secrets, given, &which))
        return credentials_refuse("the token is wrong");
    request->secret_used = which;
    return GO_ON;
}

static bool token_owns_header(const void *settings, struct bytes name)
{
    const struct token_settings *token = settings;
    return token->header && bytes_equal_nocase(name, bytes_of_text(token->header));
}

static bool token_owns_query(const void *settings, struct bytes name)
{
    const struct token_settings *token = settings;
    return token->query && bytes_equal_text(name, token->query);
}

static const char *token_www_authenticate(const void *settings)
{
    const struct token_settings *token = settings;
    return token->bearer.count > 0 ? "Bearer realm=\"tenterhook\"" : NULL;
}

static const struct row token_rows[] = {
    {.name = "header",
     .example = "X-Token",
     .type = ROW_TEXT,
     .offset = offsetof(struct token_settings, header),
     .sentence = "The header that holds the token, and nothing else."},
    {.name = "query",
     .example = "token",
     .type = ROW_TEXT,
     .offset = offsetof(struct token_settings, query),
     .sentence = "The query parameter that holds the token. Proxies may log it: use a header if "
                 "the sender can send one."},
    {.name = "value",
     .type = ROW_SECRET,
     .offset = offsetof(struct token_settings, value),
     .sentence = "The token of `header` or `query`; a list while it is being replaced."},
    {.name = "bearer",
     .type = ROW_SECRET,
     .offset = offsetof(struct token_settings, bearer),
     .sentence = "The token of an `Authorization: Bearer` header; a list while it is being "
                 "replaced."},
};

static const struct row_section token_section = {
    .name = "token",
    .sentence = "A secret that the caller and this server share.",
    .rows = token_rows,
    .row_count = ROW_COUNT(token_rows),
    .size = sizeof(struct token_settings),
    .finish = token_finish,
};

static const struct row token_row = {
    .name = "token",
    .type = ROW_SECTION,
    .sentence = "The caller authenticates with a shared secret in a header or in the query.",
    .section = &token_section,
};

const struct authenticator token_authenticator = {
    .kind = {.name = "token",
             .sentence = "A shared secret in a header, in the query or as a bearer token.",
             .value = &token_row,
             .settings_size = sizeof(struct token_settings)},
    .head = token_head,
    .owns_header = token_owns_header,
    .owns_query = token_owns_query,
    .www_authenticate = token_www_authenticate,
};
