/* What a person reads: prose, in lines of the terminal's width; and lines to copy, so nothing in
 * these is cut or laid out for a width. */
#include "server/cli/init_print.h"

#include "handlers/content/content_keys.h"
#include "server/cli/init_lines.h"
#include "server/terminal/prose.h"
#include "server/terminal/terminal.h"

#include <string.h>

enum { EVENTS_SHOWN = 8 };

static void print_text(FILE *out, const char *text)
{
    print_safe(out, bytes_of_text(text));
}

/* ---- the files ---- */

static void print_content(const struct init_file *file, FILE *out)
{
    struct bytes left = buffer_bytes(&file->content);
    while (left.length > 0) {
        fputs("    | ", out);
        print_safe(out, bytes_split(&left, '\n'));
        fputc('\n', out);
    }
}

static bool is_shown(const struct init_file *file)
{
    return !file->is_there && file->kind != INIT_SECRET && file->content.length > 0 &&
           !strstr(file->path, ".crt");
}

void init_print_files(const struct init *init, bool is_dry, FILE *out)
{
    for (size_t i = 0; i < init->file_count; i++) {
        const struct init_file *file = &init->files[i];
        fputs(file->is_there ? "kept " : is_dry ? "would write " : "wrote ", out);
        print_text(out, file->path);
        fprintf(out, ": %s\n", file->purpose);
        if (is_dry && is_shown(file))
            print_content(file, out);
    }
}

/* ---- at the provider ---- */

static const char *content_type(const struct scheme *scheme)
{
    static const char *const types[] = {[CONTENT_FORM] = "application/x-www-form-urlencoded",
                                        [CONTENT_MULTIPART] = "multipart/form-data",
                                        [CONTENT_XML] = "application/xml",
                                        [CONTENT_CLOUDEVENTS] = "application/cloudevents+json"};
    size_t kind = (size_t)scheme->content + CONTENT_JSON;
    return kind < sizeof types / sizeof *types && types[kind] ? types[kind] : "application/json";
}

/* Of a dry run it is made anew each time: it would be noted in vain. */
static void print_secret(const struct init *init, bool is_dry, FILE *out)
{
    for (size_t i = 0; init->secret && i < init->file_count; i++) {
        const struct init_file *file = &init->files[i];
        if (strcmp(file->path, init->secret) != 0)
            continue;
        fputs("  secret        ", out);
        if (!is_dry && !file->is_there && !init->private_key) {
            struct bytes left = buffer_bytes(&file->content);
            print_safe(out, bytes_split(&left, '\n'));
            fputs("\n                ", out);
        }
        fputs(init->private_key ? "none; write the provider's public key into " : "the content of ",
              out);
        print_text(out, file->path);
        fputs(init->private_key ? "\n"
                                : ". If the provider makes the secret, write it into that file.\n",
              out);
    }
}

static void print_events(const struct init *init, FILE *out)
{
    const struct text_list *events = &init->scheme->about.events;
    size_t count = events->count <= EVENTS_SHOWN ? events->count : 1;
    if (count == 0)
        return;
    fputs("  events        ", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i ? ", " : "", events->items[i]);
    fputs(events->count > count ? ", or what you write into \"events\" of the route file\n" : "\n",
          out);
}

static void print_parameters(const struct init *init, FILE *out)
{
    for (size_t i = 0; i < init->parameters.count; i++)
        fprintf(out,
                "  %-12s  is \"%s\" in the route file: write there what it is at the provider\n",
                init->parameters.names[i], init->parameters.values[i]);
}

static void print_entries(const struct init *init, bool is_dry, FILE *out)
{
    const struct scheme_about *about = &init->scheme->about;
    fprintf(out, "\nat the provider, %s:\n", about->title ? about->title : init->scheme->name);
    if (about->setup)
        fprintf(out, "  %s\n", about->setup);
    if (about->note)
        fprintf(out, "  %s\n", about->note);
    fputs("  URL           https://", out);
    print_text(out, init->host);
    fprintf(out, ":%lld/%s\n", (long long)init->port, init->scheme->name);
    fprintf(out, "  content type  %s\n", content_type(init->scheme));
    print_secret(init, is_dry, out);
    print_events(init, out);
    print_parameters(init, out);
    if (!strchr(init->host, '.'))
        fputs("  The URL has the name of this machine: --host NAME for the one that is known "
              "outside.\n",
              out);
}

static void print_certificate(const struct init *init, FILE *out)
{
    if (init->lineage_closed && !init->lineage)
        fprintf(out, "\nOnly root may read the certificate in %s: run init as root to have it.\n",
                init->lineage_closed);
    if (!init->lineage)
        fprintf(out,
                "\nThe certificate is self-signed: a provider takes it only where its check can be "
                "turned off. Put one that is known in its place, such as certbot's (certbot "
                "certonly -d %s), in %s.\n",
                init->host, init->directory);
}

static void print_renewal(const struct init *init, FILE *out)
{
    if (init->lineage && init->is_installed)
        fprintf(out,
                "\nThe certificate is a copy. To have it copied when it is renewed:\n"
                "  ln -s %s/copy-certificate.sh /etc/letsencrypt/renewal-hooks/deploy/tenterhook\n",
                init->directory);
}

/* ---- here ---- */

void init_print_provider(const struct init *init, bool is_dry, FILE *out)
{
    struct prose prose;
    FILE *lines = prose_begin(&prose);
    print_entries(init, is_dry, lines);
    print_certificate(init, lines);
    prose_end(&prose);
    print_renewal(init, out);
}

static void print_line(const struct init_line *line, FILE *out)
{
    fputs("  ", out);
    init_line_print(line, out);
    fputc('\n', out);
}

void init_print_lines(const struct init *init, FILE *out)
{
    fputs("\nto start the server:\n", out);
    print_line(&init->start, out);
    fputs("to send it a signed test event, and see what became of it:\n", out);
    print_line(&init->send, out);
    print_line(&init->list, out);
}
