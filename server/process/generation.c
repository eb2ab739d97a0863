/* From a route file to a generation that can be started: the snapshot, its sockets and the contents
 * of its certificates. Everything that needs a file happens here, in the supervisor, because
 * listeners open none; one run finds all problems. */
#include "server/process/generation.h"

#include "config/address.h"
#include "config/loader.h"
#include "server/process/preflight.h"

#include <stdlib.h>
#include <unistd.h>

static unsigned same_address_before(const struct listen_settings *listen, size_t index)
{
    unsigned count = 0;
    for (size_t i = 0; i < index; i++)
        count += strcmp(listen[i].address, listen[index].address) == 0;
    return count;
}

/* [::] takes IPv4 too, as people expect who name it alone; but not where the file has an IPv4
 * address with the same port, which could not be bound beside it. */
static bool wants_v6_only(const struct section_list *list, size_t index)
{
    const struct listen_settings *listen = list->items;
    struct listen_address own, other;
    if (!listen_address_parse(listen[index].address, &own, NULL) || own.kind != LISTEN_TCP)
        return true;
    for (size_t i = 0; own.port != 0 && i < list->count; i++)
        if (listen[i].address[0] != '[' && listen_address_parse(listen[i].address, &other, NULL) &&
            other.kind == LISTEN_TCP && other.port == own.port)
            return true;
    return false;
}

/* One address of the file; what is wrong with it is reported at its place. */
static bool open_address(struct generation *generation, struct socket_table *table, size_t index,
                         struct problem_list *problems)
{
    const struct section_list *list = &generation->settings->server.listen;
    const struct listen_settings *listen = list->items;
    struct error err;
    struct open_socket *opened =
        socket_table_open(table, listen[index].address, same_address_before(listen, index),
                          wants_v6_only(list, index), &err);
    /* one that serves already keeps its mode until the new configuration takes over */
    if (!opened || (!opened->said && !socket_set_access(opened, (mode_t)listen[index].mode,
                                                        listen[index].group, &err))) {
        problems->unreadable = true;
        settings_problem(problems, PROBLEM_ERROR, &listen[index].at, "%s", err.text);
        return false;
    }
    struct listen_socket *socket = &generation->sockets[generation->socket_count++];
    *socket = (struct listen_socket){.fd = opened->fd,
                                     .local = opened->local,
                                     .tls = !listen[index].tls.off,
                                     .proxy_protocol =
                                         listen[index].proxy_protocol == PROXY_PROTOCOL_REQUIRED};
    if (generation->settings->server.trusted_proxies.local && socket_is_public(opened))
        preflight_warn_public(&listen[index], problems);
    /* the file's own addresses were judged when it was read; what systemd passes is seen here */
    if (!socket->tls && listen[index].plaintext != PLAINTEXT_ACCEPT &&
        socket_is_reachable(opened)) {
        settings_problem(problems, PROBLEM_ERROR, &listen[index].at,
                         "\"tls: off\" on %s, which other machines can reach: set a certificate, "
                         "or \"plaintext: accept\"",
                         listen[index].address);
        return false;
    }
    return !socket->tls || preflight_read_pair(&listen[index].tls, socket, problems);
}

static bool generation_open_sockets(struct generation *generation, struct socket_table *table,
                                    struct problem_list *problems, struct error *err)
{
    size_t count = generation->settings->server.listen.count;
    bool ok = preflight_check_user(generation->settings, problems);
    ok = preflight_check_groups(generation->settings, problems) && ok;
    ok = preflight_check_actions(generation->settings, true, problems) && ok;
    preflight_warn_places(generation->settings, problems);
    generation->sockets = calloc(count, sizeof *generation->sockets);
    if (!generation->sockets)
        return error_set(err, "no memory");
    for (size_t i = 0; i < count; i++)
        ok = open_address(generation, table, i, problems) && ok;
    return ok || error_set(err, "%s cannot be served", generation->settings->file);
}

static unsigned listeners_wanted(const struct settings *settings)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t wanted = settings->server.listeners ? settings->server.listeners : cores;
    return wanted < 1 ? 1 : wanted > 64 ? 64 : (unsigned)wanted;
}

struct generation *generation_create(const char *file, const struct registry *registry,
                                     struct socket_table *table, struct problem_list *problems,
                                     struct error *err)
{
    struct generation *generation = calloc(1, sizeof *generation);
    if (!generation) {
        error_set(err, "no memory");
        return NULL;
    }
    generation->settings = settings_load(file, registry, problems);
    if (!generation->settings)
        error_set(err, "%s has errors", file);
    else
        preflight_fit_memory(generation->settings, problems);
    socket_table_unmark(table);
    if (!generation->settings || !generation_open_sockets(generation, table, problems, err)) {
        generation_destroy(generation);
        return NULL;
    }
    generation->listeners = listeners_wanted(generation->settings);
    return generation;
}
