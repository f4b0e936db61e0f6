/* The rows of answered pages (page.h): what the RIB lcore answers to the management thread, as
 * plain copied data. Whoever formats rows never sees the RIB. */
#ifndef BASCULE_ROWS_H
#define BASCULE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "forwarding_show.h"
#include "import.h"
#include "map_rule.h"
#include "next_hop.h"
#include "page.h"
#include "rib.h"
#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

enum row_type {
	ROW_SUMMARY = 1,
	ROW_PEER,
	ROW_PEER_DETAIL,
	ROW_ROUTE,
	ROW_FIB,
	ROW_EXCHANGE,
	ROW_SWITCHED,
	ROW_RESET,
	ROW_SERVICE,
	ROW_RELOAD,
	ROW_RULE,
	ROW_PARTNER, /* struct partner_peer (partner.h) */
	ROW_EVENT,   /* struct event (events.h) */
	ROW_POLICY_TEST,
	/* plan_rows.h */
	ROW_PLAN,
	ROW_PLAN_PEER,
	ROW_PLAN_VIEW,
	ROW_PLAN_LIMIT,
	ROW_PLAN_CONFLICT,
	ROW_PLAN_ROUTE,
	ROW_PLAN_WARNING,
};

enum { ROW_ERROR = 100, ALARMS = 64, ALARM_TEXT = 160 };

/* The other instance, if one is configured. */
struct row_summary_partner {
	char partner[CONFIG_PARTNER]; /* as configured; empty: none */
	char instance[CONFIG_NAME];   /* as it calls itself; empty: not heard yet */
	char error[ROW_ERROR];	      /* empty: it answered the last look */
};

/* How long the turns of an lcore take (turn.h). Part names have static storage. */
struct row_turns {
	uint64_t longest_ns, longest_part_ns, recent_ns, recent_part_ns, over;
	uint64_t own_ns, own_part_ns, own_over; /* the longest in processor time */
	const char *longest_part, *recent_part, *own_part;
};

struct alarm {
	char kind[24];		/* "max_routes", ...: ctl.h lists them */
	char peer[CONFIG_NAME]; /* empty: of none */
	char text[ALARM_TEXT];
};

struct alarms {
	uint16_t n;    /* listed: at most ALARMS */
	uint16_t left; /* more than those */
	struct alarm alarm[ALARMS];
};

struct row_summary {
	char instance[CONFIG_NAME];
	uint32_t asn, router_id;
	uint8_t profile, preference, nva_to_nva;
	bool exchange, restarting, settled, platform_communities, drained;
	uint32_t peers_drained, peers_shut;
	uint32_t restart_left_s;
	uint64_t uptime_s;
	uint32_t peers, peers_up;
	uint64_t routes, paths, attribute_sets, memory_bytes, updates;
	uint64_t fib_refused, fib_unprotected;
	uint8_t views[FAMILY_COUNT]; /* bit a role that has one */
	struct forwarding_stats fib;
	struct row_summary_partner partner;
	struct row_turns rib, sessions; /* sessions: of all session lcores */
	struct alarms alarms;
};

/* The route of another peer that leads to a next hop or a peer (far_hop.h), and its next hops.
 * n 0: it needs or has none. */
struct row_by_route {
	struct prefix prefix;
	char peer[CONFIG_NAME];
	uint16_t n;
	char next_hop[RIB_ECMP][NEXT_HOP_TEXT]; /* "10.0.2.4", "fe80::1%nva0" */
};

/* ROW_PEER uses what stands before `detail`. */
struct row_peer {
	char instance[CONFIG_NAME];		      /* ours */
	char name[CONFIG_NAME], gateway[CONFIG_NAME]; /* gateway: empty for an NVA */
	uint8_t role, state;
	bool drained, shut;  /* drained: or the instance is */
	bool held, complete; /* complete: it has finished announcing (peer_finished()) */
	uint64_t digest;     /* of what it announced (peer_digest()) */
	/* "10.0.2.4", "fe80::1%nva0"; empty: of a subnet, and nobody has come yet */
	char addr[NEXT_HOP_TEXT];
	uint32_t asn;
	uint8_t families;     /* a set of them, by family_bit() */
	struct prefix subnet; /* length 0: none */
	uint64_t state_s;
	struct row_peer_routes {
		uint32_t learned, unusable, reflections, advertised;
	} routes[FAMILY_COUNT];
	uint32_t max_routes; /* of each family */
	char reason[SPEAKER_REASON];
	/* detail */
	char port[CONFIG_NAME];
	struct row_by_route by_route;
	bool behind; /* by_route counts */
	bool up, ibgp, passive, multihop, md5, unchanged, remove_private_as, as_override;
	bool allow_as_set, enforce_first_as;
	bool announce_vnets, backup_paths, lagging;
	uint32_t router_id, stale;
	struct addr local_addr;
	uint16_t hold_s, keepalive_s, restart_s, caps;
	struct session_stats stats;
	uint64_t refused[IMPORT_COUNT], over_limit, no_memory, unexportable;
	uint64_t stripped_out, dropped_out;
	uint64_t changes;	      /* of its routes, ever (flap.h) */
	uint32_t flapping, flap_held; /* prefixes that change too often; of them held */
};

enum {
	ROUTE_BEST = 1,
	ROUTE_ECMP = 2,
	ROUTE_USABLE = 4,
	ROUTE_STALE = 8,
	ROUTE_SENT = 16,     /* as advertised */
	ROUTE_SUMMARY = 64,  /* as advertised: of a route map's, of no one's */
	ROUTE_BACKUP = 128,  /* as advertised: it loses to the receiver's own */
	ROUTE_RECEIVED = 32, /* before the inbound route map; `policy` says what becomes of it */
	ROUTE_HELD = 256,    /* it changes too often (flapping.h): `pending` waits */
	ROUTE_DAMPED = 512,  /* announced to nobody yet: its next hop was lost too often */
};

enum route_source { SOURCE_EBGP, SOURCE_IBGP, SOURCE_LOCAL };

struct row_route {
	struct prefix prefix;
	char peer[CONFIG_NAME]; /* "local": a VNet prefix */
	/* of the peer, as in struct row_peer, and ours in its session (ROUTE_SENT: in the session
	 * that it is sent in); empty, unspecified: none */
	char peer_addr[NEXT_HOP_TEXT];
	struct addr local_addr;
	uint8_t source; /* enum route_source */
	uint8_t role;
	uint16_t flags;		      /* ROUTE_* */
	uint8_t reason;		      /* enum decide_reason */
	uint8_t views;		      /* bit a role whose view forwards along this path */
	uint8_t refused;	      /* bit a role whose view would, but has no room */
	char next_hop[NEXT_HOP_TEXT]; /* "0.0.0.0": on link */
	struct row_by_route by_route; /* leads to it */
	uint32_t local_pref, age_s;
	uint8_t policy;	   /* enum route_map_verdict, if ROUTE_RECEIVED */
	char unusable[64]; /* why, if not ROUTE_USABLE */
	char pending[96];  /* if ROUTE_HELD: what its peer says of it now; empty: just this */
	/* peers to whom it is a backup, announced as one or hidden: how many, and of them the first
	 * ROUTE_NAMES */
	uint16_t backup_to, hidden_from;
	uint16_t attrs_len;
	uint8_t attrs
		/* canonical wire form; then the names, of `backup_to` and then of `hidden_from` */
		[];
};

enum { ROUTE_NAMES = 16 };

/* How many names there are of so many peers. */
static inline uint16_t row_route_names(uint16_t peers)
{
	return peers < ROUTE_NAMES ? peers : (uint16_t)ROUTE_NAMES;
}

struct row_fib {
	struct prefix prefix;
	uint16_t nb_next_hops, nb_backup; /* those of the backup stand behind the others */
	struct forwarding_hop next_hop[2 * FORWARDING_MEMBERS];
};

/* A rule of a route map and how often it acted. */
struct row_rule {
	char map[CONFIG_NAME], rule[CONFIG_NAME];
	uint16_t inbound, outbound; /* peers that have the map in this direction */
	uint64_t hits;
};

/* What a route map makes of one route, rule by rule. */
struct row_policy_step {
	char rule[CONFIG_NAME];
	const char *action; /* static storage: "drop", "summarise", "change" */
	uint8_t step;	    /* enum route_map_step */
	bool terminate;
};

struct row_policy_route {
	struct prefix prefix;
	char next_hop[NEXT_HOP_TEXT]; /* unspecified: not known */
	uint32_t local_pref;
	uint16_t attrs_len;
};

struct row_policy_test {
	char peer[CONFIG_NAME];
	char map[CONFIG_NAME]; /* empty: the peer has none in this direction */
	char note[PAGE_TEXT];  /* why the map would never see it; may be empty */
	bool outbound, hypothetical;
	uint8_t verdict; /* enum route_map_verdict */
	uint8_t nb_rules;
	struct row_policy_step step[MAP_RULES];
	struct row_policy_route before, after; /* after: attrs_len 0 if the route does not pass */
	uint8_t attrs[]; /* of `before`, then of `after`: canonical wire form */
};

struct row_exchange {
	bool enabled;
	uint8_t nva_to_nva;
	uint64_t gate; /* as in shared memory */
};

struct row_switched {
	bool enabled, changed;
	/* why a restart may undo it, what may still leave; may be empty */
	char warning[2 * PAGE_TEXT];
};

/* What a reset met. */
struct row_reset {
	bool closed;		     /* a session was up */
	uint8_t state;		     /* enum session_state, before */
	char reason[SPEAKER_REASON]; /* why it was not up; may be empty */
};

/* What became of a peer, or of the instance, that was taken out of service or put back. */
struct row_service {
	char peer[CONFIG_NAME]; /* empty: the instance */
	bool changed;
	bool drained, shut;	     /* now; drained: by itself, not with the instance */
	bool up;		     /* its session was */
	bool reset;		     /* that was asked for: `state` and `reason` count */
	uint8_t state;		     /* enum session_state, before */
	char reason[SPEAKER_REASON]; /* why it was not up; may be empty */
	char warning[PAGE_TEXT];     /* why a restart may undo it; may be empty */
};

/* Names, each with its NUL: `nb_added` of them, then `nb_removed`, then `nb_changed`. */
struct row_reload {
	bool vnet_changed, exchange_changed, http_changed;
	struct config_http http; /* as it is to be now */
	uint16_t nb_added, nb_removed, nb_changed;
	char warning[PAGE_TEXT]; /* of its own, beside those of the file; may be empty */
	uint16_t len;		 /* of names[] */
	char names[];
};

#ifdef __cplusplus
}
#endif
#endif
