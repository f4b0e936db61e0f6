"""S04, an NVA announces another machine as the next hop.

    nva-a 10.0.2.4 ─┐
    nva-b 10.0.2.5 ─┼── nva0 Bascule          the rest of hub.py; exchange is on
    a VIP 10.0.2.100┘

Both NVAs announce 172.16.9.0/24 with NEXT_HOP 10.0.2.100, the address of a load balancer in front of them.
Expected: two paths and one next hop, in every view; when one NVA withdraws nothing changes in the FIB, when the
other does the prefix goes. A next hop outside of the VNets and of our ports' subnets: the route is listed with the
reason and counted, and neither used nor told to anybody."""

from families import both_families
from hub import BRANCH_VIEWS, VIP

pytestmark = both_families
PREFIX, LATER, LAST = "172.16.9.0/24", "172.16.5.0/24", "172.16.6.0/24"
VIEWS = (*BRANCH_VIEWS, "vnet")


def next_hops(hub, view):
    """All of them, as often as each is there."""
    row = hub.bascule.fib(view).get(PREFIX)
    return [hop["gateway"] for hop in row["next_hops"]] if row else []


def changes(hub):
    """How many have been made in the FIB, ever."""
    return hub.bascule.summary()["fib"]["changes"]


def announce_vip(hub):
    for nva in (hub.a, hub.b):
        nva.announce(PREFIX, nva.asn, next_hop=VIP)
    hub.wait("two paths", lambda: [path["usable"] for path in hub.bascule.routes().get(PREFIX, [])] == [True, True])
    hub.settle()


def test_s04_two_nvas_and_one_next_hop(hub):
    announce_vip(hub)
    for view in VIEWS:
        assert next_hops(hub, view) == [VIP], view


def test_s04_one_of_them_withdraws_and_nothing_changes(hub):
    announce_vip(hub)
    start = changes(hub)
    hub.a.withdraw(PREFIX)
    hub.settle(LATER)
    one_route_more = changes(hub) - start
    assert len(hub.bascule.routes()[PREFIX]) == 1 and [next_hops(hub, view) for view in VIEWS] == [[VIP]] * len(VIEWS)
    # It took as many changes as another new route does without a withdrawal before it; B's withdrawal takes more.
    start = changes(hub)
    hub.settle(LAST)
    assert changes(hub) - start == one_route_more
    start = changes(hub)
    hub.b.withdraw(PREFIX)
    hub.wait("no route", lambda: not hub.views(PREFIX))
    assert changes(hub) > start


def test_s04_a_next_hop_outside_the_vnet(hub):
    before = hub.bascule.peers()["nva-a"]["unusable"]
    hub.a.announce(PREFIX, 65001, next_hop="8.8.8.8")
    hub.settle()
    path, = hub.bascule.routes()[PREFIX]
    assert not path["usable"] and "outside" in path["unusable_reason"]
    assert hub.bascule.peers()["nva-a"]["unusable"] == before + 1
    assert hub.views(PREFIX) == set() and hub.hearers(PREFIX) == set()
    # With a next hop inside it is everybody's.
    hub.a.announce(PREFIX, 65001)
    hub.wait("the route at the others", lambda: hub.hearers(PREFIX) == hub.others("nva-a"))
    assert hub.views(PREFIX) == set(VIEWS)
