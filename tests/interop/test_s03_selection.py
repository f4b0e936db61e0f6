"""S03, two NVAs announce one prefix: paths of equal length share, a shorter one wins alone.

Topology: hub.py, every announcement is ExaBGP's, with both kinds of gateways; route exchange is on. Expected: with
equal paths the VNets' packets go to both, whichever came first; a longer path carries nothing while the shorter one
is there, and all when it is gone. That a flow does not move while the set is the same is seen with packets, in
test_s32_ecmp.py."""

from families import both_families
from hub import A, B, both_kinds

pytestmark = [both_kinds, both_families]
PREFIX, DEFAULT = "172.16.9.0/24", "0.0.0.0/0"


def test_s03_ecmp_and_shortest_path(hub):
    hub.a.announce(PREFIX, 65001)
    hub.b.announce(PREFIX, 65002)
    hub.wait_next_hops(PREFIX, A, B)
    assert [path["ecmp"] for path in hub.bascule.routes()[PREFIX]] == [True, True]
    hub.b.announce(PREFIX, 65002, 65002, 65002)
    hub.wait_next_hops(PREFIX, A)
    assert hub.best(PREFIX) == ("nva-a", "AS path length")
    hub.a.withdraw(PREFIX)
    hub.wait_next_hops(PREFIX, B)
    hub.a.announce(PREFIX, 65001)
    hub.wait_next_hops(PREFIX, A)


def test_s03_order_of_arrival_does_not_matter(hub):
    for first, second in ((hub.a, hub.b), (hub.b, hub.a)):
        first.announce(PREFIX, first.asn)
        hub.wait_next_hops(PREFIX, first.router_id)
        second.announce(PREFIX, second.asn)
        hub.wait_next_hops(PREFIX, A, B)
        assert hub.best(PREFIX)[0] == "nva-a"  # the lower router ID is the one to be announced
        hub.withdraw_all()


def test_s03_two_default_routes_share(hub):
    for nva in (hub.b, hub.a):
        nva.announce(DEFAULT, nva.asn)
    hub.wait_next_hops(DEFAULT, A, B)
    # To each of the two the other's is a backup, which it is told if it goes on alone, and not before; a VPN gateway is
    # told neither (S16), though it is told what comes later.
    hub.settle()
    hub.wait("the one told", lambda: hub.hearers(DEFAULT) == {"ergw"})
    hub.a.withdraw(DEFAULT)
    hub.wait("A told of B's", lambda: hub.hearers(DEFAULT) == {"ergw", "nva-a"})
    assert hub.told("nva-a")[DEFAULT].as_path == (65515, 65002)
    assert hub.next_hops(DEFAULT) == {B}
