/* Loaded into a server before its libraries: kills it at a chosen durable step, fails or delays what it asks of its disk,
 * and sets its clock.
 *
 * FATE_STEPS names a file with a number: so many steps are let pass, the next one kills the process instead. No file, or
 * an empty one: all of them pass. Steps are syncs; with FATE_NAMES also names of files that are made, changed or removed,
 * and files that are cut.
 *
 * FATE_FAULT names a file with two numbers: an error that writing, cutting and syncing files ends with (0: none), and how
 * many milliseconds a sync takes longer. No file, or an empty one: the disk is well.
 *
 * FATE_AHEAD is by how many seconds the wall clock is ahead.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

static void step(void) {
    const char *path = getenv("FATE_STEPS");
    FILE *file = path ? fopen(path, "r+") : NULL;
    long left;
    if (!file) return;
    pthread_mutex_lock(&one);
    rewind(file);
    if (fscanf(file, "%ld", &left) == 1) {
        if (left == 0) kill(getpid(), SIGKILL);
        rewind(file);
        fprintf(file, "%-8ld", left - 1);
        fflush(file);
    }
    pthread_mutex_unlock(&one);
    fclose(file);
}

static void name_step(void) {
    if (getenv("FATE_NAMES")) step();
}

/* The error that the disk answers with, or 0; after as long as it takes. */
static int fault(int is_sync) {
    const char *path = getenv("FATE_FAULT");
    FILE *file = path ? fopen(path, "r") : NULL;
    int error = 0;
    long delay = 0;
    if (!file) return 0;
    if (fscanf(file, "%d %ld", &error, &delay) != 2) error = 0, delay = 0;
    fclose(file);
    if (is_sync && delay > 0) {
        struct timespec time = {delay / 1000, delay % 1000 * 1000000};
        nanosleep(&time, NULL);
    }
    return error;
}

/* Whether writing to it is writing to the disk; the standard streams are not what is tested. */
static int is_on_disk(int fd) {
    struct stat about;
    return fd > 2 && getenv("FATE_FAULT") && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

static int failed(int error) {
    errno = error;
    return -1;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    int error = fault(1);
    step();
    return error ? failed(error) : real(fd);
}

int fsync(int fd) {
    REAL(fsync);
    int error = fault(1);
    step();
    return error ? failed(error) : real(fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    REAL(write);
    int error = is_on_disk(fd) ? fault(0) : 0;
    return error ? failed(error) : real(fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    REAL(pwrite64);
    int error = is_on_disk(fd) ? fault(0) : 0;
    return error ? failed(error) : real(fd, bytes, length, at);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    int error = fault(0);
    name_step();
    return error ? failed(error) : real(fd, length);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    name_step();
    return real(from, to);
}

int link(const char *from, const char *to) {
    REAL(link);
    name_step();
    return real(from, to);
}

int linkat(int at, const char *from, int there, const char *to, int flags) {
    REAL(linkat);
    name_step();
    return real(at, from, there, to, flags);
}

int unlink(const char *path) {
    REAL(unlink);
    name_step();
    return real(path);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    static long ahead = -1;
    if (ahead < 0) {
        const char *given = getenv("FATE_AHEAD");
        ahead = given ? atol(given) : 0;
    }
    int outcome = real(clock, now);
    if (outcome == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead;
    return outcome;
}
