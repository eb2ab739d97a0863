/* Labels of internationalized host names (RFC 5890). */
#ifndef TENTERHOOK_SCHEMA_IDN_LABEL_H
#define TENTERHOOK_SCHEMA_IDN_LABEL_H

#include "base/bytes.h"

/* What the labels of a name make up together. Zeroed at the beginning. */
struct idn_name {
    size_t length; /* in ASCII, with a dot behind each label */
    bool right_to_left, digit_first;
};

/* A label with characters outside of ASCII; adds it to the name. */
bool idn_u_label_valid(struct bytes label, struct idn_name *name);

/* A label that begins with "xn--". */
bool idn_a_label_valid(struct bytes label);

bool idn_is_ascii(struct bytes text);

#endif
