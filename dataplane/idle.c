/* Short sleeps. The kernel adds 50 µs of timer slack to every sleep by default: more than most of ours are long. */
#include "idle.h"

#include <sys/prctl.h>
#include <time.h>

enum { IDLE_SLACK_NS = 1000 };

void idle_init(struct idle *idle, bool adaptive)
{
	*idle = (struct idle){ .adaptive = adaptive };
	prctl(PR_SET_TIMERSLACK, IDLE_SLACK_NS, 0, 0, 0);
}

void idle_sleep(uint16_t us)
{
	struct timespec sleep = { .tv_nsec = us * 1000L };

	nanosleep(&sleep, NULL);
}
