/* The headers of all that readers of rows and finish functions may call while a file is loaded:
 * problems and memory (load_context.h), sections (section.h), values of rows (values.h, scalar.h).
 */
#ifndef TENTERHOOK_CONFIG_LOAD_H
#define TENTERHOOK_CONFIG_LOAD_H

#include "config/load_context.h"
#include "config/nearest.h"
#include "config/scalar.h"
#include "config/secret_source.h"
#include "config/section.h"
#include "config/values.h"

#endif
