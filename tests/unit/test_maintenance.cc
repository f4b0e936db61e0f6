/* What is out of service: what the file says, and every way in which it can be broken. */
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "hung_file.h"
#include "maintenance.h"
#include "state_file_rig.h"

namespace
{

class maintenance_test : public state_file_test
{
      protected:
	maintenance_test() : state_file_test("maintenance")
	{
	}
	void TearDown() override
	{
		maintenance_close(&m);
		state_file_test::TearDown();
	}
	void start()
	{
		maintenance_close(&m);
		ASSERT_EQ(0, maintenance_open(&m, path.c_str()));
	}
	int stored(uint64_t ticket)
	{
		int err;

		while ((err = maintenance_stored(&m, ticket)) == -EINPROGRESS)
			usleep(100);
		return err;
	}
	void set(const char *name, bool drained, bool shut, const std::string &text = "")
	{
		struct maintenance_peer peer = {};

		strcpy(peer.name, name);
		peer.drained = drained;
		peer.shut = shut;
		strcpy(peer.text, text.c_str());
		ASSERT_EQ(0, maintenance_set(&m, &peer));
	}
	/* "drained; nva-a drained; ergw/0 shutdown: text", in the order of these names. */
	std::string says()
	{
		std::string out = m.drained ? "drained" : "";

		for (const char *name : { "nva-a", "nva-b", "ergw/0" }) {
			const struct maintenance_peer *peer = maintenance_find(&m, name);

			if (!peer)
				continue;
			out += std::string(out.empty() ? "" : "; ") + name;
			out += peer->drained ? " drained" : "";
			out += peer->shut ? std::string(" shutdown: ") + peer->text : "";
		}
		return out;
	}
	struct maintenance m = {};
};

TEST_F(maintenance_test, a_first_start_has_all_in_service)
{
	start();
	EXPECT_EQ("", says());
	EXPECT_STREQ("", m.broken);
}

TEST_F(maintenance_test, it_survives)
{
	const std::string longest(MAINTENANCE_TEXT - 1, 'x');

	start();
	m.drained = true;
	set("nva-a", true, false);
	set("nva-b", false, true);
	set("ergw/0", true, true, longest);
	ASSERT_EQ(0, stored(maintenance_store(&m)));
	start();
	EXPECT_EQ("drained; nva-a drained; nva-b shutdown: ; ergw/0 drained shutdown: " + longest,
		  says());
	m.drained = false;
	set("nva-a", false, false);
	set("ergw/0", false, true, "caf\xc3\xa9  at 5  ");
	ASSERT_EQ(0, stored(maintenance_store(&m)));
	start();
	EXPECT_EQ("nva-b shutdown: ; ergw/0 shutdown: caf\xc3\xa9  at 5  ", says());
	set("nva-b", false, false);
	set("ergw/0", false, false);
	ASSERT_EQ(0, stored(maintenance_store(&m)));
	EXPECT_EQ("bascule maintenance 1\n", get());
	start();
	EXPECT_EQ("", says());
}

TEST_F(maintenance_test, as_many_as_there_can_be)
{
	start();
	for (int i = 0; i < CONFIG_PEERS; i++)
		set(("a-peer-with-a-long-name-no-" + std::to_string(i)).c_str(), true, true,
		    std::string(MAINTENANCE_TEXT - 1, 't'));
	ASSERT_EQ(0, stored(maintenance_store(&m)));
	start();
	EXPECT_STREQ("", m.broken);
	EXPECT_EQ((size_t)CONFIG_PEERS, m.nb_peers);
}

const struct {
	const char *text, *says, *broken; /* broken: of what is said about it */
} files[] = {
	{ "", "", "line 1" },
	{ "bascule maintenance 1", "", "line 1" },
	{ "bascule maintenance 2\npeer nva-a drained\n", "nva-a drained", "line 1" },
	{ "bascule maintenance 1\ninstance drained\npeer nva-a dra", "drained", "line 3" },
	{ "bascule maintenance 1\nfoo\npeer nva-b drained\nbar\n", "nva-b drained", "line 2" },
	{ "bascule maintenance 1\npeer  drained\n", "", "line 2" },
	{ "bascule maintenance 1\npeer nva-a\n", "", "line 2" },
	{ "bascule maintenance 1\npeer nva-a shutdowned\n", "", "line 2" },
	{ "bascule maintenance 1\npeer nva-a shutdown \x1b[2J\n", "", "line 2" },
	{ "bascule maintenance 1\npeer nva-a shutdown \xff\n", "", "line 2" },
	{ "bascule maintenance 1\npeer a-name-that-is-longer-than-any-may-be drained\n", "",
	  "line 2" },
	{ "bascule maintenance 1\npeer nva-a drained\npeer nva-a shutdown x\n",
	  "nva-a drained shutdown: x", nullptr },
	{ "exchange on\nconfigured on\n", "", "line 1" },
};

TEST_F(maintenance_test, what_is_good_of_a_broken_file_holds)
{
	char buf[200];

	for (const auto &f : files) {
		put(f.text);
		start();
		EXPECT_EQ(f.says, says()) << f.text;
		const char *trouble = maintenance_trouble(&m, buf, sizeof(buf));

		EXPECT_EQ(f.broken != nullptr, trouble != nullptr) << f.text;
		if (f.broken && trouble) {
			EXPECT_NE(nullptr, strstr(trouble, f.broken)) << trouble;
		}
		/* the next that is stored says what holds */
		ASSERT_EQ(0, stored(maintenance_store(&m)));
		EXPECT_EQ(nullptr, maintenance_trouble(&m, buf, sizeof(buf)));
		start();
		EXPECT_EQ(f.says, says()) << f.text;
		EXPECT_STREQ("", m.broken);
	}
}

TEST_F(maintenance_test, every_truncation_is_noticed_and_harmless)
{
	const std::string whole = "bascule maintenance 1\ninstance drained\npeer nva-a drained\n"
				  "peer nva-a shutdown a text\npeer nva-b shutdown\n";

	for (size_t n = 0; n < whole.size(); n++) {
		put(whole.substr(0, n));
		start();
		EXPECT_EQ(n && whole[n - 1] == '\n', m.broken[0] == '\0') << n;
	}
}

TEST_F(maintenance_test, no_text_and_too_long_a_text)
{
	put(std::string("bascule maintenance 1\n\0", 23));
	start();
	EXPECT_STREQ("Invalid argument", m.broken);
	put(std::string(4 << 20, '\n'));
	start();
	EXPECT_STREQ("File too large", m.broken);
}

TEST_F(maintenance_test, a_disk_that_hangs_is_not_waited_for_for_good)
{
	hang(path);
	start();
	EXPECT_STREQ("Connection timed out", m.broken);
	unhang_reader(path);
}

TEST_F(maintenance_test, what_cannot_be_written_is_told_and_tried_again)
{
	char buf[200];
	uint64_t ticket;

	start();
	ASSERT_EQ(0, mkdir((path + ".new").c_str(), 0700));
	m.drained = true;
	ticket = maintenance_store(&m);
	EXPECT_EQ(-EISDIR, stored(ticket));
	ASSERT_NE(nullptr, maintenance_trouble(&m, buf, sizeof(buf)));
	EXPECT_NE(nullptr, strstr(buf, "cannot be written")) << buf;
	rmdir((path + ".new").c_str());
	while (maintenance_stored(&m, ticket))
		usleep(1000);
	EXPECT_EQ("bascule maintenance 1\ninstance drained\n", get());
	EXPECT_EQ(nullptr, maintenance_trouble(&m, buf, sizeof(buf)));
}

TEST_F(maintenance_test, a_disk_that_is_slow_is_told)
{
	const std::string fresh = path + ".new";
	char buf[200];
	uint64_t ticket;

	start();
	hang(fresh);
	m.drained = true;
	ticket = maintenance_store(&m);
	m.now_ms += MAINTENANCE_SLOW_MS - 1;
	EXPECT_EQ(nullptr, maintenance_trouble(&m, buf, sizeof(buf)));
	m.now_ms++;
	EXPECT_STREQ("has not been written within 3 s", maintenance_trouble(&m, buf, sizeof(buf)));
	unhang_writer(fresh, [&] { return maintenance_stored(&m, ticket) != -EINPROGRESS; });
	while (maintenance_stored(&m, ticket))
		usleep(1000);
	EXPECT_EQ(nullptr, maintenance_trouble(&m, buf, sizeof(buf)));
}

TEST_F(maintenance_test, texts_of_a_shutdown)
{
	EXPECT_TRUE(maintenance_text_valid(""));
	EXPECT_TRUE(maintenance_text_valid(std::string(255, 'x').c_str()));
	EXPECT_FALSE(maintenance_text_valid(std::string(256, 'x').c_str()));
	EXPECT_FALSE(maintenance_text_valid("two\nlines"));
	EXPECT_FALSE(maintenance_text_valid("\xc3"));
}

} // namespace
