/* The management sockets of an instance: newline-delimited JSON, one request a line.
 *
 *   /run/bascule/NAME/control.sock   for root, our user and group bascule
 *   /run/bascule/NAME/show.sock      for group bascule-ro too: what changes something is refused
 *
 *   {"command":"show peers","arguments":{}}
 *   {"row":{…}}            none, one or many
 *   {"end":true}           or {"error":"…","hint":"…"}, which may follow rows; the hint, what to do
 *                          next, may be absent
 *
 * Requests of one connection are answered in order. The socket server belongs to the management
 * thread alone; what it asks the RIB lcore goes over that thread's desk (desk.h). The rows are the
 * desk's: by HTTP (control/http) the same are had.
 *
 * COMMANDS, arguments (? = may be absent), rows. Names are the interface: rows may gain fields,
 * none is renamed.
 *
 *   show summary                 one: instance asn router_id profile version pid uptime_s
 *                                restarting restart_left_s exchange (bool) nva_to_nva
 *                                routing_preference platform_communities (bool) peers peers_up
 *                                routes (prefixes) paths attribute_sets memory_bytes fib{generation
 *                                published path_lists adjacencies refused views[{view routes
 *                                tbl8_used tbl8_groups, of a view of IPv6 too routes_ipv6
 *                                trie6_used trie6_groups}]} alarms[{kind ("hold_time"
 *                                "route_withheld" "max_routes" "routes_refused" "near_max_routes"
 *                                "total_routes" "near_total_routes" "flapping" "to_expressroute"
 *                                "unsupported" "fib_full" "next_hops_full" "no_memory" "state_file"
 *                                "port_device" "port_members" "port_mtu" "port_disputed"
 *                                "address_duplicate" "partner_unreachable" "partner_differs"
 *                                "peer_asymmetric" "drained" "shutdown" "peer_down") peer
 *                                (absent: of none) text}] drained (bool: the instance)
 *                                peers_drained peers_shutdown (by themselves) alarms_left
 *                                (that found no room here) settled (since the start every peer has
 *                                finished) partner{socket instance (its name; "": not heard yet)
 *                                answers error} (absent: none is configured) turns{rib sessions}:
 *                                how long the RIB lcore's turns take, and those of all session
 *                                lcores: {recent_us recent_part recent_part_us} the longest of the
 *                                last one to two minutes, and which part of it took the most;
 *                                longest_us ... since the start; over (turns of more than 1 ms);
 *                                own_us ... own_over likewise in processor time: without what the
 *                                kernel gave to others meanwhile
 *   show peers                   one a peer, in the order of the configuration: instance (ours)
 *                                name role gateway (its name; absent for an NVA) address ("": one
 *                                of a subnet that has not come yet; a link-local one has its port:
 *                                "fe80::1%nva0") subnet (absent if the address
 *                                is configured) asn state ("Established", ...) state_s (seconds in
 *                                it) supported (false: no route exchange with it, last_error says
 *                                why) max_routes (that it may announce; 0: no bound)
 *                                drained (by itself or with the instance) shutdown (by an operator)
 *                                complete (it has finished announcing, by End-of-RIB or silence)
 *                                digest (16 hexadecimal digits, the same for the same prefixes and
 *                                AS paths, before policy) learned unusable reflections (what we
 *                                announce to it, come back) advertised (prefixes) families[{family
 *                                ("ipv4" "ipv6") and these four of its own}] last_error (why it
 *                                last went down or does not come up; "")
 *   show peer    name            one: the fields of show peers and: ibgp passive multihop md5
 *                                next_hop ("self", "unchanged") remove_private_as as_override
 *                                allow_as_set enforce_first_as announce_vnets backup_paths (bool)
 *                                port (egress) behind (true: a learned route leads to it; absent if
 *                                not) by_route{prefix peer next_hops[address]} (which one, and its
 *                                next hops; absent if none) router_id local_address hold_s
 *                                keepalive_s restart_s capabilities[string] (those of a session are
 *                                absent while there is none) established (times) rx_messages
 *                                tx_messages rx_updates tx_updates rx_bytes tx_bytes
 *                                tx_queued_bytes lagging stale attr_discard treat_as_withdraw
 *                                (UPDATEs) attr_stripped (UPDATEs) attr_dropped attr_stripped_out
 *                                attr_dropped_out (prefixes) martians as_loop as_zero
 *                                originator_loop cluster_loop bow_tie own_subnet as_set empty_path
 *                                first_as over_limit no_memory too_long_to_announce (prefixes)
 *                                changes (of its routes, since it is configured) flapping flap_held
 *                                (prefixes that change too often, and of them held)
 *   show routes  prefix? longer? (bool) address? family? ROUTES
 *                                one a path, a prefix's paths together and best first, IPv4 before
 *                                IPv6; prefix: this one, or (longer) all within it; address: the
 *                                longest match; neither: all, or those of that family. ROUTES are
 *                                conditions, all of which hold (route_filter.h): as_path? (a
 *                                pattern) origin_as? community? (a list of them) next_hop? role?
 *                                state? ("usable" "unusable" "backup" "filtered"). Or, instead of
 *                                paths, count? (bool): one: prefixes paths. Or limit? (1..1000):
 *                                the first so many, sorted by prefix; then {"end":true,"left":N}
 *                                says how many there are besides. prefix best ecmp (used beside the
 *                                best) peer ("local": a VNet prefix) peer_address (absent: local)
 *                                local_address (ours in the session that it came by, or, if
 *                                advertised, goes by; absent: none) source ("ebgp" "ibgp" "local")
 *                                role next_hop by_route (of a next hop off our subnets: as of show
 *                                peer; absent if there is none) as_path ("65001 65010") origin
 *                                ("igp" "egp" "incomplete") local_pref med (absent: none)
 *                                communities["65517:65517"] reason (by which rule it beat the next
 *                                path; of a loser: by which rule it lost to the best) usable
 *                                unusable_reason (absent if usable) stale (absent if not) damped
 *                                (true: not announced yet, as its next hop was lost too often;
 *                                absent if not) held (what its peer says now, while it is held as
 *                                it was for changing too often: "withdrawn", "65001 65010 by
 *                                10.0.2.4", "": just this; absent if not held) age_s views[role]
 *                                (that forward along this path) refused[role] (whose views would,
 *                                but have no room for the prefix, so that peers of these roles are
 *                                to whom it is not announced; absent if none) backup_to[peer name]
 *                                hidden_from[peer name] (up peers with a path of their own that is
 *                                as good or better, which learn it as a backup, or not at all;
 *                                absent if none; 16 at most, backup_to_more and hidden_from_more
 *                                count the rest)
 *   show routes  peer which prefix? longer? address? family? ROUTES
 *                                the same of one peer; address: the longest match among what it
 *                                announced, or is told. which: "received" (before its inbound route
 *                map: without reason, age_s
 *                                and views, with policy: "unchanged" "changed" "summarised"
 *                                "dropped" "too long"), "learned" (after it) or "advertised" (as
 *                                sent, without reason, views; backup (true; absent if not); peer
 *                                "summary", without role and age_s: made by its outbound map)
 *   show partner                 one a peer that this instance or its partner has, by address:
 *                                address name state learned (absent: it is not configured here)
 *                                name_there state_there learned_there (absent: nor there) verdict
 *                                ("same" "up here only" "up there only" "other routes") alarm (it
 *                                has been so for some looks)
 *   show policy                  one a rule of a route map, in order: map rule hits inbound_peers
 *                                outbound_peers (how many have the map in this direction)
 *   policy test  peer direction ("in" "out") prefix as_path? communities? origin? med?
 *                                one: peer direction map ("": none, it passes unchanged)
 *                                hypothetical (described by the optional arguments; otherwise the
 *                                route that the peer announced, or is announced) verdict (as policy
 *                                of show routes) note (why such a route never gets to the map;
 *                                absent if it does) rules[{rule outcome ("matched" "not reached"
 *                                "other prefix" "other communities" "other AS path" "not for VNet
 *                                prefixes") action ("drop" "summarise" "change") next ("continue"
 *                                "terminate")}] before{prefix next_hop as_path origin local_pref
 *                                med communities[]} after{likewise} (absent if the route does not
 *                                pass)
 *   show fib     view            one a prefix: prefix next_hops[{gateway ("": none) port state
 *                                ("resolved" "unresolved" "on link" "local" "broadcast" "drop")}]
 *   show exchange                one: enabled nva_to_nva gate[{ingress egress open}], all pairs of
 *                                roles
 *   show events  after?          one an event, oldest first: number (counts from 1) time
 *                                ("2026-11-23T05:00:00.123Z") kind ("session_up" "session_down"
 *                                "session_failed" "limit" "alarm" "loop" "bow_tie" "refused"
 *                                "malformed" "attribute" "martian" "exchange" "reload" "restart"
 *                                "live" "next_hop" "flap" "service") peer (absent: of none) text
 *                                more (like it, held back before it); after: only those with higher
 *                                numbers
 *   exchange     enable (bool)   one: enabled changed warning (absent: none; the switch has moved,
 *                but a restart may undo it)
 *   exchange plan  enable? (without: the opposite of what is) prefixes? (bool) peer?   what moving
 *                  the switch would change,
 *                                in this order, each row with `what`: one "switch" (enable:
 *                                planned; enabled: now; conflicts, how many there are in all), a
 *                                "peer" each (name role family up supported announced replaced
 *                                withdrawn, prefixes after its outbound map, and how many of the
 *                                first two as backups) and family that its session has, a "view"
 *                                each (view family gained lost next_hops_changed), a "limit" for
 *                                each bound that would be met (kind as of the alarm, peer? view?
 *                                family count bound text), a "conflict" for each prefix of
 *                                which a view would come to have paths of two branches (prefix
 *                                views[role] winner winner_role loser loser_role reason ecmp: both
 *                                are used, and the reason says which is announced; 20 without
 *                                prefixes), with prefixes or peer a "route" for each change
 *                                (prefix, peer with change "announced" "replaced" "withdrawn" and
 *                                backup (bool: announced as one), or view with "gained" "lost"
 *                                "next hops"; those of summaries last; of a peer: its own alone),
 *                                and a "warning" (text) for each reason why what was said may not
 *                                be exact
 *   drain        drained (bool)  the whole instance. One: changed drained warning (absent: none;
 *                                it is done, but a restart may undo it)
 *   peer         action ("drain" "undrain" "shutdown" "start" "reset") name (a peer's or a
 *                gateway's) or all (true) text? (of a shutdown, RFC 9003)   one a peer: peer
 *                                changed drained (by itself) shutdown was_up (its session) warning
 *                                (absent: none); reset: also closed, state, reason? as of peer
 *                                reset, which does the same for one peer
 *   peer reset   name soft? ("in", "out")   with soft none, else one: closed (a session was up),
 *                state (before), reason? why
 *                                it was not up
 *   reload       force?          one: added[peer name] removed[] changed[] vnet_changed
 *                                exchange_changed http_changed warnings[string]; a file that is
 *                                refused: error,
 *                                and a row {complaint} each before it; one that is not read within
 *                                DESK_READ_MS: error, and it is not applied */
#ifndef BASCULE_CTL_H
#define BASCULE_CTL_H

#include <poll.h>
#include <stdint.h>

#include "desk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CTL_CLIENTS = 64, /* connections at once; then the one that is idle for longest gives way */
	CTL_POLL_FDS = CTL_CLIENTS + 2,
};

struct ctl; /* the socket server; owned by ctl_open()'s caller, used by one thread */

struct ctl_params {
	const char *socket_path, *show_path;
	struct desk *desk; /* borrowed */
};

/* Make and listen on both sockets, replacing those that a killed control left. 0 or -errno. */
int ctl_open(const struct ctl_params *params, struct ctl **ctl);
/* Close every connection and take the sockets away. */
void ctl_close(struct ctl *ctl);

/* Fill `fds`, CTL_POLL_FDS of them, for poll(2); returns how many. Then hand them to ctl_serve(),
 * which does everything that can be done without waiting, after desk_serve(). To be called at least
 * once a second too, for clients that stopped reading. */
unsigned int ctl_poll(const struct ctl *ctl, struct pollfd *fds);
void ctl_serve(struct ctl *ctl, const struct pollfd *fds, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
