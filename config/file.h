/* A configuration while it is read: the structs that it becomes, beside what only reading and
 * checking need. */
#ifndef BASCULE_CONFIG_FILE_H
#define BASCULE_CONFIG_FILE_H

#include <libconfig.h>

#include "config.h"
#include "report.h"

/* Bounds on routes as they are read; those that are not given depend on the profile. */
#define BOUND_MAX	10000000
#define BOUND_NOT_GIVEN UINT32_MAX

/* A gateway as it stands in the file: one entry, from which a session an address is made. */
struct file_gateway {
	struct config_gateway gateway;
	struct config_peer session; /* what its sessions share; asn 0: instance.asn */
	struct addr addresses[CONFIG_GATEWAY_ADDRESSES];
	char links[CONFIG_GATEWAY_ADDRESSES][CONFIG_NAME]; /* as config_peer.link, of each */
	size_t nb_addresses;
	struct prefix subnet;	/* instead of addresses; length 0: none */
	uint32_t max_instances; /* sessions of the subnet */
};

struct file_vnet {
	struct config_vnet vnet;
	char port[CONFIG_NAME]; /* resolved into vnet.port by check_file() */
};

struct file_neighbour {
	struct config_neighbour neighbour;
	char port[CONFIG_NAME]; /* as a vnet's */
};

struct file {
	struct config config; /* what it contains is owned, until config_load() moves it out */
	struct file_gateway *gateways; /* owned, as are the following */
	size_t nb_gateways;
	struct file_vnet *vnets;
	size_t nb_vnets;
	struct file_neighbour *neighbours;
	size_t nb_neighbours;
	struct config_peer *nvas;
	size_t nb_nvas;
	/* where each of config.peers stands: a peer's group, a gateway's address */
	const config_setting_t **peer_at;
	config_setting_t *root; /* borrowed */
};

/* Settle the bounds on routes that are not given, for all sessions too (limits.c). */
void file_settle_limits(struct file *file);

/* Find in the text what libconfig reads wrong without a word, or what makes it end the process:
 * numbers past 32 bits without their L, included files that are none, comments and strings without
 * an end. False: complained; libconfig must not read the file. */
bool file_scan(struct complaints *c, const char *path);

/* Read all settings below file->root into `file`, which is zeroed. */
void file_read(struct complaints *c, struct file *file);

/* Make config.gateways, config.vnets and config.peers of what was read. False: no memory. */
bool file_expand(struct file *file);

/* Judge the settings together: duplicates, addresses, who reaches whom, limits of the profile.
 * Fills in the references between them (vnet.port, peer.egress_port). */
void file_check(struct complaints *c, struct file *file);
/* Its parts: ports; who is reached through which port; neighbours; route maps; access lists; what
 * profile = "azure" adds. */
void file_check_ports(struct complaints *c, const struct file *file);
void file_check_reach(struct complaints *c, struct file *file);
void file_check_neighbours(struct complaints *c, struct file *file);
void file_check_families(struct complaints *c, struct file *file, size_t i);
void file_check_maps(struct complaints *c, const struct file *file);
void file_check_acls(struct complaints *c, const struct file *file);
void file_check_azure(struct complaints *c, const struct file *file);

/* The port that `at`.`member` names. False: there is none, and that was complained about. */
bool file_find_port(struct complaints *c, const struct file *file, const config_setting_t *at,
		    const char *member, const char *name, size_t *port);
/* Does one of the port's subnets keep `addr` for itself (subnet_reserves())? */
bool port_reserves(const struct config_port *port, struct addr addr);
/* Can a host have this address anywhere: unicast, no loopback, not link-local? Of IPv4 not in 0/8;
 * what of 240/4, `config` says. Of IPv6 none that stands for an IPv4 address in APIs alone. */
bool address_usable(const struct config *config, struct addr addr);
/* Can hosts have all addresses of the prefix? */
bool prefix_usable(const struct config *config, struct prefix prefix);
/* Is it one of our ports' own? */
bool address_own(const struct config *config, struct addr addr);
/* Is `addr` the network or the broadcast address of `subnet`, which has both up to /30, or, of
 * IPv6, its routers' anycast address (RFC 4291 2.6.1), which it has up to /126 (RFC 6164)? */
bool subnet_reserves(struct config_address subnet, struct addr addr);
/* The address of a peer as it stands in the file, for complaints; returns buf. */
enum { PEER_ADDR_TEXT = ADDR_TEXT + CONFIG_NAME };
char *peer_addr_text(const struct config_peer *peer, char buf[PEER_ADDR_TEXT]);
/* Where a member of a peer, or of the gateway that a peer is of, stands; NULL: it does not. */
const config_setting_t *peer_member(const struct file *file, size_t i, const char *member);
/* What subnet_reserves() finds, for complaints. */
const char *reserved_title(uint8_t family);

/* Everything that `file` owns but what config_load() has moved out. */
void file_free(struct file *file);

/* The i-th element of a list at `path`; NULL if there is none. */
const config_setting_t *file_element(const struct file *file, const char *path, size_t i);

#endif
