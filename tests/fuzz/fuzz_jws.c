/* Anything as a JWS, as the claims of one that is rightly signed, and as a JSON Web Key. */
#include "base/encoding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/preset_fixture.h"

#include <stdlib.h>

static const char head[] = "eyJhbGciOiJIUzI1NiJ9."; /* {"alg":"HS256"} */

/* head.claims.signature, signed with the fixture's key. */
static char *sign_claims(const uint8_t *data, size_t size)
{
    uint8_t digest[HASH_MAX_SIZE];
    char *text = malloc(sizeof head + BASE64_SIZE(size) + 64);
    assert(text);
    size_t length = sizeof head - 1;
    memcpy(text, head, length);
    base64url_encode(bytes_of(data, size), text + length);
    length = strlen(text);
    assert(
        hmac_compute(HASH_SHA256, bytes_of_text(fixture_secret), bytes_of(text, length), digest));
    text[length++] = '.';
    base64url_encode(bytes_of(digest, 32), text + length);
    return text;
}

static bool take_key(void *context, const struct public_key *key, struct error *err)
{
    (void)context;
    (void)err;
    assert(key->length <= sizeof key->der && key->ends_ms >= 0 && key->id[KEY_ID_SIZE - 1] == '\0');
    return true;
}

static const struct {
    const char *preset, *header;
} shapes[] = {{"netlify", "x-webhook-signature"},
              {"livekit", "authorization"},
              {"qstash", "upstash-signature"},
              {"messagebird", "messagebird-signature-jwt"}};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct preset_fixture fixtures[SHAPES];
    if (size > 4000)
        return 0;
    struct error err;
    public_keys_each(bytes_of(data, size), false, take_key, NULL, &err);
    char *token = sign_claims(data, size);
    for (size_t i = 0; i < SHAPES; i++) {
        if (!fixtures[i].plan.scheme)
            preset_fixture_init(&fixtures[i], shapes[i].preset, fixture_secret);
        struct header headers[] = {{bytes_of_text(shapes[i].header), bytes_of(data, size)},
                                   {bytes_of_text("host"), bytes_of_text("example.com")}};
        preset_fixture_run(&fixtures[i], headers, 2, bytes_of_text("{}"));
        headers[0].value = bytes_of_text(token);
        preset_fixture_run(&fixtures[i], headers, 2, bytes_of_text("{}"));
    }
    free(token);
    return 0;
}
