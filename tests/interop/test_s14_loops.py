"""S14, routes that have been here before: paths with our own AS number.

Topology: hub.py, every announcement is ExaBGP's, with both kinds of gateways; route exchange is on. NVA-A plays the
end of a tunnel to an NVA of another hub, whose route server has our AS number. Expected: a path with 65515 in it is
dropped on receipt and counted, and takes what was there with it; one in which the NVA has replaced that number
(as-override) is learned like any other, of our own VNets known but not programmed, and what we told it a reflection.
That AS 0 is dropped too is in test_s09_as_path.py; that no inbound route map can rescue a loop, in
test_s25_route_maps.py; the same between two real hubs, in test_s14_two_hubs.py."""

from families import both_families
from hub import A, ER, MARKER, VNETS, both_kinds

pytestmark = [both_kinds, both_families]
ROUTE = "172.16.3.0/24"

# What NVA A says, that has a tunnel to the NVA of another hub (AS 65005): its own routes and that NVA's; the other hub's
# VNets; and what either route server had told them before, our own VNets and a gateway's route among it. Both route
# servers are AS 65515.
OF_THE_NVAS = {"10.1.0.0/16": (65001,), "10.0.10.0/24": (65001,), "192.168.1.3/32": (65001, 65005),
               "192.168.1.4/32": (65001,)}
OTHER_HUB = {"10.3.0.0/16": (65001, 65005, 65515), "10.5.0.0/16": (65001, 65005, 65515)}
FED_BACK = {"10.0.0.0/16": (65001, 65515), "10.4.0.0/16": (65001, 65515), "10.2.0.0/16": (65001, 65515, 65020)}


def learned_of_a(hub):
    return {row["prefix"]: row for row in hub.bascule.cli("show", "routes", "--peer", "nva-a", "--learned")}


def test_s14_own_as_is_dropped_and_counted(hub):
    before = hub.bascule.peer("nva-a")["as_loop"]
    hub.er.announce("10.2.0.0/16", 65020)
    for prefix, path in {**OF_THE_NVAS, **OTHER_HUB, **FED_BACK}.items():
        hub.a.announce(prefix, *path)
    hub.settle()
    assert set(learned_of_a(hub)) == {*OF_THE_NVAS, MARKER}  # nine were sent, and the marker
    assert hub.bascule.peer("nva-a")["as_loop"] == before + 5
    assert not hub.next_hops("10.3.0.0/16") and not hub.next_hops("10.5.0.0/16")


def test_s14_as_override_at_the_nva_lets_them_in(hub):
    # The NVA puts its own number in the place of ours: the other hub is reached, and nothing of our own is taken over.
    before = hub.bascule.peer("nva-a")["as_loop"]
    hub.er.announce("10.2.0.0/16", 65020)
    for prefix, path in {**OF_THE_NVAS, **OTHER_HUB, **FED_BACK}.items():
        hub.a.announce(prefix, *(65001 if asn == 65515 else asn for asn in path))
    hub.settle()
    learned = learned_of_a(hub)
    assert set(learned) == {*OF_THE_NVAS, *OTHER_HUB, *FED_BACK, MARKER}
    assert learned["10.3.0.0/16"]["as_path"] == "65001 65005 65001"
    assert hub.bascule.peer("nva-a")["as_loop"] == before
    for prefix in OTHER_HUB:
        assert hub.next_hops(prefix) == {A}
    hub.wait("the gateway's path", lambda: hub.best("10.2.0.0/16") == ("ergw/0", "not a reflection"))
    hub.wait_next_hops("10.2.0.0/16", ER)
    for prefix in VNETS:
        assert [path["peer"] for path in hub.bascule.routes()[prefix]] == ["local", "nva-a"]
        assert A not in hub.next_hops(prefix)
        assert hub.told("nva-b")[prefix].as_path == (65515,)


def test_s14_a_loop_withdraws_what_was_there(hub):
    hub.a.announce(ROUTE, 65001)
    hub.wait("the route", lambda: hub.next_hops(ROUTE) == {A})
    hub.a.announce(ROUTE, 65001, 65515)
    hub.wait("its end", lambda: ROUTE not in hub.bascule.routes() and not hub.hearers(ROUTE))
