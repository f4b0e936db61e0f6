#include "section.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WORDS = 1 << 23, STEPS = 100000 }; /* 64 MB: what a full table takes */

static double began, before;

double section_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

/* Nanoseconds of a step: a word far away, whose place the one before it tells, is read and written,
 * as tables are. */
static double yardstick(void)
{
	static uint64_t *words, at = 88172645463325252;
	double start;

	if (!words) {
		words = malloc(WORDS * sizeof(*words));
		if (!words)
			abort();
		for (uint32_t i = 0; i < WORDS; i++)
			words[i] = i * UINT64_C(0x9e3779b97f4a7c15);
	}
	start = section_now();
	for (uint32_t i = 0; i < STEPS; i++) {
		uint64_t *word = &words[at % WORDS];

		at = (at ^ *word) * UINT64_C(6364136223846793005) + 1442695040888963407;
		at ^= at >> 29;
		*word += i;
	}
	return (section_now() - start) * 1e9 / STEPS;
}

void section_begin(void)
{
	before = yardstick();
	began = section_now();
}

double section_end(const char *name, double n)
{
	double s = section_now() - began, ns = s * 1e9 / n;

	printf("cost\t%s\t%.6g\t%.6g\n", name, ns, ns / ((before + yardstick()) / 2));
	fflush(stdout);
	return s;
}

void section_exact(const char *name, double value, const char *unit)
{
	printf("exact\t%s\t%.6g\t%s\n", name, value, unit);
}

void section_times(const char *name, double value)
{
	printf("times\t%s\t%.6g\n", name, value);
}

void section_note(const char *name, double value, const char *unit)
{
	printf("note\t%s\t%.6g\t%s\n", name, value, unit);
}
