/* Headers, a line each, and behind an empty line the body of a CloudEvent: what is taken has passed
 * the guard and has its attributes, and is taken as it was made when it is stored. */
#include "handlers/content/content.h"
#include "handlers/content/json_path.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

enum { HEADERS = 20, ARENA = 1 << 20 };

/* Whether the attribute is a text that is not empty. */
static bool has_attribute(struct bytes payload, const char *name)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(name)};
    const struct json_path path = {.steps = &step, .count = 1};
    struct bytes value;
    return json_path_find(payload, &path, &value) && value.length > 2 && value.data[0] == '"';
}

static void look_at(struct request *request, const struct content_wanted *wanted)
{
    struct json_fault fault;
    struct request stored = {.arena = request->arena, .body = request->body};
    assert(json_check(request->payload, &json_limits_default, NULL, &fault));
    assert(has_attribute(request->payload, "id") && has_attribute(request->payload, "type") &&
           has_attribute(request->payload, "source"));
    assert(content_body_is_json(request) == !request->payload_is_made);
    if (request->payload_is_made)
        assert(content_check_stored(&stored, wanted, request->payload).reply == REPLY_NONE &&
               stored.payload_is_made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct content_wanted wanted = {.kind = CONTENT_CLOUDEVENTS};
    struct header headers[HEADERS];
    struct bytes rest = bytes_of(data, size);
    struct arena arena;
    arena_init(&arena, ARENA);
    struct request request = {.arena = &arena, .headers = headers};
    while (rest.length > 0 && request.header_count < HEADERS) {
        struct bytes value = bytes_split(&rest, '\n');
        if (value.length == 0)
            break;
        struct bytes name = bytes_split(&value, ':');
        headers[request.header_count++] = (struct header){name, bytes_trim(value)};
    }
    request.body = rest;
    if (content_check(&request, &wanted).reply == REPLY_NONE)
        look_at(&request, &wanted);
    content_release(&request);
    arena_finish(&arena);
    return 0;
}
