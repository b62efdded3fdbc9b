#pragma once
#include <stddef.h>
#include <sys/types.h>

// Linux calls that glibc hides without _GNU_SOURCE, which a Swift module cannot define for itself.
// Each returns 0 (or the wanted value), or -1 with errno set.

/// Renames and refuses to replace what stands at `to` (renameat2 with RENAME_NOREPLACE).
int sceau_rename_exclusive(const char *from, const char *to);

/// Writes out everything of the file system that holds `descriptor`; reports write-back errors.
int sceau_sync_filesystem(int descriptor);

/// Keeps this process out of core files and away from other processes' ptrace (PR_SET_DUMPABLE 0).
int sceau_forbid_core_files(void);

/// Reads one line from a terminal without showing it, into `buffer` of `size` bytes, and drops its line break.
/// Returns the number of bytes; EMSGSIZE when the line does not fit, EIO when the terminal is gone, EINTR when
/// input ends without a line. Whatever signal ends the process meanwhile, the terminal shows again what is typed.
/// One reader at a time.
ssize_t sceau_read_hidden_line(int terminal, const char *prompt, size_t prompt_length, void *buffer, size_t size);

/// Makes `to`, an empty file, share all content of `from` (FICLONE): both stay what they are when the other is written.
/// Fails with EOPNOTSUPP, EXDEV, EINVAL or ENOTTY where the file system cannot do that.
int sceau_clone_file(int from, int to);
