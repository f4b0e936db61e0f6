/* One thing that we put into the kernel, and the rtnetlink messages that put it there and take it
 * out again: an address of an LCP interface, a route, a rule, a neighbour entry. What there should
 * be of them is the keeper's affair (keeper.h). */
#ifndef BASCULE_KERNEL_ITEM_H
#define BASCULE_KERNEL_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "lcp.h"
#include "netlink.h"

#ifdef __cplusplus
extern "C" {
#endif

enum kernel_kind { /* in the order in which they are put in */
		   /* addr/len of the port's interface; fe80::/64 is its link-local one, which
		    * follows from the MAC address (RFC 4291 appendix A) */
		   KERNEL_ADDRESS,
		   /* `addr`, the family's router (lcp.h), is a neighbour there, with the port's
		    * own MAC address */
		   KERNEL_ROUTER,
		   /* to addr/len by the interface, through `gateway` unless that is unspecified */
		   KERNEL_ROUTE,
		   /* no way out of `table` but its routes; belongs to no port */
		   KERNEL_UNREACHABLE,
		   KERNEL_RULE, /* what has source `addr` is looked up in `table` */
};

struct kernel_item {
	uint16_t port; /* its id; of no port: FIB_PORTS */
	uint8_t kind;  /* enum kernel_kind */
	uint8_t len;
	struct addr addr;    /* its family is the item's */
	struct addr gateway; /* of the same family */
	uint32_t table;	     /* routes and rules */
	uint32_t metric;     /* routes; 0: as the kernel likes */
	/* the keeper's, of an address of IPv6: so often another host had it, and it is put in again
	 * then. No part of the order. */
	uint8_t duplicates;
	uint64_t again_ms;
};

enum { KERNEL_TEXT = 192, KERNEL_RULE_PRIORITY = 17900 };

/* By port, then in the order in which they go in. As strcmp(). */
int kernel_item_compare(const void *a, const void *b);

/* Put it in. 0: it was missing; -EEXIST: it was there; another -errno: refused. `lcp` is the
 * port's, NULL of none. */
int kernel_item_add(const struct kernel_item *item, const struct lcp *lcp, struct netlink *nl);
/* Take it out. -errno: refused, or it was not there. */
int kernel_item_delete(const struct kernel_item *item, const struct lcp *lcp, struct netlink *nl);
/* Take all rules of both families out that lead to `table`, whoever made them. -errno. */
int kernel_rules_flush(uint32_t table, struct netlink *nl);

/* An address as the interface has it. */
struct addr kernel_item_address(const struct kernel_item *item, const struct lcp *lcp);

/* Of what an rtnetlink message speaks: a route of the item's prefix, whose table is for the caller
 * to see; the item's address. */
bool kernel_item_is_to(const struct kernel_item *item, const struct nlmsghdr *route);
bool kernel_item_is_address(const struct kernel_item *item, const struct lcp *lcp,
			    const struct nlmsghdr *address);

/* "address 10.0.1.4/24", "route to 10.1.0.0/16 through 10.0.1.1 in table 17". Returns `text`. */
char *kernel_item_text(const struct kernel_item *item, char text[KERNEL_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
