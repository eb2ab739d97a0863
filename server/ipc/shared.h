/* The one region that all processes of the server share, through every generation: counters, token
 * buckets and provisioned keys. The supervisor makes it before the first fork; it contains no
 * pointer. */
#ifndef TENTERHOOK_SERVER_IPC_SHARED_H
#define TENTERHOOK_SERVER_IPC_SHARED_H

#include "base/siphash.h"
#include "handlers/admission/limit.h"
#include "handlers/provider/provisioned_keys.h"
#include "handlers/verdict.h"

#include <stdatomic.h>

enum { CHECKPOINT_PAGES = 300 }; /* of 4 KiB: a log that long is copied into the journal's file */
enum {
    SHARED_SLOTS = 256,    /* processes alive at once, of all generations */
    SHARED_CLIENTS = 1024, /* places for clients; those whose hash is the same share one */
    SHARED_NO_CLIENT = SHARED_CLIENTS,
    SHARED_ROUTES = 4096, /* whose refusals are counted, of all generations */
};

/* What one listener counts. Its own slot, so that what a dead one held can be given back. */
struct shared_slot {
    _Alignas(64) _Atomic uint64_t body_bytes; /* bodies in flight */
    _Atomic uint32_t connections;             /* open ones */
    _Atomic uint32_t places;                  /* for connections; 0: none is accepted now */
    _Atomic uint32_t accepted;                /* connections so far; wraps around */
    /* of body_bytes, those of clients who have not shown yet who they are */
    _Atomic uint64_t client_bytes[SHARED_CLIENTS];
};

/* What a route has refused since it last verified a request, of those that carried its kind of
 * credentials. */
struct shared_refusals {
    _Atomic uint64_t route;   /* a hash of its name; 0: nobody has the place */
    _Atomic int64_t since_ms; /* when the first one came, by the boot clock; 0: there is none */
    _Atomic uint64_t count;
};

struct shared {
    struct shared_slot slots[SHARED_SLOTS];
    _Atomic uint32_t slots_end; /* behind the last slot that was ever used */
    struct siphash_key seed;    /* of the clients' places: a client cannot choose whose it shares */
    _Atomic uint64_t replies[REPLY_COUNT]; /* answers given, by row */
    _Atomic uint64_t log_lost;
    struct shared_refusals refusals[SHARED_ROUTES];
    _Atomic uint32_t journal_pages; /* in the write-ahead log, after the runner's last commit */
    int journal_grown;              /* eventfd: the log is long enough to be copied; 0: none */
    size_t limit_offset, provisioned_offset; /* of the tables, from the start of the region */
};

struct error;

/* Maps the region; NULL with `err`. Lives as long as the process tree. */
struct shared *shared_create(struct error *err);

/* The runner, after a commit: the log has `pages` pages. With `wake`, wakes the checkpointer when
 * there is enough to copy. */
void shared_tell_pages(struct shared *shared, unsigned pages, bool wake);

struct limit_table *shared_limits(struct shared *shared);
struct provisioned_keys *shared_provisioned_keys(struct shared *shared);

/* Before a process counts anything in its slot. */
void shared_use_slot(struct shared *shared, unsigned slot);

/* Bytes of bodies: of all clients, and of one that has not shown yet who it is. */
struct body_limits {
    uint64_t all, client;
};
enum body_room { BODY_ROOM, BODY_FULL, BODY_CLIENT_FULL };

/* The place of a client, for what it holds unauthenticated. */
unsigned shared_client(const struct shared *shared, const struct client_address *client);
/* Whether `bytes` more would be within the limits now. With SHARED_NO_CLIENT it is about the limit
 * of all alone, here and below. */
enum body_room shared_body_room(struct shared *shared, unsigned client, uint64_t bytes,
                                const struct body_limits *limits);
/* Counts them into the slot if all slots together stay within the limits; nothing otherwise. */
enum body_room shared_take_body(struct shared *shared, unsigned slot, unsigned client,
                                uint64_t bytes, const struct body_limits *limits);
void shared_give_body(struct shared *shared, unsigned slot, unsigned client, uint64_t bytes);
/* The client has shown who it is: they count for all alone from now on. */
void shared_give_client(struct shared *shared, unsigned slot, unsigned client, uint64_t bytes);

/* The place of the route, which it keeps; NULL: there is none left near to where it would be. */
struct shared_refusals *shared_refusals_of(struct shared *shared, const char *route);
static inline void shared_note_refused(struct shared_refusals *refusals, int64_t boot_ms)
{
    int64_t none = 0;
    atomic_fetch_add_explicit(&refusals->count, 1, memory_order_relaxed);
    atomic_compare_exchange_strong(&refusals->since_ms, &none, boot_ms);
}
/* Costs a load where nothing was refused. */
static inline void shared_note_verified(struct shared_refusals *refusals)
{
    if (atomic_load_explicit(&refusals->since_ms, memory_order_relaxed) == 0)
        return;
    atomic_store(&refusals->count, 0);
    atomic_store(&refusals->since_ms, 0);
}

/* Whether a process other than that of `slot` has a place for a new connection. */
bool shared_has_place_elsewhere(struct shared *shared, unsigned slot);
/* Connections that those other processes have accepted; wraps around. */
uint32_t shared_accepted_elsewhere(struct shared *shared, unsigned slot);

/* Forgets what a dead process held. */
void shared_clear_slot(struct shared *shared, unsigned slot);

#endif
