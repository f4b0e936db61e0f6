/* RFC 4271 8.2.2, a table a state. Where we leave the letter of the RFC, the reason stands beside
 * the row. */
#include "fsm.h"

#include <assert.h>

#include "notification.h"

/* Rows. Every way back to Idle drops the connection; most count as a failure, which the next try
 * has to wait for. */
#define STAY(state) \
	{ \
		SESSION_##state, 0, 0, 0 \
	}
#define GO(state, actions) \
	{ \
		SESSION_##state, 0, 0, (actions) \
	}
#define QUIT \
	{ \
		SESSION_IDLE, 0, 0, FSM_DO_DROP \
	}
#define FAIL \
	{ \
		SESSION_IDLE, 0, 0, FSM_DO_DROP | FSM_DO_DAMP \
	}
#define NOTIFY \
	{ \
		SESSION_IDLE, 0, 0, FSM_DO_NOTIFY | FSM_DO_DROP | FSM_DO_DAMP \
	}
#define NOTIFY_AND_QUIT \
	{ \
		SESSION_IDLE, 0, 0, FSM_DO_NOTIFY | FSM_DO_DROP \
	}
#define NOTIFY_WITH(code, subcode) \
	{ \
		SESSION_IDLE, (code), (subcode), FSM_DO_NOTIFY | FSM_DO_DROP | FSM_DO_DAMP \
	}

#define COLLIDE \
	{ \
		SESSION_IDLE, NOTIFY_CEASE, NOTIFY_CEASE_COLLISION, FSM_DO_NOTIFY | FSM_DO_DROP \
	}

static const struct fsm_rule idle[FSM_EVENTS] = {
	[FSM_START] = GO(CONNECT, FSM_DO_CONNECT | FSM_DO_RETRY),
	[FSM_START_PASSIVE] = GO(ACTIVE, 0),
	/* All else: "remain in the Idle state"; STAY(IDLE) is all zeros. */
};

static const struct fsm_rule connect[FSM_EVENTS] = {
	[FSM_START] = STAY(CONNECT),
	[FSM_START_PASSIVE] = STAY(CONNECT),
	[FSM_STOP] = QUIT,
	[FSM_RETRY_EXPIRED] = GO(CONNECT, FSM_DO_DROP | FSM_DO_CONNECT | FSM_DO_RETRY),
	[FSM_HOLD_EXPIRED] = FAIL,
	[FSM_KEEPALIVE_DUE] = FAIL,
	[FSM_TCP_UP] = GO(OPENSENT, FSM_DO_OPEN | FSM_DO_HOLD),
	[FSM_TCP_FAILED] = FAIL,
	[FSM_OPEN] = FAIL,
	[FSM_HEADER_ERROR] = FAIL,
	[FSM_OPEN_ERROR] = FAIL,
	/* the RFC lists it as a failure; but the other connection won, nothing failed */
	[FSM_COLLISION] = QUIT,
	[FSM_NOTIFY_VERSION] = FAIL,
	[FSM_NOTIFY] = FAIL,
	[FSM_KEEPALIVE] = FAIL,
	[FSM_UPDATE] = FAIL,
	[FSM_UPDATE_ERROR] = FAIL,
	[FSM_SEND_EXPIRED] = FAIL,
	[FSM_REFRESH] = FAIL,
};

static const struct fsm_rule active[FSM_EVENTS] = {
	[FSM_START] = STAY(ACTIVE),
	[FSM_START_PASSIVE] = STAY(ACTIVE),
	[FSM_STOP] = QUIT,
	[FSM_RETRY_EXPIRED] = GO(CONNECT, FSM_DO_CONNECT | FSM_DO_RETRY),
	[FSM_HOLD_EXPIRED] = FAIL,
	[FSM_KEEPALIVE_DUE] = FAIL,
	[FSM_TCP_UP] = GO(OPENSENT, FSM_DO_OPEN | FSM_DO_HOLD),
	[FSM_TCP_FAILED] = FAIL,
	[FSM_OPEN] = FAIL,
	[FSM_HEADER_ERROR] = FAIL,
	[FSM_OPEN_ERROR] = FAIL,
	[FSM_COLLISION] = QUIT,
	[FSM_NOTIFY_VERSION] = FAIL,
	[FSM_NOTIFY] = FAIL,
	[FSM_KEEPALIVE] = FAIL,
	[FSM_UPDATE] = FAIL,
	[FSM_UPDATE_ERROR] = FAIL,
	[FSM_SEND_EXPIRED] = FAIL,
	[FSM_REFRESH] = FAIL,
};

static const struct fsm_rule open_sent[FSM_EVENTS] = {
	[FSM_START] = STAY(OPENSENT),
	[FSM_START_PASSIVE] = STAY(OPENSENT),
	[FSM_STOP] = NOTIFY_AND_QUIT,
	[FSM_RETRY_EXPIRED] = NOTIFY_WITH(NOTIFY_FSM, 0),
	[FSM_HOLD_EXPIRED] = NOTIFY_WITH(NOTIFY_HOLD, 0),
	[FSM_KEEPALIVE_DUE] = NOTIFY_WITH(NOTIFY_FSM, 0),
	[FSM_TCP_UP] = STAY(OPENSENT),
	[FSM_TCP_FAILED] = GO(ACTIVE, FSM_DO_DROP | FSM_DO_RETRY),
	[FSM_OPEN] = GO(OPENCONFIRM, FSM_DO_KEEPALIVE | FSM_DO_HOLD),
	[FSM_HEADER_ERROR] = NOTIFY,
	[FSM_OPEN_ERROR] = NOTIFY,
	[FSM_COLLISION] = COLLIDE,
	/* 8.2.2 counts it as no failure, for a next try with a lower version: there is none, so it
	 * may not come at once */
	[FSM_NOTIFY_VERSION] = FAIL,
	/* 8.2.2 says to answer it; 6.4 that a NOTIFICATION is never answered with one */
	[FSM_NOTIFY] = FAIL,
	[FSM_KEEPALIVE] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_OPENSENT),
	[FSM_UPDATE] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_OPENSENT),
	[FSM_UPDATE_ERROR] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_OPENSENT),
	[FSM_SEND_EXPIRED] = NOTIFY_WITH(NOTIFY_FSM, 0),
	[FSM_REFRESH] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_OPENSENT),
};

static const struct fsm_rule open_confirm[FSM_EVENTS] = {
	[FSM_START] = STAY(OPENCONFIRM),
	[FSM_START_PASSIVE] = STAY(OPENCONFIRM),
	[FSM_STOP] = NOTIFY_AND_QUIT,
	[FSM_RETRY_EXPIRED] = NOTIFY_WITH(NOTIFY_FSM, 0),
	[FSM_HOLD_EXPIRED] = NOTIFY_WITH(NOTIFY_HOLD, 0),
	[FSM_KEEPALIVE_DUE] = GO(OPENCONFIRM, FSM_DO_KEEPALIVE),
	[FSM_TCP_UP] = STAY(OPENCONFIRM),
	[FSM_TCP_FAILED] = FAIL,
	/* 8.2.2 means the OPEN of a second connection. Ours has a machine of its own: a second OPEN
	 * on one is an error. */
	[FSM_OPEN] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_OPENCONFIRM),
	[FSM_HEADER_ERROR] = NOTIFY,
	[FSM_OPEN_ERROR] = NOTIFY,
	[FSM_COLLISION] = COLLIDE,
	[FSM_NOTIFY_VERSION] = FAIL,
	[FSM_NOTIFY] = FAIL,
	[FSM_KEEPALIVE] = GO(ESTABLISHED, FSM_DO_HOLD),
	[FSM_UPDATE] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_OPENCONFIRM),
	[FSM_UPDATE_ERROR] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_OPENCONFIRM),
	[FSM_SEND_EXPIRED] = NOTIFY_WITH(NOTIFY_FSM, 0),
	[FSM_REFRESH] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_OPENCONFIRM),
};

static const struct fsm_rule established[FSM_EVENTS] = {
	[FSM_START] = STAY(ESTABLISHED),
	[FSM_START_PASSIVE] = STAY(ESTABLISHED),
	[FSM_STOP] = NOTIFY_AND_QUIT,
	[FSM_RETRY_EXPIRED] = NOTIFY_WITH(NOTIFY_FSM, 0),
	[FSM_HOLD_EXPIRED] = NOTIFY_WITH(NOTIFY_HOLD, 0),
	[FSM_KEEPALIVE_DUE] = GO(ESTABLISHED, FSM_DO_KEEPALIVE),
	[FSM_TCP_UP] = QUIT, /* no NOTIFICATION, routes are kept: RFC 4724 5 */
	[FSM_TCP_FAILED] = FAIL,
	[FSM_OPEN] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_ESTABLISHED),
	[FSM_HEADER_ERROR] = NOTIFY,
	[FSM_OPEN_ERROR] = NOTIFY_WITH(NOTIFY_FSM, NOTIFY_FSM_ESTABLISHED),
	[FSM_COLLISION] = COLLIDE,
	[FSM_NOTIFY_VERSION] = FAIL,
	[FSM_NOTIFY] = FAIL,
	[FSM_KEEPALIVE] = GO(ESTABLISHED, FSM_DO_HOLD),
	[FSM_UPDATE] = GO(ESTABLISHED, FSM_DO_HOLD),
	[FSM_UPDATE_ERROR] = NOTIFY,
	[FSM_SEND_EXPIRED] = NOTIFY_WITH(NOTIFY_SEND_HOLD, 0),
	[FSM_REFRESH] = GO(ESTABLISHED, FSM_DO_HOLD), /* it is a sign of life like the others */
};

static const struct fsm_rule *const states[] = {
	[SESSION_IDLE] = idle,
	[SESSION_CONNECT] = connect,
	[SESSION_ACTIVE] = active,
	[SESSION_OPENSENT] = open_sent,
	[SESSION_OPENCONFIRM] = open_confirm,
	[SESSION_ESTABLISHED] = established,
};

const struct fsm_rule *fsm_step(enum session_state state, enum fsm_event event)
{
	assert(state <= SESSION_ESTABLISHED && event < FSM_EVENTS);
	return &states[state][event];
}

const char *fsm_event_name(enum fsm_event event)
{
	static const char *const names[FSM_EVENTS] = {
		[FSM_START] = "Start",
		[FSM_START_PASSIVE] = "Start_with_Passive",
		[FSM_STOP] = "Stop",
		[FSM_RETRY_EXPIRED] = "ConnectRetryTimer_Expires",
		[FSM_HOLD_EXPIRED] = "HoldTimer_Expires",
		[FSM_KEEPALIVE_DUE] = "KeepaliveTimer_Expires",
		[FSM_TCP_UP] = "TcpConnectionConfirmed",
		[FSM_TCP_FAILED] = "TcpConnectionFails",
		[FSM_OPEN] = "BGPOpen",
		[FSM_HEADER_ERROR] = "BGPHeaderErr",
		[FSM_OPEN_ERROR] = "BGPOpenMsgErr",
		[FSM_COLLISION] = "OpenCollisionDump",
		[FSM_NOTIFY_VERSION] = "NotifMsgVerErr",
		[FSM_NOTIFY] = "NotifMsg",
		[FSM_KEEPALIVE] = "KeepAliveMsg",
		[FSM_UPDATE] = "UpdateMsg",
		[FSM_UPDATE_ERROR] = "UpdateMsgErr",
		[FSM_SEND_EXPIRED] = "SendHoldTimer_Expires",
		[FSM_REFRESH] = "RouteRefreshMsg",
	};

	return names[event];
}

const char *session_state_name(enum session_state state)
{
	static const char *const names[] = {
		[SESSION_IDLE] = "Idle",
		[SESSION_CONNECT] = "Connect",
		[SESSION_ACTIVE] = "Active",
		[SESSION_OPENSENT] = "OpenSent",
		[SESSION_OPENCONFIRM] = "OpenConfirm",
		[SESSION_ESTABLISHED] = "Established",
	};

	return names[state];
}
