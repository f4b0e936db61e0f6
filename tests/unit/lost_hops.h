/* Routes by several next hops, for tests that lose some of these. */
#ifndef BASCULE_TEST_LOST_HOPS_H
#define BASCULE_TEST_LOST_HOPS_H

#include <string>
#include <vector>

#include "forward_rig.h"

/* Routes by several next hops, some of which are lost. Control does nothing once a test has begun
 * to lose them. */
struct lost_hops {
	static constexpr uint32_t NET = 0x14000000; /* 20.0.0.0/8 */
	uint32_t list = PATH_LIST_NONE, routes = 0;

	static uint32_t plain(std::vector<int> gateways)
	{
		std::vector<uint16_t> members;
		uint32_t made = PATH_LIST_NONE;

		for (int p : gateways)
			members.push_back(the->gateway[p]);
		EXPECT_EQ(0, fib_path_list_get(the->writer, members.data(),
					       (uint16_t)members.size(), PATH_LIST_NONE, &made));
		return made;
	}
	/* `n` prefixes of 24 bits by these gateways; `backup` may be empty. */
	lost_hops(std::vector<int> gateways, std::vector<int> backup, uint32_t n = 1)
	{
		list = plain(gateways);
		if (!backup.empty()) {
			uint32_t first = list, second = plain(backup);

			EXPECT_EQ(0, fib_path_list_protect(the->writer, first, second, &list));
			fib_path_list_put(the->writer, first);
			fib_path_list_put(the->writer, second);
		}
		for (; routes < n; routes++)
			EXPECT_EQ(0,
				  fib_set(the->writer, 0, fib_ip4(NET + (routes << 8), 24), list));
	}
	~lost_hops()
	{
		while (routes)
			EXPECT_EQ(0, fib_del(the->writer, 0, fib_ip4(NET + (--routes << 8), 24)));
		fib_path_list_put(the->writer, list);
		fib_reclaim(the->writer);
	}
	/* Where a packet of this flow to this prefix goes, "tx1" or why not. */
	static std::string end_of(uint16_t flow, uint32_t prefix = 0)
	{
		frame_fields f = to(NET + (prefix << 8) + 1);
		struct rte_mbuf *m;
		std::string end;

		memset(&the->counters, 0, sizeof(the->counters));
		f.sport = flow;
		m = forward::frame(0, f);
		forward::send(0, &m, 1);
		end = forward::ends();
		forward::drain();
		return end;
	}
	static std::vector<std::string> ends_of_flows()
	{
		std::vector<std::string> all;

		for (uint16_t flow = 0; flow < 256; flow++)
			all.push_back(end_of(flow));
		return all;
	}
};

#endif
