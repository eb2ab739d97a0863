/* What an operator's program sends to the supervisor, which may be root. */
#include "server/ipc/operator_request.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct operator_request request;
    struct error why;
    if (!operator_request_read(bytes_of(data, size), &request, &why)) {
        assert(why.text[0]);
        return 0;
    }
    const char *const texts[] = {request.verb, request.journal, request.id};
    for (size_t i = 0; i < 3; i++)
        assert(strlen(texts[i]) < size);
    return 0;
}
