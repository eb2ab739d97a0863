/* From text to a snapshot: defaults, kinds, secrets, what is kept and what is forgotten. The
 * registry is a fake one; messages are held by the golden files in tests/config. */
#include "config/address.h"
#include "config/file.h"
#include "config/loader.h"
#include "config/names.h"
#include "config/nearest.h"
#include "config/route_path.h"
#include "fake_registry.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVER "version: 1\nserver:\n  listen: {address: \"127.0.0.1:0\", tls: off}\n"
#define ACTIONS "    actions: [{command: [/bin/true]}]\n"

static struct problem_list problems;
static struct settings *settings;
static char directory[] = "/tmp/tenterhook-load-XXXXXX";

static void setup(void)
{
    problem_list_init(&problems);
    settings = NULL;
    memcpy(directory + sizeof directory - 7, "XXXXXX", 7);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static void teardown(void)
{
    settings_destroy(settings);
    problem_list_finish(&problems);
    ck_assert_int_eq(system("rm -r \"$PWD\""), 0);
}

static void write_file(const char *name, const char *content, size_t length, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, content, length), (ssize_t)length);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void load_again(const char *text)
{
    settings_destroy(settings);
    problem_list_finish(&problems);
    problem_list_init(&problems);
    write_file("hooks.yaml", text, strlen(text), 0644);
    settings = settings_load("hooks.yaml", &fake_registry, &problems);
}

static void load(const char *text)
{
    load_again(text);
    if (!settings)
        problem_list_print(&problems, stdout);
    ck_assert_ptr_nonnull(settings);
}

static void refuse(const char *text, const char *message)
{
    load_again(text);
    ck_assert_ptr_null(settings);
    ck_assert_ptr_nonnull(problems.first);
    for (const struct problem *problem = problems.first; problem; problem = problem->next)
        if (strstr(problem->text, message))
            return;
    ck_abort_msg("\"%s\" but not \"%s\"", problems.first->text, message);
}

/* ---- digests of keys ---- */

static const struct key_print *print_of(const char *route, const char *key)
{
    const struct settings_prints *prints = &settings->prints;
    for (size_t i = 0; i < prints->key_count; i++)
        if (strcmp(prints->keys[i].key, key) == 0 &&
            (route ? prints->keys[i].route && strcmp(prints->keys[i].route, route) == 0
                   : !prints->keys[i].route))
            return &prints->keys[i];
    return NULL;
}

static struct key_print digest_of(const char *text, const char *route, const char *key)
{
    load(text);
    ck_assert_ptr_nonnull(print_of(route, key));
    return *print_of(route, key);
}

/* What a file says counts, not how; and never the value itself. */
START_TEST(digests_tell_what_has_changed)
{
    static const char *const texts[] = {
        SERVER "routes:\n  - name: a\n    path: /a\n    auth: {none: true}\n    max_body: 2MiB\n"
               "    actions: [{command: [/bin/true]}]\n",
        SERVER "# the same\ndefaults: {max_body: '2MiB'}\nroutes:\n  - path:   \"/a\"\n"
               "    name: a\n    auth:\n      none: true\n    actions:\n"
               "      - command:\n          - /bin/true\n",
        SERVER "routes:\n  - name: a\n    path: /a\n    auth: {none: true}\n    max_body: 3MiB\n"
               "    actions: [{command: [/bin/true, x]}]\n"};
    static const char *const keys[] = {"path", "auth", "max_body", "actions.1"};
    for (size_t i = 0; i < 4; i++) {
        struct key_print first = digest_of(texts[0], "a", keys[i]);
        struct key_print same = digest_of(texts[1], "a", keys[i]);
        struct key_print other = digest_of(texts[2], "a", keys[i]);
        ck_assert_mem_eq(first.digest, same.digest, KEY_PRINT_BYTES);
        ck_assert_int_eq(memcmp(first.digest, other.digest, KEY_PRINT_BYTES) == 0, i < 2);
    }
    ck_assert_ptr_nonnull(print_of(NULL, "server.listen"));
    ck_assert_ptr_null(print_of("a", "name"));
    ck_assert_uint_eq(settings->prints.file_count, 1);
    ck_assert_uint_eq(strlen(settings->prints.files[0].sha256), 64);
    ck_assert_int_eq(settings->prints.files[0].path[0], '/');
}
END_TEST

/* ---- defaults and values ---- */

START_TEST(defaults_are_those_of_the_rows)
{
    load(SERVER "routes:\n- {name: a, path: /a, auth: {none: true}, actions: [{pipe: p}]}\n");
    const struct server_settings *server = &settings->server;
    ck_assert_int_eq(server->connections, 4096);
    ck_assert_int_eq(server->listeners, 0);
    ck_assert_int_eq(server->header_timeout_ms, 10000);
    ck_assert_int_eq(server->max_header, 16 << 10);
    ck_assert_int_eq(server->body_memory, 256 << 20);
    ck_assert_int_eq(server->commands, 64);
    ck_assert_ptr_null(server->user);
    ck_assert_str_eq(settings->journal.path, "/var/lib/tenterhook/journal.db");
    ck_assert_int_eq(settings->journal.keep_age_ms, INT64_C(7) * 86400000);
    ck_assert_int_eq(settings->journal.keep_dead_ms, INT64_C(30) * 86400000);
    ck_assert_int_eq(settings->log.level, 1);
    const struct route *route = &settings->routes[0];
    ck_assert_uint_eq(route->methods.count, 1);
    ck_assert_str_eq(route->methods.items[0], "POST");
    ck_assert_int_eq(route->max_body, 1 << 20);
    ck_assert(route->no_authentication && route->authenticator_count == 1);
    ck_assert_str_eq(route->actions[0].name, "1");
}
END_TEST

START_TEST(values_reach_their_fields)
{
    load("version: 1\nserver:\n  listen:\n  - {address: \"[::1]:8443\", tls: {certificate: c.pem, "
         "key: /k.pem}}\n  - {address: \"unix:s.sock\", tls: off}\n  max_header: 4KiB\n"
         "log: {level: error, format: json}\njournal: {path: j.db, keep: {age: 1h}}\n"
         "routes:\n- name: a\n  path: /a\n  auth: {none: true}\n"
         "  actions:\n  - {command: [x, 1, \"\"], env: {A: b, C: \"\"}, timeout: 1m}\n");
    char expected[200];
    const struct listen_settings *listen = settings->server.listen.items;
    snprintf(expected, sizeof expected, "%s/c.pem", directory);
    ck_assert_str_eq(listen[0].tls.certificate, expected);
    ck_assert_str_eq(listen[0].tls.key, "/k.pem");
    ck_assert_uint_eq(listen[0].at.line, 4);
    snprintf(expected, sizeof expected, "unix:%s/s.sock", directory);
    ck_assert_str_eq(listen[1].address, expected);
    snprintf(expected, sizeof expected, "%s/j.db", directory);
    ck_assert_str_eq(settings->journal.path, expected);
    ck_assert_int_eq(settings->journal.keep_size, INT64_C(2) << 30);
    ck_assert(settings->log.level == 3 && settings->log.format == 1);
    const struct route *route = &settings->routes[0];
    const struct fake_command *command = route->actions[0].handler.settings;
    ck_assert(command->argv.count == 3 && command->env.count == 2);
    ck_assert_int_eq(command->timeout_ms, 60000);
}
END_TEST

START_TEST(a_route_takes_from_defaults_what_it_does_not_say)
{
    load(SERVER "defaults:\n  max_body: 2MiB\n  provider: github\n"
                "  secret: 0123456789abcdef\n  route_label: from defaults\n"
                "  actions: [{pipe: p}]\n"
                "routes:\n- {name: a, path: /a}\n"
                "- {name: b, path: /b, max_body: 3MiB, route_label: own, provider: gitlab}\n");
    const struct route *a = &settings->routes[0], *b = &settings->routes[1];
    ck_assert(a->max_body == 2 << 20 && b->max_body == 3 << 20);
    const struct fake_provider *first = a->authenticators[0].settings;
    const struct fake_provider *second = b->authenticators[0].settings;
    ck_assert(strcmp(first->name, "github") == 0 && strcmp(second->name, "gitlab") == 0);
    ck_assert(first->secrets.count == 1 && second->secrets.count == 1);
    ck_assert_ptr_ne(first->secrets.items, second->secrets.items);
    const struct fake_part *part = a->parts[0];
    ck_assert(strcmp(part->label, "from defaults") == 0 && part->finished);
    part = b->parts[0];
    ck_assert_str_eq(part->label, "own");
}
END_TEST

START_TEST(parts_of_the_registry_have_their_blocks)
{
    load(SERVER "top_label: t\nroutes:\n- name: a\n  path: /a\n  auth: {none: true}\n"
                "  actions: [{pipe: p, action_label: x}, {pipe: q}]\n");
    const struct fake_part *top = settings_top_part(settings, &fake_top_part);
    const struct action_settings *actions = settings->routes[0].actions;
    const struct fake_part *first = action_part(settings, &actions[0], &fake_action_part);
    const struct fake_part *second = action_part(settings, &actions[1], &fake_action_part);
    ck_assert(strcmp(top->label, "t") == 0 && top->finished);
    ck_assert(strcmp(first->label, "x") == 0 && strcmp(second->label, "none") == 0);
    ck_assert_ptr_null(settings_top_part(settings, &fake_route_keys));
}
END_TEST

START_TEST(includes_add_their_routes_in_order)
{
    ck_assert_int_eq(mkdir("conf.d", 0755), 0);
    static const char z[] = "routes:\n- {name: z, path: /z, auth: {none: true}, actions: [{pipe: "
                            "p}]}\n";
    static const char b[] = "routes:\n- {name: b, path: /b, auth: {none: true}, actions: [{pipe: "
                            "p}]}\ntop_label: from b\n";
    write_file("conf.d/z.yaml", z, sizeof z - 1, 0644);
    write_file("conf.d/b.yaml", b, sizeof b - 1, 0644);
    load("include: [conf.d/*.yaml]\n" SERVER
         "routes:\n- {name: a, path: /a, auth: {none: true}, actions: [{pipe: p}]}\n");
    ck_assert_uint_eq(settings->route_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(settings->routes[i].name, i == 0 ? "a" : i == 1 ? "b" : "z");
        ck_assert_uint_eq(settings->routes[i].index, i);
    }
    char expected[200];
    snprintf(expected, sizeof expected, "%s/conf.d/p", directory);
    ck_assert_str_eq(*(const char **)settings->routes[1].actions[0].handler.settings, expected);
    ck_assert_str_eq(settings->routes[1].at.file, "conf.d/b.yaml");
    const struct fake_part *top = settings_top_part(settings, &fake_top_part);
    ck_assert_str_eq(top->label, "from b");
}
END_TEST

START_TEST(everything_wrong_comes_up_in_one_run_in_file_order)
{
    unsigned line = 0;
    refuse("version: 2\nlog: {level: x}\nroutes:\n- name: a\n  path: b\n  max_body: 1\n"
           "  secret: \"\"\n  actions: []\n- 7\n",
           "needs \"server\"");
    ck_assert_uint_eq(problems.errors, 10);
    for (const struct problem *problem = problems.first; problem; problem = problem->next) {
        ck_assert_uint_ge(problem->line, line);
        line = problem->line;
    }
}
END_TEST

/* ---- secrets ---- */

static const struct secret_list *provider_secret(const char *secret)
{
    char text[600];
    snprintf(text, sizeof text,
             SERVER "routes:\n- name: a\n  path: /a\n  provider: github\n  secret: %s\n"
                    "  actions: [{pipe: p}]\n",
             secret);
    load_again(text);
    if (!settings)
        return NULL;
    return settings->routes[0].authenticators[0].settings;
}

static bool has_secret(const char *written, const char *expected)
{
    const struct secret_list *list = provider_secret(written);
    return list && list->count == 1 && strcmp((char *)list->items[0].data, expected) == 0;
}

START_TEST(one_line_end_of_a_secret_file_is_trimmed)
{
    static const struct {
        const char *content, *secret;
    } rows[] = {{"0123456789abcdef", "0123456789abcdef"},
                {"0123456789abcdef\n", "0123456789abcdef"},
                {"0123456789abcdef\r\n", "0123456789abcdef"},
                {"0123456789abcdef\n\n", "0123456789abcdef\n"},
                {"0123456789abcdef\r", "0123456789abcdef\r"},
                {" 0123456789abcdef \n", " 0123456789abcdef "}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_file("s", rows[i].content, strlen(rows[i].content), 0600);
        ck_assert_msg(has_secret("{file: s}", rows[i].secret), "%zu", i);
    }
}
END_TEST

START_TEST(secrets_come_from_all_their_sources)
{
    ck_assert_int_eq(mkdir("c", 0700), 0);
    write_file("c/name", "from a credential\n", 18, 0440);
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    write_file("name", "from a credential\n", 18, 0440);
    setenv("TEST_SECRET", "from the environment", 1);
    ck_assert(has_secret("{credential: name}", "from a credential"));
    ck_assert(has_secret("{env: TEST_SECRET}", "from the environment"));
    setenv("TEST_SECRET", "from the environment\n", 1);
    ck_assert(has_secret("{env: TEST_SECRET}", "from the environment"));
    ck_assert(has_secret("from the file itself", "from the file itself"));
    ck_assert(has_secret("12345678901234567", "12345678901234567"));
    const struct secret_list *list = provider_secret("[{env: TEST_SECRET}, \"another one, long\"]");
    ck_assert(list && list->count == 2);
    ck_assert_uint_eq(problems.warnings, 0);
    ck_assert_ptr_nonnull(provider_secret("short"));
    ck_assert_uint_eq(problems.warnings, 1);
}
END_TEST

/* Owners and mounts that a test cannot make without being root. */
START_TEST(who_may_read_a_secret_depends_on_owner_and_mount)
{
    static const struct {
        mode_t mode;
        uid_t owner;
        bool is_sealed;
        enum file_care care;
        bool is_taken, is_warned;
    } rows[] = {
        {0400, 1000, false, FILE_SECRET, true, false},
        {0440, 0, false, FILE_SECRET, true, false}, /* Kubernetes with fsGroup */
        {0640, 0, false, FILE_SECRET, true, false},
        {0640, 1000, false, FILE_SECRET, true, true},
        {0440, 1000, true, FILE_SECRET, true, true},
        {0660, 0, false, FILE_SECRET, false, false},
        {0660, 0, true, FILE_SECRET, true, false},
        {0444, 0, false, FILE_SECRET, false, false},
        {0444, 0, true, FILE_SECRET, true, true}, /* Docker */
        {0777, 0, true, FILE_SECRET, true, true},
        {0602, 0, false, FILE_SECRET, false, false},
        {0440, 1000, false, FILE_CREDENTIAL, true, false},
        {0460, 1000, false, FILE_CREDENTIAL, true, false},
        {0444, 0, false, FILE_CREDENTIAL, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stat what = {.st_mode = S_IFREG | rows[i].mode, .st_uid = rows[i].owner};
        struct error warning = {""}, err = {""};
        bool is_taken =
            file_secret_is_private(&what, rows[i].is_sealed, rows[i].care, "s", &warning, &err);
        ck_assert_msg(is_taken == rows[i].is_taken, "%zu: %s", i, err.text);
        ck_assert_msg((warning.text[0] != '\0') == rows[i].is_warned, "%zu: %s", i, warning.text);
        ck_assert_msg((err.text[0] != '\0') != is_taken, "%zu", i);
    }
}
END_TEST

START_TEST(a_secret_file_that_others_can_reach_is_refused)
{
    static const mode_t refused[] = {0660, 0620, 0604, 0602, 0644, 0666};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        write_file("s", "0123456789abcdef", 16, refused[i]);
        ck_assert_msg(!provider_secret("{file: s}"), "%o", refused[i]);
    }
    write_file("s", "0123456789abcdef", 16, 0400);
    ck_assert_ptr_nonnull(provider_secret("{file: s}"));
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    ck_assert_ptr_null(provider_secret("{file: fifo}"));
}
END_TEST

START_TEST(no_message_and_no_line_shows_a_secret)
{
    static const char *const texts[] = {
        "    secret: [hunter2-hunter2-hunter2, {env: NO_SUCH}]\n",
        "    secret: {value: hunter2-hunter2-hunter2}\n",
        "    secret: [[hunter2-hunter2-hunter2]]\n",
        "    secret:\n    - hunter2-hunter2-hunter2\n    - \"\"\n",
        "    secrt: hunter2-hunter2-hunter2\n",
        "    secret: {env: \"hunter2 hunter2\"}\n",
        "    secret: hunter2-hunter2-hunter2: 1\n",
        "    secret: \"hunter2-hunter2-hunter2\n",
        "    secret: |\n      hunter2-hunter2-hunter2\n     x: \"y\" z\n",
        "    auth: {token: hunter2-hunter2-hunter2}\n",
        "    auth: {token: {header: X, value: hunter2-hunter2-hunter2, x: 1}}\n",
        "    auth: {token: {header: X, valeu: hunter2-hunter2-hunter2}}\n",
        "    auth: {tokne: {header: X, value: hunter2-hunter2-hunter2}}\n",
        "    auth: [hunter2-hunter2-hunter2]\n",
        "    auth: {token: {header: X, value: &a hunter2-hunter2-hunter2}}\n",
        "    secret: !!str hunter2-hunter2-hunter2\n",
    };
    char text[600], *printed = NULL;
    size_t size;
    snprintf(text, sizeof text, SERVER "routes:\n  - name: a\n    path: /a\n%s" ACTIONS, texts[_i]);
    load_again(text);
    ck_assert_ptr_null(settings);
    FILE *out = open_memstream(&printed, &size);
    problem_list_print(&problems, out);
    fclose(out);
    ck_assert_msg(strlen(printed) > 20 && !strstr(printed, "hunter2"), "%s", printed);
    free(printed);
}
END_TEST

/* A word is shown, and its line, if it is called as credentials are. */
START_TEST(a_missing_credential_is_named_if_it_is_a_name)
{
    static const struct {
        const char *word;
        bool is_shown;
    } rows[] = {{"github", true},        {"stripe-webhook.secret", true},
                {"GITHUB_SECRET", true}, {"correct-horse-battery-staple", false},
                {"hunter2", false},      {"aGVsbG8", false},
                {"github-", false},      {"qwertzuiopasdfghjklyxcvbn", false}};
    char text[600], line[100], *printed = NULL;
    size_t size;
    for (int has_others = 0; has_others < 2; has_others++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            if (has_others)
                setenv("CREDENTIALS_DIRECTORY", directory, 1);
            else
                unsetenv("CREDENTIALS_DIRECTORY");
            snprintf(line, sizeof line, "    secret: {credential: %s}\n", rows[i].word);
            snprintf(text, sizeof text,
                     SERVER "routes:\n  - name: a\n    path: /a\n    provider: github\n%s" ACTIONS,
                     line);
            load_again(text);
            FILE *out = open_memstream(&printed, &size);
            problem_list_print(&problems, out);
            fclose(out);
            snprintf(line, sizeof line, "LoadCredential=%s:/etc/",
                     rows[i].is_shown ? rows[i].word : "NAME");
            ck_assert_msg(strstr(printed, line) && problems.missing_secrets == 1, "%s", printed);
            ck_assert_msg((strstr(printed, rows[i].word) != NULL) == rows[i].is_shown, "%s",
                          printed);
            free(printed);
        }
}
END_TEST

START_TEST(forgotten_secrets_are_gone)
{
    const struct secret_list *list = provider_secret("0123456789abcdef");
    ck_assert_uint_eq(list->count, 1);
    settings_forget_secrets(settings);
    ck_assert_uint_eq(list->count, 0);
    ck_assert_ptr_null(list->items);
}
END_TEST

START_TEST(a_configuration_that_anybody_could_write_is_refused)
{
    static const char text[] = SERVER "routes: []\n";
    write_file("w.yaml", text, sizeof text - 1, 0646);
    ck_assert_ptr_null(settings_load("w.yaml", &fake_registry, &problems));
    ck_assert(problems.errors == 1 && !problems.unreadable);
    ck_assert_int_eq(mkfifo("f.yaml", 0600), 0);
    ck_assert_ptr_null(settings_load("f.yaml", &fake_registry, &problems));
    ck_assert(problems.errors == 2 && !problems.unreadable);
    ck_assert_ptr_null(settings_load("none.yaml", &fake_registry, &problems));
    ck_assert(problems.errors == 3 && problems.unreadable);
}
END_TEST

START_TEST(a_text_in_memory_reads_nothing_else)
{
    static const char text[] = SERVER "include: [none.yaml]\nroutes:\n- name: a\n  path: /a\n"
                                      "  provider: github\n  secret: {file: none}\n"
                                      "  actions: [{pipe: p}]\n";
    settings = settings_load_text("x", bytes_of_text(text), &fake_registry, &problems);
    ck_assert_ptr_nonnull(settings);
    ck_assert_uint_eq(settings->route_count, 1);
}
END_TEST

/* ---- the small parsers ---- */

START_TEST(names_are_suggested_when_they_are_near)
{
    static const char *const names[] = {"command", "shell", "pipe", "max_body", "warning", NULL};
    static const struct {
        const char *given, *expected;
    } rows[] = {{"comand", "command"},
                {"commnad", "command"},
                {"Command", "command"},
                {"max-body", "max_body"},
                {"maxbody", "max_body"},
                {"pip", "pipe"},
                {"warn", "warning"},
                {"xyzzy", NULL},
                {"", NULL},
                {"a", NULL},
                {"com", "command"},
                {"bash", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *found = nearest_name(rows[i].given, names);
        ck_assert_msg(found == rows[i].expected ||
                          (found && rows[i].expected && strcmp(found, rows[i].expected) == 0),
                      "%s: %s", rows[i].given, found ? found : "none");
    }
    char long_name[5000];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_ptr_null(nearest_name(long_name, names));
}
END_TEST

START_TEST(prefixes_are_networks)
{
    static const struct {
        const char *text;
        unsigned bits; /* 999: refused */
    } rows[] = {{"192.0.2.0/24", 120},
                {"192.0.2.1", 128},
                {"0.0.0.0/0", 96},
                {"2001:db8::/32", 32},
                {"::/0", 0},
                {"::1", 128},
                {"192.0.2.1/24", 999},
                {"192.0.2.0/33", 999},
                {"192.0.2", 999},
                {"192.0.2.0/", 999},
                {"192.0.2.0/+1", 999},
                {"", 999},
                {"/8", 999},
                {"10.0.0.0/8/8", 999},
                {" 10.0.0.0/8", 999},
                {"fe80::1%eth0", 999},
                {"2001:db8::1/64", 999},
                {"::ffff:10.0.0.0/104", 104}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prefix prefix = {.bits = 999};
        struct error err;
        bool parsed = prefix_parse(rows[i].text, &prefix, &err);
        ck_assert_msg(parsed == (rows[i].bits != 999) && prefix.bits == rows[i].bits, "%s",
                      rows[i].text);
    }
}
END_TEST

START_TEST(listen_addresses_are_judged)
{
    struct listen_address address;
    struct error err;
    ck_assert(listen_address_parse("127.1.2.3:80", &address, &err) && address.loopback);
    ck_assert(listen_address_parse("[::1]:0", &address, &err) && address.loopback);
    ck_assert_str_eq(address.host, "::1");
    ck_assert(listen_address_parse("[::]:65535", &address, &err) && !address.loopback);
    ck_assert_uint_eq(address.port, 65535);
    ck_assert(listen_address_parse("localhost:1", &address, &err) && address.loopback);
    ck_assert(listen_address_parse("example.org:1", &address, &err) && !address.loopback);
    ck_assert(listen_address_parse("unix:/a", &address, &err) && address.kind == LISTEN_UNIX);
    ck_assert(listen_address_parse("systemd:x", &address, &err) && address.kind == LISTEN_SYSTEMD);
    static const char *const refused[] = {
        "",      ":",     "[",        "[]:1",     "[::1]",   "a:",  "1.2.3:4",
        "a:1:2", "unix:", "systemd:", "[::1]x:1", "a:99999", "a:-1"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        ck_assert_msg(!listen_address_parse(refused[i], &address, &err), "%s", refused[i]);
}
END_TEST

START_TEST(paths_that_would_both_match_conflict)
{
    static const struct {
        const char *a, *b;
        bool conflict;
    } rows[] = {{"/a", "/a", true},
                {"/a", "/b", false},
                {"/a", "/a/", false},
                {"/a", "/{x}", false},
                {"/{x}", "/{y}", true},
                {"/{x}/b", "/a/{y}", true},
                {"/{x}/b", "/{y}/c", false},
                {"/a/{x}", "/{y}/{z}", false},
                {"/a/{x}/c", "/a/{y}", false},
                {"/a/*", "/a/*", true},
                {"/a/*", "/b/*", false},
                {"/a/*", "/{x}/*", false},
                {"/a/{x}/*", "/{y}/b/*", true},
                {"/*", "/{x}", false},
                {"/1/2/3/4/5/6/7/8/9/{x}", "/1/2/3/4/5/6/7/8/8/{x}", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_msg(route_path_conflicts(rows[i].a, rows[i].b) == rows[i].conflict, "%s %s",
                      rows[i].a, rows[i].b);
        ck_assert_msg(route_path_conflicts(rows[i].b, rows[i].a) == rows[i].conflict, "%s %s",
                      rows[i].b, rows[i].a);
    }
}
END_TEST

START_TEST(names_are_plain)
{
    ck_assert(name_valid("a") && name_valid("9.a-B_c"));
    ck_assert(!name_valid("") && !name_valid("-a") && !name_valid("a b") && !name_valid("é"));
    ck_assert(env_name_valid("A") && env_name_valid("_a9"));
    ck_assert(!env_name_valid("") && !env_name_valid("9A") && !env_name_valid("A-B") &&
              !env_name_valid("A=B"));
}
END_TEST

static TCase *small_parsers(void)
{
    TCase *tests = tcase_create("parsers");
    tcase_add_test(tests, names_are_suggested_when_they_are_near);
    tcase_add_test(tests, prefixes_are_networks);
    tcase_add_test(tests, listen_addresses_are_judged);
    tcase_add_test(tests, paths_that_would_both_match_conflict);
    tcase_add_test(tests, names_are_plain);
    return tests;
}

static TCase *loading(void)
{
    TCase *tests = tcase_create("load");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, digests_tell_what_has_changed);
    tcase_add_test(tests, defaults_are_those_of_the_rows);
    tcase_add_test(tests, values_reach_their_fields);
    tcase_add_test(tests, a_route_takes_from_defaults_what_it_does_not_say);
    tcase_add_test(tests, parts_of_the_registry_have_their_blocks);
    tcase_add_test(tests, includes_add_their_routes_in_order);
    tcase_add_test(tests, everything_wrong_comes_up_in_one_run_in_file_order);
    tcase_add_test(tests, one_line_end_of_a_secret_file_is_trimmed);
    tcase_add_test(tests, who_may_read_a_secret_depends_on_owner_and_mount);
    tcase_add_test(tests, secrets_come_from_all_their_sources);
    tcase_add_test(tests, a_secret_file_that_others_can_reach_is_refused);
    tcase_add_loop_test(tests, no_message_and_no_line_shows_a_secret, 0, 16);
    tcase_add_test(tests, a_missing_credential_is_named_if_it_is_a_name);
    tcase_add_test(tests, forgotten_secrets_are_gone);
    tcase_add_test(tests, a_configuration_that_anybody_could_write_is_refused);
    tcase_add_test(tests, a_text_in_memory_reads_nothing_else);
    return tests;
}

Suite *test_suite(void)
{
    Suite *suite = suite_create("load");
    suite_add_tcase(suite, loading());
    suite_add_tcase(suite, small_parsers());
    return suite;
}
