/* The keeper: what we put into the kernel stays there. It has the list of all that there should be,
 * puts it in, hears by rtnetlink when somebody touches it, and puts back what is missing:
 *
 *   LCP interface   the device itself, up, with the port's MAC address and MTU; its settings below
 *                   /proc/sys
 *   main table      routes to VNet prefixes behind the port
 *   our own table   where packets from our own addresses are looked up (a rule for each address):
 *                   connected subnets and VNet prefixes as in the main table, and for all else the
 *                   dataplane itself (self.h). So what the host sends from our addresses goes by
 *                   our ports or not at all
 *
 * A look at one port's list is done in slices. Somebody who keeps undoing it is not fought in a
 * loop: after a few repairs the next one waits, longer each time, and that is logged and an alarm.
 * So is an address that another host on the link has too, which is asked for again.
 * Thread: the main lcore. */
#ifndef BASCULE_KEEPER_H
#define BASCULE_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "counters.h"
#include "fib.h"
#include "kernel_item.h"
#include "lcp.h"
#include "netlink.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	KEEPER_SLICE = 32,     /* requests to the kernel a turn */
	KEEPER_LOOK_MS = 1000, /* between two looks at what sends no events: settings */
	KEEPER_ALL_MS = 10000, /* and at everything */
	KEEPER_AT_ONCE = 3,    /* repairs in a row without a pause */
	KEEPER_WAIT_MS = 100,  /* the first pause; each is twice the one before */
	KEEPER_WAIT_MAX_MS = 10000,
	KEEPER_AGAIN_MS = 1000,	 /* before a duplicate is asked for again, likewise */
	KEEPER_DUPLICATES = 4,	 /* so often that wait is doubled */
	KEEPER_QUIET_MS = 30000, /* without a repair: the next one is the first in a row */
};

/* The part of the list that is one port's, or no port's. */
struct keeper_part {
	size_t first, end; /* of its items */
	size_t at;	   /* the item that is next in this look */
	bool looking, repaired;
	bool wanted; /* something has changed: look at everything */
	uint8_t row; /* repairs in a row */
	int refused; /* what the kernel said last of what it does not take */
	uint64_t not_before_ms, look_ms, all_ms, repaired_ms;
};

struct keeper {
	struct netlink watch; /* owned: events */
	struct netlink *ask;  /* borrowed, as all that is not marked */
	struct fib *fib;
	struct counters *counters;
	struct lcp *lcp;
	const char *instance;
	uint16_t nb_ports;
	uint32_t table;		   /* our own routing table */
	struct kernel_item *items; /* owned; sorted */
	size_t nb_items;
	struct keeper_part part[FIB_PORTS + 1]; /* [port id]; [FIB_PORTS]: of none */
	uint64_t turned_ms;
	uint32_t reopened; /* LCP interfaces that had to be made anew */
};

/* What `config` wants of the kernel, sorted and each once, into `*items` (the caller's to free).
 * `port_ids` as of ports_number(). -ENOMEM. */
int keeper_list(const struct config *config, const uint16_t port_ids[CONFIG_PORTS], uint32_t table,
		struct kernel_item **items, size_t *nb_items);
/* The number of an instance's own routing table. */
uint32_t keeper_table(const char *instance);

/* The fields that are borrowed are set. Takes out what a dataplane of this instance that was killed
 * has left, and puts everything in. Logs what is wrong; -errno: an address could not be given. */
int keeper_open(struct keeper *k, const struct config *config,
		const uint16_t port_ids[CONFIG_PORTS]);
/* Take out what does not go with the interfaces. */
void keeper_close(struct keeper *k);

/* Keep what `config` wants from now on. -ENOMEM: nothing has changed. */
int keeper_want(struct keeper *k, const struct config *config,
		const uint16_t port_ids[CONFIG_PORTS]);

/* Take events, and look at a slice of what is to be looked at. */
void keeper_turn(struct keeper *k, uint64_t now_ms);
/* The port's interface must be looked at: its MTU has changed. */
void keeper_look(struct keeper *k, uint16_t port);

#ifdef __cplusplus
}
#endif
#endif
