/* From a route file to a generation that can be started: the snapshot, its sockets and the texts of
 * its certificates. Everything that needs a file happens here, in the supervisor, because listeners
 * open none. */
#include "server/generation.h"

#include "base/log.h"
#include "config/load.h"
#include "server/cli.h"
#include "server/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEM_MAX = 256 * 1024 };

static char *read_all(int fd, size_t size)
{
    char *text = malloc(size + 1);
    size_t length = 0;
    while (text && length < size) {
        ssize_t got = read(fd, text + length, size - length);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    if (text)
        text[length] = '\0';
    return text;
}

/* A PEM file as text. A key that others can read is refused; its group may (ssl-cert). */
static char *read_pem(const char *path, bool is_key, struct error *err)
{
    struct stat what;
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &what) != 0)
        error_set_errno(err, errno, "cannot read %s", path);
    else if (!S_ISREG(what.st_mode) || what.st_size > PEM_MAX)
        error_set(err, "%s is not a PEM file", path);
    else if (is_key && (what.st_mode & S_IRWXO))
        error_set(err, "%s can be read by others: chmod o= it", path);
    else if (!(text = read_all(fd, (size_t)what.st_size)))
        error_set(err, "no memory for %s", path);
    if (fd >= 0)
        close(fd);
    return text;
}

static bool load_pair(const struct tls_settings *tls, struct listen_socket *socket,
                      struct error *err)
{
    const char *warning = NULL;
    socket->certificate_pem = read_pem(tls->certificate, false, err);
    socket->key_pem = socket->certificate_pem ? read_pem(tls->key, true, err) : NULL;
    if (!socket->key_pem)
        return false;
    if (!tls_check_pair(socket->certificate_pem, socket->key_pem, err, &warning))
        return error_prefix(err, "%s", tls->certificate);
    if (warning)
        log_write(LOG_WARNING, "certificate", log_text("file", tls->certificate),
                  log_text("reason", warning));
    return true;
}

static unsigned same_address_before(const struct listen_settings *listen, size_t index)
{
    unsigned count = 0;
    for (size_t i = 0; i < index; i++)
        count += strcmp(listen[i].address, listen[index].address) == 0;
    return count;
}

static bool generation_open_sockets(struct generation *generation, struct socket_table *table,
                                    struct error *err)
{
    const struct section_list *list = &generation->settings->server.listen;
    const struct listen_settings *listen = list->items;
    generation->sockets = calloc(list->count, sizeof *generation->sockets);
    if (!generation->sockets)
        return error_set(err, "no memory");
    for (size_t i = 0; i < list->count; i++) {
        struct open_socket *opened =
            socket_table_open(table, listen[i].address, same_address_before(listen, i), err);
        if (!opened)
            return false;
        struct listen_socket *socket = &generation->sockets[generation->socket_count++];
        *socket = (struct listen_socket){
            .fd = opened->fd, .local = opened->local, .tls = !listen[i].tls.off};
        if (socket->tls && !load_pair(&listen[i].tls, socket, err))
            return false;
    }
    return true;
}

static unsigned listeners_wanted(const struct settings *settings)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t wanted = settings->server.listeners ? settings->server.listeners : cores;
    return wanted < 1 ? 1 : wanted > 64 ? 64 : (unsigned)wanted;
}

struct generation *generation_create(const char *file, struct socket_table *table,
                                     struct problem_list *problems, struct error *err)
{
    struct generation *generation = calloc(1, sizeof *generation);
    if (!generation) {
        error_set(err, "no memory");
        return NULL;
    }
    generation->settings = settings_load(file, &program_registry, problems);
    if (!generation->settings)
        error_set(err, "%s has errors", file);
    socket_table_unmark(table);
    if (!generation->settings || !generation_open_sockets(generation, table, err)) {
        generation_destroy(generation);
        return NULL;
    }
    generation->listeners = listeners_wanted(generation->settings);
    return generation;
}
