/* An operator reads the line first and should not have to look for the next step. The output is
 * masked before it comes here, and the log escapes what is no text. */
#include "server/runner/failure_line.h"

#include "config/settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool ends_line(uint8_t c)
{
    return c == '\r' || c == '\n';
}

struct bytes failure_last_line(struct bytes error_output)
{
    size_t end = error_output.length;
    while (end > 0 && is_blank(error_output.data[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && !ends_line(error_output.data[begin - 1]))
        begin--;
    size_t length = end - begin < FAILURE_LINE_MAX ? end - begin : FAILURE_LINE_MAX;
    return length > 0 ? bytes_of(error_output.data + begin, length) : bytes_of(NULL, 0);
}

void failure_route_file(const char *file, char path[FAILURE_FILE_SIZE])
{
    char directory[FAILURE_FILE_SIZE / 2] = "";
    *path = '\0';
    if (!file || (*file != '/' && !getcwd(directory, sizeof directory)))
        return;
    snprintf(path, FAILURE_FILE_SIZE, "%s%s%s", directory, *directory ? "/" : "", file);
}

const char *failure_show_command(const char *file, const char *id, char text[FAILURE_SHOW_SIZE])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_-+=.,:@/";
    bool is_usual = !file || !*file || strcmp(file, SETTINGS_FILE_USUAL) == 0 || strchr(file, '\'');
    const char *quote = file && file[strspn(file, plain)] != '\0' ? "'" : "";
    snprintf(text, FAILURE_SHOW_SIZE, "tenterhook events show %s%s%s%s%s", id,
             is_usual ? "" : " -c ", is_usual ? "" : quote, is_usual ? "" : file,
             is_usual ? "" : quote);
    return text;
}
