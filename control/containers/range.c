/* Opened in small steps at first, for most tables are small. From the size of a huge page on it is
 * opened by those: large tables are walked at random, and each probe would be a TLB miss too. But
 * whoever touches a huge page first waits until all of it is cleared, 0.4 to 3 ms, and tables that
 * grow together would wait for several in one turn. So what is new comes in small pages, and what
 * is in use is left to the kernel to make huge pages of when it has time. */
#include "range.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

enum { SMALL = 64 << 10, HUGE = 2 << 20 }; /* octets */

static size_t round_up(size_t n, size_t step)
{
	return (n + step - 1) / step * step;
}

int range_init(struct range *range, size_t bytes)
{
	size_t reserved = round_up(bytes, HUGE), before;
	uint8_t *at = (uint8_t *)mmap(NULL, reserved + HUGE, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return -ENOMEM;
	before = round_up((uintptr_t)at, HUGE) - (uintptr_t)at;
	if (before)
		munmap(at, before);
	if (before < HUGE)
		munmap(at + before + reserved, HUGE - before);
	*range = (struct range){ .base = at + before, .reserved = reserved };
	return 0;
}

void range_fini(struct range *range)
{
	if (range->base)
		munmap(range->base, range->reserved);
	*range = (struct range){ 0 };
}

static size_t step_of(size_t bytes)
{
	return bytes > HUGE ? HUGE : SMALL;
}

int range_open_step(struct range *range, size_t bytes)
{
	size_t to = round_up(bytes, step_of(bytes));

	assert(to <= range->reserved);
	if (mprotect(range->base + range->open, to - range->open, PROT_READ | PROT_WRITE))
		return -ENOMEM;
	if (range->open >= HUGE) /* a wish: without it all is only slower */
		madvise(range->base, range->open / HUGE * HUGE, MADV_HUGEPAGE);
	range->open = to;
	return 0;
}

bool range_trim(struct range *range, size_t bytes, size_t most)
{
	size_t keep = round_up(bytes, step_of(bytes)), to;

	if (range->open <= keep)
		return false;
	most = round_up(most, SMALL);
	to = (range->open - 1) / most * most;
	if (to < keep)
		to = keep;
	/* If it cannot be, it is not given back, and not zero. */
	if (madvise(range->base + to, range->open - to, MADV_DONTNEED) ||
	    mprotect(range->base + to, range->open - to, PROT_NONE))
		return false;
	range->open = to;
	return to > keep;
}
