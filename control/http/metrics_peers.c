/* Metrics of peers: one table of what each family is and where in a peer's row its number is. */
#include <stddef.h>
#include <stdio.h>

#include "metrics.h"

/* How the number is to be read. */
enum peer_number {
	NUMBER_U8,
	NUMBER_U32,
	NUMBER_U64,
	NUMBER_UP,     /* 1: Established */
	NUMBER_STATE,  /* enum session_state; RFC 4273 counts from 1 */
	NUMBER_ROUTES, /* a uint32_t of each family that the peer has */
};

#define AT(member) offsetof(struct row_peer, member)

static const struct peer_metric {
	struct metric_family family;
	size_t at;
	enum peer_number number;
	const char *label, *value; /* one more label, of this sample; NULL: none */
	bool again;		   /* one more sample of the family before it */
} table[] = {
	{ { "bascule_peer_established", METRIC_GAUGE, NULL,
	    "Whether the session is Established (1) or not (0)." },
	  AT(state),
	  NUMBER_UP,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_state", METRIC_GAUGE, NULL,
	    "State of the session (RFC 4273): 1 Idle, 2 Connect, 3 Active, 4 OpenSent, "
	    "5 OpenConfirm, 6 Established." },
	  AT(state),
	  NUMBER_STATE,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_state_seconds", METRIC_GAUGE, "seconds",
	    "Time that the session has been in its state." },
	  AT(state_s),
	  NUMBER_U64,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_established_transitions", METRIC_COUNTER, NULL,
	    "Times that the session has become Established." },
	  AT(stats.established),
	  NUMBER_U64,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_unsupported", METRIC_GAUGE, NULL,
	    "Whether the session is up but does not take part in route exchange." },
	  AT(held),
	  NUMBER_U8,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_drained", METRIC_GAUGE, NULL,
	    "Whether the peer, or the instance, is drained (RFC 8326)." },
	  AT(drained),
	  NUMBER_U8,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_shutdown", METRIC_GAUGE, NULL,
	    "Whether an operator has shut the session down." },
	  AT(shut),
	  NUMBER_U8,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_prefixes_learned", METRIC_GAUGE, NULL,
	    "Prefixes learned from the peer, after its inbound map." },
	  AT(routes[0].learned),
	  NUMBER_ROUTES,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_prefixes_unusable", METRIC_GAUGE, NULL,
	    "Prefixes learned from the peer that cannot be used." },
	  AT(routes[0].unusable),
	  NUMBER_ROUTES,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_prefixes_reflected", METRIC_GAUGE, NULL,
	    "Prefixes learned from the peer that are what it was told, come back." },
	  AT(routes[0].reflections),
	  NUMBER_ROUTES,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_prefixes_advertised", METRIC_GAUGE, NULL,
	    "Prefixes that the peer has been told." },
	  AT(routes[0].advertised),
	  NUMBER_ROUTES,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_prefixes_limit", METRIC_GAUGE, NULL,
	    "Prefixes that the peer may announce of each family; 0: no bound." },
	  AT(max_routes),
	  NUMBER_U32,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_prefixes_stale", METRIC_GAUGE, NULL,
	    "Prefixes kept while the peer restarts (RFC 4724)." },
	  AT(stale),
	  NUMBER_U32,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_prefixes_flapping", METRIC_GAUGE, NULL,
	    "Prefixes of the peer that change too often." },
	  AT(flapping),
	  NUMBER_U32,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_messages", METRIC_COUNTER, NULL, "BGP messages." },
	  AT(stats.rx_messages),
	  NUMBER_U64,
	  "direction",
	  "received",
	  false },
	{ { 0 }, AT(stats.tx_messages), NUMBER_U64, "direction", "sent", true },
	{ { "bascule_peer_updates", METRIC_COUNTER, NULL, "BGP UPDATE messages." },
	  AT(stats.rx_updates),
	  NUMBER_U64,
	  "direction",
	  "received",
	  false },
	{ { 0 }, AT(stats.tx_updates), NUMBER_U64, "direction", "sent", true },
	{ { "bascule_peer_transferred_bytes", METRIC_COUNTER, "bytes", "Octets of BGP messages." },
	  AT(stats.rx_bytes),
	  NUMBER_U64,
	  "direction",
	  "received",
	  false },
	{ { 0 }, AT(stats.tx_bytes), NUMBER_U64, "direction", "sent", true },
	{ { "bascule_peer_queued_bytes", METRIC_GAUGE, "bytes",
	    "Octets that wait for the peer to read." },
	  AT(stats.tx_queued),
	  NUMBER_U64,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_lagging", METRIC_GAUGE, NULL,
	    "Whether the peer reads more slowly than others are told." },
	  AT(lagging),
	  NUMBER_U8,
	  NULL,
	  NULL,
	  false },
	{ { "bascule_peer_faulty_updates", METRIC_COUNTER, NULL,
	    "UPDATEs with a fault, by what became of it (RFC 7606)." },
	  AT(stats.attr_discard),
	  NUMBER_U64,
	  "treatment",
	  "attribute_discard",
	  false },
	{ { 0 }, AT(stats.treat_as_withdraw), NUMBER_U64, "treatment", "treat_as_withdraw", true },
	{ { 0 }, AT(stats.attr_stripped), NUMBER_U64, "treatment", "attribute_stripped", true },
	{ { "bascule_peer_prefixes_refused", METRIC_COUNTER, NULL,
	    "Prefixes of the peer that were refused, by reason." },
	  AT(stats.loops[SPEAKER_LOOP_AS]),
	  NUMBER_U64,
	  "reason",
	  "as_loop",
	  false },
	{ { 0 },
	  AT(stats.loops[SPEAKER_LOOP_ORIGINATOR]),
	  NUMBER_U64,
	  "reason",
	  "originator_loop",
	  true },
	{ { 0 },
	  AT(stats.loops[SPEAKER_LOOP_CLUSTER]),
	  NUMBER_U64,
	  "reason",
	  "cluster_loop",
	  true },
	{ { 0 }, AT(stats.as_zero), NUMBER_U64, "reason", "as_zero", true },
	{ { 0 }, AT(stats.martians), NUMBER_U64, "reason", "martian", true },
	{ { 0 }, AT(stats.attr_dropped), NUMBER_U64, "reason", "attribute", true },
	{ { 0 }, AT(refused[IMPORT_BOW_TIE]), NUMBER_U64, "reason", "bow_tie", true },
	{ { 0 }, AT(refused[IMPORT_OWN_SUBNET]), NUMBER_U64, "reason", "own_subnet", true },
	{ { 0 }, AT(refused[IMPORT_AS_SET]), NUMBER_U64, "reason", "as_set", true },
	{ { 0 }, AT(refused[IMPORT_EMPTY_PATH]), NUMBER_U64, "reason", "empty_path", true },
	{ { 0 }, AT(refused[IMPORT_FIRST_AS]), NUMBER_U64, "reason", "first_as", true },
	{ { 0 }, AT(over_limit), NUMBER_U64, "reason", "over_limit", true },
	{ { 0 }, AT(no_memory), NUMBER_U64, "reason", "no_memory", true },
	{ { "bascule_peer_route_changes", METRIC_COUNTER, NULL,
	    "Changes of the peer's routes since it was configured." },
	  AT(changes),
	  NUMBER_U64,
	  NULL,
	  NULL,
	  false },
};

enum { ROWS = sizeof(table) / sizeof(table[0]) };

static const char *const afi_names[] = { [FAMILY_IPV4] = "ipv4", [FAMILY_IPV6] = "ipv6" };

static void put_labels(struct exposition *to, const struct row_peer *peer)
{
	char asn[16];

	snprintf(asn, sizeof(asn), "%u", peer->asn);
	exposition_sample(to);
	exposition_label(to, "peer", peer->name);
	exposition_label(to, "address", peer->addr);
	exposition_label(to, "peer_as", asn);
	exposition_label(to, "role", role_name((enum role)peer->role));
}

static uint64_t number_of(const struct row_peer *peer, const struct peer_metric *metric)
{
	const char *at = (const char *)peer + metric->at;

	switch (metric->number) {
	case NUMBER_U8: return *(const uint8_t *)at;
	case NUMBER_U32: return *(const uint32_t *)at;
	case NUMBER_U64: return *(const uint64_t *)at;
	case NUMBER_STATE: return peer->state + 1u;
	default: return peer->state == SESSION_ESTABLISHED;
	}
}

static void put_routes(struct exposition *to, const struct row_peer *peer, size_t at)
{
	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		const char *of = (const char *)&peer->routes[family] + (at - AT(routes[0]));

		if (!(peer->families & family_bit(family)))
			continue;
		put_labels(to, peer);
		exposition_label(to, "afi", afi_names[family]);
		exposition_label(to, "safi", "unicast");
		exposition_value(to, *(const uint32_t *)of);
	}
}

static void put_row(struct exposition *to, const struct metrics *metrics,
		    const struct peer_metric *metric)
{
	for (size_t i = 0; i < metrics->nb_peers; i++) {
		const struct row_peer *peer = &metrics->peers[i];

		if (metric->number == NUMBER_ROUTES) {
			put_routes(to, peer, metric->at);
			continue;
		}
		put_labels(to, peer);
		if (metric->label)
			exposition_label(to, metric->label, metric->value);
		exposition_value(to, number_of(peer, metric));
	}
}

/* Why a session last went down, or does not come up: what changes is the label, so it is a family
 * of its own. */
static void put_errors(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = {
		"bascule_peer_last_error", METRIC_INFO, NULL,
		"Why the session last went down, or does not come up."
	};

	exposition_family(to, &family);
	for (size_t i = 0; i < metrics->nb_peers; i++) {
		const struct row_peer *peer = &metrics->peers[i];

		if (!peer->reason[0])
			continue;
		put_labels(to, peer);
		exposition_label(to, "error", peer->reason);
		exposition_value(to, 1);
	}
}

bool metrics_put_peers(struct exposition *to, const struct metrics *metrics, unsigned int i)
{
	if (i == ROWS)
		put_errors(to, metrics);
	if (i >= ROWS)
		return i == ROWS;
	if (!table[i].again)
		exposition_family(to, &table[i].family);
	put_row(to, metrics, &table[i]);
	return true;
}
