/* What is given up, each in a process of its own that ends with it. */
#include <gtest/gtest.h>

#include <errno.h>
#include <fstream>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <string>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "systemd_unit.h"

namespace
{

/* Run `fn` in a child. What it returned; or -1 for a signal. */
int in_child(int (*fn)())
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int filters()
{
	std::ifstream status("/proc/self/status");

	for (std::string line; std::getline(status, line);) {
		int n;

		if (sscanf(line.c_str(), "Seccomp_filters: %d", &n) == 1)
			return n;
	}
	return 0;
}

/* One more than there was, if any. */
template <enum confine_who who = CONFINE_SOCKETS> int load()
{
	int before = filters();

	return confine_calls(who) || filters() == before;
}

struct forbidden {
	const char *name;
	long (*call)();
};

const forbidden forbidden_calls[] = {
	{ "execve", [] { return (long)execl("/bin/true", "true", nullptr); } },
	{ "ptrace", [] { return (long)ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); } },
	{ "clone", [] { return syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr); } },
	{ "mount", [] { return (long)mount("none", "/nowhere", "tmpfs", 0, nullptr); } },
	{ "unshare", [] { return (long)unshare(0); } },
	{ "bpf", [] { return syscall(SYS_bpf, 0, nullptr, 0); } },
	{ "init_module", [] { return syscall(SYS_init_module, nullptr, 0, ""); } },
	{ "keyctl", [] { return syscall(SYS_keyctl, 0, 0, 0, 0, 0); } },
	{ "process_vm_readv", [] { return syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0); } },
	{ "setuid", [] { return (long)setuid(0); } },
	{ "socket",
	  [] {
		  /* CAP_NET_RAW is kept for SO_BINDTODEVICE and AF_PACKET, not for these */
		  for (int type : { (int)SOCK_RAW, SOCK_RAW | SOCK_CLOEXEC })
			  if (socket(AF_INET, type, IPPROTO_ICMP) >= 0 || errno != EPERM)
				  return 0L;
		  return (long)socket(AF_VSOCK, SOCK_STREAM, 0);
	  } },
	{ "io_uring_setup", [] { return syscall(SYS_io_uring_setup, 1, nullptr); } },
};

/* The number of the first row that was not refused as it should be; 0: all were. */
template <enum confine_who who = CONFINE_SOCKETS> int try_forbidden()
{
	if (load<who>())
		return 100;
	for (size_t i = 0; i < sizeof(forbidden_calls) / sizeof(*forbidden_calls); i++) {
		char name[64];

		errno = 0;
		if (forbidden_calls[i].call() != -1 || errno != EPERM)
			return (int)i + 1;
		if (!confine_refused(name, sizeof(name)) || strcmp(name, forbidden_calls[i].name))
			return (int)i + 1;
		forbidden_calls[i].call();
		if (confine_refused(name, sizeof(name)))
			return (int)i + 1; /* once is enough */
	}
	return 0;
}

TEST(confine_calls, refuses_and_tells)
{
	for (int (*fn)() : { try_forbidden<CONFINE_SOCKETS>, try_forbidden<CONFINE_DEVICES> }) {
		int first = in_child(fn);

		if (first == 100)
			GTEST_SKIP() << "no filter in this build, or on this kernel";
		EXPECT_EQ(0, first) << forbidden_calls[first > 0 ? first - 1 : 0].name;
	}
}

struct of_devices {
	const char *name;
	bool (*works)();
};

const of_devices calls_of_devices[] = {
	{ "rtnetlink", [] { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0; } },
	{ "AF_PACKET", [] { return socket(AF_PACKET, SOCK_RAW, 0) >= 0 || geteuid(); } },
	{ "memfd", [] { return memfd_create("test", 0) >= 0; } },
	{ "NUMA", [] { return !syscall(SYS_get_mempolicy, nullptr, nullptr, 0, nullptr, 0); } },
	{ "lock", [] { return !mlock(&errno, sizeof(errno)); } },
};

/* The number of the first row that is other than `wanted`; 0: none. */
template <enum confine_who who, bool wanted> int try_devices()
{
	if (load<who>())
		return 100;
	for (size_t i = 0; i < sizeof(calls_of_devices) / sizeof(*calls_of_devices); i++) {
		errno = 0;
		if (calls_of_devices[i].works() != wanted || errno != (wanted ? 0 : EPERM))
			return (int)i + 1;
	}
	return 0;
}

TEST(confine_calls, devices_are_for_who_has_some)
{
	for (int (*fn)() :
	     { try_devices<CONFINE_DEVICES, true>, try_devices<CONFINE_SOCKETS, false> }) {
		int first = in_child(fn);

		if (first == 100)
			GTEST_SKIP() << "no filter in this build, or on this kernel";
		EXPECT_EQ(0, first) << calls_of_devices[first > 0 ? first - 1 : 0].name;
	}
}

void *touch(void *arg)
{
	*(bool *)arg = true;
	return nullptr;
}

int go_on()
{
	bool touched = false;
	pthread_t thread;
	int pair[2];

	if (load())
		return 100;
	if (pthread_create(&thread, nullptr, touch, &touched) || pthread_join(thread, nullptr))
		return 1;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || write(pair[0], "x", 1) != 1)
		return 2;
	if (socket(AF_INET, SOCK_STREAM, 0) < 0)
		return 3;
	if (epoll_create(1) < 0) /* by DPDK's interrupt thread, which panics without */
		return 5;
	return touched && !kill(getpid(), 0) ? 0 : 4;
}

TEST(confine_calls, leaves_threads_files_and_sockets)
{
	int status = in_child(go_on);

	if (status == 100)
		GTEST_SKIP() << "no filter in this build, or on this kernel";
	EXPECT_EQ(0, status);
}

/* A thread from before is under it too, and a signal mask saves nobody. */
int other_threads()
{
	static int go[2], result;
	pthread_t thread;

	if (pipe(go))
		return 1;
	pthread_create(
		&thread, nullptr,
		[](void *) -> void * {
			char c;

			result = read(go[0], &c, 1) == 1 && syscall(SYS_bpf, 0, nullptr, 0) < 0
					 ? errno
					 : 0;
			return nullptr;
		},
		nullptr);
	if (load())
		return 100;
	if (write(go[1], "x", 1) != 1)
		return 2;
	pthread_join(thread, nullptr);
	return result == EPERM ? 0 : 3;
}

TEST(confine_calls, all_threads)
{
	int status = in_child(other_threads);

	if (status == 100)
		GTEST_SKIP() << "no filter in this build, or on this kernel";
	EXPECT_EQ(0, status);
}

int give_up()
{
	const uint64_t keep = CONFINE_CAPABILITY(CAP_NET_BIND_SERVICE);
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (confine_capabilities(keep) || confine_capabilities(keep))
		return 1;
	if (syscall(SYS_capget, &header, data))
		return 2;
	if (data[0].permitted & ~keep || data[1].permitted || data[0].effective & ~keep)
		return 3;
	if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 1 && !geteuid())
		return 4;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 5;
}

TEST(confine_capabilities, keeps_what_is_said)
{
	EXPECT_EQ(0, in_child(give_up));
}

/* --- under our unit, whose filter is in force before we start --------------------------------- */

const systemd_unit &unit_of(enum confine_who who)
{
	static const systemd_unit control(BASCULE_DEPLOY "/bascule-control@.service.in"),
		dataplane(BASCULE_DEPLOY "/bascule-dataplane@.service.in");

	return who == CONFINE_DEVICES ? dataplane : control;
}

/* 101: not even the unit's. */
template <enum confine_who who, int (*fn)()> int under_unit()
{
	return unit_of(who).enter() ? 101 : fn();
}

const uint64_t net_raw = CONFINE_CAPABILITY(CAP_NET_RAW);

/* What each does first; the unit gives no more than is kept, so that nothing changes. */
int control_starts()
{
	return -confine_capabilities(net_raw | CONFINE_CAPABILITY(CAP_NET_BIND_SERVICE));
}

int dataplane_starts()
{
	return -confine_capabilities(net_raw | CONFINE_CAPABILITY(CAP_NET_ADMIN) |
				     CONFINE_CAPABILITY(CAP_IPC_LOCK));
}

int give_up_more()
{
	return -confine_capabilities(0);
}

TEST(confine_capabilities, under_the_unit)
{
	if (!unit_of(CONFINE_SOCKETS).known() || !unit_of(CONFINE_DEVICES).known())
		GTEST_SKIP() << "no systemd-analyze";
	EXPECT_EQ(0, in_child(under_unit<CONFINE_SOCKETS, control_starts>));
	EXPECT_EQ(0, in_child(under_unit<CONFINE_DEVICES, dataplane_starts>));
	EXPECT_EQ(EPERM, in_child(under_unit<CONFINE_SOCKETS, give_up_more>))
		<< "the unit's filter is not in force";
	EXPECT_EQ(0, in_child(under_unit<CONFINE_DEVICES, give_up_more>)) << "of a drop-in";
}

/* The units' filters know no kinds of sockets, and tell nobody of what they refuse. */
TEST(confine_calls, under_the_unit)
{
	if (!unit_of(CONFINE_SOCKETS).known() || !unit_of(CONFINE_DEVICES).known())
		GTEST_SKIP() << "no systemd-analyze";
	if (in_child(load))
		GTEST_SKIP() << "no filter in this build, or on this kernel";
	for (int (*fn)() :
	     { under_unit<CONFINE_SOCKETS, load>, under_unit<CONFINE_SOCKETS, try_forbidden>,
	       under_unit<CONFINE_SOCKETS, go_on>, under_unit<CONFINE_SOCKETS, other_threads>,
	       under_unit<CONFINE_DEVICES, try_forbidden<CONFINE_DEVICES>>,
	       under_unit<CONFINE_DEVICES, try_devices<CONFINE_DEVICES, true>> })
		EXPECT_EQ(0, in_child(fn));
}

} // namespace
