/* The `respond` key of a route takes precedence over the reply that the provider requires
 * (pipeline.c asks it last). */
#include "server/pipeline/respond.h"

struct verdict respond_make(const struct route *route, struct value_context *context,
                            struct arena *arena, struct respond_made *made)
{
    const struct respond_settings *respond = respond_settings_of(route);
    struct verdict verdict = wording_make(&respond->wording, context, arena, &made->wording);
    return verdict.reply == REPLY_NONE ? wording_make(&respond->late, context, arena, &made->late)
                                       : verdict;
}

static unsigned status_of_exit(const struct respond_settings *respond, int exit_status)
{
    enum { STATUS_DONE = 200 };
    for (size_t i = 0; i < respond->status_count; i++)
        if (respond->statuses[i].exit_status == exit_status)
            return respond->statuses[i].status;
    return exit_status == 0 ? STATUS_DONE : respond->other_status;
}

static struct verdict with_output(const struct respond_settings *respond, struct verdict verdict)
{
    verdict.status = status_of_exit(respond, verdict.exit_status);
    verdict.content_type = respond->wording.type;
    verdict.empty_body = verdict.body.length == 0 || verdict.status == 204 || verdict.status == 205;
    return verdict;
}

struct verdict respond_as_route_says(const struct route *route, const struct respond_made *made,
                                     const char *id, struct verdict verdict)
{
    const struct respond_settings *respond = respond_settings_of(route);
    if (verdict.form == FORM_LATE)
        wording_put(&respond->late, &made->late, id, &verdict);
    else if (verdict.form == FORM_OUTPUT || !respond->output)
        wording_put(&respond->wording, &made->wording, id, &verdict);
    return verdict.form == FORM_OUTPUT ? with_output(respond, verdict) : verdict;
}
