#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "CSandbox.h"

// What has to happen between fork and exec, where no Swift may run, and Linux calls that glibc hides or lacks.

/// How to run one program. Everything is only read, and stays the caller's.
struct sceau_process {
    const char *executable;
    char *const *arguments;    ///< with argv[0], ended by NULL
    char *const *environment;  ///< ended by NULL
    const char *folder;
    int switches_user;  ///< 0: user, group and groups mean nothing
    uid_t user;
    gid_t group;
    const gid_t *groups;
    size_t group_count;
    int input;   ///< what becomes standard input; -1 for /dev/null
    int output;  ///< what becomes standard output and standard error
    int report;  ///< a pipe for `struct sceau_report`
    int leash;   ///< the reading end of a pipe: when its writing end closes, everything is ended
    int64_t limit_ms;
    int64_t grace_ms;  ///< between SIGTERM and SIGKILL
    int64_t kill_ms;   ///< how long SIGKILL is tried
};

/// What a keeper has to say, in this order: one of the first four, then `SCEAU_CLEARED`. Written whole.
enum sceau_report_kind {
    SCEAU_NOT_STARTED = 1,  ///< value: errno; step: what failed
    SCEAU_EXITED = 2,       ///< value: exit status
    SCEAU_SIGNALLED = 3,    ///< value: the signal
    SCEAU_TIMED_OUT = 4,
    SCEAU_CLEARED = 5,  ///< value: processes that could not be ended; step: 1 when there were any to end
};

enum sceau_step {
    SCEAU_STEP_PREPARE = 1,
    SCEAU_STEP_USER = 2,
    SCEAU_STEP_FOLDER = 3,
    SCEAU_STEP_EXECUTE = 4,
};

struct sceau_report {
    int32_t kind;
    int32_t value;
    int32_t step;
};

/// Makes a keeper, a process that runs the program, ends what is left of it and its descendants, reports, and goes.
/// Returns its process id, or -1 with errno set.
pid_t sceau_keep_process(const struct sceau_process *process);

/// A pipe whose ends no other program inherits (O_CLOEXEC). 0, or -1 with errno set.
int sceau_pipe(int ends[2]);

/// Two sockets of this machine, each the other end of the other; no other program inherits them. 0, or -1 with errno set.
int sceau_channel(int ends[2]);

/// A file in memory that holds `bytes`, open at its beginning. -1 with errno set.
int sceau_file_in_memory(const void *bytes, size_t count);

/// Signals of this process as bytes: from now on each of `numbers` does nothing but write its number to a pipe, whose reading
/// end is returned (-1 with errno set). To be called once; a full pipe forgets further signals.
int sceau_signals(const int *numbers, size_t count);
