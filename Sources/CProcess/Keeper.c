#define _GNU_SOURCE
#include "CProcess.h"
#include "Descendants.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The agent has threads, so that after a fork only async-signal-safe calls are allowed until exec. The keeper never
// execs: everything in this file that runs in it, and in Descendants.c, is a system call or plain computation.
// _Fork runs no handlers and takes no locks. Users are switched by system calls, because glibc's own functions want
// to tell the other threads, which are not there any more.

enum { REPORT = 3, LEASH = 4, FIRST_FREE = 5, OUT_OF_THE_WAY = 16, MOST_DESCRIPTORS = 1 << 20 };

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell(int descriptor, int kind, int value, int step) {
    const struct sceau_report report = {.kind = kind, .value = value, .step = step};
    // Shorter than PIPE_BUF: whole or not at all.
    while (write(descriptor, &report, sizeof report) < 0 && errno == EINTR) {}
}

static _Noreturn void give_up(int descriptor, int step) {
    tell(descriptor, SCEAU_NOT_STARTED, errno, step);
    _exit(127);
}

/// What the agent handles or ignores is of no concern to what it starts. glibc would leave two signals out that it
/// keeps for itself, but whoever started the agent may have ignored those too.
static void reset_dispositions(void) {
    // The kernel's own structure, larger than on any architecture; SIG_DFL, no flags and no mask are all 0.
    const uint64_t by_default[8] = {0};
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, by_default, NULL, (size_t)(_NSIG / 8));
}

/// close_range, also where a container does not let us.
static void close_from(int first) {
    if (close_range((unsigned)first, ~0U, 0) == 0) return;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > MOST_DESCRIPTORS) limit.rlim_max = MOST_DESCRIPTORS;
    for (int descriptor = first; descriptor < (int)limit.rlim_max; descriptor++) close(descriptor);
}

/// Leaves 0, 1 and 2 for the program, 3 and 4 for the keeper, and nothing else open.
static void arrange_descriptors(const struct sceau_process *process) {
    int input = process->input;
    if (input < 0) input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0) give_up(process->report, SCEAU_STEP_PREPARE);
    input = fcntl(input, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    int output = fcntl(process->output, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    int report = fcntl(process->report, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    int leash = fcntl(process->leash, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    if (input < 0 || output < 0 || report < 0 || leash < 0) give_up(process->report, SCEAU_STEP_PREPARE);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || dup3(report, REPORT, O_CLOEXEC) < 0
        || dup3(leash, LEASH, O_CLOEXEC) < 0)
        give_up(report, SCEAU_STEP_PREPARE);
    close_from(FIRST_FREE);
}

static bool has_user(const struct sceau_process *process) {
    return geteuid() == process->user && getuid() == process->user && getegid() == process->group
        && getgid() == process->group;
}

static void switch_user(const struct sceau_process *process) {
    // An agent without privileges may only run programs as itself, and then nothing is to be done.
    if (geteuid() != 0 && has_user(process)) return;
    // A program that opens /dev/stdout opens the pipe anew, as this user. Nothing is lost where that is refused.
    if (fchown(1, process->user, process->group) != 0) {}
    if (syscall(SYS_setgroups, process->group_count, process->groups) != 0
        || syscall(SYS_setresgid, process->group, process->group, process->group) != 0
        || syscall(SYS_setresuid, process->user, process->user, process->user) != 0)
        give_up(REPORT, SCEAU_STEP_USER);
    if (!has_user(process) || (process->user != 0 && syscall(SYS_setresuid, -1, 0, -1) == 0)) {
        errno = EPERM;
        give_up(REPORT, SCEAU_STEP_USER);
    }
}

static _Noreturn void become(const struct sceau_process *process, pid_t keeper) {
    if (setsid() < 0) give_up(REPORT, SCEAU_STEP_PREPARE);
    umask(022);
    if (process->switches_user) {
        switch_user(process);
        // Privileges that were taken away do not come back by a program with a setuid bit.
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(REPORT, SCEAU_STEP_USER);
    }
    // After the switch, which would undo it.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != keeper) _exit(127);
    if (chdir(process->folder) != 0) give_up(REPORT, SCEAU_STEP_FOLDER);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(process->executable, process->arguments, process->environment);
    give_up(REPORT, SCEAU_STEP_EXECUTE);
}

/// What a keeper keeps an eye on.
struct watch {
    pid_t program;
    int signals;
    bool has_ended;
    int status;
};

/// Takes note of every child that has ended. False when there is none left that lives.
static bool reap(struct watch *watch) {
    for (;;) {
        int status;
        pid_t child = waitpid(-1, &status, WNOHANG);
        if (child < 0 && errno == EINTR) continue;
        if (child <= 0) return child == 0;
        if (child == watch->program) {
            watch->has_ended = true;
            watch->status = status;
        }
    }
}

/// Waits until a child has ended, the leash is let go, or time is up. True when the leash is let go.
static bool wait_for_news(const struct watch *watch, int leash, int64_t milliseconds) {
    struct pollfd sources[] = {{.fd = watch->signals, .events = POLLIN}, {.fd = leash, .events = POLLIN}};
    int timeout = milliseconds < 0 ? 0 : milliseconds > 3600000 ? 3600000 : (int)milliseconds;
    if (poll(sources, 2, timeout) <= 0) return false;
    struct signalfd_siginfo news;
    while (read(watch->signals, &news, sizeof news) > 0) {}
    return sources[1].revents != 0;
}

static void await_program(struct watch *watch, int64_t limit_ms) {
    // Nobody is ended too early by what a millisecond counts less than it was.
    int64_t deadline = now_ms() + limit_ms + 1;
    bool is_let_go = false;
    for (;;) {
        reap(watch);
        if (watch->has_ended || is_let_go || now_ms() >= deadline) return;
        is_let_go = wait_for_news(watch, LEASH, deadline - now_ms());
    }
}

/// Ends all descendants. They are the keeper's children sooner or later: it is their subreaper.
static int clear(struct watch *watch, const struct sceau_process *process) {
    // Against programs that fork as fast as they can; refused without privileges, which is no harm.
    setpriority(PRIO_PROCESS, 0, -10);
    sceau_signal_descendants(watch->program, SIGTERM);
    int64_t deadline = now_ms() + process->grace_ms;
    while (reap(watch)) {
        if (now_ms() >= deadline) break;
        wait_for_news(watch, -1, deadline - now_ms());
    }
    deadline = now_ms() + process->kill_ms;
    // A pass may miss what is being forked meanwhile; the pauses grow for what does not go away.
    for (int64_t pause = 0; reap(watch); pause += pause < 50) {
        int found = sceau_signal_descendants(watch->program, SIGKILL);
        if (now_ms() >= deadline) return found > 0 ? found : 1;
        wait_for_news(watch, -1, pause);
    }
    return 0;
}

static void tell_outcome(const struct watch *watch) {
    if (!watch->has_ended) tell(REPORT, SCEAU_TIMED_OUT, 0, 0);
    else if (WIFEXITED(watch->status)) tell(REPORT, SCEAU_EXITED, WEXITSTATUS(watch->status), 0);
    else tell(REPORT, SCEAU_SIGNALLED, WTERMSIG(watch->status), 0);
}

static _Noreturn void keep(const struct sceau_process *process) {
    reset_dispositions();
    arrange_descriptors(process);
    // Signals to the agent's group or terminal are the agent's to handle.
    setsid();
    prctl(PR_SET_NAME, "sceau-keeper", 0, 0, 0);
    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    struct watch watch = {.signals = signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (watch.signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) give_up(REPORT, SCEAU_STEP_PREPARE);

    pid_t keeper = getpid();
    watch.program = _Fork();
    if (watch.program < 0) give_up(REPORT, SCEAU_STEP_PREPARE);
    if (watch.program == 0) become(process, keeper);
    for (int descriptor = 0; descriptor < REPORT; descriptor++) close(descriptor);
    await_program(&watch, process->limit_ms);
    tell_outcome(&watch);
    bool had_more = reap(&watch);
    int left = had_more ? clear(&watch, process) : 0;
    tell(REPORT, SCEAU_CLEARED, left, had_more);
    _exit(0);
}

pid_t sceau_keep_process(const struct sceau_process *process) {
    // No handler of the agent's may run in the keeper, so that signals wait until it has none. It goes on blocking them:
    // who ends the agent ends the leash, and the keeper has something to do first.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t keeper = _Fork();
    if (keeper == 0) keep(process);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return keeper;
}
