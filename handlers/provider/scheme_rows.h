/* Rows of the description language in one line each, for scheme.c and for kinds that have a section
 * of their own. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SCHEME_ROWS_H
#define TENTERHOOK_HANDLERS_PROVIDER_SCHEME_ROWS_H

#include "handlers/provider/scheme.h"

extern const char *const scheme_encodings[]; /* enum signature_encoding */

/* Readers of rows: a value, one or a list of them, a template. */
bool scheme_read_ref(struct load *load, const struct node *node, const struct row *row,
                     void *field);
bool scheme_read_refs(struct load *load, const struct node *node, const struct row *row,
                      void *field);
bool scheme_read_template(struct load *load, const struct node *node, const struct row *row,
                          void *field);
/* A text with values of the payload, of a form or of the event (handlers/value/template.h). */
bool scheme_read_title(struct load *load, const struct node *node, const struct row *row,
                       void *field);

#define REF_SCHEMA "{\"type\":\"string\"}"
#define REFS_SCHEMA                                                                                \
    "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":\"string\"}}]}"

#define REF_ROW(name_, struct_, field_, sentence_, flags_)                                         \
    {                                                                                              \
        .name = name_, .type = ROW_CUSTOM, .offset = offsetof(struct struct_, field_),             \
        .sentence = sentence_, .flags = flags_, .read = scheme_read_ref,                           \
        .syntax = "header.NAME, payload.PATH …", .json_schema = REF_SCHEMA                         \
    }
#define REFS_ROW(name_, struct_, field_, sentence_)                                                \
    {                                                                                              \
        .name = name_, .type = ROW_CUSTOM, .offset = offsetof(struct struct_, field_),             \
        .sentence = sentence_, .read = scheme_read_refs, .syntax = "a value or a list of values",  \
        .json_schema = REFS_SCHEMA                                                                 \
    }
#define TEMPLATE_ROW(name_, struct_, field_, sentence_)                                            \
    {                                                                                              \
        .name = name_, .type = ROW_CUSTOM, .offset = offsetof(struct struct_, field_),             \
        .sentence = sentence_, .read = scheme_read_template, .syntax = "text with {{value}}",      \
        .json_schema = REF_SCHEMA                                                                  \
    }
#define TEXT_ROW(name_, struct_, field_, sentence_)                                                \
    {                                                                                              \
        .name = name_, .type = ROW_TEXT, .offset = offsetof(struct struct_, field_),               \
        .sentence = sentence_                                                                      \
    }
#define BOOL_ROW(name_, struct_, field_, default_, sentence_)                                      \
    {                                                                                              \
        .name = name_, .type = ROW_BOOL, .offset = offsetof(struct struct_, field_),               \
        .sentence = sentence_, .default_text = default_                                            \
    }
#define CHOICE_ROW(name_, struct_, field_, choices_, default_, sentence_)                          \
    {                                                                                              \
        .name = name_, .type = ROW_CHOICE, .offset = offsetof(struct struct_, field_),             \
        .sentence = sentence_, .default_text = default_, .choices = choices_                       \
    }
#define DURATION_ROW(name_, struct_, field_, default_, sentence_)                                  \
    {                                                                                              \
        .name = name_, .type = ROW_DURATION, .offset = offsetof(struct struct_, field_),           \
        .sentence = sentence_, .default_text = default_                                            \
    }
#define SECTION_ROW(name_, struct_, field_, section_, type_, sentence_)                            \
    {                                                                                              \
        .name = name_, .type = type_, .offset = offsetof(struct struct_, field_),                  \
        .sentence = sentence_, .section = section_,                                                \
        .flags = (type_) == ROW_SECTIONS ? ROW_ONE_OK : 0                                          \
    }
#define STATUS_ROW(name_, struct_, field_, default_, min_, max_, sentence_)                        \
    {                                                                                              \
        .name = name_, .type = ROW_INTEGER, .offset = offsetof(struct struct_, field_),            \
        .sentence = sentence_, .default_text = default_, .min = min_, .max = max_                  \
    }

/* The section `jws`, in kind_jws.c. */
extern const struct row_section jws_section;

#endif
