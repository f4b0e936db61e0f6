"""S17, which of ExpressRoute's, VPN's and NVAs' paths is used, by the routing preference.

Topology: hub.py, every announcement is ExaBGP's; route exchange is on. 10.50.0.0/16 comes from ExpressRoute (12076
65020), from both VPN gateway instances (65010), from NVA-A (65001 65003) and NVA-B (65002). Expected:
"expressroute", the default, forwards to ExpressRoute; "vpn" to the shortest paths of VPN and NVAs, which are one
class; "as_path" to the shortest of all, and to ExpressRoute among equals. A longer prefix beats every preference. A
change is a reload and moves no session; traffic comes back to ExpressRoute with its path, where Azure may stay with
what took over."""

import pytest

from families import both_families
from hub import B, ER, VPN

pytestmark = both_families
PREFIX = "10.50.0.0/16"


@pytest.fixture(autouse=True)
def default_preference(hub):
    yield
    prefer(hub, "expressroute")


def prefer(hub, preference):
    hub.bascule.config["routing_preference"] = preference
    hub.reload()


def announce_all(hub):
    hub.er.announce(PREFIX, 12076, 65020)
    hub.vpn0.announce(PREFIX, 65010)
    hub.vpn1.announce(PREFIX, 65010)
    hub.a.announce(PREFIX, 65001, 65003)
    hub.b.announce(PREFIX, 65002)
    hub.wait("five paths", lambda: len(hub.bascule.routes().get(PREFIX, [])) == 5)


def test_s17_expressroute_by_default(hub):
    announce_all(hub)
    hub.wait_next_hops(PREFIX, ER)
    assert hub.best(PREFIX) == ("ergw/0", "routing preference")


def test_s17_vpn_and_nvas_are_one_class(hub):
    announce_all(hub)
    prefer(hub, "vpn")
    hub.wait_next_hops(PREFIX, *VPN, B)
    for gateway in (hub.vpn0, hub.vpn1):
        gateway.announce(PREFIX, 65010, 65010)
    hub.wait_next_hops(PREFIX, B)
    assert hub.best(PREFIX) == ("nva-b", "AS path length")


def test_s17_the_shortest_path(hub):
    announce_all(hub)
    prefer(hub, "as_path")
    hub.wait_next_hops(PREFIX, *VPN, B)
    for gateway in (hub.vpn0, hub.vpn1):
        gateway.announce(PREFIX, 65010, 65010)
    hub.wait_next_hops(PREFIX, B)
    hub.b.withdraw(PREFIX)  # now all have two
    hub.wait_next_hops(PREFIX, ER)
    hub.vpn0.announce(PREFIX, 65010)
    hub.wait_next_hops(PREFIX, VPN[0])
    assert hub.best(PREFIX) == ("vpngw/0", "AS path length")


def test_s17_switched_back_and_forth(hub):
    announce_all(hub)
    for _ in range(2):
        prefer(hub, "as_path")
        hub.wait_next_hops(PREFIX, *VPN, B)
        prefer(hub, "expressroute")
        hub.wait_next_hops(PREFIX, ER)


def test_s17_longest_prefix_beats_every_preference(hub):
    hub.er.announce(PREFIX, 65020)
    hub.vpn0.announce("10.50.1.0/24", 65010)
    for preference in ("vpn", "as_path", "expressroute"):
        prefer(hub, preference)
        hub.wait_next_hops(PREFIX, ER)
        hub.wait_next_hops("10.50.1.0/24", VPN[0])
        for address, gateway in (("10.50.1.9", VPN[0]), ("10.50.2.9", ER)):
            member, = hub.bascule.cli("show", "fib", address, "--view", "vnet")
            assert member["gateway"] == gateway


def test_s17_traffic_returns_to_expressroute(hub):
    hub.b.announce(PREFIX, 65002)
    for _ in range(3):
        hub.er.announce(PREFIX, 12076, 65020)
        hub.wait_next_hops(PREFIX, ER)
        hub.er.withdraw(PREFIX)
        hub.wait_next_hops(PREFIX, B)
