/* capabilities(7), and seccomp(2) by libseccomp. */
#include "confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <seccomp.h>

enum { CAPABILITIES = 64, CALLS = 512, WORD = 64, SOCK_TYPE = 0xf };

/* --- capabilities ----------------------------------------------------------------------------- */

/* Of what a program would get that we may not execute anyway; a kernel knows fewer than 64. */
static int bounding_set_drop(uint64_t keep)
{
	for (int c = 0; c < CAPABILITIES && prctl(PR_CAPBSET_READ, c) >= 0; c++) {
		if (!(keep & CONFINE_CAPABILITY(c)) && prctl(PR_CAPBSET_READ, c) == 1 &&
		    prctl(PR_CAPBSET_DROP, c) && errno != EPERM)
			return -errno;
	}
	return 0;
}

/* Nothing is asked of the kernel if nothing changes: our unit gives no more than what is kept, and
 * has capset(2) refused. */
int confine_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	bool more = false;
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	err = bounding_set_drop(keep);
	if (err)
		return err;
	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t mask = (uint32_t)(keep >> (32 * i));

		more |= (data[i].permitted | data[i].effective | data[i].inheritable) & ~mask;
		data[i].permitted &= mask;
		data[i].effective &= mask;
		data[i].inheritable &= mask;
	}
	return more && syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* --- system calls ----------------------------------------------------------------------------- */

/* A bit a call: refused once, and told of. Written in signal handlers. */
static uint64_t refused[CALLS / WORD];
static uint64_t told[CALLS / WORD];

/* In the thread that made the call, which goes on as if the kernel had said EPERM. */
static void on_refusal(int signal, siginfo_t *info, void *context)
{
	ucontext_t *thread = context;
	unsigned int call = (unsigned int)info->si_syscall;

	(void)signal;
	if (call < CALLS)
		__atomic_or_fetch(&refused[call / WORD], UINT64_C(1) << call % WORD,
				  __ATOMIC_RELAXED);
#if defined(__x86_64__)
	thread->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
	thread->uc_mcontext.regs[0] = (uint64_t)-EPERM;
#endif
}

bool confine_refused(char *name, size_t size)
{
	for (unsigned int call = 0; call < CALLS; call++) {
		uint64_t bit = UINT64_C(1) << call % WORD;
		char *found;

		if (!(__atomic_load_n(&refused[call / WORD], __ATOMIC_RELAXED) & bit) ||
		    (told[call / WORD] & bit))
			continue;
		told[call / WORD] |= bit;
		found = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)call);
		if (found)
			snprintf(name, size, "%s", found);
		else
			snprintf(name, size, "call %u", call);
		free(found);
		return true;
	}
	return false;
}

/* What lcores, the log, the disk, the watchdog and the desk do; and what the C library does for
 * them. Some names are of some architectures only. */
/* clang-format off */
static const char *const allowed[] = {
	/* memory */
	"brk", "madvise", "mmap", "mprotect", "mremap", "munmap",
	/* files */
	"access", "chmod", "chown", "close", "dup", "dup2", "dup3", "faccessat", "faccessat2",
	"fallocate", "fchmod", "fchmodat", "fchown", "fchownat", "fcntl", "fdatasync", "flock",
	"fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents64", "ioctl", "link", "linkat",
	"lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "pread64", "preadv",
	"pwrite64", "pwritev", "read", "readlink", "readlinkat", "readv", "rename", "renameat",
	"renameat2", "rmdir", "stat", "statfs", "statx", "umask", "unlink", "unlinkat", "write",
	"writev",
	/* what can be waited for */
	"clock_nanosleep", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
	"epoll_pwait2", "epoll_wait", "eventfd2", "futex", "futex_waitv", "nanosleep",
	"pidfd_open", "pipe2", "poll", "ppoll", "pselect6", "select", "signalfd4",
	"timerfd_create", "timerfd_gettime", "timerfd_settime",
	/* sockets; socket() itself: allow_sockets() */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt",
	"listen", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt",
	"shutdown", "socketpair",
	/* time, and who we are */
	"clock_getres", "clock_gettime", "getcpu", "getegid", "geteuid", "getgid", "getpid",
	"getppid", "getpriority", "getrandom", "getrusage", "gettid", "gettimeofday", "getuid",
	"prlimit64", "sysinfo", "time", "times", "uname",
	/* threads and signals; clone(): allow_threads() */
	"exit", "exit_group", "kill", "membarrier", "prctl", "restart_syscall", "rseq",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn",
	"rt_sigsuspend", "rt_sigtimedwait", "sched_get_priority_max", "sched_get_priority_min",
	"sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler",
	"sched_setaffinity", "sched_setattr", "sched_yield", "set_robust_list", "set_tid_address",
	"sigaltstack", "tgkill", "tkill",
	/* the architecture's */
	"arch_prctl",
};

/* What DPDK does to take and to leave devices while we run, and memory that another process is
 * handed (net_memif). */
static const char *const allowed_devices[] = {
	"get_mempolicy", "mbind", "memfd_create", "mlock", "mlock2", "move_pages", "msync",
	"munlock", "set_mempolicy",
};
/* clang-format on */

static int allow_all(scmp_filter_ctx filter, const char *const *names, size_t nb)
{
	int err = 0;

	for (size_t i = 0; !err && i < nb; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);

		if (call >= 0)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	return err;
}

/* A thread is one of ours; clone3(2) hides its flags behind a pointer, so that libc is to go back
 * to clone(2). */
static int allow_threads(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				   SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));

	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* In two parts: what any daemon may open comes first. Nothing of what is seldom looked at. */
static const struct {
	int family, type;
	enum confine_who who;
} kinds[] = {
	{ AF_UNIX, SOCK_STREAM, CONFINE_SOCKETS },    { AF_UNIX, SOCK_DGRAM, CONFINE_SOCKETS },
	{ AF_UNIX, SOCK_SEQPACKET, CONFINE_SOCKETS }, { AF_INET, SOCK_STREAM, CONFINE_SOCKETS },
	{ AF_INET, SOCK_DGRAM, CONFINE_SOCKETS },     { AF_INET6, SOCK_STREAM, CONFINE_SOCKETS },
	{ AF_INET6, SOCK_DGRAM, CONFINE_SOCKETS },    { AF_NETLINK, SOCK_RAW, CONFINE_DEVICES },
	{ AF_NETLINK, SOCK_DGRAM, CONFINE_DEVICES },  { AF_PACKET, SOCK_RAW, CONFINE_DEVICES },
	{ AF_PACKET, SOCK_DGRAM, CONFINE_DEVICES },
};

/* Flags lie above a socket's type. */
static int allow_sockets(scmp_filter_ctx filter, enum confine_who who)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (kinds[i].who > who)
			continue;
		err = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)kinds[i].family),
			SCMP_A1(SCMP_CMP_MASKED_EQ, SOCK_TYPE, (scmp_datum_t)kinds[i].type));
	}
	return err;
}

static int filter_load(enum confine_who who)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int err = 0;

	if (!filter)
		return -ENOMEM;
	err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* A tree: the common calls cost a few steps, not one for each name. */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!err)
		err = allow_all(filter, allowed, sizeof(allowed) / sizeof(*allowed));
	if (!err && who == CONFINE_DEVICES)
		err = allow_all(filter, allowed_devices,
				sizeof(allowed_devices) / sizeof(*allowed_devices));
	if (!err)
		err = allow_threads(filter);
	if (!err)
		err = allow_sockets(filter, who);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

/* AddressSanitizer's leak checker traces all threads when we end. */
static bool traces_itself(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return false;
}

int confine_calls(enum confine_who who)
{
	const struct sigaction action = { .sa_sigaction = on_refusal, .sa_flags = SA_SIGINFO };

	if (traces_itself())
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || sigaction(SIGSYS, &action, NULL))
		return -errno;
	return filter_load(who);
}
