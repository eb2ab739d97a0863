/* HTTP basic authentication (RFC 7617): "user:password" is the secret. It proves who calls and
 * nothing of the message. */
#include "base/encoding.h"
#include "handlers/auth/credentials.h"
#include "handlers/provider/sign_values.h"
#include "handlers/provider/signature_extract.h"
#include "handlers/provider/signature_kind.h"

static const char word[] = "Basic ";

static struct verdict basic_head(struct signature_state *state)
{
    size_t count;
    struct bytes text = request_header(state->request, "authorization", &count);
    if (count == 0)
        return signature_refuse("the credentials are missing");
    if (count > 1 || text.length < sizeof word ||
        !bytes_equal_nocase(bytes_of(text.data, sizeof word - 1), bytes_of_text(word)) ||
        !signature_decode(bytes_from(text, sizeof word - 1), ENCODING_BASE64, state->request->arena,
                          &state->found[0]))
        return signature_refuse("the credentials are not well formed");
    state->found_count = 1;
    return GO_ON;
}

static struct verdict basic_body(struct signature_state *state)
{
    for (size_t i = 0; i < state->found_count; i++) {
        if (!credentials_match(bytes_of(NULL, 0), &state->plan->keys, state->found[i],
                               &state->matched))
            return signature_refuse("the token is wrong");
    }
    return GO_ON;
}

static bool basic_sign(struct signing *signing, struct signed_source *source, struct error *err)
{
    struct bytes key = secret_bytes(&signing->plan->keys.items[0]);
    struct buffer text;
    (void)source;
    buffer_init(&text, SIZE_MAX / 2);
    bool done = buffer_append_text(&text, word) &&
                sign_encode(&text, ENCODING_BASE64, key, signing->request.arena) &&
                sign_add_header(signing, "Authorization", buffer_bytes(&text));
    buffer_finish(&text);
    return done || error_set(err, "out of memory");
}

static const struct signature_warning warnings[] = {
    {.text = "authenticates the caller, but signs no part of the message"},
    {.text = NULL},
};

const struct signature_kind basic_kind = {
    .title = "basic authentication",
    .signed_part = "nothing",
    .keys = KEYS_SHARED,
    .head = basic_head,
    .body = basic_body,
    .signs_nothing = true,
    .warnings = warnings,
    .sign = basic_sign,
};
