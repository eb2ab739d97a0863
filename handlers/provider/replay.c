/* The key against replays is the delivery id where that is signed, else a digest of the text that
 * was signed where a time is part of it, else the delivery id as sent. Without any of them there is
 * none: two messages with the same body and the same signature may well be two events
 * (docs/decisions/replay.md). */
#include "handlers/provider/replay.h"

#include "base/encoding.h"
#include "handlers/provider/signature.h"
#include "handlers/provider/signature_kind.h"

bool replay_body_is_signed(const struct scheme *scheme, const struct signed_template *signed_text)
{
    const struct signature_kind *kind = scheme->kind;
    return scheme_text_signs_body(signed_text) || scheme->body_hash.in.kind != SIGNED_ABSENT ||
           (kind->signs_body && kind->signs_body(scheme));
}

/* Whether the delivery id is under the signature: part of the text, or in a body that is. */
static bool message_id_is_signed(const struct scheme *scheme,
                                 const struct signed_template *signed_text)
{
    if (scheme->kind->signs_nothing || scheme->message_id.count == 0)
        return false;
    if (signed_template_uses(signed_text, SIGNED_MESSAGE_ID) || scheme->each.kind != SIGNED_ABSENT)
        return true;
    if (scheme->message_id.items[0].kind == SIGNED_CLAIM)
        return true;
    return signed_needs_body(&scheme->message_id.items[0]) &&
           replay_body_is_signed(scheme, signed_text);
}

static struct signature_age age_of(const struct scheme *scheme)
{
    return scheme->kind->age ? scheme->kind->age(scheme)
                             : (struct signature_age){.tolerance_ms = scheme->time.tolerance_ms,
                                                      .ahead_ms = scheme->time.ahead_ms};
}

static bool time_is_signed(const struct scheme *scheme)
{
    const struct signature_kind *kind = scheme->kind;
    bool own = kind->time_is_signed && age_of(scheme).tolerance_ms && kind->signs_body(scheme);
    return own || (!kind->signs_nothing && scheme->time.in.kind != SIGNED_ABSENT &&
                   scheme->time.is_signed);
}

enum replay_key replay_key_of(const struct scheme *scheme)
{
    return message_id_is_signed(scheme, &scheme->signed_text) ? REPLAY_SIGNED_ID
           : time_is_signed(scheme)                           ? REPLAY_SIGNED_TEXT
           : scheme->message_id.count                         ? REPLAY_SENT_ID
                                                              : REPLAY_NONE;
}

int64_t replay_tolerance_ms(const struct scheme *scheme)
{
    return age_of(scheme).tolerance_ms;
}

int64_t replay_span_ms(const struct scheme *scheme)
{
    struct signature_age age = age_of(scheme);
    return age.tolerance_ms ? age.tolerance_ms + age.ahead_ms : 0;
}

/* ---- of a message ---- */

static struct verdict take_identity(struct signature_state *state, struct bytes *key)
{
    uint8_t digest[HASH_MAX_SIZE];
    char *text = arena_alloc(state->request->arena, 2 * HASH_MAX_SIZE + 1);
    if (!text || !signature_identity(state, digest))
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the key against replays");
    hex_encode(bytes_of(digest, hash_size(HASH_SHA256)), text);
    *key = bytes_of_text(text);
    return GO_ON;
}

/* The id and whose it is. Where one ends and the other begins is told by the length. */
static struct verdict take_joint_key(struct signature_state *state, struct bytes id,
                                     struct bytes *key)
{
    struct arena *arena = state->request->arena;
    struct bytes source = {0};
    uint8_t digest[HASH_MAX_SIZE];
    char *text = arena_alloc(arena, 2 * HASH_MAX_SIZE + 1);
    const char *length = arena_format(arena, "%zu:", id.length);
    enum signed_outcome outcome =
        signed_get_first(&state->source, &state->plan->scheme->message_id_of, &source);
    if (outcome == SIGNED_REPEATED)
        return signature_refuse("the source of the delivery id is there more than once");
    struct hash_stream *hash = text && length ? hash_create(HASH_SHA256) : NULL;
    bool done = hash && hash_feed(hash, bytes_of_text(length)) && hash_feed(hash, id) &&
                (outcome != SIGNED_FOUND || hash_feed(hash, source));
    hash_destroy(hash, done ? digest : NULL);
    if (!done)
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the key against replays");
    hex_encode(bytes_of(digest, hash_size(HASH_SHA256)), text);
    *key = bytes_of_text(text);
    return GO_ON;
}

/* Whether its time and all of it are signed: a token or a message signature may leave the body
 * open, and is then the same for several messages. */
static bool is_timed(const struct signature_state *state)
{
    const struct scheme *scheme = state->plan->scheme;
    return state->source.time.length && !scheme->kind->signs_nothing && !state->body_open &&
           (scheme->time.is_signed || scheme->kind->time_is_signed);
}

struct verdict replay_take_key(struct signature_state *state, struct bytes message_id,
                               struct bytes *key)
{
    const struct scheme *scheme = state->plan->scheme;
    *key = message_id;
    if (is_timed(state) && !(message_id.length && message_id_is_signed(scheme, state->signed_text)))
        return take_identity(state, key);
    return scheme->message_id_of.count && message_id.length ? take_joint_key(state, message_id, key)
                                                            : GO_ON;
}
