/* The supervisor may be root, and reads this: so it is little, checked by the same guard as a
 * sender's body, and has no memory but its own. Only who may do anything with the server anyway has
 * sent it (the peer's user is checked before). */
#include "server/ipc/operator_request.h"

#include "base/json_text.h"
#include "handlers/content/json.h"
#include "handlers/content/json_path.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>

static const struct {
    const char *name;
    size_t offset;
} text_members[] = {{"verb", offsetof(struct operator_request, verb)},
                    {"journal", offsetof(struct operator_request, journal)},
                    {"id", offsetof(struct operator_request, id)}};
enum { TEXT_MEMBERS = sizeof text_members / sizeof *text_members };

static bool find_member(struct bytes line, const char *name, struct bytes *value)
{
    struct json_step step = {.kind = JSON_STEP_NAME, .name = bytes_of_text(name)};
    const struct json_path path = {.steps = &step, .count = 1};
    return json_path_find(line, &path, value);
}

/* The text of a member behind `*place`, or "". */
static bool read_text(struct bytes line, const char *name, char **place, const char **text,
                      struct error *err)
{
    struct bytes value;
    *text = "";
    if (!find_member(line, name, &value))
        return true;
    if (value.length < 2 || value.data[0] != '"')
        return error_set(err, "\"%s\" must be a string", name);
    struct bytes inside = bytes_of(value.data + 1, value.length - 2);
    size_t length = json_unescape(inside, (uint8_t *)*place);
    if (memchr(*place, '\0', length))
        return error_set(err, "\"%s\" has a U+0000", name);
    *text = *place;
    (*place)[length] = '\0';
    *place += length + 1;
    return true;
}

static bool read_runner(struct bytes line, uint64_t *runner, struct error *err)
{
    struct bytes value;
    *runner = 0;
    return !find_member(line, "runner", &value) || bytes_to_uint64(value, runner) ||
           error_set(err, "\"runner\" must be a number");
}

bool operator_request_read(struct bytes line, struct operator_request *request, struct error *err)
{
    static const struct json_limits limits = {
        .depth = 4, .nodes = 64, .names = 0, .number_length = 32};
    struct json_fault fault;
    char *place = request->texts;
    if (line.length >= OPERATOR_LINE_MAX || !json_check(line, &limits, NULL, &fault))
        return error_set(err, "the request is not a line of JSON");
    if (line.data[0] != '{')
        return error_set(err, "the request is not a JSON object");
    for (size_t i = 0; i < TEXT_MEMBERS; i++) {
        const char **text = (const char **)((char *)request + text_members[i].offset);
        if (!read_text(line, text_members[i].name, &place, text, err))
            return false;
    }
    return read_runner(line, &request->runner, err) &&
           (request->verb[0] || error_set(err, "the request has no \"verb\""));
}

int operator_request_peek(int fd, uint8_t line[OPERATOR_LINE_MAX], size_t *length)
{
    ssize_t got;
    do {
        got = recv(fd, line, OPERATOR_LINE_MAX, MSG_PEEK | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN ? 0 : -1;
    const uint8_t *end = memchr(line, '\n', (size_t)got);
    if (end) {
        *length = (size_t)(end - line) + 1;
        return 1;
    }
    return got > 0 && got < OPERATOR_LINE_MAX ? 0 : -1;
}

bool operator_socket_beside(const char *journal, char *path, size_t size)
{
    return snprintf(path, size, "%s.control", journal) < (int)size;
}
