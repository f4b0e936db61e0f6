/* Counting what is heard. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "message.h"

/* --- latency ---------------------------------------------------------------------------------- */

/* 32 buckets for each doubling, as the five bits behind the leading one say. */
static uint32_t bucket_of(uint64_t ns)
{
	uint32_t log = 63 - (uint32_t)__builtin_clzll(ns | 32);

	return (log - 5) * 32 + (uint32_t)(ns >> (log - 5) & 31);
}

static uint64_t bucket_ns(uint32_t bucket)
{
	return (uint64_t)(32 + bucket % 32) << bucket / 32;
}

void latency_note(struct latency *latency, uint64_t ns)
{
	latency->count[bucket_of(ns < 32 ? 32 : ns)]++;
	latency->nb++;
	if (ns > latency->max_ns)
		latency->max_ns = ns;
}

uint64_t latency_percentile(const struct latency *latency, double share)
{
	uint64_t below = (uint64_t)((double)latency->nb * share), seen = 0;

	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latency->count[i];
		if (seen > below)
			return bucket_ns(i);
	}
	return latency->max_ns;
}

/* --- what is held ----------------------------------------------------------------------------- */

bool tally_init(struct tally *tally, const struct workload *load, const uint64_t *own,
		uint32_t own_warm)
{
	*tally = (struct tally){ .held = calloc(load->nb_prefixes / 64 + 1, sizeof(uint64_t)),
				 .own = own,
				 .own_warm = own_warm };
	return tally->held;
}

void tally_free(struct tally *tally)
{
	free(tally->held);
	tally->held = NULL;
}

void tally_restart(struct tally *tally)
{
	tally->updates = tally->announced = tally->again = tally->withdrawn = 0;
	tally->echoed = tally->strange = tally->octets = tally->changed_ns = 0;
}

static void warm_heard(struct tally *tally, uint32_t addr, bool announced)
{
	uint32_t sender = (addr >> 8) - WARM_SLASH24;

	if (sender >= TALLY_SENDERS) {
		tally->strange++;
	} else if (sender != tally->own_warm && tally->warm[sender] != announced) {
		tally->warm[sender] = announced;
		tally->nb_warm += announced ? 1 : UINT32_MAX;
	}
}

static void announced(struct tally *tally, struct timing *timing, uint32_t prefix, uint64_t now_ns)
{
	uint64_t bit = UINT64_C(1) << prefix % 64, *held = &tally->held[prefix / 64];

	tally->announced++;
	if (*held & bit) {
		tally->again++;
		return;
	}
	*held |= bit;
	tally->nb_held++;
	if (!timing->over && prefix % FEED_SAMPLE == 0 && timing->said_ns[prefix / FEED_SAMPLE])
		latency_note(&timing->latency, now_ns - timing->said_ns[prefix / FEED_SAMPLE]);
}

static void withdrawn(struct tally *tally, uint32_t prefix)
{
	uint64_t bit = UINT64_C(1) << prefix % 64, *held = &tally->held[prefix / 64];

	tally->withdrawn++;
	tally->nb_held -= (*held & bit) != 0;
	*held &= ~bit;
}

/* Prefixes as RFC 4271 4.3 packs them. */
static bool prefixes_heard(struct tally *tally, const struct workload *load, struct timing *timing,
			   struct cursor at, bool announce, uint64_t now_ns)
{
	while (at.pos < at.end) {
		uint8_t len = *at.pos++;
		size_t octets = (len + 7u) / 8;
		uint32_t addr = 0, number;

		if (len > 32 || cursor_left(&at) < octets)
			return false;
		for (size_t i = 0; i < octets; i++)
			addr |= (uint32_t)at.pos[i] << (24 - 8 * i);
		at.pos += octets;
		number = workload_find(load, addr, len);
		if (number == WORKLOAD_NONE)
			warm_heard(tally, addr, announce);
		else if (tally->own && tally->own[number / 64] >> number % 64 & 1)
			tally->echoed++;
		else if (announce)
			announced(tally, timing, number, now_ns);
		else
			withdrawn(tally, number);
	}
	return true;
}

bool tally_update(struct tally *tally, const struct workload *load, struct timing *timing,
		  const uint8_t *message, size_t len, uint64_t now_ns)
{
	struct cursor body = cursor_make(message + BGP_HEADER_LEN, len - BGP_HEADER_LEN), gone;

	tally->updates++;
	tally->octets += len;
	tally->changed_ns = now_ns;
	gone = cursor_sub(&body, cursor_u16(&body));
	cursor_sub(&body, cursor_u16(&body)); /* attributes: whose they are does not matter here */
	return !body.bad && prefixes_heard(tally, load, timing, gone, false, now_ns) &&
	       prefixes_heard(tally, load, timing, body, true, now_ns);
}
