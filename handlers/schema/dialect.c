/* The five published dialects, and those that somebody's meta-schema makes of them by naming
 * vocabularies. A meta-schema is a document like any other; it may have one of its own. */
#include "handlers/schema/load.h"
#include "handlers/schema/uri.h"
#include "handlers/schema/value.h"

enum { DIALECT_DEPTH = 8 };

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

/* ---- of one's own ---- */

/* Adds up a $vocabulary. 0 with the fault if one is needed that nobody here knows. */
static unsigned read_vocabulary(struct schema_library *library, const struct subschema *at,
                                enum schema_draft draft, struct json_object *vocabulary)
{
    unsigned all = VOCABULARY_CORE;
    for (struct member m = member_first(vocabulary); m.entry; member_next(&m)) {
        unsigned known = vocabulary_find(draft, member_name(&m));
        if (!known && value_type(member_value(&m)) == TYPE_BOOLEAN &&
            value_boolean(member_value(&m))) {
            fault_add(library, at, "$schema", "the meta-schema requires the vocabulary %s",
                      member_name(&m));
            return 0;
        }
        all |= known;
    }
    return all;
}

static const struct dialect *make_dialect(struct schema_library *library,
                                          const struct subschema *at, const char *uri,
                                          const struct subschema *meta)
{
    struct dialect *dialect = arena_alloc(&library->arena, sizeof *dialect);
    struct json_object *vocabulary;
    if (!dialect) {
        fault_memory(library);
        return NULL;
    }
    *dialect = *meta->resource->dialect;
    dialect->uri = uri;
    if (dialect->draft >= SCHEMA_DRAFT_2019_09 && value_type(meta->value) == TYPE_OBJECT &&
        value_find(meta->value, "$vocabulary", &vocabulary) &&
        value_type(vocabulary) == TYPE_OBJECT)
        dialect->vocabularies = read_vocabulary(library, at, dialect->draft, vocabulary);
    if (!dialect->vocabularies)
        return NULL;
    if (map_add(&library->dialects, bytes_of_text(uri), dialect))
        return dialect;
    fault_memory(library);
    return NULL;
}

/* A meta-schema that describes itself is known by the time that it is loaded. */
static const struct dialect *load_dialect(struct schema_library *library,
                                          const struct subschema *at, const char *uri)
{
    if (library->dialect_depth >= DIALECT_DEPTH) {
        fault_add(library, at, "$schema", "meta-schemas that name each other without end");
        return NULL;
    }
    library->dialect_depth++;
    const struct subschema *meta = reference_find(library, at, uri, "$schema");
    library->dialect_depth--;
    const struct dialect *known = map_find(&library->dialects, bytes_of_text(uri));
    return known || !meta ? known : make_dialect(library, at, uri, meta);
}

const struct dialect *dialect_load(struct schema_library *library, const struct subschema *at,
                                   const char *uri)
{
    char *plain = arena_copy_text(&library->arena, uri);
    if (!plain) {
        fault_memory(library);
        return NULL;
    }
    char *fragment = uri_split_fragment(plain);
    if (!uri_is_absolute(plain) || (fragment && *fragment)) {
        fault_add(library, at, "$schema",
                  "must be the URI of a meta-schema, absolute and without a fragment");
        return NULL;
    }
    const struct dialect *known = dialect_find(plain);
    if (!known)
        known = map_find(&library->dialects, bytes_of_text(plain));
    return known ? known : load_dialect(library, at, plain);
}
