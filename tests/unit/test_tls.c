/* A certificate and key are taken if they belong together, and what is odd about them is said. The
 * pairs are made here: nothing secret is committed, nothing expires. */
#include "server/tls.h"

#include "server/process.h"

#include <check.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <time.h>

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
              now + DAY);
}

static void expect_warning(gnutls_pk_algorithm_t kind, unsigned bits, time_t from, time_t until,
                           const char *word)
{
    struct pem pem;
    struct error err = {""};
    const char *warning = NULL;
    make_pair(&pem, kind, bits, from, until);
    ck_assert_msg(tls_check_pair(pem.certificate, pem.key, &err, &warning), "%s", err.text);
    ck_assert_msg(warning && strstr(warning, word), "%s", warning ? warning : "none");
}

START_TEST(a_pair_is_taken)
{
    struct pem pem;
    struct error err = {""};
    const char *warning = "untouched";
    make_good_pair(&pem);
    ck_assert_msg(tls_check_pair(pem.certificate, pem.key, &err, &warning), "%s", err.text);
    ck_assert_ptr_null(warning);
}
END_TEST

START_TEST(a_pair_that_works_but_is_odd_is_taken_with_a_warning)
{
    unsigned p256 = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    time_t now = time(NULL);
    expect_warning(GNUTLS_PK_ECDSA, p256, now - 2 * DAY, now - DAY, "expired");
    expect_warning(GNUTLS_PK_ECDSA, p256, now + DAY, now + 2 * DAY, "not valid yet");
    expect_warning(GNUTLS_PK_RSA, 2048, now - DAY, now + DAY, "RSA");
}
END_TEST

START_TEST(a_key_of_another_certificate_is_refused)
{
    struct pem one, other;
    struct error err = {""};
    const char *warning;
    make_good_pair(&one);
    make_good_pair(&other);
    ck_assert(!tls_check_pair(one.certificate, other.key, &err, &warning));
    ck_assert_ptr_nonnull(strstr(err.text, "does not belong"));
}
END_TEST

START_TEST(what_is_no_pem_is_refused)
{
    struct pem pem;
    struct error err = {""};
    const char *warning;
    make_good_pair(&pem);
    ck_assert(!tls_check_pair("", pem.key, &err, &warning));
    ck_assert(!tls_check_pair("hello", pem.key, &err, &warning));
    ck_assert(!tls_check_pair(pem.certificate, "", &err, &warning));
    ck_assert(!tls_check_pair(pem.certificate, pem.certificate, &err, &warning));
    ck_assert(!tls_check_pair(pem.key, pem.key, &err, &warning));
}
END_TEST

/* A file that is read while it is written. */
START_TEST(half_a_pem_is_refused)
{
    struct pem pem, cut;
    struct error err = {""};
    const char *warning;
    make_good_pair(&pem);
    for (size_t length = 0; length + 30 < strlen(pem.certificate); length += 7) {
        cut = pem;
        cut.certificate[length] = '\0';
        ck_assert(!tls_check_pair(cut.certificate, cut.key, &err, &warning));
    }
    for (size_t length = 0; length + 30 < strlen(pem.key); length += 7) {
        cut = pem;
        cut.key[length] = '\0';
        ck_assert(!tls_check_pair(cut.certificate, cut.key, &err, &warning));
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

START_TEST(the_priorities_are_understood)
{
    gnutls_priority_t priorities;
    ck_assert_int_eq(gnutls_priority_init(&priorities, tls_priorities, NULL), 0);
    gnutls_priority_deinit(priorities);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_pair_is_taken);
    tcase_add_test(all, a_pair_that_works_but_is_odd_is_taken_with_a_warning);
    tcase_add_test(all, a_key_of_another_certificate_is_refused);
    tcase_add_test(all, what_is_no_pem_is_refused);
    tcase_add_test(all, half_a_pem_is_refused);
    tcase_add_test(all, a_server_needs_a_pair);
    tcase_add_test(all, the_priorities_are_understood);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
