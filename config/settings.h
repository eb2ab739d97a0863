/* The immutable snapshot that a route file becomes. One allocation arena owns all of it; nobody
 * changes it after settings_load. Each process of a generation has its own copy by fork. */
#ifndef TENTERHOOK_CONFIG_SETTINGS_H
#define TENTERHOOK_CONFIG_SETTINGS_H

#include "base/arena.h"
#include "base/secret.h"
#include "config/address.h"
#include "config/diagnostic.h"
#include "config/prints.h"
#include "config/registry.h"

/* Where something stands in a file; line and column count from 1, 0 means unknown. */
struct position {
    const char *file;
    unsigned line, column;
};

struct tls_settings {
    bool off;                /* `tls: off` was said */
    const char *certificate; /* PEM, absolute path */
    const char *key;
    struct position certificate_at, key_at;
};

enum plaintext { PLAINTEXT_REFUSE, PLAINTEXT_ACCEPT };
enum proxy_protocol { PROXY_PROTOCOL_OFF, PROXY_PROTOCOL_REQUIRED };

struct listen_settings {
    const char *address; /* host:port, [v6]:port, unix:/path (made absolute), systemd:NAME */
    struct tls_settings tls;
    int plaintext;      /* enum plaintext: may an address that others can reach go without TLS */
    int proxy_protocol; /* enum proxy_protocol */
    int64_t mode;       /* of a unix socket */
    const char *group;  /* of a unix socket; NULL: that of the process */
    struct position at;
};

/* Whose word about the client is believed. */
struct trusted_proxies {
    struct prefix_list networks;
    bool local;         /* who connects through a unix socket */
    struct position at; /* no file where it is not said */
};

/* The one header in which they say it. */
enum forwarded { FORWARDED_X_FORWARDED_FOR, FORWARDED_RFC7239, FORWARDED_OFF };

/* Whether commands get cgroups, where the system lets the server make some. */
enum server_cgroup { CGROUP_AUTO, CGROUP_OFF };

struct server_settings {
    struct section_list listen; /* of struct listen_settings, at least one */
    int64_t listeners;          /* 0: one a core */
    const char *user;           /* NULL: not said */
    struct position user_at;
    int64_t connections;            /* of all listeners together */
    struct position connections_at; /* no file where it is not said */
    int64_t header_timeout_ms, body_timeout_ms, idle_timeout_ms;
    int64_t max_header;             /* bytes of request line and head */
    int64_t body_memory;            /* bytes, all listeners together */
    struct position body_memory_at; /* no file where it is not said */
    int64_t shutdown_grace_ms;
    int cgroup;       /* enum server_cgroup */
    int64_t commands; /* that run at once, all routes together */
    struct trusted_proxies trusted_proxies;
    int forwarded;       /* enum forwarded */
    bool forwarded_host; /* the host and the protocol of the sender are theirs to say too */
    const char *health;  /* the path of the health check; NULL: there is none */
    struct position health_at;
};

/* What is done with a log that has frames behind a broken one. */
enum journal_damaged { DAMAGED_REFUSE, DAMAGED_CONTINUE };

struct journal_settings {
    const char *path;
    struct position at; /* of `path`; no file where it is not said */
    int64_t keep_age_ms, keep_size, keep_dead_ms;
    int64_t queue_max, queue_bytes; /* pending deliveries of all routes, and their bodies */
    int64_t keep_body_ms;           /* 0: as long as the event */
    int64_t min_free;
    struct position min_free_at; /* no file where it is not said */
    int damaged;                 /* enum journal_damaged */
};

struct log_settings {
    int level, format; /* enum log_level, enum log_format */
};

/* One action of a route. `handler.settings` begins with nothing in particular: ask its kind. */
struct action_settings {
    const char *name; /* default: its position, "1", "2" … */
    struct handler handler;
    void **parts;   /* of registry.action_parts: action_part() */
    bool is_choice; /* stands in `choose`: the first of these that fits runs */
    struct position at;
};

/* What a route may have at most; `AUTHENTICATORS` counts the provider too. */
enum { ROUTE_AUTHENTICATORS_MAX = 8, ROUTE_ACTIONS_MAX = 64 };

struct route {
    size_t index; /* in settings.routes */
    const char *name;
    const char *path; /* exact, with {name} segments, or a trailing slash-star */
    struct text_list methods;
    const char *public_url;         /* the address as senders know it; NULL: not said */
    struct position public_url_at;  /* no file where it is not said */
    struct handler *authenticators; /* all must pass: the provider first, then auth in order */
    size_t authenticator_count;
    bool no_authentication; /* `auth: {none: true}`; its kind is then the only authenticator */
    int64_t max_body;
    /* Those of `actions`, those of `choose`, and behind them the one of `on_failure`, which is not
     * counted: no event has it. */
    struct action_settings *actions;
    size_t action_count;
    bool has_on_failure;
    void **parts; /* the settings of each of registry.route_parts, in their order */
    struct position at;
};

/* The name of the action of `on_failure`; no other action can have it. */
#define ON_FAILURE_NAME "on_failure"

/* Whatever a route may run, also what no event runs. */
static inline size_t route_all_count(const struct route *route)
{
    return route->action_count + route->has_on_failure;
}

/* NULL: nobody is told of failures. */
static inline const struct action_settings *route_on_failure(const struct route *route)
{
    return route->has_on_failure ? &route->actions[route->action_count] : NULL;
}

/* What lives outside of the arena and goes with it. */
struct owned {
    void (*destroy)(void *object);
    void *object;
    struct owned *next;
};

/* The route file where nobody names one. */
#define SETTINGS_FILE_USUAL "/etc/tenterhook/tenterhook.yaml"

struct settings {
    struct arena arena;
    struct owned *owned;
    const struct registry *registry;
    const char *file;
    struct server_settings server;
    struct journal_settings journal;
    struct log_settings log;
    struct route *routes;
    size_t route_count;
    void **parts;                 /* of registry.top_parts: settings_top_part() */
    struct secret_list **secrets; /* every list in the snapshot, to be wiped in settings_destroy */
    size_t secret_count, secret_capacity;
    size_t assumed_secrets;        /* that were taken to be there */
    struct settings_prints prints; /* of the files that were read; none of a text in memory */
};

/* Wipes the secrets and frees everything. */
void settings_destroy(struct settings *settings);
/* Wipes the secrets only: for processes that have no use for them. */
void settings_forget_secrets(struct settings *settings);

/* Destroys all objects of the list; its memory is the arena's. */
void owned_destroy(struct owned *list);

/* A problem that was found later, with what the snapshot says, at a place in its files. */
void settings_problem(struct problem_list *problems, enum problem_kind kind,
                      const struct position *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The settings block of a section that the registry brings. NULL: it does not bring that one. */
void *settings_top_part(const struct settings *settings, const struct row_section *section);
void *action_part(const struct settings *settings, const struct action_settings *action,
                  const struct row_section *section);

#endif
