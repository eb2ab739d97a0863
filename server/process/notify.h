/* systemd's notification protocol (sd_notify(3)): one datagram to $NOTIFY_SOCKET; and the other
 * end of it, for who starts a server and waits for it. */
#ifndef TENTERHOOK_SERVER_PROCESS_NOTIFY_H
#define TENTERHOOK_SERVER_PROCESS_NOTIFY_H

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* Sends "READY=1" and the like; does nothing without a $NOTIFY_SOCKET. Never blocks. */
void notify_send(const char *state);

/* "RELOADING=1" with the time that Type=notify-reload wants. */
void notify_reloading(void);

/* The interval at which the watchdog expects a message, in ns; 0: there is no watchdog. */
int64_t notify_watchdog_ns(void);

enum { NOTIFY_NAME_SIZE = 110 };

/* A socket in the abstract namespace; its name is what a child gets as $NOTIFY_SOCKET. It does not
 * block and is closed by exec; the caller closes it. -1 with a sentence. */
int notify_listen(char name[NOTIFY_NAME_SIZE], struct error *err);

/* Reads what has come: whether that process has said READY=1. Anyone on the machine may write
 * there, and others are not believed. */
bool notify_heard_ready(int fd, pid_t sender);

#endif
