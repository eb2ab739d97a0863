/* Anything as a JWS, and anything as the claims of one that is rightly signed. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct preset_fixture fixture;
    if (!fixture.plan.scheme)
        preset_fixture_init(&fixture, "netlify", fixture_secret);
    if (size > 4000)
        return 0;
    struct header header = {bytes_of_text("x-webhook-signature"), bytes_of(data, size)};
    preset_fixture_run(&fixture, &header, 1, bytes_of_text("{}"));
    char *token = sign_claims(data, size);
    header.value = bytes_of_text(token);
    preset_fixture_run(&fixture, &header, 1, bytes_of_text("{}"));
    free(token);
    return 0;
}
