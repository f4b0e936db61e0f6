/* What an lcore does when there is nothing to do: spin ("poll", bare metal), or after a run of
 * empty turns sleep until work comes ("adaptive", so that small hosts with two cores work). A sleep
 * ends at once when a descriptor that is watched gets readable, or when another thread says that it
 * has left something here. An lcore that is woken for all its work goes to sleep soon and sleeps
 * long, so that threads that share its core, which may have to go on with what it has just passed
 * on, need not wait. An lcore that has to look for some of its work sleeps shortly at first, and
 * longer each time.
 *
 *   sleeper                                         producer
 *   (1) asleep = 1                                  (1) publish: a record in a mailbox, a packet in
 *                                                   a ring
 *   (2) full fence                                  (2) full fence
 *   (3) one more whole turn: looks everywhere       (3) asleep? then 1 -> 0, and who did that
 *                                                   writes the eventfd
 *   (4) nothing, and asleep still: wait for the eventfd
 *
 * No wake-up is lost. Of the two fences one is first. The sleeper's: then the producer sees
 * `asleep` in (3), and the sleeper does not wait in (4), or not for long. The producer's: then the
 * sleeper finds in (3) what was published. If the producer finds 0 because the sleeper works, or
 * because another producer was there before, the next (1) of the sleeper comes after that look, and
 * the turn after it finds what was published before it. A write that comes late ends a sleep for
 * nothing.
 *
 * A sleeper whose work comes to it through another one may be called when that one is: both wake at
 * the same time then, and not one after the other (idle_foresee()). It stays awake for a moment. If
 * nothing comes of it several times in a row, it lets that be until there has been other work.
 *
 * While the sleeper works, publishing costs a producer the fence and a load from a cache line that
 * nobody writes. A sleeper that polls never sets `asleep`, so that nobody makes a system call for
 * it. */
#ifndef BASCULE_IDLE_H
#define BASCULE_IDLE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where producers wake a sleeper, whom it outlives. */
struct wake {
	uint32_t asleep; /* atomic */
	int fd;		 /* eventfd, owned */
};

void wake_write(struct wake *wake);

/* Producer, after publishing; once for whatever it has published. */
static inline void wake_up(struct wake *wake)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&wake->asleep, __ATOMIC_RELAXED) != 0, 0))
		wake_write(wake);
}

enum {
	/* Empty turns in a row before the first sleep. Of a turn that reads memory only: more than
	 * a gap between bursts under load. Of one that asks the kernel: less than its core's other
	 * threads would feel, none if it is called for all. */
	IDLE_SPINS = 256,
	IDLE_KERNEL_SPINS = 16,
	IDLE_CALLED_SPINS = 1,
	/* the first sleep of who has to look for some of its work, and ... */
	IDLE_MIN_US = 5,
	IDLE_LOOK_US = 100,    /* ... its longest */
	IDLE_CALLED_US = 1000, /* of who is called for all that cannot wait so long */
	IDLE_FDS = 40,
	IDLE_FORESEEN = 32,
	IDLE_FORESEEN_SPINS = 32, /* empty turns after a call that only foretold work */
	IDLE_FORESEEN_VAIN = 4,	  /* such calls in a row that brought none */
	/* of a core, where lcores share one or others use it: the shortest that Linux gives */
	IDLE_SLICE_NS = 100 * 1000,
	/* octets; what producers read is not in the line of what each turn writes */
	IDLE_LINE = 64,
};

/* What calls another sleeper. */
struct idle_foreseen {
	const struct wake *sleeper; /* borrowed, as the descriptor */
	int fd;
};

struct idle {
	struct wake wake;
	uint8_t line[IDLE_LINE];
	bool adaptive;
	bool armed;	/* wake.asleep was put up, and no turn has worked since */
	bool called;	/* a descriptor has ended a sleep, and no turn has worked since */
	uint16_t empty; /* turns without work in a row */
	uint16_t us;	/* the last sleep */
	uint16_t first_us, max_us, spins, nb_fds, nb_foreseen;
	uint16_t awaiting; /* IDLE_FORESEEN_SPINS after a call that foretold work; else 0 */
	uint16_t in_vain;  /* such calls in a row, with no work between */
	uint64_t core_ns;  /* since when the thread has had its core, as far as it knows */
	struct idle_foreseen foreseen[IDLE_FORESEEN];
	/* borrowed but for the first, wake.fd; those of `foreseen` are put behind for a sleep */
	struct pollfd fds[IDLE_FDS + IDLE_FORESEEN];
};

/* The lcore is woken for all its work, and each sleep lasts for `max_us`. -errno. */
int idle_open(struct idle *idle, bool adaptive, uint16_t spins, uint16_t max_us);
/* The lcore has to look for some of its work: sleeps last from IDLE_MIN_US to IDLE_LOOK_US. */
void idle_looks(struct idle *idle);
void idle_close(struct idle *idle);

/* End sleeps when `fd` gets readable; at most IDLE_FDS - 1 of them. idle_forget() lets go of
 * all. */
void idle_watch(struct idle *idle, int fd);
void idle_forget(struct idle *idle);
/* End sleeps also when `fd` gets readable while `sleeper`, which it calls, sleeps: what that one
 * makes of it is likely to come here. More than IDLE_FORESEEN are passed over. */
void idle_foresee(struct idle *idle, int fd, const struct wake *sleeper);

/* For the calling thread, which is going to sleep: short sleeps end when they should, and then it
 * gets its core soon. */
void idle_thread(void);

/* The parts of idle_turn() that are seldom needed. */
bool idle_arm(struct idle *idle);
void idle_disarm(struct idle *idle);
uint16_t idle_next(struct idle *idle);

/* To be called by the lcore after each turn, with whether the turn found work. Returns for how many
 * microseconds to sleep now, nearly always 0. */
static inline uint16_t idle_turn(struct idle *idle, bool worked)
{
	if (worked) {
		if (__builtin_expect(idle->armed || idle->awaiting, 0))
			idle_disarm(idle);
		idle->empty = 0;
		return 0;
	}
	if (!idle->adaptive || ++idle->empty < idle->spins + idle->awaiting)
		return 0;
	idle->empty = idle->spins;
	if (idle_arm(idle)) /* another turn looks whether there is anything, before the sleep */
		return 0;
	return idle_next(idle);
}

/* Sleep so long, or until woken. */
void idle_sleep(struct idle *idle, uint16_t us);
/* To be called after a turn that worked, with CLOCK_MONOTONIC: if the thread has had its core for
 * IDLE_SLICE_NS, it lets other threads run. The kernel would do so too, but looks only once a tick,
 * up to 10 ms later. */
void idle_share(struct idle *idle, uint64_t now_ns);

#ifdef __cplusplus
}
#endif
#endif
