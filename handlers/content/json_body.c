/* JSON in a body, or in a field of it: what the keys of the route make of the guard's limits, the
 * byte order mark, and what the sender is told. */
#include "handlers/content/json_body.h"

#include "base/encoding.h"
#include "handlers/content/content_keys.h"

/* The densest JSON has a value for every second byte, JSON as it is sent one for ten and more. The
 * memory of a tree has a limit of its own (handlers/admission/validate.c), and so have names: to
 * look for millions of them in one object takes seconds, and nobody sends that. */
struct json_limits json_body_limits(const struct request *request)
{
    enum { VALUES_LEAST = 100000, BYTES_A_VALUE = 4, NAMES = 100000 };
    struct json_limits limits = json_limits_default;
    const struct route *route = request->route;
    const struct json_settings *json = route ? &content_settings_of(route)->json : NULL;
    if (!json || json->depth == 0)
        return limits;
    size_t by_size = content_body_max(request) / BYTES_A_VALUE;
    limits.depth = (unsigned)json->depth;
    limits.nodes = json->values             ? (size_t)json->values
                   : by_size > VALUES_LEAST ? by_size
                                            : VALUES_LEAST;
    limits.names = json->values ? limits.nodes : NAMES;
    limits.lone_surrogates = json->surrogates == JSON_SURROGATES_ACCEPT;
    limits.repeated_names = json->repeated == JSON_REPEATED_LAST;
    return limits;
}

static const char *describe_limit(struct request *request, const struct json_fault *fault)
{
    struct json_limits limits = json_body_limits(request);
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

/* The log escapes what the sender made up. */
static struct verdict refuse_json(struct request *request, const struct json_fault *fault)
{
    const char *reason = fault->limit ? describe_limit(request, fault)
                         : fault->name.length
                             ? describe_repeated(request, fault)
                             : arena_format(request->arena, "not JSON at byte %zu: %s",
                                            fault->offset, fault->reason);
    struct verdict verdict = verdict_refuse(REPLY_BAD_CONTENT, reason ? reason : fault->reason);
    verdict.message = verdict.reason;
    return verdict;
}

/* What a person sees of a mark is nothing. */
static const char bom[] = "\xef\xbb\xbf";

struct bytes json_body_unmarked(struct bytes text)
{
    return bytes_starts_with(text, bytes_of_text(bom)) ? bytes_from(text, sizeof bom - 1) : text;
}

static bool accepts_bom(const struct request *request)
{
    return request->route && content_settings_of(request->route)->json.bom == JSON_BOM_ACCEPT;
}

struct bytes json_body_text(const struct request *request)
{
    return accepts_bom(request) ? json_body_unmarked(request->body) : request->body;
}

struct verdict json_body_read(struct request *request, struct bytes text)
{
    struct json_fault fault;
    struct json_limits limits = json_body_limits(request);
    struct json_summary *summary = arena_alloc(request->arena, sizeof *summary);
    struct bytes json = json_body_unmarked(text);
    if (!summary)
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the body's summary");
    if (json.length < text.length && !accepts_bom(request)) {
        struct verdict verdict = verdict_refuse(
            REPLY_BAD_CONTENT, "JSON behind a byte order mark (EF BB BF); a route with json: {bom: "
                               "accept} takes that");
        verdict.message = verdict.reason;
        return verdict;
    }
    if (!json_check(json, &limits, summary, &fault))
        return refuse_json(request, &fault);
    request->json = summary;
    request->payload = json;
    return GO_ON;
}
