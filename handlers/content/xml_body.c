/* The limits of JSON hold for XML too: elements nest as objects do, and each element or attribute
 * is a value. */
#include "handlers/content/xml_body.h"

#include "handlers/content/media_type.h"
#include "handlers/content/xml.h"
#include "handlers/content/xml_tree.h"

/* Of what may be made, so that a body of nothing but short tags costs a fraction of a second. */
enum { BYTES_A_VALUE = 16 };

bool xml_body_has_type(struct bytes type)
{
    struct bytes name = media_type_name(type);
    return bytes_equal_nocase(name, bytes_of_text("application/xml")) ||
           bytes_equal_nocase(name, bytes_of_text("text/xml")) ||
           media_type_has_suffix(name, "+xml");
}

static struct xml_limits limits_of(const struct request *request, const struct json_limits *json)
{
    size_t by_room = request->made.limit / BYTES_A_VALUE;
    return (struct xml_limits){.depth = json->depth < XML_DEPTH_MAX ? json->depth : XML_DEPTH_MAX,
                               .values = json->nodes < by_room ? json->nodes : by_room};
}

static struct verdict refuse(struct request *request, const struct xml_limits *limits,
                             const struct xml_fault *fault)
{
    struct arena *arena = request->arena;
    enum reply reply = REPLY_BAD_CONTENT;
    const char *reason = NULL;
    switch (fault->kind) {
    case XML_MALFORMED:
        reason = arena_format(arena, "not XML that is taken, at byte %zu: %s", fault->offset,
                              fault->reason);
        break;
    case XML_TOO_DEEP:
        reason = arena_format(arena,
                              "XML nested deeper than %u elements, the limit json.depth, at "
                              "byte %zu",
                              limits->depth, fault->offset);
        break;
    case XML_TOO_MANY:
        reason = arena_format(arena,
                              "XML of more than %zu elements and attributes, at byte %zu; a route "
                              "takes as many as json.values, and 1,048,576 at most",
                              limits->values, fault->offset);
        break;
    case XML_TOO_LONG:
        reply = REPLY_TOO_LARGE;
        reason =
            arena_format(arena, "XML that is more than %zu bytes as JSON", request->made.limit);
        break;
    case XML_TOO_VARIED:
        reply = REPLY_TOO_LARGE;
        reason = "XML with more different names, or attributes in one tag, than are read";
        break;
    case XML_NO_MEMORY:
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the XML of a body");
    }
    struct verdict verdict = verdict_refuse(reply, reason ? reason : fault->reason);
    verdict.message = verdict.reason;
    return verdict;
}

struct verdict xml_body_read(struct request *request, struct bytes type,
                             const struct json_limits *limits)
{
    struct xml_limits of_xml = limits_of(request, limits);
    struct xml_fault fault;
    size_t count;
    struct bytes charset = media_type_parameter(type, "charset", &count);
    const char *encoding = count == 1 ? xml_encoding(charset) : NULL;
    if (count > 0 && !encoding)
        return verdict_refuse(REPLY_MEDIA_TYPE, "the charset of the media type is none of UTF-8, "
                                                "UTF-16, ISO-8859-1 and US-ASCII");
    return xml_to_json(request->body, encoding, &of_xml, &request->made, &fault)
               ? GO_ON
               : refuse(request, &of_xml, &fault);
}
