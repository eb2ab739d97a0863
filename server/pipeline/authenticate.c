/* The authenticators of a route are asked one after the other; all of them have to pass. A
 * challenge of one waits for the others. Where a body came in a content coding, those who have
 * signed it as it was sent are asked first, then those who have signed what it unfolds to, and what
 * a body says of itself is read last, out of the unfolded one. */
#include "server/pipeline/authenticate.h"

#include "base/secret.h"
#include "handlers/provider/provisioned_keys.h"
#include "server/pipeline/routing.h"

/* ---- the head ---- */

static const struct authenticator *kind_at(const struct route *route, size_t index)
{
    return authenticator_of(&route->authenticators[index]);
}

/* A 401 tells how to authenticate by what the route is, never by what was wrong. */
static const char *find_www_authenticate(const struct route *route)
{
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct authenticator *kind = kind_at(route, i);
        const char *text = kind->www_authenticate
                               ? kind->www_authenticate(route->authenticators[i].settings)
                               : NULL;
        if (text)
            return text;
    }
    return NULL;
}

/* The header that belongs to a refusal, unless the authenticator has brought one. */
static struct verdict complete_refusal(struct exchange *exchange, struct verdict verdict)
{
    const struct route *route = exchange->request.route;
    const char *text = find_www_authenticate(route);
    if (verdict.header_name)
        return verdict;
    if (verdict.reply == REPLY_UNAUTHENTICATED && text) {
        verdict.header_name = "WWW-Authenticate";
        verdict.header_value = bytes_of_text(text);
    } else if (verdict.reply == REPLY_METHOD) {
        return routing_refuse_method(route, &exchange->arena, verdict.reason);
    }
    return verdict;
}

/* Whether the authenticator passed its head and goes on to the body. */
static bool takes_part(const struct exchange *exchange, size_t index)
{
    return index < exchange->passed_heads && index + 1 != exchange->challenge_head;
}

static bool awaits_body(const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->passed_heads; i++)
        if (takes_part(exchange, i) && kind_at(exchange->request.route, i)->body)
            return true;
    return false;
}

bool pipeline_is_authenticated(const struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    return !route->no_authentication && exchange->passed_heads == route->authenticator_count &&
           !awaits_body(exchange) && exchange->challenge.reply == REPLY_NONE;
}

/* A challenge is not an answer until all others have passed: it is put aside. */
static struct verdict set_challenge_aside(struct exchange *exchange, struct verdict verdict)
{
    if (verdict.reply != REPLY_CHALLENGE)
        return verdict;
    exchange->challenge = verdict;
    return GO_ON;
}

const char *pipeline_provisioned_name(const struct route *route)
{
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct authenticator *kind = kind_at(route, i);
        const char *name =
            kind->provisions ? kind->provisions(route->authenticators[i].settings) : NULL;
        if (name)
            return name;
    }
    return NULL;
}

/* The key that the route's sender has delivered, for authenticators that want it. */
static void find_provisioned_key(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const struct route *route = request->route;
    struct provisioned_keys *table = exchange->pipeline->provisioned;
    uint8_t key[PROVISIONED_KEY_MAX];
    size_t length;
    const char *name = table ? pipeline_provisioned_name(route) : NULL;
    if (!name || !provisioned_keys_get(table, route->name, name, key, &length))
        return;
    const char *copy = arena_copy_bytes(&exchange->arena, bytes_of(key, length));
    request->provisioned_key = bytes_of(copy, copy ? length : 0);
    secret_wipe(key, sizeof key);
}

struct verdict authenticate_head(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const struct route *route = request->route;
    find_provisioned_key(exchange);
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct handler *handler = &route->authenticators[i];
        struct verdict verdict =
            kind_at(route, i)->head(handler->settings, request, &exchange->states[i]);
        if (verdict.reply == REPLY_CHALLENGE)
            exchange->challenge_head = i + 1;
        verdict = set_challenge_aside(exchange, verdict);
        if (verdict.reply != REPLY_NONE)
            return complete_refusal(exchange, verdict);
        exchange->passed_heads = i + 1;
    }
    /* a key that is delivered takes the way of an event: behind the body, to the runner */
    bool waits = awaits_body(exchange) || exchange->challenge.provisioned_key.length > 0;
    return waits ? GO_ON : exchange->challenge;
}

/* ---- the body ---- */

static bool signs_unfolded(const struct exchange *exchange, size_t index)
{
    const struct route *route = exchange->request.route;
    const struct authenticator *kind = kind_at(route, index);
    return kind->signs_unfolded && kind->signs_unfolded(route->authenticators[index].settings);
}

typedef struct verdict ask_about_body(const void *settings, struct request *request, void *state);

/* Asks an authenticator; its challenge is put aside. */
static struct verdict ask(struct exchange *exchange, size_t index, ask_about_body *question)
{
    const struct handler *handler = &exchange->request.route->authenticators[index];
    if (!question)
        return GO_ON;
    return complete_refusal(
        exchange, set_challenge_aside(exchange, question(handler->settings, &exchange->request,
                                                         exchange->states[index])));
}

static void feed(const struct exchange *exchange, size_t index, struct bytes piece)
{
    const struct authenticator *kind = kind_at(exchange->request.route, index);
    if (kind->feed)
        kind->feed(exchange->states[index], piece);
}

void pipeline_feed(struct exchange *exchange, struct bytes piece)
{
    bool is_folded = exchange->request.folded != NULL;
    for (size_t i = 0; i < exchange->passed_heads; i++)
        if (takes_part(exchange, i) && !(is_folded && signs_unfolded(exchange, i)))
            feed(exchange, i, piece);
}

/* Those who have signed the body as it was sent, where it is folded; where it is not, all. */
static struct verdict prove_sent(struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    bool is_folded = exchange->request.folded != NULL;
    struct verdict verdict = GO_ON;
    for (size_t i = 0; i < exchange->passed_heads && verdict.reply == REPLY_NONE; i++)
        if (takes_part(exchange, i) && !(is_folded && signs_unfolded(exchange, i)))
            verdict = ask(exchange, i, kind_at(route, i)->body);
    return verdict;
}

static struct verdict unfold(struct exchange *exchange)
{
    return unfold_body(&exchange->request, &exchange->unfold_memory, &exchange->unfolded);
}

/* Those who have signed what the body unfolds to. */
static struct verdict prove_unfolded(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct verdict verdict = GO_ON;
    for (size_t i = 0; i < exchange->passed_heads && verdict.reply == REPLY_NONE; i++) {
        if (!takes_part(exchange, i) || !signs_unfolded(exchange, i))
            continue;
        exchange->signs_unfolded = true;
        if (request->folded)
            verdict = unfold(exchange);
        if (verdict.reply != REPLY_NONE)
            return verdict;
        feed(exchange, i, request->body);
        verdict = ask(exchange, i, kind_at(request->route, i)->body);
    }
    return verdict;
}

/* What is signed names the event; a challenge may be in it. */
static struct verdict read_proven(struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    struct verdict verdict = GO_ON;
    for (size_t i = 0; i < exchange->passed_heads && verdict.reply == REPLY_NONE; i++)
        if (takes_part(exchange, i))
            verdict = ask(exchange, i, kind_at(route, i)->read);
    return verdict;
}

/* A folded body is not unfolded for a stranger, unless the sender signs it unfolded. */
struct verdict authenticate_body(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    if (request->body.length == 0)
        request->folded = NULL;
    bool came_folded = request->folded != NULL;
    struct verdict verdict = prove_sent(exchange);
    if (verdict.reply == REPLY_NONE && came_folded)
        verdict = prove_unfolded(exchange);
    if (verdict.reply != REPLY_NONE)
        return verdict;
    exchange->has_passed = true;
    return request->folded ? GO_ON : read_proven(exchange);
}

struct verdict authenticate_unfolded(struct exchange *exchange)
{
    if (!exchange->request.folded)
        return GO_ON;
    struct verdict verdict = unfold(exchange);
    if (verdict.reply == REPLY_NONE)
        verdict = read_proven(exchange);
    return verdict.reply == REPLY_NONE ? exchange->challenge : verdict;
}

void authenticate_release(struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    for (size_t i = 0; i < exchange->passed_heads; i++)
        if (takes_part(exchange, i) && kind_at(route, i)->release)
            kind_at(route, i)->release(exchange->states[i]);
    exchange->passed_heads = 0;
}
