/* What the receiver will see of a message is put together once more here, with the headers that the
 * client adds, so that there is one way of building what is signed and not two. */
#include "handlers/provider/sign_preview.h"

#include "handlers/provider/signature_url.h"

static void put_header(struct sign_preview *preview, const char *name, struct bytes value)
{
    preview->headers[preview->request.header_count++] =
        (struct header){.name = bytes_of_text(name), .value = value};
}

/* Path and query out of the URL, its host as the header that `send` writes. */
static bool put_url(struct signing *signing, struct sign_preview *preview)
{
    struct url_parts parts = url_parts_of(signing->url);
    if (!parts.scheme.data)
        return false;
    put_header(preview, "Host", parts.authority);
    preview->request.target = url_parts_target(&parts, signing->request.arena);
    preview->request.query = parts.query;
    preview->request.secure = bytes_equal_text(parts.scheme, "https");
    return preview->request.target.data != NULL;
}

struct sign_preview *sign_preview(struct signing *signing, struct signed_source *source,
                                  struct error *err)
{
    struct arena *arena = signing->request.arena;
    struct sign_preview *preview = arena_alloc(arena, sizeof *preview);
    const char *length = arena_format(arena, "%zu", signing->request.body.length);
    if (!preview || !length) {
        error_set(err, "out of memory");
        return NULL;
    }
    preview->request = signing->request;
    preview->request.headers = preview->headers;
    preview->request.header_count = 0;
    preview->state.plan = signing->plan;
    preview->state.request = &preview->request;
    preview->state.source = (struct signed_source){.request = &preview->request,
                                                   .parameters = signing->plan->parameters,
                                                   .time = source->time,
                                                   .message_id = source->message_id};
    buffer_init(&preview->state.message, SIZE_MAX / 2);
    for (size_t i = 0; i < signing->header_count; i++)
        preview->headers[preview->request.header_count++] = signing->headers[i];
    put_header(preview, "Content-Length", bytes_of_text(length));
    if (put_url(signing, preview))
        return preview;
    error_set(err, "the address is not a URL");
    return NULL;
}

void sign_preview_finish(struct sign_preview *preview)
{
    signature_state_finish(&preview->state);
}
