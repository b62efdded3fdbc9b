#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// A process that asks and reads, and does nothing else. Landlock says which files it reads; this holds where the kernel has
// no Landlock, or an old one.

int sceau_drop_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}, {0, 0, 0}};
    // A service manager may refuse capset to who has nothing to drop.
    struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, held) == 0 && (held[0].permitted | held[1].permitted) == 0) return 0;
    return (int)syscall(SYS_capset, &header, none);
}

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
// Above stand the system calls of x32, which would be the same ones by other numbers.
#define LAST_NATIVE 0x3fffffff
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define LAST_NATIVE 0xffffffff
#endif

#ifdef NATIVE

/// What changes files, starts programs, looks into other processes or signals them, or waits for connections.
static const int refused[] = {
    SYS_truncate, SYS_fallocate, SYS_mkdirat, SYS_mknodat, SYS_linkat, SYS_symlinkat, SYS_unlinkat, SYS_renameat2,
    SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
    SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, SYS_open_by_handle_at,
#ifdef __x86_64__
    SYS_creat, SYS_mkdir, SYS_mknod, SYS_link, SYS_symlink, SYS_unlink, SYS_rmdir, SYS_rename, SYS_renameat, SYS_chmod,
    SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat,
#endif
    SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kill, SYS_tkill,
    SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, 424 /* pidfd_send_signal */, 438 /* pidfd_getfd */,
    SYS_listen, SYS_accept, SYS_accept4,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_bpf, SYS_keyctl, SYS_add_key,
    SYS_request_key, SYS_perf_event_open, SYS_userfaultfd,
};

/// What glibc and others try first, and do without: what it would do can not be seen from its arguments.
static const int unknown[] = {SYS_io_uring_setup, 437 /* openat2 */, 452 /* fchmodat2 */};

enum { WRITING = O_ACCMODE | O_CREAT | O_TRUNC, KIND_OF_SOCKET = 0xf };

/// A filter being made.
struct program {
    struct sock_filter steps[256];
    unsigned short count;
};

static void add(struct program *program, struct sock_filter step) {
    if (program->count < sizeof program->steps / sizeof program->steps[0]) program->steps[program->count++] = step;
}

#define STEP(code, value) add(program, (struct sock_filter)BPF_STMT(code, value))
#define LOAD(field) STEP(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP(test, value, yes, no) add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | (test) | BPF_K, value, yes, no))
#define REFUSE(error) STEP(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW STEP(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void refuse_others(struct program *program) {
    LOAD(arch);
    JUMP(BPF_JEQ, NATIVE, 1, 0);
    REFUSE(ENOSYS);
    LOAD(nr);
    JUMP(BPF_JGT, LAST_NATIVE, 0, 1);
    REFUSE(ENOSYS);
}

static void refuse_each(struct program *program, const int *calls, size_t count, int error) {
    for (size_t i = 0; i < count; i++) {
        JUMP(BPF_JEQ, (unsigned)calls[i], 0, 1);
        REFUSE(error);
    }
}

/// `flags`: where the call has them. The lower half of an argument comes first on these architectures.
static void open_to_read(struct program *program, int call, unsigned flags) {
    JUMP(BPF_JEQ, (unsigned)call, 0, 4);
    STEP(BPF_LD | BPF_W | BPF_ABS, flags);
    JUMP(BPF_JSET, WRITING, 0, 1);
    REFUSE(EACCES);
    ALLOW;
}

/// TCP and UDP, and what the kernel answers of its addresses (NETLINK_ROUTE, which is 0). Not this machine's own: by those a
/// service manager could be asked to run things outside. glibc asks name servers where it finds no nscd.
static void some_sockets(struct program *program) {
    JUMP(BPF_JEQ, SYS_socket, 0, 13);
    LOAD(args[0]);
    JUMP(BPF_JEQ, AF_UNIX, 10, 0);
    JUMP(BPF_JEQ, AF_NETLINK, 0, 2);
    LOAD(args[2]);
    JUMP(BPF_JEQ, 0, 6, 7);
    JUMP(BPF_JEQ, AF_INET, 1, 0);
    JUMP(BPF_JEQ, AF_INET6, 0, 5);
    LOAD(args[1]);
    STEP(BPF_ALU | BPF_AND | BPF_K, KIND_OF_SOCKET);
    JUMP(BPF_JEQ, SOCK_STREAM, 1, 0);
    JUMP(BPF_JEQ, SOCK_DGRAM, 0, 1);
    ALLOW;
    REFUSE(EAFNOSUPPORT);
}

/// abort() signals the own process.
static void own_signals(struct program *program) {
    JUMP(BPF_JEQ, SYS_tgkill, 0, 4);
    LOAD(args[0]);
    JUMP(BPF_JEQ, (unsigned)getpid(), 1, 0);
    REFUSE(EPERM);
    ALLOW;
}

int sceau_only_read_and_ask(void) {
    struct program made = {.count = 0};
    struct program *program = &made;
    refuse_others(program);
    refuse_each(program, refused, sizeof refused / sizeof refused[0], EACCES);
    refuse_each(program, unknown, sizeof unknown / sizeof unknown[0], ENOSYS);
    open_to_read(program, SYS_openat, offsetof(struct seccomp_data, args[2]));
#ifdef SYS_open
    open_to_read(program, SYS_open, offsetof(struct seccomp_data, args[1]));
#endif
    some_sockets(program);
    own_signals(program);
    ALLOW;
    // Steps that found no room would be missing in silence.
    if (made.count == sizeof made.steps / sizeof made.steps[0]) {
        errno = E2BIG;
        return -1;
    }
    const struct sock_fprog whole = {made.count, made.steps};
    long outcome = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &whole);
    // More than 0 is a thread that has a filter of its own already, and did not get this one.
    if (outcome > 0) errno = EBUSY;
    return outcome == 0 ? 0 : -1;
}

#else

int sceau_only_read_and_ask(void) {
    errno = ENOSYS;
    return -1;
}

#endif
