/* Bodies in each coding: whole, in pieces, cut short, with something behind them, damaged, and
 * those that unfold to more than they may. What the libraries write is what is read here. */
#include "handlers/content/unfold.h"
#include "tests/unit/route_settings.h"
#include "tests/unit/suite.h"

#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { ROOM = 4 << 20, MUCH = 1 << 20 };

static struct route_settings given;
static struct route route;
static struct arena arena;
static struct buffer out;
static size_t counted, most; /* by the one who counts memory, who refuses more than `most` */

static void set_up(void)
{
    route = (struct route){.max_body = 1024, .parts = route_settings_clear(&given)};
    given.unfold = (struct unfold_settings){.size = 2 * MUCH, .ratio = 100000};
    arena_init(&arena, 1 << 16);
    counted = 0;
    most = SIZE_MAX;
}

static void tear_down(void)
{
    buffer_finish(&out);
    arena_finish(&arena);
}

/* ---- codings ---- */

static size_t deflate_with(struct bytes text, uint8_t *to, int window_bits)
{
    z_stream stream = {.next_in = (uint8_t *)text.data,
                       .avail_in = (unsigned)text.length,
                       .next_out = to,
                       .avail_out = ROOM};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 9, 0), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static size_t fold_gzip(struct bytes text, uint8_t *to)
{
    return deflate_with(text, to, 16 + MAX_WBITS);
}

static size_t fold_zlib(struct bytes text, uint8_t *to)
{
    return deflate_with(text, to, MAX_WBITS);
}

static size_t fold_raw(struct bytes text, uint8_t *to)
{
    return deflate_with(text, to, -MAX_WBITS);
}

static size_t fold_brotli(struct bytes text, uint8_t *to)
{
    size_t size = ROOM;
    ck_assert(BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, text.length, text.data, &size, to));
    return size;
}

static size_t zstd_with(struct bytes text, uint8_t *to, int window_log)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_inBuffer in = {text.data, text.length, 0};
    ZSTD_outBuffer made = {to, ROOM, 0};
    if (window_log) /* what does not know the size takes all of the window */
        ck_assert_uint_eq(ZSTD_compressStream2(context, &made, &in, ZSTD_e_flush), 0);
    ck_assert_uint_eq(ZSTD_compressStream2(context, &made, &in, ZSTD_e_end), 0);
    ZSTD_freeCCtx(context);
    return made.pos;
}

static size_t fold_zstd(struct bytes text, uint8_t *to)
{
    return zstd_with(text, to, 0);
}

static const struct {
    const char *coding;
    size_t (*fold)(struct bytes text, uint8_t *to);
    bool has_checksum, has_parts;
} codings[] = {{"gzip", fold_gzip, true, true},     {"X-GZip", fold_gzip, true, true},
               {"deflate", fold_zlib, true, false}, {"deflate", fold_raw, false, false},
               {"br", fold_brotli, false, false},   {"zstd", fold_zstd, true, true}};
enum { CODINGS = sizeof codings / sizeof codings[0] };

/* ---- one body ---- */

static struct verdict take(void *owner, size_t more)
{
    ck_assert_ptr_eq(owner, &out);
    if (counted + more > most)
        return verdict_refuse(REPLY_QUEUE_FULL, "enough"); /* a reply that is no other's */
    counted += more;
    return GO_ON;
}

static enum reply unfold(const char *coding, struct bytes folded)
{
    struct header header = {bytes_of_text("content-encoding"), bytes_of_text(coding)};
    struct unfold_memory memory = {.take = take, .owner = &out};
    struct request request = {
        .arena = &arena, .route = &route, .headers = &header, .header_count = 1, .body = folded};
    buffer_finish(&out);
    ck_assert_int_eq(unfold_check(&request, false, true).reply, REPLY_NONE);
    ck_assert_ptr_nonnull(request.folded);
    struct verdict verdict = unfold_body(&request, &memory, &out);
    ck_assert(verdict.reply == REPLY_NONE ? bytes_equal(request.body, buffer_bytes(&out))
                                          : !out.data && verdict.reason);
    ck_assert_int_eq(!request.folded, verdict.reply == REPLY_NONE);
    return verdict.reply;
}

/* Text that repeats itself a little. */
static struct bytes make_text(uint8_t *to, size_t length)
{
    uint32_t state = 1;
    for (size_t i = 0; i < length; i++) {
        state = state * 1103515245 + 12345;
        to[i] = (uint8_t)('a' + (state >> 16) % 16);
    }
    return bytes_of(to, length);
}

static uint8_t text_room[2 * MUCH + 2], folded_room[ROOM];

START_TEST(each_coding_is_undone)
{
    static const size_t lengths[] = {0, 1, 4095, 4096, 4097, 65536, MUCH};
    for (size_t i = 0; i < CODINGS; i++)
        for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; j++) {
            struct bytes text = make_text(text_room, lengths[j]);
            size_t length = codings[i].fold(text, folded_room);
            ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length)), REPLY_NONE);
            ck_assert(bytes_equal(buffer_bytes(&out), text));
        }
}
END_TEST

START_TEST(what_is_cut_short_or_followed_by_something_is_refused)
{
    struct bytes text = make_text(text_room, 3000);
    for (size_t i = 0; i < CODINGS; i++) {
        size_t length = codings[i].fold(text, folded_room);
        for (size_t cut = 1; cut < length; cut += cut < 64 ? 1 : 61)
            ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, cut)),
                             REPLY_BAD_CONTENT);
        folded_room[length] = 0;
        ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length + 1)),
                         REPLY_BAD_CONTENT);
        ck_assert_int_eq(unfold(codings[i].coding, text), REPLY_BAD_CONTENT);
    }
}
END_TEST

START_TEST(a_wrong_checksum_is_refused)
{
    struct bytes text = make_text(text_room, 3000);
    for (size_t i = 0; i < CODINGS; i++) {
        size_t length = codings[i].fold(text, folded_room);
        folded_room[length - 1] ^= 0x55;
        if (codings[i].has_checksum)
            ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length)),
                             REPLY_BAD_CONTENT);
    }
}
END_TEST

START_TEST(members_and_frames_follow_each_other)
{
    struct bytes text = make_text(text_room, 3000);
    for (size_t i = 0; i < CODINGS; i++) {
        size_t first = codings[i].fold(bytes_of(text.data, 1000), folded_room);
        size_t second = codings[i].fold(bytes_from(text, 1000), folded_room + first);
        enum reply reply = unfold(codings[i].coding, bytes_of(folded_room, first + second));
        ck_assert_int_eq(reply, codings[i].has_parts ? REPLY_NONE : REPLY_BAD_CONTENT);
        if (codings[i].has_parts)
            ck_assert(bytes_equal(buffer_bytes(&out), text));
        ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, first + second / 2)),
                         REPLY_BAD_CONTENT);
    }
}
END_TEST

START_TEST(the_size_is_a_limit_to_the_byte)
{
    for (size_t i = 0; i < CODINGS; i++) {
        size_t length = codings[i].fold(make_text(text_room, 70001), folded_room);
        given.unfold.size = 70001;
        ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length)), REPLY_NONE);
        ck_assert_uint_eq(out.length, 70001);
        given.unfold.size = 70000;
        ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length)), REPLY_TOO_LARGE);
        given.unfold.size = 2 * MUCH;
    }
}
END_TEST

START_TEST(the_ratio_is_a_limit_beyond_a_floor)
{
    given.unfold.ratio = 20;
    memset(text_room, 'a', sizeof text_room);
    for (size_t i = 0; i < CODINGS; i++) {
        size_t length = codings[i].fold(bytes_of(text_room, 65536), folded_room);
        ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length)), REPLY_NONE);
        length = codings[i].fold(bytes_of(text_room, MUCH), folded_room);
        counted = 0;
        ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length)), REPLY_TOO_LARGE);
        ck_assert_uint_le(counted, 65536 + 1 + 20 * length);
    }
}
END_TEST

START_TEST(memory_is_asked_for_before_it_is_taken)
{
    struct bytes text = make_text(text_room, 100000);
    for (size_t i = 0; i < CODINGS; i++) {
        size_t length = codings[i].fold(text, folded_room);
        counted = 0;
        most = SIZE_MAX;
        ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length)), REPLY_NONE);
        ck_assert_uint_eq(counted, out.capacity);
        counted = 0;
        most = 65536;
        ck_assert_int_eq(unfold(codings[i].coding, bytes_of(folded_room, length)),
                         REPLY_QUEUE_FULL);
    }
}
END_TEST

START_TEST(a_large_window_is_refused)
{
    struct bytes text = make_text(text_room, MUCH);
    ck_assert_int_eq(unfold("zstd", bytes_of(folded_room, zstd_with(text, folded_room, 23))),
                     REPLY_NONE);
    ck_assert_int_eq(unfold("zstd", bytes_of(folded_room, zstd_with(text, folded_room, 24))),
                     REPLY_TOO_LARGE);
}
END_TEST

/* The beginning of a frame of Zstandard 0.7, which the library may know. */
START_TEST(old_frames_are_not_read)
{
    static const uint8_t frame[] = {0x27, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0xC0, 0x00, 0x00};
    static const uint8_t skipped[] = {0x5A, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 'x'};
    ck_assert_int_eq(unfold("zstd", bytes_of(frame, sizeof frame)), REPLY_BAD_CONTENT);
    ck_assert_int_eq(unfold("zstd", bytes_of(skipped, sizeof skipped)), REPLY_NONE);
    ck_assert_uint_eq(out.length, 0);
}
END_TEST

/* ---- the head ---- */

static const struct {
    const char *first, *second; /* values of the header; NULL: not there */
    bool off, takes_raw, has_no_body;
    enum reply reply;
    bool folded, kept;
    const char *accepted;
} heads[] = {
    {NULL, NULL},
    {"", NULL},
    {"identity", NULL},
    {"Identity, ,identity", "identity"},
    {"gzip", NULL, .folded = true},
    {"identity, gzip", NULL, .folded = true},
    {"identity", "BR", .folded = true},
    {"gzip, br", NULL, .reply = REPLY_MEDIA_TYPE, .accepted = "gzip, deflate, br, zstd"},
    {"gzip", "gzip", .reply = REPLY_MEDIA_TYPE, .accepted = "gzip, deflate, br, zstd"},
    {"compress", NULL, .reply = REPLY_MEDIA_TYPE, .accepted = "gzip, deflate, br, zstd"},
    {"compress", NULL, .has_no_body = true},
    {"gzip;q=1", NULL, .takes_raw = true, .reply = REPLY_MEDIA_TYPE,
     .accepted = "gzip, deflate, br, zstd"},
    {"gzip", NULL, .off = true, .reply = REPLY_MEDIA_TYPE, .accepted = "identity"},
    {"identity", NULL, .off = true},
    {"gzip", NULL, .off = true, .has_no_body = true},
    {"gzip", NULL, .off = true, .takes_raw = true, .kept = true},
    {"aes128gcm, gzip", NULL, .off = true, .takes_raw = true, .kept = true},
};

START_TEST(the_head_decides)
{
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct header headers[] = {
            {bytes_of_text("Content-Encoding"), bytes_of_text(heads[i].first)},
            {bytes_of_text("content-encoding"), bytes_of_text(heads[i].second)}};
        struct request request = {.arena = &arena, .route = &route, .headers = headers};
        request.header_count = (heads[i].first != NULL) + (heads[i].second != NULL);
        given.unfold.off = heads[i].off;
        struct verdict verdict = unfold_check(&request, heads[i].takes_raw, !heads[i].has_no_body);
        ck_assert_msg(verdict.reply == heads[i].reply && !request.folded != heads[i].folded &&
                          request.keeps_coding == heads[i].kept,
                      "row %zu", i);
        if (heads[i].accepted)
            ck_assert(bytes_equal_text(verdict.header_value, heads[i].accepted));
    }
}
END_TEST

START_TEST(the_runner_is_told_the_larger_limit)
{
    ck_assert_int_eq(unfold_body_max(&route), 2 * MUCH);
    given.unfold.size = 1;
    ck_assert_int_eq(unfold_body_max(&route), 1024);
    given.unfold = (struct unfold_settings){.size = 4096, .off = true};
    ck_assert_int_eq(unfold_body_max(&route), 1024);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("unfold");
    TCase *tcase = tcase_create("bodies");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, each_coding_is_undone);
    tcase_add_test(tcase, what_is_cut_short_or_followed_by_something_is_refused);
    tcase_add_test(tcase, a_wrong_checksum_is_refused);
    tcase_add_test(tcase, members_and_frames_follow_each_other);
    tcase_add_test(tcase, the_size_is_a_limit_to_the_byte);
    tcase_add_test(tcase, the_ratio_is_a_limit_beyond_a_floor);
    tcase_add_test(tcase, memory_is_asked_for_before_it_is_taken);
    tcase_add_test(tcase, a_large_window_is_refused);
    tcase_add_test(tcase, old_frames_are_not_read);
    tcase_add_test(tcase, the_head_decides);
    tcase_add_test(tcase, the_runner_is_told_the_larger_limit);
    suite_add_tcase(suite, tcase);
    return suite;
}
