#define _GNU_SOURCE
#include "Descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

// /proc, read without memory from the heap. Nobody gets away there: who forks twice and makes a session of its own still
// has a parent, and when that ends, the subreaper.

enum { DEEPEST = 64 };

struct standing {
    char state;
    pid_t parent;
    pid_t group;
};

/// The decimal number at `text`, which is moved behind it and the space after it.
static pid_t read_number(const char **text) {
    pid_t number = 0;
    for (; **text >= '0' && **text <= '9' && number < 100000000; (*text)++) number = number * 10 + (**text - '0');
    if (**text == ' ') (*text)++;
    return number;
}

static void write_number(pid_t number, char *text) {
    char digits[12];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 && count < 12);
    while (count > 0) *text++ = digits[--count];
    *text = 0;
}

/// Reads `/proc/<pid>/stat`: pid, name in brackets, state, parent, group.
static bool read_standing(int proc, pid_t pid, struct standing *standing) {
    char path[24];
    write_number(pid, path);
    strcat(path, "/stat");
    int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    char text[256];
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return false;
    text[count] = 0;
    // A name may hold brackets and spaces; what follows it does not, within what is read.
    const char *after = strrchr(text, ')');
    if (after == NULL || strlen(after) < 6) return false;
    standing->state = after[2];
    after += 4;
    standing->parent = read_number(&after);
    standing->group = read_number(&after);
    return true;
}

/// Whether `pid`, which stands as `standing` says, descends from `ancestor`. A line deeper than we look gets shorter by
/// itself: whoever is at its top is ended, and then the next one is nearer.
static bool descends(int proc, struct standing standing, pid_t ancestor) {
    for (int depth = 0; depth < DEEPEST; depth++) {
        if (standing.parent == ancestor) return true;
        if (standing.parent <= 1 || !read_standing(proc, standing.parent, &standing)) return false;
    }
    return false;
}

/// By descriptor where the kernel has those and lets us: what it names is what was looked at, or nobody any more.
static void send(int process, pid_t pid, int number) {
    if (process >= 0) pidfd_send_signal(process, number, NULL, 0);
    else kill(pid, number);
}

/// Signals `pid` if it is a living descendant.
static bool signal_descendant(int proc, pid_t pid, int number) {
    int process = pidfd_open(pid, 0);
    if (process < 0 && errno == ESRCH) return false;
    struct standing standing;
    bool is_ours = read_standing(proc, pid, &standing) && descends(proc, standing, getpid()) && standing.state != 'Z'
        && standing.state != 'X';
    if (is_ours) {
        send(process, pid, number);
        // A stopped one would never get it.
        if (number == SIGTERM) send(process, pid, SIGCONT);
        // At once for all of the group: nobody in it can fork out of this. A descendant's session and groups are of
        // its own line, because the program began with a session of its own.
        if (number == SIGKILL && standing.group > 1 && standing.group != getpgrp()) kill(-standing.group, number);
    }
    if (process >= 0) close(process);
    return is_ours;
}

/// Signals a child of which nothing can be read; it is not anybody else, because only this process reaps it.
static bool signal_hidden_child(int proc, pid_t pid, int number) {
    struct standing standing;
    if (pid <= 1 || read_standing(proc, pid, &standing)) return false;
    pid_t group = getpgid(pid);
    if (kill(pid, number) != 0) return false;
    if (number == SIGTERM) kill(pid, SIGCONT);
    if (number == SIGKILL && group > 1 && group != getpgrp()) kill(-group, number);
    return true;
}

/// Where /proc hides what one may not trace (hidepid, systemd's ProtectProc), a program that shields itself, as ssh-agent and
/// gpg-agent do, is not there even for its own user. But this process is told who its children are.
static int signal_hidden_children(int proc, int number) {
    int file = openat(proc, "thread-self/children", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    // What does not fit is left to the next pass.
    char text[4096];
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    int found = 0;
    for (const char *at = text; *at >= '1' && *at <= '9';) {
        pid_t pid = read_number(&at);
        // Each ends with a space: without it, it is cut.
        if (at[-1] == ' ' && signal_hidden_child(proc, pid, number)) found++;
    }
    return found;
}

int sceau_signal_descendants(pid_t leader, int number) {
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) {
        // Then the program's own group is all that can be known.
        return kill(-leader, number) == 0 ? 1 : 0;
    }
    int found = 0;
    _Alignas(struct dirent64) char buffer[4096];
    ssize_t count;
    while ((count = getdents64(proc, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < count;) {
            const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);
            at += entry->d_reclen;
            const char *name = entry->d_name;
            pid_t pid = *name >= '1' && *name <= '9' ? read_number(&name) : 0;
            if (pid > 1 && signal_descendant(proc, pid, number)) found++;
        }
    }
    found += signal_hidden_children(proc, number);
    close(proc);
    return found;
}
