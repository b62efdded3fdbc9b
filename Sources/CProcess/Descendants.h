#pragma once
#include <sys/types.h>

/// Sends `signal` to every descendant of this process, and to the group that `leader` leads or led while somebody is
/// in it. Returns how many descendants were found alive. Async-signal-safe.
int sceau_signal_descendants(pid_t leader, int signal);
