/* NOTIFICATION texts and shutdown communications (RFC 9003). */
#include <gtest/gtest.h>

#include "notification.h"
#include "wire.h"

namespace
{

struct text_case {
	const char *name;
	uint8_t code, subcode;
	bytes data;
	const char *why, *text;
};

bytes said(const std::string &text)
{
	return bytes{ (uint8_t)text.size() } + bytes(text.begin(), text.end());
}

const text_case text_cases[] = {
	{ "plain", 2, 2, {}, nullptr, "OPEN message error/bad peer AS (2/2)" },
	{ "with the reason",
	  2,
	  6,
	  {},
	  "hold time below 3 s",
	  "OPEN message error/unacceptable hold time (2/6): hold time below 3 s" },
	{ "no subcode", 2, 0, {}, nullptr, "OPEN message error/unspecific (2/0)" },
	{ "hold timer", 4, 0, {}, nullptr, "hold timer expired (4/0)" },
	{ "send hold timer, RFC 9687", 8, 0, {}, nullptr, "send hold timer expired (8/0)" },
	{ "state machine, RFC 6608",
	  5,
	  3,
	  {},
	  nullptr,
	  "finite state machine error/unexpected message in Established (5/3)" },
	{ "unknown subcode", 6, 200, {}, nullptr, "cease/unknown (6/200)" },
	{ "unknown code", 99, 1, {}, nullptr, "unknown/unknown (99/1)" },
	{ "shutdown with words", 6, 2, said("maintenance"), nullptr,
	  "cease/administrative shutdown (6/2): maintenance" },
	{ "reset with words", 6, 4, said("caf\xc3\xa9"), nullptr,
	  "cease/administrative reset (6/4): caf\xc3\xa9" },
	{ "words where none belong", 6, 5, said("maintenance"), nullptr,
	  "cease/connection rejected (6/5)" },
	{ "length of words beyond the data", 6, 2, hex("09 6161"), nullptr,
	  "cease/administrative shutdown (6/2)" },
	{ "no words", 6, 2, { 0 }, nullptr, "cease/administrative shutdown (6/2)" },
	{ "control characters", 6, 2, said("a\x1b[2J\r\nb\x7f"), nullptr,
	  "cease/administrative shutdown (6/2): a?[2J??b?" },
	{ "C1 control characters", 6, 2,
	  said("a\xc2\x9b"
	       "b"),
	  nullptr, "cease/administrative shutdown (6/2): a??b" },
	{ "not UTF-8", 6, 2, said("a\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80z\xe2\x82"), nullptr,
	  "cease/administrative shutdown (6/2): a??????????z??" },
	{ "four octets a character", 6, 2, said("\xf0\x9f\x8c\x89"), nullptr,
	  "cease/administrative shutdown (6/2): \xf0\x9f\x8c\x89" },
};

} // namespace

TEST(notification, texts)
{
	for (const text_case &t : text_cases) {
		struct bgp_notify n;
		char buf[400];

		notify_set(&n, t.code, t.subcode, t.data.data(), t.data.size(), t.why);
		EXPECT_STREQ(t.text, notify_text(&n, buf, sizeof(buf))) << t.name;
	}
}

TEST(notification, text_fits_any_buffer)
{
	for (const text_case &t : text_cases) {
		struct bgp_notify n;

		notify_set(&n, t.code, t.subcode, t.data.data(), t.data.size(), t.why);
		for (size_t size = 1; size < strlen(t.text) + 3; size++) {
			std::vector<char> exact(size, 'x');

			notify_text(&n, exact.data(), size);
			EXPECT_LT(strnlen(exact.data(), size), size) << t.name << size;
		}
	}
}

TEST(notification, shutdown_communication)
{
	const struct {
		const char *name;
		uint8_t subcode;
		std::string text;
		bytes data;
	} rows[] = {
		{ "none", 2, "", {} },
		{ "shutdown", 2, "bye", hex("03 627965") },
		{ "reset", 4, "bye", hex("03 627965") },
		{ "only 2 and 4 carry one", 3, "bye", {} },
		{ "255 octets", 2, std::string(255, 'a'), bytes{ 255 } + bytes(255, 'a') },
		{ "256 octets: cut", 2, std::string(256, 'a'), bytes{ 255 } + bytes(255, 'a') },
		{ "cut between characters", 2, std::string(254, 'a') + "\xc3\xa9",
		  bytes{ 254 } + bytes(254, 'a') },
		{ "a line break", 2, "a\nb", hex("03 613f62") },
	};

	for (const auto &t : rows) {
		struct bgp_notify n;

		notify_cease(&n, t.subcode, t.text.c_str());
		EXPECT_EQ(NOTIFY_CEASE, n.code);
		EXPECT_EQ(t.subcode, n.subcode);
		EXPECT_EQ(t.data, bytes(n.data, n.data + n.len)) << t.name;
	}
}

TEST(notification, data_is_cut_to_what_fits)
{
	struct bgp_notify n;

	notify_set(&n, 3, 5, bytes(5000, 1).data(), 5000, nullptr);
	EXPECT_EQ(BGP_NOTIFY_DATA, n.len);
}

TEST(notification, max_prefixes_tells_the_bound)
{
	for (uint8_t afi : { 1, 2 }) {
		struct bgp_notify notify;
		const uint8_t data[] = { 0, afi, 1, 0, 0, 0x0f, 0xa0 };

		notify_max_prefixes(&notify, afi, 4000);
		EXPECT_EQ(6, notify.code);
		EXPECT_EQ(1, notify.subcode);
		ASSERT_EQ(sizeof(data), notify.len);
		EXPECT_EQ(0, memcmp(data, notify.data, sizeof(data)));
	}
}
