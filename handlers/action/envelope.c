/* The payload is copied (json_append_compact), not parsed and printed: what the sender signed
 * reaches the reader value by value, 2^64 and 1e400 included. */
#include "handlers/action/envelope.h"

#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/content/multipart.h"

#include <errno.h>

static bool append_base64(struct buffer *out, struct bytes data)
{
    if (!buffer_reserve(out, BASE64_SIZE(data.length)))
        return false;
    base64_encode(data, (char *)out->data + out->length);
    out->length += BASE64_SIZE(data.length) - 1; /* its NUL is overwritten by what follows */
    return true;
}

/* name":"text" or name":text */
static bool append_member(struct buffer *out, const struct delivery_name *name, const char *text)
{
    if (!buffer_append_text(out, name->name))
        return false;
    if (name->is_bare)
        return buffer_append_text(out, "\":") && json_append_compact(out, bytes_of_text(text));
    return buffer_append_text(out, "\":\"") && json_escape(out, bytes_of_text(text)) &&
           buffer_append_text(out, "\"");
}

static bool append_texts(struct buffer *out, const struct delivery *delivery)
{
    const struct delivery_names *names = delivery->names;
    for (size_t i = 0; i < names->member_count; i++)
        if (!buffer_append_text(out, i ? ",\"" : "{\"") ||
            !append_member(out, &names->members[i], delivery->texts[names->members[i].text]))
            return false;
    return true;
}

static bool append_headers(struct buffer *out, struct bytes headers)
{
    return buffer_append_text(out, ",\"headers\":") &&
           json_append_compact(out, headers.length ? headers : bytes_of_text("{}"));
}

/* What is no form after all has no member; false only where memory or room is missing. */
static bool append_form(struct buffer *out, struct bytes body)
{
    struct form form;
    errno = 0;
    if (!form_decode(body, &form))
        return errno != ENOMEM;
    bool good =
        buffer_append_text(out, ",\"form\":") && form_append_json(out, form.fields, form.count);
    form_finish(&form);
    return good;
}

/* ---- multipart forms ---- */

static bool append_file(struct buffer *out, const struct form_file *file, size_t number,
                        const char *directory)
{
    bool good = buffer_append_text(out, number > 1 ? ",{\"name\":" : "{\"name\":") &&
                json_append_string(out, file->name) && buffer_append_text(out, ",\"filename\":") &&
                json_append_string(out, file->filename) &&
                buffer_append_text(out, ",\"content_type\":") &&
                json_append_string(out, file->type) &&
                buffer_printf(out, ",\"size\":%zu", file->content.length);
    if (good && directory)
        good = buffer_append_text(out, ",\"path\":\"") &&
               json_escape(out, bytes_of_text(directory)) && buffer_printf(out, "/%zu\"", number);
    return good && buffer_append_text(out, "}");
}

/* The payload is a span of its field, which may have a byte order mark before it. */
static bool lies_in(struct bytes payload, struct bytes value)
{
    return payload.data >= value.data && payload.data < value.data + value.length;
}

/* The fields without the one that is the payload, and the files. */
static bool append_parts(struct buffer *out, const struct delivery *delivery, const char *directory)
{
    const struct form *form = delivery->parts;
    struct form_field fields[MULTIPART_PARTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < form->count; i++)
        if (!delivery->body_is_json || !lies_in(delivery->body, form->fields[i].value))
            fields[count++] = form->fields[i];
    if (!buffer_append_text(out, ",\"form\":") || !form_append_json(out, fields, count) ||
        !buffer_append_text(out, ",\"files\":["))
        return false;
    for (size_t i = 0; i < form->file_count; i++)
        if (!append_file(out, &form->files[i], i + 1, directory))
            return false;
    return buffer_append_text(out, "]");
}

/* The failure that is told, with what its command has written last. */
static bool append_failure(struct buffer *out, const struct delivery_failure *failure)
{
    bool good = buffer_append_text(out, ",\"failure\":{\"action\":") &&
                json_append_string(out, failure->action) &&
                buffer_append_text(out, ",\"reason\":") &&
                json_append_string(out, failure->reason) &&
                buffer_printf(out, ",\"attempts\":%u", failure->attempts);
    if (good && failure->exit_status >= 0)
        good = buffer_printf(out, ",\"exit\":%d", failure->exit_status);
    if (good && failure->signal > 0)
        good = buffer_printf(out, ",\"signal\":%d", failure->signal);
    return good && buffer_append_text(out, ",\"output\":") &&
           json_append_string(out, failure->output) &&
           buffer_append_text(out, ",\"error_output\":") &&
           json_append_string(out, failure->error_output) &&
           buffer_printf(out, ",\"count\":%lld}", (long long)failure->count);
}

bool envelope_append(struct buffer *out, const struct delivery *delivery)
{
    return envelope_append_files(out, delivery, NULL);
}

bool envelope_append_files(struct buffer *out, const struct delivery *delivery,
                           const char *directory)
{
    enum { TEXTS_USUALLY = 512 };
    struct bytes payload = delivery_payload(delivery);
    (void)!buffer_reserve(out, delivery->body.length + delivery->headers.length + TEXTS_USUALLY);
    if (!append_texts(out, delivery) || !append_headers(out, delivery->headers))
        return false;
    if (delivery->failure && !append_failure(out, delivery->failure))
        return false;
    if (delivery->parts && !append_parts(out, delivery, directory))
        return false;
    if (payload.length > 0)
        return buffer_append_text(out, ",\"payload\":") && json_append_compact(out, payload) &&
               buffer_append_text(out, "}");
    if (delivery->body_is_form && !append_form(out, delivery->body))
        return false;
    if (directory)
        return buffer_append_text(out, "}");
    return buffer_append_text(out, ",\"body_base64\":\"") && append_base64(out, delivery->body) &&
           buffer_append_text(out, "\"}");
}
