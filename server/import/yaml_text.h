/* Writes values into a YAML file so that they are read back as they were: no value, whatever it
 * holds, becomes another key, another line or a template. */
#ifndef TENTERHOOK_SERVER_IMPORT_YAML_TEXT_H
#define TENTERHOOK_SERVER_IMPORT_YAML_TEXT_H

#include "base/buffer.h"

/* A string, plain where that is safe in a flow list too, else in double quotes. */
bool yaml_string(struct buffer *out, struct bytes text);

/* A string where templates are read: text with {{ becomes {literal: …}. */
bool yaml_literal(struct buffer *out, struct bytes text);

/* Whether templates would be read in it. */
bool yaml_has_braces(struct bytes text);

/* Lines of "# …", indented by `indent` blanks and wrapped at 100 columns. */
bool yaml_comment(struct buffer *out, unsigned indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
