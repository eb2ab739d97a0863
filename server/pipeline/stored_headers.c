/* Stored headers go to disk and to commands, so the rule is an allow-list with exceptions, both as
 * tables, and the exceptions win. A name is judged by the words in it rather than by a list of
 * providers: the next provider's secret header will be called something-token as well. */
#include "server/pipeline/stored_headers.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/siphash.h"
#include "handlers/admission/events.h"
#include "handlers/admission/when.h"
#include "handlers/auth/route_auth.h"

#include <stdlib.h>

enum { KEPT_MAX = 64 * 1024, NAMES = 128, NAME_MAX = 46 };

/* What was found about a name, because senders send the same ones each time. Each hash has one
 * place, and the newest name has it. */
struct stored_names {
    struct stored_name {
        bool is_stored;
        uint8_t length;
        uint8_t name[NAME_MAX];
    } names[NAMES];
};

static const char *const stored_patterns[] = {
    "content-type", "user-agent",  "x-*",     "webhook-*", "ce-*",        "*-event",
    "*-event-*",    "*-delivery*", "*-topic", "*-id",      "*-timestamp", NULL};
/* Words of credentials; and what proxies say about the client. Neither is stored. */
static const char *const secret_patterns[] = {
    "*auth*", "*token*",    "*secret*",  "*signature*",  "*hmac*",   "*passw*",
    "*key*",  "*cookie*",   "*session*", "*credential*", "*digest*", "*-jwt*",
    "*cert*", "x-hub-sig*", "*-sign",    "*verif*",      NULL};
static const char *const forwarding_patterns[] = {"x-forwarded-*", "x-real-ip", "x-client-*",
                                                  "x-original-*", NULL};

static bool matches_any(const char *const *patterns, struct bytes name)
{
    for (; *patterns; patterns++)
        if (pattern_matches_text(bytes_of_text(*patterns), name))
            return true;
    return false;
}

static struct bytes lower_case(struct arena *arena, struct bytes name)
{
    char *copy = arena_copy_bytes(arena, name);
    for (size_t i = 0; copy && i < name.length; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + ('a' - 'A'));
    return bytes_of(copy, copy ? name.length : 0);
}

static bool judge_name(struct bytes lower)
{
    return matches_any(stored_patterns, lower) && !matches_any(secret_patterns, lower) &&
           !matches_any(forwarding_patterns, lower);
}

bool stored_headers_is_secret(struct bytes lower)
{
    return matches_any(secret_patterns, lower);
}

static bool name_is_stored(struct stored_names *names, struct bytes lower)
{
    static const struct siphash_key seed = {{0}}; /* a collision costs a look at the patterns */
    if (lower.length > NAME_MAX)
        return judge_name(lower);
    struct stored_name *known = &names->names[siphash(&seed, lower) % NAMES];
    if (!bytes_equal(bytes_of(known->name, known->length), lower)) {
        known->is_stored = judge_name(lower);
        known->length = (uint8_t)lower.length;
        memcpy(known->name, lower.data, lower.length);
    }
    return known->is_stored;
}

/* The route's file names it. */
static bool is_referenced(const struct route *route, struct bytes lower)
{
    const struct text_list *headers = &when_settings_of(route)->headers;
    for (size_t i = 0; i < headers->count; i++)
        if (bytes_equal_text(lower, headers->items[i]))
            return true;
    return false;
}

static bool comes_earlier(const struct request *request, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (bytes_equal_nocase(request->headers[i].name, request->headers[index].name))
            return true;
    return false;
}

static bool append_header(struct buffer *out, struct buffer *room, struct stored_names *names,
                          const struct request *request, size_t index)
{
    struct bytes text;
    struct bytes lower = lower_case(request->arena, request->headers[index].name);
    if (!lower.data)
        return false;
    bool wanted = name_is_stored(names, lower) || is_referenced(request->route, lower) ||
                  (request->keeps_coding && bytes_equal_text(lower, "content-encoding"));
    if (!wanted || route_owns_header(request->route, lower) || comes_earlier(request, index))
        return true;
    return buffer_append_text(out, out->length > 1 ? ",\"" : "\"") && json_escape(out, lower) &&
           buffer_append_text(out, "\":\"") && request_header_text(request, lower, room, &text) &&
           json_escape(out, text) && buffer_append_text(out, "\"");
}

struct stored_names *stored_names_create(void)
{
    return calloc(1, sizeof(struct stored_names));
}

bool stored_headers(struct stored_names *names, struct request *request, struct bytes *json)
{
    struct buffer out, room;
    buffer_init(&out, KEPT_MAX);
    buffer_init(&room, KEPT_MAX);
    bool good = buffer_append_text(&out, "{");
    for (size_t i = 0; good && i < request->header_count; i++)
        good = append_header(&out, &room, names, request, i);
    char *copy = good && buffer_append_text(&out, "}")
                     ? arena_copy_bytes(request->arena, buffer_bytes(&out))
                     : NULL;
    if (copy)
        *json = bytes_of(copy, out.length);
    buffer_finish(&out);
    buffer_finish(&room);
    return copy;
}
