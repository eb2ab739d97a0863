/* Warnings about a provider, printed by `check` and at every start: the parts of a message that the
 * signature does not cover, and the keys of the route that would close the gap. A warning is a row:
 * its condition and its sentence. Each kind of signature has its own. */
#include "base/clock.h"
#include "base/units.h"
#include "handlers/admission/dedupe.h"
#include "handlers/provider/challenge.h"
#include "handlers/provider/provider.h"
#include "handlers/provider/replay.h"
#include "handlers/provider/signature_kind.h"

#define CERTIFICATE_WARN_MS (INT64_C(30) * 24 * 3600 * 1000)

/* ---- of every kind ---- */

/* Whether the text that the scheme describes leaves the body out. That headers are left out is the
 * rule. */
static bool signs_in_part(const struct signature_plan *plan)
{
    const struct scheme *scheme = plan->scheme;
    return scheme->kind->takes_text && !scheme_text_signs_body(&scheme->signed_text) &&
           scheme->body_hash.in.kind == SIGNED_ABSENT;
}

static bool signs_with_sha1(const struct signature_plan *plan)
{
    return plan->scheme->weak_hash_accepted && !plan->scheme->uses_md5;
}

static bool signs_with_md5(const struct signature_plan *plan)
{
    return plan->scheme->uses_md5;
}

static bool runs_fields_together(const struct signature_plan *plan)
{
    return signed_template_uses(&plan->scheme->signed_text, SIGNED_SORTED_FORM);
}

static bool leaves_time_open(const struct signature_plan *plan)
{
    const struct scheme_time *time = &plan->scheme->time;
    return time->in.kind != SIGNED_ABSENT && !time->is_signed;
}

static bool signs_the_address(const struct signature_plan *plan)
{
    return scheme_proves_url(plan->scheme);
}

static const struct signature_warning general_warnings[] = {
    {.holds = signs_in_part, .text = "signs only a part of the message", .names_rest = true},
    {.holds = signs_with_sha1, .text = "may sign with SHA-1, which is weak, and is accepted"},
    {.holds = signs_with_md5, .text = "signs with MD5, which is weak, and is accepted"},
    {.holds = runs_fields_together,
     .text = "signs the fields of a form without separators: the boundary between a name and its "
             "value is not signed"},
    {.holds = leaves_time_open,
     .text = "does not sign its time: a message that is captured can be sent again"},
    {.text = NULL},
};

static const struct signature_warning address_warnings[] = {
    {.holds = signs_the_address,
     .text = "signs the address: set public_url to the address as the sender has it; without it "
             "the Host header is trusted",
     .of_no_address = true},
    {.text = NULL},
};

static void warn_of(struct load *load, const struct node *node, const struct route *route,
                    const struct signature_plan *plan, const struct signature_warning *warning)
{
    const struct scheme *scheme = plan->scheme;
    for (; warning && warning->text; warning++) {
        const char *rest = warning->names_rest ? scheme->about.unsigned_parts : NULL;
        if ((!warning->holds || warning->holds(plan)) &&
            !(warning->of_no_address && route->public_url) &&
            !(warning->alone && route->authenticator_count > 1))
            load_warning(load, node, "provider %s %s%s%s", scheme->name, warning->text,
                         rest ? "; not " : "", rest ? rest : "");
    }
}

/* ---- of the route ---- */

static void warn_of_provisioning(struct load *load, const struct node *node,
                                 const struct provider_settings *settings)
{
    if (settings->secrets.count == 0 && challenge_provisions(settings->scheme))
        load_warning(load, node,
                     "provider %s has no secret: its key is the one that the first challenge "
                     "delivers, from any caller; tenterhook keys shows when",
                     settings->scheme->name);
}

/* Of keys that say themselves when they end: of a certificate when that is near, since every one
 * has an end. The place is that of the secret. */
static void warn_of_ends(struct load *load, const struct node *node,
                         const struct provider_settings *settings)
{
    const struct signature_plan *plan = &settings->plan;
    int64_t now = clock_unix_ms();
    for (size_t i = 0; i < plan->keys.count; i++) {
        const struct signature_key *key = &plan->key_infos[i];
        const struct node *secret = load_secret_node(load, key->secret, settings->secrets.count);
        char when[CLOCK_TEXT_SIZE];
        if (!key->ends_ms || (key->is_certificate && key->ends_ms - now > CERTIFICATE_WARN_MS))
            continue;
        clock_format_unix_ms(key->ends_ms, when);
        load_warning(load, secret ? secret : node,
                     "provider %s: the %s%s%s%s %s at %s: messages that it signs are refused%s",
                     settings->scheme->name, key->is_certificate ? "certificate" : "key",
                     key->id[0] ? " \"" : "", key->id, key->id[0] ? "\"" : "",
                     key->ends_ms <= now ? "expired" : "expires", when,
                     key->ends_ms <= now ? "" : " from then on; add the next one");
    }
}

/* Past the window a message that is still young enough would be carried out again. */
static void warn_of_window(struct load *load, const struct node *node, const struct route *route,
                           const struct scheme *scheme)
{
    char window[32], tolerance[32];
    const struct dedupe_settings *dedupe = dedupe_settings_of(route);
    if (dedupe->off || dedupe->window_ms >= replay_tolerance_ms(scheme))
        return;
    units_format_duration(dedupe->window_ms, window);
    units_format_duration(replay_tolerance_ms(scheme), tolerance);
    load_warning(load, node,
                 "provider %s accepts messages that are %s old, but dedupe.window is %s: a message "
                 "that is repeated after that runs again",
                 scheme->name, tolerance, window);
}

void provider_warn(struct load *load, const struct node *node, const struct route *route,
                   const void *field)
{
    const struct provider_settings *settings = field;
    const struct scheme *scheme = settings->scheme;
    warn_of_ends(load, node, settings);
    warn_of_provisioning(load, node, settings);
    warn_of(load, node, route, &settings->plan, general_warnings);
    warn_of(load, node, route, &settings->plan, scheme->kind->warnings);
    warn_of(load, node, route, &settings->plan, address_warnings);
    warn_of_window(load, node, route, scheme);
}
