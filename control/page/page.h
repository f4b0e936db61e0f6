/* A page: one question of a thread that has a desk (manage/desk.h) to the RIB lcore, and its
 * bounded answer as plain copied rows (rows.h). Answers are found by show.c and made into JSON by
 * format.c.
 *
 *   client ─ JSON ─► request.c ─► struct page ──mailbox──► show.c on the RIB lcore: a page of rows
 *   client ◄─ JSON ─ format.c ◄── struct page ◄──mailbox── (an eventfd wakes the asking thread)
 *
 * A page belongs to whoever holds it: the asking thread makes it, the RIB lcore has it between the
 * two mailboxes, and it comes back. If there are more rows, the asking thread sends the same page
 * again once its client has taken the first ones. So a walk over a million routes costs
 * the RIB lcore one page a turn, and a client that does not read costs it nothing.
 *
 * Of a walk nothing is remembered but the cursor. A row that stays is given once, whatever comes
 * and goes around it; a row that changes meanwhile may be missed or given twice. */
#ifndef BASCULE_PAGE_H
#define BASCULE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "prefix.h"
#include "turn.h"

#ifdef __cplusplus
extern "C" {
#endif

enum page_command {
	PAGE_SUMMARY,
	PAGE_PEERS,
	PAGE_PEER, /* peer */
	/* of the prefixes that `match` says */
	PAGE_ROUTES,	  /* every path */
	PAGE_LEARNED,	  /* peer: after its inbound route map */
	PAGE_RECEIVED,	  /* peer: before it */
	PAGE_ADVERTISED,  /* peer */
	PAGE_FIB,	  /* view */
	PAGE_POLICY,	  /* every rule of every route map */
	PAGE_POLICY_TEST, /* peer, outbound, prefix, route: what its map makes of that */
	PAGE_EXCHANGE,
	PAGE_EXCHANGE_SET, /* enable */
	PAGE_PLAN,	   /* enable if said; prefixes, peer: of its routes alone */
	PAGE_EVENTS,	   /* cursor[0]: only those after this number */
	PAGE_SERVICE,	   /* service, peer or all, text */
	PAGE_RESET,	   /* peer */
	PAGE_SOFT_IN,	   /* peer */
	PAGE_SOFT_OUT,	   /* peer */
	PAGE_PARTNER,	   /* every peer here and there */
	/* seen: what the last look at the partner has found, NULL: none; the one before it comes
	 * back, with the partner's name as configured */
	PAGE_PARTNER_SEEN,
	/* force; config: the new one goes in, the one that is not needed any more comes back */
	PAGE_RELOAD,
};

/* What PAGE_SERVICE does with peers, or (drain, undrain) with the instance. */
enum page_service {
	SERVICE_INSTANCE_DRAIN,
	SERVICE_INSTANCE_UNDRAIN,
	SERVICE_DRAIN,
	SERVICE_UNDRAIN,
	SERVICE_SHUTDOWN,
	SERVICE_START,
	SERVICE_RESET,
};

/* Which prefixes a page about routes is about. */
enum page_match {
	MATCH_ANY,
	MATCH_EXACT,  /* `prefix` */
	MATCH_WITHIN, /* `prefix` and all inside of it */
	MATCH_LONGEST /* the longest one that has anything to show and that `address` is in */
};

enum {
	PAGE_BYTES = 64 << 10,
	PAGE_ROWS = 256,
	PAGE_TEXT = 256,
	PAGE_LIST = 64, /* AS numbers, communities of a page_route */
};

/* A route that nobody has announced. */
struct page_route {
	bool given; /* else: the one that there is */
	bool has_path, has_med;
	uint8_t origin;
	uint8_t nb_path, nb_communities;
	uint32_t med;
	uint32_t path[PAGE_LIST], communities[PAGE_LIST]; /* host order */
};

struct listing;
struct page;
struct partner_view;

/* An answered page comes back to who sent it. */
typedef void page_done(struct page *page, void *ctx);

struct page {
	/* whom to call with the answer: the asking thread's (manage/desk.h) */
	page_done *done;
	void *ctx;
	/* the question */
	enum page_command command;
	char peer[CONFIG_NAME];
	enum page_match match;
	struct prefix prefix;
	struct addr address;
	uint8_t view; /* enum role */
	/* of walks over routes, enum family: whose routes come now, IPv4's first; `one_family`:
	 * no other's do */
	uint8_t family;
	bool one_family;
	/* said: `enable` was; else the opposite of what the switch is. prefixes: tell each of
	 * them */
	bool enable, said, prefixes;
	bool outbound;
	enum page_service service;
	bool all;	      /* peers, instead of `peer` */
	char text[PAGE_TEXT]; /* of a shutdown */
	struct page_route route;
	/* of a listing of routes; NULL: every row is told as it comes (manage/listing.h). The
	 * asking thread's, owned */
	struct listing *listing;
	struct config *config;	   /* owned by the holder of the page */
	bool force;		   /* apply it though most peers would go */
	struct partner_view *seen; /* likewise */
	/* likewise: what reading it brought up; the management thread's alone */
	struct config_report report;
	/* while it waits for the disk and for readers (exchange_wait.h, service.h); the RIB
	 * lcore's */
	struct page *next;
	uint64_t ticket, grace, until_ms;
	bool moved, ended;
	uint8_t desk;	      /* of route_server.h: where it goes back */
	struct budget budget; /* of this answer */
	/* the answer */
	/* zero in a first question, unless it says; then whatever the answer left */
	uint64_t cursor[2];
	struct plan *plan; /* likewise, owned by the holder of the page */
	bool more;
	char partner[CONFIG_PARTNER];
	char error[PAGE_TEXT]; /* if not empty, the command failed and did nothing */
	char hint[PAGE_TEXT];
	uint32_t nb_rows, used;
	uint8_t rows[PAGE_BYTES] __attribute__((aligned(8)));
};

/* One row: a header, then a struct of rows.h by `type`. */
struct page_row {
	uint16_t type;
	uint16_t len; /* of what follows, padded to 8 octets */
	uint32_t reserved;
};

/* Is the page's time in this turn over? Whoever fills the page asks after each item that it has
 * looked at. A page without a budget is never late. */
static inline bool page_late(const struct page *page)
{
	return page->budget.now_ns && budget_over(&page->budget);
}

/* Room for a row of `len` octets, zeroed; NULL if the page is full. */
void *page_add(struct page *page, uint16_t type, size_t len);
/* Take the last row back to `len` octets: for rows whose length shows while they are written. */
void page_trim(struct page *page, const void *row, size_t len);
/* Step through the rows: `*at` begins at 0; NULL at the end. `type` and the row behind the
 * header. */
const void *page_next(const struct page *page, uint32_t *at, uint16_t *type);
/* Of a row that page_next() has returned: its octets, padding included. */
static inline size_t page_row_len(const void *row)
{
	return ((const struct page_row *)row)[-1].len;
}

__attribute__((format(printf, 2, 3))) void page_error(struct page *page, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void page_hint(struct page *page, const char *fmt, ...);

#ifdef __cplusplus
}
#endif
#endif
