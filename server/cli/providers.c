/* `tenterhook providers`: the built-in providers, for a person and (--markdown) for
 * docs/providers.md. All data comes from the presets. */
#include "base/units.h"
#include "base/wrap.h"
#include "handlers/provider/presets.h"
#include "handlers/provider/provider.h"
#include "handlers/provider/replay.h"
#include "handlers/provider/signature_kind.h"
#include "server/cli/verbs.h"
#include "server/terminal/prose.h"

#include <stdio.h>
#include <string.h>

enum { PRESET_ARENA = 1024 * 1024 };

/* The order of the enums in scheme.h and base/crypto.h. */
static const char *const hash_names[] = {"SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"};
static const char *const evidence_names[] = {"the sender's own code", "the sender's documentation",
                                             "receivers written by others"};

static const char *signed_text(const struct scheme *scheme)
{
    return scheme->signed_text.count ? scheme->signed_text.text : scheme->kind->signed_part;
}

/* "HMAC, SHA-256", with `between` in the place of the comma. */
static void print_proof(FILE *out, const struct scheme *scheme, const char *between)
{
    fprintf(out, "%s%s%s", scheme->kind->title, scheme->kind->takes_hash ? between : "",
            scheme->kind->takes_hash ? hash_names[scheme->hash] : "");
}

static const char *or_nothing(const char *text)
{
    return text ? text : "—";
}

static void duration_text(int64_t milliseconds, char text[32])
{
    if (milliseconds)
        units_format_duration(milliseconds, text);
    else
        snprintf(text, 32, "—");
}

/* How old a message may be, of whichever kind. */
static void tolerance_text(const struct scheme *scheme, char text[32])
{
    duration_text(replay_tolerance_ms(scheme), text);
}

/* How we answer what is accepted. */
static void answer_text(const struct scheme *scheme, char text[128])
{
    const struct response_format *reply = &scheme->reply;
    long status = reply->status ? (long)reply->status : reply_rows[REPLY_ACCEPTED].status;
    if (reply->empty_body || status == 204)
        snprintf(text, 128, "%ld without a body", status);
    else if (reply->body)
        snprintf(text, 128, "%ld %s", status, reply->body);
    else
        snprintf(text, 128, "%ld {\"id\": …}", status);
}

static const char *replay_text(const struct scheme *scheme)
{
    static const char *const texts[] = {[REPLAY_SIGNED_ID] = "its id, signed",
                                        [REPLAY_SIGNED_TEXT] = "its signed text and time",
                                        [REPLAY_SENT_ID] = "its id, not signed",
                                        [REPLAY_NONE] = "nothing"};
    return texts[replay_key_of(scheme)];
}

static void print_list_row(const struct scheme *scheme)
{
    int at = printf("%-26s %-38s ", scheme->name, or_nothing(scheme->about.title));
    wrap_print(stdout, scheme->kind->title, (unsigned)at, (unsigned)at, prose_width());
}

/* ---- one preset ---- */

static void print_line(FILE *out, const char *name, const char *text)
{
    if (text)
        fprintf(out, "%-12s %s\n", name, text);
}

static void print_names(FILE *out, const char *name, const struct text_list *list)
{
    if (list->count)
        fprintf(out, "%-12s", name);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, " %s", list->items[i]);
    if (list->count)
        fputc('\n', out);
}

/* Some have blanks in them. */
static void print_events(FILE *out, const struct scheme_about *about)
{
    for (size_t i = 0; i < about->events.count; i++)
        fprintf(out, "%s%s", i ? ", " : "events       ", about->events.items[i]);
    if (about->events.count)
        fputs(about->events_complete ? "\n" : ", and others\n", out);
}

static void print_values(FILE *out, const char *name, const struct signed_list *list)
{
    if (list->count)
        fprintf(out, "%-12s", name);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s %s", i ? ", else" : "", list->items[i].text);
    if (list->count)
        fputc('\n', out);
}

static void print_facts(FILE *out, const struct scheme *scheme)
{
    char deadline[32], tolerance[32], answer[128];
    tolerance_text(scheme, tolerance);
    answer_text(scheme, answer);
    duration_text(scheme->about.deadline_ms, deadline);
    print_line(out, "name", scheme->name);
    print_line(out, "sender", scheme->about.title);
    fprintf(out, "%-12s ", "proof");
    print_proof(out, scheme, ", ");
    fputc('\n', out);
    print_line(out, "signed", signed_text(scheme));
    print_line(out, "not signed", scheme->about.unsigned_parts);
    print_values(out, "signature", &scheme->signature.in);
    print_names(out, "families", &scheme->families);
    print_line(out, "success", scheme->about.success);
    print_line(out, "  source", scheme->about.success_source);
    print_line(out, "answer", answer);
    print_line(out, "retries", scheme->about.retries);
    print_line(out, "  source",
               scheme->about.retries_source ? scheme->about.retries_source
                                            : scheme->about.success_source);
    if (scheme->about.once)
        print_line(out, "", "an event that is answered 503 is never sent again");
    print_line(out, "tolerance", tolerance);
    print_line(out, "  because", scheme->about.tolerance);
    print_line(out, "known by", replay_text(scheme));
    print_values(out, "delivery", &scheme->message_id);
    print_values(out, "  of", &scheme->message_id_of);
    print_values(out, "event", &scheme->event);
    print_events(out, &scheme->about);
    print_names(out, "needs", &scheme->parameters);
    print_names(out, "may have", &scheme->optional);
    print_line(out, "deadline", deadline);
    print_line(out, "evidence", evidence_names[scheme->about.evidence]);
    print_line(out, "source", scheme->about.source);
    print_line(out, "set up", scheme->about.setup);
    print_line(out, "note", scheme->about.note);
}

static void print_scheme(const struct scheme *scheme, const struct preset *preset)
{
    struct prose prose;
    print_facts(prose_begin(&prose), scheme);
    prose_end(&prose);
    printf("\nAs it is written (copy it under providers: to change it):\n\n%s", preset->text);
}

/* ---- docs/providers.md ---- */

/* A cell: `|` would end it. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text);
    }
}

static void print_row(const struct scheme *scheme)
{
    char tolerance[32], deadline[32];
    tolerance_text(scheme, tolerance);
    duration_text(scheme->about.deadline_ms, deadline);
    printf("| `%s` | %s | ", scheme->name, or_nothing(scheme->about.title));
    print_proof(stdout, scheme, " ");
    printf(" | `");
    print_cell(signed_text(scheme));
    printf("` | ");
    print_cell(or_nothing(scheme->about.unsigned_parts));
    printf(" | %s | %s | %s | %s | ", tolerance, replay_text(scheme), deadline,
           evidence_names[scheme->about.evidence]);
    print_cell(or_nothing(scheme->about.setup));
    if (scheme->about.note) {
        putchar(' ');
        print_cell(scheme->about.note);
    }
    puts(" |");
}

static void print_page_head(void)
{
    puts("# Providers\n"
         "\n"
         "Printed by `tenterhook providers --markdown` from config/providers; do not edit.\n"
         "[providers-language.md](providers-language.md) explains how to describe a sender of your "
         "own.\n"
         "\n"
         "```yaml\n"
         "routes:\n"
         "  - name: payments\n"
         "    path: /stripe\n"
         "    provider: stripe\n"
         "    secret: {env: STRIPE_WEBHOOK_SECRET}\n"
         "```\n");
}

/* A source that is not given is the one before it. */
static void print_fact(const char *text, const char *source)
{
    print_cell(or_nothing(text));
    if (source) {
        printf(" (");
        print_cell(source);
        putchar(')');
    }
    printf(" | ");
}

static void print_answer_row(const struct scheme *scheme)
{
    const struct scheme_about *about = &scheme->about;
    char tolerance[32], deadline[32], answer[128];
    tolerance_text(scheme, tolerance);
    duration_text(about->deadline_ms, deadline);
    answer_text(scheme, answer);
    printf("| `%s` | ", scheme->name);
    print_fact(about->success, about->success_source);
    print_cell(answer);
    printf(" | ");
    print_fact(about->retries,
               about->retries_source ? about->retries_source : about->success_source);
    printf("%s | %s | %s", deadline, about->once ? "lost" : "—", tolerance);
    if (about->tolerance) {
        printf(": ");
        print_cell(about->tolerance);
    }
    puts(" |");
}

static void print_answers_head(void)
{
    puts("\n"
         "## Which answers senders accept as success, and how they retry\n"
         "\n"
         "The source is in parentheses; \"not confirmed\" means that people who run receivers say "
         "so, but no page or code of\n"
         "the sender was found that does. **503**: \"lost\" if the sender never sends again an "
         "event that cannot be stored now;\n"
         "for such a sender only the space in the journal helps. Unleash, which has no preset "
         "because it signs nothing (use\n"
         "`auth: token` with the header that is set there), is one of these senders too: it tries "
         "a POST once and only logs\n"
         "the answer (Unleash/unleash src/lib/addons/webhook.ts).\n"
         "\n"
         "| `provider:` | success | our answer | retries | deadline | 503 | our tolerance |\n"
         "|---|---|---|---|---|---|---|");
}

static void print_page_policy(void)
{
    puts("\n"
         "## Where receivers differ\n"
         "\n"
         "Some messages are accepted by one receiver and refused by another. Here the safe choice "
         "wins:\n"
         "\n"
         "| message | here |\n"
         "|---|---|\n"
         "| a signature in upper-case hex | accepted: the decoded bytes are compared |\n"
         "| base64 without its padding, or with stray bits in its last character | refused |\n"
         "| a signature header that occurs twice, whichever is right | refused |\n"
         "| a time further ahead than the tolerance | refused |\n"
         "| a space inside an entry, between its label and the digest | refused |\n"
         "| several entries of the same label, one of which is right | accepted |\n"
         "| spaces around a header's value | accepted: HTTP removes them |\n"
         "\n"
         "A copy of a message that was proven is answered 200 and runs nothing, or 202 if the "
         "first failed and runs again. A\n"
         "copy is recognised by its message id if the signature covers the id; else by a digest of "
         "the signed string, if that\n"
         "contains a time; else by the message id as sent, which stops repetitions by the sender, "
         "but not a stranger who has\n"
         "seen the message and sends it with another id. If there is none of these, a message that "
         "is sent again is a new\n"
         "event: two events may have the same body, and cannot be distinguished from one that was "
         "sent twice\n"
         "([decisions/replay.md](decisions/replay.md)). TLS keeps messages from being seen; "
         "otherwise use a command that is\n"
         "safe to run twice.");
}

/* ---- the verb ---- */

typedef void scheme_printer(const struct scheme *scheme, const struct preset *preset);

static void print_as_list(const struct scheme *scheme, const struct preset *preset)
{
    (void)preset;
    print_list_row(scheme);
}

static void print_as_row(const struct scheme *scheme, const struct preset *preset)
{
    (void)preset;
    print_row(scheme);
}

static void print_as_answers(const struct scheme *scheme, const struct preset *preset)
{
    (void)preset;
    print_answer_row(scheme);
}

static int print_preset(const struct preset *preset, scheme_printer *print)
{
    struct arena arena;
    struct problem_list problems;
    arena_init(&arena, PRESET_ARENA);
    problem_list_init(&problems);
    const struct scheme *scheme = provider_preset(preset, &program_registry, &arena, &problems);
    if (scheme)
        print(scheme, preset);
    else
        problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    arena_finish(&arena);
    return scheme ? EXIT_DONE : EXIT_ENVIRONMENT;
}

static int print_all(scheme_printer *print)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < preset_count && code == EXIT_DONE; i++)
        code = print_preset(&presets[i], print);
    return code;
}

static int print_page(void)
{
    print_page_head();
    puts("| `provider:` | sender | proof | signed | not signed | age | recognised by | deadline | "
         "evidence | the secret |\n|---|---|---|---|---|---|---|---|---|---|");
    int code = print_all(print_as_row);
    print_answers_head();
    code = code == EXIT_DONE ? print_all(print_as_answers) : code;
    print_page_policy();
    return code;
}

static int print_named(const char *name)
{
    const struct preset *preset = preset_find(name);
    if (preset)
        return print_preset(preset, print_scheme);
    const char *nearest = preset_nearest(name);
    fprintf(stderr, "tenterhook: there is no provider \"%s\"%s%s%s\n", name,
            nearest ? ", did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return EXIT_NO;
}

struct options {
    const char *name;
    bool markdown;
};

static int list_run(void *options)
{
    (void)options;
    return print_all(print_as_list);
}

static int name_run(void *options)
{
    return print_named(((const struct options *)options)->name);
}

static int page_run(void *options)
{
    (void)options;
    return print_page();
}

/* Bits of the forms, in their order. */
enum { NAMED = 2, PAGE = 4 };

static const struct option_row rows[] = {
    {.value = "NAME",
     .kind = OPTION_PRESET,
     .forms = NAMED,
     .needed = NAMED,
     .offset = offsetof(struct options, name),
     .sentence = "the provider that is described"},
    {.name = "markdown",
     .kind = OPTION_FLAG,
     .forms = PAGE,
     .needed = PAGE,
     .offset = offsetof(struct options, markdown),
     .sentence = "prints the page about all of them"},
};

const struct verb providers_verb = {
    .name = "providers",
    .sentence = "lists the built-in providers, or describes one",
    .groups = {OPTION_GROUP(rows)},
    .forms = {{.run = list_run}, {.run = name_run}, {.run = page_run}},
    .size = sizeof(struct options)};
