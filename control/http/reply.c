/* Between libmicrohttpd and the sources. */
#include "reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "visitors.h"

enum { PIECE = 16 << 10, ETAG = 24 };

static const char JSON[] = "application/json";

/* --- the body on its way ---------------------------------------------------------------------- */

/* Have the source make something, if nothing is left and it can. */
static void reply_make(struct reply *reply)
{
	while (!body_left(&reply->body) && reply->made == SOURCE_READY)
		reply->made = reply->source->more(reply);
	if (reply->body.failed)
		reply->made = SOURCE_FAILED;
}

static void reply_suspend(struct reply *reply)
{
	reply->suspended = true;
	MHD_suspend_connection(reply->connection);
}

void reply_wake(struct reply *reply)
{
	if (reply->made == SOURCE_WAITS)
		reply->made = SOURCE_READY;
	if (!reply->suspended)
		return;
	reply->suspended = false;
	MHD_resume_connection(reply->connection);
}

/* MHD_ContentReaderCallback. */
static ssize_t reply_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct reply *reply = cls;
	size_t n;

	(void)pos;
	reply_make(reply);
	n = body_take(&reply->body, buf, max);
	reply->taken += n;
	if (n)
		return (ssize_t)n;
	switch (reply->made) {
	case SOURCE_END: return MHD_CONTENT_READER_END_OF_STREAM;
	case SOURCE_WAITS: reply_suspend(reply); return 0;
	default: return MHD_CONTENT_READER_END_WITH_ERROR;
	}
}

/* --- what is queued --------------------------------------------------------------------------- */

/* FNV-1a: of what it is may be told apart, not more. */
static uint64_t hash_of(const char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3;
	return hash;
}

/* Has the client this very answer already? Lists of tags count too (RFC 9110 13.1.2). */
static bool client_has(const struct reply *reply, const char *etag)
{
	const char *known = MHD_lookup_connection_value(reply->connection, MHD_HEADER_KIND,
							MHD_HTTP_HEADER_IF_NONE_MATCH);

	return known && strstr(known, etag);
}

static enum MHD_Result queue(struct reply *reply, struct MHD_Response *response,
			     const char *content_type)
{
	enum MHD_Result queued;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	queued = MHD_queue_response(reply->connection, reply->status, response);
	MHD_destroy_response(response);
	reply->queued = true;
	return queued;
}

/* All of it is in the body. */
static enum MHD_Result queue_whole(struct reply *reply, const char *content_type)
{
	size_t len = body_left(&reply->body);
	struct MHD_Response *response;
	char etag[ETAG];

	snprintf(etag, sizeof(etag), "\"%016" PRIx64 "\"",
		 hash_of(reply->body.text + reply->body.pos, len));
	if (reply->status == MHD_HTTP_OK && client_has(reply, etag)) {
		reply->status = MHD_HTTP_NOT_MODIFIED;
		len = 0;
	}
	response = MHD_create_response_from_buffer(len, reply->body.text + reply->body.pos,
						   MHD_RESPMEM_PERSISTENT);
	if (response && reply->status <= MHD_HTTP_NOT_MODIFIED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
	return queue(reply, response, content_type);
}

static enum MHD_Result queue_stream(struct reply *reply)
{
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, reply_read, reply, NULL);

	return queue(reply, response, reply->source->content_type);
}

static enum MHD_Result queue_error(struct reply *reply, const char *error)
{
	body_free(&reply->body);
	document_error(&reply->body, error, "");
	return queue_whole(reply, JSON);
}

/* --- requests --------------------------------------------------------------------------------- */

struct gathering {
	struct api_request *request;
	bool good;
};

/* MHD_KeyValueIteratorN. A NUL in a text would end it for us, not for whoever wrote it. */
static enum MHD_Result gather(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size,
			      const char *value, size_t value_size)
{
	struct gathering *gathering = cls;
	struct api_request *request = gathering->request;

	(void)kind;
	if (request->nb_arguments == API_ARGUMENTS || strlen(key) != key_size ||
	    (value && strlen(value) != value_size)) {
		gathering->good = false;
		return MHD_NO;
	}
	request->argument[request->nb_arguments++] = (struct api_argument){ key, value };
	return MHD_YES;
}

/* Who answers, or why nobody does. */
static void reply_route(struct reply *reply, const struct reply_house *house, const char *url)
{
	struct api_request request = { .path = url };
	struct gathering gathering = { .request = &request, .good = true };

	MHD_get_connection_values_n(reply->connection, MHD_GET_ARGUMENT_KIND, gather, &gathering);
	if (gathering.good) {
		reply->status = house->router(reply, &request);
	} else {
		reply->status = MHD_HTTP_BAD_REQUEST;
		document_error(&reply->body, "too many arguments, or one with a NUL", "");
	}
	reply->refused = reply->status != 0;
	if (!reply->refused)
		reply->status = MHD_HTTP_OK;
}

static bool is_read(const char *method)
{
	return !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD);
}

/* Its head has been read: may it have what follows? */
static enum MHD_Result reply_begin(struct reply *reply, const char *method)
{
	struct MHD_Connection *connection = reply->connection;
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (!is_read(method)) {
		reply->status = MHD_HTTP_METHOD_NOT_ALLOWED;
		return queue_error(reply, "allowed are GET and HEAD");
	}
	if ((length && strcmp(length, "0")) ||
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
		reply->status = MHD_HTTP_CONTENT_TOO_LARGE;
		return queue_error(reply, "a GET has no body");
	}
	return MHD_YES;
}

/* The first piece, or that there is none, decides. */
static enum MHD_Result reply_go_on(struct reply *reply)
{
	reply_make(reply);
	if (reply->made == SOURCE_WAITS && !body_left(&reply->body)) {
		reply_suspend(reply);
		return MHD_YES;
	}
	if (reply->body.failed)
		return MHD_NO;
	if (reply->made == SOURCE_END)
		return queue_whole(reply, reply->source->content_type);
	if (reply->made == SOURCE_FAILED)
		return queue_whole(reply, JSON);
	return queue_stream(reply);
}

enum MHD_Result reply_handle(void *cls, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, const char *upload_data,
			     size_t *upload_size, void **con_cls)
{
	struct reply_house *house = cls;
	struct reply *reply = *con_cls;

	(void)version, (void)upload_data;
	if (!reply) {
		reply = calloc(1, sizeof(*reply));
		if (!reply)
			return MHD_NO;
		reply->desk = house->desk;
		reply->connection = connection;
		reply->house = house;
		reply->since_ms = house->now_ms;
		visitor_asks(connection, true);
		LIST_INSERT_HEAD(&house->replies, reply, link);
		*con_cls = reply;
		return reply_begin(reply, method);
	}
	if (*upload_size) { /* of a request that has been refused already */
		*upload_size = 0;
		return MHD_YES;
	}
	if (reply->queued)
		return MHD_YES;
	if (!reply->source && !reply->refused)
		reply_route(reply, house, url);
	return reply->refused ? queue_whole(reply, JSON) : reply_go_on(reply);
}

void reply_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
		     enum MHD_RequestTerminationCode why)
{
	struct reply *reply = *con_cls;

	(void)cls, (void)why;
	if (!reply)
		return;
	*con_cls = NULL;
	visitor_asks(connection, false);
	LIST_REMOVE(reply, link);
	if (reply->source)
		reply->source->release(reply);
	body_free(&reply->body);
	free(reply);
}

void replies_look(struct reply_house *house, uint64_t slow_ms, uint64_t octets_s)
{
	struct reply *reply;

	LIST_FOREACH (reply, &house->replies, link) {
		uint64_t since_ms = house->now_ms - reply->since_ms;

		if (!reply->suspended && since_ms >= slow_ms &&
		    reply->taken / (since_ms / 1000) < octets_s)
			visitor_show_out(reply->connection);
	}
}

void replies_abandon(struct reply_house *house)
{
	struct reply *reply;

	LIST_FOREACH (reply, &house->replies, link) {
		reply_wake(reply);
		reply->made = SOURCE_FAILED;
	}
}
