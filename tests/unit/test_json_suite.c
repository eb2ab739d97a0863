/* The guard's verdicts on JSONTestSuite (not ours, so read from beside the source tree; skipped
 * where it is not). */
#include "handlers/content/json.h"
#include "tests/unit/suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILES_LEAST = 300, TEXT_MAX = 1 << 20 };

/* Choices beyond the letter of RFC 8259: names come once, and hold no U+0000. */
static const char *const refused_on_purpose[] = {"y_object_duplicated_key.json",
                                                 "y_object_duplicated_key_and_value.json",
                                                 "y_object_escaped_null_in_key.json"};

/* What is left to parsers: numbers of any size are text and pass; what is not UTF-8, has lone
 * surrogates, a BOM or too much depth does not. */
static bool is_expected(const char *name)
{
    for (size_t i = 0; i < sizeof refused_on_purpose / sizeof *refused_on_purpose; i++)
        if (strcmp(name, refused_on_purpose[i]) == 0)
            return false;
    return name[0] == 'y' || strncmp(name, "i_number_", 9) == 0;
}

static char directory[4096];
static DIR *files;

/* A copy of exactly that size, so that a sanitizer sees any read past the end. */
static bool judge(const char *name)
{
    static uint8_t text[TEXT_MAX];
    char path[4400];
    struct json_fault fault;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    uint8_t *copy = malloc(length ? length : 1);
    memcpy(copy, text, length);
    bool good = json_check(bytes_of(copy, length), &json_limits_default, NULL, &fault);
    free(copy);
    return good;
}

static DIR *open_suite(void)
{
    const char *root = getenv("SOURCE_ROOT");
    const char *given = getenv("TENTERHOOK_SHARED");
    if (given)
        snprintf(directory, sizeof directory, "%s/json-parsing/test_parsing", given);
    else
        snprintf(directory, sizeof directory, "%s/../shared/json-parsing/test_parsing",
                 root ? root : ".");
    return opendir(directory);
}

START_TEST(each_text_has_its_verdict)
{
    unsigned counts[128] = {0}, wrong = 0, all = 0;
    for (struct dirent *entry; (entry = readdir(files));) {
        const char *name = entry->d_name;
        if (!strchr("yni", name[0]) || name[1] != '_')
            continue;
        counts[(unsigned char)name[0] & 127]++;
        all++;
        if (judge(name) == is_expected(name))
            continue;
        wrong++;
        printf("wrong: %s\n", name);
    }
    printf("%u y_ (%zu of them refused on purpose), %u n_, %u i_: %u wrong\n", counts['y'],
           sizeof refused_on_purpose / sizeof *refused_on_purpose, counts['n'], counts['i'], wrong);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_ge(all, FILES_LEAST);
}
END_TEST

static void close_suite(void)
{
    closedir(files);
}

Suite *test_suite(void)
{
    files = open_suite();
    if (!files) {
        puts("skipped: JSONTestSuite is not here (TENTERHOOK_SHARED)");
        return NULL;
    }
    Suite *suite = suite_create("json_suite");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, NULL, close_suite);
    tcase_add_test(all, each_text_has_its_verdict);
    suite_add_tcase(suite, all);
    return suite;
}
