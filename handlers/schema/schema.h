/* JSON Schema: drafts 2020-12, 2019-09, 07, 06 and 04, compiled once and evaluated without
 * allocation. A library of its own: it knows nothing of routes, files or networks. Documents come
 * parsed (json-c values, whose big integers end in JSON_BIG_SUFFIX, see value.h), and what they
 * refer to comes from the caller's resolver. */
#ifndef TENTERHOOK_SCHEMA_SCHEMA_H
#define TENTERHOOK_SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

struct json_object;

enum schema_draft {
    SCHEMA_DRAFT_DEFAULT, /* the newest */
    SCHEMA_DRAFT_4,
    SCHEMA_DRAFT_6,
    SCHEMA_DRAFT_7,
    SCHEMA_DRAFT_2019_09,
    SCHEMA_DRAFT_2020_12
};

/* "2020-12", "2019-09", "07" or "7", "06", "04", or the URI of the meta-schema. False if it is no
 * draft that this engine knows. */
bool schema_draft_find(const char *name, enum schema_draft *draft);

/* ---- compiling ---- */

struct schema_options {
    enum schema_draft draft; /* of documents that name none by `$schema` */
    bool assert_formats;     /* else `format` says nothing about validity */
    /* The document of an absolute URI (no fragment) that is neither loaded nor a published
     * meta-schema. Returns an owned value, or NULL after writing why. NULL: there are none. */
    struct json_object *(*resolve)(void *context, const char *uri, struct error *err);
    void *context;
};

/* A mistake in a schema. Texts live as long as the library. */
struct schema_fault {
    const char *document; /* its URI as given */
    const char *pointer;  /* a JSON pointer (RFC 6901) into it */
    const char *sentence;
    const struct schema_fault *next;
};

enum { SCHEMA_FAULTS_MAX = 20 };

/* Documents that may refer to each other. Needed while compiling only. */
struct schema_library;
/* A compiled schema: immutable, owns all it needs. */
struct schema;

struct schema_library *schema_library_create(const struct schema_options *options);
void schema_library_destroy(struct schema_library *library);

/* Checks `document`, known as `uri`, against its meta-schema and compiles it with all it refers to.
 * The library keeps its own reference. A URI stands for its first document. NULL with faults. */
struct schema *schema_compile(struct schema_library *library, const char *uri,
                              struct json_object *document);
void schema_destroy(struct schema *schema);

/* The mistakes that the last schema_compile found, a list in that order, at most
 * SCHEMA_FAULTS_MAX: never NULL after it failed. */
const struct schema_fault *schema_faults(const struct schema_library *library);

/* Bytes of the compiled program with its patterns, without the values of const and enum. */
size_t schema_size(const struct schema *schema);

/* ---- evaluating ---- */

struct schema_limits {
    size_t steps;       /* of one evaluation: schemas applied to values, and what costs as much */
    unsigned depth;     /* of schemas within schemas */
    size_t stack;       /* bytes (0: 2 MiB); at most half of what there may be (RLIMIT_STACK) */
    size_t scratch;     /* bytes for uniqueItems and unevaluated* */
    int64_t pattern_ms; /* processor time in all patterns of one evaluation */
};

extern const struct schema_limits schema_limits_default;

enum schema_verdict {
    SCHEMA_VALID,
    SCHEMA_INVALID,
    SCHEMA_ABANDONED /* past a limit: to be refused; schema_abandon_reason says which */
};

/* The memory of evaluations, one at a time. One for each thread; any schema. */
struct schema_evaluator;

struct schema_evaluator *schema_evaluator_create(const struct schema_limits *limits);
void schema_evaluator_destroy(struct schema_evaluator *evaluator);

/* The verdict, as fast as can be. Allocates nothing (but libidn2 does, for host names and e-mail
 * addresses with labels outside ASCII, "xn--" ones included). */
enum schema_verdict schema_evaluate(struct schema_evaluator *evaluator, const struct schema *schema,
                                    struct json_object *value);

/* After SCHEMA_ABANDONED: a constant sentence. */
const char *schema_abandon_reason(const struct schema_evaluator *evaluator);

/* One reason for a refusal. Locations are JSON pointers, except for `absolute`; those longer than
 * 4 KiB are cut and end in U+2026. */
struct schema_failure {
    const char *instance; /* "/repository/id" */
    const char *keyword;  /* "type"; "" for the schema `false` */
    const char *schema;   /* as walked: "/properties/repository/$ref/properties/id/type" */
    const char *absolute; /* "push.json#/definitions/repository/properties/id/type" */
    const char *sentence; /* "must be an integer, it is a string"; never holds a value sent */
};

enum { SCHEMA_FAILURES_MAX = 10 };

struct schema_failures {
    struct schema_failure items[SCHEMA_FAILURES_MAX];
    size_t count;
};

/* Evaluates again and says why it failed, at most ten times and at least once unless it is valid;
 * texts live in the arena. May give up where schema_evaluate did not, and then says so. */
enum schema_verdict schema_explain(struct schema_evaluator *evaluator, const struct schema *schema,
                                   struct json_object *value, struct arena *arena,
                                   struct schema_failures *failures);

/* The standard "basic" output as JSON text. False when the buffer is full. */
bool schema_write_basic(struct buffer *out, enum schema_verdict verdict,
                        const struct schema_failures *failures);

#endif
