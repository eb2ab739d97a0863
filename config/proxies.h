/* What stands between senders and the server: proxies, and the health check. */
#ifndef TENTERHOOK_CONFIG_PROXIES_H
#define TENTERHOOK_CONFIG_PROXIES_H

#include "config/load_context.h"

/* Rows' readers: `trusted_proxies` and `health` of the server. */
bool load_trusted_proxies(struct load *load, const struct node *node, const struct row *row,
                          void *field);
bool load_health(struct load *load, const struct node *node, const struct row *row, void *field);
/* When all of `server` is read. False after a problem. */
bool load_check_proxies(struct load *load, const struct node *node, struct server_settings *server);
/* When the routes are read too. */
void load_check_clients(struct load *load);
void load_check_health(struct load *load);

#endif
