/* Packet sockets on the loopback interface, as net_af_packet makes them. */
#include <gtest/gtest.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "af_packet.h"

namespace
{

enum {
	GROUP = 0x1234,
	FLAGS = PACKET_FANOUT_FLAG_DEFRAG | PACKET_FANOUT_FLAG_ROLLOVER,
	HASH = PACKET_FANOUT_HASH
};

struct af_packet : testing::Test {
	int lo = (int)if_nametoindex("lo");
	int fds[3] = { -1, -1, -1 };

	void SetUp() override
	{
		struct sockaddr_ll addr = {};

		addr.sll_family = AF_PACKET;
		addr.sll_protocol = htons(ETH_P_ALL);
		addr.sll_ifindex = lo;
		for (int &fd : fds) {
			fd = socket(AF_PACKET, SOCK_RAW, 0);
			if (fd < 0)
				GTEST_SKIP() << "needs CAP_NET_RAW";
			ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
		}
	}
	void TearDown() override
	{
		for (int fd : fds)
			close(fd);
	}
	/* As the driver asks. */
	static int join(int fd)
	{
		int argument = GROUP | (HASH | FLAGS) << 16;

		return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument, sizeof(argument));
	}
	/* Identifier, type and flags of its group; 0: it is in none. */
	static int group(int fd)
	{
		int value = -1;
		socklen_t len = sizeof(value);

		return getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, &len) ? -1 : value;
	}
};

TEST_F(af_packet, one_joins_no_group_and_several_leave_fragments_alone)
{
	ASSERT_EQ(0, join(fds[0]));
	EXPECT_EQ(0, group(fds[0]));
	EXPECT_EQ(1u, af_packet_sockets(lo));
	EXPECT_EQ(0, af_packet_rebind(lo, lo));
	for (int n = 2; n <= 3; n++) {
		ASSERT_EQ(0, join(fds[n - 1]));
		for (int i = 0; i < n; i++) {
			EXPECT_EQ(GROUP, group(fds[i]) & 0xffff) << i << " of " << n;
			EXPECT_EQ(HASH, group(fds[i]) >> 16) << i << " of " << n;
		}
	}
	EXPECT_EQ(3u, af_packet_sockets(lo));
	for (uint16_t queue = 0; queue < 3; queue++)
		EXPECT_EQ(fds[queue], af_packet_socket(lo, queue));
	EXPECT_EQ(-ENOENT, af_packet_socket(lo, 3));
	EXPECT_EQ(-ENOENT, af_packet_socket(lo + 1, 0));
	EXPECT_EQ(-ENOTSUP, af_packet_rebind(lo, lo)) << "the kernel moves no group";
	EXPECT_EQ(0, af_packet_rebind(lo + 1, lo)) << "nothing is bound there";
}

/* All else is libc's. */
TEST_F(af_packet, other_options_go_through)
{
	int value = 1, size = 0;
	socklen_t len = sizeof(size);

	EXPECT_EQ(0, setsockopt(fds[0], SOL_PACKET, PACKET_LOSS, &value, sizeof(value)));
	EXPECT_EQ(-1, setsockopt(fds[0], SOL_PACKET, -1, &value, sizeof(value)));
	EXPECT_EQ(ENOPROTOOPT, errno);
	value = 65536;
	EXPECT_EQ(0, setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &value, sizeof(value)));
	EXPECT_EQ(0, getsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &size, &len));
	EXPECT_EQ(2 * 65536, size);
}

} // namespace
