/* Stands before the C library: the n-th call of a kind in one process of the server fails. Which,
 * is written by the test into the file $TENTERHOOK_FAULT, which all processes have mapped; while
 * it is not armed all calls go through. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kinds of calls, and what becomes of the n-th: in the order of run.py. */
enum kind { KIND_WRITE, KIND_STREAM, KIND_SYNC, KIND_MEMORY, KIND_DESCRIPTOR, KIND_FORK };
enum how { HOW_ERROR, HOW_ONE_BYTE, HOW_TOO_LARGE };

static struct control {
    _Atomic int32_t armed;
    int32_t kind, how, error;
    char role[16]; /* the name of the process */
    int64_t at;    /* which call; 0: none, they are counted only */
    _Atomic int64_t count, hits;
} * control;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv("TENTERHOOK_FAULT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped = fd < 0 ? MAP_FAILED
                          : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (mapped != MAP_FAILED)
        control = mapped;
}

/* Whether this call is the one. With $TENTERHOOK_FAULT_TRACE set, it is printed where that was. */
static int is_struck(enum kind kind)
{
    char name[16] = "";
    void *frames[32];
    if (!control || !atomic_load(&control->armed) || control->kind != (int)kind)
        return 0;
    prctl(PR_GET_NAME, name, 0, 0, 0);
    if (strcmp(name, control->role) != 0 || atomic_fetch_add(&control->count, 1) + 1 != control->at)
        return 0;
    atomic_fetch_add(&control->hits, 1);
    if (getenv("TENTERHOOK_FAULT_TRACE")) {
        atomic_store(&control->armed, 0);
        backtrace_symbols_fd(frames, backtrace(frames, 32), STDERR_FILENO);
    }
    if (control->how == HOW_TOO_LARGE)
        raise(SIGXFSZ);
    errno = control->error;
    return 1;
}

static int is_file(int fd)
{
    struct stat what;
    return fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
}

/* Of a stream a part may be taken; a message goes as a whole. */
static int is_stream(int fd)
{
    struct stat what;
    int type = 0;
    socklen_t size = sizeof type;
    if (fstat(fd, &what) != 0)
        return 0;
    if (!S_ISSOCK(what.st_mode))
        return S_ISREG(what.st_mode) || S_ISFIFO(what.st_mode);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* ---- what writes ---- */

/* How many bytes of `size` to write; -1: none, it fails. */
static ssize_t allowed(int fd, size_t size)
{
    if (!control || !atomic_load(&control->armed))
        return (ssize_t)size;
    if (is_file(fd) && is_struck(KIND_WRITE))
        return -1;
    if (size > 1 && is_stream(fd) && is_struck(KIND_STREAM))
        return 1;
    return (ssize_t)size;
}

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t part = allowed(fd, size);
    return part < 0 ? -1 : REAL(write)(fd, data, (size_t)part);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    ssize_t part = allowed(fd, size);
    return part < 0 ? -1 : REAL(pwrite)(fd, data, (size_t)part, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    ssize_t part = allowed(fd, size);
    return part < 0 ? -1 : REAL(pwrite64)(fd, data, (size_t)part, offset);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    ssize_t part = allowed(fd, size);
    return part < 0 ? -1 : REAL(send)(fd, data, (size_t)part, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct msghdr changed = *message;
    struct iovec first;
    if (message->msg_iovlen > 0 && message->msg_iov[0].iov_len > 0 &&
        allowed(fd, message->msg_iov[0].iov_len + (message->msg_iovlen > 1)) == 1) {
        first = (struct iovec){message->msg_iov[0].iov_base, 1};
        changed.msg_iov = &first;
        changed.msg_iovlen = 1;
    }
    return REAL(sendmsg)(fd, &changed, flags);
}

int ftruncate(int fd, off_t size)
{
    return is_struck(KIND_WRITE) ? -1 : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return is_struck(KIND_WRITE) ? -1 : REAL(ftruncate64)(fd, size);
}

int fsync(int fd)
{
    return is_struck(KIND_SYNC) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return is_struck(KIND_SYNC) ? -1 : REAL(fdatasync)(fd);
}

/* ---- memory ---- */

/* Libraries below GnuTLS that end the process, or fall, without memory: nothing of ours can help,
 * and the next listener takes over. */
static int is_hopeless(const void *caller)
{
    Dl_info of;
    return dladdr(caller, &of) != 0 && of.dli_fname &&
           (strstr(of.dli_fname, "libgmp.so") || strstr(of.dli_fname, "libtasn1.so"));
}

#define NO_MEMORY                                                                                  \
    (control && atomic_load(&control->armed) && control->kind == KIND_MEMORY &&                    \
     !is_hopeless(__builtin_return_address(0)) && is_struck(KIND_MEMORY))

void *malloc(size_t size)
{
    return NO_MEMORY ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return NO_MEMORY ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return NO_MEMORY ? NULL : __libc_realloc(old, size);
}

/* ---- descriptors ---- */

static mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPENS(name)                                                                                \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(name)(path, flags, mode);                    \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                                                             \
    int name(int at, const char *path, int flags, ...)                                             \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(name)(at, path, flags, mode);                \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

FILE *fopen64(const char *path, const char *mode)
{
    return is_struck(KIND_DESCRIPTOR) ? NULL : REAL(fopen64)(path, mode);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(accept4)(fd, address, size, flags);
}

int socket(int domain, int type, int protocol)
{
    return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(socket)(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int ends[2])
{
    return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(socketpair)(domain, type, protocol, ends);
}

int pipe2(int ends[2], int flags)
{
    return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(pipe2)(ends, flags);
}

int memfd_create(const char *name, unsigned flags)
{
    return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(memfd_create)(name, flags);
}

int epoll_create1(int flags)
{
    return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(epoll_create1)(flags);
}

int eventfd(unsigned count, int flags)
{
    return is_struck(KIND_DESCRIPTOR) ? -1 : REAL(eventfd)(count, flags);
}

/* ---- processes ---- */

pid_t fork(void)
{
    return is_struck(KIND_FORK) ? -1 : REAL(fork)();
}

int clone(int (*main)(void *), void *stack, int flags, void *argument, ...)
{
    va_list rest;
    va_start(rest, argument);
    pid_t *parent = va_arg(rest, pid_t *);
    va_end(rest);
    return is_struck(KIND_FORK) ? -1 : REAL(clone)(main, stack, flags, argument, parent);
}
