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
#include "server/cli/verbs.h"
#include "server/terminal/terminal.h"

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
    const char *ca_file, *public_url, *from;
    bool new_key, print;
    int64_t repeat, time_ms; /* 0: the present */
    struct parameters {
        const char *items[PARAMETERS_MAX]; /* NAME=VALUE */
        size_t count;
    } parameters;
};

/* All that a run holds. */
struct send {
    struct send_options options;
    struct arena arena;
    const struct scheme *scheme;
    const char *names[PARAMETERS_MAX], *values[PARAMETERS_MAX];
    struct text_map parameters;
    struct signature_plan plan;
    struct secret_list secrets;
    struct buffer private_key, body;
};

/* ---- options ---- */

static bool take_parameter(void *field, const char *text, struct error *err)
{
    struct parameters *parameters = field;
    if (!strchr(text, '='))
        return error_set(err, "needs NAME=VALUE");
    if (parameters->count == PARAMETERS_MAX)
        return error_set(err, "may be given %d times", PARAMETERS_MAX);
    parameters->items[parameters->count++] = text;
    return true;
}

/* Bits of the forms, in their order. */
enum { SENDS = 1, MAKES_KEY = 2 };

static const struct option_row rows[] = {
    {.value = "PROVIDER",
     .kind = OPTION_PRESET,
     .needed = ALL_FORMS,
     .offset = offsetof(struct send_options, provider),
     .sentence = "a built-in provider; `tenterhook providers` lists them"},
    {.name = "to",
     .value = "URL",
     .kind = OPTION_TEXT,
     .forms = SENDS,
     .needed = SENDS,
     .offset = offsetof(struct send_options, to),
     .sentence = "where it is sent"},
    {.name = "secret",
     .value = "SECRET",
     .kind = OPTION_TEXT,
     .forms = SENDS,
     .offset = offsetof(struct send_options, secret),
     .sentence = "the secret; other users of the machine see it, as they see all arguments"},
    {.name = "secret-file",
     .value = "FILE",
     .kind = OPTION_FILE,
     .forms = SENDS,
     .offset = offsetof(struct send_options, secret_file),
     .sentence = "a file that has the secret; one line end at its end is not part of it"},
    {.name = "key",
     .value = "FILE",
     .kind = OPTION_FILE,
     .offset = offsetof(struct send_options, key_file),
     .sentence = "the private key of a provider that signs with one; without it PROVIDER.key"},
    {.name = "new-key",
     .kind = OPTION_FLAG,
     .needed = MAKES_KEY,
     .offset = offsetof(struct send_options, new_key),
     .sentence = "makes that key, and prints what the route needs as its secret"},
    {.name = "event",
     .value = "TYPE",
     .kind = OPTION_TEXT,
     .forms = SENDS,
     .offset = offsetof(struct send_options, event),
     .sentence = "the type of the event, such as push"},
    {.name = "delivery",
     .value = "ID",
     .kind = OPTION_TEXT,
     .forms = SENDS,
     .offset = offsetof(struct send_options, delivery),
     .sentence = "the id of the message, to send it again; without it a new one"},
    {.name = "time",
     .value = "TIME",
     .kind = OPTION_MOMENT,
     .forms = SENDS,
     .offset = offsetof(struct send_options, time_ms),
     .sentence =
         "when it says that it was signed, such as 10m for ten minutes ago; without it now"},
    {.name = "body",
     .value = "FILE",
     .kind = OPTION_FILE,
     .forms = SENDS,
     .offset = offsetof(struct send_options, body_file),
     .sentence = "the body; without it one that is made up"},
    {.name = "set",
     .value = "NAME=VALUE",
     .kind = OPTION_CUSTOM,
     .flags = OPTION_REPEATS,
     .offset = offsetof(struct send_options, parameters),
     .sentence = "a parameter of the provider, as in `provider: {name: PROVIDER, NAME: VALUE}`",
     .take = take_parameter},
    {.name = "public-url",
     .value = "URL",
     .kind = OPTION_TEXT,
     .forms = SENDS,
     .offset = offsetof(struct send_options, public_url),
     .sentence = "the address that is signed, where it is not the one that it is sent to"},
    {.name = "repeat",
     .value = "N",
     .kind = OPTION_NUMBER,
     .forms = SENDS,
     .offset = offsetof(struct send_options, repeat),
     .sentence = "sends so many messages, one after the other",
     .default_text = "1",
     .min = 1,
     .max = REPEAT_MAX},
    {.name = "ca",
     .value = "FILE",
     .kind = OPTION_FILE,
     .forms = SENDS,
     .offset = offsetof(struct send_options, ca_file),
     .sentence =
         "certificates that the server's is checked against; without it those of the system"},
    {.name = "from",
     .value = "ADDRESS",
     .kind = OPTION_TEXT,
     .forms = SENDS,
     .offset = offsetof(struct send_options, from),
     .sentence = "the address of this machine that it is sent from"},
    {.name = "print",
     .kind = OPTION_FLAG,
     .forms = SENDS,
     .offset = offsetof(struct send_options, print),
     .sentence = "prints the request, and does not send it"},
};

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

/* ---- options that this provider has no use for ---- */

static bool is_in_body(const struct signed_ref *ref)
{
    return ref->kind == SIGNED_FORM || ref->kind == SIGNED_PAYLOAD || ref->kind == SIGNED_ITEM;
}

/* What stands in the head, or in the body that is made, can be said; not in a body that is given.
 */
static bool can_place(const struct send *send, const char *option, const char *what,
                      const struct signed_list *places, struct error *err)
{
    const char *name = send->scheme->name;
    if (places->count == 0)
        return error_set(err, "%s sends no %s: %s is not for it", name, what, option);
    return !is_in_body(&places->items[0]) || !send->options.body_file ||
           error_set(err, "%s sends its %s in the body: write it into %s", name, what,
                     send->options.body_file);
}

static bool can_time(const struct send *send, struct error *err)
{
    const struct signed_list place = {.items = (struct signed_ref *)&send->scheme->time.in,
                                      .count = 1};
    if (!sign_has_time(send->scheme))
        return error_set(err, "%s sends no time: --time is not for it", send->scheme->name);
    return place.items->kind == SIGNED_ABSENT || can_place(send, "--time", "time", &place, err);
}

static bool is_among(const struct text_list *list, struct bytes name)
{
    for (size_t i = 0; i < list->count; i++)
        if (bytes_equal_text(name, list->items[i]))
            return true;
    return false;
}

/* The parameter that was probably meant, or NULL. */
static const char *nearest_parameter(const struct scheme *scheme, const char *name)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX + 1] = {NULL};
    const struct text_list *lists[] = {&scheme->parameters, &scheme->optional};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < lists[i]->count && count < NAMES_MAX; j++)
            names[count++] = lists[i]->items[j];
    return nearest_name(name, names);
}

static bool take_parameters(struct send *send, struct error *err)
{
    const struct scheme *scheme = send->scheme;
    const struct parameters *given = &send->options.parameters;
    for (size_t i = 0; i < given->count; i++) {
        const char *equals = strchr(given->items[i], '=');
        struct bytes name = bytes_of(given->items[i], (size_t)(equals - given->items[i]));
        send->names[i] = arena_copy_bytes(&send->arena, name);
        send->values[i] = equals + 1;
        if (!send->names[i])
            return error_set(err, "no memory");
        if (is_among(&scheme->parameters, name) || is_among(&scheme->optional, name))
            continue;
        const char *nearest = nearest_parameter(scheme, send->names[i]);
        return error_set(err, "provider %s has no parameter \"%s\"%s%s%s", scheme->name,
                         send->names[i], nearest ? ", did you mean \"" : "", nearest ? nearest : "",
                         nearest ? "\"?" : "");
    }
    send->parameters =
        (struct text_map){.names = send->names, .values = send->values, .count = given->count};
    return true;
}

static bool check_options(struct send *send, struct error *err)
{
    const struct send_options *options = &send->options;
    const struct scheme *scheme = send->scheme;
    return take_parameters(send, err) &&
           (!options->event || can_place(send, "--event", "event type", &scheme->event, err)) &&
           (!options->delivery ||
            can_place(send, "--delivery", "delivery id", &scheme->message_id, err)) &&
           (!options->time_ms || can_time(send, err));
}

/* Where it is sent, which with --public-url is not what is signed; a query that signing has put
 * behind the one stands behind the other too. */
static const char *address_of(const struct send *send, const struct signing *signing)
{
    const struct send_options *options = &send->options;
    struct arena *arena = signing->request.arena;
    if (!options->public_url)
        return arena_copy_bytes(arena, signing->url);
    struct bytes query = bytes_from(signing->url, strlen(options->public_url) + 1);
    if (query.length == 0)
        return options->to;
    return arena_format(arena, "%s%c%.*s", options->to, strchr(options->to, '?') ? '&' : '?',
                        (int)query.length, query.data);
}

/* EXIT_DONE where the answer was 2xx. */
static int exchange(struct send *send, const struct signing *signing, struct error *err)
{
    struct buffer request, answer;
    struct client_url url;
    struct arena *arena = signing->request.arena;
    const char *to = address_of(send, signing);
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
                    .now_ms = options->time_ms ? options->time_ms : clock_unix_ms(),
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

static int send_all(struct send *send, struct error *err)
{
    int code = EXIT_DONE;
    for (int64_t i = 0; i < send->options.repeat && code <= EXIT_NO; i++) {
        int once = send_once(send, err);
        code = once > code ? once : code;
    }
    return code;
}

static int run(struct send *send, struct error *err)
{
    const struct send_options *options = &send->options;
    err->text[0] = '\0';
    if (!find_scheme(send, err) || !check_options(send, err))
        return EXIT_NO;
    if (options->new_key && !make_key(send, err))
        return EXIT_ENVIRONMENT;
    if (!options->to)
        return EXIT_DONE;
    if (!read_secret(send, err) ||
        (options->body_file && !read_file(options->body_file, &send->body, err)))
        return EXIT_ENVIRONMENT;
    note_event(send);
    return send_all(send, err);
}

static int send_run(void *given)
{
    const struct send_options *options = given;
    struct send send = {.options = *options};
    struct error err;
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
    .sentence = "signs a message as a provider does, sends it and prints the answer",
    .more = "The exit code is 0 if the answer is 2xx.",
    .groups = {OPTION_GROUP(rows)},
    .forms = {{.run = send_run}, {.run = send_run}},
    .size = sizeof(struct send_options)};
