/* The table of kinds, made of the rows in signature_kind.h. */
#include "handlers/provider/signature_kind.h"

#define SIGNATURE_KIND_ENTRY(name) &name##_kind,
#define SIGNATURE_KIND_NAME(name) #name,

const struct signature_kind *const signature_kinds[] = {SIGNATURE_KINDS(SIGNATURE_KIND_ENTRY)};
const char *const signature_kind_names[] = {SIGNATURE_KINDS(SIGNATURE_KIND_NAME) NULL};
