/* Styles are chosen here and nowhere read from a text, so the only control bytes that a terminal
 * gets are these. A pipe gets none. */
#include "server/terminal/terminal.h"

#include "base/clock.h"

#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_UNKNOWN = 80, WIDTH_LEAST = 20 };

/* ---- the screen ---- */

static unsigned find_width(void)
{
    struct winsize size;
    const char *named = getenv("COLUMNS");
    unsigned width = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width == 0 && named)
        width = (unsigned)strtoul(named, NULL, 10);
    if (width == 0)
        width = WIDTH_UNKNOWN;
    return width < WIDTH_LEAST ? WIDTH_LEAST : width > 1000 ? 1000 : width;
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

static bool is_dumb(void)
{
    return !is_set("TERM") || strcmp(getenv("TERM"), "dumb") == 0;
}

struct screen screen_look(void)
{
    bool is_terminal = print_is_for_terminal();
    return (struct screen){.is_terminal = is_terminal,
                           .has_styles = is_terminal && !is_dumb() && !is_set("NO_COLOR"),
                           .width = is_terminal ? find_width() : INT_MAX,
                           .now_ms = clock_unix_ms()};
}

/* ---- styles ---- */

void style_begin(FILE *out, const struct screen *screen, enum style style)
{
    static const char *const codes[] = {
        [STYLE_HEAD] = "1",   [STYLE_GOOD] = "32", [STYLE_BAD] = "1;31",
        [STYLE_WAITS] = "33", [STYLE_RUNS] = "36", [STYLE_FAINT] = "2",
    };
    if (screen->has_styles && style != STYLE_NONE)
        fprintf(out, "\x1b[%sm", codes[style]);
}

void style_end(FILE *out, const struct screen *screen, enum style style)
{
    if (screen->has_styles && style != STYLE_NONE)
        fputs("\x1b[0m", out);
}

/* Of several the one that wants most to be seen. */
enum style style_of_state(struct bytes states)
{
    static const struct {
        const char *state;
        enum style style;
    } rows[] = {{"dead", STYLE_BAD},
                {"running", STYLE_RUNS},
                {"pending", STYLE_WAITS},
                {"done", STYLE_GOOD},
                {"superseded", STYLE_FAINT}};
    size_t first = sizeof rows / sizeof *rows;
    while (states.data) {
        struct bytes state = bytes_split(&states, ',');
        for (size_t i = 0; i < first; i++)
            if (bytes_equal_text(state, rows[i].state))
                first = i;
    }
    return first < sizeof rows / sizeof *rows ? rows[first].style : STYLE_NONE;
}

/* ---- progress ---- */

void progress_show(struct progress *progress, const char *format, ...)
{
    va_list args;
    int64_t now = clock_monotonic_ns();
    if (progress->next_ns == 0) {
        progress->is_off = isatty(STDERR_FILENO) != 1 || is_dumb();
        progress->next_ns = now + NS_PER_S / 2;
    }
    if (progress->is_off || now < progress->next_ns)
        return;
    progress_clear(progress);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fflush(stderr);
    progress->is_shown = true;
    progress->next_ns = now + NS_PER_S / 5;
}

void progress_clear(struct progress *progress)
{
    if (!progress->is_shown)
        return;
    fputs("\r\x1b[K", stderr);
    fflush(stderr);
    progress->is_shown = false;
}

/* ---- questions ---- */

bool terminal_can_ask(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool terminal_asks(const char *question)
{
    char answer[16];
    fflush(stdout);
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    if (!fgets(answer, sizeof answer, stdin)) {
        fputc('\n', stderr);
        return false;
    }
    return answer[0] == 'y' || answer[0] == 'Y';
}

void terminal_stops_nothing(void)
{
    signal(SIGTSTP, SIG_IGN);
}
