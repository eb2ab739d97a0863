/* A command that says when its first instruction ran, for bench/run: appends "NUMBER NANOSECONDS"
 * (CLOCK_MONOTONIC) to a file.
 *
 *   first FILE NUMBER … */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec now;
    char line[128];
    clock_gettime(CLOCK_MONOTONIC, &now);
    int fd = argc > 2 ? open(argv[1], O_WRONLY | O_APPEND) : -1;
    int length = snprintf(line, sizeof line, "%.40s %lld%09ld\n", argc > 2 ? argv[2] : "",
                          (long long)now.tv_sec, now.tv_nsec);
    return fd < 0 || write(fd, line, (size_t)length) != length;
}
