/* A test is one comparison, in constant time where it is with a text, since that may be a secret.
 */
#include "handlers/provider/scheme_test.h"

#include "handlers/provider/scheme_rows.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* ---- the section ---- */

/* The compiled pattern lives in the snapshot's arena, so nothing has to be freed one by one. */
static void *pattern_alloc(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void pattern_free(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

static bool pattern_compile(struct load *load, const struct node *node, struct scheme_test *test)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_general_context *memory =
        pcre2_general_context_create(pattern_alloc, pattern_free, load_arena(load));
    pcre2_compile_context *context = memory ? pcre2_compile_context_create(memory) : NULL;
    test->pattern = context ? pcre2_compile((PCRE2_SPTR)test->matches, PCRE2_ZERO_TERMINATED, 0,
                                            &code, &offset, context)
                            : NULL;
    return test->pattern ||
           load_problem(load, node, "\"%s\" is not a PCRE2 expression", test->matches);
}

static bool test_finish(struct load *load, const struct node *node, void *settings)
{
    struct scheme_test *test = settings;
    if ((test->equals.count != 0) + test->exists + test->missing + (test->matches != NULL) != 1)
        return load_problem(load, node, "needs one of equals, exists, missing and matches");
    return !test->matches || pattern_compile(load, node, test);
}

static const struct row test_rows[] = {
    REF_ROW("value", scheme_test, value, "The value that is tested.", ROW_REQUIRED),
    TEMPLATE_ROW("equals", scheme_test, equals, "The value must be exactly this."),
    BOOL_ROW("exists", scheme_test, exists, "false", "The value must be present."),
    BOOL_ROW("missing", scheme_test, missing, "false",
             "The value must be absent, or not a scalar."),
    TEXT_ROW("matches", scheme_test, matches,
             "A PCRE2 expression that must match the whole value."),
};
const struct row_section scheme_test_section = {.name = "test",
                                                .sentence = "A test of one value.",
                                                .rows = test_rows,
                                                .row_count = ROW_COUNT(test_rows),
                                                .size = sizeof(struct scheme_test),
                                                .finish = test_finish};

/* ---- a request ---- */

static bool pattern_matches(const struct scheme_test *test, struct bytes value)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int found = data ? pcre2_match(test->pattern, value.data, value.length, 0,
                                   PCRE2_ANCHORED | PCRE2_ENDANCHORED, data, NULL)
                     : -1;
    pcre2_match_data_free(data);
    return found >= 0;
}

bool scheme_test_holds(struct signed_source *source, const struct scheme_test *test)
{
    struct bytes value, wanted;
    enum signed_outcome outcome = signed_get(source, &test->value, &value);
    if (outcome != SIGNED_FOUND)
        return test->missing && outcome == SIGNED_MISSING;
    if (test->missing)
        return false;
    if (test->exists)
        return value.length > 0;
    if (test->matches)
        return test->pattern && pattern_matches(test, value);
    return signed_template_text(&test->equals, source, &wanted) == SIGNED_FOUND &&
           secret_equal(wanted, value);
}
