/* The socket stands beside the journal, or where the service manager has made a directory. There
 * several servers may have been, so each request names the journal that is meant. */
#include "server/cli/control.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"
#include "server/ipc/operator_request.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A line of the server; the longest are keys of a route, and what check prints of a file. */
enum { LINE_MAX_BYTES = 8 << 20, READ_SIZE = 64 * 1024, ASKING_MS = 10 * 1000 };

/* ---- lines ---- */

int64_t control_number(struct json_object *line, const char *name)
{
    struct json_object *value;
    bool negative;
    if (!line || !value_find(line, name, &value) || value_type(value) != TYPE_INTEGER)
        return 0;
    int64_t number = (int64_t)value_magnitude(value, &negative);
    return negative ? -number : number;
}

bool control_flag(struct json_object *line, const char *name)
{
    struct json_object *value;
    return line && value_find(line, name, &value) && value_type(value) == TYPE_BOOLEAN &&
           value_boolean(value);
}

const char *control_text(struct json_object *line, const char *name)
{
    struct json_object *value;
    const char *text = line && value_find(line, name, &value) && value_type(value) == TYPE_STRING
                           ? value_c_string(value)
                           : NULL;
    return text ? text : "";
}

struct json_object *control_part(struct json_object *line, const char *name)
{
    struct json_object *value;
    return line && value_find(line, name, &value) &&
                   (value_type(value) & (TYPE_OBJECT | TYPE_ARRAY))
               ? value
               : NULL;
}

/* ---- connecting ---- */

/* False with errno. */
static bool connect_to(int fd, const char *path)
{
    char directory[PATH_MAX], name[PATH_MAX];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(directory, sizeof directory, "%s", path);
    snprintf(name, sizeof name, "%s", path);
    /* the address has 107 bytes, a path may have more */
    int place = open(dirname(directory), O_PATH | O_DIRECTORY | O_CLOEXEC);
    int length = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", place,
                          basename(name));
    bool connected = place >= 0 && length < (int)sizeof address.sun_path &&
                     connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    int reason = length < (int)sizeof address.sun_path ? errno : ENAMETOOLONG;
    if (place >= 0)
        close(place);
    errno = reason;
    return connected;
}

static bool says_nothing(int error)
{
    return error == ENOENT || error == ECONNREFUSED || error == ENOTDIR;
}

/* -1 with `*end` and `err`. */
static int connect_to_server(const char *journal, enum control_end *end, struct error *err)
{
    char beside[PATH_MAX];
    const char *const paths[] = {beside, OPERATOR_SOCKET_DIRECTORY "/" OPERATOR_SOCKET_NAME};
    *end = CONTROL_NO_SERVER;
    error_set(err, "no server runs %s%s", journal ? "with the journal " : "here",
              journal ? journal : "");
    if (journal && !operator_socket_beside(journal, beside, sizeof beside))
        return -1;
    for (size_t i = journal ? 0 : 1; i < 2; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect_to(fd, paths[i]))
            return fd;
        if (!says_nothing(errno)) {
            error_set_errno(err, errno, "cannot ask the server through %s", paths[i]);
            *end = CONTROL_BARRED;
        }
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

/* ---- a conversation ---- */

static void send_request(int fd, const struct control_request *request)
{
    struct buffer line;
    char real[PATH_MAX];
    const char *journal =
        request->journal && realpath(request->journal, real) ? real : request->journal;
    buffer_init(&line, OPERATOR_LINE_MAX);
    bool made = buffer_printf(&line, "{\"verb\":\"%s\"", request->verb) &&
                (!journal || (buffer_append_text(&line, ",\"journal\":") &&
                              json_append_string(&line, bytes_of_text(journal)))) &&
                (!request->id || buffer_printf(&line, ",\"id\":\"%s\"", request->id)) &&
                (!request->runner ||
                 buffer_printf(&line, ",\"runner\":%llu", (unsigned long long)request->runner)) &&
                buffer_append_text(&line, "}\n");
    if (made)
        (void)send(fd, line.data, line.length, MSG_NOSIGNAL);
    buffer_finish(&line);
}

struct conversation {
    const struct control_request *request;
    struct buffer in;
    struct json_object *last;
    bool is_left, is_late;
};

/* False: that was the last one. */
static bool take_line(struct conversation *talk, struct bytes text)
{
    struct json_object *line;
    struct json_fault fault;
    if (!payload_parse(text, &json_limits_default, &line, &fault))
        return true; /* none of ours */
    if (value_find(line, "end", NULL)) {
        talk->last = line;
        return false;
    }
    talk->is_left = talk->request->line && !talk->request->line(talk->request->context, line, text);
    value_release(line);
    return !talk->is_left;
}

/* False: the conversation is over. */
static bool take_lines(struct conversation *talk)
{
    const uint8_t *end;
    size_t taken = 0;
    bool more = true;
    while (more && (end = memchr(talk->in.data + taken, '\n', talk->in.length - taken))) {
        size_t length = (size_t)(end - talk->in.data) - taken;
        more = take_line(talk, bytes_of(talk->in.data + taken, length));
        taken += length + 1;
    }
    buffer_consume(&talk->in, taken);
    return more;
}

/* False: no line comes any more, or not in time. */
static bool read_more(int fd, struct conversation *talk)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    int ready = poll(&watched, 1, talk->request->patience_ms);
    if (ready < 0 && errno == EINTR) {
        talk->is_left = talk->request->interrupted && talk->request->interrupted();
        return !talk->is_left;
    }
    talk->is_late = ready == 0;
    if (ready <= 0 || !buffer_reserve(&talk->in, READ_SIZE))
        return false;
    ssize_t got = recv(fd, talk->in.data + talk->in.length, READ_SIZE, 0);
    if (got > 0)
        talk->in.length += (size_t)got;
    return got > 0;
}

static enum control_end judge(struct conversation *talk, struct error *err)
{
    if (talk->is_left)
        return CONTROL_LEFT;
    if (!talk->last) {
        error_set(err, "the server has not answered to the end");
        return talk->is_late ? CONTROL_LATE : CONTROL_LOST;
    }
    if (strcmp(control_text(talk->last, "end"), "done") == 0)
        return CONTROL_DONE;
    error_set(err, "%s", control_text(talk->last, "reason"));
    if (strcmp(err->text, "this server has another journal") != 0)
        return CONTROL_FAILED;
    error_set(err, "no server runs with the journal %s; the one here has another",
              talk->request->journal);
    return CONTROL_NO_SERVER;
}

enum control_end control_ask(const struct control_request *request, struct json_object **last,
                             struct error *err)
{
    struct conversation talk = {.request = request};
    enum control_end end;
    int fd = connect_to_server(request->journal, &end, err);
    if (last)
        *last = NULL;
    if (fd < 0)
        return end;
    buffer_init(&talk.in, LINE_MAX_BYTES);
    send_request(fd, request); /* who is turned away is told why before he has asked */
    while (read_more(fd, &talk) && take_lines(&talk))
        continue;
    close(fd);
    buffer_finish(&talk.in);
    end = judge(&talk, err);
    if (last)
        *last = talk.last;
    else if (talk.last)
        value_release(talk.last);
    return end;
}

/* ---- the server of a file ---- */

/* The place of a file that need not be there, without links in its directory. */
static bool find_place(const char *file, char place[PATH_MAX])
{
    char directory[PATH_MAX], name[PATH_MAX], real[PATH_MAX];
    snprintf(directory, sizeof directory, "%s", file);
    snprintf(name, sizeof name, "%s", file);
    return realpath(dirname(directory), real) &&
           snprintf(place, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, basename(name)) <
               PATH_MAX;
}

struct question {
    char place[PATH_MAX];
    bool is_its_file;
};

/* The first file is the one that the server was started with. */
static bool compare_file(void *context, struct json_object *line, struct bytes text)
{
    struct question *question = context;
    struct json_object *files = control_part(control_part(line, "server"), "files");
    (void)text;
    if (files && value_item_count(files) > 0)
        question->is_its_file =
            strcmp(control_text(value_item(files, 0), "path"), question->place) == 0;
    return true;
}

bool control_usual_server_has(const char *file)
{
    struct question question = {.is_its_file = false};
    struct error why;
    const struct control_request request = {
        .verb = "status", .patience_ms = ASKING_MS, .line = compare_file, .context = &question};
    if (find_place(file, question.place))
        control_ask(&request, NULL, &why);
    return question.is_its_file;
}
