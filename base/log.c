/* A line is built in a fixed buffer and written with one call that cannot block. Standard error is
 * opened anew through /proc, because O_NONBLOCK on the inherited descriptor would change it for
 * every process that shares it (a shell, another process of ours). A socket (journald) cannot be
 * opened anew and gets its lines with MSG_DONTWAIT. Lines stay under PIPE_BUF, so that the
 * processes that share a pipe never tear each other's lines.
 *
 * A pipe or a terminal of another user (sudo -u, containers) cannot be opened anew either. There we
 * first ask whether it has space; and because another process may fill it between the question and
 * the write, an interval timer interrupts a write that blocks all the same.
 *
 * journald has a time of its own for each line and reads a priority off its front, so there a line
 * of text has "<3>" in the place of its time. JSON is for programs and keeps all its members. */
#include "base/log.h"

#include "base/clock.h"
#include "base/encoding.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { LOG_LINE = 4096, LOG_FIELD = 512, LOG_KEPT = 1024, BLOCKED_US = 10000 };
enum { PRIORITY_SIZE = 3 }; /* "<3>" */

static struct {
    int fd;
    bool is_socket, is_journald;
    bool may_block; /* it is the descriptor that we share */
    enum log_level level;
    enum log_format format;
    const char *process;
    uint64_t lost, lost_unsaid;
    char last_error[LOG_KEPT];
} logger = {.fd = 2, .level = LOG_INFO, .process = "tenterhook"};

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char *const priorities[] = {"<7>", "<6>", "<4>", "<3>"}; /* those of syslog */

struct line {
    char text[LOG_LINE]; /* room for a priority, then the line */
    size_t length;
    size_t time_length; /* of the time at the front of the line, with its space; 0 for JSON */
};

static void interrupt_write(int signal_number)
{
    (void)signal_number;
}

static void log_share(void)
{
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm, NULL);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = interrupt_write}, NULL); /* no restart */
    logger.may_block = true;
}

/* A file is also written to by others who share its position, standard output above all (`>log
 * 2>&1`): without O_APPEND they would write over lines of the log. Unlike O_NONBLOCK it harms
 * nobody. */
static void append_to_file(int fd)
{
    struct stat what;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && fstat(fd, &what) == 0 && S_ISREG(what.st_mode))
        fcntl(fd, F_SETFL, flags | O_APPEND);
}

/* systemd names the device and the inode of what it has connected to the journal: a program that
 * was started behind it with another standard error has the same variable. */
bool log_is_journald(int fd)
{
    const char *named = getenv("JOURNAL_STREAM");
    struct stat what;
    char own[48];
    if (!named || fstat(fd, &what) != 0 || !S_ISSOCK(what.st_mode))
        return false;
    snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)what.st_dev, (uintmax_t)what.st_ino);
    return strcmp(named, own) == 0;
}

const char *log_priority(enum log_level level)
{
    return log_is_journald(2) ? priorities[level] : "";
}

void log_start(const char *process)
{
    struct stat what;
    logger.process = process;
    logger.lost = logger.lost_unsaid = 0;
    logger.last_error[0] = '\0';
    logger.is_socket = fstat(2, &what) == 0 && S_ISSOCK(what.st_mode);
    logger.is_journald = log_is_journald(2);
    if (logger.fd != 2)
        close(logger.fd);
    logger.fd = 2;
    logger.may_block = false;
    if (logger.is_socket)
        return;
    append_to_file(1);
    append_to_file(2);
    int own = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own >= 0)
        logger.fd = own;
    else
        log_share();
}

void log_configure(enum log_level level, enum log_format format)
{
    logger.level = level;
    logger.format = format;
}

struct log_field log_bytes(const char *name, struct bytes text)
{
    return (struct log_field){.name = name, .text = text};
}

struct log_field log_text(const char *name, const char *text)
{
    return log_bytes(name, bytes_of_text(text));
}

struct log_field log_number(const char *name, int64_t number)
{
    return (struct log_field){.name = name, .number = number, .is_number = true};
}

/* A line never outgrows its buffer: what does not fit is left out, room for the end is kept. */
static void line_put(struct line *line, const char *text, size_t length)
{
    size_t room = sizeof line->text - 8 - line->length;
    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void line_put_text(struct line *line, const char *text)
{
    line_put(line, text, strlen(text));
}

static void line_put_number(struct line *line, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    line_put_text(line, text);
}

static void line_put_escaped(struct line *line, struct bytes text)
{
    size_t end = text.length < LOG_FIELD ? text.length : LOG_FIELD;
    for (size_t i = 0; i < end;) {
        struct bytes rest = bytes_of(text.data + i, end - i);
        size_t length = utf8_shown(rest.data, rest.length);
        char escape[8];
        if (length == 0) {
            snprintf(escape, sizeof escape, "\\u00%02x", rest.data[0]);
            line_put_text(line, escape);
            i++;
            continue;
        }
        if (rest.data[0] == '"' || rest.data[0] == '\\')
            line_put_text(line, "\\");
        line_put(line, (const char *)rest.data, length);
        i += length;
    }
    if (end < text.length)
        line_put_text(line, "...");
}

static bool needs_quotes(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f || strchr("\"\\=", text.data[i]))
            return true;
    return text.length == 0 || text.length > LOG_FIELD;
}

static void line_put_value(struct line *line, const struct log_field *field)
{
    bool quoted = logger.format == LOG_JSON || needs_quotes(field->text);
    if (field->is_number) {
        line_put_number(line, field->number);
        return;
    }
    line_put_text(line, quoted ? "\"" : "");
    line_put_escaped(line, field->text);
    line_put_text(line, quoted ? "\"" : "");
}

/* Keeps the whole of a field or none of it, so that a JSON line stays JSON. */
static void line_put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->length;
    bool json = logger.format == LOG_JSON;
    line_put_text(line, json ? ",\"" : " ");
    line_put_text(line, field->name);
    line_put_text(line, json ? "\":" : "=");
    line_put_value(line, field);
    if (line->length >= sizeof line->text - 8)
        line->length = before;
}

static void line_begin(struct line *line, enum log_level level, const char *event)
{
    char when[CLOCK_TEXT_SIZE], head[256];
    clock_format_unix_ms(clock_unix_ms(), when);
    snprintf(head, sizeof head,
             logger.format == LOG_JSON
                 ? "{\"time\":\"%s\",\"level\":\"%s\",\"process\":\"%s\",\"event\":\"%s\""
                 : "%s %s %s: %s",
             when, level_names[level], logger.process, event);
    line->length = PRIORITY_SIZE;
    line->time_length = logger.format == LOG_JSON ? 0 : strlen(when) + 1;
    line_put_text(line, head);
}

/* What is written of the line: to journald a priority stands in the place of the time. */
static struct bytes line_written(struct line *line, enum log_level level)
{
    size_t begin = PRIORITY_SIZE;
    if (logger.is_journald) {
        begin = line->time_length;
        memcpy(line->text + begin, priorities[level], PRIORITY_SIZE);
    }
    return bytes_of(line->text + begin, line->length - begin);
}

/* Lost if it would block. The timer goes on until it is stopped: its first signal may come before
 * the write has begun. */
static bool line_write_shared(struct bytes text)
{
    static const struct timeval step = {.tv_usec = BLOCKED_US};
    const struct itimerval guard = {step, step}, none = {{0}, {0}};
    struct pollfd room = {.fd = logger.fd, .events = POLLOUT};
    if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
        return false;
    setitimer(ITIMER_REAL, &guard, NULL);
    ssize_t written = write(logger.fd, text.data, text.length);
    setitimer(ITIMER_REAL, &none, NULL);
    return written == (ssize_t)text.length;
}

static bool line_write(struct bytes text)
{
    ssize_t written;
    if (logger.may_block)
        return line_write_shared(text);
    do {
        written = logger.is_socket
                      ? send(logger.fd, text.data, text.length, MSG_DONTWAIT | MSG_NOSIGNAL)
                      : write(logger.fd, text.data, text.length);
    } while (written < 0 && errno == EINTR);
    return written == (ssize_t)text.length;
}

static void line_keep(const struct line *line)
{
    size_t length = line->length - PRIORITY_SIZE;
    length = length < LOG_KEPT - 1 ? length : LOG_KEPT - 1;
    memcpy(logger.last_error, line->text + PRIORITY_SIZE, length);
    logger.last_error[length] = '\0';
}

void log_write_fields(const struct log_event_row *event, enum log_level level,
                      const struct log_field *fields)
{
    assert(level >= event->level && level <= event->worst);
    if (level < logger.level)
        return;
    struct line line;
    line_begin(&line, level, event->name);
    for (const struct log_field *field = fields; field->name; field++)
        line_put_field(&line, field);
    struct log_field lost = log_number("lost_lines", (int64_t)logger.lost_unsaid);
    if (logger.lost_unsaid)
        line_put_field(&line, &lost);
    if (logger.format == LOG_JSON)
        line.text[line.length++] = '}';
    if (level == LOG_ERROR)
        line_keep(&line);
    line.text[line.length++] = '\n';
    if (line_write(line_written(&line, level))) {
        logger.lost_unsaid = 0;
    } else {
        logger.lost++;
        logger.lost_unsaid++;
    }
}

uint64_t log_lost(void)
{
    return logger.lost;
}

const char *log_last_error(void)
{
    return logger.last_error;
}
