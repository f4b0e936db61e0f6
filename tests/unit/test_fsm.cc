// Every state and event of RFC 4271 8.2.2, RFC 6608, RFC 9687 and RFC 4724 5: what the table must
// say.
#include <gtest/gtest.h>

#include <string>

#include "fsm.h"

namespace
{

// Actions in the order of enum fsm_action's bits.
std::string actions_text(uint16_t actions)
{
	static const char *const names[] = { "notify", "drop", "damp",	    "connect",
					     "retry",  "open", "keepalive", "hold" };
	std::string text;

	for (size_t i = 0; i < 16; i++) {
		if (actions >> i & 1)
			text += (text.empty() ? "" : " ") + std::string(names[i]);
	}
	return text;
}

// "State: actions" or "State: actions code/subcode".
std::string rule_text(const struct fsm_rule *rule)
{
	std::string text = session_state_name((enum session_state)rule->next);
	std::string actions = actions_text(rule->actions);

	if (!actions.empty())
		text += ": " + actions;
	if (rule->code)
		text += " " + std::to_string(rule->code) + "/" + std::to_string(rule->subcode);
	return text;
}

struct fsm_case {
	enum fsm_event event;
	const char *idle, *connect, *active, *open_sent, *open_confirm, *established;
};

const char *const fail = "Idle: drop damp";
const char *const quit = "Idle: drop";
const char *const told = "Idle: notify drop damp"; // with the NOTIFICATION of the event
const char *const stopped = "Idle: notify drop";
const char *const collided = "Idle: notify drop 6/7";
const char *const held = "Idle: notify drop damp 4/0";
const char *const fsm0 = "Idle: notify drop damp 5/0";
const char *const fsm1 = "Idle: notify drop damp 5/1";
const char *const fsm2 = "Idle: notify drop damp 5/2";
const char *const fsm3 = "Idle: notify drop damp 5/3";

const fsm_case cases[] = {
	{ FSM_START, "Connect: connect retry", "Connect", "Active", "OpenSent", "OpenConfirm",
	  "Established" },
	{ FSM_START_PASSIVE, "Active", "Connect", "Active", "OpenSent", "OpenConfirm",
	  "Established" },
	{ FSM_STOP, "Idle", quit, quit, stopped, stopped, stopped },
	{ FSM_RETRY_EXPIRED, "Idle", "Connect: drop connect retry", "Connect: connect retry", fsm0,
	  fsm0, fsm0 },
	{ FSM_HOLD_EXPIRED, "Idle", fail, fail, held, held, held },
	{ FSM_KEEPALIVE_DUE, "Idle", fail, fail, fsm0, "OpenConfirm: keepalive",
	  "Established: keepalive" },
	{ FSM_TCP_UP, "Idle", "OpenSent: open hold", "OpenSent: open hold", "OpenSent",
	  "OpenConfirm", quit },
	{ FSM_TCP_FAILED, "Idle", fail, fail, "Active: drop retry", fail, fail },
	{ FSM_OPEN, "Idle", fail, fail, "OpenConfirm: keepalive hold", fsm2, fsm3 },
	{ FSM_HEADER_ERROR, "Idle", fail, fail, told, told, told },
	{ FSM_OPEN_ERROR, "Idle", fail, fail, told, told, fsm3 },
	{ FSM_COLLISION, "Idle", quit, quit, collided, collided, collided },
	{ FSM_NOTIFY_VERSION, "Idle", fail, fail, fail, fail, fail },
	{ FSM_NOTIFY, "Idle", fail, fail, fail, fail, fail },
	{ FSM_KEEPALIVE, "Idle", fail, fail, fsm1, "Established: hold", "Established: hold" },
	{ FSM_UPDATE, "Idle", fail, fail, fsm1, fsm2, "Established: hold" },
	{ FSM_UPDATE_ERROR, "Idle", fail, fail, fsm1, fsm2, told },
	{ FSM_SEND_EXPIRED, "Idle", fail, fail, fsm0, fsm0, "Idle: notify drop damp 8/0" },
	{ FSM_REFRESH, "Idle", fail, fail, fsm1, fsm2, "Established: hold" },
};

TEST(fsm, every_state_and_event)
{
	ASSERT_EQ(size_t(FSM_EVENTS), sizeof(cases) / sizeof(cases[0]));
	for (const fsm_case &c : cases) {
		const char *name = fsm_event_name(c.event);

		EXPECT_EQ(c.idle, rule_text(fsm_step(SESSION_IDLE, c.event))) << name;
		EXPECT_EQ(c.connect, rule_text(fsm_step(SESSION_CONNECT, c.event))) << name;
		EXPECT_EQ(c.active, rule_text(fsm_step(SESSION_ACTIVE, c.event))) << name;
		EXPECT_EQ(c.open_sent, rule_text(fsm_step(SESSION_OPENSENT, c.event))) << name;
		EXPECT_EQ(c.open_confirm, rule_text(fsm_step(SESSION_OPENCONFIRM, c.event)))
			<< name;
		EXPECT_EQ(c.established, rule_text(fsm_step(SESSION_ESTABLISHED, c.event))) << name;
	}
}

// Whatever happens, a connection that is given up is also let go, and one that goes on is not.
TEST(fsm, idle_holds_no_connection)
{
	for (int state = SESSION_CONNECT; state <= SESSION_ESTABLISHED; state++) {
		for (int event = 0; event < FSM_EVENTS; event++) {
			const struct fsm_rule *rule =
				fsm_step((enum session_state)state, (enum fsm_event)event);

			bool drops = rule->actions & FSM_DO_DROP;
			bool tells = rule->actions & FSM_DO_NOTIFY;

			EXPECT_TRUE(rule->next != SESSION_IDLE || drops) << state << " " << event;
			EXPECT_TRUE(rule->next == SESSION_IDLE || !tells) << state << " " << event;
			EXPECT_TRUE(rule->next != SESSION_ESTABLISHED || !drops)
				<< state << " " << event;
		}
	}
}

// A NOTIFICATION is never answered with one (RFC 4271 6.4).
TEST(fsm, notification_is_not_answered)
{
	for (int state = SESSION_IDLE; state <= SESSION_ESTABLISHED; state++) {
		EXPECT_FALSE(fsm_step((enum session_state)state, FSM_NOTIFY)->actions &
			     FSM_DO_NOTIFY);
		EXPECT_FALSE(fsm_step((enum session_state)state, FSM_NOTIFY_VERSION)->actions &
			     FSM_DO_NOTIFY);
	}
}

} // namespace
