/* systemd's notification protocol (sd_notify(3)): one datagram to $NOTIFY_SOCKET. */
#ifndef TENTERHOOK_SERVER_PROCESS_NOTIFY_H
#define TENTERHOOK_SERVER_PROCESS_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1" and the like; does nothing without a $NOTIFY_SOCKET. Never blocks. */
void notify_send(const char *state);

/* "RELOADING=1" with the time that Type=notify-reload wants. */
void notify_reloading(void);

/* The interval at which the watchdog expects a message, in ns; 0: there is no watchdog. */
int64_t notify_watchdog_ns(void);

#endif
