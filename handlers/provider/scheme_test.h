/* Tests of single values of a request: in `require`, and in challenges. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SCHEME_TEST_H
#define TENTERHOOK_HANDLERS_PROVIDER_SCHEME_TEST_H

#include "handlers/provider/scheme.h"

extern const struct row_section scheme_test_section; /* of struct scheme_test */

bool scheme_test_holds(struct signed_source *source, const struct scheme_test *test);

#endif
