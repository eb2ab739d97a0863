/* What a route file says, as digests: which of its keys differ from those of another run can be
 * told from them, and not what they say. */
#ifndef TENTERHOOK_CONFIG_PRINTS_H
#define TENTERHOOK_CONFIG_PRINTS_H

#include <stddef.h>
#include <stdint.h>

enum { FILE_PRINT_SIZE = 65, KEY_PRINT_BYTES = 8 };

/* A file of the configuration, the main one first. */
struct file_print {
    const char *path;             /* absolute */
    char sha256[FILE_PRINT_SIZE]; /* of its bytes, in hex */
};

/* A key with its value, as it holds after `defaults`; or the contents of a file that was read for
 * one. */
struct key_print {
    const char *route; /* NULL: a key of a section of the top level, or a file */
    const char *key;   /* "rate_limit", "actions.deploy"; "server.commands"; an absolute path */
    uint8_t digest[KEY_PRINT_BYTES];
};

struct settings_prints {
    struct file_print *files;
    size_t file_count;
    struct key_print *keys; /* those of one route follow each other, in file order */
    size_t key_count, key_capacity;
};

#endif
