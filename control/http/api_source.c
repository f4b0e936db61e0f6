/* See api_source.h. */
#include "api_source.h"

#include <stdlib.h>

#include "document.h"
#include "request.h"

struct api_answer {
	struct inquiry *inquiry; /* owned */
	struct document document;
	bool there; /* a page of the answer */
};

static void answered(struct inquiry *inquiry, void *ctx, uint64_t now_ms)
{
	struct reply *reply = ctx;
	struct api_answer *answer = reply->state;

	(void)inquiry, (void)now_ms;
	answer->there = true;
	reply_wake(reply);
}

/* What came before stands in the body, and cannot be taken back: then the reply is cut off. */
static enum source_state failed(struct reply *reply, struct api_answer *answer)
{
	if (reply->queued)
		return SOURCE_FAILED;
	body_free(&reply->body);
	document_error(&reply->body, answer->document.error, answer->document.hint);
	reply->status = api_error_status(inquiry_page(answer->inquiry));
	return SOURCE_FAILED;
}

static enum source_state more(struct reply *reply)
{
	struct api_answer *answer = reply->state;
	struct sink sink = document_sink(&answer->document);
	bool goes_on;

	if (!answer->there) {
		inquiry_go_on(answer->inquiry);
		return SOURCE_WAITS;
	}
	answer->there = false;
	goes_on = inquiry_tell(answer->inquiry, &sink);
	if (answer->document.failed)
		return failed(reply, answer);
	return goes_on ? SOURCE_READY : SOURCE_END;
}

static void release(struct reply *reply)
{
	struct api_answer *answer = reply->state;

	inquiry_end(answer->inquiry);
	free(answer);
}

static unsigned int refuse(struct reply *reply, unsigned int status, const char *error,
			   const char *hint)
{
	document_error(&reply->body, error, hint);
	return status;
}

unsigned int api_route(struct reply *reply, const struct api_request *request)
{
	static const struct body_source source = {
		.content_type = "application/json",
		.more = more,
		.release = release,
	};
	struct api_answer *answer = calloc(1, sizeof(*answer));
	struct inquiry *inquiry = answer ? inquiry_new(reply->desk, answered, reply) : NULL;
	struct page *page;
	unsigned int status;

	if (!inquiry) {
		free(answer);
		return refuse(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "no memory, or too many questions at once", "");
	}
	page = inquiry_page(inquiry);
	status = api_question(page, request);
	if (status) {
		refuse(reply, status, page->error, page->hint);
		inquiry_end(inquiry);
		free(answer);
		return status;
	}
	answer->inquiry = inquiry;
	answer->document =
		(struct document){ .body = &reply->body, .single = request_single(page) };
	reply->state = answer;
	reply->source = &source;
	return 0;
}
