/* The keys `content`, `json`, `multipart` and `json_field` of a route. content.c obeys them. */
#include "handlers/content/content_keys.h"

#include "config/load.h"
#include "handlers/content/json.h"
#include "handlers/content/multipart.h"

enum { JSON_FIELD_MAX = 256, MULTIPART_SIZE_MAX = 64 << 20 };

static const char *const surrogates_choices[] = {"accept", "refuse", NULL};
static const char *const bom_choices[] = {"refuse", "accept", NULL};
static const char *const repeated_choices[] = {"refuse", "last", NULL};

static const struct row json_rows[] = {
    {.name = "depth",
     .type = ROW_INTEGER,
     .offset = offsetof(struct json_settings, depth),
     .default_text = "128",
     .min = 1,
     .max = JSON_DEPTH_MAX,
     .sentence = "The maximum nesting depth of objects and arrays."},
    {.name = "values",
     .type = ROW_INTEGER,
     .offset = offsetof(struct json_settings, values),
     .min = 1,
     .max = 100000000,
     .sentence = "The maximum number of values of any kind in a body, and of names in one object; "
                 "without it, one value for every four bytes of `max_body` and at least 100,000, "
                 "and 100,000 names."},
    {.name = "surrogates",
     .type = ROW_CHOICE,
     .offset = offsetof(struct json_settings, surrogates),
     .choices = surrogates_choices,
     .default_text = "accept",
     .sentence = "Whether a string may hold half of a surrogate pair (`\\ud83d` alone), as senders "
                 "that truncate strings leave it; schemas read it as U+FFFD."},
    {.name = "bom",
     .type = ROW_CHOICE,
     .offset = offsetof(struct json_settings, bom),
     .choices = bom_choices,
     .default_text = "refuse",
     .sentence =
         "A UTF-8 byte order mark before the JSON, as SharePoint sends it: `refuse` answers "
         "400, `accept` takes what is behind it; actions get the JSON without the mark."},
    {.name = "repeated",
     .type = ROW_CHOICE,
     .offset = offsetof(struct json_settings, repeated),
     .choices = repeated_choices,
     .default_text = "refuse",
     .sentence = "A name that is repeated in an object: `refuse` answers 400, `last` reads its "
                 "last value, for senders that repeat names. Actions get the body as it was sent."},
};
static const struct row_section json_section = {.name = "json",
                                                .sentence = "Limits of JSON in a body.",
                                                .rows = json_rows,
                                                .row_count = ROW_COUNT(json_rows),
                                                .size = sizeof(struct json_settings)};

static const struct row multipart_rows[] = {
    {.name = "parts",
     .type = ROW_INTEGER,
     .offset = offsetof(struct multipart_settings, parts),
     .default_text = "100",
     .min = 1,
     .max = MULTIPART_PARTS_MAX,
     .sentence = "The maximum number of parts, fields and files together."},
    {.name = "file",
     .type = ROW_SIZE,
     .offset = offsetof(struct multipart_settings, file),
     .min = 1,
     .max = MULTIPART_SIZE_MAX,
     .sentence = "The maximum size of a file; without it, that of the body is the limit."},
    {.name = "field",
     .type = ROW_SIZE,
     .offset = offsetof(struct multipart_settings, field),
     .default_text = "1MiB",
     .min = 1,
     .max = MULTIPART_SIZE_MAX,
     .sentence = "The maximum size of the value of a field."},
    {.name = "name",
     .type = ROW_SIZE,
     .offset = offsetof(struct multipart_settings, name),
     .default_text = "1KiB",
     .min = 1,
     .max = MULTIPART_NAME_MAX,
     .sentence = "The maximum length of the name of a field or a file, as it is sent."},
};
static const struct row_section multipart_section = {.name = "multipart",
                                                     .sentence = "Limits of multipart/form-data.",
                                                     .rows = multipart_rows,
                                                     .row_count = ROW_COUNT(multipart_rows),
                                                     .size = sizeof(struct multipart_settings)};

/* In the order of enum content_kind. */
static const char *const content_choices[] = {"provider",    "json", "form",      "json_or_form",
                                              "raw",         "auto", "multipart", "xml",
                                              "cloudevents", NULL};

static const struct row content_rows[] = {
    {.name = "content",
     .type = ROW_CHOICE,
     .offset = offsetof(struct content_settings, kind),
     .choices = content_choices,
     .default_text = "provider",
     .sentence = "The content of the body: `json`, `form` and `xml` are checked against the media "
                 "type and read strictly; `cloudevents` is a CloudEvent in binary or structured "
                 "mode; `multipart` is a form as browsers send it, with files "
                 "(multipart/form-data) or without (as for `form`); `raw` is accepted as it is; "
                 "`auto` follows the media type and accepts an unknown one as it is; `provider` is "
                 "the content that the route's provider sends, "
                 "and `json` if the route has no provider. The payload of `xml` and `cloudevents` "
                 "is the JSON that docs/contents.md describes."},
    {.name = "json",
     .type = ROW_SECTION,
     .offset = offsetof(struct content_settings, json),
     .default_text = "{}",
     .section = &json_section,
     .sentence = "Limits of JSON in a body; a body beyond them is answered 400."},
    {.name = "json_field",
     .example = "payload",
     .type = ROW_TEXT,
     .offset = offsetof(struct content_settings, json_field),
     .min = 1,
     .max = JSON_FIELD_MAX,
     .sentence = "The field of a form that holds the payload as JSON, such as `payload`: actions, "
                 "schemas and values get that JSON as if it were the body. A form in which it is "
                 "missing, comes twice or holds no JSON is answered 400. Without this key it is "
                 "the field that the route's provider is known to use, in forms that have it. In "
                 "multipart/form-data it may be a file of JSON, too."},
    {.name = "multipart",
     .type = ROW_SECTION,
     .offset = offsetof(struct content_settings, multipart),
     .default_text = "{}",
     .section = &multipart_section,
     .sentence = "Limits of multipart/form-data, within `max_body`; a body beyond them is answered "
                 "413."},
};

static const struct row_section content_keys = {.name = "content",
                                                .sentence = "The content of the body.",
                                                .rows = content_rows,
                                                .row_count = ROW_COUNT(content_rows),
                                                .size = sizeof(struct content_settings)};
const struct route_part content_route_part = {.keys = &content_keys, .after = "max_body"};
