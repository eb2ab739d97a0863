/* What a configuration needs of the machine: certificates and keys, the user to become, the
 * journal's directory, memory. Used by `check`, and before a generation is started. */
#ifndef TENTERHOOK_SERVER_PROCESS_PREFLIGHT_H
#define TENTERHOOK_SERVER_PROCESS_PREFLIGHT_H

#include "config/file.h"
#include "config/settings.h"

struct listen_socket;

/* Reads and checks the pair of a listening address into `socket`, which owns the contents. False
 * after reporting at its place; a pair that works but has a fault gets a warning. */
bool preflight_read_pair(const struct tls_settings *tls, struct listen_socket *socket,
                         struct problem_list *problems);

/* Whether server.user can be become. False after reporting. */
bool preflight_check_user(const struct settings *settings, struct problem_list *problems);

/* Whether the groups of unix sockets exist. False after reporting. */
bool preflight_check_groups(const struct settings *settings, struct problem_list *problems);

/* Whether this process can give the processes of all actions the users and limits that they are to
 * have. False after reporting; what somebody else could give, who `serves`, is only a warning if we
 * do not. */
bool preflight_check_actions(const struct settings *settings, bool serves,
                             struct problem_list *problems);

/* Warns at its place of a unix socket that every user can reach and whose peers are believed. */
void preflight_warn_public(const struct listen_settings *listen, struct problem_list *problems);

/* Fits server.body_memory to the available memory; warns where that is not possible. */
void preflight_fit_memory(struct settings *settings, struct problem_list *problems);

/* Whether the user of the server can write the journal, as far as it and its directory exist. False
 * with a sentence that names the owner and the remedy. */
bool preflight_journal_is_writable(const struct settings *settings, struct error *err);
/* The same, as a problem of the kind `unwritable`; whether the directory is there, and
 * journal.min_free, as warnings. */
void preflight_warn_journal(const struct settings *settings, enum problem_kind unwritable,
                            struct problem_list *problems);

/* Warns of programs, directories and FIFOs that the user of an action cannot use. */
void preflight_warn_places(const struct settings *settings, struct problem_list *problems);

/* Who runs the server, as a name or a number, if root starts it or this user does; `text` has room
 * for PREFLIGHT_USER_MAX. False where nobody knows: this user is not root, and the route file names
 * another one. */
enum { PREFLIGHT_USER_MAX = FILE_USER_MAX };
bool preflight_find_user(const struct settings *settings, char text[PREFLIGHT_USER_MAX]);

/* All of them; without `with_keys` the private keys are not read. `unwritable`: an error where the
 * server will be started just so, a warning where somebody else may start it. */
void preflight_check(struct settings *settings, bool with_keys, enum problem_kind unwritable,
                     struct problem_list *problems);

#endif
