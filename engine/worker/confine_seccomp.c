/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine_seccomp.c - system calls by seccomp(2). The filter is a plain list:
 * a dozen instructions more than a library's, and one library less in each
 * worker. What is refused fails with EPERM, as if we had no rights.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/worker/confine_private.h"

/* Those without socketcall(2), whose calls carry their arguments themselves. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define SECCOMP_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SECCOMP_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define SECCOMP_ARCH AUDIT_ARCH_RISCV64
#else
#define SECCOMP_ARCH 0
#endif
#define SECCOMP_X32 0x40000000u /* calls of x86_64's other ABI */

/* For no scanner: they change the kernel or the machine, look into other
 * processes, or go around what confines us. */
static const int seccomp_never[] = {
#ifndef CONFINE_SANITIZED /* LeakSanitizer looks into us with it */
    __NR_ptrace,
#endif
    __NR_process_vm_readv, __NR_process_vm_writev, __NR_kcmp,
    __NR_mount, __NR_umount2, __NR_pivot_root, __NR_swapon, __NR_swapoff,
    __NR_unshare, __NR_setns, __NR_open_by_handle_at,
    __NR_kexec_load, __NR_init_module, __NR_finit_module, __NR_delete_module,
    __NR_reboot, __NR_acct, __NR_quotactl, __NR_settimeofday,
    __NR_clock_settime, __NR_sethostname, __NR_setdomainname,
    __NR_bpf, __NR_perf_event_open, __NR_userfaultfd, __NR_fanotify_init,
    __NR_add_key, __NR_request_key, __NR_keyctl,
#ifdef __NR_kexec_file_load
    __NR_kexec_file_load,
#endif
#ifdef __NR_iopl
    __NR_iopl, __NR_ioperm,
#endif
    /* io_uring_*, open_tree to mount_setattr: the same on all */
    425, 426, 427, 428, 429, 430, 431, 432, 433, 442};

static const int seccomp_programs[] = {
#ifdef __NR_fork
    __NR_fork, __NR_vfork,
#endif
    __NR_execve, __NR_execveat};

struct seccomp_program {
    struct sock_filter *out;
    size_t len;
};

static void seccomp_add(struct seccomp_program *program, uint16_t code,
                        uint32_t k, uint8_t jt, uint8_t jf)
{
    if (program->len < SECCOMP_LENGTH_MAX)
        program->out[program->len++] =
            (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
}

static void seccomp_load(struct seccomp_program *program, size_t offset)
{
    seccomp_add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void seccomp_refuse(struct seccomp_program *program, uint32_t code)
{
    seccomp_add(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code, 0, 0);
}

/* When the loaded value is k, the next instruction, else the one after. */
static void seccomp_if(struct seccomp_program *program, uint16_t test,
                       uint32_t k)
{
    seccomp_add(program, (uint16_t)(BPF_JMP | test | BPF_K), k, 0, 1);
}

static void seccomp_refuse_all(struct seccomp_program *program,
                               const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        seccomp_if(program, BPF_JEQ, (uint32_t)calls[i]);
        seccomp_refuse(program, EPERM);
    }
}

/* The first argument of a call decides: those after it are not looked at. */
static void seccomp_sockets(struct seccomp_program *program)
{
    seccomp_add(program, BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 5);
    seccomp_load(program, offsetof(struct seccomp_data, args));
    seccomp_add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 2, 0);
    seccomp_add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0);
    seccomp_refuse(program, EPERM);
    seccomp_add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* Threads are fine. What clone3(2) does cannot be seen: without it, libc takes
 * clone. */
static void seccomp_processes(struct seccomp_program *program)
{
    const size_t count = sizeof(seccomp_programs) / sizeof(*seccomp_programs);

    seccomp_refuse_all(program, seccomp_programs, count);
#ifndef CONFINE_SANITIZED /* LeakSanitizer's own helper */
    seccomp_if(program, BPF_JEQ, 435);
    seccomp_refuse(program, ENOSYS);
    seccomp_add(program, BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4);
    seccomp_load(program, offsetof(struct seccomp_data, args));
    seccomp_add(program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
    seccomp_refuse(program, EPERM);
    seccomp_add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
#endif
}

size_t seccomp_build(bool network, bool processes,
                     struct sock_filter out[SECCOMP_LENGTH_MAX])
{
    struct seccomp_program program = {.out = out};

    if (!SECCOMP_ARCH)
        return 0;
    seccomp_load(&program, offsetof(struct seccomp_data, arch));
    seccomp_add(&program, BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_ARCH, 1, 0);
    seccomp_refuse(&program, ENOSYS);
    seccomp_load(&program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    seccomp_if(&program, BPF_JGE, SECCOMP_X32);
    seccomp_refuse(&program, ENOSYS);
#endif
    seccomp_refuse_all(&program, seccomp_never,
                       sizeof(seccomp_never) / sizeof(*seccomp_never));
    if (!network)
        seccomp_sockets(&program);
    if (!processes)
        seccomp_processes(&program);
    seccomp_add(&program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    return program.len < SECCOMP_LENGTH_MAX ? program.len : 0;
}

bool seccomp_offered(void)
{
    uint32_t action = SECCOMP_RET_ERRNO;

    return SECCOMP_ARCH &&
           syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) == 0;
}

static engine_status seccomp_fail(engine_error *err)
{
    return engine_fail(err, ENGINE_EUNSUPPORTED,
                       "could not confine the scanner's system calls: %s",
                       strerror(errno));
}

engine_status seccomp_enter(bool network, bool processes, engine_error *err)
{
    struct sock_filter filter[SECCOMP_LENGTH_MAX];
    const size_t len = seccomp_build(network, processes, filter);
    const struct sock_fprog program = {.len = (unsigned short)len,
                                       .filter = filter};

    errno = ENOSYS;
    if (!len || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return seccomp_fail(err);
    /* all threads; and without the mitigation that makes all of it slower */
    if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                &program) != 0)
        return seccomp_fail(err);
    return ENGINE_OK;
}
