/* A row a flag: whether it takes a value, and what is done with it or said about it. */
#include "server/import/flags.h"

#include "server/import/yaml_text.h"

#include <stdio.h>
#include <stdlib.h>

typedef bool flag_take(struct import_flags *flags, const char *value, struct error *err);

void flags_init(struct import_flags *flags)
{
    *flags = (struct import_flags){.prefix = "hooks",
                                   .ip = "0.0.0.0",
                                   .port = 9000,
                                   .certificate = "cert.pem",
                                   .key = "key.pem"};
}

/* ---- what is taken ---- */

bool flags_add_file(struct import_flags *flags, const char *name, struct error *err)
{
    if (flags->file_count == IMPORT_FILES_MAX)
        return error_set(err, "more than %d files", IMPORT_FILES_MAX);
    flags->files[flags->file_count++] = name;
    return true;
}

static bool take_port(struct import_flags *flags, const char *value, struct error *err)
{
    uint64_t port;
    if (!bytes_to_uint64(bytes_of_text(value), &port) || port > 65535)
        return error_set(err, "-port must be 0 to 65535");
    flags->port = (unsigned)port;
    return true;
}

static bool take_header(struct import_flags *flags, const char *value, struct error *err)
{
    const char *equals = strchr(value, '=');
    if (!equals || flags->header_count == FLAG_HEADERS_MAX)
        return error_set(err, equals ? "too many -header" : "-header must be NAME=VALUE");
    flags->headers[flags->header_count++] =
        (struct old_header){bytes_of(value, (size_t)(equals - value)), bytes_of_text(equals + 1)};
    return true;
}

static bool take_methods(struct import_flags *flags, const char *value, struct error *err)
{
    for (struct bytes rest = bytes_of_text(value); rest.data;) {
        struct bytes method = bytes_trim(bytes_split(&rest, ','));
        if (flags->method_count == FLAG_METHODS_MAX)
            return error_set(err, "too many -http-methods");
        if (method.length > 0)
            flags->methods[flags->method_count++] = method;
    }
    return true;
}

#define TAKE_TEXT(field)                                                                           \
    static bool take_##field(struct import_flags *flags, const char *value, struct error *err)     \
    {                                                                                              \
        (void)err;                                                                                 \
        flags->field = value;                                                                      \
        return true;                                                                               \
    }
TAKE_TEXT(prefix)
TAKE_TEXT(ip)
TAKE_TEXT(socket)
TAKE_TEXT(certificate)
TAKE_TEXT(key)

#define TAKE_SWITCH(field)                                                                         \
    static bool take_##field(struct import_flags *flags, const char *value, struct error *err)     \
    {                                                                                              \
        (void)err;                                                                                 \
        flags->field = strcmp(value, "true") == 0;                                                 \
        return true;                                                                               \
    }
TAKE_SWITCH(is_template)
TAKE_SWITCH(is_secure)

/* ---- the flags ---- */

static const struct flag {
    const char *name;
    bool has_value; /* not a switch */
    flag_take *take;
    const char *remark; /* what becomes of a flag that is not a key of the file */
} flag_rows[] = {
    {"hooks", true, flags_add_file, NULL},
    {"urlprefix", true, take_prefix, NULL},
    {"header", true, take_header, NULL},
    {"http-methods", true, take_methods, NULL},
    {"template", false, take_is_template, NULL},
    {"ip", true, take_ip, NULL},
    {"port", true, take_port, NULL},
    {"socket", true, take_socket, NULL},
    {"secure", false, take_is_secure, NULL},
    {"cert", true, take_certificate, NULL},
    {"key", true, take_key, NULL},
    {"tls-min-version", true, NULL, "TLS 1.2 and 1.3 are spoken, whatever -tls-min-version says."},
    {"cipher-suites", true, NULL, "-cipher-suites is not needed: old suites are never offered."},
    {"hotreload", false, NULL,
     "Instead of -hotreload, SIGHUP reloads the file; one with a mistake changes nothing."},
    {"setuid", true, NULL, "Instead of -setuid, `server.user` is a name."},
    {"setgid", true, NULL, "Instead of -setgid, the process takes the groups of `server.user`."},
    {"logfile", true, NULL, "Instead of -logfile, the log goes to standard error."},
    {"pidfile", true, NULL, "There is no -pidfile: a service manager knows the process."},
    {"verbose", false, NULL, "-verbose is not needed: each request is logged."},
    {"debug", false, NULL, "Instead of -debug, `log: {level: debug}`, which shows no secrets."},
    {"nopanic", false, NULL, "There is no -nopanic: a start with a wrong file fails."},
    {"max-multipart-mem", true, NULL,
     "Instead of -max-multipart-mem, `max_body` and `multipart` of a route."},
    {"x-request-id", false, NULL, "There is no -x-request-id: each event has an id of its own."},
    {"x-request-id-limit", true, NULL, NULL},
};

static const struct flag *find_flag(struct bytes name)
{
    for (size_t i = 0; i < sizeof flag_rows / sizeof *flag_rows; i++)
        if (bytes_equal_text(name, flag_rows[i].name))
            return &flag_rows[i];
    return NULL;
}

bool flags_read(struct import_flags *flags, size_t count, const char *const *words,
                struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = words[i];
        const char *text = word + (word[0] == '-') + (word[0] == '-' && word[1] == '-');
        size_t length = strcspn(text, "=");
        const struct flag *flag = word[0] == '-' ? find_flag(bytes_of(text, length)) : NULL;
        if (!flag)
            return error_set(err, "webhook has no flag \"%.40s\"", word);
        const char *value = text[length] == '=' ? text + length + 1 : NULL;
        if (!value && flag->has_value && ++i == count)
            return error_set(err, "-%s needs a value", flag->name);
        if (!value)
            value = flag->has_value ? words[i] : "true";
        if (flag->take && !flag->take(flags, value, err))
            return false;
        if (flag->remark && flags->remark_count < REMARKS_MAX)
            flags->remarks[flags->remark_count++] = flag->remark;
    }
    return true;
}

/* ---- the section ---- */

static bool write_tls(const struct import_flags *flags, struct buffer *out)
{
    return buffer_append_text(out, "      tls: {certificate: ") &&
           yaml_string(out, bytes_of_text(flags->certificate)) &&
           buffer_append_text(out, ", key: ") && yaml_string(out, bytes_of_text(flags->key)) &&
           buffer_append_text(out, "}\n");
}

static bool write_address(const struct import_flags *flags, struct buffer *out)
{
    char address[512];
    bool is_v6 = strchr(flags->ip, ':') != NULL;
    if (flags->socket)
        snprintf(address, sizeof address, "unix:%s", flags->socket);
    else
        snprintf(address, sizeof address, is_v6 ? "[%.255s]:%u" : "%.255s:%u",
                 flags->ip[0] ? flags->ip : "0.0.0.0", flags->port);
    return buffer_append_text(out, "    - address: ") && yaml_string(out, bytes_of_text(address)) &&
           buffer_append_text(out, "\n");
}

bool flags_write_server(const struct import_flags *flags, struct buffer *out)
{
    bool is_local = flags->socket || strncmp(flags->ip, "127.", 4) == 0 ||
                    strcmp(flags->ip, "::1") == 0 || strcmp(flags->ip, "localhost") == 0;
    bool ok = true;
    for (size_t i = 0; ok && i < flags->remark_count; i++)
        ok = yaml_comment(out, 0, "%s", flags->remarks[i]);
    ok = ok && buffer_append_text(out, "server:\n  listen:\n");
    if (ok && !flags->is_secure && !is_local)
        ok = yaml_comment(out, 4,
                          "Every machine on the way can read and change this traffic, secrets "
                          "included: name a certificate (tls: {certificate: …, key: …}) and take "
                          "plaintext away, or listen on 127.0.0.1 behind a proxy.");
    ok = ok && write_address(flags, out);
    if (flags->is_secure && !flags->socket)
        return ok && write_tls(flags, out);
    return ok && buffer_append_text(out, "      tls: off\n") &&
           (is_local || buffer_append_text(out, "      plaintext: accept\n"));
}
