/* The mistakes that are found while schemas are loaded and compiled. */
#ifndef TENTERHOOK_SCHEMA_FAULT_H
#define TENTERHOOK_SCHEMA_FAULT_H

#include "handlers/schema/schema.h"

#include <stdarg.h>

struct fault_list;
struct subschema;

void fault_list_clear(struct fault_list *list);
/* Nothing more would be added: time to stop. */
bool fault_list_full(const struct fault_list *list);

/* Adds one at `subschema` and, if not NULL, `keyword` (a member, or a JSON pointer) inside it; the
 * same one only once. All return false. */
bool fault_add(struct schema_library *library, const struct subschema *subschema,
               const char *keyword, const char *format, ...) __attribute__((format(printf, 4, 5)));
bool fault_add_list(struct schema_library *library, const struct subschema *subschema,
                    const char *keyword, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));
/* At the document of that URI, which has no subschema. */
bool fault_add_document(struct schema_library *library, const char *uri, const char *sentence);
bool fault_memory(struct schema_library *library);

/* The first that was added after `before` (NULL: the first of all) and outlives the run; or NULL.
 */
const struct schema_fault *fault_after(const struct fault_list *list,
                                       const struct schema_fault *before);
/* Adds one of an earlier run once more. */
bool fault_repeat(struct schema_library *library, const struct schema_fault *fault);

#endif
