/* The `respond` key of a route takes precedence over the reply that the provider requires
 * (pipeline.c asks it last). */
#include "server/pipeline/respond.h"

struct verdict respond_make(const struct route *route, struct value_context *context,
                            struct arena *arena, struct respond_made *made)
{
    const struct respond_settings *respond = respond_settings_of(route);
    struct verdict verdict =
        answer_template_render(&respond->answer, context, arena, &made->answer);
    if (verdict.reply == REPLY_NONE)
        verdict = answer_template_render(&respond->late, context, arena, &made->late);
    return verdict.reply == REPLY_NONE
               ? answer_template_render(&respond->failed, context, arena, &made->failed)
               : verdict;
}

/* The status that is listed for an exit status; 0: none. */
static unsigned status_of_exit(const struct respond_settings *respond, int exit_status)
{
    enum { STATUS_DONE = 200 };
    for (size_t i = 0; i < respond->status_count; i++)
        if (respond->statuses[i].exit_status == exit_status)
            return respond->statuses[i].status;
    return exit_status == 0 ? STATUS_DONE : 0;
}

static struct verdict with_output(const struct respond_settings *respond,
                                  const struct respond_made *made, const char *id,
                                  struct verdict verdict)
{
    unsigned status = status_of_exit(respond, verdict.exit_status);
    bool is_hidden = status == 0 && respond->has_failed;
    const struct answer_template *answer = is_hidden ? &respond->failed : &respond->answer;
    if (is_hidden)
        verdict.body = bytes_of(NULL, 0);
    answer_template_apply(answer, is_hidden ? &made->failed : &made->answer, id, &verdict);
    if (!answer->status)
        verdict.status = status ? status : respond->other_status;
    if (!is_hidden) {
        verdict.content_type = respond->answer.type;
        verdict.empty_body = verdict.body.length == 0;
    }
    verdict.empty_body |= verdict.status == 204 || verdict.status == 205;
    return verdict;
}

/* What has failed is said at the end, when the status has long been sent. */
static struct verdict as_stream(const struct respond_settings *respond,
                                const struct respond_made *made, const char *id,
                                struct verdict verdict)
{
    enum { STATUS_STREAM = 200 };
    answer_template_apply(&respond->answer, &made->answer, id, &verdict);
    verdict.status = STATUS_STREAM;
    verdict.content_type = respond->answer.type;
    return verdict;
}

struct verdict respond_as_route_says(const struct route *route, const struct respond_made *made,
                                     const char *id, struct verdict verdict)
{
    const struct respond_settings *respond = respond_settings_of(route);
    if (verdict.form == FORM_OUTPUT)
        return with_output(respond, made, id, verdict);
    if (verdict.form == FORM_STREAM)
        return as_stream(respond, made, id, verdict);
    if (verdict.form == FORM_LATE)
        answer_template_apply(&respond->late, &made->late, id, &verdict);
    else if (!respond->output)
        answer_template_apply(&respond->answer, &made->answer, id, &verdict);
    return verdict;
}
