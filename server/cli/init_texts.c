/* The texts that are written: the route file, the script that it runs, and the one that copies a
 * renewed certificate. They are the reader's from then on, so they say what to change. */
#include "server/cli/init_texts.h"

#include "base/json_text.h"
#include "config/settings.h"

#include <ctype.h>
#include <string.h>

enum { EVENTS_ALL = 3, EVENTS_OTHERS = 6, OTHERS_BYTES = 70 };

/* ---- the route file ---- */

/* Without quotes where that is a text in YAML too, else as a JSON string, which is one of YAML. */
static bool put_string(struct buffer *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";
    bool is_plain = strlen(text) > 3 && strspn(text, plain) == strlen(text) &&
                    (isalpha((unsigned char)*text) || *text == '/');
    return is_plain ? buffer_append_text(out, text) : json_append_string(out, bytes_of_text(text));
}

static bool put_server(const struct init *init, struct buffer *out)
{
    return buffer_printf(out,
                         "# Made by `tenterhook init %s`, yours to change.\n"
                         "# `tenterhook explain KEY` says what a key means,\n"
                         "# and `tenterhook check` what is wrong.\n"
                         "version: 1\n"
                         "server:\n"
                         "  listen:\n"
                         "    - address: 0.0.0.0:%lld\n"
                         "      tls:\n"
                         "        certificate: ",
                         init->scheme->name, (long long)init->port) &&
           put_string(out, init->certificate) && buffer_append_text(out, "\n        key: ") &&
           put_string(out, init->key) && buffer_append_text(out, "\njournal:\n  path: ") &&
           put_string(out, init->journal) &&
           buffer_printf(out, "   # events wait here until they are carried out\n");
}

static bool put_provider(const struct init *init, struct buffer *out)
{
    const struct text_map *parameters = &init->parameters;
    if (parameters->count == 0)
        return buffer_printf(out, "    provider: %s\n", init->scheme->name);
    bool done = buffer_printf(out, "    provider:\n      name: %s\n", init->scheme->name);
    for (size_t i = 0; done && i < parameters->count; i++)
        done = buffer_printf(out, "      %s: ", parameters->names[i]) &&
               put_string(out, parameters->values[i]) && buffer_append_text(out, "\n");
    return done;
}

/* Some to choose from, in a line that fits a terminal. */
static bool put_others(const struct text_list *events, size_t from, struct buffer *out)
{
    static const char head[] = "    # others: ";
    size_t begin = out->length, end = from;
    bool done = buffer_append_text(out, head);
    while (done && end < events->count && end < from + EVENTS_OTHERS &&
           (end == from || out->length - begin + strlen(events->items[end]) < OTHERS_BYTES)) {
        done = buffer_printf(out, "%s%s", end == from ? "" : ", ", events->items[end]);
        end++;
    }
    return done && buffer_append_text(out, end < events->count ? " …\n" : "\n");
}

/* Those that a reader will hardly want all of: the first, and some others. */
static bool put_events(const struct init *init, struct buffer *out)
{
    const struct text_list *events = &init->scheme->about.events;
    size_t chosen = events->count <= EVENTS_ALL ? events->count : 1;
    if (events->count == 0)
        return true;
    bool done = buffer_append_text(out, "    events: [");
    for (size_t i = 0; done && i < chosen; i++)
        done = (i == 0 || buffer_append_text(out, ", ")) && put_string(out, events->items[i]);
    done = done && buffer_append_text(out, "]\n");
    return done && (chosen == events->count || put_others(events, chosen, out));
}

static bool put_route(const struct init *init, struct buffer *out)
{
    const char *name = init->scheme->name;
    bool done = buffer_printf(out, "routes:\n  - name: %s\n    path: /%s\n", name, name);
    if (done && init->needs_public_url)
        done = buffer_printf(out,
                             "    public_url: https://%s:%lld/%s   # as it is entered there: it is "
                             "signed\n",
                             init->host, (long long)init->port, name);
    done = done && put_provider(init, out);
    if (done && init->secret)
        done = buffer_printf(out, "    secret: {file: %s.secret}\n", name);
    return done && put_events(init, out) &&
           buffer_printf(out,
                         "    concurrency: {max: 1}   # one at a time, in order\n"
                         "    actions:\n"
                         "      - command: [./%s.sh]\n"
                         "        timeout: 10m\n",
                         name);
}

/* ---- the scripts ---- */

static bool put_script(struct buffer *out)
{
    return buffer_append_text(out,
                              "#!/bin/sh\n"
                              "# Runs for each event of the route; the body is on standard input.\n"
                              "# What it prints is kept: tenterhook events show ID.\n"
                              "# Exit code 0: done, 75: try again later, others: failed.\n"
                              "set -eu\n"
                              "size=$(wc -c)\n"
                              "event=\"event $TENTERHOOK_ID ${TENTERHOOK_EVENT-}\"\n"
                              "echo \"$TENTERHOOK_ROUTE: $event has come, $size bytes\"\n"
                              "# cd /srv/app && git pull\n");
}

/* In single quotes of a shell. */
static bool put_word(struct buffer *out, const char *text)
{
    bool done = buffer_append_text(out, "'");
    for (; done && *text; text++)
        done = *text == '\'' ? buffer_append_text(out, "'\\''") : buffer_append(out, text, 1);
    return done && buffer_append_text(out, "'");
}

static bool put_renewal(const struct init *init, struct buffer *out)
{
    return buffer_append_text(out,
                              "#!/bin/sh\n"
                              "# certbot runs this after each renewal: the server reads copies.\n"
                              "set -eu\n"
                              "live=") &&
           put_word(out, init->lineage) &&
           buffer_append_text(out, "\n[ \"${RENEWED_LINEAGE:-$live}\" = \"$live\" ] || exit 0\n"
                                   "cd ") &&
           put_word(out, init->directory) &&
           buffer_printf(out,
                         "\ninstall -m 644 \"$live/fullchain.pem\" server.crt\n"
                         "install -m 640 -g %lu \"$live/privkey.pem\" server.key\n"
                         "systemctl reload tenterhook\n",
                         (unsigned long)init->server_gid);
}

bool init_make_texts(struct init *init, struct error *err)
{
    const char *name = arena_format(&init->arena, "%s.sh", init->scheme->name);
    struct init_file *script =
        name ? init_add(init, name, INIT_PROGRAM, "runs for each event: your commands go here")
             : NULL;
    bool done = script && put_script(&script->content);
    if (done && init->lineage && init->is_installed) {
        struct init_file *renewal = init_add(init, "copy-certificate.sh", INIT_PROGRAM,
                                             "copies the certificate when it is renewed");
        done = renewal && put_renewal(init, &renewal->content);
    }
    struct init_file *file =
        done ? init_add(init, "tenterhook.yaml", INIT_PLAIN, "the route file") : NULL;
    done = file && put_server(init, &file->content) && put_route(init, &file->content);
    return done || error_set(err, "no memory");
}
