/* What a configuration needs of the machine besides itself: certificates and keys, the user to
 * become, the journal's directory, memory. For `check`, and before a generation is started. */
#ifndef TENTERHOOK_SERVER_PROCESS_PREFLIGHT_H
#define TENTERHOOK_SERVER_PROCESS_PREFLIGHT_H

#include "config/settings.h"

struct listen_socket;

/* Reads and checks the pair of a listening address into `socket`, which owns the texts. False after
 * reporting at its place; what works but should be looked at is a warning. */
bool preflight_read_pair(const struct tls_settings *tls, struct listen_socket *socket,
                         struct problem_list *problems);

/* Whether server.user can be become. False after reporting. */
bool preflight_check_user(const struct settings *settings, struct problem_list *problems);

/* Whether the groups of unix sockets are there. False after reporting. */
bool preflight_check_groups(const struct settings *settings, struct problem_list *problems);

/* Warns at its place of a unix socket whose users are believed and that everybody can reach. */
void preflight_warn_public(const struct listen_settings *listen, struct problem_list *problems);

/* Fits server.body_memory to the memory that there is; warns where that cannot be. */
void preflight_fit_memory(struct settings *settings, struct problem_list *problems);

/* Whether whoever will run the server can write the journal, as far as it and its directory are
 * there. False with a sentence about whose it is and what to do. */
bool preflight_journal_is_writable(const struct settings *settings, struct error *err);
/* The same, whether the directory is there, and journal.min_free, as warnings. */
void preflight_warn_journal(const struct settings *settings, struct problem_list *problems);

/* All of them; without `with_keys` the private keys are not read. */
void preflight_check(struct settings *settings, bool with_keys, struct problem_list *problems);

#endif
