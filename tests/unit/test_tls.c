/* A certificate and key are taken if they belong together, and what is odd about them is said. The
 * pairs are made here: nothing secret is committed, nothing expires. */
#include "server/http/tls.h"

#include "server/http/tls_check.h"
#include "server/http/tls_pair.h"
#include "server/ipc/process.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DAY = 24 * 60 * 60 };

struct pem {
    char certificate[8192], key[8192];
};

static void export_pair(struct pem *pem, gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
    size_t size = sizeof pem->certificate - 1;
    ck_assert_int_eq(
        gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_PEM, pem->certificate, &size), 0);
    pem->certificate[size] = '\0';
    size = sizeof pem->key - 1;
    ck_assert_int_eq(gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, pem->key, &size), 0);
    pem->key[size] = '\0';
}

static void make_pair(struct pem *pem, gnutls_pk_algorithm_t kind, unsigned bits, time_t from,
                      time_t until)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_init(&key);
    gnutls_x509_crt_init(&certificate);
    ck_assert_int_eq(gnutls_x509_privkey_generate(key, kind, bits, 0), 0);
    gnutls_x509_crt_set_version(certificate, 3);
    gnutls_x509_crt_set_serial(certificate, "\1", 1);
    gnutls_x509_crt_set_dn(certificate, "CN=test", NULL);
    gnutls_x509_crt_set_activation_time(certificate, from);
    gnutls_x509_crt_set_expiration_time(certificate, until);
    ck_assert_int_eq(gnutls_x509_crt_set_key(certificate, key), 0);
    ck_assert_int_eq(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), 0);
    export_pair(pem, certificate, key);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
}

static void make_good_pair(struct pem *pem)
{
    time_t now = time(NULL);
    make_pair(pem, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), now - DAY,
              now + 100 * DAY);
}

static void expect_warning(gnutls_pk_algorithm_t kind, unsigned bits, time_t from, time_t until,
                           const char *word)
{
    struct pem pem;
    struct error err = {""};
    struct tls_findings findings;
    make_pair(&pem, kind, bits, from, until);
    ck_assert_msg(tls_check_pair(pem.certificate, pem.key, &err, &findings), "%s", err.text);
    ck_assert_uint_eq(findings.count, word[0] ? 1 : 0);
    ck_assert_msg(findings.count == 0 || strstr(findings.items[0].text, word), "%s, not %s",
                  findings.items[0].text, word);
}

START_TEST(a_pair_is_taken)
{
    struct pem pem;
    struct error err = {""};
    struct tls_findings findings;
    make_good_pair(&pem);
    ck_assert_msg(tls_check_pair(pem.certificate, pem.key, &err, &findings), "%s", err.text);
    ck_assert_uint_eq(findings.count, 0);
    ck_assert(tls_check_pair(pem.certificate, NULL, &err, &findings));
}
END_TEST

START_TEST(a_pair_that_works_but_is_odd_is_taken_with_a_warning)
{
    unsigned p256 = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    time_t now = time(NULL);
    expect_warning(GNUTLS_PK_ECDSA, p256, now - 2 * DAY, now - DAY, "expired");
    expect_warning(GNUTLS_PK_ECDSA, p256, now + DAY, now + 200 * DAY, "not valid yet");
    expect_warning(GNUTLS_PK_RSA, 2048, now - DAY, now + 100 * DAY, "RSA");
}
END_TEST

START_TEST(days_that_are_left_are_told)
{
    static const struct {
        int hours;
        const char *said;
    } rows[] = {{23, "expires in less than a day"},
                {25, "expires in 1 day ("},
                {47, "renew it now"},
                {49, "expires in 2 days"},
                {7 * 24, "this week"},
                {8 * 24, "expires in 8 days"},
                {30 * 24, "expires in 30 days"},
                {31 * 24, ""}};
    unsigned p256 = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    time_t now = time(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_warning(GNUTLS_PK_ECDSA, p256, now - 60 * DAY, now + rows[i].hours * 3600 + 60,
                       rows[i].said);
}
END_TEST

/* ---- chains ---- */

struct made {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
    struct pem pem;
};

static void make_issued(struct made *made, const char *name, const struct made *issuer, bool is_ca,
                        time_t from, time_t until)
{
    gnutls_x509_privkey_init(&made->key);
    gnutls_x509_crt_init(&made->certificate);
    gnutls_x509_privkey_generate(made->key, GNUTLS_PK_ECDSA,
                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_set_version(made->certificate, 3);
    gnutls_x509_crt_set_serial(made->certificate, name, strlen(name));
    gnutls_x509_crt_set_dn(made->certificate, name, NULL);
    gnutls_x509_crt_set_activation_time(made->certificate, from);
    gnutls_x509_crt_set_expiration_time(made->certificate, until);
    gnutls_x509_crt_set_ca_status(made->certificate, is_ca);
    gnutls_x509_crt_set_subject_alt_name(made->certificate, GNUTLS_SAN_DNSNAME, "hooks.example.org",
                                         17, GNUTLS_FSAN_SET);
    gnutls_x509_crt_set_key(made->certificate, made->key);
    const struct made *signer = issuer ? issuer : made;
    ck_assert_int_eq(gnutls_x509_crt_sign2(made->certificate, signer->certificate, signer->key,
                                           GNUTLS_DIG_SHA256, 0),
                     0);
    export_pair(&made->pem, made->certificate, made->key);
}

enum { ROOT, INTERMEDIATE, LEAF, OTHER, MADE };

static void make_chain(struct made made[MADE], time_t until)
{
    time_t from = time(NULL) - 60 * DAY, late = time(NULL) + 400 * DAY;
    make_issued(&made[ROOT], "CN=root", NULL, true, from, late);
    make_issued(&made[INTERMEDIATE], "CN=between", &made[ROOT], true, from, late);
    make_issued(&made[LEAF], "CN=leaf", &made[INTERMEDIATE], false, from, until);
    make_issued(&made[OTHER], "CN=other", &made[ROOT], false, from, late);
}

static void finish_chain(struct made made[MADE])
{
    for (int i = 0; i < MADE; i++) {
        gnutls_x509_crt_deinit(made[i].certificate);
        gnutls_x509_privkey_deinit(made[i].key);
    }
}

static void join(char *file, size_t size, const struct made made[MADE], const char *order)
{
    size_t length = 0;
    for (; *order; order++) {
        int which = *order == 'r'   ? ROOT
                    : *order == 'i' ? INTERMEDIATE
                    : *order == 'l' ? LEAF
                                    : OTHER;
        length += (size_t)snprintf(file + length, size - length, "%s", made[which].pem.certificate);
        ck_assert_uint_lt(length, size);
    }
}

/* The chain alone is sent, leaf first, whatever the order of the file. */
START_TEST(a_file_is_put_in_order)
{
    static const struct {
        const char *order, *chain, *said; /* l leaf, i intermediate, r root, o another's */
    } rows[] = {{"li", "li", ""},
                {"lir", "lir", ""},
                {"lii", "li", ""},
                {"llii", "li", ""},
                {"lri", "lir", ""},
                {"il", "li", ""},
                {"ril", "lir", ""},
                {"lio", "li", "1 certificate in this file is not part"},
                {"oli", "li", "1 certificate in this file is not part"},
                {"l", "l", "issued by \"CN=between\""},
                {"lr", "l", "1 certificate in"}};
    struct made made[MADE];
    static char file[5 * 8192];
    make_chain(made, time(NULL) + 300 * DAY);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_findings findings = {.count = 0};
        struct tls_pair pair;
        struct error err = {""};
        join(file, sizeof file, made, rows[i].order);
        ck_assert_msg(tls_check_pair(file, made[LEAF].pem.key, &err, &findings), "%s: %s",
                      rows[i].order, err.text);
        ck_assert_msg((findings.count > 0) == (rows[i].said[0] != '\0'), "%s", rows[i].order);
        ck_assert_msg(findings.count == 0 || strstr(findings.items[0].text, rows[i].said), "%s: %s",
                      rows[i].order, findings.items[0].text);
        ck_assert(tls_pair_import(&pair, file, made[LEAF].pem.key, &err));
        ck_assert_uint_eq(pair.count, strlen(rows[i].chain));
        for (unsigned at = 0; at < pair.count; at++) {
            char letter = rows[i].chain[at];
            int which = letter == 'r' ? ROOT : letter == 'i' ? INTERMEDIATE : LEAF;
            ck_assert(gnutls_x509_crt_equals(pair.certificates[at], made[which].certificate));
        }
        tls_pair_finish(&pair);
    }
    ck_assert(tls_certificate_fits(file, made[LEAF].pem.key, "hooks.example.org"));
    ck_assert(!tls_certificate_fits(file, made[LEAF].pem.key, "example.org"));
    finish_chain(made);
}
END_TEST

START_TEST(few_days_are_no_news_of_a_ca_that_gives_no_more)
{
    struct made made[MADE], brief;
    static char file[2 * 8192];
    struct tls_findings findings;
    struct error err;
    time_t now = time(NULL);
    make_chain(made, now + DAY);
    for (int hours = 47; hours > 0; hours -= 40) { /* of 72 */
        make_issued(&brief, "CN=brief", &made[INTERMEDIATE], false, now - (72 - hours) * 3600,
                    now + hours * 3600);
        snprintf(file, sizeof file, "%s%s", brief.pem.certificate,
                 made[INTERMEDIATE].pem.certificate);
        ck_assert(tls_check_pair(file, brief.pem.key, &err, &findings));
        ck_assert_uint_eq(findings.count, hours == 47 ? 0 : 1);
        gnutls_x509_crt_deinit(brief.certificate);
        gnutls_x509_privkey_deinit(brief.key);
    }
    finish_chain(made);
}
END_TEST

START_TEST(a_key_of_another_certificate_is_refused)
{
    struct pem one, other;
    struct error err = {""};
    struct tls_findings findings;
    make_good_pair(&one);
    make_good_pair(&other);
    ck_assert(!tls_check_pair(one.certificate, other.key, &err, &findings));
    ck_assert_ptr_nonnull(strstr(err.text, "does not belong"));
}
END_TEST

START_TEST(what_is_no_pem_is_refused)
{
    struct pem pem;
    struct error err = {""};
    struct tls_findings findings;
    make_good_pair(&pem);
    ck_assert(!tls_check_pair("", pem.key, &err, &findings));
    ck_assert(!tls_check_pair("hello", pem.key, &err, &findings));
    ck_assert(!tls_check_pair(pem.certificate, "", &err, &findings));
    ck_assert(!tls_check_pair(pem.certificate, pem.certificate, &err, &findings));
    ck_assert(!tls_check_pair(pem.key, pem.key, &err, &findings));
}
END_TEST

/* A file that is read while it is written. */
START_TEST(half_a_pem_is_refused)
{
    struct pem pem, cut;
    struct error err = {""};
    struct tls_findings findings;
    make_good_pair(&pem);
    for (size_t length = 0; length + 30 < strlen(pem.certificate); length += 7) {
        cut = pem;
        cut.certificate[length] = '\0';
        ck_assert(!tls_check_pair(cut.certificate, cut.key, &err, &findings));
    }
    for (size_t length = 0; length + 30 < strlen(pem.key); length += 7) {
        cut = pem;
        cut.key[length] = '\0';
        ck_assert(!tls_check_pair(cut.certificate, cut.key, &err, &findings));
    }
}
END_TEST

START_TEST(a_server_needs_a_pair)
{
    static const uint8_t ticket_key[TICKET_KEY_SIZE];
    struct pem one, other;
    struct error err = {""};
    make_good_pair(&one);
    make_good_pair(&other);
    struct tls_server *server = tls_server_create(one.certificate, one.key, ticket_key, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
    tls_server_destroy(server);
    ck_assert_ptr_null(tls_server_create(one.certificate, other.key, ticket_key, &err));
}
END_TEST

/* ---- handshakes ---- */

static int distrust(gnutls_session_t session)
{
    (void)session;
    return -1;
}

static int give_pair(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                     gnutls_pcert_st **chain, unsigned *chain_length, gnutls_ocsp_data_st **staples,
                     unsigned *staple_count, gnutls_privkey_t *key, unsigned *flags)
{
    gnutls_certificate_retrieve_function3 *callback = tls_certificate_callback();
    return callback(session, info, chain, chain_length, staples, staple_count, key, flags);
}

/* A client that does not trust the server, and says so with `alert`; what the server makes of it.
 */
static const char *failure_of(const char *priorities, gnutls_alert_description_t alert)
{
    static const uint8_t ticket_key[TICKET_KEY_SIZE];
    struct pem pem;
    struct error err = {""};
    struct tls_session mine, *at_work = NULL;
    gnutls_session_t client, session;
    gnutls_certificate_credentials_t theirs, ours;
    int ends[2], code;
    make_good_pair(&pem);
    struct tls_server *server = tls_server_create(pem.certificate, pem.key, ticket_key, &err);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    gnutls_certificate_allocate_credentials(&theirs);
    gnutls_certificate_set_verify_function(theirs, distrust);
    gnutls_init(&client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    ck_assert_int_eq(gnutls_priority_set_direct(client, priorities, NULL), 0);
    gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, theirs);
    gnutls_transport_set_int(client, ends[0]);
    gnutls_certificate_allocate_credentials(&ours);
    gnutls_certificate_set_retrieve_function3(ours, give_pair);
    gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK);
    gnutls_priority_set_direct(session, tls_priorities, NULL);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, ours);
    gnutls_transport_set_int(session, ends[1]);
    tls_session_begin(&mine, session, server, &at_work);
    do {
        code = gnutls_handshake(client);
        if (code < 0 && code != GNUTLS_E_AGAIN)
            gnutls_alert_send(client, GNUTLS_AL_FATAL, alert);
        code = gnutls_handshake(session);
    } while (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED);
    ck_assert_int_lt(code, 0);
    ck_assert_ptr_eq(at_work, &mine);
    tls_session_explain(&mine);
    gnutls_deinit(client);
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(theirs);
    gnutls_certificate_free_credentials(ours);
    tls_server_destroy(server);
    close(ends[0]);
    close(ends[1]);
    return mine.failure ? mine.failure : "";
}

/* In TLS 1.3 the alert is encrypted, in 1.2 it is not. */
START_TEST(why_a_client_left_is_told)
{
    static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                           "NORMAL:-VERS-ALL:+VERS-TLS1.3"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        ck_assert_ptr_nonnull(strstr(failure_of(versions[i], GNUTLS_A_UNKNOWN_CA), "who issued"));
        ck_assert_ptr_nonnull(
            strstr(failure_of(versions[i], GNUTLS_A_BAD_CERTIFICATE), "its name"));
        ck_assert_ptr_nonnull(
            strstr(failure_of(versions[i], GNUTLS_A_CERTIFICATE_EXPIRED), "has expired"));
    }
    ck_assert_ptr_nonnull(
        strstr(failure_of("NORMAL:-VERS-ALL:+VERS-TLS1.1", GNUTLS_A_USER_CANCELED), "in common"));
}
END_TEST

/* ---- a session over TCP, both ends here ---- */

static struct {
    struct tls_server *certificate;
    struct tls_session mine, *at_work;
    gnutls_session_t server, client;
    gnutls_certificate_credentials_t credentials[2];
    int server_fd, client_fd;
} pair;

static void connect_sockets(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int one = 1, small = 4096, listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    pair.client_fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(pair.client_fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ck_assert_int_eq(connect(pair.client_fd, (struct sockaddr *)&address, size), 0);
    pair.server_fd = accept(listener, NULL, NULL);
    close(listener);
    setsockopt(pair.server_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(pair.server_fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    fcntl(pair.server_fd, F_SETFL, O_NONBLOCK);
    fcntl(pair.client_fd, F_SETFL, O_NONBLOCK);
}

static void shake_hands(void)
{
    static const uint8_t ticket_key[TICKET_KEY_SIZE] = {1};
    struct pem pem;
    struct error err = {""};
    int server = GNUTLS_E_AGAIN, client = GNUTLS_E_AGAIN;
    connect_sockets();
    make_good_pair(&pem);
    pair.certificate = tls_server_create(pem.certificate, pem.key, ticket_key, &err);
    ck_assert_msg(pair.certificate != NULL, "%s", err.text);
    gnutls_certificate_allocate_credentials(&pair.credentials[0]);
    gnutls_certificate_allocate_credentials(&pair.credentials[1]);
    gnutls_certificate_set_retrieve_function3(
        pair.credentials[0], (gnutls_certificate_retrieve_function3 *)tls_certificate_callback());
    gnutls_init(&pair.server, GNUTLS_SERVER | GNUTLS_NONBLOCK);
    gnutls_init(&pair.client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    gnutls_priority_set_direct(pair.server, tls_priorities, NULL);
    gnutls_priority_set_direct(pair.client, tls_priorities, NULL);
    gnutls_credentials_set(pair.server, GNUTLS_CRD_CERTIFICATE, pair.credentials[0]);
    gnutls_credentials_set(pair.client, GNUTLS_CRD_CERTIFICATE, pair.credentials[1]);
    gnutls_transport_set_int(pair.server, pair.server_fd);
    gnutls_transport_set_int(pair.client, pair.client_fd);
    tls_session_begin(&pair.mine, pair.server, pair.certificate, &pair.at_work);
    while (server == GNUTLS_E_AGAIN || client == GNUTLS_E_AGAIN) {
        client = client == GNUTLS_E_AGAIN ? gnutls_handshake(pair.client) : client;
        server = server == GNUTLS_E_AGAIN ? gnutls_handshake(pair.server) : server;
    }
    ck_assert_int_eq(server, 0);
    ck_assert_int_eq(client, 0);
}

static void part(void)
{
    gnutls_deinit(pair.server);
    gnutls_deinit(pair.client);
    gnutls_certificate_free_credentials(pair.credentials[0]);
    gnutls_certificate_free_credentials(pair.credentials[1]);
    tls_server_destroy(pair.certificate);
    close(pair.server_fd);
    close(pair.client_fd);
}

/* With TCP_NODELAY and room on the way, each write is a segment. */
static unsigned segments_sent(void)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    ck_assert_int_eq(getsockopt(pair.server_fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    return info.tcpi_data_segs_out;
}

/* What the client gets until there is nothing more for now. */
static size_t receive(char *data, size_t size)
{
    size_t length = 0;
    for (ssize_t got = 1; length < size && (got > 0 || got == GNUTLS_E_INTERRUPTED);) {
        got = gnutls_record_recv(pair.client, data + length, size - length);
        length += got > 0 ? (size_t)got : 0;
    }
    return length;
}

START_TEST(a_head_that_is_held_goes_out_with_its_body)
{
    uint8_t room[64];
    char got[100];
    shake_hands();
    receive(got, sizeof got);
    unsigned before = segments_sent();
    tls_session_hold(&pair.mine, room, sizeof room);
    ck_assert_int_eq(gnutls_record_send(pair.server, "head", 4), 4);
    ck_assert_uint_eq(segments_sent(), before);
    ck_assert_int_eq(gnutls_record_send(pair.server, "body", 4), 4);
    ck_assert_uint_eq(segments_sent(), before + 1);
    ck_assert_int_eq(gnutls_record_send(pair.server, "more", 4), 4);
    ck_assert_uint_eq(segments_sent(), before + 2);
    tls_session_hold(&pair.mine, room, 20); /* too little room: it is not held */
    ck_assert_int_eq(gnutls_record_send(pair.server, "HEAD", 4), 4);
    ck_assert_uint_eq(segments_sent(), before + 3);
    tls_session_let_go(&pair.mine);
    for (size_t length = 0; length < 16;)
        length += receive(got + length, 16 - length);
    ck_assert_msg(strncmp(got, "headbodymoreHEAD", 16) == 0, "%.16s", got);
    part();
}
END_TEST

/* However full the way is when head and body are written. */
START_TEST(what_is_held_waits_for_room_and_comes_in_order)
{
    enum { MOST = 1 << 20 };
    static char sent[MOST], got[MOST];
    uint8_t room[600];
    size_t length = 0, received = 0;
    shake_hands();
    for (size_t i = 0; i < MOST; i++)
        sent[i] = (char)(i * 7 + i / 251);
    for (int round = 0; round < 40; round++) {
        size_t sizes[] = {300, (size_t)(round * 97 % 400 + 1)};
        tls_session_hold(&pair.mine, room, sizeof room);
        for (int i = 0; i < 2; i++) {
            ssize_t done;
            while ((done = gnutls_record_send(pair.server, sent + length, sizes[i])) ==
                   GNUTLS_E_AGAIN)
                received += receive(got + received, 700 + (size_t)round);
            ck_assert_int_eq(done, (ssize_t)sizes[i]);
            length += sizes[i];
        }
        tls_session_let_go(&pair.mine);
        while (round % 8 != 7 && gnutls_record_send(pair.server, sent + length, 900) == 900)
            length += 900;
        while (round % 8 != 7 &&
               gnutls_record_send(pair.server, sent + length, 900) == GNUTLS_E_AGAIN)
            received += receive(got + received, 100);
        length += round % 8 != 7 ? 900 : 0;
    }
    while (received < length)
        received += receive(got + received, length - received);
    ck_assert_int_eq(memcmp(sent, got, length), 0);
    part();
}
END_TEST

START_TEST(the_priorities_are_understood)
{
    gnutls_priority_t priorities;
    ck_assert_int_eq(gnutls_priority_init(&priorities, tls_priorities, NULL), 0);
    gnutls_priority_deinit(priorities);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("tls");
    TCase *all = tcase_create("all");
    tcase_add_test(all, a_pair_is_taken);
    tcase_add_test(all, a_pair_that_works_but_is_odd_is_taken_with_a_warning);
    tcase_add_test(all, days_that_are_left_are_told);
    tcase_add_test(all, a_file_is_put_in_order);
    tcase_add_test(all, few_days_are_no_news_of_a_ca_that_gives_no_more);
    tcase_add_test(all, a_key_of_another_certificate_is_refused);
    tcase_add_test(all, what_is_no_pem_is_refused);
    tcase_add_test(all, half_a_pem_is_refused);
    tcase_add_test(all, a_server_needs_a_pair);
    tcase_add_test(all, why_a_client_left_is_told);
    tcase_add_test(all, a_head_that_is_held_goes_out_with_its_body);
    tcase_add_test(all, what_is_held_waits_for_room_and_comes_in_order);
    tcase_add_test(all, the_priorities_are_understood);
    suite_add_tcase(suite, all);
    return suite;
}
