/* References and templates as they are written, and how a template becomes the bytes that were
 * signed. A sender's text must be readable in one way only: a variable piece that something follows
 * is bounded, printable ASCII, and free of the literal behind it. */
#include "handlers/provider/signed_value.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/json_text.h"

enum { TEMPLATE_PARTS = 24, PIECE_MAX = 1024, TEMPLATE_TEXT_MAX = 16 * 1024 };

/* ---- as written ---- */

static const struct {
    const char *word;
    enum signed_value_kind kind;
    bool named; /* a name follows: `header.x` */
} words[] = {
    {"header", SIGNED_HEADER, true},
    {"query", SIGNED_QUERY, true},
    {"form", SIGNED_FORM, true},
    {"payload", SIGNED_PAYLOAD, true},
    {"item", SIGNED_ITEM, true},
    {"claim", SIGNED_CLAIM, true},
    {"signature", SIGNED_SIGNATURE, true},
    {"parameter", SIGNED_PARAMETER, true},
    {"body", SIGNED_BODY, false},
    {"time", SIGNED_TIME, false},
    {"delivery", SIGNED_MESSAGE_ID, false},
    {"method", SIGNED_METHOD, false},
    {"url", SIGNED_URL, false},
    {"sorted_form", SIGNED_SORTED_FORM, false},
    {"crc32", SIGNED_CRC32, false},
    {"secret", SIGNED_SECRET, false},
};

/* `header.{{parameter.x}}`: the name itself is a parameter. `header.{{family}}-x`: it begins with
 * the name of a family. */
static bool ref_parse_parameter(struct arena *arena, struct signed_ref *ref, struct error *err)
{
    static const char open[] = "{{parameter.", family[] = "{{family}}";
    size_t length = strlen(ref->name), before = sizeof open - 1;
    if (ref->kind == SIGNED_HEADER && strncmp(ref->name, family, sizeof family - 1) == 0) {
        ref->family = true;
        ref->name += sizeof family - 1;
        return *ref->name || error_set(err, "\"%s\" needs a name after {{family}}", ref->text);
    }
    if (strncmp(ref->name, open, before) != 0)
        return ref->kind != SIGNED_HEADER || !strchr(ref->name, '{') ||
               error_set(err, "\"%s\" is not the name of a header", ref->text);
    if (ref->kind != SIGNED_HEADER || length < before + 3 ||
        strcmp(ref->name + length - 2, "}}") != 0)
        return error_set(
            err, "\"%s\": a name that a parameter gives is written header.{{parameter.NAME}}",
            ref->text);
    ref->parameter = arena_copy_bytes(arena, bytes_of(ref->name + before, length - before - 2));
    return ref->parameter || error_set(err, "out of memory");
}

/* `signature[0]`: an entry by its position; the name is then "[0]". */
static bool ref_parse_position(const char *rest, struct arena *arena, struct signed_ref *ref,
                               struct error *err)
{
    uint64_t position;
    size_t length = strlen(rest);
    if (length < 3 || rest[length - 1] != ']' || (length > 3 && rest[1] == '0') ||
        !bytes_to_uint64(bytes_of(rest + 1, length - 2), &position) ||
        position >= SIGNATURE_FIELDS_MAX)
        return error_set(err,
                         "\"%s\": a position must be a number from 0 to %d, as in signature[0]",
                         ref->text, SIGNATURE_FIELDS_MAX - 1);
    ref->name = arena_copy_text(arena, rest);
    return ref->name || error_set(err, "out of memory");
}

static bool ref_parse_name(const char *rest, struct arena *arena, struct signed_ref *ref,
                           struct error *err)
{
    if (ref->kind == SIGNED_PAYLOAD || ref->kind == SIGNED_ITEM || ref->kind == SIGNED_CLAIM)
        return json_path_parse(rest, arena, &ref->path, err) ||
               error_prefix(err, "\"%s\"", ref->text);
    if (ref->kind == SIGNED_SIGNATURE && rest[0] == '[')
        return ref_parse_position(rest, arena, ref, err);
    if (rest[0] != '.' || rest[1] == '\0')
        return error_set(err, "\"%s\" needs a name after the dot", ref->text);
    ref->name = arena_copy_text(arena, rest + 1);
    return ref->name ? ref_parse_parameter(arena, ref, err) : error_set(err, "out of memory");
}

bool signed_ref_parse(const char *text, struct arena *arena, struct signed_ref *ref,
                      struct error *err)
{
    size_t length = strcspn(text, ".[");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].word) != length || strncmp(words[i].word, text, length) != 0)
            continue;
        struct signed_ref parsed = {.kind = words[i].kind, .text = arena_copy_text(arena, text)};
        if (!parsed.text)
            return error_set(err, "out of memory");
        if (!words[i].named && text[length])
            return error_set(err, "\"%s\" takes no name", words[i].word);
        if (words[i].named && !ref_parse_name(text + length, arena, &parsed, err))
            return false;
        *ref = parsed;
        return true;
    }
    return error_set(err,
                     "\"%s\" is not a value; values are header.NAME, query.NAME, form.NAME, "
                     "payload.PATH, claim.NAME, signature.NAME, parameter.NAME, body, time, "
                     "delivery, method, url, sorted_form, crc32 and secret",
                     text);
}

static bool part_parse_filter(struct bytes filter, struct signed_template_part *part,
                              struct error *err)
{
    static const char *const names[] = {[FILTER_JSON] = "json",
                                        [FILTER_HMAC_HEX] = "hmac_hex",
                                        [FILTER_HMAC_BASE64] = "hmac_base64",
                                        [FILTER_SHA256] = "sha256",
                                        [FILTER_SHA256_HEX] = "sha256_hex",
                                        [FILTER_SHA256_BASE64] = "sha256_base64",
                                        [FILTER_SHA256_BASE64URL] = "sha256_base64url"};
    if (bytes_equal_text(filter, "default")) {
        part->optional = true;
        return true;
    }
    for (int i = FILTER_JSON; i <= FILTER_SHA256_BASE64URL; i++) {
        if (!bytes_equal_text(filter, names[i]))
            continue;
        if (part->filter != FILTER_NONE)
            return error_set(err, "\"%s\" has more than one filter besides default",
                             part->ref.text);
        part->filter = (enum signed_filter)i;
        return true;
    }
    return error_set(err,
                     "\"%.*s\" is not a filter; filters are default, json, hmac_hex, hmac_base64, "
                     "sha256, sha256_hex, sha256_base64 and sha256_base64url",
                     (int)filter.length, filter.data);
}

static bool part_parse(struct bytes inside, struct arena *arena, struct signed_template_part *part,
                       struct error *err)
{
    struct bytes name = bytes_trim(bytes_split(&inside, '|'));
    char *text = arena_copy_bytes(arena, name);
    if (!text || !signed_ref_parse(text, arena, &part->ref, err))
        return false;
    while (inside.length) {
        if (!part_parse_filter(bytes_trim(bytes_split(&inside, '|')), part, err))
            return false;
    }
    return true;
}

/* One part from the front of `*rest`. */
static bool signed_template_parse_part(const char **rest, struct arena *arena,
                                       struct signed_template_part *part, struct error *err)
{
    const char *open = strstr(*rest, "{{");
    if (open != *rest) {
        size_t length = open ? (size_t)(open - *rest) : strlen(*rest);
        part->literal = bytes_of(*rest, length);
        *rest += length;
        return true;
    }
    const char *close = strstr(open, "}}");
    if (!close)
        return error_set(err, "lacks a }}");
    *rest = close + 2;
    return part_parse(bytes_of(open + 2, (size_t)(close - open - 2)), arena, part, err);
}

bool signed_template_parse(const char *text, struct arena *arena, struct signed_template *template,
                           struct error *err)
{
    struct signed_template parsed = {
        .text = arena_copy_text(arena, text),
        .parts = arena_alloc_array(arena, TEMPLATE_PARTS, sizeof *parsed.parts)};
    if (!parsed.text || !parsed.parts)
        return error_set(err, "out of memory");
    for (const char *rest = parsed.text; *rest;) {
        if (parsed.count == TEMPLATE_PARTS)
            return error_set(err, "has more than %d parts", TEMPLATE_PARTS);
        if (!signed_template_parse_part(&rest, arena, &parsed.parts[parsed.count++], err))
            return false;
    }
    *template = parsed;
    return true;
}

bool signed_template_uses(const struct signed_template *template, enum signed_value_kind kind)
{
    for (size_t i = 0; i < template->count; i++) {
        if (template->parts[i].ref.kind == kind)
            return true;
    }
    return false;
}

/* ---- made into bytes ---- */

static bool contains(struct bytes text, struct bytes part)
{
    return part.length && text.length &&
           memmem(text.data, text.length, part.data, part.length) != NULL;
}

/* Text out of a body may be UTF-8; what stands in a header is ASCII. */
static bool printable(struct bytes text, bool ascii)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7F || (ascii && text.data[i] > 0x7F))
            return false;
    }
    return true;
}

/* Whether a piece that more is to follow leaves no doubt where it ends. What we say ourselves (the
 * method, the URL, the secret) needs no test, and a time has been parsed to its last character. */
static bool piece_unambiguous(const struct signed_template *template, size_t i, struct bytes piece)
{
    enum signed_value_kind kind = template->parts[i].ref.kind;
    bool ours = kind == SIGNED_BODY || kind == SIGNED_URL || kind == SIGNED_METHOD ||
                kind == SIGNED_SECRET || kind == SIGNED_TIME || kind == SIGNED_PARAMETER ||
                kind == SIGNED_SORTED_FORM;
    if (ours || i + 1 == template->count)
        return true;
    bool from_body = kind == SIGNED_PAYLOAD || kind == SIGNED_ITEM || kind == SIGNED_FORM ||
                     kind == SIGNED_CLAIM;
    return piece.length <= PIECE_MAX && printable(piece, !from_body) &&
           !contains(piece, template->parts[i + 1].literal);
}

/* The digest of `*piece`: keyed with the route's key, or none. */
static enum signed_outcome filter_digest(struct signed_source *source, enum signed_filter filter,
                                         struct bytes *piece)
{
    bool keyed = filter == FILTER_HMAC_HEX || filter == FILTER_HMAC_BASE64;
    uint8_t digest[HASH_MAX_SIZE];
    struct bytes sum = bytes_of(digest, hash_size(keyed ? source->hash : HASH_SHA256));
    char *text = arena_alloc(source->request->arena, 2 * HASH_MAX_SIZE + 1);
    bool done = text && (keyed ? hmac_compute(source->hash, source->secret, *piece, digest)
                               : hash_compute(HASH_SHA256, *piece, digest));
    if (!done)
        return SIGNED_MALFORMED;
    if (filter == FILTER_SHA256) {
        memcpy(text, digest, sum.length);
        *piece = bytes_of(text, sum.length);
        return SIGNED_FOUND;
    }
    if (filter == FILTER_HMAC_HEX || filter == FILTER_SHA256_HEX)
        hex_encode(sum, text);
    else if (filter == FILTER_SHA256_BASE64URL)
        base64url_encode(sum, text);
    else
        base64_encode(sum, text);
    *piece = bytes_of_text(text);
    return SIGNED_FOUND;
}

static enum signed_outcome filter_json(struct signed_source *source, struct bytes *piece)
{
    struct buffer out;
    buffer_init(&out, 8 * PIECE_MAX);
    bool done = json_escape(&out, *piece);
    char *copy = done ? arena_copy_bytes(source->request->arena, buffer_bytes(&out)) : NULL;
    *piece = bytes_of(copy, out.length);
    buffer_finish(&out);
    return copy ? SIGNED_FOUND : SIGNED_MALFORMED;
}

static enum signed_outcome part_get(const struct signed_template *template, size_t i,
                                    struct signed_source *source, struct bytes *piece)
{
    const struct signed_template_part *part = &template->parts[i];
    if (part->ref.kind == SIGNED_ABSENT) {
        *piece = part->literal;
        return SIGNED_FOUND;
    }
    enum signed_outcome outcome = signed_get(source, &part->ref, piece);
    if (outcome == SIGNED_MISSING && part->optional) {
        *piece = bytes_of(NULL, 0);
        return SIGNED_FOUND;
    }
    if (outcome == SIGNED_FOUND && !piece_unambiguous(template, i, *piece))
        return SIGNED_MALFORMED;
    if (outcome != SIGNED_FOUND || part->filter == FILTER_NONE)
        return outcome;
    return part->filter == FILTER_JSON ? filter_json(source, piece)
                                       : filter_digest(source, part->filter, piece);
}

enum signed_outcome signed_template_render(const struct signed_template *template, size_t from,
                                           size_t to, struct signed_source *source,
                                           bool (*put)(void *context, struct bytes piece),
                                           void *context)
{
    for (size_t i = from; i < to; i++) {
        struct bytes piece;
        enum signed_outcome outcome = part_get(template, i, source, &piece);
        if (outcome != SIGNED_FOUND)
            return outcome;
        if (!put(context, piece))
            return SIGNED_MALFORMED;
    }
    return SIGNED_FOUND;
}

static bool put_in_buffer(void *context, struct bytes piece)
{
    return buffer_append_bytes(context, piece);
}

enum signed_outcome signed_template_text(const struct signed_template *template,
                                         struct signed_source *source, struct bytes *text)
{
    struct buffer out;
    buffer_init(&out, TEMPLATE_TEXT_MAX);
    enum signed_outcome outcome =
        signed_template_render(template, 0, template->count, source, put_in_buffer, &out);
    char *copy = outcome == SIGNED_FOUND
                     ? arena_copy_bytes(source->request->arena, buffer_bytes(&out))
                     : NULL;
    if (copy)
        *text = bytes_of(copy, out.length);
    buffer_finish(&out);
    return outcome == SIGNED_FOUND && !copy ? SIGNED_MALFORMED : outcome;
}
