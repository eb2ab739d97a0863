/* What is reflected goes out as the type that the preset names (text/plain for text), never as
 * something that a browser would run; the server adds nosniff to every answer. */
#include "handlers/provider/challenge.h"

#include "handlers/provider/provisioned_keys.h"
#include "handlers/provider/scheme_test.h"

static const struct scheme_test *tests_of(const struct section_list *list)
{
    return list->items;
}

static bool tests_need_body(const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (signed_needs_body(&tests_of(list)[i].value))
            return true;
    }
    return false;
}

static enum challenge_moment moment_of(const struct scheme_challenge *challenge)
{
    if (challenge->authenticated)
        return CHALLENGE_SIGNED;
    return tests_need_body(&challenge->when) || tests_need_body(&challenge->expect)
               ? CHALLENGE_BODY
               : CHALLENGE_HEAD;
}

static const struct scheme_challenge *challenge_at(const struct scheme *scheme, size_t i)
{
    return &((const struct scheme_challenge *)scheme->challenge.items)[i];
}

/* Of the tests that the head decides. */
static bool head_tests_hold(struct signed_source *source, const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct scheme_test *test = &tests_of(list)[i];
        if (!signed_needs_body(&test->value) && !scheme_test_holds(source, test))
            return false;
    }
    return true;
}

bool challenge_may_follow(const struct scheme *scheme, struct signed_source *source)
{
    for (size_t i = 0; i < scheme->challenge.count; i++) {
        const struct scheme_challenge *challenge = challenge_at(scheme, i);
        if (moment_of(challenge) == CHALLENGE_BODY && head_tests_hold(source, &challenge->when))
            return true;
    }
    return false;
}

bool challenge_provisions(const struct scheme *scheme)
{
    for (size_t i = 0; i < scheme->challenge.count; i++) {
        if (challenge_at(scheme, i)->learn.kind != SIGNED_ABSENT)
            return true;
    }
    return false;
}

bool challenge_method(const struct scheme *scheme, struct bytes method)
{
    for (size_t i = 0; i < scheme->challenge.count; i++) {
        const struct section_list *when = &challenge_at(scheme, i)->when;
        for (size_t j = 0; j < when->count; j++) {
            const struct scheme_test *test = &tests_of(when)[j];
            if (test->value.kind == SIGNED_METHOD && test->equals.count == 1 &&
                bytes_equal(test->equals.parts[0].literal, method))
                return true;
        }
    }
    return false;
}

static bool all_hold(struct signed_source *source, const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!scheme_test_holds(source, &tests_of(list)[i]))
            return false;
    }
    return true;
}

static struct verdict refusal(const struct scheme_challenge *challenge)
{
    enum reply reply = challenge->otherwise == 400   ? REPLY_BAD_REQUEST
                       : challenge->otherwise == 401 ? REPLY_UNAUTHENTICATED
                                                     : REPLY_FORBIDDEN;
    return verdict_refuse(reply, "the challenge is not the expected one");
}

/* A key that is worth something, and that can have come over a header unchanged. */
static bool key_is_usable(struct bytes key)
{
    bool good = key.length >= PROVISIONED_KEY_MIN && key.length <= PROVISIONED_KEY_MAX;
    for (size_t i = 0; good && i < key.length; i++)
        good = key.data[i] > ' ' && key.data[i] < 0x7f;
    return good;
}

/* The key that is delivered, in the request's arena: the body may be gone before it is kept. */
static bool take_key(const struct scheme_challenge *challenge, struct signed_source *source,
                     struct bytes *key)
{
    struct bytes found;
    if (challenge->learn.kind == SIGNED_ABSENT)
        return true;
    if (signed_get(source, &challenge->learn, &found) != SIGNED_FOUND || !key_is_usable(found))
        return false;
    const char *copy = arena_copy_bytes(source->request->arena, found);
    *key = bytes_of(copy, copy ? found.length : 0);
    return copy != NULL;
}

static struct verdict answer(const struct scheme_challenge *challenge, struct signed_source *source)
{
    struct verdict verdict = {.reply = REPLY_CHALLENGE,
                              .reason = "handshake",
                              .status = (unsigned)challenge->status,
                              .content_type = challenge->type,
                              .header_name = challenge->header};
    if (!take_key(challenge, source, &verdict.provisioned_key))
        return refusal(challenge);
    if (challenge->body.count &&
        signed_template_text(&challenge->body, source, &verdict.body) != SIGNED_FOUND)
        return refusal(challenge);
    if (challenge->header_value.count &&
        signed_template_text(&challenge->header_value, source, &verdict.header_value) !=
            SIGNED_FOUND)
        return refusal(challenge);
    return verdict;
}

struct verdict challenge_answer(const struct signature_plan *plan, size_t key,
                                struct signed_source *source, enum challenge_moment moment)
{
    const struct scheme *scheme = plan->scheme;
    if (key < plan->keys.count) {
        source->secret = secret_bytes(&plan->keys.items[key]);
        source->hash = (enum hash_kind)scheme->hash;
    }
    for (size_t i = 0; i < scheme->challenge.count; i++) {
        const struct scheme_challenge *challenge = challenge_at(scheme, i);
        if (moment_of(challenge) != moment || !all_hold(source, &challenge->when))
            continue;
        if (challenge->learn.kind != SIGNED_ABSENT && plan->keys.count)
            return verdict_refuse(REPLY_FORBIDDEN,
                                  "a challenge delivers a key, but the route already has one");
        return all_hold(source, &challenge->expect) ? answer(challenge, source)
                                                    : refusal(challenge);
    }
    return GO_ON;
}
