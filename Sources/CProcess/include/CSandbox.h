#pragma once
#include <stdint.h>

// How a process gives up what it will not need. Each call returns 0 (or what it says), or -1 with errno set.

/// From now on no exec gives this thread, and what it starts, more privileges (PR_SET_NO_NEW_PRIVS).
int sceau_forbid_new_privileges(void);

/// The version of Landlock that this kernel has, from 1.
int sceau_landlock_version(void);

/// What a Landlock ruleset handles, and so forbids but for its rules: bits of LANDLOCK_ACCESS_FS_*,
/// LANDLOCK_ACCESS_NET_* and LANDLOCK_SCOPE_*. Those the kernel does not know have to be 0.
struct sceau_handled {
    uint64_t files;
    uint64_t tcp;
    uint64_t scopes;
};

/// Returns the descriptor of a new ruleset.
int sceau_landlock_create(const struct sceau_handled *handled);

/// Allows `folder_access` beneath `path` when that is a folder, and `file_access` to it when it is a file.
int sceau_landlock_allow(int ruleset, const char *path, uint64_t folder_access, uint64_t file_access);

/// Applies a ruleset to this thread, and to what it starts.
int sceau_landlock_enter(int ruleset);

/// Lets all threads of this process make no sockets, and nothing in their place (io_uring, system calls of other
/// architectures). Those of this machine neither (AF_UNIX): by one with a path, the service manager starts programs outside
/// of any sandbox for root, and for whom its rules allow it. New privileges have to be forbidden first.
int sceau_refuse_network(void);

/// Takes all capabilities from this thread, for good once new privileges are forbidden.
int sceau_drop_capabilities(void);

/// Lets all threads of this process open files for reading only, make TCP and UDP sockets that wait for nobody, and sockets of
/// this machine; no change of a file, no program, no signal but to itself. New privileges have to be forbidden first.
int sceau_only_read_and_ask(void);
