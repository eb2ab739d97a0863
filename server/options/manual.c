/* A page of a verb says what --help says, in the sections that a reader of manuals looks for. */
#include "server/options/manual.h"

#include "base/mdoc.h"
#include "config/settings.h"
#include "server/ipc/operator_request.h"
#include "server/options/help.h"

#include <string.h>

/* ---- parts of both pages ---- */

static void print_exit_status(FILE *out)
{
    static const struct {
        int code;
        const char *what;
    } codes[] = {
        {EXIT_DONE, "success"},
        {EXIT_NO, "the answer is no"},
        {EXIT_USAGE, "wrong usage"},
        {EXIT_ENVIRONMENT, "an error of the environment: a file, the socket, the journal"}};
    fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        fprintf(out, ".It %d\n", codes[i].code);
        mdoc_sentence(out, codes[i].what);
    }
    fputs(".El\n", out);
}

/* What is there where the package is installed, on the page of the program. */
static void print_places(FILE *out)
{
    fputs(".It Pa /etc/tenterhook/environment\n"
          "Variables of the service, such as secrets, a line of NAME=VALUE each.\n"
          ".It Pa /var/lib/tenterhook\n"
          "The journal,\n.Pa journal.db ,\nand what belongs to it.\n"
          ".It Pa " OPERATOR_SOCKET_DIRECTORY "/" OPERATOR_SOCKET_NAME "\n"
          "The control socket of the running server, for root and the server's user.\n",
          out);
}

static void print_environment(bool with_places, FILE *out)
{
    fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev TENTERHOOK_CONFIG\n"
          "The route file where\n.Fl c\nis not given.\n.It Ev NO_COLOR\n"
          "If it is set, a terminal gets no colours.\n.El\n"
          ".Sh FILES\n.Bl -tag -width Ds\n.It Pa " SETTINGS_FILE_USUAL "\n"
          "The usual route file;\nsee\n.Xr tenterhook.yaml 5 .\n",
          out);
    if (with_places)
        print_places(out);
    fputs(".El\n", out);
}

/* ---- a verb ---- */

/* "Fl -limit Ar N", "Ar ID ..." */
static void print_row_macros(const struct option_row *row, bool with_letter, FILE *out)
{
    const char *flag = row->name ? "Fl" : row->flags & OPTION_BEHIND ? "Fl -" : "";
    fputs(flag, out);
    if (row->name && with_letter && row->letter)
        fprintf(out, " %c", row->letter);
    else if (row->name)
        fprintf(out, " -%s", row->name);
    if (row->value) {
        fprintf(out, "%sAr", *flag ? " " : "");
        mdoc_words(out, row->value);
    }
    if (row->flags & (OPTION_REPEATS | OPTION_BEHIND))
        fputs(" ...", out);
}

static void print_usage_row(void *context, const struct placed_row *row, bool is_needed)
{
    FILE *out = context;
    fputs(is_needed ? "." : ".Op ", out);
    print_row_macros(row->row, true, out);
    fputc('\n', out);
}

static void print_synopsis(const struct verb *verb, FILE *out)
{
    fputs(".Sh SYNOPSIS\n", out);
    for (size_t i = 0; verb->forms[i].run; i++) {
        fprintf(out, ".Nm tenterhook\n.Cm %s\n", verb->name);
        if (verb->forms[i].word)
            fprintf(out, "%s%s\n", i ? ".Cm " : ".Op Cm ", verb->forms[i].word);
        help_usage_rows(verb, i, print_usage_row, out);
    }
}

static void print_option(const struct option_row *row, FILE *out)
{
    char sentence[HELP_SENTENCE_MAX];
    fputs(".It ", out);
    if (row->letter)
        fprintf(out, "Fl %c , ", row->letter);
    print_row_macros(row, false, out);
    fputc('\n', out);
    help_row_sentence(row, sentence);
    mdoc_sentence(out, sentence);
}

static void print_options(const struct verb *verb, unsigned forms, const char *words, FILE *out)
{
    if (words[0])
        fprintf(out, ".Pp\nOptions of %s:\n", words);
    else
        fputs(".Pp\nThe options are:\n", out);
    fputs(".Bl -tag -width Ds\n", out);
    help_rows_of(verb, forms, false, print_option, out);
    if (!words[0])
        fputs(".It Fl h , Fl -help\nPrints all of this.\n", out);
    fputs(".El\n", out);
}

static void print_forms(const struct verb *verb, FILE *out)
{
    if (!verb->forms[0].word)
        return;
    fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; verb->forms[i].run; i++) {
        fprintf(out, ".It Cm %s\n", verb->forms[i].word);
        mdoc_sentence(out, verb->forms[i].sentence);
    }
    fputs(".El\n", out);
}

void manual_print_verb(const struct verb *verb, const char *date, FILE *out)
{
    char title[64];
    snprintf(title, sizeof title, "tenterhook-%s", verb->name);
    mdoc_begin(out, title, 1, date);
    fprintf(out, ".Sh NAME\n.Nm %s\n", title);
    mdoc_about(out, verb->sentence);
    print_synopsis(verb, out);
    fputs(".Sh DESCRIPTION\n", out);
    mdoc_sentence(out, verb->sentence);
    print_forms(verb, out);
    mdoc_paragraphs(out, verb->more);
    mdoc_paragraphs(out, verb->hint);
    if (verb_has_operands(verb, (unsigned)ALL_FORMS)) {
        fputs(".Pp\nThe operands are:\n.Bl -tag -width Ds\n", out);
        help_rows_of(verb, 0, true, print_option, out);
        fputs(".El\n", out);
    }
    help_option_sets(verb, print_options, out);
    print_environment(false, out);
    print_exit_status(out);
    fputs(".Sh SEE ALSO\n.Xr tenterhook 1 ,\n.Xr tenterhook.yaml 5\n", out);
}

/* ---- the program ---- */

void manual_print_program(const struct verb *const *verbs, size_t count, const char *date,
                          FILE *out)
{
    mdoc_begin(out, "tenterhook", 1, date);
    fputs(".Sh NAME\n.Nm tenterhook\n.Nd receives webhooks and runs the actions that a file names\n"
          ".Sh SYNOPSIS\n.Nm\n.Ar verb\n.Op Ar argument ...\n.Nm\n.Cm help\n.Op Ar verb\n.Nm\n"
          ".Fl V | Fl -version\n.Sh DESCRIPTION\n",
          out);
    mdoc_text(out,
              "tenterhook terminates HTTPS, proves who calls, limits floods, writes an event to "
              "disk before it says yes, and then runs the commands, or feeds the workers and "
              "named pipes, that a route file names. An event that was answered 2xx is carried "
              "out, or shown as failed.");
    fputs(".Pp\nThe verbs are:\n.Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, ".It Cm %s\n", verbs[i]->name);
        mdoc_sentence(out, verbs[i]->sentence);
        fprintf(out, "See\n.Xr tenterhook-%s 1 .\n", verbs[i]->name);
    }
    fputs(".El\n", out);
    print_environment(true, out);
    print_exit_status(out);
    fputs(".Sh EXAMPLES\nCheck a route file, and serve it:\n.Bd -literal -offset indent\n"
          "tenterhook check -c hooks.yaml\ntenterhook serve -c hooks.yaml\n.Ed\n.Pp\n"
          "Send a signed event, as GitHub would:\n.Bd -literal -offset indent\n"
          "tenterhook send github --to https://localhost:8443/github \\e\n"
          "    --secret-file github.secret --event push\n.Ed\n.Pp\n"
          "Run again what failed in the last hour, and wait for the ends:\n"
          ".Bd -literal -offset indent\ntenterhook replay --dead --since 1h --wait\n.Ed\n"
          ".Sh SEE ALSO\n.Xr tenterhook.yaml 5\n",
          out);
}
