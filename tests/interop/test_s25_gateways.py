"""S25, route maps of gateways: one map for all instances of a gateway.

Topology: hub.py; every announcement is ExaBGP's, with both kinds of gateways, and route exchange is on. Expected: an
inbound map of the VPN gateway holds for both of its instances and for nobody else, drops what it names and makes the
rest preferred to what ExpressRoute brings; an outbound one of the ExpressRoute gateway marks what that is told, and
nobody else hears the mark; all of it live, and no session moves."""

import pytest

from families import both_families
from hub import ER, SPEAKERS, VNETS, VPN, both_kinds
from maps import DROP_LAB, KEPT, LAB, OTHER, maps

pytestmark = [both_kinds, both_families]
PREFER = {"name": "prefer", "match": {"prefix_equals": [OTHER]}, "action": {"local_pref": 200}}
MARK = {"name": "mark", "action": {"communities_add": ["12076:20001"]}}


@pytest.fixture(autouse=True)
def without_maps(hub):
    """Before and after."""
    yield
    maps(hub)


def announce_by_both(hub, *prefixes):
    for gateway in (hub.vpn0, hub.vpn1):
        for prefix in prefixes:
            gateway.announce(prefix, 65010)


def test_s25_inbound_drop_at_both_instances_of_the_vpn_gateway(hub):
    maps(hub, inbound=[DROP_LAB], of="vpngw")
    announce_by_both(hub, LAB[0], KEPT)
    hub.er.announce(LAB[1], 12076, 65020)  # the same of another gateway
    hub.wait("what is kept", lambda: hub.next_hops(KEPT) == set(VPN) and {LAB[1], KEPT} <= set(hub.told("nva-b")))
    assert set(hub.bascule.routes()) == VNETS | {LAB[1], KEPT}
    assert set(hub.told("nva-b")) == VNETS | {LAB[1], KEPT}
    maps(hub)
    hub.wait("what was dropped", lambda: hub.next_hops(LAB[0]) == set(VPN) and LAB[0] in hub.told("nva-b"))


def test_s25_inbound_preference_of_the_vpn_gateway(hub):
    hub.er.announce(OTHER, 12076)
    announce_by_both(hub, OTHER)
    hub.wait("ExpressRoute's", lambda: hub.next_hops(OTHER) == {ER} and len(hub.bascule.routes()[OTHER]) == 3)
    maps(hub, inbound=[PREFER], of="vpngw")
    hub.wait("the VPN's", lambda: hub.next_hops(OTHER) == set(VPN)
             and hub.told("nva-b")[OTHER].as_path == (65515, 65010))
    assert hub.best(OTHER) == ("vpngw/0", "lowest router ID")
    maps(hub)
    hub.wait("ExpressRoute's again", lambda: hub.next_hops(OTHER) == {ER})


def test_s25_outbound_community_of_the_expressroute_gateway(hub):
    hub.a.announce(OTHER, 65001, communities=["65001:1"])
    hub.wait("the route", lambda: hub.hearers(OTHER) == hub.others("nva-a"))
    maps(hub, outbound=[MARK], of="ergw")
    marked = {"65001:1", "65517:65517", "12076:20001"}
    hub.wait("the mark", lambda: set(hub.told("ergw")[OTHER].communities) == marked)
    hub.wait("at the VNets too", lambda: all("12076:20001" in hub.told("ergw")[vnet].communities for vnet in VNETS))
    # A later route comes everywhere, with the mark at that gateway alone.
    hub.b.announce(KEPT, 65002)
    hub.wait("a later route", lambda: hub.hearers(KEPT) == hub.others("nva-b"))
    told = {name: {prefix for prefix, route in hub.told(name).items() if "12076:20001" in route.communities}
            for name in SPEAKERS}
    assert told == {**dict.fromkeys(SPEAKERS, set()), "ergw": VNETS | {OTHER, KEPT}}
