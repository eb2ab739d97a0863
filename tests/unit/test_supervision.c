/* What the supervisor stands on: control messages with descriptors, sockets kept by their address,
 * the shared counters, systemd's notifications. */
#include "base/clock.h"
#include "server/control.h"
#include "server/notify.h"
#include "server/shared.h"
#include "server/sockets.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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
    ck_assert(control_send(ends[0], CONTROL_CHANNEL, 42, pipe_ends[1]));
    ck_assert(control_send(ends[0], CONTROL_DRAIN, 7, -1));
    ck_assert_int_eq(control_receive(ends[1], &message, &fd), 1);
    ck_assert_int_eq(message.type, CONTROL_CHANNEL);
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

START_TEST(body_memory_is_one_account_for_all_listeners)
{
    struct shared *shared = shared_create(NULL);
    ck_assert_ptr_nonnull(shared);
    ck_assert(shared_take_body(shared, 0, 600, 1000));
    ck_assert(!shared_take_body(shared, 1, 500, 1000));
    ck_assert(shared_take_body(shared, 1, 400, 1000));
    shared_give_body(shared, 0, 600);
    ck_assert(shared_take_body(shared, 2, 600, 1000));
    shared_clear_slot(shared, 2); /* its listener died */
    ck_assert(shared_take_body(shared, 3, 600, 1000));
}
END_TEST

START_TEST(many_processes_never_take_more_than_there_is)
{
    enum { PROCESSES = 4, ROUNDS = 20000, LIMIT = 100 };
    struct shared *shared = shared_create(NULL);
    for (unsigned p = 0; p < PROCESSES; p++) {
        if (fork() != 0)
            continue;
        for (int i = 0; i < ROUNDS; i++) {
            if (!shared_take_body(shared, p, 60, LIMIT))
                continue;
            /* two of 60 cannot both be in */
            for (unsigned other = 0; other < PROCESSES; other++)
                if (other != p && shared->slots[other].body_bytes >= 120)
                    _exit(1);
            shared_give_body(shared, p, 60);
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
    struct open_socket *first = socket_table_open(&table, "127.0.0.1:0", 0, &why);
    ck_assert_msg(first != NULL, "%s", why.text);
    socket_describe(first, true, text, sizeof text);
    ck_assert_msg(strncmp(text, "https://127.0.0.1:", 18) == 0, "%s", text);
    ck_assert_str_ne(text + 18, "0");
    int fd = first->fd;
    socket_table_unmark(&table);
    ck_assert_int_eq(socket_table_open(&table, "127.0.0.1:0", 0, &why)->fd, fd);
    struct open_socket *second = socket_table_open(&table, "127.0.0.1:0", 1, &why);
    ck_assert_int_ne(second->fd, fd);
    socket_describe(second, false, again, sizeof again);
    ck_assert_msg(strncmp(again, "http://127.0.0.1:", 17) == 0, "%s", again);
    socket_table_unmark(&table);
    socket_table_open(&table, "127.0.0.1:0", 0, &why);
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
        ck_assert_ptr_null(socket_table_open(&table, bad[i], 0, &why));
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
    ck_assert_ptr_nonnull(socket_table_open(&one, address, 0, &why));
    ck_assert_ptr_null(socket_table_open(&two, address, 0, &why));
    close(one.items[0].fd); /* as after a crash: the file stays */
    one.count = 0;
    ck_assert_ptr_nonnull(socket_table_open(&two, address, 0, &why));
    ck_assert(two.items[0].local);
    socket_table_close(&two);
    ck_assert_int_eq(access(address + 5, F_OK), -1);
    rmdir(directory);
}
END_TEST

START_TEST(systemd_hears_what_is_said)
{
    char directory[] = "/tmp/th-notify-XXXXXX", path[64], heard[64] = "";
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/s", directory);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
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

int main(void)
{
    Suite *suite = suite_create("supervision");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_control_message_carries_a_descriptor_and_the_end_is_seen);
    tcase_add_test(all, body_memory_is_one_account_for_all_listeners);
    tcase_add_test(all, many_processes_never_take_more_than_there_is);
    tcase_add_test(all, a_socket_is_found_again_by_its_address);
    tcase_add_test(all, bad_addresses_are_refused_with_a_sentence);
    tcase_add_test(all, a_stale_unix_socket_is_replaced_and_a_living_one_is_not);
    tcase_add_test(all, systemd_hears_what_is_said);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
