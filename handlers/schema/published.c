/* The published dialects by URI. Schemas name them with "http" or "https"; the dialect knows the
 * URI under which its text is stored. */
#include "handlers/schema/published.h"

#include "handlers/schema/dialect.h"
#include "handlers/schema/meta_texts.h"
#include "handlers/schema/value.h"

struct json_object *published_document(const char *uri)
{
    const struct dialect *dialect = dialect_find(uri);
    const char *name = dialect ? dialect->uri : uri;
    for (const struct meta_text *text = meta_texts; text->uri; text++)
        if (strcmp(text->uri, name) == 0)
            return value_parse(text->text);
    return NULL;
}
