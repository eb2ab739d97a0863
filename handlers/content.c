/* A row a kind of content. The media type decides nothing alone: a body that says it is JSON must
 * be JSON by the guard, and one that does not say so is not tried. */
#include "handlers/content.h"

#include "handlers/authenticator.h"
#include "handlers/form.h"
#include "handlers/json.h"

static bool is_json_name(struct bytes name)
{
    static const char suffix[] = "+json";
    size_t length = sizeof suffix - 1;
    if (bytes_equal_nocase(name, bytes_of_text("application/json")))
        return true;
    struct bytes end = bytes_from(name, name.length > length ? name.length - length : name.length);
    struct bytes subtype = name;
    bytes_split(&subtype, '/');
    return subtype.length > length && bytes_equal_nocase(end, bytes_of_text(suffix));
}

static struct bytes without_quotes(struct bytes text)
{
    if (text.length < 2 || text.data[0] != '"' || text.data[text.length - 1] != '"')
        return text;
    return bytes_of(text.data + 1, text.length - 2);
}

/* RFC 8259 knows no charset but UTF-8; other parameters mean nothing here. */
static bool charset_is_utf8(struct bytes parameters)
{
    while (parameters.length > 0) {
        struct bytes value = bytes_split(&parameters, ';');
        struct bytes name = bytes_trim(bytes_split(&value, '='));
        if (bytes_equal_nocase(name, bytes_of_text("charset")) &&
            !bytes_equal_nocase(without_quotes(bytes_trim(value)), bytes_of_text("utf-8")))
            return false;
    }
    return true;
}

bool content_type_is_json(struct bytes type)
{
    struct bytes parameters = type;
    struct bytes name = bytes_trim(bytes_split(&parameters, ';'));
    return is_json_name(name) && charset_is_utf8(parameters);
}

static bool type_is_form(struct bytes type)
{
    struct bytes name = bytes_trim(bytes_split(&type, ';'));
    return bytes_equal_nocase(name, bytes_of_text("application/x-www-form-urlencoded"));
}

/* ---- bodies ---- */

static struct verdict read_json(struct request *request)
{
    struct json_fault fault;
    request->json_good = json_check(request->body, &json_limits_default, &request->json, &fault);
    if (request->json_good)
        return verdict_go_on();
    const char *reason =
        arena_format(request->arena, "not JSON at byte %zu: %s", fault.offset, fault.reason);
    return verdict_refuse(REPLY_BAD_CONTENT, reason ? reason : fault.reason);
}

static struct verdict read_form(struct request *request)
{
    struct form form;
    if (!form_decode(request->body, &form))
        return verdict_refuse(REPLY_BAD_CONTENT, "not a form, or one with too many fields");
    form_finish(&form);
    return verdict_go_on();
}

/* ---- kinds of content ---- */

static struct verdict refuse_type(const struct request *request, const char *reason)
{
    size_t count;
    request_header(request, "Content-Type", &count);
    return verdict_refuse(REPLY_MEDIA_TYPE, count ? reason : "the media type is missing");
}

static struct verdict check_json(struct request *request, struct bytes type)
{
    return content_type_is_json(type) ? read_json(request)
                                      : refuse_type(request, "the media type is not JSON in UTF-8");
}

static struct verdict check_form(struct request *request, struct bytes type)
{
    return type_is_form(type) ? read_form(request)
                              : refuse_type(request, "the media type is not that of a form");
}

static struct verdict check_json_or_form(struct request *request, struct bytes type)
{
    return type_is_form(type) ? read_form(request) : check_json(request, type);
}

static struct verdict check_raw(struct request *request, struct bytes type)
{
    (void)request;
    (void)type;
    return verdict_go_on();
}

/* Without a telling type, JSON is recognised by being JSON: nothing depends on it but what the
 * envelope and a schema make of it. */
static struct verdict check_auto(struct request *request, struct bytes type)
{
    if (content_type_is_json(type))
        return read_json(request);
    if (type_is_form(type))
        return read_form(request);
    read_json(request);
    return verdict_go_on();
}

static int kind_of(const struct route *route)
{
    for (size_t i = 0; route->content == CONTENT_PROVIDER && i < route->authenticator_count; i++) {
        const struct authenticator *kind = authenticator_of(&route->authenticators[i]);
        if (kind->content)
            return kind->content(route->authenticators[i].settings);
    }
    return route->content;
}

struct verdict content_check(struct request *request)
{
    static struct verdict (*const checks[])(struct request *, struct bytes) = {
        [CONTENT_PROVIDER] = check_json,
        [CONTENT_JSON] = check_json,
        [CONTENT_FORM] = check_form,
        [CONTENT_RAW] = check_raw,
        [CONTENT_JSON_OR_FORM] = check_json_or_form,
        [CONTENT_AUTO] = check_auto,
    };
    size_t count;
    struct bytes type = request_header(request, "Content-Type", &count);
    return checks[kind_of(request->route)](request, count == 1 ? type : bytes_of(NULL, 0));
}
