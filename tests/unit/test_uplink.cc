/* What may never be taken away: the interfaces that the host is reached by. */
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "machine.h"
#include "uplink.h"

namespace
{

const char no_default[] = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n"
			  "eth1\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\n"
			  "eth2\t0001000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n"
			  "eth3\t00FEA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n";

const char sockets[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
	"   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n";

/* "eth0: it carries the default route", a line an interface */
std::string found(const machine &m)
{
	struct uplink uplinks[UPLINKS];
	size_t n = uplinks_find(&m.host, uplinks);
	std::string all;

	for (size_t i = 0; i < n; i++)
		all += std::string(uplinks[i].interface) + ": " + uplinks[i].why + "\n";
	return all;
}

struct uplink_case {
	const char *name;
	std::function<void(machine &)> make;
	const char *interfaces;
};

const uplink_case cases[] = {
	{ "nothing", [](machine &m) {}, "" },
	{ "no default route", [](machine &m) { m.file("/proc/net/route", no_default); }, "" },
	{ "two default routes, one of them down",
	  [](machine &m) {
		  m.file("/proc/net/route", "h\n"
					    "eth0 00000000 01FEA8C0 0003 0 0 0 00000000 0 0 0\n"
					    "eth1 00000000 0100000A 0003 0 0 9 00000000 0 0 0\n"
					    "eth2 00000000 0100000A 0002 0 0 9 00000000 0 0 0\n");
	  },
	  "eth0: it carries the default route\neth1: it carries the default route\n" },
	{ "half of all addresses is no default route, and goes with 128/1",
	  [](machine &m) {
		  m.file("/proc/net/route",
			 "h\neth0 00000000 01FEA8C0 0003 0 0 0 00000080 0 0 0\n");
	  },
	  "" },
	{ "IPv6; what is rejected is no way, nor is lo",
	  [](machine &m) {
		  const std::string none(32, '0');

		  m.file("/proc/net/ipv6_route",
			 none + " 00 " + none +
				 " 00 fe800000000000000000000000000001 00000400 "
				 "00000001 00000000 00000003     eth4\n" +
				 none + " 00 " + none + " 00 " + none +
				 " ffffffff 00000001 00000000 00200200       lo\n");
	  },
	  "eth4: it carries the default route\n" },
	{ "a VLAN on a bond of two",
	  [](machine &m) {
		  m.file("/proc/net/route",
			 "h\nbond0.7 00000000 01FEA8C0 0003 0 0 0 00000000 0 0 0\n");
		  m.folder("/sys/class/net/bond0.7/lower_bond0");
		  m.folder("/sys/class/net/bond0/lower_eth0");
		  m.folder("/sys/class/net/bond0/lower_eth1");
		  m.folder("/sys/class/net/bond0/upper_bond0.7");
	  },
	  "bond0.7: it carries the default route\n"
	  "bond0: it carries the default route, under bond0.7\n"
	  "eth0: it carries the default route, under bond0.7\n"
	  "eth1: it carries the default route, under bond0.7\n" },
	{ "interfaces that stand on each other in a circle end",
	  [](machine &m) {
		  m.file("/proc/net/route", "h\na 00000000 01FEA8C0 0003 0 0 0 00000000 0 0 0\n");
		  m.folder("/sys/class/net/a/lower_b");
		  m.folder("/sys/class/net/b/lower_a");
	  },
	  "a: it carries the default route\nb: it carries the default route, under a\n" },
	{ "SSH_CONNECTION: the server's address and the way to the client differ",
	  [](machine &m) {
		  m.file("/proc/net/route", no_default);
		  m.file("/proc/self/environ",
			 std::string("A=1\0SSH_CONNECTION=192.168.254.9 5000 10.0.1.5 2222\0B=2",
				     53));
	  },
	  "eth2: the ssh session that this is run in comes by it\n"
	  "eth3: the ssh session that this is run in comes by it\n" },
	{ "sudo forgets it, an ancestor does not; its name is a nuisance",
	  [](machine &m) {
		  m.file("/proc/net/route", no_default);
		  m.file("/proc/self/environ", std::string("SUDO_UID=0\0", 11));
		  m.file("/proc/self/stat", "900 (ba) (sh) S 800 900 0 0\n");
		  m.file("/proc/800/stat", "800 (sshd) S 1 800 0 0\n");
		  m.file("/proc/800/environ",
			 std::string("SSH_CONNECTION=10.0.1.9 1 10.0.1.5 22\0", 38));
		  m.file("/proc/1/stat", "1 (init) S 0 1 1 0\n");
	  },
	  "eth2: the ssh session that this is run in comes by it\n" },
	{ "by IPv6: the address's interface, and the way to the client",
	  [](machine &m) {
		  m.file("/proc/self/environ",
			 std::string("SSH_CONNECTION=2001:db8:1::9 1 2001:db8::5 22\0", 46));
		  m.file("/proc/net/if_inet6",
			 "20010db8000000000000000000000005 04 40 00 80     eth5\n");
		  m.file("/proc/net/ipv6_route",
			 "20010db8000100000000000000000000 30 " + std::string(32, '0') + " 00 " +
				 std::string(32, '0') +
				 " 00000100 00000001 00000000 00000001     eth6\n");
	  },
	  "eth5: the ssh session that this is run in comes by it\n"
	  "eth6: the ssh session that this is run in comes by it\n" },
	{ "a listener on 22 is no session",
	  [](machine &m) {
		  m.file("/proc/net/route", no_default);
		  m.file("/proc/net/tcp", sockets);
	  },
	  "" },
	{ "a session on 22; and one of our own to another's 22",
	  [](machine &m) {
		  m.file("/proc/net/route", no_default);
		  m.file("/proc/net/tcp",
			 std::string(sockets) +
				 "   1: 0501000A:0016 09FEA8C0:1388 01 00000000:00000000\n"
				 "   2: 0500000A:1388 0900000A:0016 01 00000000:00000000\n");
	  },
	  "eth2: an ssh session comes by it\neth3: an ssh session comes by it\n" },
	{ "IPv4 in tcp6",
	  [](machine &m) {
		  m.file("/proc/net/route", no_default);
		  m.file("/proc/net/tcp6",
			 "h\n 0: 0000000000000000FFFF00000501000A:0016 "
			 "0000000000000000FFFF00000901000A:1388 01 00000000:00000000\n");
	  },
	  "eth2: an ssh session comes by it\n" },
	{ "lines that are none",
	  [](machine &m) {
		  m.file("/proc/net/route", "h\neth0\n\neth0 zz\n");
		  m.file("/proc/net/ipv6_route", "0000 00\n");
		  m.file("/proc/net/tcp", "x\n 0: 12:0016 34:1 01\n");
		  m.file("/proc/self/environ",
			 std::string("SSH_CONNECTION=\0SSH_CONNECTION=a b c d", 38));
	  },
	  "" },
};

} // namespace

TEST(uplink, what_the_host_is_reached_by)
{
	for (const uplink_case &t : cases) {
		machine m;

		t.make(m);
		EXPECT_EQ(t.interfaces, found(m)) << t.name;
	}
}
