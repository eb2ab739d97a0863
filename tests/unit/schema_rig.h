/* What the tests of the schema engine share: texts in, verdicts, faults and failures out. */
#ifndef TENTERHOOK_TESTS_SCHEMA_RIG_H
#define TENTERHOOK_TESTS_SCHEMA_RIG_H

#include "base/buffer.h"
#include "handlers/schema/schema.h"

/* Documents that references lead to; until uri is NULL. */
struct rig_document {
    const char *uri, *text;
};

struct rig {
    struct schema_options options;
    const struct rig_document *documents; /* may be NULL */
    const struct schema_limits *limits;   /* NULL: the usual ones */
    struct schema_library *library;
    struct schema_evaluator *evaluator;
};

/* `rig->options` (draft, assert_formats) and `rig->documents` are set before. */
void rig_init(struct rig *rig);
void rig_finish(struct rig *rig);

/* The value, the caller's (json_object_put). A text that is none fails the test. */
struct json_object *rig_parse(const char *text);

/* NULL with faults in the library. */
struct schema *rig_compile(struct rig *rig, const char *uri, const char *text);

/* One schema on its own: the verdict. One that does not compile fails the test. */
enum schema_verdict rig_judge(enum schema_draft draft, bool formats, const char *schema,
                              const char *value);

/* All faults, a line each: "document#pointer: sentence". */
void rig_write_faults(const struct rig *rig, struct buffer *out);

/* The failures of a value, a line each: "instance keyword schema: sentence"; "valid" if there is
 * none. */
void rig_explain(struct rig *rig, const struct schema *schema, const char *value,
                 struct buffer *out);

/* Fails the test unless the buffer holds this text; empties it. */
void rig_expect(struct buffer *out, const char *what, const char *expected);

/* The suite of this one case. */
struct Suite;
struct TCase;
struct Suite *rig_suite(const char *name, struct TCase *all);

#endif
