/* A registry for tests of config/ alone: kinds shaped as the real ones are, that do nothing. */
#ifndef TENTERHOOK_TESTS_FAKE_REGISTRY_H
#define TENTERHOOK_TESTS_FAKE_REGISTRY_H

#include "config/settings.h"

struct fake_token {
    const char *header;
    struct secret_list value;
};

struct fake_command {
    struct text_list argv;
    struct text_map env;
    int64_t timeout_ms;
    int std_in;
};

struct fake_provider {
    struct secret_list secrets; /* first */
    const char *name;
};

struct fake_part {
    const char *label;
    bool finished;
};

extern const struct registry fake_registry;
extern const struct row_section fake_route_keys, fake_top_part, fake_action_part;

#endif
