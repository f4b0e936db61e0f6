/* Slots of net_af_packet: what its arguments leave room for, and what is added to them. */
#include <gtest/gtest.h>

#include <cstdlib>

#include "config.h"

namespace
{

struct device_case {
	const char *device;
	uint16_t mtu;
	uint32_t slot, most;
	const char *string; /* nullptr: as it was */
};

const device_case cases[] = {
	{ "net_af_packet0,iface=a", 1500, 2048, 1964, "net_af_packet0,iface=a,framecnt=2048" },
	{ "net_af_packet0,iface=a", 576, 2048, 1964, "net_af_packet0,iface=a,framecnt=2048" },
	{ "net_af_packet0,iface=a", 1964, 2048, 1964, "net_af_packet0,iface=a,framecnt=2048" },
	{ "net_af_packet0,iface=a,framecnt=64", 1500, 2048, 1964, nullptr },
	{ "net_af_packet0,iface=a,framecnt=64", 9000, 9216, 9132,
	  "net_af_packet0,iface=a,framecnt=64,framesz=9216,blocksz=36864" },
	{ "net_af_packet0,iface=a", 1965, 3072, 2988,
	  "net_af_packet0,iface=a,framesz=3072,blocksz=12288,framecnt=2048" },
	{ "eth_af_packet0,iface=a,qpairs=2", 9000, 9216, 9132,
	  "eth_af_packet0,iface=a,qpairs=2,framesz=9216,blocksz=36864,framecnt=2048" },
	{ "net_af_packet0,iface=a", 9600, 10240, 10156,
	  "net_af_packet0,iface=a,framesz=10240,blocksz=40960,framecnt=2048" },
	{ "net_af_packet0,iface=a,framesz=4096", 9000, 4096, 4012, nullptr },
	{ "net_af_packet0,framesz=1024,iface=a", 1500, 1024, 940, nullptr },
	{ "net_af_packet0,iface=a,blocksz=8192", 9000, 2048, 1964, nullptr },
	{ "net_af_packet0,iface=a,framesz=", 1500, 0, 0, nullptr },
	{ "net_af_packet0,iface=a,framesz=80", 1500, 80, 0, nullptr },
	{ "net_tap0,iface=a", 9000, 0, UINT16_MAX, nullptr },
	{ "0000:3b:00.0", 9000, 0, UINT16_MAX, nullptr },
};

/* The driver counts on slots that lie one behind the other over all blocks, the kernel on blocks of
 * pages. */
TEST(device, slots)
{
	for (const device_case &t : cases) {
		std::string where = std::string(t.device) + " mtu " + std::to_string(t.mtu);

		EXPECT_EQ(t.slot, config_device_slot(t.device, t.mtu)) << where;
		EXPECT_EQ(t.most, config_device_most(t.device, t.mtu)) << where;

		char *string = config_device_string(t.device, t.mtu);

		EXPECT_STREQ(t.string ? t.string : t.device, string) << where;
		free(string);
		if (t.string) {
			EXPECT_EQ(0u, 4 * t.slot % 4096) << where;
			EXPECT_LE(t.mtu, t.most) << where;
		}
	}
}

} // namespace
