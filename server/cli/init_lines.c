/* A command line is a list of words, so that what a person reads and may copy is what --start
 * runs. */
#include "server/cli/init_lines.h"

#include <assert.h>
#include <string.h>

/* A word that there was no memory for is NULL, and the line is not made. */
static bool add(struct init_line *line, const char *word)
{
    assert(line->count < INIT_WORDS_MAX);
    line->words[line->count] = word;
    line->count += word != NULL;
    return word;
}

static bool add_option(struct init_line *line, const char *name, const char *value)
{
    return !value || (add(line, name) && add(line, value));
}

/* Where the package is installed, its route file is the usual one. */
static bool add_file(const struct init *init, struct init_line *line)
{
    return add_option(line, "-c",
                      init->is_installed ? NULL : init->files[init->file_count - 1].path);
}

static bool make_start(struct init *init)
{
    struct init_line *line = &init->start;
    if (init->is_installed)
        return add(line, "systemctl") && add(line, "enable") && add(line, "--now") &&
               add(line, "tenterhook");
    return add(line, "tenterhook") && add(line, "serve") && add_file(init, line);
}

static const char *url_at(struct init *init, const char *host)
{
    return arena_format(&init->arena, "https://%s:%lld/%s", host, (long long)init->port,
                        init->scheme->name);
}

/* To localhost if the certificate is ours, because senders need not know the host yet. */
static bool make_send(struct init *init)
{
    struct init_line *line = &init->send;
    const struct scheme *scheme = init->scheme;
    const struct text_list *events = &scheme->about.events;
    bool done = add(line, "tenterhook") && add(line, "send") && add(line, scheme->name) &&
                add(line, "--to") && add(line, url_at(init, init->ca ? "localhost" : init->host)) &&
                add_option(line, "--ca", init->ca) &&
                add_option(line, "--event",
                           events->count > 0 && scheme->event.count > 0 ? events->items[0] : NULL);
    if (done && init->ca && init->needs_public_url)
        done = add(line, "--public-url") && add(line, url_at(init, init->host));
    for (size_t i = 0; done && i < init->parameters.count; i++)
        done = add(line, "--set") &&
               add(line, arena_format(&init->arena, "%s=%s", init->parameters.names[i],
                                      init->parameters.values[i]));
    return done && add_option(line, init->private_key ? "--key" : "--secret-file",
                              init->private_key ? init->private_key : init->secret);
}

bool init_make_lines(struct init *init, struct error *err)
{
    bool done = make_start(init) && make_send(init) && add(&init->list, "tenterhook") &&
                add(&init->list, "events") && add(&init->list, "list") &&
                add_file(init, &init->list);
    return done || error_set(err, "no memory");
}

bool init_line_follow(struct init *init, const char *id, struct init_line *line)
{
    *line = (struct init_line){.count = 0};
    return add(line, "tenterhook") && add(line, "events") && add(line, "tail") &&
           add(line, "--follow") && add(line, arena_copy_text(&init->arena, id)) &&
           add_file(init, line);
}

static void print_word(FILE *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:=@%+,";
    if (*text && strspn(text, plain) == strlen(text)) {
        fputs(text, out);
        return;
    }
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    fputc('\'', out);
}

void init_line_print(const struct init_line *line, FILE *out)
{
    for (size_t i = 0; i < line->count; i++) {
        fputs(i ? " " : "", out);
        print_word(out, line->words[i]);
    }
}
