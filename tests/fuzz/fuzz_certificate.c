/* Anything as a key or a certificate: what is taken has a kind, and its own DER is taken again. */
#include "base/public_key.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

typedef bool reader(struct bytes text, uint8_t *der, size_t *length, struct error *err);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static reader *const readers[] = {public_key_from_pem, public_key_from_der,
                                      public_key_from_certificate, public_key_from_ed25519};
    uint8_t der[PUBLIC_KEY_DER_MAX], again[PUBLIC_KEY_DER_MAX], raw[512];
    size_t length, other;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        struct error err;
        enum public_key_kind kind;
        if (!readers[i](bytes_of(data, size), der, &length, &err))
            continue;
        assert(length <= sizeof der && public_key_kind(bytes_of(der, length), &kind));
        assert(public_key_from_der(bytes_of(der, length), again, &other, &err));
        public_key_verify_hash(bytes_of(der, length), PUBLIC_RSA_PKCS1, HASH_SHA256,
                               bytes_of(der, 32), bytes_of(data, size));
    }
    int64_t end;
    if (public_key_certificate_end(bytes_of(data, size), &end))
        assert(end > INT64_MIN);
    length = sizeof raw;
    ecdsa_signature_to_der(bytes_of(data, size), raw, &length);
    return 0;
}
