/* The certificate: that of certbot, if it has one for this machine, else one that we sign
 * ourselves. Where the package is installed the server's user cannot look into certbot's
 * directories, so the files are copied, and a script copies them again after each renewal. */
#include "server/cli/init_certificate.h"

#include "base/private_key.h"
#include "config/file.h"
#include "server/http/tls_check.h"

#include <dirent.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEM_MAX = 256 * 1024, HOST_MAX = 256, LINEAGES_MAX = 256 };

/* ---- this machine's name ---- */

/* As the resolver knows it; NULL without memory. */
static const char *find_host(struct init *init)
{
    struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM}, *list = NULL;
    char name[HOST_MAX] = "";
    if (gethostname(name, sizeof name - 1) != 0 || !*name)
        return arena_copy_text(&init->arena, "localhost");
    if (!strchr(name, '.') && getaddrinfo(name, NULL, &hints, &list) == 0) {
        if (list->ai_canonname && strchr(list->ai_canonname, '.'))
            snprintf(name, sizeof name, "%s", list->ai_canonname);
        freeaddrinfo(list);
    }
    return arena_copy_text(&init->arena, name);
}

/* ---- certbot's ---- */

/* A certificate as text, in the arena. */
static const char *read_pem(struct init *init, const char *path)
{
    struct error ignored;
    struct buffer content;
    const char *text = NULL;
    if (file_read(path, path, PEM_MAX, FILE_SHARED, &content, NULL, &ignored) == FILE_READ)
        text = arena_copy_bytes(&init->arena, buffer_bytes(&content));
    buffer_finish(&content);
    return text;
}

/* Whether the certificate in this directory is for the host; of one that cannot be read too, if its
 * directory has that name. */
static bool fits(struct init *init, const char *directory, const char *name, const char *host)
{
    const char *path = arena_format(&init->arena, "%s/%s/fullchain.pem", directory, name);
    const char *key = arena_format(&init->arena, "%s/%s/privkey.pem", directory, name);
    if (!path || !key)
        return false;
    if (access(path, R_OK) != 0 || access(key, R_OK) != 0) {
        if (strcmp(name, host) == 0)
            init->lineage_closed = arena_format(&init->arena, "%s/%s", directory, name);
        return false;
    }
    const char *pem = read_pem(init, path);
    return pem && tls_certificate_fits(pem, NULL, host);
}

/* "example.org-0001" is the second one of example.org. */
static const char *host_of_lineage(struct init *init, const char *name)
{
    size_t length = strlen(name);
    if (length > 5 && name[length - 5] == '-' && strspn(name + length - 4, "0123456789") == 4)
        length -= 5;
    return arena_copy_bytes(&init->arena, bytes_of(name, length));
}

static bool take(struct init *init, const char *live, const char *name, const char *host)
{
    if (!host || !fits(init, live, name, host))
        return false;
    init->lineage = arena_format(&init->arena, "%s/%s", live, name);
    init->host = host;
    return init->lineage != NULL;
}

static int is_lineage(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "README") != 0;
}

void init_find_certificate(struct init *init, const char *live)
{
    struct dirent **entries;
    const char *host = init->host ? init->host : find_host(init);
    const char *given = init->host;
    int count = scandir(live, &entries, is_lineage, alphasort);
    for (int i = 0; i < count && i < LINEAGES_MAX && !init->lineage; i++)
        take(init, live, entries[i]->d_name, host);
    for (int i = 0; i < count && i < LINEAGES_MAX && !init->lineage && !given; i++)
        take(init, live, entries[i]->d_name, host_of_lineage(init, entries[i]->d_name));
    for (int i = 0; i < count; i++)
        free(entries[i]);
    if (count >= 0)
        free(entries);
    if (!init->host)
        init->host = host;
}

/* ---- what the route file names ---- */

static bool copy_pem(struct init *init, const char *name, struct init_file *file, struct error *err)
{
    struct error ignored;
    enum file_care care = file->kind == INIT_SECRET ? FILE_CREDENTIAL : FILE_SHARED;
    const char *path = arena_format(&init->arena, "%s/%s", init->lineage, name);
    if (!path)
        return error_set(err, "no memory");
    buffer_finish(&file->content);
    return file_read(path, path, PEM_MAX, care, &file->content, &ignored, err) == FILE_READ;
}

static bool make_own(struct init *init, struct init_file *certificate, struct init_file *key,
                     struct error *err)
{
    const char *hosts[] = {init->host, "localhost", "127.0.0.1", "::1", NULL};
    if (strcmp(init->host, "localhost") == 0)
        hosts[0] = "localhost.localdomain";
    return private_key_create(PUBLIC_KEY_ECDSA, &key->content, err) &&
           private_key_server_certificate(buffer_bytes(&key->content), hosts, &certificate->content,
                                          err);
}

/* A certificate without its key, or a key without its certificate, would be completed wrongly. */
static bool keep_pair(struct init_file *certificate, struct init_file *key, struct error *err)
{
    if (certificate->is_there == key->is_there)
        return true;
    return error_set(err, "%s is there and %s is not: a certificate and its key belong together",
                     certificate->is_there ? certificate->path : key->path,
                     certificate->is_there ? key->path : certificate->path);
}

bool init_make_certificate(struct init *init, struct error *err)
{
    if (init->lineage && !init->is_installed) {
        init->certificate = arena_format(&init->arena, "%s/fullchain.pem", init->lineage);
        init->key = arena_format(&init->arena, "%s/privkey.pem", init->lineage);
        return (init->certificate && init->key) || error_set(err, "no memory");
    }
    struct init_file *certificate = init_add(
        init, "server.crt", INIT_PLAIN,
        init->lineage ? "the certificate, copied from certbot's" : "a self-signed certificate");
    struct init_file *key = init_add(init, "server.key", INIT_SECRET, "its private key");
    init->certificate = "server.crt";
    init->key = "server.key";
    if (!certificate || !key)
        return error_set(err, "no memory");
    if (!init->lineage)
        init->ca = certificate->path;
    return keep_pair(certificate, key, err) &&
           (certificate->is_there ||
            (init->lineage ? copy_pem(init, "fullchain.pem", certificate, err) &&
                                 copy_pem(init, "privkey.pem", key, err)
                           : make_own(init, certificate, key, err)));
}
