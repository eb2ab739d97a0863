/* Numbers and texts of our own, put together by hand: the supervisor needs no tree for them. Times
 * are texts as in the log. No secret is in it; of the route file there are names, digests and
 * limits. */
#include "server/process/server_status.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_text.h"
#include "base/log.h"
#include "server/http/tls_check.h"
#include "server/process/route_limits.h"
#include "version.h"

#include <unistd.h>

static bool put_text(struct buffer *out, const char *name, const char *text)
{
    return buffer_printf(out, ",\"%s\":", name) && json_append_string(out, bytes_of_text(text));
}

static bool put_number(struct buffer *out, const char *name, int64_t number)
{
    return buffer_printf(out, ",\"%s\":%lld", name, (long long)number);
}

static bool put_time(struct buffer *out, const char *name, int64_t unix_ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format_unix_ms(unix_ms, text);
    return put_text(out, name, text);
}

static bool put_files(struct buffer *out, const struct settings_prints *prints)
{
    bool put = buffer_append_text(out, ",\"files\":[");
    for (size_t i = 0; put && i < prints->file_count; i++)
        put = buffer_append_text(out, i ? ",{\"path\":" : "{\"path\":") &&
              json_append_string(out, bytes_of_text(prints->files[i].path)) &&
              put_text(out, "sha256", prints->files[i].sha256) && buffer_append_text(out, "}");
    return put && buffer_append_text(out, "]");
}

/* What check would warn of now, because time has passed since the file was loaded. */
static bool put_certificates(struct buffer *out, const struct generation *generation)
{
    struct tls_findings findings;
    struct error why;
    bool put = buffer_append_text(out, ",\"certificates\":["), some = false;
    for (size_t i = 0; put && i < generation->socket_count; i++) {
        const struct listen_socket *socket = &generation->sockets[i];
        if (!socket->certificate_pem ||
            !tls_check_pair(socket->certificate_pem, NULL, &why, &findings))
            continue;
        for (size_t j = 0; put && j < findings.count; j++, some = true)
            put = buffer_append_text(out, some ? "," : "") &&
                  json_append_string(out, bytes_of_text(findings.items[j].text));
    }
    return put && buffer_append_text(out, "]");
}

static bool put_limits(struct buffer *out, const struct settings *settings)
{
    const struct server_settings *server = &settings->server;
    const struct journal_settings *journal = &settings->journal;
    return buffer_printf(out, ",\"limits\":{\"commands\":%lld", (long long)server->commands) &&
           put_number(out, "connections", server->connections) &&
           put_number(out, "body_memory", server->body_memory) &&
           put_number(out, "queue_max", journal->queue_max) &&
           put_number(out, "queue_bytes", journal->queue_bytes) &&
           put_number(out, "min_free", journal->min_free) &&
           put_number(out, "keep_age_ms", journal->keep_age_ms) &&
           put_number(out, "keep_dead_ms", journal->keep_dead_ms) &&
           put_number(out, "keep_body_ms", journal->keep_body_ms) &&
           put_number(out, "keep_size", journal->keep_size) && buffer_append_text(out, "}");
}

static bool put_generation(struct buffer *out, const struct server_facts *facts,
                           const struct generation *current)
{
    const struct settings *settings = current->settings;
    return put_number(out, "generation", (int64_t)current->number) &&
           put_time(out, "loaded", facts->loaded_ms) &&
           put_number(out, "routes", (int64_t)settings->route_count) &&
           put_text(out, "journal", settings->journal.path) && put_files(out, &settings->prints) &&
           put_limits(out, settings) && put_certificates(out, current);
}

/* The first is the newest. */
static bool put_processes(struct buffer *out, const struct children *children)
{
    int64_t now_ns = clock_monotonic_ns();
    bool put = buffer_append_text(out, ",\"processes\":[");
    for (const struct child *child = children->first; put && child; child = child->next)
        put = buffer_printf(
                  out, "%s{\"role\":\"%s\",\"pid\":%d,\"generation\":%llu,\"runner\":%llu",
                  child == children->first ? "" : ",", role_names[child->role], (int)child->pid,
                  (unsigned long long)child->generation->number,
                  (unsigned long long)(child->role == ROLE_RUNNER ? child->runner_id : 0)) &&
              put_number(out, "seconds", (now_ns - child->started_ns) / NS_PER_S) &&
              buffer_printf(out, ",\"ready\":%s,\"leaving\":%s}", child->ready ? "true" : "false",
                            child->generation->leaving ? "true" : "false");
    return put && buffer_append_text(out, "]");
}

bool server_status_put(struct buffer *out, const struct server_facts *facts,
                       const struct children *children, const struct generation *current)
{
    return buffer_printf(out, "{\"server\":{\"version\":\"%s\",\"pid\":%d", TENTERHOOK_VERSION,
                         (int)getpid()) &&
           put_time(out, "started", facts->started_ms) &&
           buffer_printf(out, ",\"stopping\":%s", facts->stopping ? "true" : "false") &&
           put_text(out, "uncontained", facts->uncontained.text) &&
           (!current || put_generation(out, facts, current)) && put_processes(out, children) &&
           (facts->refused_ms == 0 ||
            (put_time(out, "reload_refused", facts->refused_ms) &&
             put_text(out, "reload_refused_because", facts->refused.text))) &&
           put_text(out, "last_error", log_last_error()) && buffer_append_text(out, "}}\n");
}

static bool put_key(struct buffer *out, const struct key_print *print)
{
    char digest[2 * KEY_PRINT_BYTES + 1];
    hex_encode(bytes_of(print->digest, KEY_PRINT_BYTES), digest);
    return json_append_string(out, bytes_of_text(print->key)) &&
           buffer_printf(out, ":\"%s\"", digest);
}

static bool is_of_same(const struct key_print *one, const struct key_print *other)
{
    return one->route == other->route;
}

static bool put_keys(struct buffer *out, const struct settings_prints *prints)
{
    bool put = true;
    for (size_t i = 0; put && i < prints->key_count; i++) {
        const struct key_print *print = &prints->keys[i];
        if (i > 0 && is_of_same(print, print - 1))
            put = buffer_append_text(out, ",");
        else
            put = buffer_append_text(out, i > 0 ? "}}\n{\"route\":" : "{\"route\":") &&
                  json_append_string(out, bytes_of_text(print->route)) &&
                  buffer_append_text(out, ",\"keys\":{");
        put = put && put_key(out, print);
    }
    return put && (prints->key_count == 0 || buffer_append_text(out, "}}\n"));
}

/* Either all lines, or only why not. */
static void end_answer(struct operator_link *link, bool put, const char *failure)
{
    if (put) {
        operator_link_done(link, "");
        return;
    }
    buffer_consume(&link->out, link->out.length);
    operator_link_fail(link, failure);
}

static const char still_starts[] = "the server still starts";

void server_status_answer_keys(struct operator_link *link, const struct generation *current)
{
    operator_link_answer(link);
    end_answer(link, current && put_keys(&link->out, &current->settings->prints),
               current ? "no memory for that many keys" : still_starts);
}

void server_status_answer_routes(struct operator_link *link, const struct generation *current)
{
    operator_link_answer(link);
    end_answer(link, current && route_limits_put(&link->out, current->settings),
               current ? "no memory for that many routes" : still_starts);
}
