/* The named values of a request: headers, the query, what the {name}s of the path stand for. */
#ifndef TENTERHOOK_HANDLERS_VALUE_REQUEST_VALUES_H
#define TENTERHOOK_HANDLERS_VALUE_REQUEST_VALUES_H

#include "handlers/request.h"

/* All values of a header joined with ", ", in `room` of request_header_room bytes or where the only
 * one lies. data NULL: there is no such header. */
size_t request_header_room(const struct request *request, struct bytes name);
void request_header_joined(const struct request *request, struct bytes name, uint8_t *room,
                           struct bytes *value);

/* How many parameters of the query have that name once they are decoded, and the decoded value of
 * the first in `room` of twice the length of the query. A name or a value whose escapes are none is
 * taken as it was sent. */
size_t request_query_decoded(const struct request *request, struct bytes name, uint8_t *room,
                             struct bytes *value);

/* The segment of the path for which {name} stands in the path of the route; data NULL: none. */
struct bytes request_path_param(const struct request *request, struct bytes name);

#endif
