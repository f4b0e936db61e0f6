/* Sleeping and waking. The kernel adds 50 µs of timer slack to every sleep by default: as much as
 * many of ours are long. */
#include "idle.h"

#include <assert.h>
#include <errno.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SLACK_NS = 1000 };

int idle_open(struct idle *idle, bool adaptive, uint16_t spins, uint16_t max_us)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	*idle = (struct idle){
		.wake.fd = fd,
		.adaptive = adaptive,
		.spins = spins,
		.first_us = max_us,
		.max_us = max_us,
	};
	idle_watch(idle, fd);
	return 0;
}

void idle_looks(struct idle *idle)
{
	idle->first_us = IDLE_MIN_US;
	idle->max_us = IDLE_LOOK_US;
}

void idle_close(struct idle *idle)
{
	if (idle->nb_fds)
		close(idle->wake.fd);
	idle->nb_fds = 0;
}

void idle_watch(struct idle *idle, int fd)
{
	assert(idle->nb_fds < IDLE_FDS);
	idle->fds[idle->nb_fds++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

void idle_foresee(struct idle *idle, int fd, const struct wake *sleeper)
{
	if (idle->nb_foreseen < IDLE_FORESEEN)
		idle->foreseen[idle->nb_foreseen++] = (struct idle_foreseen){ sleeper, fd };
}

void idle_forget(struct idle *idle)
{
	idle->nb_fds = 1;
}

/* A thread of a short slice gets the core from one of a longer slice as soon as it wakes, and gives
 * it back after no more than that (sched(7): since Linux 6.12; older kernels pass over it). A
 * policy that somebody has chosen stays. */
static void slice_ask(void)
{
	struct sched_attr attr = { .size = sizeof(attr) };

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) ||
	    attr.sched_policy != SCHED_NORMAL)
		return;
	attr.sched_runtime = IDLE_SLICE_NS;
	(void)!syscall(SYS_sched_setattr, 0, &attr, 0);
}

void idle_thread(void)
{
	prctl(PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0);
	slice_ask();
}

/* Who takes the flag down writes: one system call for a sleep. */
void wake_write(struct wake *wake)
{
	uint64_t one = 1;

	if (__atomic_exchange_n(&wake->asleep, 0, __ATOMIC_SEQ_CST))
		(void)!write(wake->fd, &one, sizeof(one));
}

/* False: it was up already, and the turn since then has found nothing. */
bool idle_arm(struct idle *idle)
{
	if (__atomic_load_n(&idle->wake.asleep, __ATOMIC_RELAXED))
		return false;
	idle->in_vain += idle->awaiting != 0;
	idle->awaiting = 0;
	idle->armed = true;
	__atomic_store_n(&idle->wake.asleep, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return true;
}

void idle_disarm(struct idle *idle)
{
	__atomic_store_n(&idle->wake.asleep, 0, __ATOMIC_RELAXED);
	idle->armed = idle->called = false;
	idle->us = idle->awaiting = idle->in_vain = 0;
}

/* The sleep after a call for nothing is deaf to descriptors, and short. */
uint16_t idle_next(struct idle *idle)
{
	if (idle->called)
		idle->us = IDLE_MIN_US;
	else if (!idle->us)
		idle->us = idle->first_us;
	else
		idle->us = idle->us > idle->max_us / 2 ? idle->max_us : idle->us * 2;
	return idle->us;
}

/* Puts behind the `n` descriptors of a sleep those that call others who sleep too. Returns how many
 * they are together. */
static uint16_t foreseen_add(struct idle *idle, uint16_t n)
{
	if (idle->in_vain >= IDLE_FORESEEN_VAIN)
		return n;
	for (uint16_t i = 0; i < idle->nb_foreseen; i++) {
		const struct idle_foreseen *foreseen = &idle->foreseen[i];

		if (__atomic_load_n(&foreseen->sleeper->asleep, __ATOMIC_RELAXED))
			idle->fds[n++] = (struct pollfd){ .fd = foreseen->fd, .events = POLLIN };
	}
	return n;
}

/* Awake, and nobody need call. */
static void await(struct idle *idle)
{
	__atomic_store_n(&idle->wake.asleep, 0, __ATOMIC_RELAXED);
	idle->armed = false;
	idle->awaiting = IDLE_FORESEEN_SPINS;
	idle->us = idle->empty = 0;
}

/* A descriptor that ends a sleep and brings no work (a device that has gone has an error for good)
 * does not end the next one, lest the thread spin. */
void idle_sleep(struct idle *idle, uint16_t us)
{
	struct timespec timeout = { .tv_nsec = us * 1000L };
	uint16_t n = idle->called ? 1 : idle->nb_fds, all = foreseen_add(idle, n);
	bool foretold = false;
	uint64_t count;

	idle->called = false;
	idle->core_ns = 0;
	if (ppoll(idle->fds, all, &timeout, NULL) <= 0)
		return;
	if (idle->fds[0].revents)
		(void)!read(idle->wake.fd, &count, sizeof(count));
	for (uint16_t i = 1; i < n; i++)
		idle->called |= idle->fds[i].revents != 0;
	for (uint16_t i = n; i < all; i++)
		foretold |= idle->fds[i].revents != 0;
	if (foretold)
		await(idle);
}

void idle_share(struct idle *idle, uint64_t now_ns)
{
	if (!idle->core_ns)
		idle->core_ns = now_ns;
	if (!idle->adaptive || now_ns - idle->core_ns < IDLE_SLICE_NS)
		return;
	(void)!syscall(SYS_sched_yield);
	idle->core_ns = 0;
}
