/* What the supervisor stands on: control messages with descriptors, sockets kept by their address,
 * the shared counters, systemd's notifications. */
#include "base/clock.h"
#include "server/ipc/control.h"
#include "server/ipc/shared.h"
#include "server/process/notify.h"
#include "server/process/sockets.h"
#include "tests/unit/suite.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(a_control_message_carries_a_descriptor_and_the_end_is_seen)
{
    int ends[2], pipe_ends[2], fd;
    struct control_message message;
    char byte;
    ck_assert(control_pair(ends, NULL));
    ck_assert_int_eq(pipe(pipe_ends), 0);
    ck_assert_int_eq(control_receive(ends[1], &message, &fd), 0);
    ck_assert(control_send(ends[0], CONTROL_LINK, 42, pipe_ends[1]));
    ck_assert(control_send(ends[0], CONTROL_DRAIN, 7, -1));
    ck_assert_int_eq(control_receive(ends[1], &message, &fd), 1);
    ck_assert_int_eq(message.type, CONTROL_LINK);
    ck_assert_uint_eq(message.value, 42);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "x", 1), 1);
    ck_assert_int_eq(read(pipe_ends[0], &byte, 1), 1);
    close(fd);
    ck_assert_int_eq(control_receive(ends[1], &message, &fd), 1);
    ck_assert_int_eq(message.type, CONTROL_DRAIN);
    ck_assert_int_eq(fd, -1);
    close(ends[0]);
    ck_assert_int_eq(control_receive(ends[1], &message, &fd), -1);
    ck_assert(!control_send(ends[1], CONTROL_READY, 0, -1));
    close(ends[1]);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}
END_TEST

static const struct body_limits thousand = {.all = 1000, .client = 300};

START_TEST(body_memory_is_one_account_for_all_listeners)
{
    enum { ALL = SHARED_NO_CLIENT };
    struct shared *shared = shared_create(NULL);
    ck_assert_ptr_nonnull(shared);
    for (unsigned slot = 0; slot < 4; slot++)
        shared_use_slot(shared, slot);
    ck_assert_int_eq(shared_take_body(shared, 0, ALL, 600, &thousand), BODY_ROOM);
    ck_assert_int_eq(shared_take_body(shared, 1, ALL, 500, &thousand), BODY_FULL);
    ck_assert_int_eq(shared_body_room(shared, ALL, 401, &thousand), BODY_FULL);
    ck_assert_int_eq(shared_take_body(shared, 1, ALL, 400, &thousand), BODY_ROOM);
    shared_give_body(shared, 0, ALL, 600);
    ck_assert_int_eq(shared_take_body(shared, 2, ALL, 600, &thousand), BODY_ROOM);
    shared_clear_slot(shared, 2); /* its listener died */
    ck_assert_int_eq(shared_take_body(shared, 3, ALL, 600, &thousand), BODY_ROOM);
}
END_TEST

static struct client_address client_at(const char *text)
{
    struct client_address client = {.local = false};
    ck_assert_int_eq(inet_pton(AF_INET6, text, client.address), 1);
    return client;
}

START_TEST(a_client_has_a_share_with_all_listeners)
{
    struct shared *shared = shared_create(NULL);
    struct client_address one = client_at("2001:db8::1"), same = client_at("2001:db8::ffff:2");
    unsigned client = shared_client(shared, &one), other = (client + 1) % SHARED_CLIENTS;
    shared_use_slot(shared, 0);
    shared_use_slot(shared, 1);
    ck_assert_uint_eq(client, shared_client(shared, &same));
    ck_assert_int_eq(shared_take_body(shared, 0, client, 200, &thousand), BODY_ROOM);
    ck_assert_int_eq(shared_take_body(shared, 1, client, 101, &thousand), BODY_CLIENT_FULL);
    ck_assert_int_eq(shared_take_body(shared, 1, client, 100, &thousand), BODY_ROOM);
    ck_assert_int_eq(shared_body_room(shared, client, 1, &thousand), BODY_CLIENT_FULL);
    ck_assert_int_eq(shared_take_body(shared, 1, other, 300, &thousand), BODY_ROOM);
    shared_give_client(shared, 1, client, 100); /* it has shown who it is */
    ck_assert_int_eq(shared_take_body(shared, 0, client, 100, &thousand), BODY_ROOM);
    ck_assert_int_eq(shared_body_room(shared, other, 301, &thousand), BODY_CLIENT_FULL);
    shared_clear_slot(shared, 0); /* its listener died */
    ck_assert_int_eq(shared_take_body(shared, 1, client, 300, &thousand), BODY_ROOM);
    shared_give_body(shared, 1, client, 300);
    shared_give_body(shared, 1, SHARED_NO_CLIENT, 100);
    shared_give_body(shared, 1, other, 300);
    ck_assert_int_eq(shared_body_room(shared, SHARED_NO_CLIENT, 1000, &thousand), BODY_ROOM);
}
END_TEST

START_TEST(ipv4_clients_are_apart_and_places_cannot_be_foreseen)
{
    struct shared *shared = shared_create(NULL), *another = shared_create(NULL);
    unsigned apart = 0, moved = 0;
    for (int i = 0; i < 32; i++) {
        char text[64];
        snprintf(text, sizeof text, "::ffff:192.0.2.%d", i);
        struct client_address client = client_at(text);
        apart += shared_client(shared, &client) !=
                 shared_client(shared, &(struct client_address){.local = true});
        moved += shared_client(shared, &client) != shared_client(another, &client);
    }
    ck_assert_uint_gt(apart, 24);
    ck_assert_uint_gt(moved, 24);
}
END_TEST

START_TEST(places_for_connections_are_seen_by_the_others)
{
    struct shared *shared = shared_create(NULL);
    shared_use_slot(shared, 1);
    ck_assert(!shared_has_place_elsewhere(shared, 0));
    shared->slots[1].places = 2;
    shared->slots[1].connections = 1;
    shared->slots[1].accepted = 7;
    ck_assert(shared_has_place_elsewhere(shared, 0));
    ck_assert(!shared_has_place_elsewhere(shared, 1));
    ck_assert_uint_eq(shared_accepted_elsewhere(shared, 0), 7);
    shared->slots[1].connections = 2;
    ck_assert(!shared_has_place_elsewhere(shared, 0));
    shared->slots[1].connections = 1;
    shared_clear_slot(shared, 1); /* its listener died */
    ck_assert(!shared_has_place_elsewhere(shared, 0));
}
END_TEST

START_TEST(many_processes_never_take_more_than_there_is)
{
    enum { PROCESSES = 4, ROUNDS = 20000 };
    static const struct body_limits limits = {.all = 100};
    struct shared *shared = shared_create(NULL);
    shared_use_slot(shared, PROCESSES - 1);
    for (unsigned p = 0; p < PROCESSES; p++) {
        if (fork() != 0)
            continue;
        for (int i = 0; i < ROUNDS; i++) {
            if (shared_take_body(shared, p, SHARED_NO_CLIENT, 60, &limits) != BODY_ROOM)
                continue;
            /* two of 60 cannot both be in */
            for (unsigned other = 0; other < PROCESSES; other++)
                if (other != p && shared->slots[other].body_bytes >= 120)
                    _exit(1);
            shared_give_body(shared, p, SHARED_NO_CLIENT, 60);
        }
        _exit(0);
    }
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        wait(&status);
        ck_assert_int_eq(status, 0);
    }
    for (int p = 0; p < PROCESSES; p++)
        ck_assert_uint_eq(shared->slots[p].body_bytes, 0);
}
END_TEST

START_TEST(a_socket_is_found_again_by_its_address)
{
    struct socket_table table = {.count = 0};
    struct error why;
    char text[256], again[256];
    struct open_socket *first = socket_table_open(&table, "127.0.0.1:0", 0, false, &why);
    ck_assert_msg(first != NULL, "%s", why.text);
    socket_describe(first, true, text, sizeof text);
    ck_assert_msg(strncmp(text, "https://127.0.0.1:", 18) == 0, "%s", text);
    ck_assert_str_ne(text + 18, "0");
    int fd = first->fd;
    socket_table_unmark(&table);
    ck_assert_int_eq(socket_table_open(&table, "127.0.0.1:0", 0, false, &why)->fd, fd);
    struct open_socket *second = socket_table_open(&table, "127.0.0.1:0", 1, false, &why);
    ck_assert_int_ne(second->fd, fd);
    socket_describe(second, false, again, sizeof again);
    ck_assert_msg(strncmp(again, "http://127.0.0.1:", 17) == 0, "%s", again);
    socket_table_unmark(&table);
    socket_table_open(&table, "127.0.0.1:0", 0, false, &why);
    socket_table_sweep(&table);
    ck_assert_uint_eq(table.count, 1);
    socket_table_close(&table);
}
END_TEST

START_TEST(bad_addresses_are_refused_with_a_sentence)
{
    static const char *const bad[] = {"127.0.0.1",
                                      "[::1",
                                      "[::1]8443",
                                      "127.0.0.1:",
                                      "999.1.1.1:80",
                                      "systemd:none",
                                      "unix:/nowhere/at/all.sock"};
    struct socket_table table = {.count = 0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error why = {""};
        ck_assert_ptr_null(socket_table_open(&table, bad[i], 0, false, &why));
        ck_assert_msg(why.text[0] != '\0', "%s", bad[i]);
    }
}
END_TEST

START_TEST(a_stale_unix_socket_is_replaced_and_a_living_one_is_not)
{
    char directory[] = "/tmp/th-sockets-XXXXXX", address[64];
    struct socket_table one = {.count = 0}, two = {.count = 0};
    struct error why;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(address, sizeof address, "unix:%s/s", directory);
    ck_assert_ptr_nonnull(socket_table_open(&one, address, 0, false, &why));
    ck_assert_ptr_null(socket_table_open(&two, address, 0, false, &why));
    close(one.items[0].fd); /* as after a crash: the file stays */
    one.count = 0;
    ck_assert_ptr_nonnull(socket_table_open(&two, address, 0, false, &why));
    ck_assert(two.items[0].local);
    socket_table_close(&two);
    ck_assert_int_eq(access(address + 5, F_OK), -1);
    rmdir(directory);
}
END_TEST

/* Commands run as whoever may own the directory of a socket. */
START_TEST(what_lies_in_the_place_of_a_socket_is_left_alone)
{
    char directory[] = "/tmp/th-sockets-XXXXXX", address[64], victim[64];
    struct socket_table table = {.count = 0};
    struct stat before, what;
    struct error why;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(address, sizeof address, "unix:%s/s", directory);
    snprintf(victim, sizeof victim, "%s/victim", directory);
    struct open_socket *opened = socket_table_open(&table, address, 0, true, &why);
    ck_assert_ptr_nonnull(opened);
    ck_assert(lstat(address + 5, &before) == 0 && socket_set_access(opened, 0666, NULL, &why));
    ck_assert(lstat(address + 5, &what) == 0 && (what.st_mode & 07777) == 0666);
    ck_assert_int_eq(what.st_gid, before.st_gid);
    if (geteuid() == 0) { /* a group that is named no more gives way to the first */
        ck_assert(socket_set_access(opened, 0660, "daemon", &why));
        ck_assert(lstat(address + 5, &what) == 0 && what.st_gid != before.st_gid);
        ck_assert(socket_set_access(opened, 0660, NULL, &why));
        ck_assert(lstat(address + 5, &what) == 0 && what.st_gid == before.st_gid);
    }
    close(open(victim, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ck_assert(unlink(address + 5) == 0 && symlink(victim, address + 5) == 0);
    ck_assert(!socket_set_access(opened, 0666, NULL, &why));
    ck_assert(stat(victim, &what) == 0 && (what.st_mode & 07777) == 0600);
    socket_table_close(&table);
    unlink(victim);
    rmdir(directory);
}
END_TEST

/* A port that was just free: the kernel hands the same one out again last. */
static unsigned free_port(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin6_port);
}

START_TEST(an_address_that_came_too_late_is_told_what_has_its_port)
{
    char both[64], v4[64];
    struct socket_table table = {.count = 0};
    struct error why = {""};
    unsigned port = free_port();
    snprintf(both, sizeof both, "[::]:%u", port);
    snprintf(v4, sizeof v4, "0.0.0.0:%u", port);
    ck_assert_msg(socket_table_open(&table, both, 0, false, &why), "%s", why.text);
    ck_assert_ptr_null(socket_table_open(&table, v4, 0, false, &why));
    ck_assert_msg(strstr(why.text, "in use") && strstr(why.text, "restart"), "%s", why.text);
    socket_table_close(&table);
    ck_assert_msg(socket_table_open(&table, both, 0, true, &why), "%s", why.text);
    ck_assert_msg(socket_table_open(&table, v4, 0, false, &why), "%s", why.text);
    socket_table_close(&table);
}
END_TEST

static unsigned mode_of(const char *path)
{
    struct stat what;
    ck_assert_int_eq(stat(path, &what), 0);
    return what.st_mode & 07777;
}

START_TEST(a_unix_socket_is_ours_alone_until_its_mode_is_set)
{
    char directory[] = "/tmp/th-sockets-XXXXXX", address[64];
    const char *path = address + 5;
    struct socket_table table = {.count = 0};
    struct error why = {""};
    ck_assert_ptr_nonnull(mkdtemp(directory)); /* 0700 */
    snprintf(address, sizeof address, "unix:%s/s", directory);
    struct open_socket *opened = socket_table_open(&table, address, 0, false, &why);
    ck_assert_ptr_nonnull(opened);
    ck_assert_uint_eq(mode_of(path), 0600);
    ck_assert(!socket_set_access(opened, 0660, "no such group", &why));
    ck_assert_uint_eq(mode_of(path), 0600);
    ck_assert_msg(socket_set_access(opened, 0660, NULL, &why), "%s", why.text);
    ck_assert_uint_eq(mode_of(path), 0660);
    ck_assert(!socket_is_public(opened));
    ck_assert(socket_set_access(opened, 0666, NULL, &why));
    ck_assert(!socket_is_public(opened)); /* for the directory */
    ck_assert_int_eq(chmod(directory, 0755), 0);
    ck_assert(socket_is_public(opened));
    ck_assert(socket_set_access(opened, 0664, NULL, &why));
    ck_assert(!socket_is_public(opened)); /* connecting needs to write */
    socket_table_close(&table);
    rmdir(directory);
}
END_TEST

START_TEST(systemd_hears_what_is_said)
{
    char directory[] = "/tmp/th-notify-XXXXXX", path[64], heard[64] = "";
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/s", directory);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, sizeof path);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", path, 1);
    setenv("WATCHDOG_USEC", "3000000", 1);
    notify_send("READY=1");
    ck_assert_int_eq(recv(fd, heard, sizeof heard - 1, 0), 7);
    ck_assert_str_eq(heard, "READY=1");
    ck_assert_int_eq(notify_watchdog_ns(), 3 * NS_PER_S);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    notify_send("READY=1");
    ck_assert_int_eq(notify_watchdog_ns(), 0);
    close(fd);
    unlink(path);
    rmdir(directory);
}
END_TEST

/* In a process of its own, which has ended when this returns. */
static pid_t notify_as_child(const char *state)
{
    pid_t child = fork();
    if (child == 0) {
        notify_send(state);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return child;
}

START_TEST(readiness_is_believed_of_the_one_that_was_started)
{
    char name[NOTIFY_NAME_SIZE];
    struct error why;
    int fd = notify_listen(name, &why);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(name[0], '@');
    setenv("NOTIFY_SOCKET", name, 1);
    ck_assert(!notify_heard_ready(fd, getpid()));
    ck_assert(!notify_heard_ready(fd, notify_as_child("STATUS=READY=1\nREADY=10")));
    ck_assert(!notify_heard_ready(fd, notify_as_child("")));
    notify_as_child("READY=1");
    ck_assert(!notify_heard_ready(fd, getpid())); /* a stranger's */
    ck_assert(notify_heard_ready(fd, notify_as_child("READY=1\nSTATUS=serving")));
    unsetenv("NOTIFY_SOCKET");
    close(fd);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("supervision");
    TCase *all = tcase_create("all");
    tcase_add_test(all, a_control_message_carries_a_descriptor_and_the_end_is_seen);
    tcase_add_test(all, body_memory_is_one_account_for_all_listeners);
    tcase_add_test(all, a_client_has_a_share_with_all_listeners);
    tcase_add_test(all, ipv4_clients_are_apart_and_places_cannot_be_foreseen);
    tcase_add_test(all, places_for_connections_are_seen_by_the_others);
    tcase_add_test(all, many_processes_never_take_more_than_there_is);
    tcase_add_test(all, a_socket_is_found_again_by_its_address);
    tcase_add_test(all, bad_addresses_are_refused_with_a_sentence);
    tcase_add_test(all, a_stale_unix_socket_is_replaced_and_a_living_one_is_not);
    tcase_add_test(all, what_lies_in_the_place_of_a_socket_is_left_alone);
    tcase_add_test(all, an_address_that_came_too_late_is_told_what_has_its_port);
    tcase_add_test(all, a_unix_socket_is_ours_alone_until_its_mode_is_set);
    tcase_add_test(all, systemd_hears_what_is_said);
    tcase_add_test(all, readiness_is_believed_of_the_one_that_was_started);
    suite_add_tcase(suite, all);
    return suite;
}
