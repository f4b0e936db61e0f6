/* Between net_bonding, whose state machines are left out, and ours. */
#include "bond.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_eth_bond.h>
#include <rte_eth_bond_8023ad.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include "bus.h"
#include "log.h"

static const struct rte_ether_addr slow_protocols = { { 0x01, 0x80, 0xc2, 0, 0, 2 } };

/* Who hears the LACPDUs of an ethdev. */
static struct bond_member *listeners[RTE_MAX_ETHPORTS];

/* Of DPDK's interrupt thread, ten times a second for each member at most. */
static void on_lacpdu(uint16_t id, struct rte_mbuf *m)
{
	struct bond_member *member = id < RTE_MAX_ETHPORTS ? listeners[id] : NULL;
	uint16_t len = rte_pktmbuf_data_len(m);

	if (member && len > RTE_ETHER_HDR_LEN) {
		len = RTE_MIN((uint16_t)(len - RTE_ETHER_HDR_LEN), (uint16_t)LACP_PDU_LEN);
		rte_spinlock_lock(&member->lock);
		memcpy(member->heard, rte_pktmbuf_mtod_offset(m, void *, RTE_ETHER_HDR_LEN), len);
		member->heard_len = len;
		rte_spinlock_unlock(&member->lock);
	}
	rte_pktmbuf_free(m);
}

/* --- making it -------------------------------------------------------------------------------- */

static int lacp_by_us(uint16_t id)
{
	struct rte_eth_bond_8023ad_conf conf;
	int err = rte_eth_bond_8023ad_conf_get(id, &conf);

	conf.slowrx_cb = on_lacpdu;
	return err ? err : rte_eth_bond_8023ad_setup(id, &conf);
}

/* Its API knows -1 only. */
static int set_up(const struct config_port *config, const uint16_t *members, uint16_t id)
{
	struct rte_ether_addr mac;

	if (rte_eth_bond_xmit_policy_set(id, BALANCE_XMIT_POLICY_LAYER34) || lacp_by_us(id))
		return -EIO;
	for (size_t i = 0; i < config->nb_members; i++) {
		if (!rte_eth_bond_slave_add(id, members[i]))
			continue;
		log_error("port %s: device %s cannot be a member of a bond", config->name,
			  config->members[i]);
		return -ENOTSUP;
	}
	if (rte_eth_macaddr_get(members[0], &mac) || rte_eth_bond_mac_address_set(id, &mac))
		return -EIO;
	return 0;
}

int bond_create(const struct config_port *config, const uint16_t *members, uint16_t *id)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int socket = rte_eth_dev_socket_id(members[0]), made, err;

	snprintf(name, sizeof(name), "net_bonding_%s", config->name);
	made = rte_eth_bond_create(name, BONDING_MODE_8023AD, (uint8_t)RTE_MAX(socket, 0));
	err = made < 0 ? -EIO : set_up(config, members, (uint16_t)made);
	if (err) {
		log_error("port %s: there is no bond of %s: %s", config->name, config->device,
			  strerror(-err));
		return err;
	}
	*id = (uint16_t)made;
	return 0;
}

uint16_t bond_members(uint16_t id, const struct config_port *config,
		      uint16_t members[CONFIG_MEMBERS])
{
	int n = config->nb_members ? rte_eth_bond_slaves_get(id, members, CONFIG_MEMBERS) : 0;

	return (uint16_t)RTE_MIN(RTE_MAX(n, 0), (int)config->nb_members);
}

void bond_init(struct bond *bond, uint16_t id, const struct config_port *config, uint16_t payload)
{
	uint16_t members[CONFIG_MEMBERS], n = bond_members(id, config, members);

	*bond = (struct bond){ .id = id, .payload = payload };
	for (; bond->nb < n; bond->nb++) {
		struct bond_member *member = &bond->member[bond->nb];

		member->id = members[bond->nb];
		member->device = config->members[bond->nb];
		rte_spinlock_init(&member->lock);
		listeners[member->id] = member;
	}
}

/* One that cannot change its own hears everything. */
static int take_address(uint16_t id, struct rte_ether_addr *mac)
{
	int err = rte_eth_dev_default_mac_addr_set(id, mac);

	return err == -ENOTSUP ? rte_eth_promiscuous_enable(id) : err;
}

/* The driver hands on what is meant for its address alone, or for all if it may hear all:
 * broadcasts are some of that. Which of the members pass it depends on their drivers. */
int bond_start(struct bond *bond)
{
	struct rte_ether_addr mac;
	int err = rte_eth_macaddr_get(bond->id, &mac);

	if (!err && rte_eth_allmulticast_enable(bond->id))
		err = rte_eth_promiscuous_enable(bond->id);
	for (uint16_t i = 0; !err && i < bond->nb; i++) {
		if (bond_member_there(&bond->member[i]))
			err = take_address(bond->member[i].id, &mac);
	}
	lacp_init(&bond->lacp, mac.addr_bytes, bond->nb);
	__atomic_store_n(&bond->carrying, 0, __ATOMIC_RELAXED);
	return err;
}

static void member_close(struct bond_member *member)
{
	if (!bond_member_there(member))
		return;
	listeners[member->id] = NULL;
	rte_eth_dev_close(member->id);
	member->to_be_removed = member->to_be_reset = false;
	__atomic_store_n(&member->gone, true, __ATOMIC_RELEASE);
}

void bond_close(struct bond *bond)
{
	for (uint16_t i = 0; i < bond->nb; i++)
		member_close(&bond->member[i]);
}

/* --- members that fail ------------------------------------------------------------------------ */

bool bond_member_failed(struct bond *bond, uint16_t id, bool removed)
{
	for (uint16_t i = 0; i < bond->nb; i++) {
		struct bond_member *member = &bond->member[i];

		if (member->id != id || !bond_member_there(member))
			continue;
		__atomic_store_n(removed ? &member->to_be_removed : &member->to_be_reset, true,
				 __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

bool bond_any(const struct bond *bond)
{
	bool any = false;

	for (uint16_t i = 0; i < bond->nb; i++)
		any |= bond_member_there(&bond->member[i]);
	return any;
}

static void member_let_go(struct bond_member *member)
{
	struct rte_eth_dev_info info;
	int err = rte_eth_dev_info_get(member->id, &info);

	member_close(member);
	if (!err)
		err = bus_let_go(info.device);
	if (err)
		log_error("DPDK cannot let go of device %s: %s", member->device, strerror(-err));
}

/* The member that had this number, and has gone; NULL: none. */
static struct bond_member *gone_with(struct bond *bond, uint16_t id)
{
	for (uint16_t i = 0; i < bond->nb; i++) {
		if (!bond_member_there(&bond->member[i]) && bond->member[i].id == id)
			return &bond->member[i];
	}
	return NULL;
}

/* Its number is its former one or, as nobody else knows a member by that, the one of another that
 * has gone. */
static int member_renumber(struct bond *bond, struct bond_member *member, uint16_t id)
{
	struct bond_member *former = gone_with(bond, id);

	if (!former)
		return -EBUSY; /* a device that has gone had it, and wants it back */
	former->id = member->id;
	member->id = id;
	return 0;
}

/* A bond that works starts it as it did the others. */
static int member_add(const struct bond *bond, const struct bond_member *member)
{
	struct rte_ether_addr mac;
	int err = rte_eth_macaddr_get(bond->id, &mac);

	if (!err && rte_eth_bond_slave_add(bond->id, member->id))
		err = -EIO;
	if (err)
		return err;
	if (rte_eth_allmulticast_enable(member->id))
		err = rte_eth_promiscuous_enable(member->id);
	return err ? err : take_address(member->id, &mac);
}

static int member_take(struct bond *bond, struct bond_member *member)
{
	uint16_t id;
	int err = bus_take(member->device, bond->payload, &id);

	member->to_be_taken = false;
	if (!err) {
		err = member_renumber(bond, member, id);
		if (!err)
			err = member_add(bond, member);
		if (err) {
			rte_eth_bond_slave_remove(bond->id, id);
			bus_give_back(id);
		}
	}
	if (err) {
		log_error("device %s cannot be a member of its bond again yet: %s", member->device,
			  err == -EBUSY ? "it has to wait for another one that has gone"
					: strerror(-err));
		return err;
	}
	log_info("device %s is a member of its bond again", member->device);
	listeners[id] = member;
	__atomic_store_n(&member->gone, false, __ATOMIC_RELEASE);
	return 0;
}

int bond_join(struct bond *bond)
{
	int err = 0;

	for (uint16_t i = 0; i < bond->nb; i++) {
		struct bond_member *member = &bond->member[i];
		int its = member->to_be_taken ? member_take(bond, member) : 0;

		err = its ? its : err;
	}
	return err;
}

static int member_reset(struct bond_member *member)
{
	int err = rte_eth_dev_reset(member->id);

	if (err && err != -ENOTSUP) {
		member->to_be_reset = true; /* to be tried again */
		return err;
	}
	return 0;
}

int bond_revive(struct bond *bond)
{
	int err = 0;

	for (uint16_t i = 0; !err && i < bond->nb; i++) {
		struct bond_member *member = &bond->member[i];

		if (!bond_member_there(member))
			continue;
		if (__atomic_load_n(&member->to_be_removed, __ATOMIC_ACQUIRE)) {
			log_error("device %s has gone: its bond goes on without it",
				  member->device);
			rte_eth_bond_slave_remove(bond->id, member->id);
			member_let_go(member);
		} else if (__atomic_exchange_n(&member->to_be_reset, false, __ATOMIC_ACQUIRE)) {
			err = member_reset(member);
		}
	}
	if (!err)
		bond_join(bond); /* who cannot comes later */
	return err || bond_any(bond) ? err : -ENODEV;
}

/* --- a turn ----------------------------------------------------------------------------------- */

static void hear(struct bond *bond, uint16_t i, uint64_t now_ms)
{
	struct bond_member *member = &bond->member[i];
	uint8_t pdu[LACP_PDU_LEN];
	uint16_t len;

	rte_spinlock_lock(&member->lock);
	len = member->heard_len;
	memcpy(pdu, member->heard, len);
	member->heard_len = 0;
	rte_spinlock_unlock(&member->lock);
	if (len)
		lacp_received(&bond->lacp, i, pdu, len, now_ms);
}

static struct rte_mbuf *frame_of(struct rte_mempool *pool, const struct bond_member *member,
				 const uint8_t pdu[LACP_PDU_LEN])
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct rte_ether_hdr *ether;

	if (!m)
		return NULL;
	ether = (void *)rte_pktmbuf_append(m, sizeof(*ether) + LACP_PDU_LEN);
	ether->dst_addr = slow_protocols;
	rte_eth_macaddr_get(member->id, &ether->src_addr);
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_SLOW);
	memcpy(ether + 1, pdu, LACP_PDU_LEN);
	return m;
}

static void speak(struct bond *bond, uint16_t i, struct rte_mempool *pool, uint64_t now_ms)
{
	const struct bond_member *member = &bond->member[i];
	uint8_t pdu[LACP_PDU_LEN];
	struct rte_mbuf *m;

	if (!lacp_transmit(&bond->lacp, i, pdu, now_ms))
		return;
	m = frame_of(pool, member, pdu);
	if (m && rte_eth_bond_8023ad_ext_slowtx(bond->id, member->id, m))
		rte_pktmbuf_free(m); /* the next one is a second away */
}

/* Each turn anew: the driver forgets it when a link goes. */
static uint32_t allow(struct bond *bond, uint16_t i)
{
	const struct lacp_member *m = &bond->lacp.member[i];
	uint16_t id = bond->member[i].id;

	rte_eth_bond_8023ad_ext_collect(bond->id, id, lacp_collects(m));
	rte_eth_bond_8023ad_ext_distrib(bond->id, id, lacp_distributes(m));
	return (uint32_t)lacp_distributes(m) << i;
}

/* The driver sends what LACP has to say, and answers to markers, in its transmit burst, be it of no
 * packet. */
static void send_slow(const struct bond *bond, const struct bond_way *way)
{
	struct rte_mbuf *none[1];

	if (way->lock)
		rte_spinlock_lock(way->lock);
	rte_eth_tx_burst(bond->id, way->queue, none, 0);
	if (way->lock)
		rte_spinlock_unlock(way->lock);
}

uint32_t bond_turn(struct bond *bond, const struct bond_way *way, bond_link_fn *link, void *ctx,
		   uint64_t now_ms)
{
	uint32_t carrying = 0;

	for (uint16_t i = 0; i < bond->nb; i++) {
		struct rte_eth_link there = { 0 };
		bool up = bond_member_there(&bond->member[i]) &&
			  !rte_eth_link_get_nowait(bond->member[i].id, &there) &&
			  there.link_status == RTE_ETH_LINK_UP;

		lacp_link(&bond->lacp, i, up && link(i, ctx), now_ms);
		hear(bond, i, now_ms);
	}
	lacp_step(&bond->lacp, now_ms);
	for (uint16_t i = 0; i < bond->nb; i++) {
		speak(bond, i, way->pool, now_ms);
		carrying |= allow(bond, i);
	}
	send_slow(bond, way);
	__atomic_store_n(&bond->carrying, carrying, __ATOMIC_RELAXED);
	return carrying;
}
