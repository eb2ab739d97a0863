/* A row a kind of content. The media type decides nothing alone: a body that says it is JSON must
 * be JSON by the guard, and one that does not say so is not tried. */
#include "handlers/content.h"

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

static struct verdict check_json(struct request *request)
{
    struct json_fault fault;
    size_t count;
    struct bytes type = request_header(request, "Content-Type", &count);
    if (count != 1 || !content_type_is_json(type))
        return verdict_refuse(REPLY_MEDIA_TYPE, count ? "the media type is not JSON in UTF-8"
                                                      : "the media type is missing");
    request->json_good = json_check(request->body, &json_limits_default, &request->json, &fault);
    if (request->json_good)
        return verdict_go_on();
    const char *reason =
        arena_format(request->arena, "not JSON at byte %zu: %s", fault.offset, fault.reason);
    return verdict_refuse(REPLY_BAD_CONTENT, reason ? reason : fault.reason);
}

static struct verdict check_raw(struct request *request)
{
    (void)request;
    return verdict_go_on();
}

struct verdict content_check(struct request *request)
{
    static struct verdict (*const checks[])(struct request *) = {
        [CONTENT_JSON] = check_json,
        [CONTENT_RAW] = check_raw,
    };
    return checks[request->route->content](request);
}
