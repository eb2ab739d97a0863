/* No authentication, said out loud. */
#include "handlers/auth/authenticator.h"
#include "handlers/auth/credentials.h"

struct none_settings {
    bool said;
};

static bool none_finish(struct load *load, const struct node *node, void *settings)
{
    const struct none_settings *none = settings;
    return none->said ||
           load_problem(load, node, "\"none\" must be true; omit it to authenticate callers");
}

static struct verdict none_head(const void *settings, struct request *request, void **state)
{
    (void)settings;
    (void)request;
    (void)state;
    return GO_ON;
}

static const struct row none_row = {
    .name = "none",
    .type = ROW_BOOL,
    .offset = offsetof(struct none_settings, said),
    .sentence = "Every caller is accepted. The value must be `true`; this is never the default.",
};

const struct authenticator none_authenticator = {
    .kind = {.name = "none",
             .sentence = "Every caller is accepted.",
             .value = &none_row,
             .settings_size = sizeof(struct none_settings),
             .finish = none_finish},
    .head = none_head,
};
