/* The configuration as plain structs: one libconfig file for both processes, read whole, checked
 * whole, then immutable. Nobody but config/ sees libconfig. Each object keeps the line that it
 * stood on, so that whoever refuses something later (a device that does not exist, a session that
 * cannot come up) can still name the place. */
#ifndef BASCULE_CONFIG_H
#define BASCULE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr_policy.h"
#include "config_acl.h"
#include "map_rule.h"
#include "name.h"
#include "prefix.h"
#include "role.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CONFIG_PORTS = 32, /* the bounds below are the data plane's and the session table's */
	CONFIG_PORT_ADDRESSES = 8,
	CONFIG_MEMBERS = 8, /* of a bond */
	CONFIG_LCORES = 128,
	CONFIG_DESCRIPTORS = 1024, /* 32 bursts, some 70 µs of 64-octet packets at 10 Gbit/s */
	CONFIG_PEERS = 1024,	   /* NVAs and gateway instances together */
	CONFIG_GATEWAYS = 64,
	CONFIG_GATEWAY_ADDRESSES = 16,
	CONFIG_SUBNET_BITS = 6, /* of a gateway's subnet's hosts, at most; at least 2 */
	CONFIG_PEER_HOSTS =
		/* addresses that peers may have: their own, and all hosts of gateways' subnets */
	2048,
	CONFIG_VNETS = 1024,
	CONFIG_NEIGHBOURS = 1024,
	CONFIG_ROUTE_MAPS = 64,
	CONFIG_PARTNER = 108, /* buffer of a name or of a socket's path (unix(7)) */
	CONFIG_LISTEN = 8,    /* addresses that HTTP is served on */
	CONFIG_PASSWORD = 80, /* octets of a TCP-MD5 key (RFC 2385; TCP_MD5SIG_MAXKEYLEN) */
};

enum config_profile { PROFILE_OPEN, PROFILE_AZURE };
enum config_idle { IDLE_ADAPTIVE, IDLE_POLL };
enum config_nva_to_nva { NVA_TO_NVA_EXCHANGE, NVA_TO_NVA_ALWAYS, NVA_TO_NVA_NEVER };
enum config_preference { PREFERENCE_EXPRESSROUTE, PREFERENCE_VPN, PREFERENCE_AS_PATH };
enum config_med { MED_IGNORE, MED_COMPARE };
enum config_limits_count { LIMITS_UNIQUE, LIMITS_ARS_COMPAT };
enum config_limits_expressroute { LIMITS_SAFE, LIMITS_CLOSE };
enum config_limits_action { LIMITS_TEAR_DOWN, LIMITS_DROP_EXCESS };
enum config_next_hop { NEXT_HOP_SELF, NEXT_HOP_UNCHANGED };
enum config_hold_low { HOLD_LOW_ALARM, HOLD_LOW_REFUSE };
/* Of the sources of what comes by a port (RFC 3704 2.2 to 2.4): dataplane/fast/urpf.h. */
enum config_urpf { URPF_OFF, URPF_STRICT, URPF_LOOSE };
enum config_martians { MARTIANS_STRICT, MARTIANS_ALLOW_240 };
/* What a device does in our place where it can, and what we have of our own for where it does not:
 * dataplane/port/device_conf.h. */
enum config_offload {
	OFFLOAD_IPV4_CKSUM,
	OFFLOAD_RSS_HASH,
	OFFLOAD_VLAN_STRIP,
	OFFLOAD_VLAN_FILTER,
	OFFLOAD_VLAN_INSERT,
	OFFLOAD_MBUF_FAST_FREE,
	OFFLOADS
};
extern const char *const config_offload_words[OFFLOADS + 1]; /* ends with NULL */

struct config_instance {
	char name[CONFIG_NAME];
	uint32_t asn;	    /* default 65515 */
	uint32_t router_id; /* host order */
	enum config_profile profile;
	/* the other instance of this route server: its name, or its management socket's absolute
	 * path; "": none */
	char partner[CONFIG_PARTNER];
};

struct config_exchange {
	/* the value on a first start; later the switch as last set wins (exchange.h) */
	bool enabled;
	enum config_nva_to_nva nva_to_nva;
};

struct config_address {
	struct addr addr; /* host bits kept */
	uint8_t len;
};

struct config_port {
	/* instance name + '-' + this fits IFNAMSIZ: the LCP interface is called so */
	char name[CONFIG_NAME];
	/* owned; an EAL device string: PCI address or vdev with arguments; of a bond what it is
	 * called: "bond:" and its members with a '+' between them */
	char *device;
	/* owned; of a bond by LACP (IEEE 802.1AX), such strings; 0: none */
	char *members[CONFIG_MEMBERS];
	size_t nb_members;
	enum role role;
	struct config_address addresses[CONFIG_PORT_ADDRESSES];
	size_t nb_addresses;
	uint16_t mtu; /* octets of IP packet; default 1500 */
	/* VLAN IDs of its frames' tags, 1..4094, and 0 without a tag; `outer_vlan` is in the tag
	 * before that of `vlan` (QinQ), of EtherType `outer_type` (0x88a8 by default) */
	uint16_t vlan, outer_vlan, outer_type;
	/* of its device, given at the first port of it: receive queues, 0: one a forwarding lcore;
	 * descriptors of each queue, default CONFIG_DESCRIPTORS, 0: as the driver likes */
	uint16_t rx_queues, rx_descriptors, tx_descriptors;
	bool symmetric_rss;	   /* both directions of a flow come to one queue */
	uint8_t disabled_offloads; /* bits (enum config_offload) of what the device may not do */
	enum config_urpf urpf;
	/* names of access lists, "" for none: for what comes by it, and what leaves by it */
	char acl_in[CONFIG_NAME], acl_out[CONFIG_NAME];
	int line;
};

/* Of a class of packets for the host or the slow path, what each port may send, and all together
 * twice as much: packets a second, and at once. */
struct config_meter {
	uint32_t rate, burst;
};
enum config_meters {
	METER_BGP,
	METER_ARP,
	METER_ND,
	METER_LOCAL,
	METER_FRAGMENT,
	METER_GLEAN,
	METERS
};

/* Their defaults. The main lcore moves some 300,000 packets a second to the kernel if each is a
 * system call; all classes at these limits together stay below that. */
enum {
	/* new sessions, all at once; those that are there pass as flows */
	METER_BGP_RATE = 100000,
	METER_BGP_BURST = 8192,
	/* every host of a /20 asking within a second */
	METER_ARP_RATE = 5000,
	METER_ARP_BURST = 1024,
	/* and by IPv6, whose hosts also tell when they begin */
	METER_ND_RATE = 4000,
	METER_ND_BURST = 1024,
	/* ping, traceroute and whoever wants to talk to the host; nothing here needs more */
	METER_LOCAL_RATE = 20000,
	METER_LOCAL_BURST = 1024,
	/* a tunnel whose hosts ignore path MTU discovery still gets 100 Mbit/s; each packet costs
	 * copies */
	METER_FRAGMENT_RATE = 10000,
	METER_FRAGMENT_BURST = 512,
	/* first packets to hosts; scans of a subnet stop here */
	METER_GLEAN_RATE = 10000,
	METER_GLEAN_BURST = 512,
};

struct config_dataplane {
	uint32_t main_lcore;
	uint32_t forwarding_lcores[CONFIG_LCORES];
	size_t nb_forwarding_lcores;
	enum config_idle idle;
	uint32_t memory_mb; /* hugepage memory to reserve at start; default 1024 */
	/* per view and generation: room for prefixes longer than /24; default 8192 */
	uint32_t tbl8_groups;
	/* likewise of IPv6: room for its prefixes; default 131072, rounded up to a power of two */
	uint32_t trie6_groups;
	struct config_port ports[CONFIG_PORTS];
	size_t nb_ports;
	struct config_meter meters[METERS];
};

struct config_control {
	/* the first runs the RIB; it runs the sessions too if it is the only one */
	uint32_t lcores[CONFIG_LCORES];
	size_t nb_lcores;
	uint16_t listen_port; /* default 179 */
	/* graceful restart time offered and waited for (RFC 4724); default 120, at most 4095 */
	uint16_t restart_s;
	uint16_t
		/* how long a held prefix must be quiet (flapping.h); 0: none is held; default 60 */
		flap_hold_s;
	enum config_med med;
	/* 65517:65517 and 65518:65518 on what is announced (export.h); default true */
	bool platform_communities;
};

/* Where HTTP is served (control/http); nowhere by default. */
struct config_http {
	struct config_listen {
		struct addr addr;
		uint16_t port;
	} listen[CONFIG_LISTEN];
	size_t nb_listen;
};

/* Bounds on routes; 0: none. What is not given is Azure's with profile azure, and none else. */
struct config_limits {
	enum config_limits_count count;
	enum config_limits_action action; /* what becomes of a peer's excess */
	uint32_t routes_per_peer;	  /* of each NVA that has no max_routes */
	uint32_t total;			  /* distinct prefixes that peers announce */
	uint32_t to_expressroute;	  /* prefixes announced to an ExpressRoute gateway */
	/* hold the excess back, or close its sessions */
	enum config_limits_expressroute over_expressroute;
	/* a peer whose session was closed is let in again after this; default 60 */
	uint16_t retry_s;
};

struct config_vnet {
	struct prefix prefix;
	size_t port;	      /* index into dataplane.ports */
	bool has_next_hop;    /* false: the hosts are on link behind the port */
	struct addr next_hop; /* of the prefix's family; on a subnet of the port */
	bool peered;	      /* announced with 65518:65518 (an RFC 1997 community) */
	int line;
};

/* A host on link whose MAC address is not asked for. */
struct config_neighbour {
	struct addr addr; /* on link behind the port */
	uint8_t mac[6];
	size_t port; /* index into dataplane.ports */
	int line;
};

/* One BGP session: an NVA, or one instance of a gateway. Gateways are expanded by config_load(). */
struct config_peer {
	char name[CONFIG_NAME]; /* "nva-a", or "ergw/0" for a gateway's instance */
	enum role role;		/* ROLE_EXPRESSROUTE, ROLE_VPN or ROLE_NVA */
	/* unique among all peers, link-local ones among those of their port; unspecified with a
	 * subnet, and of its family */
	struct addr addr;
	char link[CONFIG_NAME]; /* the port that a link-local address is behind; "": it is none */
	/* the port that a learned route to it leads through; "": on link, or in a VNet */
	char behind[CONFIG_NAME];
	/* length 0: none; else whoever comes from one of its hosts with the right AS number is this
	 * instance (passive) */
	struct prefix subnet;
	/* a set of families, by family_bit(): whose routes it and we tell each other */
	uint8_t families;
	/* equal to instance.asn: iBGP, with reflection between roles (RFC 4456) */
	uint32_t asn;
	uint16_t hold_s; /* offered; 0 or at least 3 (RFC 4271 4.2); default 180 */
	/* 0 and what is below it, if the peer offers that: `hold_low` says what follows; 0: any
	 * hold time will do */
	uint16_t hold_min_s;
	enum config_hold_low hold_low;
	uint16_t port;	      /* the peer's TCP port for our active opens; default 179 */
	bool multihop;	      /* eBGP that need not be on link; iBGP is always so */
	uint8_t ttl_security; /* hops that it may be away (RFC 5082), 1: on link; 0: any */
	bool passive;	      /* never open actively */
	uint32_t max_routes;  /* that it may announce; 0: no bound */
	enum config_next_hop next_hop;
	/* AS numbers for private use taken out of the paths that it learns */
	bool remove_private_as;
	bool as_override;      /* its own AS number replaced by ours in them; eBGP only */
	bool allow_as_set;     /* paths with a set are taken */
	bool enforce_first_as; /* eBGP: paths must begin with its own AS number */
	struct config_attributes {
		struct attr_policy in, out;
	} attributes;	   /* what of them is taken from it, and announced to it */
	bool backup_paths; /* by eBGP: it learns paths that lose to its own too */
	/* false: a gateway that knows the VNets' prefixes from elsewhere does not learn them */
	bool announce_vnets;
	uint8_t password[CONFIG_PASSWORD]; /* TCP-MD5 key, read from password_file at load */
	uint8_t password_len;		   /* 0: no MD5 */
	int gateway;			   /* index into gateways, or -1 for an NVA */
	/* names of route maps, "" for none; the file has them (config_route_map_find()) */
	char inbound_map[CONFIG_NAME], outbound_map[CONFIG_NAME];
	/* index into dataplane.ports: the port that its address is reached through, and that it
	 * comes by */
	size_t egress_port;
	/* our address on that port, in the subnet that it, or the router to it, is in; towards a
	 * link-local address the first one of IPv6, and the session's end is our link-local one */
	struct addr local_addr;
	int line;
};

struct config_gateway {
	char name[CONFIG_NAME];
	enum role role;
	bool allow_single_instance;
	int line;
};

/* Ordered rules for routes from a peer (inbound) or to it (outbound). */
struct config_route_map {
	char name[CONFIG_NAME];
	struct map_rule *rules; /* owned */
	size_t nb_rules;	/* at most MAP_RULES */
};

struct config {
	char *path; /* owned: as given to config_load() */
	struct config_instance instance;
	struct config_exchange exchange;
	enum config_preference routing_preference;
	enum config_martians
		martians; /* ALLOW_240: 240/4 but for the broadcast address is unicast */
	struct config_limits limits;
	struct config_dataplane dataplane;
	struct config_control control;
	struct config_http http;
	struct config_acl *acls; /* owned */
	size_t nb_acls;
	struct config_route_map *route_maps; /* owned */
	size_t nb_route_maps;
	struct config_vnet *vnets; /* owned; in file order */
	size_t nb_vnets;
	struct config_neighbour *neighbours; /* owned */
	size_t nb_neighbours;
	struct config_gateway *gateways; /* owned */
	size_t nb_gateways;
	struct config_peer *peers; /* owned; gateway instances first, in file order */
	size_t nb_peers;
	/* owned: the same in the order that config_vnet_at() and config_peer_find() search */
	const struct config_vnet **vnets_by_address;
	const struct config_peer **peers_by_name;
};

/* Every complaint about one file, in file order: "rs0.conf:12: peers.nva-a.hold_s: 2 is out of
 * range, allowed are 0 and 3..65535". Errors refuse the file; warnings do not. */
struct config_report {
	char **errors, **warnings; /* owned strings */
	size_t nb_errors, nb_warnings;
};

/* Read and check `path`. All complaints go to `report` (cleared first; release with
 * config_report_free()), not only the first. Returns a configuration to be released with
 * config_free(), or NULL if there was any error. Password files are read here; nothing else outside
 * the file is touched. */
struct config *config_load(const char *path, struct config_report *report);
void config_free(struct config *config);
void config_report_free(struct config_report *report);

/* The route map of this name, or NULL. */
const struct config_route_map *config_route_map_find(const struct config *config, const char *name);

/* The access list of this name, or NULL. */
const struct config_acl *config_acl_find(const struct config *config, const char *name);

/* The VNet that holds the address, or NULL: VNets do not overlap. By bisection. */
const struct config_vnet *config_vnet_at(const struct config *config, struct addr addr);
/* The VNet of exactly this prefix, or NULL. */
const struct config_vnet *config_vnet_find(const struct config *config, struct prefix prefix);
/* The peer of this name, or NULL. By bisection. */
const struct config_peer *config_peer_find(const struct config *config, const char *name);

/* What differs between two configurations in a way that only a restart can apply
 * ("dataplane.ports", "instance.asn", ...). Writes the first such setting's path into `what` and
 * returns true, or returns false: a reload can do it all. */
bool config_needs_restart(const struct config *running, const struct config *wanted, char *what,
			  size_t size);
/* The same of what the dataplane uses. */
bool config_dataplane_needs_restart(const struct config *running, const struct config *wanted,
				    char *what, size_t size);

/* How many hosts a gateway's subnet has, and the i-th of them, from 0 on: all addresses but the
 * subnet's own (of IPv6 the routers' anycast address, RFC 4291 2.6.1) and, of IPv4, the
 * broadcast. */
uint32_t subnet_hosts(struct prefix subnet);
struct addr subnet_host(struct prefix subnet, uint32_t i);

/* Where an address is reached: the connected subnet of a port, or a VNet prefix on a port, longest
 * match first. Out: the port's index and the address to resolve there (`addr` itself, or a VNet's
 * next hop). False: nowhere, or one of our own addresses. */
bool config_resolve(const struct config *config, struct addr addr, size_t *port,
		    struct addr *gateway);

/* The devices that DPDK opens for a port: its only one, or the members of its bond. NULL: there are
 * no more than `k`. */
static inline const char *config_port_part(const struct config_port *port, size_t k)
{
	if (port->nb_members)
		return k < port->nb_members ? port->members[k] : NULL;
	return k ? NULL : port->device;
}

/* Has it an address of this family? */
static inline bool config_port_has(const struct config_port *port, uint8_t family)
{
	for (size_t i = 0; i < port->nb_addresses; i++) {
		if (port->addresses[i].addr.family == family)
			return true;
	}
	return false;
}

/* Octets of the tags of a port's frames: 0, 4 or 8. */
uint16_t config_port_tags(const struct config_port *port);

/* The first port that is on the same device as port `i`, which may be itself. */
size_t config_device_first(const struct config_dataplane *dataplane, size_t i);
/* Octets behind the MAC addresses and the EtherType of the largest frame on the device of port
 * `i`: tags and IP packet. */
uint16_t config_device_payload(const struct config_dataplane *dataplane, size_t i);

/* Of a device of net_af_packet: octets of a slot in the ring that its driver shares with the
 * kernel, which one frame must fit; as the device's arguments have it, or large enough for
 * `payload`. 0: another device. */
uint32_t config_device_slot(const char *device, uint16_t payload);
/* The largest payload that the device's arguments leave room for; UINT16_MAX: they do not say. */
uint32_t config_device_most(const char *device, uint16_t payload);
/* Its queues: the driver opens them all and spreads what comes over them. 0: another device. */
uint32_t config_device_queues(const char *device);
/* The device with the arguments that the payload needs; the caller's to free. NULL: no memory. */
char *config_device_string(const char *device, uint16_t payload);

/* The subnet of one of our addresses. */
struct prefix config_subnet(struct config_address own);
/* Is `prefix` exactly the subnet of one of our ports? */
bool config_has_subnet(const struct config *config, struct prefix prefix);

/* The next thing of the host that a device takes, by its arguments from `*at` on (which begins at
 * the device): the kernel's interface, the member of a bond. Its length; 0: no more. */
size_t config_device_takes(const char **at, const char **what);

/* Where the processes of an instance meet. `buf` of at least PATH_MAX; returns buf.
 *   run    /run/bascule/NAME        locks and sockets: dataplane.lock control.lock control.sock
 *   state  /var/lib/bascule/NAME    what survives a reboot: exchange */
char *config_run_path(const char *instance, const char *file, char *buf, size_t size);
char *config_state_path(const char *instance, const char *file, char *buf, size_t size);
/* The groups of the host whose members may steer the instances, and those who may look only. */
#define CONFIG_GROUP_STEER "bascule"
#define CONFIG_GROUP_SHOW  "bascule-ro"

/* What DPDK keeps of an instance: by `config` control finds the dataplane, on `dpdk_telemetry.v2`
 * that answers. */
char *config_dpdk_path(const char *instance, const char *file, char *buf, size_t size);
/* Likewise the management socket of an instance.partner. */
char *config_partner_path(const char *partner, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
