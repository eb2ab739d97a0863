/* Better a note than a guess: what another root directory holds, only that can say. */
#include "server/service/service_notes.h"

#include "server/terminal/terminal.h"

#include <string.h>

enum { SHOWN_MAX = 200 };

/* What is not looked at at all. */
static const struct {
    const char *setting, *consequence;
} unread_rows[] = {
    {"RootDirectory", "files are looked for in the root directory of this shell"},
    {"RootImage", "files are looked for in the root directory of this shell"},
    {"MountImages", "what it hides or adds is not seen"},
    {"ExtensionImages", "what it hides or adds is not seen"},
    {"ExtensionDirectories", "what it hides or adds is not seen"},
    {"PassEnvironment", "variables of the service manager are not known here"},
    {"ImportCredential", "credentials of the service manager are not known here"},
    {"PAMName", "what its session sets is not known here"},
};

/* What is looked at, and whose words may have specifiers. */
static const struct read_row {
    const char *setting;
    bool escapes;
    bool is_hidden; /* its values may be secrets */
} read_rows[] = {
    {"Environment", true, true},
    {"UnsetEnvironment", true, false},
    {"EnvironmentFile"},
    {"LoadCredential"},
    {"User"},
    {"Group"},
    {"SupplementaryGroups"},
    {"ReadWritePaths"},
    {"ReadOnlyPaths"},
    {"InaccessiblePaths"},
    {"ExecPaths"},
    {"NoExecPaths"},
    {"BindPaths"},
    {"BindReadOnlyPaths"},
    {"TemporaryFileSystem"},
    {"StateDirectory"},
    {"RuntimeDirectory"},
    {"CacheDirectory"},
    {"LogsDirectory"},
    {"ExecStart", true, false},
};

static void begin_note(const char *setting, const char *value)
{
    fprintf(stderr, "note: %s=", setting);
    print_safe(stderr, bytes_of(value, strnlen(value, SHOWN_MAX)));
}

static void tell_unread(const struct service *unit)
{
    for (size_t i = 0; i < sizeof unread_rows / sizeof *unread_rows; i++) {
        const char *value = service_value(unit, unread_rows[i].setting);
        if (!value)
            continue;
        begin_note(unread_rows[i].setting, value);
        fprintf(stderr, " is not looked at: %s\n", unread_rows[i].consequence);
    }
}

/* A specifier that is not known, and quotes and escapes that are none. */
static void tell_of_value(const struct service *unit, const struct service_setting *setting,
                          const struct read_row *row)
{
    const char *rest = setting->value, *word;
    char unknown = '\0';
    while (!unknown && (word = service_split(unit->arena, &rest, row->escapes)))
        service_expand(unit->arena, &unit->names, word, &unknown);
    if (!unknown && !*rest)
        return;
    begin_note(setting->name, row->is_hidden ? "" : setting->value);
    if (unknown) {
        fputs(" is passed over: %", stderr);
        print_safe(stderr, bytes_of(&unknown, 1));
        fputs(" is not known here\n", stderr);
    } else {
        fputs(" is passed over from a quote or an escape on that is none, as systemd does\n",
              stderr);
    }
}

void service_print_notes(const struct service *unit)
{
    tell_unread(unit);
    for (size_t i = 0; i < unit->count; i++)
        for (size_t j = 0; j < sizeof read_rows / sizeof *read_rows; j++)
            if (strcmp(unit->settings[i].name, read_rows[j].setting) == 0)
                tell_of_value(unit, &unit->settings[i], &read_rows[j]);
}
