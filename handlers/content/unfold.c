/* A row a coding, each with a loop over its library: make room, let the library write into it, look
 * at what it says. No body can make more room than its route allows, so a bomb costs that much and
 * ends there. The ratio is one to the whole body as it was sent, which is there: a body that begins
 * with a dense part is no bomb for that.
 *
 * Each library has a window of its own besides, for as long as one call takes: 32 KiB for zlib, 8
 * MiB at most for Zstandard (RFC 9659), 16 MiB at most for Brotli; it touches no more of it than
 * the body unfolds to. */
#include "handlers/content/unfold.h"

#include "config/load.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { ALWAYS_ALLOWED = 64 * 1024, FIRST_ROOM = 4096, ZSTD_WINDOW_LOG = 23 };

#define MIB(count) ((int64_t)(count)*1024 * 1024)

/* ---- unfold ---- */

static const char *const off_choice[] = {"off", NULL};

static const struct row limit_rows[] = {
    {.name = "size",
     .type = ROW_SIZE,
     .offset = offsetof(struct unfold_settings, size),
     .default_text = "10MiB",
     .min = 1,
     .max = MIB(64),
     .sentence = "The maximum size of an unfolded body; `max_body` is that of the body as sent."},
    {.name = "ratio",
     .type = ROW_INTEGER,
     .offset = offsetof(struct unfold_settings, ratio),
     .default_text = "100",
     .min = 1,
     .max = 100000,
     .sentence = "How many times larger than the body as sent it may be; 64 KiB are always "
                 "allowed."},
};
static const struct row_section limit_section = {.name = "unfold",
                                                 .sentence = "Limits of compressed bodies.",
                                                 .rows = limit_rows,
                                                 .row_count = ROW_COUNT(limit_rows),
                                                 .size = sizeof(struct unfold_settings)};

static bool read_unfold(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct unfold_settings *settings = field;
    if (node->kind == NODE_MAPPING)
        return load_section(load, node, row->section, settings);
    if (node->kind != NODE_SCALAR || strcmp(node->text, "off") != 0)
        return load_mismatch(load, node, row, "{size: SIZE, ratio: NUMBER} or off");
    settings->off = true;
    return true;
}

static const struct row unfold_rows[] = {
    {.name = "unfold",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_unfold,
     .default_text = "{size: 10MiB, ratio: 100}",
     .section = &limit_section,
     .choices = off_choice,
     .syntax = "`{size: SIZE, ratio: NUMBER}` or `off`",
     .sentence =
         "Bodies with `Content-Encoding: gzip`, `deflate`, `br` or `zstd` are unfolded once "
         "the sender is authenticated; one beyond these limits is answered 413, another "
         "coding 415. `off` answers all of them 415, but for a route with `content: raw`, "
         "which takes the bytes as they are."},
};
static const struct row_section unfold_keys = {.name = "unfold",
                                               .sentence = "Compressed bodies.",
                                               .rows = unfold_rows,
                                               .row_count = ROW_COUNT(unfold_rows),
                                               .size = sizeof(struct unfold_settings)};

/* As sent and unfolded a body is in memory twice. The default is not held against a file with
 * little memory: who counts it refuses what can never fit. */
static bool check_memory(struct load *load, const struct node *node, const struct node *defaults,
                         const struct route *route, void *field)
{
    struct unfold_settings *settings = field;
    const struct node *unfold = tree_find_either(node, defaults, "unfold");
    const struct node *size = unfold ? tree_find(unfold, "size") : NULL;
    int64_t memory = load_settings(load)->server.body_memory;
    settings->has_size = size != NULL;
    return !size || memory == 0 || settings->size + route->max_body < memory ||
           load_problem(load, size,
                        "\"unfold.size\" and \"max_body\" of this route are together not less than "
                        "server.body_memory: the server could not unfold a body to that size");
}

const struct route_part unfold_route_part = {
    .keys = &unfold_keys, .after = "max_body", .finish_route = check_memory};

int64_t unfold_body_max(const struct route *route)
{
    const struct unfold_settings *settings = unfold_settings_of(route);
    return settings->off || settings->size < route->max_body ? route->max_body : settings->size;
}

/* ---- room for what comes out ---- */

enum unfold_end {
    END_NONE, /* not there yet */
    END_DONE,
    END_BROKEN,
    END_SIZE,
    END_RATIO,
    END_WINDOW,
    END_NO_MEMORY,
    END_REFUSED, /* by who counts the memory */
    ENDS
};

struct unfolding {
    struct bytes folded;
    struct buffer *out; /* its limit is one byte beyond what is allowed */
    const struct unfold_memory *memory;
    enum unfold_end when_full;
    struct verdict refusal;
};

/* Room for one byte at least behind what is there; the byte beyond what is allowed is one too many.
 */
static enum unfold_end make_room(struct unfolding *unfolding)
{
    struct buffer *out = unfolding->out;
    if (out->length == out->limit)
        return unfolding->when_full;
    if (out->length < out->capacity)
        return END_NONE;
    size_t capacity = out->capacity ? 2 * out->capacity : FIRST_ROOM;
    if (capacity > out->limit)
        capacity = out->limit;
    if (unfolding->memory && unfolding->memory->take)
        unfolding->refusal =
            unfolding->memory->take(unfolding->memory->owner, capacity - out->capacity);
    if (unfolding->refusal.reply != REPLY_NONE)
        return END_REFUSED;
    return buffer_resize(out, capacity) ? END_NONE : END_NO_MEMORY;
}

static uint8_t *room_at(const struct buffer *out)
{
    return out->data + out->length;
}

static size_t room_left(const struct buffer *out)
{
    return out->capacity - out->length;
}

/* ---- gzip and deflate ---- */

/* What is left behind the end of a member is another one, or too much. */
static enum unfold_end member_ended(z_stream *stream, bool several)
{
    if (stream->avail_in == 0)
        return END_DONE;
    return several && inflateReset(stream) == Z_OK ? END_NONE : END_BROKEN;
}

static enum unfold_end inflate_body(struct unfolding *unfolding, int window_bits, bool several)
{
    struct buffer *out = unfolding->out;
    z_stream stream = {.next_in = (uint8_t *)unfolding->folded.data,
                       .avail_in = (unsigned)unfolding->folded.length};
    enum unfold_end end;
    if (inflateInit2(&stream, window_bits) != Z_OK)
        return END_NO_MEMORY;
    while ((end = make_room(unfolding)) == END_NONE) {
        stream.next_out = room_at(out);
        stream.avail_out = (unsigned)room_left(out);
        int said = inflate(&stream, Z_NO_FLUSH);
        out->length = out->capacity - stream.avail_out;
        if (said == Z_STREAM_END)
            end = member_ended(&stream, several);
        else if (said != Z_OK) /* Z_BUF_ERROR: it is cut short */
            end = said == Z_MEM_ERROR ? END_NO_MEMORY : END_BROKEN;
        if (end != END_NONE)
            break;
    }
    inflateEnd(&stream);
    return end;
}

static enum unfold_end unfold_gzip(struct unfolding *unfolding)
{
    enum { OF_GZIP = 16 + MAX_WBITS };
    return inflate_body(unfolding, OF_GZIP, true);
}

/* RFC 9110 means zlib by "deflate", and some senders leave its header away. A deflate stream cannot
 * be taken for one with it: it would begin with a stored block whose padding is not zero. */
static enum unfold_end unfold_deflate(struct unfolding *unfolding)
{
    const uint8_t *head = unfolding->folded.data;
    bool has_header = unfolding->folded.length >= 2 && (head[0] & 0x0F) == Z_DEFLATED &&
                      (head[0] >> 4) <= 7 && (head[0] << 8 | head[1]) % 31 == 0;
    return inflate_body(unfolding, has_header ? MAX_WBITS : -MAX_WBITS, false);
}

/* ---- Brotli ---- */

static enum unfold_end brotli_failed(const BrotliDecoderState *state)
{
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state);
    bool no_memory = code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                     code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
    return no_memory ? END_NO_MEMORY : END_BROKEN;
}

static enum unfold_end unfold_brotli(struct unfolding *unfolding)
{
    struct buffer *out = unfolding->out;
    const uint8_t *in = unfolding->folded.data;
    size_t in_left = unfolding->folded.length;
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    enum unfold_end end;
    if (!state)
        return END_NO_MEMORY;
    while ((end = make_room(unfolding)) == END_NONE) {
        uint8_t *at = room_at(out);
        size_t left = room_left(out);
        BrotliDecoderResult said =
            BrotliDecoderDecompressStream(state, &in_left, &in, &left, &at, NULL);
        out->length = out->capacity - left;
        if (said == BROTLI_DECODER_RESULT_SUCCESS)
            end = in_left == 0 ? END_DONE : END_BROKEN;
        else if (said == BROTLI_DECODER_RESULT_ERROR)
            end = brotli_failed(state);
        else if (said == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) /* it is cut short */
            end = END_BROKEN;
        if (end != END_NONE)
            break;
    }
    BrotliDecoderDestroyInstance(state);
    return end;
}

/* ---- Zstandard ---- */

/* The library may have been built with readers of formats before 1.0, which nobody sends. */
static bool is_zstd_frame(struct bytes text)
{
    const uint8_t *at = text.data;
    if (text.length < 4)
        return false;
    uint32_t magic = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
    return magic == ZSTD_MAGICNUMBER ||
           (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static enum unfold_end zstd_failed(size_t said)
{
    switch (ZSTD_getErrorCode(said)) {
    case ZSTD_error_memory_allocation:
        return END_NO_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
        return END_WINDOW;
    default:
        return END_BROKEN;
    }
}

/* One call ends at the end of a frame at the latest; 0 says that it does. */
static enum unfold_end zstd_frames(ZSTD_DCtx *context, struct unfolding *unfolding)
{
    struct buffer *out = unfolding->out;
    ZSTD_inBuffer in = {unfolding->folded.data, unfolding->folded.length, 0};
    bool begins = true;
    for (;;) {
        enum unfold_end end = make_room(unfolding);
        if (end != END_NONE)
            return end;
        if (begins && !is_zstd_frame(bytes_from(unfolding->folded, in.pos)))
            return END_BROKEN;
        ZSTD_outBuffer piece = {room_at(out), room_left(out), 0};
        size_t said = ZSTD_decompressStream(context, &piece, &in);
        if (ZSTD_isError(said))
            return zstd_failed(said);
        out->length += piece.pos;
        begins = said == 0;
        if (begins && in.pos == in.size)
            return END_DONE;
        if (!begins && in.pos == in.size && piece.pos < piece.size)
            return END_BROKEN; /* it is cut short */
    }
}

static enum unfold_end unfold_zstd(struct unfolding *unfolding)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context)
        return END_NO_MEMORY;
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    enum unfold_end end = zstd_frames(context, unfolding);
    ZSTD_freeDCtx(context);
    return end;
}

/* ---- the codings ---- */

struct unfold_coding {
    const char *name;
    enum unfold_end (*unfold)(struct unfolding *unfolding);
};

static const struct unfold_coding codings[] = {{"gzip", unfold_gzip},
                                               {"x-gzip", unfold_gzip},
                                               {"deflate", unfold_deflate},
                                               {"br", unfold_brotli},
                                               {"zstd", unfold_zstd}};
static const char codings_taken[] = "gzip, deflate, br, zstd";

static const struct unfold_coding *find_coding(struct bytes name)
{
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        if (bytes_equal_nocase(name, bytes_of_text(codings[i].name)))
            return &codings[i];
    return NULL;
}

/* ---- the head ---- */

/* How many codings the header lists besides `identity`, with the last of them. */
static size_t read_codings(const struct request *request, struct bytes *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        struct bytes rest = request->headers[i].value;
        if (!bytes_equal_nocase(request->headers[i].name, bytes_of_text("Content-Encoding")))
            continue;
        while (rest.length > 0) {
            struct bytes one = bytes_trim(bytes_split(&rest, ','));
            if (one.length == 0 || bytes_equal_nocase(one, bytes_of_text("identity")))
                continue;
            *name = one;
            count++;
        }
    }
    return count;
}

static const char *describe_refusal(const struct request *request,
                                    const struct unfold_settings *settings, size_t count,
                                    struct bytes name)
{
    enum { SHOWN = 40 };
    if (settings->off)
        return "a compressed body, and unfold of the route is off";
    if (count > 1)
        return "more than one content coding";
    const char *text =
        arena_format(request->arena, "the content coding \"%.*s\" is not known",
                     (int)(name.length < SHOWN ? name.length : SHOWN), (const char *)name.data);
    return text ? text : "a content coding that is not known";
}

struct verdict unfold_check(struct request *request, bool takes_raw, bool has_body)
{
    const struct unfold_settings *settings = unfold_settings_of(request->route);
    struct bytes name;
    size_t count = read_codings(request, &name);
    if (count == 0)
        return GO_ON;
    if (settings->off && takes_raw) {
        request->keeps_coding = true;
        return GO_ON;
    }
    request->folded = count == 1 && !settings->off ? find_coding(name) : NULL;
    if (request->folded || !has_body)
        return GO_ON;
    return (struct verdict){.reply = REPLY_MEDIA_TYPE,
                            .reason = describe_refusal(request, settings, count, name),
                            .message = "this content coding is not taken here",
                            .header_name = "Accept-Encoding",
                            .header_value =
                                bytes_of_text(settings->off ? "identity" : codings_taken)};
}

/* ---- the body ---- */

/* None of them says what is allowed: the caller need not have authenticated. */
static const struct {
    enum reply reply;
    const char *reason;
    const char *message;
} end_rows[ENDS] = {
    [END_BROKEN] = {REPLY_BAD_CONTENT, "the body is not what its Content-Encoding says",
                    "the body is not what its Content-Encoding says"},
    [END_SIZE] = {REPLY_TOO_LARGE, "the body unfolds to more than unfold.size",
                  "the body unfolds to more than is taken here (unfold.size)"},
    [END_RATIO] = {REPLY_TOO_LARGE,
                   "the body unfolds to more than unfold.ratio times what was sent",
                   "the body unfolds to more than is taken here (unfold.ratio)"},
    [END_WINDOW] = {REPLY_TOO_LARGE, "the body was compressed with a window of more than 8 MiB",
                    "the body was compressed with a window of more than 8 MiB"},
    [END_NO_MEMORY] = {REPLY_MEMORY_FULL, "no memory to unfold the body", NULL},
};

/* The lower of the two limits, and which that is. */
static void set_limit(struct unfolding *unfolding, const struct unfold_settings *settings)
{
    size_t size = (size_t)settings->size;
    size_t dense = unfolding->folded.length * (size_t)settings->ratio;
    if (dense < ALWAYS_ALLOWED)
        dense = ALWAYS_ALLOWED;
    unfolding->when_full = dense < size ? END_RATIO : END_SIZE;
    buffer_init(unfolding->out, (dense < size ? dense : size) + 1);
}

struct verdict unfold_body(struct request *request, const struct unfold_memory *memory,
                           struct buffer *out)
{
    struct unfolding unfolding = {.folded = request->body, .out = out, .memory = memory};
    set_limit(&unfolding, unfold_settings_of(request->route));
    enum unfold_end end = request->body.length > 0 ? request->folded->unfold(&unfolding) : END_DONE;
    if (end == END_DONE && out->length == out->limit) /* it ends with the one too many */
        end = unfolding.when_full;
    if (end == END_DONE) {
        request->body = buffer_bytes(out);
        request->folded = NULL;
        return GO_ON;
    }
    buffer_finish(out);
    if (end == END_REFUSED)
        return unfolding.refusal;
    struct verdict verdict = verdict_refuse(end_rows[end].reply, end_rows[end].reason);
    verdict.message = end_rows[end].message;
    return verdict;
}
