/* A scheme as a section of the configuration. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SCHEME_SECTION_H
#define TENTERHOOK_HANDLERS_PROVIDER_SCHEME_SECTION_H

#include "config/load.h"

extern const struct row_section scheme_section; /* of struct scheme */

#endif
