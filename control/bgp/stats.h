/* Counters that one thread writes and others read: plain adds, made of relaxed atomic accesses so
 * that a reader never sees half a number. */
#ifndef BASCULE_STATS_H
#define BASCULE_STATS_H

#include <stdint.h>

static inline void stat_set(uint64_t *stat, uint64_t value)
{
	__atomic_store_n(stat, value, __ATOMIC_RELAXED);
}

static inline void stat_add(uint64_t *stat, uint64_t n)
{
	stat_set(stat, *stat + n);
}

#endif
