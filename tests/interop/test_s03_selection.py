"""S03, S04, S17: which of several paths forwards. ExpressRoute's, VPN's and NVAs' announcements are ExaBGP's (hub.py).
That a flow does not move while the set is the same is seen with packets, in test_s32_ecmp.py."""

import pytest

from hub import A, B, ER, VIP, VPN, running_hub

PREFIX = "172.16.9.0/24"


@pytest.fixture(scope="module")
def shared_hub():
    with running_hub("test_s03_selection") as hub:
        yield hub


@pytest.fixture
def hub(shared_hub):
    shared_hub.sessions_before = shared_hub.sessions()
    yield shared_hub
    shared_hub.withdraw_all()
    assert shared_hub.sessions() == shared_hub.sessions_before


def prefer(hub, preference):
    hub.bascule.config["routing_preference"] = preference
    hub.reload()


def wait_next_hops(hub, prefix, *next_hops):
    hub.wait(f"{prefix} by {next_hops}, is {hub.next_hops(prefix)}", lambda: hub.next_hops(prefix) == set(next_hops))


def test_s03_ecmp_and_shortest_path(hub):
    hub.a.announce(PREFIX, 65001)
    hub.b.announce(PREFIX, 65002)
    wait_next_hops(hub, PREFIX, A, B)
    assert all(path["ecmp"] for path in hub.bascule.routes()[PREFIX])
    hub.b.announce(PREFIX, 65002, 65002, 65002)
    wait_next_hops(hub, PREFIX, A)
    assert hub.best(PREFIX) == ("nva-a", "AS path length")
    hub.a.withdraw(PREFIX)
    wait_next_hops(hub, PREFIX, B)
    hub.a.announce(PREFIX, 65001)
    wait_next_hops(hub, PREFIX, A)


def test_s03_order_of_arrival_does_not_matter(hub):
    for first, second in ((hub.a, hub.b), (hub.b, hub.a)):
        first.announce(PREFIX, first.asn)
        wait_next_hops(hub, PREFIX, first.router_id)
        second.announce(PREFIX, second.asn)
        wait_next_hops(hub, PREFIX, A, B)
        assert hub.best(PREFIX)[0] == "nva-a"  # the lower router ID is the one to be announced
        hub.withdraw_all()


def test_s03_two_default_routes_share(hub):
    for nva in (hub.a, hub.b):
        nva.announce("0.0.0.0/0", nva.asn)
    wait_next_hops(hub, "0.0.0.0/0", A, B)
    hub.bascule.exchange(True)
    # Each of the two is told the other's; a VPN gateway neither (S16).
    hub.wait("both told", lambda: hub.hearers("0.0.0.0/0") == {"ergw", "nva-a", "nva-b"})
    assert hub.told("nva-a")["0.0.0.0/0"].as_path == (65515, 65002)
    hub.bascule.exchange(False)


def test_s04_third_party_next_hop(hub):
    # Both announce the address of a load balancer in front of them: one next hop, and either may go unnoticed.
    for nva in (hub.a, hub.b):
        nva.announce(PREFIX, nva.asn, next_hop=VIP)
    hub.wait("two paths", lambda: len(hub.bascule.routes().get(PREFIX, [])) == 2)
    wait_next_hops(hub, PREFIX, VIP)
    changes = hub.bascule.summary()["fib"]["changes"]
    hub.a.withdraw(PREFIX)
    hub.wait("one path", lambda: len(hub.bascule.routes()[PREFIX]) == 1)
    assert hub.next_hops(PREFIX) == {VIP}
    assert hub.bascule.summary()["fib"]["changes"] == changes


def test_s04_next_hop_outside_the_vnet(hub):
    hub.a.announce(PREFIX, 65001, next_hop="8.8.8.8")
    hub.wait("the path", lambda: PREFIX in hub.bascule.routes())
    path = hub.bascule.routes()[PREFIX][0]
    assert not path["usable"] and "outside" in path["unusable_reason"]
    assert hub.next_hops(PREFIX) == set()
    assert hub.bascule.peers()["nva-a"]["unusable"] == 1


def test_s17_preferences_switched_live(hub):
    prefix = "10.50.0.0/16"
    hub.er.announce(prefix, 12076, 65020)
    hub.vpn0.announce(prefix, 65010)
    hub.vpn1.announce(prefix, 65010)
    hub.a.announce(prefix, 65001, 65003)
    hub.b.announce(prefix, 65002)
    hub.wait("five paths", lambda: len(hub.bascule.routes().get(prefix, [])) == 5)
    wait_next_hops(hub, prefix, ER)
    assert hub.best(prefix) == ("ergw/0", "routing preference")

    prefer(hub, "vpn")  # VPN and NVA are one class: the shortest of it, B among them
    wait_next_hops(hub, prefix, *VPN, B)
    prefer(hub, "as_path")  # ExpressRoute's path has two AS numbers, theirs has one
    wait_next_hops(hub, prefix, *VPN, B)
    prefer(hub, "vpn")
    for gateway in (hub.vpn0, hub.vpn1):
        gateway.announce(prefix, 65010, 65010)
    wait_next_hops(hub, prefix, B)
    assert hub.best(prefix) == ("nva-b", "AS path length")

    prefer(hub, "as_path")
    hub.b.withdraw(prefix)  # now all have two
    wait_next_hops(hub, prefix, ER)  # a tie: ExpressRoute first
    hub.vpn0.announce(prefix, 65010)
    wait_next_hops(hub, prefix, VPN[0])
    assert hub.best(prefix) == ("vpngw/0", "AS path length")

    prefer(hub, "expressroute")
    wait_next_hops(hub, prefix, ER)


def test_s17_longest_prefix_beats_every_preference(hub):
    hub.er.announce("10.50.0.0/16", 65020)
    hub.vpn0.announce("10.50.1.0/24", 65010)
    for preference in ("vpn", "as_path", "expressroute"):
        prefer(hub, preference)
        wait_next_hops(hub, "10.50.0.0/16", ER)
        wait_next_hops(hub, "10.50.1.0/24", VPN[0])
        for address, gateway in (("10.50.1.9", VPN[0]), ("10.50.2.9", ER)):
            member, = hub.bascule.cli("show", "fib", address, "--view", "vnet")
            assert member["gateway"] == gateway


def test_s17_traffic_returns_to_expressroute(hub):
    # Azure may stay with what took over; here it is deterministic.
    prefix = "10.50.0.0/16"
    hub.b.announce(prefix, 65002)
    for _ in range(3):
        hub.er.announce(prefix, 12076, 65020)
        wait_next_hops(hub, prefix, ER)
        hub.er.withdraw(prefix)
        wait_next_hops(hub, prefix, B)
