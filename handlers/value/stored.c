/* The texts of the journal were made by this program, but a journal can be changed by hand: nothing
 * here believes them more than it must, and what cannot be read is missing. */
#include "handlers/value/stored.h"

#include "handlers/content/json.h"

/* An object that the guard lets pass, or none. */
static struct bytes checked_object(struct bytes json)
{
    struct json_fault fault;
    bool good = json.length > 0 && json.data[0] == '{' &&
                json_check(json, &json_limits_default, NULL, &fault);
    return good ? json : bytes_of(NULL, 0);
}

void value_context_of_stored(struct value_context *context, const struct stored_values *stored)
{
    *context = (struct value_context){
        .headers = checked_object(stored->headers),
        .query = checked_object(stored->query),
        .params = checked_object(stored->params),
        .payload = stored->payload,
        .form_text = stored->form_text,
        .parts = stored->parts,
        .id = stored->id,
        .type = stored->type,
        .delivery = stored->delivery,
        .received = stored->received,
        .attempt = stored->attempt,
        .client = stored->client,
        .method = stored->method,
        .path = stored->path,
        .host = stored->host,
        .route = stored->route,
        .action = stored->action,
    };
}
