/* Exact paths, which are nearly all, are in a hash table with a random seed. Paths with {name}
 * segments or a trailing slash-star are a list, the more specific first, which is walked until one
 * matches. A path that matches with another method is remembered for 405: a later route may still
 * accept the request, and Allow lists the methods of all of them. */
#include "server/pipeline/routing.h"

#include "base/crypto.h"
#include "base/siphash.h"
#include "config/route_path.h"
#include "handlers/auth/authenticator.h"

#include <assert.h>
#include <stdlib.h>

enum path_kind { PATH_EXACT, PATH_SEGMENTS, PATH_TAIL };

struct path {
    const struct route *route;
    struct bytes text;
    enum path_kind kind;
    size_t segments;
    size_t fixed;      /* bytes outside of {name} and star */
    struct path *next; /* exact: in the same bucket, in the order of the file */
};

struct routing {
    struct siphash_key seed;
    struct path *paths; /* one a route */
    struct path **buckets;
    size_t bucket_mask;
    const struct path **patterns; /* the more particular first */
    size_t pattern_count;
};

/* ---- compiling ---- */

static bool is_placeholder(struct bytes segment)
{
    struct bytes name;
    return route_path_segment_name(segment, &name);
}

static bool ends_with_star(struct bytes text)
{
    return text.length >= 2 && text.data[text.length - 2] == '/' &&
           text.data[text.length - 1] == '*';
}

static void path_compile(struct path *path, const struct route *route)
{
    struct bytes rest = bytes_of_text(route->path);
    *path = (struct path){.route = route, .text = rest, .kind = PATH_EXACT};
    if (ends_with_star(rest)) {
        path->kind = PATH_TAIL;
        path->text.length--; /* the slash stays: the tail follows it */
    }
    rest = path->text;
    path->fixed = rest.length;
    while (rest.length > 0) {
        struct bytes segment = bytes_split(&rest, '/');
        path->segments++;
        if (!is_placeholder(segment))
            continue;
        path->fixed -= segment.length;
        if (path->kind == PATH_EXACT)
            path->kind = PATH_SEGMENTS;
    }
}

/* The order that the loader supposes where it refuses pairs of paths between which only taste could
 * decide (config/route_path.h). */
static int path_compare(const void *left, const void *right)
{
    const struct path *a = *(const struct path *const *)left;
    const struct path *b = *(const struct path *const *)right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->segments != b->segments)
        return a->segments > b->segments ? -1 : 1;
    if (a->fixed != b->fixed)
        return a->fixed > b->fixed ? -1 : 1;
    return a->route->index < b->route->index ? -1 : 1;
}

static struct path **bucket_of(const struct routing *routing, struct bytes text)
{
    return &routing->buckets[siphash(&routing->seed, text) & routing->bucket_mask];
}

/* Backwards, because each goes to the front of its bucket. */
static void routing_fill(struct routing *routing, const struct settings *settings)
{
    for (size_t i = settings->route_count; i-- > 0;) {
        struct path *path = &routing->paths[i];
        path_compile(path, &settings->routes[i]);
        if (path->kind != PATH_EXACT) {
            routing->patterns[routing->pattern_count++] = path;
            continue;
        }
        struct path **bucket = bucket_of(routing, path->text);
        path->next = *bucket;
        *bucket = path;
    }
    if (routing->pattern_count > 1)
        qsort(routing->patterns, routing->pattern_count, sizeof *routing->patterns, path_compare);
}

struct routing *routing_create(const struct settings *settings)
{
    size_t count = settings->route_count + 1, buckets = 8;
    while (buckets < count * 2)
        buckets *= 2;
    struct routing *routing = calloc(1, sizeof *routing);
    if (!routing)
        return NULL;
    routing->bucket_mask = buckets - 1;
    routing->paths = calloc(count, sizeof *routing->paths);
    routing->patterns = calloc(count, sizeof *routing->patterns);
    routing->buckets = calloc(buckets, sizeof *routing->buckets);
    if (!routing->paths || !routing->patterns || !routing->buckets) {
        routing_destroy(routing);
        return NULL;
    }
    random_bytes(&routing->seed, sizeof routing->seed);
    routing_fill(routing, settings);
    return routing;
}

void routing_destroy(struct routing *routing)
{
    if (!routing)
        return;
    free(routing->paths);
    free(routing->patterns);
    free(routing->buckets);
    free(routing);
}

/* ---- matching ---- */

static bool has_empty_segment(struct bytes path)
{
    for (size_t i = 0; i < path.length; i++)
        if (path.data[i] == '/' && (i + 1 == path.length || path.data[i + 1] == '/'))
            return true;
    return false;
}

/* Segment by segment; no segment of `given` is empty but the one before the first slash. */
static bool pattern_matches(const struct path *path, struct bytes given)
{
    struct bytes pattern = path->text;
    while (pattern.data && given.data) {
        struct bytes wanted = bytes_split(&pattern, '/');
        if (path->kind == PATH_TAIL && wanted.length == 0 && !pattern.data)
            return given.length > 0; /* behind the pattern's last slash: the tail */
        struct bytes segment = bytes_split(&given, '/');
        if (!bytes_equal(wanted, segment) && !(is_placeholder(wanted) && segment.length > 0))
            return false;
    }
    return !pattern.data && !given.data;
}

static bool takes_method(const struct route *route, struct bytes method)
{
    for (size_t i = 0; i < route->methods.count; i++)
        if (bytes_equal_text(method, route->methods.items[i]))
            return true;
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct handler *handler = &route->authenticators[i];
        const struct authenticator *kind = authenticator_of(handler);
        if (kind->accepts && kind->accepts(handler->settings, method))
            return true;
    }
    return false;
}

/* What is being looked for, and what has been found on the way. */
struct search {
    struct request *request;
    bool only_lists;   /* the methods: takes nothing */
    bool has_path;     /* of a route that does not take the method */
    const char *allow; /* methods of all of these, "POST, GET"; NULL: the arena is full */
};

static bool lists_method(const char *allow, const char *method)
{
    struct bytes rest = bytes_of_text(allow);
    while (rest.length > 0)
        if (bytes_equal_text(bytes_trim(bytes_split(&rest, ',')), method))
            return true;
    return false;
}

/* `allow` ("": no methods yet) followed by the methods of `route`; NULL: the arena is full. */
static const char *append_methods(struct arena *arena, const char *allow, const struct route *route)
{
    for (size_t i = 0; i < route->methods.count && allow; i++) {
        const char *method = route->methods.items[i];
        if (!lists_method(allow, method))
            allow = *allow ? arena_format(arena, "%s, %s", allow, method) : method;
    }
    return allow;
}

/* One route whose path is right: takes the request, or leaves its methods for Allow. */
static bool search_try(struct search *search, const struct route *route)
{
    struct request *request = search->request;
    if (!search->only_lists && takes_method(route, request->method)) {
        request->route = route;
        return true;
    }
    search->has_path = true;
    search->allow = append_methods(request->arena, search->allow, route);
    return false;
}

static bool search_exact(const struct routing *routing, struct search *search)
{
    struct bytes given = search->request->path;
    for (const struct path *path = *bucket_of(routing, given); path; path = path->next)
        if (bytes_equal(path->text, given) && search_try(search, path->route))
            return true;
    return false;
}

static bool search_patterns(const struct routing *routing, struct search *search)
{
    struct bytes given = search->request->path;
    if (has_empty_segment(given))
        return false;
    for (size_t i = 0; i < routing->pattern_count; i++)
        if (pattern_matches(routing->patterns[i], given) &&
            search_try(search, routing->patterns[i]->route))
            return true;
    return false;
}

static struct verdict refuse_method(const char *reason, const char *allow)
{
    struct verdict verdict = verdict_refuse(REPLY_METHOD, reason);
    if (!allow) /* half a list would be wrong */
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for Allow");
    verdict.header_name = "Allow";
    verdict.header_value = bytes_of_text(allow);
    return verdict;
}

struct verdict routing_refuse_method(const struct route *route, struct arena *arena,
                                     const char *reason)
{
    return refuse_method(reason, append_methods(arena, "", route));
}

struct verdict routing_match(const struct routing *routing, struct request *request)
{
    struct search search = {.request = request, .allow = ""};
    assert(!request->route);
    if (search_exact(routing, &search) || search_patterns(routing, &search))
        return GO_ON;
    if (!search.has_path)
        return verdict_refuse(REPLY_NOT_FOUND, "no route has this path");
    return refuse_method("the route does not accept this method", search.allow);
}

struct verdict routing_tell_methods(const struct routing *routing, struct request *request)
{
    struct search search = {.request = request, .only_lists = true, .allow = ""};
    (void)(search_exact(routing, &search) || search_patterns(routing, &search));
    if (!search.allow)
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for Allow");
    return (struct verdict){.reply = REPLY_CHALLENGE,
                            .reason = "OPTIONS brings no event",
                            .status = 204,
                            .empty_body = true,
                            .header_name = "Allow",
                            .header_value = bytes_of_text(search.allow)};
}

/* ---- what lies below a route ---- */

static size_t count_segments(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == '/';
    return count;
}

size_t routing_kept_segments(const struct route *route)
{
    struct bytes text = bytes_of_text(route->path);
    return ends_with_star(text) ? count_segments(text) - 1 : SIZE_MAX;
}

bool routing_has_exact(const struct routing *routing, struct bytes path)
{
    for (const struct path *found = *bucket_of(routing, path); found; found = found->next)
        if (bytes_equal(found->text, path))
            return true;
    return false;
}

static bool each_exact(const struct routing *routing, struct bytes given,
                       bool (*each)(void *context, const struct route *route), void *context)
{
    for (const struct path *path = *bucket_of(routing, given); path; path = path->next)
        if (bytes_equal(path->text, given) && each(context, path->route))
            return true;
    return false;
}

bool routing_each_below(const struct routing *routing, struct bytes base,
                        bool (*each)(void *context, const struct route *route), void *context)
{
    struct bytes with_slash = bytes_of(base.data, base.length + 1);
    if (each_exact(routing, base, each, context) || each_exact(routing, with_slash, each, context))
        return true;
    for (size_t i = 0; i < routing->pattern_count && !has_empty_segment(base); i++) {
        struct path stem = *routing->patterns[i];
        stem.text.length -= stem.kind == PATH_TAIL; /* its last slash */
        stem.kind = PATH_SEGMENTS;
        if (pattern_matches(&stem, base) && each(context, stem.route))
            return true;
    }
    return false;
}
