/* systemd's notification protocol (sd_notify(3)): one datagram to $NOTIFY_SOCKET. */
#ifndef TENTERHOOK_SERVER_PROCESS_NOTIFY_H
#define TENTERHOOK_SERVER_PROCESS_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1" and the like; does nothing where nobody listens. Never blocks. */
void notify_send(const char *state);

/* "RELOADING=1" with the time that Type=notify-reload wants. */
void notify_reloading(void);

/* How often the watchdog wants to hear from us, in ns; 0: it does not. */
int64_t notify_watchdog_ns(void);

#endif
