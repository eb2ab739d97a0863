/* What a request says in its target, decoded: the parameters of its query, and the text that each
 * {name} segment of its route's path stands for. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_QUERY_H
#define TENTERHOOK_HANDLERS_CONTENT_QUERY_H

#include "handlers/content/form.h"
#include "handlers/request.h"

struct field_list {
    struct form_field *items; /* in the request's arena */
    size_t count;
};

/* Takes the next parameter, as sent and not empty, off the front of a query. */
bool query_take_parameter(struct bytes *query, struct bytes *parameter);

/* The parameters in their order, decoded as a form is; what is not well encoded stays as it was
 * sent, and what is not UTF-8 in a value becomes U+FFFD. Parameters that authenticate are among
 * them: route_read_target() leaves those out. False: the arena is full, or there is no memory. */
bool query_fields(const struct request *request, struct field_list *fields);

/* The {name} segments of the path of request->route, which must be set, in their order. What a
 * trailing slash-star stands for has no name, and is none of them. False: the arena is full. */
bool path_fields(const struct request *request, struct field_list *fields);

/* The field of that name; `*count` gets how many there are. Empty span if there is none. */
struct bytes field_list_find(const struct field_list *fields, struct bytes name, size_t *count);

/* The fields as a JSON object (form_append_json) in `arena`; an empty span where there are none.
 * False: the arena is full, or there is no memory. */
bool field_list_json(const struct field_list *fields, struct arena *arena, struct bytes *json);

#endif
