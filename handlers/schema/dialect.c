/* The differences between the published dialects apart from their keywords, and the vocabularies
 * from which a custom meta-schema chooses. */
#include "handlers/schema/dialect.h"

#include <string.h>

static const struct dialect dialects[] = {
    {.uri = "https://json-schema.org/draft/2020-12/schema",
     .draft = SCHEMA_DRAFT_2020_12,
     .vocabularies = VOCABULARY_DEFAULT,
     .id = KEYWORD_ID,
     .contains_evaluates = true},
    {.uri = "https://json-schema.org/draft/2019-09/schema",
     .draft = SCHEMA_DRAFT_2019_09,
     .vocabularies = VOCABULARY_DEFAULT,
     .id = KEYWORD_ID,
     .items_is_list = true},
    {.uri = "http://json-schema.org/draft-07/schema",
     .draft = SCHEMA_DRAFT_7,
     .vocabularies = VOCABULARY_DEFAULT,
     .id = KEYWORD_ID,
     .id_names_anchors = true,
     .ref_hides_siblings = true,
     .items_is_list = true},
    {.uri = "http://json-schema.org/draft-06/schema",
     .draft = SCHEMA_DRAFT_6,
     .vocabularies = VOCABULARY_DEFAULT,
     .id = KEYWORD_ID,
     .id_names_anchors = true,
     .ref_hides_siblings = true,
     .items_is_list = true},
    {.uri = "http://json-schema.org/draft-04/schema",
     .draft = SCHEMA_DRAFT_4,
     .vocabularies = VOCABULARY_DEFAULT,
     .id = KEYWORD_ID_4,
     .id_names_anchors = true,
     .ref_hides_siblings = true,
     .exclusive_is_flag = true,
     .whole_is_fraction = true,
     .items_is_list = true},
};

enum { DIALECTS = sizeof dialects / sizeof *dialects };

/* What stands behind "http://" or "https://": people write either. */
static const char *without_scheme(const char *uri)
{
    const char *slashes = strncmp(uri, "http", 4) == 0 ? strstr(uri, "://") : NULL;
    return slashes ? slashes + 3 : uri;
}

const struct dialect *dialect_find(const char *uri)
{
    for (int i = 0; i < DIALECTS; i++)
        if (strcmp(without_scheme(dialects[i].uri), without_scheme(uri)) == 0)
            return &dialects[i];
    return NULL;
}

const struct dialect *dialect_of_draft(enum schema_draft draft)
{
    for (int i = 0; i < DIALECTS; i++)
        if (dialects[i].draft == draft)
            return &dialects[i];
    return &dialects[0];
}

unsigned vocabulary_find(enum schema_draft draft, const char *uri)
{
    static const struct {
        const char *name;
        enum schema_draft draft;
        unsigned vocabularies;
    } rows[] = {
        {"2020-12/vocab/core", SCHEMA_DRAFT_2020_12, VOCABULARY_CORE},
        {"2020-12/vocab/applicator", SCHEMA_DRAFT_2020_12, VOCABULARY_APPLICATOR},
        {"2020-12/vocab/unevaluated", SCHEMA_DRAFT_2020_12, VOCABULARY_UNEVALUATED},
        {"2020-12/vocab/validation", SCHEMA_DRAFT_2020_12, VOCABULARY_VALIDATION},
        {"2020-12/vocab/meta-data", SCHEMA_DRAFT_2020_12, VOCABULARY_META_DATA},
        {"2020-12/vocab/format-annotation", SCHEMA_DRAFT_2020_12, VOCABULARY_FORMAT},
        {"2020-12/vocab/format-assertion", SCHEMA_DRAFT_2020_12,
         VOCABULARY_FORMAT | VOCABULARY_FORMAT_ASSERTION},
        {"2020-12/vocab/content", SCHEMA_DRAFT_2020_12, VOCABULARY_CONTENT},
        {"2019-09/vocab/core", SCHEMA_DRAFT_2019_09, VOCABULARY_CORE},
        {"2019-09/vocab/applicator", SCHEMA_DRAFT_2019_09,
         VOCABULARY_APPLICATOR | VOCABULARY_UNEVALUATED},
        {"2019-09/vocab/validation", SCHEMA_DRAFT_2019_09, VOCABULARY_VALIDATION},
        {"2019-09/vocab/meta-data", SCHEMA_DRAFT_2019_09, VOCABULARY_META_DATA},
        {"2019-09/vocab/format", SCHEMA_DRAFT_2019_09, VOCABULARY_FORMAT},
        {"2019-09/vocab/content", SCHEMA_DRAFT_2019_09, VOCABULARY_CONTENT},
    };
    static const char prefix[] = "https://json-schema.org/draft/";
    if (strncmp(uri, prefix, sizeof prefix - 1) != 0)
        return 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].draft == draft && strcmp(uri + sizeof prefix - 1, rows[i].name) == 0)
            return rows[i].vocabularies;
    return 0;
}
