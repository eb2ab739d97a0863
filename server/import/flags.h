/* The command line of the `webhook` program: what it says belongs into the route file too. */
#ifndef TENTERHOOK_SERVER_IMPORT_FLAGS_H
#define TENTERHOOK_SERVER_IMPORT_FLAGS_H

#include "base/error.h"
#include "server/import/old_hook.h"

enum { IMPORT_FILES_MAX = 64, FLAG_HEADERS_MAX = 64, FLAG_METHODS_MAX = 16, REMARKS_MAX = 32 };

struct import_flags {
    const char *files[IMPORT_FILES_MAX]; /* of -hooks, and those given otherwise */
    size_t file_count;
    const char *prefix, *ip, *socket, *certificate, *key;
    unsigned port;
    bool is_template, is_secure;
    struct old_header headers[FLAG_HEADERS_MAX];
    size_t header_count;
    struct bytes methods[FLAG_METHODS_MAX];
    size_t method_count;
    const char *remarks[REMARKS_MAX]; /* what became of flags, each a sentence */
    size_t remark_count;
};

/* The program's defaults. */
void flags_init(struct import_flags *flags);

/* Reads `-flag value`, `-flag=value` and `--flag …` as Go's flag package does. The texts are
 * borrowed. False with a sentence. */
bool flags_read(struct import_flags *flags, size_t count, const char *const *words,
                struct error *err);
bool flags_add_file(struct import_flags *flags, const char *name, struct error *err);

/* The section `server:`, with comments. */
bool flags_write_server(const struct import_flags *flags, struct buffer *out);

#endif
