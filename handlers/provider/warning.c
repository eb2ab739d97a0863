/* What a person should know of a provider before he believes it, said by `check` and at every
 * start: which parts of a message the signature leaves open, and what the route could say to close
 * them. A warning is a row: when it holds, and its sentence. */
#include "base/clock.h"
#include "base/units.h"
#include "handlers/admission/dedupe.h"
#include "handlers/provider/challenge.h"
#include "handlers/provider/provider.h"

#define CERTIFICATE_WARN_MS (INT64_C(30) * 24 * 3600 * 1000)

bool template_signs_body(const struct template *text)
{
    return template_uses(text, VALUE_BODY) || template_uses(text, VALUE_SORTED_FORM);
}

/* Whether the components that a message signature has to cover hold `name`. */
static bool covers(const struct provider_settings *settings, const char *name)
{
    struct bytes rest = signature_components(&settings->parameters);
    while (rest.data) {
        if (bytes_equal_text(bytes_split(&rest, ' '), name))
            return true;
    }
    return false;
}

/* That headers are left out is the rule, and a token claims nothing. */
static bool signs_in_part(const struct provider_settings *settings)
{
    const struct scheme *scheme = settings->scheme;
    if (scheme->kind == SCHEME_JWS)
        return !scheme->jws.body_claim;
    if (scheme->kind == SCHEME_MESSAGE)
        return !covers(settings, "content-digest");
    return scheme->signed_text.count && !template_signs_body(&scheme->signed_text) &&
           scheme->body_hash.in.kind == VALUE_ABSENT;
}

/* Whether the route says what the template wants; of a parameter that is left out it does not. */
static bool is_wanted(const struct provider_settings *settings, const struct template *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const struct value_ref *ref = &wanted->parts[i].ref;
        if (ref->kind == VALUE_PARAMETER && !value_parameter(&settings->parameters, ref->name))
            return false;
    }
    return wanted->count > 0;
}

/* The key of an issuer such as Google signs tokens for everybody who has an account there. A token
 * that holds the digest of the body is made for one message. */
static bool takes_any_token(const struct provider_settings *settings)
{
    const struct scheme_jws *jws = &settings->scheme->jws;
    if (settings->scheme->kind != SCHEME_JWS || jws->algorithm == JWS_HS256 || jws->body_claim)
        return false;
    bool held = is_wanted(settings, &jws->audience);
    for (size_t i = 0; i < jws->claims.count; i++)
        held |= is_wanted(settings, &jws->claims.items[i].wanted);
    return !held;
}

static bool signs_nothing(const struct provider_settings *settings)
{
    return settings->scheme->kind == SCHEME_TOKEN || settings->scheme->kind == SCHEME_BASIC;
}

static bool lets_anybody_in(const struct provider_settings *settings)
{
    return settings->scheme->kind == SCHEME_NONE;
}

static bool signs_with_sha1(const struct provider_settings *settings)
{
    return settings->scheme->weak_hash_accepted && !scheme_uses_md5(settings->scheme);
}

static bool signs_with_md5(const struct provider_settings *settings)
{
    return scheme_uses_md5(settings->scheme);
}

static bool runs_fields_together(const struct provider_settings *settings)
{
    return template_uses(&settings->scheme->signed_text, VALUE_SORTED_FORM);
}

static bool leaves_time_open(const struct provider_settings *settings)
{
    const struct scheme_time *time = &settings->scheme->time;
    return time->in.kind != VALUE_ABSENT && !time->is_signed;
}

static bool takes_any_topic(const struct provider_settings *settings)
{
    return settings->scheme->kind == SCHEME_SNS && !value_parameter(&settings->parameters, "topic");
}

static bool binds_no_target(const struct provider_settings *settings)
{
    return settings->scheme->kind == SCHEME_MESSAGE &&
           !(covers(settings, "@method") &&
             (covers(settings, "@path") || covers(settings, "@target-uri") ||
              covers(settings, "@request-target")));
}

static bool learns_its_key(const struct provider_settings *settings)
{
    return settings->secrets.count == 0 && handshake_learns(settings->scheme);
}

static bool signs_the_address(const struct provider_settings *settings)
{
    return scheme_proves_url(settings->scheme);
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
                     "provider %s: the %s%s%s%s %s at %s: what it signs is refused %s",
                     settings->scheme->name, key->is_certificate ? "certificate" : "key",
                     key->id[0] ? " \"" : "", key->id, key->id[0] ? "\"" : "",
                     key->ends_ms <= now ? "has ended" : "ends", when,
                     key->ends_ms <= now ? "" : "from then on; put the next one beside it");
    }
}

static const struct {
    bool (*holds)(const struct provider_settings *settings);
    const char *text;   /* behind "provider NAME" */
    bool names_rest;    /* about.unsigned follows */
    bool of_no_address; /* only where the route has no public_url */
    bool alone;         /* only where nothing else has to pass */
} warnings[] = {
    {learns_its_key,
     "has no secret: its key is the one that the first greeting delivers, whoever sends it; "
     "tenterhook keys shows when that was",
     false},
    {signs_in_part, "signs only a part of the message", true},
    {takes_any_token,
     "takes every token that the issuer of its key signs, for whomever it was made: hold it with "
     "jws.audience, or with jws.claims such as email or sub, against what is yours",
     false},
    {signs_nothing, "proves who calls, but signs nothing of the message", false},
    {lets_anybody_in, "does not prove who calls: anybody can", false, false, true},
    {signs_with_sha1, "may sign with SHA-1, which is weak, and is believed all the same", false},
    {signs_with_md5, "signs with MD5, which is weak, and is believed all the same", false},
    {runs_fields_together,
     "signs the fields of a form run together: where a name ends and its value begins is not "
     "signed",
     false},
    {leaves_time_open, "does not sign its time: a message that somebody has seen can be sent again",
     false},
    {takes_any_topic,
     "takes messages of every topic of every customer of Amazon: say {name: aws-sns, topic: ARN}",
     false},
    {binds_no_target,
     "need not sign the method and the path: a message could be sent to another route; say "
     "components: \"@method @path content-digest\" if the sender covers them",
     false},
    {signs_the_address,
     "signs the address: say it with public_url as it is written there; without it the Host header "
     "is believed",
     false, true},
};

/* Past the window a message that is still young enough would be carried out again. */
static void warn_of_window(struct load *load, const struct node *node, const struct route *route,
                           const struct scheme *scheme)
{
    char window[32], tolerance[32];
    const struct dedupe_settings *dedupe = dedupe_settings_of(route);
    if (dedupe->off || dedupe->window_ms >= provider_tolerance_ms(scheme))
        return;
    units_format_duration(dedupe->window_ms, window);
    units_format_duration(provider_tolerance_ms(scheme), tolerance);
    load_warning(load, node,
                 "provider %s takes messages that are %s old, but dedupe.window is %s: one that "
                 "comes again after that is carried out again",
                 scheme->name, tolerance, window);
}

void provider_warn(struct load *load, const struct node *node, const struct route *route,
                   const void *field)
{
    const struct provider_settings *settings = field;
    const struct scheme *scheme = settings->scheme;
    warn_of_ends(load, node, settings);
    for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
        const char *rest = warnings[i].names_rest ? scheme->about.unsigned_parts : NULL;
        if (warnings[i].holds(settings) && !(warnings[i].of_no_address && route->public_url) &&
            !(warnings[i].alone && route->authenticator_count > 1))
            load_warning(load, node, "provider %s %s%s%s", scheme->name, warnings[i].text,
                         rest ? "; not " : "", rest ? rest : "");
    }
    warn_of_window(load, node, route, scheme);
}
