/* The public functions around a library of documents. */
#include "handlers/schema/compile.h"
#include "handlers/schema/custom_dialect.h"
#include "handlers/schema/dialect.h"
#include "handlers/schema/meta.h"

#include <stdio.h>
#include <string.h>

bool schema_draft_find(const char *name, enum schema_draft *draft)
{
    static const struct {
        const char *name;
        enum schema_draft draft;
    } rows[] = {
        {"2020-12", SCHEMA_DRAFT_2020_12},
        {"2019-09", SCHEMA_DRAFT_2019_09},
        {"07", SCHEMA_DRAFT_7},
        {"7", SCHEMA_DRAFT_7},
        {"06", SCHEMA_DRAFT_6},
        {"6", SCHEMA_DRAFT_6},
        {"04", SCHEMA_DRAFT_4},
        {"4", SCHEMA_DRAFT_4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *draft = rows[i].draft;
            return true;
        }
    char uri[128];
    snprintf(uri, sizeof uri, "%s", name);
    uri[strcspn(uri, "#")] = '\0';
    const struct dialect *dialect = dialect_find(uri);
    if (dialect)
        *draft = dialect->draft;
    return dialect != NULL;
}

struct schema_library *schema_library_create(const struct schema_options *options)
{
    static const struct library_calls calls = {.load_dialect = custom_dialect_load,
                                               .check = meta_check};
    return library_create(options, &calls);
}

void schema_library_destroy(struct schema_library *library)
{
    if (!library)
        return;
    meta_finish(library);
    library_destroy(library);
}

struct schema *schema_compile(struct schema_library *library, const char *uri,
                              struct json_object *value)
{
    return compile_schema(library, uri, value);
}
