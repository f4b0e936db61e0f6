/* Timed sections of a benchmark, told as one line of tab-separated words each, which tables.py
 * reads:
 *
 *   cost   NAME  NANOSECONDS an operation  the same in YARDSTICKS
 *   exact  NAME  VALUE  UNIT               what does not depend on the machine; less is better
 *   times  NAME  VALUE                     how many times as long another takes for the same; more
 *          is better
 *   note   NAME  VALUE  UNIT               for orientation: longest of a few, say
 *
 * Times are processor time of the calling thread. A yardstick is the time of a step of a fixed
 * piece of work, walked before and after each section: it goes as fast as the machine does at that
 * moment. */
#ifndef BASCULE_PERF_SECTION_H
#define BASCULE_PERF_SECTION_H

/* Processor time of this thread, seconds. */
double section_now(void);

void section_begin(void);
/* Ends what section_begin() began, of `n` operations. Returns its seconds. */
double section_end(const char *name, double n);

void section_exact(const char *name, double value, const char *unit);
void section_times(const char *name, double value);
void section_note(const char *name, double value, const char *unit);

#endif
