/* A route is reached at public_url, if that is set, else at the first address that is listened on:
 * a wildcard is this machine, whose name stands there. */
#include "server/cli/check_print.h"

#include "handlers/action/action.h"
#include "handlers/action/process.h"
#include "handlers/provider/provider.h"
#include "server/process/preflight.h"
#include "server/terminal/terminal.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

enum { ROUTES_SHOWN = 50, HOST_MAX = 256 };

static void print_text(FILE *out, const char *text)
{
    print_safe(out, bytes_of_text(text));
}

/* ---- users ---- */

static void print_server_user(const struct settings *settings, const char *unit, FILE *out)
{
    char name[PREFLIGHT_USER_MAX];
    if (preflight_find_user(settings, name)) {
        fputs("runs as: ", out);
        print_text(out, name);
        fputs(geteuid() == 0 ? ", if root starts the server"
              : unit         ? " (User= of "
                             : ", who has started this check",
              out);
        if (geteuid() != 0 && unit) {
            print_text(out, unit);
            fputc(')', out);
        }
    } else {
        fputs("runs as: ", out);
        print_text(out, settings->server.user);
        fputs(", which this check cannot become: what that user may do is not checked", out);
    }
    fputc('\n', out);
}

static void print_action_user(const struct route *route, const struct action_settings *action,
                              FILE *out)
{
    const struct action_kind *kind = action_kind_of(&action->handler);
    const struct process_settings *process =
        kind->process ? kind->process(action->handler.settings) : NULL;
    if (!process || !process->user)
        return;
    fputs("runs as: ", out);
    print_text(out, process->user);
    fputs(", action ", out);
    print_text(out, action->name);
    fputs(" of route ", out);
    print_text(out, route->name);
    fputc('\n', out);
}

void check_print_users(const struct settings *settings, const char *unit, FILE *out)
{
    print_server_user(settings, unit, out);
    for (size_t i = 0; i < settings->route_count && i < ROUTES_SHOWN; i++)
        for (size_t j = 0; j < route_all_count(&settings->routes[i]); j++)
            print_action_user(&settings->routes[i], &settings->routes[i].actions[j], out);
}

/* ---- routes ---- */

static void print_host(const char *address, FILE *out)
{
    static const char *const wildcards[] = {"0.0.0.0:", "[::]:"};
    char host[HOST_MAX] = "";
    for (size_t i = 0; i < sizeof wildcards / sizeof *wildcards; i++) {
        size_t length = strlen(wildcards[i]);
        if (strncmp(address, wildcards[i], length) != 0 ||
            gethostname(host, sizeof host - 1) != 0 || !*host)
            continue;
        print_text(out, host);
        address += length - 1;
    }
    print_text(out, address);
}

static void print_address(const struct settings *settings, const struct route *route, FILE *out)
{
    const struct listen_settings *listen = settings->server.listen.items;
    if (route->public_url) {
        print_text(out, route->public_url);
        return;
    }
    fputs(listen->tls.off ? "http://" : "https://", out);
    print_host(listen->address, out);
    print_text(out, route->path);
}

/* What a caller has to pass. */
static void print_authenticators(const struct settings *settings, const struct route *route,
                                 FILE *out)
{
    if (route->no_authentication) {
        fputs("no authentication", out);
        return;
    }
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct handler *handler = &route->authenticators[i];
        const struct provider_settings *provider = handler->settings;
        fputs(i ? ", " : "", out);
        print_text(out, handler->kind == settings->registry->provider ? provider->scheme->name
                                                                      : handler->kind->name);
    }
}

void check_print_routes(const struct settings *settings, FILE *out)
{
    size_t count = settings->route_count;
    for (size_t i = 0; i < count && i < ROUTES_SHOWN; i++) {
        const struct route *route = &settings->routes[i];
        print_address(settings, route, out);
        fputs(" → ", out);
        print_text(out, route->name);
        fputs(" (", out);
        print_authenticators(settings, route, out);
        fputs(")\n", out);
    }
    if (count > ROUTES_SHOWN)
        fprintf(out, "and %zu routes more\n", count - ROUTES_SHOWN);
}
