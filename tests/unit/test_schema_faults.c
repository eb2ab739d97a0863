/* What is wrong with a schema: every mistake, where it stands, in words. */
#include "tests/unit/schema_rig.h"
#include "tests/unit/suite.h"

static const struct rig_document documents[] = {
    {"https://e/string", "{\"type\":\"string\"}"},
    {"https://e/bundle", "{\"$defs\":{\"p\":{\"$id\":\"https://e/part\",\"type\":\"string\"}}}"},
    {"https://e/broken", "{\"$id\":\"https://e/broken\",\"type\":1}"},
    {"https://e/pattern", "{\"$id\":\"https://e/pattern\",\"pattern\":\"(\"}"},
    {"https://e/words",
     "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$id\":\"https://e/words\","
     "\"properties\":{\"type\":{\"enum\":[\"string\",\"null\"]}}}"},
    {"https://e/needs", "{\"$vocabulary\":{\"https://e/vocabulary\":true}}"},
    {"https://e/self", "{\"$schema\":\"https://e/self\",\"$id\":\"https://e/self\","
                       "\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}"},
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

    /* no text has U+0000 as the end of another */
    {SCHEMA_DRAFT_DEFAULT, "{\"required\":[\"a\\u0000b\"]}", "s#/required: must not hold U+0000\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"dependentRequired\":{\"x\":[\"a\\u0000b\"]}}",
     "s#/dependentRequired: must not hold U+0000\n"},
    {SCHEMA_DRAFT_7, "{\"dependencies\":{\"x\":[\"a\\u0000b\"]}}",
     "s#/dependencies: must not hold U+0000\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$ref\":\"#\\u0000b\"}", "s#/$ref: must not hold U+0000\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$dynamicRef\":\"#\\u0000b\"}",
     "s#/$dynamicRef: must not hold U+0000\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$id\":\"http://e/\\u0000b\"}", "s#/$id: must not hold U+0000\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$anchor\":\"a\\u0000b\"}", "s#/$anchor: must not hold U+0000\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"http://e/\\u0000b\"}",
     "s#/$schema: must not hold U+0000\n"},
    {SCHEMA_DRAFT_7, "{\"$id\":\"#a\\u0000b\"}", "s#/$id: must not hold U+0000\n"},

    /* what the meta-schema does not see */
    {SCHEMA_DRAFT_DEFAULT, "{\"$ref\":\"#/x\",\"x\":{\"type\":[]}}",
     "s#/x/type: not a valid schema: must have at least 1 items, it has 0\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$ref\":\"#/x\",\"x\":{\"title\":5}}",
     "s#/x/title: not a valid schema: must be a string, it is an integer\n"},

    /* $schema */
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"\"}",
     "s#/$schema: must be the URI of a meta-schema, absolute and without a fragment\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"#\"}",
     "s#/$schema: must be the URI of a meta-schema, absolute and without a fragment\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"#/x\"}",
     "s#/$schema: must be the URI of a meta-schema, absolute and without a fragment\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"meta.json\"}",
     "s#/$schema: must be the URI of a meta-schema, absolute and without a fragment\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$schema\":\"http://json-schema.org/draft-07/schema#/definitions/nonNegativeInteger\"}",
     "s#/$schema: must be the URI of a meta-schema, absolute and without a fragment\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"https://e/none\"}",
     "s#/$schema: no schema is known as \"https://e/none\": it is not here\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"https://e/broken\"}",
     "https://e/broken#/type: not a valid schema: must be one of 7 values: \"array\", \"boolean\", "
     "\"integer\", \"null\", \"number\", \"object\", \"string\"\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"https://e/pattern\",\"type\":\"string\"}",
     "https://e/pattern#/pattern: not a regular expression of ECMA-262: a group without its "
     "closing parenthesis at character 2\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"https://e/words\",\"type\":\"string\"}", ""},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"https://e/words\",\"type\":\"strin\"}",
     "s#/type: not a valid schema: must be one of 2 values: \"string\", \"null\"\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"https://e/needs\"}",
     "s#/$schema: the meta-schema requires the vocabulary https://e/vocabulary\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"https://e/self\",\"type\":1}",
     "s#/type: not a valid schema: must be one of 7 values: \"array\", \"boolean\", \"integer\", "
     "\"null\", \"number\", \"object\", \"string\"\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"title\":5}",
     "s#/title: not a valid schema: must be a string, it is an integer\n"},

    /* several dialects in a document, each checked by its own */
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"title\":5,\"enum\":[],"
     "\"required\":[\"a\",\"a\"],\"definitions\":{\"x\":{\"$id\":\"http://x/y\","
     "\"$schema\":\"http://json-schema.org/draft-04/schema#\"}}}",
     "s#/title: not a valid schema: must be a string, it is an integer\n"
     "s#/required: not a valid schema: must have no equal items, numbers 0 and 1 are\n"},
    {SCHEMA_DRAFT_7,
     "{\"exclusiveMaximum\":3,\"definitions\":{\"x\":{\"id\":\"http://x/y\",\"maximum\":3,"
     "\"exclusiveMaximum\":true,\"$schema\":\"http://json-schema.org/draft-04/schema#\"}}}",
     ""},
    {SCHEMA_DRAFT_7,
     "{\"exclusiveMaximum\":3,\"definitions\":{\"x\":{\"id\":\"http://x/y\",\"items\":["
     "{\"exclusiveMaximum\":3}],\"$schema\":\"http://json-schema.org/draft-04/schema#\"}}}",
     "s#/definitions/x/items/0/exclusiveMaximum: not a valid schema: must be a boolean, it is an "
     "integer\n"
     "s#/definitions/x/items/0: not a valid schema: must have the member \"maximum\" because it "
     "has \"exclusiveMaximum\"\n"},
    {SCHEMA_DRAFT_4,
     "{\"definitions\":{\"x\":{\"$id\":\"http://x/y\",\"not\":{\"$id\":\"http://x/z\","
     "\"id\":\"http://x/z\",\"minimum\":\"1\","
     "\"$schema\":\"http://json-schema.org/draft-04/schema#\"},\"if\":true,\"then\":5,"
     "\"$schema\":\"http://json-schema.org/draft-07/schema#\"}},\"type\":\"any\"}",
     "s#/type: not a valid schema: must be one of 7 values: \"array\", \"boolean\", \"integer\", "
     "\"null\", \"number\", \"object\", \"string\"\n"
     "s#/definitions/x/not/minimum: not a valid schema: must be a number, it is a string\n"
     "s#/definitions/x/then: not a valid schema: must be an object or a boolean, it is an "
     "integer\n"},

    /* definitions that nothing leads to */
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$defs\":{\"a\":{\"pattern\":\"(\"},\"b\":{\"$defs\":{\"c\":{\"$ref\":\"#/none\"}}}}}",
     "s#/$defs/a/pattern: not a regular expression of ECMA-262: a group without its closing "
     "parenthesis at character 2\n"
     "s#/$defs/b/$defs/c/$ref: \"#/none\" leads to no schema\n"},
    {SCHEMA_DRAFT_7,
     "{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":{},\"b\":{\"$ref\":\"#/b\"}}}",
     "s#/definitions/b/$ref: \"#/b\" leads to no schema\n"},

    /* one name, two schemas */
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$defs\":{\"a\":{\"$id\":\"http://x/y\",\"type\":\"string\"},"
     "\"b\":{\"$id\":\"http://x/y\",\"type\":\"integer\"}}}",
     "s#/$defs/b/$id: \"http://x/y\" already identifies s#/$defs/a\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$defs\":{\"a\":{\"$id\":\"http://x/y\",\"type\":\"string\"},"
     "\"b\":{\"type\":\"string\",\"$id\":\"http://x/y\"}}}",
     ""},
    {SCHEMA_DRAFT_DEFAULT, "{\"$id\":\"http://x/y\",\"$defs\":{\"a\":{\"$id\":\"y\"}}}",
     "s#/$defs/a/$id: \"http://x/y\" already identifies s#\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$defs\":{\"a\":{\"$anchor\":\"n\"},\"b\":{\"$anchor\":\"n\",\"title\":\"x\"}}}",
     "s#/$defs/b/$anchor: \"n\" already identifies s#/$defs/a\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"$defs\":{\"a\":{\"$anchor\":\"n\",\"$dynamicAnchor\":\"n\"}}}", ""},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$defs\":{\"a\":{\"$anchor\":\"n\"},\"b\":{\"$dynamicAnchor\":\"n\"}}}",
     "s#/$defs/b/$dynamicAnchor: \"n\" already identifies s#/$defs/a\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$defs\":{\"a\":{\"$anchor\":\"n\"},\"b\":{\"$id\":\"b\",\"$anchor\":\"n\"}}}", ""},
    {SCHEMA_DRAFT_7,
     "{\"definitions\":{\"a\":{\"$id\":\"#n\"},\"b\":{\"$id\":\"#n\",\"type\":\"null\"}}}",
     "s#/definitions/b/$id: \"n\" already identifies s#/definitions/a\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$ref\":\"https://e/bundle\",\"$defs\":{\"a\":{\"$id\":\"https://e/"
     "part\",\"type\":\"number\"}}}",
     "https://e/bundle#/$defs/p/$id: \"https://e/part\" already identifies s#/$defs/a\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$ref\":\"https://e/bundle\",\"$defs\":{\"a\":{\"$id\":\"https://e/"
     "part\",\"type\":\"string\"}}}",
     ""},

    /* all of them in one run */
    {SCHEMA_DRAFT_DEFAULT, "{\"type\":5,\"title\":5,\"properties\":{\"a\":{\"required\":1}}}",
     "s#/properties/a/required: not a valid schema: must be an array, it is an integer\n"
     "s#/type: not a valid schema: must be one of 7 values: \"array\", \"boolean\", \"integer\", "
     "\"null\", \"number\", \"object\", \"string\"\n"
     "s#/title: not a valid schema: must be a string, it is an integer\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"properties\":{\"a\":{\"pattern\":\"(\"},\"b\":{\"pattern\":\"[\"},\"c\":{\"$ref\":\"#/"
     "$defs/n\"},"
     "\"d\":{\"$ref\":\"https://e/none\"},\"e\":{\"$ref\":\"#/$defs/p\",\"pattern\":\")\"}},"
     "\"$defs\":{\"p\":{\"patternProperties\":{\"(a\":{\"pattern\":\"+\"},\"[a\":true}}},"
     "\"additionalProperties\":{\"$ref\":\"%zz\"}}",
     "s#/properties/a/pattern: not a regular expression of ECMA-262: a group without its closing "
     "parenthesis at character 2\n"
     "s#/properties/b/pattern: not a regular expression of ECMA-262: a class without its closing "
     "bracket at character 2\n"
     "s#/$defs/p/patternProperties/(a: not a regular expression of ECMA-262: a group without its "
     "closing parenthesis at character 3\n"
     "s#/$defs/p/patternProperties/(a/pattern: not a regular expression of ECMA-262: a quantifier "
     "with nothing before it at character 1\n"
     "s#/$defs/p/patternProperties/[a: not a regular expression of ECMA-262: a class without its "
     "closing bracket at character 3\n"
     "s#/additionalProperties/$ref: no schema is known as \"%zz\": it is not here\n"
     "s#/properties/e/pattern: not a regular expression of ECMA-262: a closing parenthesis without "
     "an opening one at character 1\n"
     "s#/properties/d/$ref: no schema is known as \"https://e/none\": it is not here\n"
     "s#/properties/c/$ref: \"#/$defs/n\" leads to no schema\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":\"x\"},\"c\":{\"$anchor\":\"x\"},"
     "\"d\":{\"$id\":\"https://e/x\",\"$schema\":\"y\"}}}",
     "s#/$defs/b/$anchor: \"x\" already identifies s#/$defs/a\n"
     "s#/$defs/c/$anchor: \"x\" already identifies s#/$defs/a\n"
     "s#/$defs/d/$schema: must be the URI of a meta-schema, absolute and without a fragment\n"},

    /* blamed is a schema of the loop, not what leads there */
    {SCHEMA_DRAFT_DEFAULT, "{\"$ref\":\"#\"}", "s#: refers to itself in a cycle\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"allOf\":[{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},"
     "\"b\":{\"not\":{\"$ref\":\"#/$defs/b\"}}}}",
     "s#/$defs/b: refers to itself in a cycle\n"},
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

/* Documents of one library, one after the other. */
struct step {
    const char *uri, *schema, *faults;
};

static const struct step steps[][4] = {
    /* the same $id on two routes: neither silently gets the other's definitions */
    {{"p",
      "{\"$id\":\"https://e/x\",\"properties\":{\"v\":{\"$ref\":\"#/$defs/t\"}},"
      "\"$defs\":{\"t\":{\"type\":\"string\"}}}",
      ""},
     {"q",
      "{\"$id\":\"https://e/x\",\"properties\":{\"v\":{\"$ref\":\"#/$defs/t\"}},"
      "\"$defs\":{\"t\":{\"type\":\"integer\"}}}",
      "q#/$id: \"https://e/x\" already identifies p#\n"},
     {"r", "{\"$ref\":\"https://e/x\"}", ""},
     {"q", "{}", "q#/$id: \"https://e/x\" already identifies p#\n"}},
    /* the URI under which a document is read is one of its names */
    {{"p", "{\"$ref\":\"https://e/bundle\"}", ""},
     {"https://e/part", "{\"type\":\"number\"}",
      "https://e/part#: \"https://e/part\" already identifies https://e/bundle#/$defs/p\n"},
     {"q", "{\"$ref\":\"https://e/part\"}",
      "https://e/part#: \"https://e/part\" already identifies https://e/bundle#/$defs/p\n"}},
    {{"p", "{\"$ref\":\"https://e/bundle\"}", ""},
     {"https://e/part", "{\"type\":\"string\",\"$id\":\"https://e/part\"}", ""}},
    /* what is bad stays so */
    {{"p", "{\"type\":1,\"$defs\":{\"a\":{\"type\":\"string\"}}}",
      "p#/type: not a valid schema: must be one of 7 values: \"array\", \"boolean\", \"integer\", "
      "\"null\", \"number\", \"object\", \"string\"\n"},
     {"p", "{}",
      "p#/type: not a valid schema: must be one of 7 values: \"array\", \"boolean\", \"integer\", "
      "\"null\", \"number\", \"object\", \"string\"\n"},
     {"q", "{\"$ref\":\"p#/$defs/a\"}",
      "p#/type: not a valid schema: must be one of 7 values: \"array\", \"boolean\", \"integer\", "
      "\"null\", \"number\", \"object\", \"string\"\n"},
     {"r", "{\"type\":\"null\"}", ""}},
    {{"p", "{\"$ref\":\"https://e/broken\"}",
      "https://e/broken#/type: not a valid schema: must be one of 7 values: \"array\", "
      "\"boolean\", \"integer\", "
      "\"null\", \"number\", \"object\", \"string\"\n"},
     {"q", "{\"$ref\":\"https://e/broken\"}",
      "https://e/broken#/type: not a valid schema: must be one of 7 values: \"array\", "
      "\"boolean\", \"integer\", "
      "\"null\", \"number\", \"object\", \"string\"\n"}},
    {{"p", "{\"x\":{\"title\":5,\"not\":{}}}", ""},
     {"q", "{\"$ref\":\"p#/x\"}",
      "p#/x/title: not a valid schema: must be a string, it is an integer\n"},
     {"q", "{}", "p#/x/title: not a valid schema: must be a string, it is an integer\n"},
     {"r", "{\"$ref\":\"p#/x/not\"}",
      "p#/x/title: not a valid schema: must be a string, it is an integer\n"}},
    {{"p", "{\"pattern\":\"(\"}",
      "p#/pattern: not a regular expression of ECMA-262: a group without its closing parenthesis "
      "at character 2\n"},
     {"p", "{}",
      "p#/pattern: not a regular expression of ECMA-262: a group without its closing parenthesis "
      "at character 2\n"}},
};

START_TEST(faults_are_kept)
{
    struct rig rig = {.documents = documents};
    struct buffer out;
    rig_init(&rig);
    buffer_init(&out, 1 << 20);
    for (const struct step *step = steps[_i]; step < steps[_i] + 4 && step->uri; step++) {
        struct schema *schema = rig_compile(&rig, step->uri, step->schema);
        rig_write_faults(&rig, &out);
        rig_expect(&out, step->schema, step->faults);
        schema_destroy(schema);
    }
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

Suite *test_suite(void)
{
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, faults_are_found, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(all, faults_are_kept, 0, sizeof steps / sizeof *steps);
    tcase_add_test(all, sentences_are_short);
    return rig_suite("schema_faults", all);
}
