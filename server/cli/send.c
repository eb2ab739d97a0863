/* `tenterhook send`: sends a message as a provider would send it (its headers, id, type and
 * signature) to any address, and prints the answer. For providers that sign with a private key it
 * uses a key of our own, which --new-key makes; the printed text is the value for `secret:` of the
 * route. */
#include "base/clock.h"
#include "config/nearest.h"
#include "handlers/content/content.h"
#include "handlers/provider/presets.h"
#include "handlers/provider/provider.h"
#include "handlers/provider/sign.h"
#include "handlers/provider/signature_keys.h"
#include "server/cli/https_client.h"
#include "server/cli/terminal.h"
#include "server/cli/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    FILE_LIMIT = 64 * 1024 * 1024,
    ANSWER_LIMIT = 1024 * 1024,
    PARAMETERS_MAX = 8,
    REPEAT_MAX = 1000000
};

struct send_options {
    const char *provider, *to, *secret, *secret_file, *key_file, *event, *delivery, *body_file;
    const char *ca_file, *repeat, *public_url, *from;
    bool new_key, print;
    const char *names[PARAMETERS_MAX], *values[PARAMETERS_MAX];
    size_t parameter_count;
};

/* All that a run holds. */
struct send {
    struct send_options options;
    struct arena arena;
    const struct scheme *scheme;
    struct text_map parameters;
    struct signature_plan plan;
    struct secret_list secrets;
    struct buffer private_key, body;
};

/* ---- options ---- */

static bool add_parameter(struct send_options *options, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals || options->parameter_count == PARAMETERS_MAX)
        return false;
    *equals = '\0';
    options->names[options->parameter_count] = text;
    options->values[options->parameter_count++] = equals + 1;
    return true;
}

static bool parse_options(int argc, char **argv, struct send_options *options)
{
    struct {
        const char *name;
        const char **value;
    } texts[] = {{"--to", &options->to},
                 {"--secret", &options->secret},
                 {"--secret-file", &options->secret_file},
                 {"--key", &options->key_file},
                 {"--event", &options->event},
                 {"--delivery", &options->delivery},
                 {"--body", &options->body_file},
                 {"--ca", &options->ca_file},
                 {"--from", &options->from},
                 {"--repeat", &options->repeat},
                 {"--public-url", &options->public_url}};
    for (int i = 1; i < argc; i++) {
        size_t j = 0, count = sizeof texts / sizeof texts[0];
        while (j < count && strcmp(argv[i], texts[j].name) != 0)
            j++;
        if (j < count && i + 1 < argc)
            *texts[j].value = argv[++i];
        else if (strcmp(argv[i], "--new-key") == 0)
            options->new_key = true;
        else if (strcmp(argv[i], "--print") == 0)
            options->print = true;
        else if (strcmp(argv[i], "--set") == 0 && i + 1 < argc) {
            if (!add_parameter(options, argv[++i]))
                return false;
        } else if (argv[i][0] != '-' && !options->provider)
            options->provider = argv[i];
        else
            return false;
    }
    return options->provider && (options->to || options->new_key);
}

/* ---- what is read ---- */

static bool read_file(const char *path, struct buffer *content, struct error *err)
{
    char piece[16384];
    size_t length;
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set_errno(err, errno, "%s", path);
    bool fits = true;
    while (fits && (length = fread(piece, 1, sizeof piece, file)) > 0)
        fits = buffer_append(content, piece, length);
    fclose(file);
    return fits || error_set(err, "%s is too large", path);
}

static bool find_scheme(struct send *send, struct error *err)
{
    const struct preset *preset = preset_find(send->options.provider);
    struct problem_list problems;
    const char *nearest = preset ? NULL : preset_nearest(send->options.provider);
    if (nearest)
        return error_set(err, "there is no provider \"%s\", did you mean \"%s\"?",
                         send->options.provider, nearest);
    if (!preset)
        return error_set(err, "there is no provider \"%s\"; tenterhook providers lists them",
                         send->options.provider);
    problem_list_init(&problems);
    send->scheme = provider_preset(preset, &program_registry, &send->arena, &problems);
    problem_list_finish(&problems);
    send->parameters = (struct text_map){.names = send->options.names,
                                         .values = send->options.values,
                                         .count = send->options.parameter_count};
    send->plan = (struct signature_plan){.scheme = send->scheme, .parameters = &send->parameters};
    return send->scheme || error_set(err, "the preset cannot be read");
}

static bool signs_with_private_key(const struct send *send)
{
    return sign_needs_private_key(&send->plan, send->options.key_file || send->options.new_key);
}

static const char *key_path(struct send *send)
{
    return send->options.key_file ? send->options.key_file
                                  : arena_format(&send->arena, "%s.key", send->options.provider);
}

static bool read_secret(struct send *send, struct error *err)
{
    struct buffer text;
    if (!sign_needs_key(send->scheme))
        return true;
    if (signs_with_private_key(send))
        return read_file(key_path(send), &send->private_key, err) ||
               error_prefix(err, "%s signs with a private key; --new-key makes one",
                            send->scheme->name);
    buffer_init(&text, FILE_LIMIT);
    bool done = send->options.secret        ? buffer_append_text(&text, send->options.secret)
                : send->options.secret_file ? read_file(send->options.secret_file, &text, err)
                                            : error_set(err, "needs --secret or --secret-file");
    if (done && send->options.secret_file && text.length && text.data[text.length - 1] == '\n')
        text.length--;
    done = done && secret_list_add(&send->secrets, buffer_bytes(&text)) &&
           signature_keys_add(&send->plan, &send->secrets, err);
    if (text.length)
        secret_wipe(text.data, text.length);
    buffer_finish(&text);
    return done;
}

/* ---- --new-key ---- */

static bool write_key(const char *path, struct bytes pem, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, errno, "%s", path);
    bool done = write(fd, pem.data, pem.length) == (ssize_t)pem.length;
    if (close(fd) != 0 || !done)
        return error_set(err, "%s cannot be written", path);
    return true;
}

static bool print_public(const struct scheme *scheme, struct bytes pem, struct error *err)
{
    struct buffer out;
    buffer_init(&out, 64 * 1024);
    bool done = sign_public_half(scheme, pem, &out, err);
    if (done)
        fwrite(out.data, 1, out.length, stdout);
    buffer_finish(&out);
    return done;
}

static bool make_key(struct send *send, struct error *err)
{
    struct buffer pem;
    if (!signs_with_private_key(send))
        return error_set(err, "%s signs with a shared secret: it needs no key pair",
                         send->scheme->name);
    buffer_init(&pem, 64 * 1024);
    bool done = sign_create_key(&send->plan, &pem, err) &&
                write_key(key_path(send), buffer_bytes(&pem), err) &&
                print_public(send->scheme, buffer_bytes(&pem), err);
    if (pem.length)
        secret_wipe(pem.data, pem.length);
    buffer_finish(&pem);
    if (done)
        fprintf(stderr, "the private key is in %s; the printed text is the route's secret\n",
                key_path(send));
    return done;
}

/* ---- sending ---- */

static bool put_request(const struct signing *signing, const struct client_url *url,
                        struct buffer *out)
{
    bool done =
        buffer_printf(out, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: tenterhook-send\r\n",
                      url->target, url->authority);
    for (size_t i = 0; i < signing->header_count; i++) {
        const struct header *header = &signing->headers[i];
        done =
            done && buffer_printf(out, "%.*s: %.*s\r\n", (int)header->name.length,
                                  header->name.data, (int)header->value.length, header->value.data);
    }
    return done &&
           buffer_printf(out, "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                         signing->request.body.length) &&
           buffer_append_bytes(out, signing->request.body);
}

/* The status line and the body of the answer; its status. */
static unsigned print_answer(struct bytes answer)
{
    struct bytes line = answer, version = bytes_split(&line, ' ');
    uint64_t status = 0;
    const uint8_t *body = memmem(answer.data, answer.length, "\r\n\r\n", 4);
    if (!bytes_starts_with(version, bytes_of_text("HTTP/1.")) || line.length < 3 ||
        !bytes_to_uint64(bytes_of(line.data, 3), &status))
        return 0;
    struct bytes shown = {0};
    if (body)
        shown = bytes_from(answer, (size_t)(body + 4 - answer.data));
    printf("%llu ", (unsigned long long)status);
    print_bytes(stdout, shown, print_is_for_terminal());
    if (!print_is_for_terminal() || shown.length == 0)
        puts("");
    return (unsigned)status;
}

/* ---- what is sent as it is, and hardly meant so ---- */

static void note_event(const struct send *send)
{
    enum { NAMES_MAX = 512 };
    const struct text_list *events = &send->scheme->about.events;
    const char *names[NAMES_MAX] = {NULL}, *event = send->options.event;
    for (size_t i = 0; event && i < events->count && i < NAMES_MAX - 1; i++) {
        if (strcmp(events->items[i], event) == 0)
            return;
        names[i] = events->items[i];
    }
    const char *nearest = event && names[0] ? nearest_name(event, names) : NULL;
    if (nearest)
        fprintf(stderr, "note: %s is not known to send \"%s\", did you mean \"%s\"?\n",
                send->scheme->name, event, nearest);
}

static void note_form(const struct signing *signing)
{
    struct bytes body = signing->request.body;
    for (size_t i = 0; signing->body_given && i < signing->header_count; i++)
        if (bytes_equal_text(signing->headers[i].name, "Content-Type") &&
            content_type_is_form(signing->headers[i].value) && !memchr(body.data, '=', body.length))
            fputs("note: the body is neither JSON nor a form; it is sent as a form\n", stderr);
}

/* The id of a message that is sent again is put into its head, or into the body that is made. */
static bool can_name_delivery(const struct send *send, struct error *err)
{
    const struct signed_list *id = &send->scheme->message_id;
    const char *name = send->scheme->name;
    if (!send->options.delivery)
        return true;
    if (id->count == 0)
        return error_set(err, "%s sends no delivery id: --delivery is not for it", name);
    return id->items[0].kind == SIGNED_HEADER || !send->options.body_file ||
           error_set(err, "%s sends its delivery id in the body: write it into %s", name,
                     send->options.body_file);
}

/* EXIT_DONE where the answer was 2xx. */
static int exchange(struct send *send, const struct signing *signing, struct error *err)
{
    struct buffer request, answer;
    struct client_url url;
    struct arena *arena = signing->request.arena;
    const char *to = arena_copy_bytes(arena, signing->url);
    if (send->options.public_url)
        to = send->options.to;
    if (!to || !client_url_parse(to, arena, &url, err))
        return EXIT_USAGE;
    buffer_init(&request, SIZE_MAX / 2);
    buffer_init(&answer, ANSWER_LIMIT);
    int code = EXIT_ENVIRONMENT;
    if (put_request(signing, &url, &request)) {
        if (send->options.print) {
            print_bytes(stdout, buffer_bytes(&request), print_is_for_terminal());
            code = EXIT_DONE;
        } else if (client_exchange(&url, send->options.from, send->options.ca_file,
                                   buffer_bytes(&request), &answer, err)) {
            unsigned status = print_answer(buffer_bytes(&answer));
            code = status >= 200 && status < 300 ? EXIT_DONE : EXIT_NO;
        }
    }
    buffer_finish(&request);
    buffer_finish(&answer);
    return code;
}

static int send_once(struct send *send, struct error *err)
{
    const struct send_options *options = &send->options;
    struct arena arena;
    arena_init(&arena, SIZE_MAX / 2);
    struct signing signing = {
        .plan = &send->plan,
        .private_key = buffer_bytes(&send->private_key),
        .event = bytes_of_text(options->event),
        .delivery = bytes_of_text(options->delivery),
        .body_given = options->body_file != NULL,
        .url = bytes_of_text(options->public_url ? options->public_url : options->to),
        .request = {.arena = &arena,
                    .now_ms = clock_unix_ms(),
                    .method = bytes_of_text("POST"),
                    .body = buffer_bytes(&send->body)}};
    bool is_signed = sign_message(&signing, err);
    if (is_signed)
        note_form(&signing);
    int code = is_signed ? exchange(send, &signing, err) : EXIT_USAGE;
    sign_finish(&signing);
    arena_finish(&arena);
    return code;
}

static int send_all(struct send *send, uint64_t repeat, struct error *err)
{
    int code = EXIT_DONE;
    for (uint64_t i = 0; i < repeat && code <= EXIT_NO; i++) {
        int once = send_once(send, err);
        code = once > code ? once : code;
    }
    return code;
}

static int run(struct send *send, struct error *err)
{
    const struct send_options *options = &send->options;
    uint64_t repeat = 1;
    err->text[0] = '\0';
    if (options->repeat &&
        (!bytes_to_uint64(bytes_of_text(options->repeat), &repeat) || repeat > REPEAT_MAX))
        return EXIT_USAGE;
    if (!find_scheme(send, err) || !can_name_delivery(send, err))
        return EXIT_NO;
    if (options->new_key && !make_key(send, err))
        return EXIT_ENVIRONMENT;
    if (!options->to)
        return EXIT_DONE;
    if (!read_secret(send, err) ||
        (options->body_file && !read_file(options->body_file, &send->body, err)))
        return EXIT_ENVIRONMENT;
    note_event(send);
    return send_all(send, repeat, err);
}

static int send_run(int argc, char **argv)
{
    struct send send = {0};
    struct error err;
    if (!parse_options(argc, argv, &send.options))
        return EXIT_USAGE;
    arena_init(&send.arena, SIZE_MAX / 2);
    buffer_init(&send.private_key, FILE_LIMIT);
    buffer_init(&send.body, FILE_LIMIT);
    int code = run(&send, &err);
    if (code > EXIT_DONE && err.text[0])
        print_failure(err.text);
    secret_list_finish(&send.secrets);
    secret_list_finish(&send.plan.keys);
    if (send.private_key.length)
        secret_wipe(send.private_key.data, send.private_key.length);
    buffer_finish(&send.private_key);
    buffer_finish(&send.body);
    arena_finish(&send.arena);
    return code;
}

const struct verb send_verb = {
    .name = "send",
    .usage = "send PROVIDER --to URL --secret SECRET [--secret-file FILE] [--key FILE] [--event E] "
             "[--delivery ID] [--body FILE] [--set NAME=VALUE] [--public-url URL] [--repeat N] "
             "[--ca FILE] "
             "[--from ADDRESS] [--print] | send PROVIDER --new-key [--key FILE]",
    .sentence = "signs a message as that provider does, sends it and prints the answer; the exit "
                "code is 0 if the answer is 2xx",
    .run = send_run};
