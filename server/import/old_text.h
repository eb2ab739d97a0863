/* What a hooks file is before it is YAML: a Go template (the flag -template), and perhaps JSON with
 * comments in it. */
#ifndef TENTERHOOK_SERVER_IMPORT_OLD_TEXT_H
#define TENTERHOOK_SERVER_IMPORT_OLD_TEXT_H

#include "base/arena.h"
#include "server/import/report.h"

enum { OLD_ACTIONS_MAX = 1000 };

/* A template action that stands for a secret: {{ getenv "NAME" | js }} is {env: NAME}. */
struct old_action {
    const char *kind; /* "env", "file" or "credential"; NULL: another action */
    struct bytes name;
};

struct old_template {
    struct old_action *actions;
    size_t count;
};

/* Replaces each action of the template by a mark. False after reporting what no import can say:
 * conditions, loops, variables. */
bool old_template_read(struct bytes text, struct arena *arena, struct import_report *report,
                       struct old_template *found, struct bytes *marked);

/* Whether a value holds a mark. */
bool old_template_is_in(struct bytes value);

/* The action if the value is the mark of one that stands for a secret, and nothing else; or NULL.
 */
const struct old_action *old_template_action(const struct old_template *found, struct bytes value);

/* JSON with its comments (from // to the end of the line, and between slash-stars) as blanks. Text
 * that does not begin as JSON, or has no comment, is returned as it is. */
struct bytes old_text_without_comments(struct bytes text, struct arena *arena);

#endif
