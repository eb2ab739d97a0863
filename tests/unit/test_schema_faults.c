/* What is wrong with a schema: every mistake, where it stands, in words. */
#include "tests/unit/schema_rig.h"

#include <check.h>

static const struct rig_document documents[] = {
    {"https://e/string", "{\"type\":\"string\"}"},
    {NULL, NULL},
};

struct row {
    enum schema_draft draft;
    const char *schema, *faults; /* "": none */
};

static const struct row rows[] = {
    {SCHEMA_DRAFT_DEFAULT, "{\"type\":\"string\"}", ""},
    {SCHEMA_DRAFT_DEFAULT, "[]", "s#: a schema must be an object or a boolean\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"properties\":{\"a/b~c\":{\"pattern\":\"(\"}}}",
     "s#/properties/a~1b~0c/pattern: not a regular expression of ECMA-262: a group without its "
     "closing parenthesis at character 2\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$ref\":\"https://e/none\"}",
     "s#/$ref: no schema is known as \"https://e/none\": it is not here\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$ref\":\"https://e/string#x\"}",
     "s#/$ref: \"https://e/string#x\" leads to no schema\n"},

    /* what a repetition may leave out cannot be referred to: PCRE2 would remember it */
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:(a)|b)*\\\\1$\"}",
     "s#/pattern: not a regular expression that can be used: a reference to a group that a "
     "repetition may leave out at character 15\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^((a)?b)+\\\\2$\"}",
     "s#/pattern: not a regular expression that can be used: a reference to a group that a "
     "repetition may leave out at character 13\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:(?<n>a)*b){2}\\\\k<n>$\"}",
     "s#/pattern: not a regular expression that can be used: a reference to a group that a "
     "repetition may leave out at character 24\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"pattern\":\"^(?:(a)|b\\\\1)*$\"}",
     "s#/pattern: not a regular expression that can be used: a reference to a group that a "
     "repetition may leave out at character 15\n"},
};

START_TEST(faults_are_found)
{
    const struct row *row = &rows[_i];
    struct rig rig = {.options = {.draft = row->draft}, .documents = documents};
    struct buffer out;
    rig_init(&rig);
    buffer_init(&out, 1 << 20);
    struct schema *schema = rig_compile(&rig, "s", row->schema);
    rig_write_faults(&rig, &out);
    rig_expect(&out, row->schema, row->faults);
    schema_destroy(schema);
    buffer_finish(&out);
    rig_finish(&rig);
}
END_TEST

/* A sentence quotes what is wrong, but not a megabyte of it, nor half a character. */
START_TEST(sentences_are_short)
{
    struct rig rig = {.documents = documents};
    struct buffer text;
    rig_init(&rig);
    buffer_init(&text, 1 << 20);
    buffer_append_text(&text, "{\"$ref\":\"https://e/");
    for (int i = 0; i < 1000; i++)
        buffer_append_text(&text, "\xe2\x82\xac");
    buffer_append(&text, "\"}", sizeof "\"}");
    ck_assert(!rig_compile(&rig, "s", (const char *)text.data));
    size_t length = strlen(schema_faults(rig.library)->sentence);
    ck_assert_uint_gt(length, 990);
    ck_assert_uint_le(length, 1000);
    ck_assert_str_eq(schema_faults(rig.library)->sentence + length - 3, "\xe2\x82\xac");
    buffer_finish(&text);
    rig_finish(&rig);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, faults_are_found, 0, sizeof rows / sizeof *rows);
    tcase_add_test(all, sentences_are_short);
    return rig_run("schema_faults", all);
}
