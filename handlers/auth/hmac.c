/* A message authentication code over the raw body (RFC 2104), in one header. The code is decoded
 * before the body is read, so that a head which cannot be right costs nothing; one stream a secret
 * runs along with the body, and at its end all of them are compared, the right one found or not.
 * Algorithm, encoding and prefix come from the configuration alone. */
#include "base/crypto.h"
#include "base/encoding.h"
#include "handlers/auth/authenticator.h"
#include "handlers/auth/credentials.h"

struct hmac_settings {
    const char *header, *prefix;
    int hash;     /* enum hash_kind: the choices stand in its order */
    int encoding; /* enum hmac_encoding */
    struct secret_list secrets;
};

enum hmac_encoding { HMAC_HEX, HMAC_BASE64 };

struct hmac_state {
    uint8_t given[HASH_MAX_SIZE];
    bool failed; /* the library did: nothing can be said about the body */
    size_t count;
    struct hmac_stream *streams[]; /* one a secret */
};

static bool hmac_finish(struct load *load, const struct node *node, void *settings)
{
    const struct hmac_settings *hmac = settings;
    if (hmac->hash == HASH_SHA1) {
        const struct node *value = tree_find(node, "hash");
        load_warning(load, value ? value : node,
                     "sha1 is weak: use sha256 if the sender can send it");
    }
    return !hmac->header || credentials_check_name(load, node, "header", hmac->header);
}

static bool hmac_decode(const struct hmac_settings *hmac, struct bytes text,
                        uint8_t out[HASH_MAX_SIZE])
{
    size_t length;
    if (!credentials_take_prefix(bytes_of_text(hmac->header), bytes_of_text(hmac->prefix), &text))
        return false;
    bool decoded = hmac->encoding == HMAC_HEX ? hex_decode(text, out, HASH_MAX_SIZE, &length)
                                              : base64_decode(text, out, HASH_MAX_SIZE, &length);
    return decoded && length == hash_size((enum hash_kind)hmac->hash);
}

static void hmac_release(void *state)
{
    struct hmac_state *hmac = state;
    for (size_t i = 0; i < hmac->count; i++)
        if (hmac->streams[i])
            hmac_destroy(hmac->streams[i], NULL);
    hmac->count = 0;
}

static struct hmac_state *hmac_begin(const struct hmac_settings *hmac, struct arena *arena)
{
    size_t size = sizeof(struct hmac_state) + hmac->secrets.count * sizeof(struct hmac_stream *);
    struct hmac_state *state = arena_alloc(arena, size);
    if (!state)
        return NULL;
    for (; state->count < hmac->secrets.count; state->count++) {
        struct bytes key = secret_bytes(&hmac->secrets.items[state->count]);
        state->streams[state->count] = hmac_create((enum hash_kind)hmac->hash, key);
        if (!state->streams[state->count]) {
            hmac_release(state);
            return NULL;
        }
    }
    return state;
}

static struct verdict hmac_head(const void *settings, struct request *request, void **state)
{
    const struct hmac_settings *hmac = settings;
    uint8_t given[HASH_MAX_SIZE];
    struct bytes text;
    if (!credentials_header(request, hmac->header, &text))
        return credentials_refuse("the signature is missing, empty or repeated");
    if (!hmac_decode(hmac, text, given))
        return credentials_refuse("the signature is not well-formed");
    struct hmac_state *begun = hmac_begin(hmac, request->arena);
    if (!begun)
        return verdict_refuse(REPLY_INTERNAL, "no memory for the signature");
    memcpy(begun->given, given, sizeof begun->given);
    *state = begun;
    return GO_ON;
}

static void hmac_feed_all(void *state, struct bytes piece)
{
    struct hmac_state *hmac = state;
    for (size_t i = 0; i < hmac->count; i++)
        if (!hmac_feed(hmac->streams[i], piece))
            hmac->failed = true;
}

static struct verdict hmac_body(const void *settings, struct request *request, void *state)
{
    const struct hmac_settings *hmac = settings;
    struct hmac_state *begun = state;
    size_t size = hash_size((enum hash_kind)hmac->hash), which = begun->count;
    uint8_t digest[HASH_MAX_SIZE];
    for (size_t i = 0; i < begun->count; i++) {
        hmac_destroy(begun->streams[i], digest);
        begun->streams[i] = NULL;
        if (digest_equal(bytes_of(digest, size), bytes_of(begun->given, size)))
            which = i;
    }
    secret_wipe(digest, sizeof digest);
    if (begun->failed)
        return verdict_refuse(REPLY_INTERNAL, "the signature could not be computed");
    if (which == begun->count)
        return credentials_refuse("the signature is wrong");
    request->secret_used = which;
    return GO_ON;
}

static bool hmac_owns_header(const void *settings, struct bytes name)
{
    const struct hmac_settings *hmac = settings;
    return bytes_equal_nocase(name, bytes_of_text(hmac->header));
}

static const char *const hash_choices[] = {"sha1", "sha256", "sha384", "sha512", NULL};
static const char *const encoding_choices[] = {"hex", "base64", NULL};

static const struct row hmac_rows[] = {
    {.name = "header",
     .example = "X-Signature",
     .type = ROW_TEXT,
     .offset = offsetof(struct hmac_settings, header),
     .sentence = "The header that holds the signature.",
     .flags = ROW_REQUIRED},
    {.name = "hash",
     .type = ROW_CHOICE,
     .offset = offsetof(struct hmac_settings, hash),
     .sentence = "The hash of the HMAC.",
     .default_text = "sha256",
     .choices = hash_choices},
    {.name = "encoding",
     .type = ROW_CHOICE,
     .offset = offsetof(struct hmac_settings, encoding),
     .sentence = "The encoding of the signature: hex in either case, or base64 with padding.",
     .default_text = "hex",
     .choices = encoding_choices},
    {.name = "prefix",
     .type = ROW_TEXT,
     .offset = offsetof(struct hmac_settings, prefix),
     .sentence = "The text before the signature in the header, such as `sha256=`."},
    {.name = "secret",
     .type = ROW_SECRET,
     .offset = offsetof(struct hmac_settings, secrets),
     .sentence = "The key; a list while it is being replaced.",
     .flags = ROW_REQUIRED},
};

static const struct row_section hmac_section = {
    .name = "hmac",
    .sentence = "A signature over the body with a shared key.",
    .rows = hmac_rows,
    .row_count = ROW_COUNT(hmac_rows),
    .size = sizeof(struct hmac_settings),
    .finish = hmac_finish,
};

static const struct row hmac_row = {
    .name = "hmac",
    .type = ROW_SECTION,
    .sentence = "The caller signs the raw body with a shared key, and sends the signature in a "
                "header.",
    .section = &hmac_section,
};

const struct authenticator hmac_authenticator = {
    .kind = {.name = "hmac",
             .sentence = "An HMAC over the raw body, in a header.",
             .value = &hmac_row,
             .settings_size = sizeof(struct hmac_settings)},
    .head = hmac_head,
    .feed = hmac_feed_all,
    .body = hmac_body,
    .release = hmac_release,
    .owns_header = hmac_owns_header,
};
