/* `tenterhook init`: from nothing to a server whose script has run, without a question. What it
 * needs to know it finds out: the name of this machine, certbot's certificate, whether the package
 * is installed. It writes files that are new and changes none that is there. */
#include "config/loader.h"
#include "handlers/provider/presets.h"
#include "handlers/provider/provider.h"
#include "server/cli/init_certificate.h"
#include "server/cli/init_lines.h"
#include "server/cli/init_print.h"
#include "server/cli/init_secret.h"
#include "server/cli/init_start.h"
#include "server/cli/init_texts.h"
#include "server/cli/verbs.h"
#include "server/ipc/privilege.h"
#include "server/process/preflight.h"
#include "server/terminal/terminal.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CERTBOT_LIVE "/etc/letsencrypt/live"

enum { INIT_MEMORY = 16 * 1024 * 1024, HOST_MAX = 253 };

struct init_options {
    const char *provider, *directory, *host, *certificates;
    int64_t port;
    bool is_dry, starts;
};

/* ---- what is found out ---- */

static bool find_scheme(struct init *init, const char *name, struct error *err)
{
    const struct preset *preset = preset_find(name);
    struct problem_list problems;
    const char *nearest = preset ? NULL : preset_nearest(name);
    if (!preset)
        return error_set(err, "there is no provider \"%.100s\"%s%s%s", name,
                         nearest ? ", did you mean \"" : "; tenterhook providers lists them",
                         nearest ? nearest : "", nearest ? "\"?" : "");
    problem_list_init(&problems);
    init->scheme = provider_preset(preset, &program_registry, &init->arena, &problems);
    problem_list_finish(&problems);
    return init->scheme || error_set(err, "the preset cannot be read");
}

/* What has to stand beside the provider's name is known at the provider only. A header is chosen
 * here. */
static bool choose_parameters(struct init *init, struct error *err)
{
    const struct text_list *names = &init->scheme->parameters;
    const char **values = arena_alloc_array(&init->arena, names->count + 1, sizeof *values);
    if (!values)
        return error_set(err, "no memory");
    for (size_t i = 0; i < names->count; i++)
        values[i] = strcmp(names->items[i], "header") == 0 ? "X-Webhook-Token" : "replace-me";
    init->parameters = (struct text_map){
        .names = (const char **)names->items, .values = values, .count = names->count};
    init->plan = (struct signature_plan){.scheme = init->scheme, .parameters = &init->parameters};
    init->needs_public_url = scheme_proves_url(init->scheme);
    return true;
}

/* It goes into URLs, a certificate and a route file. */
static bool check_host(const char *host, struct error *err)
{
    size_t length = strlen(host);
    bool good = length > 0 && length <= HOST_MAX && host[0] != '-' && host[0] != '.';
    for (size_t i = 0; good && i < length; i++)
        good = isalnum((unsigned char)host[i]) || host[i] == '-' || host[i] == '.';
    return good || error_set(err, "--host needs a name or an IPv4 address");
}

static const char *usual_directory(struct init *init)
{
    return dirname(arena_copy_text(&init->arena, SETTINGS_FILE_USUAL));
}

/* The package's directory is root's to write; others get the one where they are. */
static bool find_directory(struct init *init, const char *given, struct error *err)
{
    struct stat what;
    char path[PATH_MAX];
    const char *usual = usual_directory(init);
    if (!given)
        given = geteuid() == 0 && stat(usual, &what) == 0 && S_ISDIR(what.st_mode) ? usual : ".";
    if (realpath(given, path))
        init->directory = arena_copy_text(&init->arena, path);
    else if (given[0] == '/')
        init->directory = arena_copy_text(&init->arena, given);
    else if (getcwd(path, sizeof path))
        init->directory = arena_format(&init->arena, "%s/%s", path, given);
    if (!init->directory)
        return error_set(err, "there is no such directory");
    init->is_installed = geteuid() == 0 && strcmp(init->directory, usual) == 0;
    return true;
}

static bool find_user(struct init *init, struct error *err)
{
    const struct passwd *own = getpwnam("tenterhook");
    init->is_installed = init->is_installed && own;
    init->has_server_user =
        geteuid() == 0 && privilege_find_user(NULL, &init->server_uid, &init->server_gid, NULL);
    init->server_group_reads =
        init->has_server_user && own && own->pw_uid == init->server_uid && own->pw_gid != 0;
    init->journal = init->is_installed
                        ? "/var/lib/tenterhook/journal.db"
                        : arena_format(&init->arena, "%s/state/journal.db", init->directory);
    return init->journal || error_set(err, "no memory");
}

static bool find_out(struct init *init, const struct init_options *options, struct error *err)
{
    init->port = options->port;
    if ((options->host && !check_host(options->host, err)) ||
        !find_scheme(init, options->provider, err) || !choose_parameters(init, err) ||
        !find_directory(init, options->directory, err) || !find_user(init, err))
        return false;
    init->host = options->host;
    init_find_certificate(init, options->certificates);
    if (!init->host || !check_host(init->host, err))
        init->host = "localhost"; /* a machine with a name that is none in a URL */
    return init_make_certificate(init, err) && init_make_secret(init, err) &&
           init_make_texts(init, err) && init_make_lines(init, err);
}

/* ---- the verb ---- */

/* The route file is the last of the files, and nothing is added to one that is there. */
static int refuse_existing(const struct init *init, const char *provider)
{
    fputs("tenterhook: ", stderr);
    print_safe(stderr, bytes_of_text(init->files[init->file_count - 1].path));
    fprintf(
        stderr,
        " is there already, and init changes no file. \"tenterhook init %s --dry-run\" shows the "
        "route to add; --directory DIR writes elsewhere\n",
        provider);
    return EXIT_NO;
}

/* What `check` says of it. */
static int check_written(const struct init *init)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct settings *settings =
        settings_load(init->files[init->file_count - 1].path, &program_registry, &problems);
    if (settings)
        preflight_check(settings, true, PROBLEM_WARNING, &problems);
    problem_list_print(&problems, stderr);
    int code = problems.errors == 0 ? EXIT_DONE : EXIT_NO;
    settings_destroy(settings);
    problem_list_finish(&problems);
    return code;
}

/* Secrets are among them. */
static void forget_contents(struct init *init)
{
    for (size_t i = 0; i < init->file_count; i++) {
        struct buffer *content = &init->files[i].content;
        if (content->length > 0)
            secret_wipe(content->data, content->length);
        buffer_finish(content);
    }
}

/* Asked before anything is written: a second init would not change the port of the first. Who may
 * not have the port at all is told by the server. */
static bool port_is_taken(int64_t port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    bool is_taken = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                    bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 &&
                    errno == EADDRINUSE;
    if (fd >= 0)
        close(fd);
    return is_taken;
}

static int refuse_port(const struct init *init)
{
    fprintf(stderr,
            "tenterhook: port %lld is in use: --port N takes another one. Nothing is written\n",
            (long long)init->port);
    return EXIT_ENVIRONMENT;
}

static int write_all(struct init *init, const struct init_options *options)
{
    struct error err;
    if (init->files[init->file_count - 1].is_there)
        return refuse_existing(init, options->provider);
    if (options->starts && port_is_taken(init->port))
        return refuse_port(init);
    if (!init_files_write(init, &err)) {
        print_failure(err.text);
        return EXIT_ENVIRONMENT;
    }
    init_print_files(init, false, stdout);
    int code = check_written(init);
    if (code != EXIT_DONE)
        return code;
    init_print_provider(init, false, stdout);
    if (options->starts) {
        forget_contents(init); /* the server may run for long */
        return init_start(init);
    }
    init_print_lines(init, stdout);
    return code;
}

static int init_run(void *given)
{
    const struct init_options *options = given;
    struct init init = {0};
    struct error err;
    int code = EXIT_NO;
    arena_init(&init.arena, INIT_MEMORY);
    if (!find_out(&init, options, &err)) {
        print_failure(err.text);
    } else if (options->is_dry) {
        init_print_files(&init, true, stdout);
        init_print_provider(&init, true, stdout);
        init_print_lines(&init, stdout);
        code = EXIT_DONE;
    } else {
        code = write_all(&init, options);
    }
    forget_contents(&init);
    arena_finish(&init.arena);
    return code;
}

/* Bits of the forms, in their order. */
enum { WRITES = 1, SHOWS = 2 };

static const struct option_row rows[] = {
    {.value = "PROVIDER",
     .kind = OPTION_PRESET,
     .offset = offsetof(struct init_options, provider),
     .sentence = "who sends; `tenterhook providers` lists them",
     .default_text = "github"},
    {.name = "directory",
     .value = "DIR",
     .kind = OPTION_FILE,
     .offset = offsetof(struct init_options, directory),
     .sentence = "where the files go; without it /etc/tenterhook for root, if it is there, else "
                 "the present directory"},
    {.name = "host",
     .value = "NAME",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct init_options, host),
     .sentence = "what senders call this machine; without it the name in certbot's certificate, "
                 "else that of the machine"},
    {.name = "port",
     .value = "N",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct init_options, port),
     .sentence = "the port that the server listens on",
     .default_text = "8443",
     .min = 1,
     .max = 65535},
    {.name = "certificates",
     .value = "DIR",
     .kind = OPTION_FILE,
     .offset = offsetof(struct init_options, certificates),
     .sentence = "where certbot's certificates are, a directory with fullchain.pem and privkey.pem "
                 "for each",
     .default_text = CERTBOT_LIVE},
    {.name = "start",
     .kind = OPTION_FLAG,
     .forms = WRITES,
     .offset = offsetof(struct init_options, starts),
     .sentence = "starts the server too, sends it a signed test event, and shows what its script "
                 "says"},
    {.name = "dry-run",
     .kind = OPTION_FLAG,
     .needed = SHOWS,
     .forms = SHOWS,
     .offset = offsetof(struct init_options, is_dry),
     .sentence = "shows what would be written, and writes nothing"},
};

const struct verb init_verb = {
    .name = "init",
    .sentence = "writes a route file with all that it needs, and says what to do next",
    .more =
        "Writes tenterhook.yaml, a script that runs for each event, a secret, and a certificate "
        "if certbot has none. A file that is there is kept as it is; if that is tenterhook.yaml, "
        "nothing is written and the exit code is 1.\n\n"
        "With --start the lines that it prints are run: systemd starts the server where the "
        "package is installed; elsewhere the server runs until Ctrl-C, and its exit code is that "
        "of init. The exit code is 1 if the script has not done its work.",
    .groups = {OPTION_GROUP(rows)},
    .forms = {{.run = init_run}, {.run = init_run}},
    .size = sizeof(struct init_options)};
