#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

// What a signal handler needs can only stand in static storage.
static struct termios shown;
static volatile sig_atomic_t hidden_terminal = -1;

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { ENDING_SIGNALS = sizeof ending_signals / sizeof ending_signals[0] };

// Runs on whichever thread gets the signal; tcsetattr and raise are safe there. The handler is of one use
// (SA_RESETHAND), so the raised signal does what it does by default.
static void show_and_end(int number) {
    int saved_errno = errno;
    if (hidden_terminal >= 0) tcsetattr(hidden_terminal, TCSANOW, &shown);
    raise(number);
    errno = saved_errno;
}

static ssize_t read_line(int terminal, unsigned char *buffer, size_t size) {
    size_t count = 0;
    bool fits = true;
    for (;;) {
        unsigned char byte;
        ssize_t got = read(terminal, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) {
            errno = EINTR;
            return -1;
        }
        if (byte == '\n') break;
        if (count < size) buffer[count++] = byte;
        else fits = false;
        explicit_bzero(&byte, 1);
    }
    if (fits) return (ssize_t)count;
    errno = EMSGSIZE;
    return -1;
}

static bool write_all(int terminal, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(terminal, text, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

ssize_t sceau_read_hidden_line(int terminal, const char *prompt, size_t prompt_length, void *buffer, size_t size) {
    if (tcgetattr(terminal, &shown) != 0) return -1;
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    // No stop by Ctrl-Z: the shell would be left with a terminal that shows nothing.
    hidden.c_cc[VSUSP] = _POSIX_VDISABLE;

    struct sigaction action = {.sa_handler = show_and_end, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    struct sigaction before[ENDING_SIGNALS];
    hidden_terminal = terminal;
    for (int i = 0; i < ENDING_SIGNALS; i++) sigaction(ending_signals[i], &action, &before[i]);

    ssize_t count = -1;
    int error = 0;
    // The prompt comes once nothing is shown any more: whoever answers it at once is neither seen nor cut short.
    if (tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 && write_all(terminal, prompt, prompt_length))
        count = read_line(terminal, buffer, size);
    if (count < 0) error = errno;

    tcsetattr(terminal, TCSANOW, &shown);
    hidden_terminal = -1;
    for (int i = 0; i < ENDING_SIGNALS; i++) sigaction(ending_signals[i], &before[i], NULL);
    errno = error;
    return count;
}
