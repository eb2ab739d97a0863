/* A public key is known to everyone: if it is used as a shared secret, everyone can sign. So a
 * value is accepted here only if it consists of keys from the first byte to the last, and a shared
 * secret is refused elsewhere if a key can be found in it. */
#include "handlers/provider/public_keys.h"

#include "base/encoding.h"
#include "handlers/content/json.h"
#include "handlers/content/json_path.h"

#include <ctype.h>

enum { TEXT_ARENA = 256 * 1024, NUMBER_MAX = 1024, DER_MAX = 8 * 1024 };

static const char pem_begin[] = "-----BEGIN ", pem_end[] = "-----END ";

/* All that the readers of one text share. */
struct reading {
    bool certificates_only;
    bool (*found)(void *context, const struct public_key *key, struct error *err);
    void *context;
    struct error *err;
    struct arena arena; /* for the texts of a JSON Web Key */
    bool failed;
};

static struct bytes trim_blank(struct bytes text)
{
    while (text.length && isspace(text.data[0]))
        text = bytes_from(text, 1);
    while (text.length && isspace(text.data[text.length - 1]))
        text.length--;
    return text;
}

/* ---- PEM ---- */

/* One block off the front of `*rest`, with its last line, and the blanks behind it. */
static bool take_block(struct bytes *rest, struct bytes *block)
{
    const uint8_t *end = memmem(rest->data, rest->length, pem_end, sizeof pem_end - 1);
    if (!bytes_starts_with(*rest, bytes_of_text(pem_begin)) || !end)
        return false;
    struct bytes tail = bytes_from(*rest, (size_t)(end - rest->data) + sizeof pem_end - 1);
    const uint8_t *dashes = memmem(tail.data, tail.length, "-----", 5);
    if (!dashes)
        return false;
    *block = bytes_of(rest->data, (size_t)(dashes + 5 - rest->data));
    *rest = trim_blank(bytes_from(*rest, block->length));
    return true;
}

static bool read_block(struct reading *reading, struct bytes block)
{
    static const struct {
        const char *begin;
        bool (*read)(struct bytes pem, uint8_t *der, size_t *length, struct error *err);
    } kinds[] = {{"-----BEGIN CERTIFICATE-----", public_key_from_certificate},
                 {"-----BEGIN PUBLIC KEY-----", public_key_from_pem}};
    size_t count = reading->certificates_only ? 1 : sizeof kinds / sizeof kinds[0];
    struct public_key key = {0};
    for (size_t i = 0; i < count; i++) {
        if (!bytes_starts_with(block, bytes_of_text(kinds[i].begin)))
            continue;
        key.is_certificate = i == 0;
        if (!kinds[i].read(block, key.der, &key.length, reading->err))
            return false;
        if (key.is_certificate && !public_key_certificate_end(block, &key.ends_ms))
            return error_set(reading->err, "holds a certificate without an expiry time");
        return reading->found(reading->context, &key, reading->err);
    }
    return error_set(reading->err, reading->certificates_only
                                       ? "needs a certificate in PEM"
                                       : "holds PEM that is neither PUBLIC KEY nor CERTIFICATE");
}

static bool read_pem(struct reading *reading, struct bytes text)
{
    while (text.length) {
        struct bytes block;
        if (!take_block(&text, &block))
            return error_set(
                reading->err,
                "holds text outside its -----BEGIN … -----END blocks, or a block without an end");
        if (!read_block(reading, block))
            return false;
    }
    return true;
}

/* ---- JSON Web Keys ---- */

static bool find_text(struct reading *reading, struct bytes json, const char *name,
                      struct bytes *text)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(name)};
    struct json_path path = {.steps = &step, .count = 1};
    struct bytes value;
    return json_path_find(json, &path, &value) && value.data[0] == '"' &&
           json_scalar_text(value, &reading->arena, text);
}

static bool find_number(struct reading *reading, struct bytes json, const char *name,
                        uint8_t number[NUMBER_MAX], struct bytes *value)
{
    struct bytes text;
    size_t length;
    if (!find_text(reading, json, name, &text) ||
        !base64url_decode(text, number, NUMBER_MAX, &length) || length == 0)
        return error_set(reading->err, "holds a JSON Web Key without a valid \"%s\"", name);
    *value = bytes_of(number, length);
    return true;
}

static bool read_curve_key(struct reading *reading, struct bytes json, struct public_key *key)
{
    uint8_t numbers[2][NUMBER_MAX];
    struct bytes curve, x, y;
    return find_text(reading, json, "crv", &curve) && bytes_equal_text(curve, "P-256")
               ? find_number(reading, json, "x", numbers[0], &x) &&
                     find_number(reading, json, "y", numbers[1], &y) &&
                     public_key_from_p256(x, y, key->der, &key->length, reading->err)
               : error_set(reading->err, "holds a JSON Web Key of a curve that is not P-256");
}

static bool read_rsa_key(struct reading *reading, struct bytes json, struct public_key *key)
{
    uint8_t numbers[2][NUMBER_MAX];
    struct bytes n, e;
    return find_number(reading, json, "n", numbers[0], &n) &&
           find_number(reading, json, "e", numbers[1], &e) &&
           public_key_from_rsa(n, e, key->der, &key->length, reading->err);
}

static bool read_octet_key(struct reading *reading, struct bytes json, struct public_key *key)
{
    uint8_t number[NUMBER_MAX];
    struct bytes curve, x;
    return find_text(reading, json, "crv", &curve) && bytes_equal_text(curve, "Ed25519")
               ? find_number(reading, json, "x", number, &x) &&
                     public_key_from_ed25519(x, key->der, &key->length, reading->err)
               : error_set(reading->err, "holds a JSON Web Key of a curve that is not Ed25519");
}

static bool take_id(struct reading *reading, struct bytes json, struct public_key *key)
{
    struct bytes id;
    if (!find_text(reading, json, "kid", &id))
        return true;
    if (id.length == 0 || id.length >= KEY_ID_SIZE || memchr(id.data, 0, id.length))
        return error_set(reading->err, "holds a JSON Web Key whose \"kid\" is empty or too long");
    memcpy(key->id, id.data, id.length);
    return true;
}

/* When the key ends, in Unix seconds or thirteen digits of milliseconds: `expired_at` with Plaid,
 * `exp` in OpenID Federation. */
static bool take_end(struct reading *reading, struct bytes json, struct public_key *key)
{
    static const char *const names[] = {"expired_at", "exp"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(names[i])};
        struct json_path path = {.steps = &step, .count = 1};
        struct bytes value;
        uint64_t number;
        if (!json_path_find(json, &path, &value) || bytes_equal_text(value, "null"))
            continue;
        if (value.length > 13 || !bytes_to_uint64(value, &number) || number == 0)
            return error_set(reading->err,
                             "holds a JSON Web Key whose \"%s\" is not a time in seconds",
                             names[i]);
        int64_t ends_ms = value.length == 13 ? (int64_t)number : (int64_t)number * 1000;
        if (!key->ends_ms || ends_ms < key->ends_ms)
            key->ends_ms = ends_ms;
    }
    return true;
}

static bool read_jwk(void *context, struct bytes json)
{
    static const struct {
        const char *kty;
        bool (*read)(struct reading *reading, struct bytes json, struct public_key *key);
    } kinds[] = {{"EC", read_curve_key}, {"RSA", read_rsa_key}, {"OKP", read_octet_key}};
    struct reading *reading = context;
    struct public_key key = {0};
    struct bytes kty, private;
    bool done = false, known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !known; i++) {
        known = find_text(reading, json, "kty", &kty) && bytes_equal_text(kty, kinds[i].kty);
        done = known && kinds[i].read(reading, json, &key);
    }
    if (!known)
        error_set(reading->err, "holds a JSON Web Key that is neither EC, RSA nor OKP");
    if (done && find_text(reading, json, "d", &private))
        done = error_set(reading->err, "holds a private key; the public key is required");
    done = done && take_id(reading, json, &key) && take_end(reading, json, &key) &&
           reading->found(reading->context, &key, reading->err);
    reading->failed = !done;
    return done;
}

/* A set, a key, or a key under `key`, as Plaid answers with it. */
static bool read_json(struct reading *reading, struct bytes text)
{
    struct json_step steps[] = {{.kind = JSON_STEP_NAME}, {.kind = JSON_STEP_ALL}};
    struct json_path path = {.steps = steps, .count = 1};
    struct json_fault fault;
    struct bytes value;
    if (!json_check(text, &json_limits_default, NULL, &fault))
        return error_set(reading->err, "is not JSON at byte %zu: %s", fault.offset, fault.reason);
    steps[0].name = bytes_of_text("key");
    if (json_path_find(text, &path, &value))
        return read_jwk(reading, value);
    steps[0].name = bytes_of_text("keys");
    if (!json_path_find(text, &path, &value))
        return read_jwk(reading, text);
    path.count = 2;
    return json_path_each(text, &path, read_jwk, reading) > 0
               ? !reading->failed
               : error_set(reading->err, "holds no JSON Web Key");
}

/* ---- all ---- */

/* The 32 bytes alone, as many senders show them: how to write it that they are taken. */
static bool refuse_raw(struct reading *reading, const char *encoding)
{
    return error_set(reading->err,
                     "has 32 bytes in %s, as a raw Ed25519 key has: write key: {encoding: %s} in "
                     "the scheme, of kind ed25519, or the key as a JSON Web Key "
                     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"…\"} with x in base64url",
                     encoding, encoding);
}

static bool read_der(struct reading *reading, struct bytes text)
{
    uint8_t der[DER_MAX];
    struct public_key key = {0};
    size_t size;
    if (reading->certificates_only)
        return error_set(reading->err, "needs a certificate in PEM");
    if (text.length == 64 && hex_decode(text, der, sizeof der, &size))
        return refuse_raw(reading, "hex");
    if (base64_decode_liberal(text, der, sizeof der, &size) && size == 32)
        return refuse_raw(reading, "base64");
    if (!base64_decode_liberal(text, der, sizeof der, &size))
        return error_set(reading->err, "is neither PEM, a JSON Web Key nor base64");
    return public_key_from_der(bytes_of(der, size), key.der, &key.length, reading->err) &&
           reading->found(reading->context, &key, reading->err);
}

bool public_keys_each(struct bytes text, bool certificates_only,
                      bool (*found)(void *context, const struct public_key *key, struct error *err),
                      void *context, struct error *err)
{
    struct reading reading = {
        .certificates_only = certificates_only, .found = found, .context = context, .err = err};
    text = trim_blank(text);
    arena_init(&reading.arena, TEXT_ARENA);
    bool pem = memmem(text.data, text.length, pem_begin, sizeof pem_begin - 1) != NULL;
    bool json = text.length && text.data[0] == '{' && !certificates_only;
    bool done = json  ? read_json(&reading, text)
                : pem ? read_pem(&reading, text)
                      : read_der(&reading, text);
    arena_finish(&reading.arena);
    return done;
}

bool public_keys_begin(struct bytes text)
{
    text = trim_blank(text);
    return bytes_starts_with(text, bytes_of_text(pem_begin)) ||
           bytes_starts_with(text, bytes_of_text("{"));
}

const char *public_keys_inside(struct bytes text)
{
    uint8_t der[DER_MAX];
    size_t size;
    enum public_key_kind kind;
    if (text.length && memmem(text.data, text.length, "-----BEGIN", 10))
        return "a key in PEM (-----BEGIN)";
    if (bytes_starts_with(trim_blank(text), bytes_of_text("{")) &&
        memmem(text.data, text.length, "\"kty\"", 5))
        return "a JSON Web Key";
    if (base64_decode_liberal(text, der, sizeof der, &size) &&
        public_key_kind(bytes_of(der, size), &kind))
        return "a public key";
    return NULL;
}
