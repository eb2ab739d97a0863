/* What is reflected goes out as the type that the preset names (text/plain for text), never as
 * something that a browser would run; the server adds nosniff to every answer. */
#include "handlers/provider/challenge.h"

#include "handlers/provider/provisioned_keys.h"

static const struct scheme_test *tests_of(const struct section_list *list)
{
    return list->items;
}

static bool tests_need_body(const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (value_needs_body(&tests_of(list)[i].value))
            return true;
    }
    return false;
}

static enum handshake_moment moment_of(const struct scheme_handshake *handshake)
{
    if (handshake->authenticated)
        return HANDSHAKE_SIGNED;
    return tests_need_body(&handshake->when) || tests_need_body(&handshake->expect)
               ? HANDSHAKE_BODY
               : HANDSHAKE_HEAD;
}

static const struct scheme_handshake *handshake_at(const struct scheme *scheme, size_t i)
{
    return &((const struct scheme_handshake *)scheme->handshake.items)[i];
}

/* Of the tests that the head decides. */
static bool head_tests_hold(struct value_source *source, const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct scheme_test *test = &tests_of(list)[i];
        if (!value_needs_body(&test->value) && !signature_test(source, test))
            return false;
    }
    return true;
}

bool handshake_may_follow(const struct scheme *scheme, struct value_source *source)
{
    for (size_t i = 0; i < scheme->handshake.count; i++) {
        const struct scheme_handshake *handshake = handshake_at(scheme, i);
        if (moment_of(handshake) == HANDSHAKE_BODY && head_tests_hold(source, &handshake->when))
            return true;
    }
    return false;
}

bool handshake_learns(const struct scheme *scheme)
{
    for (size_t i = 0; i < scheme->handshake.count; i++) {
        if (handshake_at(scheme, i)->learn.kind != VALUE_ABSENT)
            return true;
    }
    return false;
}

bool handshake_method(const struct scheme *scheme, struct bytes method)
{
    for (size_t i = 0; i < scheme->handshake.count; i++) {
        const struct section_list *when = &handshake_at(scheme, i)->when;
        for (size_t j = 0; j < when->count; j++) {
            const struct scheme_test *test = &tests_of(when)[j];
            if (test->value.kind == VALUE_METHOD && test->equals.count == 1 &&
                bytes_equal(test->equals.parts[0].literal, method))
                return true;
        }
    }
    return false;
}

static bool all_hold(struct value_source *source, const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!signature_test(source, &tests_of(list)[i]))
            return false;
    }
    return true;
}

static struct verdict refusal(const struct scheme_handshake *handshake)
{
    enum reply reply = handshake->otherwise == 400   ? REPLY_BAD_REQUEST
                       : handshake->otherwise == 401 ? REPLY_UNAUTHENTICATED
                                                     : REPLY_FORBIDDEN;
    return verdict_refuse(reply, "the handshake is not as it should be");
}

/* A key that is worth something, and that can have come over a header unchanged. */
static bool key_is_usable(struct bytes key)
{
    bool good = key.length >= LEARNED_KEY_MIN && key.length <= LEARNED_KEY_MAX;
    for (size_t i = 0; good && i < key.length; i++)
        good = key.data[i] > ' ' && key.data[i] < 0x7f;
    return good;
}

/* The key that is delivered, in the request's arena: the body may be gone before it is kept. */
static bool take_key(const struct scheme_handshake *handshake, struct value_source *source,
                     struct bytes *key)
{
    struct bytes found;
    if (handshake->learn.kind == VALUE_ABSENT)
        return true;
    if (value_get(source, &handshake->learn, &found) != VALUE_FOUND || !key_is_usable(found))
        return false;
    const char *copy = arena_copy_bytes(source->request->arena, found);
    *key = bytes_of(copy, copy ? found.length : 0);
    return copy != NULL;
}

static struct verdict answer(const struct scheme_handshake *handshake, struct value_source *source)
{
    struct verdict verdict = {.reply = REPLY_HANDSHAKE,
                              .reason = "handshake",
                              .status = (unsigned)handshake->status,
                              .content_type = handshake->type,
                              .header_name = handshake->header};
    if (!take_key(handshake, source, &verdict.learn))
        return refusal(handshake);
    if (handshake->body.count &&
        template_text(&handshake->body, source, &verdict.body) != VALUE_FOUND)
        return refusal(handshake);
    if (handshake->header_value.count &&
        template_text(&handshake->header_value, source, &verdict.header_value) != VALUE_FOUND)
        return refusal(handshake);
    return verdict;
}

struct verdict handshake_answer(const struct signature_plan *plan, size_t key,
                                struct value_source *source, enum handshake_moment moment)
{
    const struct scheme *scheme = plan->scheme;
    if (key < plan->keys.count) {
        source->secret = secret_bytes(&plan->keys.items[key]);
        source->hash = (enum hash_kind)scheme->hash;
    }
    for (size_t i = 0; i < scheme->handshake.count; i++) {
        const struct scheme_handshake *handshake = handshake_at(scheme, i);
        if (moment_of(handshake) != moment || !all_hold(source, &handshake->when))
            continue;
        if (handshake->learn.kind != VALUE_ABSENT && plan->keys.count)
            return verdict_refuse(REPLY_FORBIDDEN,
                                  "a handshake would deliver a key, but there is one");
        return all_hold(source, &handshake->expect) ? answer(handshake, source)
                                                    : refusal(handshake);
    }
    return verdict_go_on();
}
