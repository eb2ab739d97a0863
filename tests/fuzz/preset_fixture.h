/* A preset as a plan with a key, and one request through it, for the targets about signatures. */
#ifndef TENTERHOOK_TESTS_PRESET_FIXTURE_H
#define TENTERHOOK_TESTS_PRESET_FIXTURE_H

#include "handlers/provider/presets.h"
#include "handlers/provider/provider.h"
#include "handlers/provider/signature.h"
#include "handlers/provider/signature_keys.h"
#include "server/cli/verbs.h"

#include <assert.h>

struct preset_fixture {
    struct arena arena;
    struct text_map parameters;
    struct signature_plan plan;
};

static const char fixture_secret[] = "a secret of the fuzz target";

/* Made once a process; never freed. */
static inline void preset_fixture_init(struct preset_fixture *fixture, const char *name,
                                       const char *secret)
{
    struct problem_list problems;
    struct secret_list secrets = {0};
    struct error err;
    arena_init(&fixture->arena, 1 << 20);
    problem_list_init(&problems);
    const struct scheme *scheme =
        provider_preset(preset_find(name), &program_registry, &fixture->arena, &problems);
    assert(scheme);
    fixture->plan = (struct signature_plan){.scheme = scheme, .parameters = &fixture->parameters};
    assert(secret_list_add(&secrets, bytes_of_text(secret)));
    assert(signature_keys_add(&fixture->plan, &secrets, &err));
    secret_list_finish(&secrets);
    problem_list_finish(&problems);
}

/* Whether the request is proven. */
static inline bool preset_fixture_run(struct preset_fixture *fixture, const struct header *headers,
                                      size_t count, struct bytes body)
{
    struct arena arena;
    struct signature_state *state = NULL;
    arena_init(&arena, 256 * 1024);
    struct request request = {.arena = &arena,
                              .now_ms = INT64_C(1700000000000),
                              .secure = true,
                              .method = bytes_of_text("POST"),
                              .target = bytes_of_text("/hook?a=1&b=%41"),
                              .query = bytes_of_text("a=1&b=%41"),
                              .headers = headers,
                              .header_count = count};
    struct verdict verdict = signature_head(&fixture->plan, &request, &state);
    request.body = body;
    if (verdict.reply == REPLY_NONE) {
        signature_feed(state, body);
        verdict = signature_body(state);
    }
    if (state)
        signature_release(state);
    arena_finish(&arena);
    return verdict.reply == REPLY_NONE;
}

#endif
