#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t writing_end = -1;

static void note(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    // When the pipe is full, there is more than enough to be heard.
    ssize_t written = write(writing_end, &byte, 1);
    (void)written;
    errno = before;
}

int sceau_signals(const int *numbers, size_t count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    writing_end = ends[1];
    // Calls that wait go on waiting: who wants to know asks the pipe.
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < count; i++)
        if (sigaction(numbers[i], &action, NULL) != 0) return -1;
    return ends[0];
}
