/* What `init` has found out, and the files that it makes of that. Nothing is written before
 * init_files_write. */
#ifndef TENTERHOOK_SERVER_CLI_INIT_FILES_H
#define TENTERHOOK_SERVER_CLI_INIT_FILES_H

#include "base/arena.h"
#include "base/buffer.h"
#include "handlers/provider/signature_plan.h"

#include <sys/types.h>

enum { INIT_FILES_MAX = 8, INIT_WORDS_MAX = 32 };

/* Of which kind a file is decides its mode, and whether its content is shown. */
enum init_file_kind { INIT_PLAIN, INIT_SECRET, INIT_PROGRAM };

struct init_file {
    const char *path;    /* absolute */
    const char *purpose; /* for a person */
    enum init_file_kind kind;
    struct buffer content; /* wiped by init.c */
    bool is_there;         /* before: it is kept as it is */
};

/* A command line, which is printed and may be run. */
struct init_line {
    const char *words[INIT_WORDS_MAX + 1]; /* NULL behind the last */
    size_t count;
};

struct init {
    struct arena arena;
    /* found out */
    const char *directory; /* absolute */
    const char *host;      /* as senders know this machine */
    int64_t port;
    bool is_installed;       /* the directory is the package's, and systemd runs the server */
    bool has_server_user;    /* root: these are the ids of the user that the server becomes */
    bool server_group_reads; /* its group is its own, and may read secrets */
    uid_t server_uid;
    gid_t server_gid;
    const char *journal;
    /* the certificate */
    const char *lineage;           /* certbot's directory of it; NULL: one is made */
    const char *lineage_closed;    /* one that only others may read; NULL: none */
    const char *certificate, *key; /* as the route file names them */
    const char *ca; /* absolute, of the one that is made; NULL: senders know who signed */
    /* the provider */
    const struct scheme *scheme;
    struct text_map parameters;
    struct signature_plan plan;
    bool needs_public_url;
    const char *secret;      /* absolute path; NULL: it has none */
    const char *private_key; /* absolute path of the key that test messages are signed with */
    struct init_file files[INIT_FILES_MAX];
    size_t file_count;
    /* what is left to do: start the server, send a test event, list the events */
    struct init_line start, send, list;
};

/* Adds a file of that name in the directory; NULL without memory or room. */
struct init_file *init_add(struct init *init, const char *name, enum init_file_kind kind,
                           const char *purpose);

/* Makes the directories and writes the files that are not there, the route file last. False with a
 * sentence; what has been written stays, and is kept the next time. */
bool init_files_write(struct init *init, struct error *err);

#endif
