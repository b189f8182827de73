/* Preloaded into a child process: counts the calls that change files, and at the chosen one kills the process or
 * makes this and all later ones fail. No test depends on which calls there are, only on their number.
 *
 * FAULT_AT   counted from 1; without it nothing happens
 * FAULT_HOW  kill-before, kill-half (of a write), kill-after, or the number of an errno
 *
 * Raw system calls are not seen. Between two calls that are seen there is at most one of them, a rename, and that is
 * atomic: dying before it looks like dying after the call before, and dying after it like dying before the next.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;

enum fate { PASS, FAIL, DIE_HALF, DIE_AFTER };

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* What becomes of the call that is about to be made. */
static enum fate next_fate(void) {
    const char *at = getenv("FAULT_AT"), *how = getenv("FAULT_HOW");
    if (!at || !how) return PASS;
    long call = atomic_fetch_add(&calls, 1) + 1, chosen = atol(at);
    int error = atoi(how);
    if (error) { if (call < chosen) return PASS; errno = error; return FAIL; }
    if (call != chosen) return PASS;
    if (!strcmp(how, "kill-before")) die();
    return strcmp(how, "kill-half") ? DIE_AFTER : DIE_HALF;
}

/* Pipes and terminals are not what this is about. */
static int is_file(int fd) { struct stat s; return fstat(fd, &s) == 0 && (S_ISREG(s.st_mode) || S_ISDIR(s.st_mode)); }

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define CALL(type, name, parameters, arguments, concerned)               \
    type name parameters {                                               \
        REAL(name);                                                      \
        enum fate fate = (concerned) ? next_fate() : PASS;               \
        if (fate == FAIL) return -1;                                     \
        type result = real arguments;                                    \
        if (fate != PASS) die();                                         \
        return result;                                                   \
    }

#define WRITE(name, parameters, arguments)                               \
    ssize_t name parameters {                                            \
        REAL(name);                                                      \
        enum fate fate = is_file(fd) ? next_fate() : PASS;               \
        if (fate == FAIL) return -1;                                     \
        if (fate == DIE_HALF) n /= 2;                                    \
        ssize_t result = real arguments;                                 \
        if (fate != PASS) die();                                         \
        return result;                                                   \
    }

WRITE(write, (int fd, const void *b, size_t n), (fd, b, n))
WRITE(pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o))
WRITE(pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o))

CALL(int, fsync, (int fd), (fd), is_file(fd))
CALL(int, fdatasync, (int fd), (fd), is_file(fd))
CALL(int, ftruncate, (int fd, off_t n), (fd, n), 1)
CALL(int, ftruncate64, (int fd, off64_t n), (fd, n), 1)
CALL(int, fchmod, (int fd, mode_t m), (fd, m), 1)
CALL(int, unlink, (const char *p), (p), 1)
CALL(int, rename, (const char *a, const char *b), (a, b), 1)
CALL(int, link, (const char *a, const char *b), (a, b), 1)
CALL(int, mkdir, (const char *p, mode_t m), (p, m), 1)

/* Opening changes something when it creates; where everything fails, opening for writing fails too. */
static int opening(int flags) {
    const char *how = getenv("FAULT_HOW");
    int failing = how && atoi(how);
    return (flags & O_CREAT) || (failing && (flags & O_ACCMODE) != O_RDONLY);
}

#define OPEN(name)                                                       \
    int name(const char *path, int flags, ...) {                         \
        REAL(name);                                                      \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;      \
        va_end(rest);                                                    \
        enum fate fate = opening(flags) ? next_fate() : PASS;            \
        if (fate == FAIL) return -1;                                     \
        int result = real(path, flags, mode);                            \
        if (fate != PASS) die();                                         \
        return result;                                                   \
    }

OPEN(open)
OPEN(open64)
