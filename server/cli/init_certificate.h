/* The certificate of a first route file: that of certbot, or one of our own. */
#ifndef TENTERHOOK_SERVER_CLI_INIT_CERTIFICATE_H
#define TENTERHOOK_SERVER_CLI_INIT_CERTIFICATE_H

#include "server/cli/init_files.h"

/* The certificate of certbot below `live` that is for init->host (NULL: for this machine, or the
 * first one), if there is one. Sets lineage, host if it was NULL (NULL still: no memory), and
 * lineage_closed. */
void init_find_certificate(struct init *init, const char *live);

/* Adds its files, if it is not certbot's own that are named. False with a sentence. */
bool init_make_certificate(struct init *init, struct error *err);

#endif
