/* HTTP basic authentication (RFC 7617). Name and password are both compared in constant time and in
 * any case, so that a wrong name takes as long as a wrong password. */
#include "base/encoding.h"
#include "handlers/auth/authenticator.h"
#include "handlers/auth/credentials.h"

enum { BASIC_MAX = 1024 }; /* bytes of "user:password" */

struct basic_settings {
    const char *user;
    struct secret_list password;
};

static bool basic_finish(struct load *load, const struct node *node, void *settings)
{
    const struct basic_settings *basic = settings;
    if (!basic->user || basic->user[0] == '\0' || strchr(basic->user, ':'))
        return load_problem(load, node,
                            "\"user\" must be a name that is not empty and has no colon");
    return true;
}

static struct verdict basic_compare(const struct basic_settings *basic, struct bytes pair,
                                    struct request *request)
{
    size_t which = 0;
    bool has_colon = pair.length > 0 && memchr(pair.data, ':', pair.length);
    struct bytes password = pair, user = bytes_split(&password, ':');
    bool user_right = secret_equal(bytes_of_text(basic->user), user);
    bool password_right = secret_list_matches(&basic->password, password, &which);
    if (!has_colon || !(user_right & password_right))
        return credentials_refuse("the user or the password is wrong");
    request->secret_used = which;
    return GO_ON;
}

static struct verdict basic_head(const void *settings, struct request *request, void **state)
{
    uint8_t pair[BASIC_MAX];
    struct bytes encoded;
    size_t length;
    (void)state;
    if (!credentials_authorization(request, "Basic", &encoded))
        return credentials_refuse("basic credentials are missing or repeated");
    if (!base64_decode(encoded, pair, sizeof pair, &length))
        return credentials_refuse("basic credentials are not well-formed base64");
    struct verdict verdict = basic_compare(settings, bytes_of(pair, length), request);
    secret_wipe(pair, sizeof pair);
    return verdict;
}

static const char *basic_www_authenticate(const void *settings)
{
    (void)settings;
    return "Basic realm=\"tenterhook\", charset=\"UTF-8\"";
}

static const struct row basic_rows[] = {
    {.name = "user",
     .example = "sender",
     .type = ROW_TEXT,
     .offset = offsetof(struct basic_settings, user),
     .sentence = "The name of the user.",
     .flags = ROW_REQUIRED},
    {.name = "password",
     .type = ROW_SECRET,
     .offset = offsetof(struct basic_settings, password),
     .sentence = "The password of the user; a list while it is being replaced.",
     .flags = ROW_REQUIRED},
};

static const struct row_section basic_section = {
    .name = "basic",
    .sentence = "HTTP basic authentication: a name and a password.",
    .rows = basic_rows,
    .row_count = ROW_COUNT(basic_rows),
    .size = sizeof(struct basic_settings),
    .finish = basic_finish,
};

static const struct row basic_row = {
    .name = "basic",
    .type = ROW_SECTION,
    .sentence = "The caller authenticates with a name and a password (HTTP basic authentication).",
    .section = &basic_section,
};

const struct authenticator basic_authenticator = {
    .kind = {.name = "basic",
             .sentence = "HTTP basic authentication: a name and a password.",
             .value = &basic_row,
             .settings_size = sizeof(struct basic_settings)},
    .head = basic_head,
    .www_authenticate = basic_www_authenticate,
};
