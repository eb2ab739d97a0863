/* What a reload brings is said too, so that a port 0 is known. Standard output has it for scripts;
 * where systemd's journal reads that too, the line of the log is enough. */
#include "server/process/addresses.h"

#include "server/ipc/log_events.h"

#include <stdio.h>
#include <unistd.h>

/* Of sockets that the configuration before served too; new ones have been given theirs. */
void addresses_open(const struct generation *generation, const struct socket_table *table)
{
    const struct section_list *list = &generation->settings->server.listen;
    const struct listen_settings *listen = list->items;
    struct error why;
    for (size_t i = 0; i < list->count; i++)
        for (size_t s = 0; s < table->count; s++)
            if (table->items[s].fd == generation->sockets[i].fd &&
                !socket_set_access(&table->items[s], (mode_t)listen[i].mode, listen[i].group, &why))
                log_write(LOG_SOCKET_FAILED, log_text("address", listen[i].address),
                          log_text("reason", why.text));
}

void addresses_print(const struct generation *generation, struct socket_table *table)
{
    const struct section_list *list = &generation->settings->server.listen;
    const struct listen_settings *listen = list->items;
    char text[SOCKET_ADDRESS_MAX + 64];
    for (size_t i = 0; i < list->count; i++) {
        for (size_t s = 0; s < table->count; s++) {
            struct open_socket *socket = &table->items[s];
            if (socket->fd != generation->sockets[i].fd || socket->said)
                continue;
            socket->said = true;
            socket_describe(socket, !listen[i].tls.off, text, sizeof text);
            if (!log_is_journald(STDOUT_FILENO))
                printf("listening on %s\n", text);
            log_write(LOG_LISTENING, log_text("address", text));
        }
    }
    fflush(stdout);
}
