/* A secret that the caller shows in a place of its choice, compared whole and in constant time. It
 * proves who calls and nothing of the message. */
#include "handlers/auth/credentials.h"
#include "handlers/provider/sign_text.h"
#include "handlers/provider/signature_kind.h"

/* The header that a token is all of, so that it may begin with a scheme's name. */
static struct bytes token_header(const struct scheme *scheme)
{
    const struct signed_list *in = &scheme->signature.in;
    bool whole = !scheme->signature.prefix && in->count == 1 && in->items[0].kind == SIGNED_HEADER;
    return bytes_of_text(whole ? in->items[0].name : "");
}

static struct verdict token_body(struct signature_state *state)
{
    const struct secret_list *keys = &state->plan->keys;
    struct bytes header = token_header(state->plan->scheme);
    if (state->found_count == 0) /* of this element (`each`) */
        return signature_refuse("the token is missing");
    for (size_t i = 0; i < state->found_count; i++) {
        if (!credentials_match(header, keys, state->found[i], &state->matched))
            return signature_refuse("the token is wrong");
    }
    return GO_ON;
}

static bool token_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    return sign_attach(signing, source, secret_bytes(&signing->plan->keys.items[0]), err);
}

static const struct signature_warning warnings[] = {
    {.text = "authenticates the caller, but signs no part of the message"},
    {.text = NULL},
};

const struct signature_kind token_kind = {
    .title = "token",
    .signed_part = "nothing",
    .takes_signature = true,
    .takes_plain = true,
    .takes_each = true,
    .keys = KEYS_SHARED,
    .body = token_body,
    .signs_nothing = true,
    .warnings = warnings,
    .sign = token_sign,
};
