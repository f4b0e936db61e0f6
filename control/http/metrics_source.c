/* See metrics_source.h. */
#include "metrics_source.h"

#include <stdlib.h>
#include <string.h>

#include "collector.h"
#include "document.h"

struct scrape {
	struct scraper scraper;
	struct reply *reply;	   /* borrowed */
	struct snapshot *snapshot; /* a reference; NULL: none yet */
	bool waits, there;
	struct exposition to;
	unsigned int step;
};

static void collected(struct scraper *scraper, struct snapshot *snapshot)
{
	struct scrape *scrape = (struct scrape *)scraper;

	scrape->waits = false;
	scrape->there = true;
	scrape->snapshot = snapshot;
	reply_wake(scrape->reply);
}

static enum source_state more(struct reply *reply)
{
	struct scrape *scrape = reply->state;

	if (!scrape->there && !scrape->waits) {
		scrape->waits = true;
		collector_ask(reply->house->collector, &scrape->scraper, reply->house->now_ms);
	}
	if (!scrape->there)
		return SOURCE_WAITS;
	if (!scrape->snapshot || scrape->snapshot->failed) {
		reply->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		document_error(&reply->body, "no memory, or too many questions at once", "");
		return SOURCE_FAILED;
	}
	return metrics_put(&scrape->to, &scrape->snapshot->metrics, &scrape->step) ? SOURCE_READY
										   : SOURCE_END;
}

static void release(struct reply *reply)
{
	struct scrape *scrape = reply->state;

	if (scrape->waits)
		collector_leave(reply->house->collector, &scrape->scraper);
	if (scrape->snapshot)
		snapshot_put(reply->house->collector, scrape->snapshot);
	free(scrape);
}

unsigned int metrics_route(struct reply *reply, const struct api_request *request)
{
	static const struct body_source sources[] = {
		{ "text/plain; version=0.0.4; charset=utf-8", more, release },
		{ "application/openmetrics-text; version=1.0.0; charset=utf-8", more, release },
	};
	const char *accept = MHD_lookup_connection_value(reply->connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_ACCEPT);
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	(void)request;
	if (!scrape) {
		document_error(&reply->body, "no memory", "");
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	scrape->to.body = &reply->body;
	scrape->to.openmetrics = accept && strstr(accept, "application/openmetrics-text");
	scrape->scraper.collected = collected;
	scrape->reply = reply;
	reply->state = scrape;
	reply->source = &sources[scrape->to.openmetrics];
	return 0;
}
