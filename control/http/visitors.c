/* See visitors.h. */
#include "visitors.h"

#include <stdlib.h>
#include <sys/socket.h>

struct visitor {
	struct visitors *visitors; /* borrowed */
	struct MHD_Connection *connection;
	bool asks;
	uint64_t since_ms; /* it came, or its last request ended */
	LIST_ENTRY(visitor) link;
};

/* Without memory a connection has no visitor, and libmicrohttpd's limits alone bound it. */
void visitors_notify(void *cls, struct MHD_Connection *connection, void **context,
		     enum MHD_ConnectionNotificationCode code)
{
	struct visitors *visitors = cls;
	struct visitor *visitor = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		visitor = calloc(1, sizeof(*visitor));
		if (!visitor)
			return;
		visitor->visitors = visitors;
		visitor->connection = connection;
		visitor->since_ms = visitors->now_ms;
		LIST_INSERT_HEAD(&visitors->list, visitor, link);
		*context = visitor;
	} else if (visitor) {
		LIST_REMOVE(visitor, link);
		free(visitor);
		*context = NULL;
	}
}

void visitor_asks(struct MHD_Connection *connection, bool asks)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct visitor *visitor = info ? info->socket_context : NULL;

	if (!visitor)
		return;
	visitor->asks = asks;
	visitor->since_ms = visitor->visitors->now_ms;
}

/* What it has not taken is not kept for it any longer either: the close is a reset. */
void visitor_show_out(struct MHD_Connection *connection)
{
	const struct linger none = { .l_onoff = 1 };
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (!info)
		return;
	setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	shutdown(info->connect_fd, SHUT_RDWR);
}

void visitors_look(struct visitors *visitors, uint64_t now_ms)
{
	struct visitor *visitor;

	LIST_FOREACH (visitor, &visitors->list, link)
		if (!visitor->asks && now_ms - visitor->since_ms >= VISITOR_IDLE_MS)
			visitor_show_out(visitor->connection);
}
