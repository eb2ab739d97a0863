/* The hooks of a file of the `webhook` program, as that program understands them. */
#ifndef TENTERHOOK_SERVER_IMPORT_OLD_HOOK_H
#define TENTERHOOK_SERVER_IMPORT_OLD_HOOK_H

#include "server/import/old_text.h"
#include "server/import/old_tree.h"

enum { OLD_HOOKS_MAX = 10000, OLD_RULE_DEPTH_MAX = 16 };

/* Text that may be a secret: then it may stand for a template action. */
struct old_secret {
    struct bytes text;
    const struct old_action *action; /* NULL: `text` itself */
};

/* Where a value of the request is (source, name), and what a command knows it as. */
struct old_value {
    struct bytes source, name, envname;
    bool base64decode;
    unsigned line, column;
};

struct old_values {
    struct old_value *items;
    size_t count;
};

struct old_header {
    struct bytes name, value;
};

struct old_headers {
    struct old_header *items;
    size_t count;
};

struct old_names {
    struct bytes *items;
    size_t count;
};

enum old_rule_kind {
    OLD_AND,
    OLD_OR,
    OLD_NOT,
    OLD_MATCH,
    OLD_NEVER /* a rule without any of them: it never holds */
};

struct old_rule {
    enum old_rule_kind kind;
    struct old_rule **children;
    size_t count;
    struct bytes type, regex, ip_range; /* of a match */
    struct old_secret value, secret;
    struct old_value parameter;
    unsigned line, column;
};

struct old_hook {
    struct bytes id, command, directory, message, content_type;
    int64_t success, mismatch; /* HTTP statuses; 0: not given */
    bool output, output_on_error, soft_failures;
    struct old_headers headers;
    struct old_names methods;
    struct old_values arguments, environment, files, json;
    struct old_rule *rule; /* NULL: every request triggers it */
    unsigned line, column;
    bool is_broken; /* something was reported that leaves it out */
};

struct old_hooks {
    struct old_hook *items;
    size_t count;
};

/* Reads the hooks that the tree lists; what cannot be read is reported. False: it is no list. */
bool old_hooks_read(const struct old_node *root, const struct old_template *actions,
                    struct arena *arena, struct import_report *report, struct old_hooks *hooks);

#endif
