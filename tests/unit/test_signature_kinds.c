/* The table of kinds: each says all that the rest of the program asks of it. */
#include "handlers/provider/signature_kind.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

START_TEST(every_kind_is_complete)
{
    size_t count = 0;
    for (; signature_kind_names[count]; count++) {
        const char *name = signature_kind_names[count];
        const struct signature_kind *kind = signature_kinds[count];
        bool takes_public = kind->choose_keys || kind->keys != KEYS_SHARED;
        ck_assert_msg(kind->title && kind->title[0], "%s has no title", name);
        ck_assert_msg(kind->takes_text || kind->signed_part, "%s: what is signed?", name);
        ck_assert_msg(kind->head || kind->body || kind->needs_no_secret, "%s proves nothing", name);
        ck_assert_msg(kind->sign || kind->needs_no_secret, "send cannot sign %s", name);
        ck_assert_msg(!takes_public || kind->public_kind, "%s: which public keys?", name);
        ck_assert_msg(!kind->signs_nothing == (kind->identity != NULL), "%s: identity", name);
        ck_assert_msg(!kind->signs_nothing == (kind->explain != NULL), "%s: explain", name);
        ck_assert_msg(!kind->signs_nothing || kind->warnings, "%s warns of nothing", name);
        ck_assert_msg(!kind->takes_secret || kind->takes_text, "%s: a secret in no text", name);
        ck_assert_msg(!kind->time_is_signed || (kind->age && kind->signs_body), "%s: age", name);
        for (size_t i = 0; i < count; i++)
            ck_assert_str_ne(name, signature_kind_names[i]);
    }
    ck_assert_uint_ge(count, 13);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("signature_kinds");
    TCase *all = tcase_create("all");
    tcase_add_test(all, every_kind_is_complete);
    suite_add_tcase(suite, all);
    return suite;
}
