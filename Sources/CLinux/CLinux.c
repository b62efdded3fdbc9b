#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

int sceau_rename_exclusive(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int sceau_sync_filesystem(int descriptor) { return syncfs(descriptor); }

int sceau_forbid_core_files(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int sceau_clone_file(int from, int to) { return ioctl(to, FICLONE, from); }
