/* A bond: several devices that are one to both ends, by LACP (IEEE 802.1AX). DPDK's net_bonding
 * spreads what is sent over the members by flow (layers 3 and 4) and gathers what is received;
 * which of them carry anything is for lacp.h to say, as the driver's own machines know neither the
 * short timeout nor strangers. The MAC address is that of the first member, and so the system of
 * LACP.
 *
 * LACPDUs come in the driver's receive burst, and leave in its transmit burst: bond_turn(). */
#ifndef BASCULE_BOND_H
#define BASCULE_BOND_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_spinlock.h>

#include "config.h"
#include "lacp.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bond_member {
	uint16_t id;	    /* DPDK port id */
	const char *device; /* borrowed: the configuration's */
	/* Its driver has said so, in DPDK's interrupt thread; atomic. */
	bool to_be_reset, to_be_removed;
	bool to_be_taken; /* it has returned */
	bool gone;	  /* atomic: it is no member any more, and its ethdev is closed */
	/* The last LACPDU that came, in DPDK's interrupt thread: a later one is worth more. */
	rte_spinlock_t lock;
	uint16_t heard_len; /* 0: none */
	uint8_t heard[LACP_PDU_LEN];
};

struct bond {
	uint16_t id;	  /* DPDK port id */
	uint16_t nb;	  /* of members; 0: it is no bond */
	uint16_t payload; /* the device's */
	struct bond_member member[CONFIG_MEMBERS];
	struct lacp lacp;  /* member by member; written by the main lcore */
	uint32_t carrying; /* atomic: bits of members that distribute */
};

/* Make the ethdev of the bond of a port from its members' ids. Logs what is wrong; -errno. */
int bond_create(const struct config_port *config, const uint16_t *members, uint16_t *id);

/* The members' ids of a port's bond, in their order; returns how many. 0: it has none. */
uint16_t bond_members(uint16_t id, const struct config_port *config,
		      uint16_t members[CONFIG_MEMBERS]);

/* Fill in the bond of a port, if it has one. */
void bond_init(struct bond *bond, uint16_t id, const struct config_port *config, uint16_t payload);
/* What a driver has said of the ethdev `id`: it is to be reset, or was taken out. False: it is no
 * member. */
bool bond_member_failed(struct bond *bond, uint16_t id, bool removed);
/* Is it a member? */
static inline bool bond_member_there(const struct bond_member *member)
{
	return !__atomic_load_n(&member->gone, __ATOMIC_ACQUIRE);
}
/* Has it any member? */
bool bond_any(const struct bond *bond);
/* What is to be done once its ethdev has been started: the members hear what is meant for it, and
 * LACP begins. -errno. */
int bond_start(struct bond *bond);
/* Reset the members that must be, let go of those that were taken out, and take those that have
 * returned. The bond is stopped. -errno; -ENODEV: there is no member. */
int bond_revive(struct bond *bond);
/* Take those that have returned while the bond works, of which its other members notice nothing.
 * Blocks, as long as a driver takes to start. Logs what is wrong; -errno of the last one. */
int bond_join(struct bond *bond);
/* Close the members, which were let go of when the bond was closed. */
void bond_close(struct bond *bond);

/* Where bond_turn() may send, and from. */
struct bond_way {
	uint16_t queue;	      /* of the bond's */
	rte_spinlock_t *lock; /* of it; NULL: none */
	struct rte_mempool *pool;
};

/* Has a member a link, as far as others than DPDK know? */
typedef bool bond_link_fn(uint16_t member, void *ctx);

/* What LACP has to do: ten times a second or more often. Returns the members that carry traffic. */
uint32_t bond_turn(struct bond *bond, const struct bond_way *way, bond_link_fn *link, void *ctx,
		   uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
