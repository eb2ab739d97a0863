/* The address of a request as its sender knows it, and addresses taken apart. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_URL_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_URL_H

#include "handlers/provider/signature_state.h"

/* The address that the sender knows. Without public_url the Host header has to do. */
struct bytes signature_url(const struct request *request);
struct url_parts {
    struct bytes scheme, authority, path, query; /* query: no data where there is no "?" */
};
/* All empty where it is no address with a scheme; its fragment has been cut off before. */
struct url_parts url_parts_of(struct bytes url);
/* Path and query as a request line has them; no data: no memory. */
struct bytes url_parts_target(const struct url_parts *parts, struct arena *arena);
struct url_parts signature_url_split(const struct request *request);
/* Fills in state->urls: the spellings that the scheme tries. */
void signature_take_urls(struct signature_state *state);

#endif
