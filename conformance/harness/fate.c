/* Loaded into a server before its libraries: kills it at a chosen durable step, and sets its clock.
 *
 * FATE_STEPS names a file with a number: so many syncs are let pass, the next one kills the process instead. No file, or
 * an empty one: all of them pass. FATE_AHEAD is by how many seconds the wall clock is ahead.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    step();
    return real(fd);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    step();
    return real(fd);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    static long ahead = -1;
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (ahead < 0) {
        const char *given = getenv("FATE_AHEAD");
        ahead = given ? atol(given) : 0;
    }
    int outcome = real(clock, now);
    if (outcome == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead;
    return outcome;
}
