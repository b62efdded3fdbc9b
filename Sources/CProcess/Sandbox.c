#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Debian 12's headers know Landlock only as it was in Linux 5.19: numbers and structures are written out, from
// Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h. glibc has no functions for it.
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, VERSION_FLAG = 1, PATH_BENEATH = 1 };

struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

int sceau_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int sceau_landlock_version(void) { return (int)syscall(CREATE_RULESET, NULL, 0, VERSION_FLAG); }

int sceau_landlock_create(const struct sceau_handled *handled) {
    // An older kernel knows a shorter structure, and takes this one as long as what it does not know is 0.
    return (int)syscall(CREATE_RULESET, handled, sizeof *handled, 0);
}

int sceau_landlock_allow(int ruleset, const char *path, uint64_t folder_access, uint64_t file_access) {
    int parent = open(path, O_PATH | O_CLOEXEC);
    if (parent < 0) return -1;
    struct stat status;
    int outcome = fstat(parent, &status);
    if (outcome == 0) {
        const struct path_beneath rule = {S_ISDIR(status.st_mode) ? folder_access : file_access, parent};
        outcome = (int)syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0);
    }
    int error = errno;
    close(parent);
    errno = error;
    return outcome;
}

int sceau_landlock_enter(int ruleset) { return (int)syscall(RESTRICT_SELF, ruleset, 0); }

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
// Above stand the system calls of x32, which would be the same ones by other numbers.
#define LAST_NATIVE 0x3fffffff
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define LAST_NATIVE 0xffffffff
#endif

#ifdef NATIVE

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define ABOVE(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, value, yes, no)
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

int sceau_refuse_network(void) {
    struct sock_filter filter[] = {
        LOAD(arch),
        EQUAL(NATIVE, 0, 4),
        LOAD(nr),
        ABOVE(LAST_NATIVE, 2, 0),
        EQUAL(SYS_io_uring_setup, 1, 0),
        EQUAL(SYS_socket, 1, 2),
        REFUSE(ENOSYS),
        REFUSE(EAFNOSUPPORT),
        ALLOW,
    };
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    long outcome = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    // More than 0 is a thread that has a filter of its own already, and did not get this one.
    if (outcome > 0) errno = EBUSY;
    return outcome == 0 ? 0 : -1;
}

#else

int sceau_refuse_network(void) {
    errno = ENOSYS;
    return -1;
}

#endif
