/* Export: walks the canonical attributes once, in code order, and writes each as the rule wants it.
 * Attributes that the rule adds are written when the walk passes their code, so that the result is
 * canonical too. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aspath.h"
#include "cursor.h"
#include "export.h"

/* The longest attribute that a 4,096-octet message can have decoded to. */
enum { BODY_MAX = 8192, COMMUNITIES_MAX = BODY_MAX / 4 };

static void put_u32(struct attr_writer *out, uint8_t flags, uint8_t code, uint32_t value)
{
	uint8_t body[4];

	store_be32(body, value);
	attr_put(out, flags, code, body, sizeof(body));
}

/* RFC 4271 5.1.2: towards eBGP peers our AS in front. */
static void put_as_path(struct attr_writer *out, const struct attr_view *in,
			const struct export_rule *rule)
{
	const struct aspath_edit edit = { rule->replace_asn, rule->local_asn,
					  rule->remove_private };
	uint8_t edited[BODY_MAX], path[BODY_MAX];
	const uint8_t *body = in->body;
	size_t len = in->len;

	if (aspath_prepend_max(in->len, 1) > sizeof(path)) {
		out->full = true;
		return;
	}
	if (edit.from || edit.remove_private) {
		len = aspath_edit(edited, body, in->len, &edit);
		body = edited;
	}
	if (!rule->ibgp) {
		len = aspath_prepend(path, body, (uint16_t)len, rule->local_asn, 1);
		body = path;
	}
	attr_put(out, ATTR_F_TRANSITIVE, ATTR_AS_PATH, body, len);
}

struct export_next_hop export_next_hop_make(struct addr addr)
{
	struct export_next_hop hop = { .len = addr.family == FAMILY_IPV4 ? 4 : 16 };

	if (addr.family == FAMILY_IPV4)
		store_be32(hop.octets, addr.v4);
	else
		memcpy(hop.octets, addr.v6, 16);
	return hop;
}

struct export_next_hop export_next_hop_pair(struct addr addr, struct addr link_local)
{
	struct export_next_hop hop = export_next_hop_make(addr);

	memcpy(hop.octets + 16, link_local.v6, 16);
	hop.len = 32;
	return hop;
}

/* What of an announced NEXT_HOP is good for these peers, which may be on another link; 0 octets:
 * nothing. */
static size_t unchanged(const struct export_rule *rule, const struct attr_view *in)
{
	struct addr addr;

	if (!rule->unchanged)
		return 0;
	if (in->len == 4)
		return load_be32(in->body) ? 4 : 0;
	if (in->len < 16 || !rule->next_hop6)
		return 0;
	addr = addr_make6(in->body);
	return addr_unspecified(addr) || addr_link_local(addr) ? 0 : 16;
}

static void put_next_hop(struct attr_writer *out, const struct attr_view *in,
			 const struct export_rule *rule)
{
	size_t kept = unchanged(rule, in);

	if (kept)
		attr_put(out, ATTR_F_TRANSITIVE, ATTR_NEXT_HOP, in->body, kept);
	else
		attr_put(out, ATTR_F_TRANSITIVE, ATTR_NEXT_HOP, rule->next_hop.octets,
			 rule->next_hop.len);
}

/* The platform's mark for a route of this source; 0: none. */
static uint32_t platform_community(const struct export_rule *rule,
				   const struct export_source *source)
{
	if (!rule->communities)
		return 0;
	if (source->role != ROLE_VNET)
		return COMMUNITY(COMMUNITY_BRANCH, COMMUNITY_BRANCH);
	return source->peered ? COMMUNITY(COMMUNITY_PEERED_VNET, COMMUNITY_PEERED_VNET) : 0;
}

static int community_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Ascending, each once; returns the new length. */
static size_t communities_sort(uint32_t *list, size_t n)
{
	size_t kept = 0;

	qsort(list, n, sizeof(*list), community_compare);
	for (size_t i = 0; i < n; i++)
		if (!kept || list[kept - 1] != list[i])
			list[kept++] = list[i];
	return kept;
}

/* The received ones (`in` may be NULL) and `mark` (0: none), ascending, each once. Partial once is
 * partial for ever (RFC 4271 5). */
static void put_communities(struct attr_writer *out, const struct attr_view *in, uint32_t mark)
{
	const uint8_t partial = in ? in->flags & ATTR_F_PARTIAL : 0;
	const uint8_t flags = ATTR_F_OPTIONAL | ATTR_F_TRANSITIVE | partial;
	uint32_t list[COMMUNITIES_MAX + 1];
	size_t n = 0, received = in ? in->len / 4 : 0;
	uint8_t *body;

	if (received > COMMUNITIES_MAX) {
		out->full = true;
		return;
	}
	for (size_t i = 0; i < received; i++)
		list[n++] = load_be32(in->body + 4 * i);
	if (mark)
		list[n++] = mark;
	n = communities_sort(list, n);
	body = n ? attr_put(out, flags, ATTR_COMMUNITIES, NULL, 4 * n) : NULL;
	for (size_t i = 0; body && i < n; i++)
		store_be32(body + 4 * i, list[i]);
}

/* RFC 4456 8: who brought it into the AS, kept if it is there already. */
static void put_originator(struct attr_writer *out, const struct attr_view *in, uint32_t router_id)
{
	if (in)
		attr_put(out, ATTR_F_OPTIONAL, ATTR_ORIGINATOR_ID, in->body, in->len);
	else
		put_u32(out, ATTR_F_OPTIONAL, ATTR_ORIGINATOR_ID, router_id);
}

/* RFC 4456 8: our cluster in front of those that it passed. */
static void put_cluster_list(struct attr_writer *out, const struct attr_view *in,
			     uint32_t cluster_id)
{
	size_t len = in ? in->len : 0;
	uint8_t *body = attr_put(out, ATTR_F_OPTIONAL, ATTR_CLUSTER_LIST, NULL, 4 + len);

	if (!body)
		return;
	store_be32(body, cluster_id);
	if (len)
		memcpy(body + 4, in->body, len);
}

/* RFC 4360 6: communities of a non-transitive type (0x40) stay inside the AS. */
static void put_ext_communities(struct attr_writer *out, const struct attr_view *in, bool ibgp)
{
	uint8_t kept[BODY_MAX];
	size_t n = 0;

	if (in->len > sizeof(kept)) {
		out->full = true;
		return;
	}
	for (size_t at = 0; at + 8 <= in->len; at += 8) {
		if (ibgp || !(in->body[at] & 0x40)) {
			memcpy(kept + n, in->body + at, 8);
			n += 8;
		}
	}
	if (n)
		attr_put(out, in->flags & ~ATTR_F_EXTENDED, ATTR_EXT_COMMUNITIES, kept, n);
}

/* Everything else: as it came, but optional non-transitive ones stay here, and transitive ones that
 * we do not know are marked partial (RFC 4271 5). */
static void put_other(struct attr_writer *out, const struct attr_view *in)
{
	uint8_t flags = in->flags & ~ATTR_F_EXTENDED;

	switch (in->code) {
	case ATTR_ORIGIN:
	case ATTR_ATOMIC_AGGREGATE:
	case ATTR_AGGREGATOR:
	case ATTR_LARGE_COMMUNITIES:
	case ATTR_OTC: break;
	default:
		if (!(flags & ATTR_F_TRANSITIVE))
			return;
		flags |= ATTR_F_PARTIAL;
	}
	attr_put(out, flags, in->code, in->body, in->len);
}

/* Attributes that the walk must write even if they were not received, in code order. */
static const uint8_t added[] = { ATTR_LOCAL_PREF, ATTR_COMMUNITIES, ATTR_ORIGINATOR_ID,
				 ATTR_CLUSTER_LIST };

struct attr_walk {
	const struct export_rule *rule;
	const struct export_source *source;
	struct attr_writer *out;
};

/* One attribute; `in` is NULL if it is one of `added` and was not received. */
static void put_attr(const struct attr_walk *w, uint8_t code, const struct attr_view *in)
{
	bool reflected = w->rule->ibgp && w->source->ibgp;

	switch (code) {
	case ATTR_AS_PATH: put_as_path(w->out, in, w->rule); break;
	case ATTR_NEXT_HOP: put_next_hop(w->out, in, w->rule); break;
	case ATTR_LOCAL_PREF:
		if (w->rule->ibgp)
			put_u32(w->out, ATTR_F_TRANSITIVE, ATTR_LOCAL_PREF,
				w->source->backup ? EXPORT_LOCAL_PREF_BACKUP : LOCAL_PREF_DEFAULT);
		break;
	case ATTR_COMMUNITIES:
		put_communities(w->out, in, platform_community(w->rule, w->source));
		break;
	case ATTR_ORIGINATOR_ID:
		if (reflected)
			put_originator(w->out, in, w->source->router_id);
		break;
	case ATTR_CLUSTER_LIST:
		if (reflected)
			put_cluster_list(w->out, in, w->rule->cluster_id);
		break;
	case ATTR_EXT_COMMUNITIES: put_ext_communities(w->out, in, w->rule->ibgp); break;
	default: put_other(w->out, in);
	}
}

int export_attrs(const struct export_rule *rule, const struct export_source *source,
		 const uint8_t *wire, uint16_t len, struct attr_writer *out)
{
	struct attr_walk w = { rule, source, out };
	struct attr_view in;
	uint16_t at = 0;
	size_t next = 0;

	while (attr_next(wire, len, &at, &in)) {
		enum attr_action action = attr_policy_action(&rule->attributes, in.code);

		if (action == ATTR_DROP)
			return -EPERM;
		if (action == ATTR_STRIP) /* what is added stands in its place */
			continue;
		while (next < sizeof(added) && added[next] < in.code)
			put_attr(&w, added[next++], NULL);
		if (next < sizeof(added) && added[next] == in.code)
			next++;
		put_attr(&w, in.code, &in);
	}
	while (next < sizeof(added))
		put_attr(&w, added[next++], NULL);
	return out->full ? -ENOSPC : 0;
}

/* One of the two attributes that say it; `in` is NULL if there was none. */
static void put_going(bool ibgp, uint8_t code, const struct attr_view *in, struct attr_writer *out)
{
	if (code == ATTR_COMMUNITIES)
		put_communities(out, in, COMMUNITY_GRACEFUL_SHUTDOWN);
	else if (ibgp)
		put_u32(out, ATTR_F_TRANSITIVE, ATTR_LOCAL_PREF, 0);
}

int export_graceful_shutdown(bool ibgp, const uint8_t *wire, uint16_t len, struct attr_writer *out)
{
	static const uint8_t says[] = { ATTR_LOCAL_PREF, ATTR_COMMUNITIES };
	struct attr_view in;
	uint16_t at = 0;
	size_t next = 0;

	while (attr_next(wire, len, &at, &in)) {
		while (next < sizeof(says) && says[next] < in.code)
			put_going(ibgp, says[next++], NULL, out);
		if (next < sizeof(says) && says[next] == in.code)
			put_going(ibgp, says[next++], &in, out);
		else
			attr_put(out, in.flags, in.code, in.body, in.len);
	}
	while (next < sizeof(says))
		put_going(ibgp, says[next++], NULL, out);
	return out->full ? -ENOSPC : 0;
}

void export_vnet_attrs(const struct export_next_hop *next_hop, struct attr_writer *out)
{
	static const uint8_t igp = ORIGIN_IGP;

	attr_put(out, ATTR_F_TRANSITIVE, ATTR_ORIGIN, &igp, 1);
	attr_put(out, ATTR_F_TRANSITIVE, ATTR_AS_PATH, NULL, 0);
	attr_put(out, ATTR_F_TRANSITIVE, ATTR_NEXT_HOP, next_hop->octets, next_hop->len);
}

void export_summary_attrs(const struct export_next_hop *next_hop, struct attr_writer *out)
{
	export_vnet_attrs(next_hop, out);
	attr_put(out, ATTR_F_TRANSITIVE, ATTR_ATOMIC_AGGREGATE, NULL, 0);
}
