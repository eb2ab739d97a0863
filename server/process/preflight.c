/* The files are opened here, in the supervisor or by `check`, because listeners open none. Problems
 * are reported at the place in the route file that names the file. */
#include "server/process/preflight.h"

#include "base/secret.h"
#include "base/units.h"
#include "config/file.h"
#include "server/http/tls_check.h"
#include "server/ipc/privilege.h"
#include "server/ipc/process.h"
#include "server/process/memory_limit.h"
#include "server/process/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEM_MAX = 256 * 1024, HOST_MAX = 256 };

/* ---- certificates ---- */

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

/* A key that others can read is refused; its group may (ssl-cert). */
static bool check_pem(int fd, const struct stat *what, const char *path, bool is_key,
                      struct error *warning, struct error *err)
{
    if (!S_ISREG(what->st_mode) || what->st_size > PEM_MAX)
        return error_set(err, "%s is not a PEM file", path);
    return !is_key ||
           file_secret_is_private(what, file_is_sealed(fd), FILE_CREDENTIAL, path, warning, err);
}

/* A PEM file as text. */
static char *read_pem(const char *path, bool is_key, struct error *warning, struct error *err)
{
    struct stat what;
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == EACCES)
        file_tell_denied(path, path, err);
    else if (fd < 0 || fstat(fd, &what) != 0)
        error_set_errno(err, errno, "cannot read %s", path);
    else if (check_pem(fd, &what, path, is_key, warning, err) &&
             !(text = read_all(fd, (size_t)what.st_size)))
        error_set(err, "no memory for %s", path);
    if (fd >= 0)
        close(fd);
    return text;
}

static bool report(struct problem_list *problems, const struct position *at,
                   const struct error *err)
{
    problems->unreadable = true;
    settings_problem(problems, PROBLEM_ERROR, at, "%s", err->text);
    return false;
}

/* The key is left alone where `with_key` is false: the certificate is judged by itself. */
static bool read_pair(const struct tls_settings *tls, bool with_key, struct listen_socket *socket,
                      struct problem_list *problems)
{
    struct tls_findings findings;
    struct error warning = {""}, err;
    socket->certificate_pem = read_pem(tls->certificate, false, &warning, &err);
    if (!socket->certificate_pem)
        return report(problems, &tls->certificate_at, &err);
    if (with_key && !(socket->key_pem = read_pem(tls->key, true, &warning, &err)))
        return report(problems, &tls->key_at, &err);
    if (warning.text[0])
        settings_problem(problems, PROBLEM_WARNING, &tls->key_at, "%s", warning.text);
    if (!tls_check_pair(socket->certificate_pem, socket->key_pem, &err, &findings)) {
        error_prefix(&err, "%s", tls->certificate);
        return report(problems, &tls->certificate_at, &err);
    }
    for (size_t i = 0; i < findings.count; i++)
        settings_problem(problems, PROBLEM_WARNING, &tls->certificate_at, "%s: %s",
                         tls->certificate, findings.items[i].text);
    return true;
}

bool preflight_read_pair(const struct tls_settings *tls, struct listen_socket *socket,
                         struct problem_list *problems)
{
    return read_pair(tls, true, socket, problems);
}

static void forget_pair(struct listen_socket *socket)
{
    if (socket->key_pem)
        secret_wipe((void *)socket->key_pem, strlen(socket->key_pem));
    free((void *)socket->key_pem);
    free((void *)socket->certificate_pem);
}

/* ---- the names of certificates ---- */

/* The host of an https URL, without brackets; false for another one. */
static bool host_of_url(const char *url, char host[HOST_MAX])
{
    if (strncmp(url, "https://", 8) != 0)
        return false;
    url += 8;
    bool bracketed = *url == '[';
    size_t length = bracketed ? strcspn(++url, "]") : strcspn(url, ":/?");
    snprintf(host, HOST_MAX, "%.*s", (int)length, url);
    return length > 0 && length < HOST_MAX;
}

static bool some_certificate_fits(const struct listen_socket *sockets, size_t count,
                                  const char *host)
{
    for (size_t i = 0; i < count; i++)
        if (tls_certificate_fits(sockets[i].certificate_pem, sockets[i].key_pem, host))
            return true;
    return false;
}

/* Each host once: routes of one server mostly have the same. Where a listener speaks plain HTTP or
 * listens on a unix socket there is a proxy in front, and the certificate is the proxy's. */
static void check_names(const struct settings *settings, const struct listen_socket *sockets,
                        size_t count, struct problem_list *problems)
{
    char host[HOST_MAX], last[HOST_MAX] = "";
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (!route->public_url || !host_of_url(route->public_url, host) || strcmp(host, last) == 0)
            continue;
        memcpy(last, host, sizeof last);
        if (!some_certificate_fits(sockets, count, host))
            settings_problem(problems, PROBLEM_WARNING, &route->public_url_at,
                             "no certificate of server.listen is for \"%s\": senders that connect "
                             "without a proxy in between refuse the connection",
                             host);
    }
}

static void check_pairs(const struct settings *settings, bool with_keys,
                        struct problem_list *problems)
{
    const struct section_list *list = &settings->server.listen;
    const struct listen_settings *listen = list->items;
    struct listen_socket *sockets = calloc(list->count, sizeof *sockets);
    bool all = sockets != NULL;
    for (size_t i = 0; sockets && i < list->count; i++) {
        bool read =
            !listen[i].tls.off && read_pair(&listen[i].tls, with_keys, &sockets[i], problems);
        all = read && strncmp(listen[i].address, "unix:", 5) != 0 && all;
    }
    if (all)
        check_names(settings, sockets, list->count, problems);
    for (size_t i = 0; sockets && i < list->count; i++)
        forget_pair(&sockets[i]);
    free(sockets);
}

/* ---- the others ---- */

bool preflight_check_user(const struct settings *settings, struct problem_list *problems)
{
    const struct server_settings *server = &settings->server;
    struct error err;
    uid_t uid;
    gid_t gid;
    if (!server->user || privilege_find_user(server->user, &uid, &gid, &err))
        return true;
    return report(problems, &server->user_at, &err);
}

void preflight_warn_public(const struct listen_settings *listen, struct problem_list *problems)
{
    settings_problem(problems, PROBLEM_WARNING, &listen->at,
                     "every user of this machine can connect to %s, and \"unix\" in "
                     "server.trusted_proxies believes each of them: give the socket to the proxy's "
                     "group, with \"mode: \\\"0660\\\"\" and \"group\"",
                     listen->address);
}

/* What systemd passes is seen when the server starts. */
static void check_unix_sockets(const struct settings *settings, struct problem_list *problems)
{
    const struct section_list *list = &settings->server.listen;
    const struct listen_settings *listen = list->items;
    for (size_t i = 0; settings->server.trusted_proxies.local && i < list->count; i++)
        if (strncmp(listen[i].address, "unix:", 5) == 0 &&
            unix_path_is_public(listen[i].address + 5, (mode_t)listen[i].mode))
            preflight_warn_public(&listen[i], problems);
}

bool preflight_check_groups(const struct settings *settings, struct problem_list *problems)
{
    const struct section_list *list = &settings->server.listen;
    const struct listen_settings *listen = list->items;
    struct error err;
    bool ok = true;
    for (size_t i = 0; i < list->count; i++) {
        if (!listen[i].group || getgrnam(listen[i].group))
            continue;
        error_set(&err, "there is no group \"%s\"", listen[i].group);
        ok = report(problems, &listen[i].at, &err);
    }
    return ok;
}

void preflight_fit_memory(struct settings *settings, struct problem_list *problems)
{
    memory_limit_apply(settings, memory_limit_find(""), problems);
}

void preflight_check(struct settings *settings, bool with_keys, enum problem_kind unwritable,
                     struct problem_list *problems)
{
    preflight_fit_memory(settings, problems);
    check_pairs(settings, with_keys, problems);
    preflight_check_user(settings, problems);
    preflight_check_groups(settings, problems);
    preflight_check_actions(settings, false, problems);
    preflight_warn_places(settings, problems);
    check_unix_sockets(settings, problems);
    preflight_warn_journal(settings, unwritable, problems);
}
