/* Idling begins at once or backs off, comes back, ends when it is called, and loses no call; cores
 * are shared. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "idle.h"
#include "mailbox.h"

namespace
{

enum { SPINS = 8, MAX_US = 100, FOR_EVER_MS = 20000 };

struct idle_test : testing::Test {
	struct idle idle = {};

	void make(bool adaptive)
	{
		ASSERT_EQ(0, idle_open(&idle, adaptive, SPINS, MAX_US));
	}
	~idle_test() override
	{
		idle_close(&idle);
	}
	/* turns without work until one says to sleep */
	uint16_t tire()
	{
		uint16_t us = 0;

		while (!us)
			us = idle_turn(&idle, false);
		return us;
	}
	bool asleep()
	{
		return __atomic_load_n(&idle.wake.asleep, __ATOMIC_RELAXED);
	}
	bool written()
	{
		struct pollfd fd = { idle.wake.fd, POLLIN, 0 };

		return poll(&fd, 1, 0) == 1;
	}
};

} // namespace

TEST_F(idle_test, polling_never_sleeps_and_makes_nobody_write)
{
	make(false);
	for (int i = 0; i < 100000; i++)
		ASSERT_EQ(0, idle_turn(&idle, false));
	EXPECT_FALSE(asleep());
	wake_up(&idle.wake);
	EXPECT_FALSE(written());
}

/* Its spins and short sleeps would only keep others from the core. */
TEST_F(idle_test, who_is_called_for_all_sleeps_long_at_once)
{
	make(true);
	for (int run = 0; run < 3; run++) {
		for (int i = 0; i < SPINS; i++)
			EXPECT_EQ(0, idle_turn(&idle, false));
		EXPECT_EQ(MAX_US, idle_turn(&idle, false));
		EXPECT_EQ(MAX_US, idle_turn(&idle, false));
		EXPECT_EQ(0, idle_turn(&idle, true));
	}
}

TEST_F(idle_test, who_must_look_backs_off_and_comes_back)
{
	uint16_t last = 0;

	make(true);
	idle_looks(&idle);
	for (int i = 0; i < SPINS - 1; i++) {
		EXPECT_EQ(0, idle_turn(&idle, false));
		EXPECT_FALSE(asleep());
	}
	EXPECT_EQ(0, idle_turn(&idle, false)) << "one turn more, before which";
	EXPECT_TRUE(asleep());
	for (int i = 0; i < 20; i++) {
		uint16_t us = idle_turn(&idle, false);

		EXPECT_GE(us, last);
		EXPECT_GT(us, 0);
		EXPECT_LE(us, IDLE_LOOK_US);
		last = us;
	}
	EXPECT_EQ(IDLE_LOOK_US, last);
	EXPECT_EQ(0, idle_turn(&idle, true));
	EXPECT_FALSE(asleep());
	for (int i = 0; i < SPINS; i++)
		EXPECT_EQ(0, idle_turn(&idle, false)) << "work starts the run anew";
	EXPECT_EQ(IDLE_MIN_US, idle_turn(&idle, false));
}

TEST_F(idle_test, work_found_by_the_last_look_takes_the_flag_down)
{
	make(true);
	for (int i = 0; i < SPINS; i++)
		idle_turn(&idle, false);
	ASSERT_TRUE(asleep());
	idle_turn(&idle, true);
	EXPECT_FALSE(asleep());
}

TEST_F(idle_test, who_was_called_looks_once_more_before_it_sleeps)
{
	make(true);
	tire();
	wake_up(&idle.wake);
	EXPECT_TRUE(written());
	EXPECT_FALSE(asleep());
	wake_up(&idle.wake);
	EXPECT_EQ(0, idle_turn(&idle, false)) << "a call for nothing";
	EXPECT_TRUE(asleep());
	EXPECT_GT(idle_turn(&idle, false), 0);
	idle_sleep(&idle, MAX_US);
	EXPECT_FALSE(written()) << "read";
}

TEST_F(idle_test, a_descriptor_without_work_ends_no_second_sleep)
{
	int pipe_fd[2];

	make(true);
	ASSERT_EQ(0, pipe2(pipe_fd, O_CLOEXEC));
	ASSERT_EQ(1, write(pipe_fd[1], "x", 1));
	idle_watch(&idle, pipe_fd[0]);
	idle_sleep(&idle, tire());
	EXPECT_TRUE(idle.called);
	idle.fds[1].revents = 0;
	uint16_t deaf = tire();
	EXPECT_EQ(IDLE_MIN_US, deaf);
	idle_sleep(&idle, deaf);
	EXPECT_EQ(0, idle.fds[1].revents) << "not asked";
	idle_sleep(&idle, tire());
	EXPECT_NE(0, idle.fds[1].revents) << "but the next time";
	idle_turn(&idle, true);
	idle_sleep(&idle, tire());
	EXPECT_TRUE(idle.called) << "work makes up for it";
	idle_forget(&idle);
	idle.called = false;
	idle_sleep(&idle, tire());
	EXPECT_FALSE(idle.called);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

namespace
{

/* One that is called when another one is, by a pipe. */
struct foreseeing : idle_test {
	struct wake other = { 1, -1 };
	int fds[2] = { -1, -1 };

	void begin(bool readable)
	{
		make(true);
		ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
		idle_foresee(&idle, fds[0], &other);
		ASSERT_EQ(readable, write(fds[1], "x", readable));
	}
	~foreseeing() override
	{
		close(fds[0]);
		close(fds[1]);
	}
	/* Turns until the next sleep, which it sleeps. */
	int until_sleep()
	{
		int turns = 1;

		for (; !idle_turn(&idle, false); turns++)
			;
		idle_sleep(&idle, 1);
		return turns;
	}
};

enum { USUAL = SPINS + 1, AWAITING = USUAL + IDLE_FORESEEN_SPINS };

} // namespace

TEST_F(foreseeing, a_call_of_another_ends_a_sleep_and_work_is_awaited)
{
	begin(true);
	EXPECT_EQ(USUAL, until_sleep());
	EXPECT_FALSE(asleep()) << "nobody need write";
	EXPECT_EQ(AWAITING, until_sleep()) << "a moment longer than else";
}

TEST_F(foreseeing, nothing_to_foresee)
{
	begin(false);
	EXPECT_EQ(USUAL, until_sleep());
	EXPECT_TRUE(asleep());
	EXPECT_EQ(1, until_sleep()) << "the sleep was only over";
}

/* It finds by itself what is there, and a descriptor that is readable all the time would let nobody
 * sleep. */
TEST_F(foreseeing, one_that_is_awake_is_not_waited_for)
{
	begin(true);
	other.asleep = 0;
	EXPECT_EQ(USUAL, until_sleep());
	EXPECT_TRUE(asleep());
	EXPECT_EQ(1, until_sleep());
}

TEST_F(foreseeing, calls_in_vain_are_not_heard_until_there_is_work)
{
	begin(true);
	EXPECT_EQ(USUAL, until_sleep());
	for (int i = 0; i < IDLE_FORESEEN_VAIN; i++)
		EXPECT_EQ(AWAITING, until_sleep()) << i;
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1, until_sleep()) << "deaf to it";
	idle_turn(&idle, true);
	EXPECT_EQ(USUAL, until_sleep());
	EXPECT_EQ(AWAITING, until_sleep()) << "work makes up for it";
	idle_turn(&idle, true);
	EXPECT_EQ(USUAL, until_sleep()) << "what was awaited has come";
}

/* Else each of our short sleeps is 50 us longer. */
TEST(idle, sleeps_have_no_slack)
{
	std::thread([] {
		EXPECT_GT(prctl(PR_GET_TIMERSLACK), 10000) << "what the kernel gives a thread";
		idle_thread();
		EXPECT_EQ(1000, prctl(PR_GET_TIMERSLACK));
	}).join();
}

namespace
{

/* sched_attr as sched_getattr(2) has it; the C++ library's headers and the kernel's cannot be
 * included together. */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t slice_ns, deadline_ns, period_ns;
};

scheduling scheduling_now()
{
	scheduling now = {};

	EXPECT_EQ(0, syscall(SYS_sched_getattr, 0, &now, sizeof(now), 0));
	return now;
}

} // namespace

/* Else a thread that wakes waits until the one that has its core has had a slice of some
 * milliseconds. */
TEST(idle, slices_are_short)
{
	std::thread([] {
		const scheduling before = scheduling_now();

		if (!before.slice_ns)
			GTEST_SKIP() << "this kernel has one slice for all (before Linux 6.12)";
		EXPECT_GT(before.slice_ns, (uint64_t)IDLE_SLICE_NS) << "what others get";
		idle_thread();
		EXPECT_EQ((uint64_t)IDLE_SLICE_NS, scheduling_now().slice_ns);
		EXPECT_EQ(before.policy, scheduling_now().policy);
		EXPECT_EQ(before.nice, scheduling_now().nice);
	}).join();
}

/* A policy that an operator has chosen stays. */
TEST(idle, a_chosen_policy_stays)
{
	std::thread([] {
		scheduling chosen = {};

		chosen.size = sizeof(chosen);
		chosen.policy = 3; /* SCHED_BATCH */
		chosen.slice_ns = 5000000;
		ASSERT_EQ(0, syscall(SYS_sched_setattr, 0, &chosen, 0));
		chosen = scheduling_now();
		idle_thread();
		EXPECT_EQ(3u, scheduling_now().policy);
		EXPECT_EQ(chosen.slice_ns, scheduling_now().slice_ns);
	}).join();
}

TEST_F(idle_test, a_core_is_shared_once_a_slice)
{
	const uint64_t t = 1000000000;

	make(true);
	idle_share(&idle, t);
	EXPECT_EQ(t, idle.core_ns);
	idle_share(&idle, t + IDLE_SLICE_NS - 1);
	EXPECT_EQ(t, idle.core_ns) << "a slice is not over";
	idle_share(&idle, t + IDLE_SLICE_NS);
	EXPECT_EQ(0u, idle.core_ns) << "now it is";
	idle_share(&idle, 2 * t);
	idle_sleep(&idle, 1);
	EXPECT_EQ(0u, idle.core_ns) << "a sleep ends it";
}

/* Two threads have one core, and the other never lets it go by itself. */
TEST_F(idle_test, who_waits_for_the_core_gets_it)
{
	std::atomic<bool> runs = false, stop = false;
	struct rusage before, after;
	cpu_set_t old, one;

	make(true);
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(old), &old));
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one)); /* the other's too */
	std::thread other([&] {
		while (!stop)
			runs = true;
	});
	while (!runs)
		std::this_thread::yield();
	getrusage(RUSAGE_THREAD, &before);
	for (uint64_t i = 1; i <= 50; i++)
		idle_share(&idle, i * IDLE_SLICE_NS);
	getrusage(RUSAGE_THREAD, &after);
	stop = true;
	other.join();
	sched_setaffinity(0, sizeof(old), &old);
	EXPECT_GT(after.ru_nivcsw, before.ru_nivcsw);
}

/* Each record is published just when the consumer goes to sleep, who then sleeps until it is
 * called: one call lost, and it sleeps for ever. Two producers, as workers are, now and then at
 * once. */
TEST_F(idle_test, no_call_is_lost)
{
	enum { RECORDS = 30000, PRODUCERS = 2 };
	struct mailbox *box[PRODUCERS];
	std::atomic<uint32_t> taken[PRODUCERS] = {};
	std::thread producer[PRODUCERS];
	uint32_t sleeps = 0, all = 0;

	make(true);
	for (int p = 0; p < PRODUCERS; p++) {
		box[p] = mailbox_new(4096);
		mailbox_wakes(box[p], &idle.wake);
		producer[p] = std::thread([&, p] {
			std::mt19937 rng((unsigned int)p);

			for (uint32_t i = 0; i < RECORDS; i++) {
				for (int wait = rng() % 400; wait; wait--)
					__asm__ volatile("" ::: "memory");
				memcpy(mailbox_reserve(box[p], sizeof(i)), &i, sizeof(i));
				mailbox_post(box[p], sizeof(i));
				while (taken[p].load() <= i)
					std::this_thread::yield();
			}
		});
	}
	while (all < PRODUCERS * RECORDS) {
		bool worked = false;
		size_t len;

		for (int p = 0; p < PRODUCERS; p++) {
			while (mailbox_peek(box[p], &len)) {
				mailbox_done(box[p]);
				taken[p]++;
				all++;
				worked = true;
			}
		}
		if (!idle_turn(&idle, worked))
			continue;

		struct pollfd fd = { idle.wake.fd, POLLIN, 0 };
		uint64_t count;

		sleeps++;
		if (poll(&fd, 1, FOR_EVER_MS) != 1) {
			ADD_FAILURE() << "lost after " << all << " records";
			_exit(1);
		}
		EXPECT_EQ(8, read(fd.fd, &count, sizeof(count)));
	}
	for (int p = 0; p < PRODUCERS; p++) {
		producer[p].join();
		mailbox_free(box[p]);
	}
	EXPECT_GT(sleeps, 0u);
}

/* The other way round: who finds no room is called when there is. */
TEST_F(idle_test, a_producer_without_room_is_called)
{
	struct mailbox *mb = mailbox_new(4096);
	int posted = 0;
	size_t len;

	make(true);
	mailbox_calls(mb, &idle.wake);
	for (; mailbox_reserve(mb, 1000); posted++)
		mailbox_post(mb, 1000);
	EXPECT_GE(posted, 3);
	tire();
	mailbox_peek(mb, &len);
	EXPECT_FALSE(written()) << "nothing is dropped yet";
	mailbox_done(mb);
	EXPECT_FALSE(written()) << "nor called";
	mailbox_call(mb);
	EXPECT_TRUE(written());
	EXPECT_FALSE(asleep());
	EXPECT_NE(nullptr, mailbox_reserve(mb, 1000));
	mailbox_free(mb);
}

TEST_F(idle_test, a_producer_with_room_is_left_alone)
{
	struct mailbox *mb = mailbox_new(4096);
	size_t len;

	make(true);
	mailbox_calls(mb, &idle.wake);
	for (int i = 0; i < 2; i++) {
		ASSERT_NE(nullptr, mailbox_reserve(mb, 8));
		mailbox_post(mb, 8);
	}
	tire();
	mailbox_peek(mb, &len);
	mailbox_done(mb);
	mailbox_call(mb);
	EXPECT_FALSE(written());
	EXPECT_TRUE(asleep());
	EXPECT_FALSE(mailbox_behind(mb, 2)) << "one is left";
	mailbox_call(mb);
	EXPECT_FALSE(written());
	EXPECT_TRUE(mailbox_behind(mb, 1));
	mailbox_peek(mb, &len);
	mailbox_done(mb);
	mailbox_call(mb);
	EXPECT_TRUE(written());
	mailbox_free(mb);
}

/* Room appears just when the producer goes to sleep, who then sleeps until it is called. */
TEST_F(idle_test, no_call_for_room_is_lost)
{
	enum { RECORDS = 60000 };
	struct mailbox *mb = mailbox_new(4096);
	uint32_t sleeps = 0, posted = 0;
	std::thread consumer([mb] {
		std::mt19937 rng(1);
		size_t len;

		for (uint32_t taken = 0; taken < RECORDS;) {
			if (!mailbox_peek(mb, &len)) {
				std::this_thread::yield();
				continue;
			}
			for (int wait = rng() % 400; wait; wait--)
				__asm__ volatile("" ::: "memory");
			mailbox_done(mb);
			taken++;
			mailbox_call(mb);
		}
	});

	make(true);
	mailbox_calls(mb, &idle.wake);
	while (posted < RECORDS) {
		void *at =
			posted % 2 && mailbox_behind(mb, 1) ? nullptr : mailbox_reserve(mb, 1000);
		struct pollfd fd = { idle.wake.fd, POLLIN, 0 };
		uint64_t count;

		if (at) {
			mailbox_post(mb, 1000);
			posted++;
		}
		if (!idle_turn(&idle, at))
			continue;
		sleeps++;
		ASSERT_EQ(1, poll(&fd, 1, FOR_EVER_MS)) << "record " << posted;
		ASSERT_EQ((ssize_t)sizeof(count), read(idle.wake.fd, &count, sizeof(count)));
	}
	consumer.join();
	EXPECT_GT(sleeps, 0u);
	mailbox_free(mb);
}
