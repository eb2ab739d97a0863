/* Taking a signature header apart: entries, names, prefix, encoding. Hex in either case,
 * canonical base64, base64url without padding; a header that should be single is single. */
#include "handlers/provider/signature_extract.h"

#include "base/encoding.h"
#include "handlers/auth/credentials.h"
#include "handlers/provider/signature_kind.h"

bool signature_decode(struct bytes text, int encoding, struct arena *arena, struct bytes *out)
{
    size_t length;
    uint8_t *data = arena_alloc(arena, text.length + 1);
    if (!data || text.length == 0)
        return false;
    if (encoding == ENCODING_BASE64URL && memchr(text.data, '=', text.length))
        return false; /* both ways of writing it would be the same signature */
    bool done = encoding == ENCODING_HEX      ? hex_decode(text, data, text.length, &length)
                : encoding == ENCODING_BASE64 ? base64_decode(text, data, text.length, &length)
                                              : base64url_decode(text, data, text.length, &length);
    if (done)
        *out = bytes_of(data, length);
    return done && length > 0;
}

/* The prefix off, the encoding undone; a token stays as it is. False: not a signature. */
static bool take_value(struct signature_state *state, struct bytes text)
{
    const struct scheme_signature *signature = &state->plan->scheme->signature;
    if (!credentials_take_prefix(state->header, bytes_of_text(signature->prefix), &text) &&
        !signature->prefix_optional)
        return false;
    if (state->found_count == SIGNATURES_MAX || text.length == 0)
        return false;
    struct bytes *found = &state->found[state->found_count];
    if (state->plan->scheme->kind->takes_plain)
        *found = text;
    else if (!signature_decode(text, signature->encoding, state->request->arena, found))
        return false;
    state->found_count++;
    return true;
}

static void add_field(struct signature_state *state, struct bytes name, struct bytes value)
{
    if (state->source.field_count < SIGNATURE_FIELDS_MAX)
        state->source.fields[state->source.field_count++] =
            (struct signature_field){.name = name, .value = value};
}

/* An entry without a name: a signature, unless the scheme has a value at that position. */
static void take_unnamed(struct signature_state *state, struct bytes entry, size_t position)
{
    uint32_t values = state->plan->scheme->signature.positions;
    if (!(values >> position & 1)) {
        take_value(state, entry);
        return;
    }
    const char *name = arena_format(state->request->arena, "[%zu]", position);
    if (name)
        add_field(state, bytes_of_text(name), entry);
}

/* `position` is below SIGNATURE_FIELDS_MAX. */
static void take_entry(struct signature_state *state, struct bytes entry, size_t position,
                       struct bytes wanted)
{
    const struct scheme_signature *signature = &state->plan->scheme->signature;
    if (!signature->assignment) {
        take_unnamed(state, entry, position);
        return;
    }
    struct bytes value = entry;
    struct bytes name = bytes_split(&value, (uint8_t)signature->assignment[0]);
    if (!value.data)
        return;
    if (bytes_equal(name, wanted))
        take_value(state, value);
    else
        add_field(state, name, value);
}

static struct verdict take_text(struct signature_state *state, struct bytes text)
{
    const struct scheme_signature *signature = &state->plan->scheme->signature;
    struct bytes wanted = {0};
    if (signature->field.count &&
        signed_template_text(&signature->field, &state->source, &wanted) != SIGNED_FOUND)
        return signature_refuse("the name of the signature's entry cannot be made");
    struct bytes rest = text;
    size_t entries = 0;
    for (; rest.data && entries < SIGNATURE_FIELDS_MAX; entries++) {
        struct bytes entry = rest;
        if (signature->separator)
            entry = bytes_split(&rest, (uint8_t)signature->separator[0]);
        else
            rest = bytes_of(NULL, 0);
        take_entry(state, signature->trim ? bytes_trim(entry) : entry, entries, wanted);
    }
    return entries == SIGNATURE_FIELDS_MAX && rest.data
               ? signature_refuse("too many entries in the signature")
               : GO_ON;
}

static struct verdict take_ref(struct signature_state *state, const struct signed_ref *ref,
                               size_t *there)
{
    struct bytes text;
    state->header = bytes_of_text(ref->kind == SIGNED_HEADER ? ref->name : "");
    switch (signed_get(&state->source, ref, &text)) {
    case SIGNED_FOUND:
        ++*there;
        return take_text(state, text);
    case SIGNED_MISSING:
        return GO_ON;
    case SIGNED_REPEATED:
        return signature_refuse("the signature is there more than once");
    default:
        return signature_refuse("the body cannot be read to find the signature");
    }
}

/* All headers whose name begins as the wildcard says, each for itself and each single. */
static struct verdict take_wildcard(struct signature_state *state, const struct signed_ref *ref,
                                    size_t *there)
{
    const struct request *request = state->request;
    struct verdict verdict = GO_ON;
    for (size_t i = 0; i < request->header_count && verdict.reply == REPLY_NONE; i++) {
        struct bytes name = request->headers[i].name;
        if (!signed_header_matches(ref, state->plan->parameters, state->source.family, name))
            continue;
        const char *full = arena_copy_bytes(request->arena, name);
        if (!full)
            return verdict_refuse(REPLY_MEMORY_FULL, "no room for the signature");
        struct signed_ref one = {.kind = SIGNED_HEADER, .name = full};
        verdict = take_ref(state, &one, there);
    }
    return verdict;
}

static bool is_wildcard(const struct signed_ref *ref)
{
    return ref->kind == SIGNED_HEADER && ref->name[strlen(ref->name) - 1] == '*';
}

struct verdict signature_extract(struct signature_state *state, enum signature_moment moment)
{
    const struct signed_list *in = &state->plan->scheme->signature.in;
    size_t there = 0, asked = 0;
    struct verdict verdict = GO_ON;
    for (size_t i = 0; i < in->count && verdict.reply == REPLY_NONE; i++) {
        const struct signed_ref *ref = &in->items[i];
        if (!signature_is_due(ref, moment))
            continue;
        asked++;
        verdict =
            is_wildcard(ref) ? take_wildcard(state, ref, &there) : take_ref(state, ref, &there);
    }
    if (verdict.reply != REPLY_NONE || asked == 0)
        return verdict;
    if (there == 0)
        return signature_refuse("the signature is missing");
    return state->found_count ? verdict : signature_refuse("the signature is not well formed");
}
