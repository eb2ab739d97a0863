/* A fault is written down where it is found, with the place as a document and a pointer; whoever
 * called goes on or gives up as he likes. Memory that runs out is a fault like any other, but its
 * item is in the list itself. */
#include "handlers/schema/fault.h"

#include "base/encoding.h"
#include "handlers/schema/library.h"
#include "handlers/schema/location.h"

enum { POINTER_MAX = 64 * 1024, SENTENCE_MAX = 1000 };

void fault_list_clear(struct fault_list *list)
{
    *list = (struct fault_list){0};
}

bool fault_list_full(const struct fault_list *list)
{
    return list->count == SCHEMA_FAULTS_MAX || (list->last && list->last == &list->memory);
}

static bool is_known(const struct fault_list *list, const struct schema_fault *fault)
{
    const struct schema_fault *known = list->first;
    while (known && (strcmp(known->sentence, fault->sentence) != 0 ||
                     strcmp(known->pointer, fault->pointer) != 0 ||
                     strcmp(known->document, fault->document) != 0))
        known = known->next;
    return known != NULL;
}

static void put(struct fault_list *list, struct schema_fault *fault)
{
    if (fault_list_full(list) || is_known(list, fault))
        return;
    fault->next = NULL;
    if (list->last)
        list->last->next = fault;
    else
        list->first = fault;
    list->last = fault;
    list->count++;
}

bool fault_memory(struct schema_library *library)
{
    struct fault_list *list = &library->faults;
    if (fault_list_full(list))
        return false;
    list->memory =
        (struct schema_fault){"", "", "the schema needs more memory than there is", NULL};
    put(list, &list->memory);
    return false;
}

/* Cuts what quotes too much, between characters. */
static void shorten(char *sentence)
{
    if (strlen(sentence) <= SENTENCE_MAX)
        return;
    sentence[SENTENCE_MAX] = '\0';
    utf8_drop_halves(sentence);
}

static bool add(struct schema_library *library, const char *document, const char *pointer,
                char *sentence)
{
    struct schema_fault *fault = arena_alloc(&library->arena, sizeof *fault);
    if (!fault || !document || !pointer || !sentence)
        return fault_memory(library);
    shorten(sentence);
    *fault = (struct schema_fault){document, pointer, sentence, NULL};
    put(&library->faults, fault);
    return false;
}

static const char *write_pointer(struct schema_library *library, const struct subschema *subschema,
                                 const char *keyword)
{
    struct buffer pointer;
    buffer_init(&pointer, POINTER_MAX);
    subschema_pointer(subschema, &pointer);
    if (keyword && *keyword != '/')
        pointer_append(&pointer, keyword);
    else if (keyword)
        buffer_append_text(&pointer, keyword);
    const char *copy = arena_copy_bytes(&library->arena, buffer_bytes(&pointer));
    buffer_finish(&pointer);
    return copy;
}

bool fault_add_list(struct schema_library *library, const struct subschema *subschema,
                    const char *keyword, const char *format, va_list args)
{
    return add(library, subschema->resource->document->uri,
               write_pointer(library, subschema, keyword),
               arena_format_list(&library->arena, format, args));
}

bool fault_add(struct schema_library *library, const struct subschema *subschema,
               const char *keyword, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_add_list(library, subschema, keyword, format, args);
    va_end(args);
    return false;
}

bool fault_add_document(struct schema_library *library, const char *uri, const char *sentence)
{
    return add(library, arena_copy_text(&library->arena, uri), "",
               arena_copy_text(&library->arena, sentence));
}

bool fault_repeat(struct schema_library *library, const struct schema_fault *fault)
{
    struct schema_fault *copy = arena_alloc(&library->arena, sizeof *copy);
    if (!copy)
        return fault_memory(library);
    *copy = *fault;
    put(&library->faults, copy);
    return false;
}

const struct schema_fault *fault_after(const struct fault_list *list,
                                       const struct schema_fault *before)
{
    const struct schema_fault *fault = before ? before->next : list->first;
    return fault == &list->memory ? NULL : fault;
}

const struct schema_fault *schema_faults(const struct schema_library *library)
{
    return library->faults.first;
}
