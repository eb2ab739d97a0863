/* A row a kind of content. The media type decides nothing alone: a body that says it is JSON must
 * be JSON by the guard, and one that does not say so is not tried. */
#include "handlers/content.h"

#include "base/encoding.h"
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

static const char *describe_limit(struct request *request, const struct json_fault *fault)
{
    struct json_limits limits = request_json_limits(request);
    if (strcmp(fault->limit, "depth") == 0)
        return arena_format(request->arena,
                            "JSON nested deeper than %u levels, the limit json.depth, at byte %zu",
                            limits.depth, fault->offset);
    if (strcmp(fault->limit, "values") == 0)
        return arena_format(request->arena,
                            "JSON of more than %zu values, the limit json.values, at byte %zu",
                            limits.nodes, fault->offset);
    if (strcmp(fault->limit, "names") == 0)
        return arena_format(request->arena,
                            "JSON of more than %zu names in one object, at byte %zu; a route that "
                            "sets json.values takes as many as that",
                            limits.names, fault->offset);
    return arena_format(request->arena, "a number of more than %zu characters at byte %zu",
                        limits.number_length, fault->offset);
}

static const char *describe_repeated(struct request *request, const struct json_fault *fault)
{
    enum { SHOWN = 64 };
    int length = fault->name.length < SHOWN ? (int)fault->name.length : SHOWN;
    char *name = arena_format(request->arena, "%.*s", length, (const char *)fault->name.data);
    if (!name)
        return NULL;
    utf8_drop_halves(name);
    return arena_format(request->arena,
                        "the name \"%s%s\" comes twice in an object, the second time at byte %zu; "
                        "a route with json: {repeated: last} takes that",
                        name, length == SHOWN ? "…" : "", fault->offset);
}

/* A limit's name goes into the log too, a name that a sender made up only to that sender. */
struct verdict content_refuse_json(struct request *request, const struct json_fault *fault)
{
    const char *reason = fault->limit ? describe_limit(request, fault)
                                      : arena_format(request->arena, "not JSON at byte %zu: %s",
                                                     fault->offset, fault->reason);
    struct verdict verdict = verdict_refuse(REPLY_BAD_CONTENT, reason ? reason : fault->reason);
    verdict.message = fault->name.length ? describe_repeated(request, fault) : verdict.reason;
    return verdict;
}

static struct verdict read_json(struct request *request)
{
    struct json_fault fault;
    struct json_limits limits = request_json_limits(request);
    request->json_good = json_check(request->body, &limits, &request->json, &fault);
    return request->json_good ? verdict_go_on() : content_refuse_json(request, &fault);
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

/* The empty text is no JSON, whatever type a client names for it. */
static struct verdict check_json(struct request *request, struct bytes type)
{
    if (content_type_is_json(type))
        return read_json(request);
    return refuse_type(request, request->body.length > 0
                                    ? "the media type is not JSON in UTF-8"
                                    : "there is no body, and the route takes JSON; one with "
                                      "content: auto can do without");
}

/* An empty form has no fields. Clients name all sorts of types for no body at all. */
static struct verdict check_form(struct request *request, struct bytes type)
{
    return type_is_form(type) || request->body.length == 0
               ? read_form(request)
               : refuse_type(request, "the media type is not that of a form");
}

static struct verdict check_json_or_form(struct request *request, struct bytes type)
{
    return content_type_is_json(type) ? read_json(request) : check_form(request, type);
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
    if (request->body.length == 0)
        return verdict_go_on();
    if (content_type_is_json(type))
        return read_json(request);
    if (type_is_form(type))
        return read_form(request);
    read_json(request);
    return verdict_go_on();
}

int content_of_route(const struct route *route)
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
    return checks[content_of_route(request->route)](request, count == 1 ? type : bytes_of(NULL, 0));
}
