/* The payload is copied (json_append_compact), not parsed and printed: what the sender signed
 * reaches the reader value by value, 2^64 and 1e400 included. */
#include "handlers/action/envelope.h"

#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/content/form.h"

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

bool envelope_append(struct buffer *out, const struct delivery *delivery)
{
    enum { TEXTS_USUALLY = 512 };
    struct bytes payload = delivery_payload(delivery);
    (void)!buffer_reserve(out, delivery->body.length + delivery->headers.length + TEXTS_USUALLY);
    if (!append_texts(out, delivery) || !append_headers(out, delivery->headers))
        return false;
    if (payload.length > 0)
        return buffer_append_text(out, ",\"payload\":") && json_append_compact(out, payload) &&
               buffer_append_text(out, "}");
    if (delivery->body_is_form && !append_form(out, delivery->body))
        return false;
    return buffer_append_text(out, ",\"body_base64\":\"") && append_base64(out, delivery->body) &&
           buffer_append_text(out, "\"}");
}
