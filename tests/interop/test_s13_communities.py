"""S13 and S26, what becomes of a route by its communities.

Topology: hub.py, every announcement is ExaBGP's, with both kinds of gateways; route exchange is on. Expected:
NO_ADVERTISE keeps a route in the tables and from everybody, and comes and goes with an UPDATE; NO_EXPORT keeps it
inside our AS (RFC 1997); all others pass, and the platform adds its own. A route that a route server exported,
which is what 65517:65517 says, and that an ExpressRoute gateway brings back (the "bow tie"), is dropped; the ExaBGP
in the gateway's place, or behind it, plays the edge that turns it round."""

from families import both_families
from hub import A, BRANCH_VIEWS, MARKER, SPEAKERS, both_kinds

pytestmark = [both_kinds, both_families]
NO_EXPORT, NO_ADVERTISE = "65535:65281", "65535:65282"
QUIET = "172.16.3.0/24"


def test_s13_no_advertise(hub):
    hub.a.announce(QUIET, 65001, communities=[NO_ADVERTISE])
    hub.settle()
    assert hub.hearers(QUIET) == set()
    assert hub.views(QUIET) == {*BRANCH_VIEWS, "vnet"}


def test_s13_no_advertise_comes_and_goes(hub):
    hub.a.announce(QUIET, 65001)
    hub.wait("the route at the others", lambda: hub.hearers(QUIET) == hub.others("nva-a"))
    hub.a.announce(QUIET, 65001, communities=[NO_ADVERTISE])
    hub.wait("its withdrawal", lambda: not hub.hearers(QUIET))
    assert hub.next_hops(QUIET) == {A}
    hub.a.announce(QUIET, 65001)
    hub.wait("its return", lambda: hub.hearers(QUIET) == hub.others("nva-a"))


def test_s13_no_advertise_hides_no_other_path(hub):
    # B's is the longer path: the hosts use A's, the others are told B's, but for A itself, to which it is a backup.
    hub.b.announce(QUIET, 65002, 65002)
    hub.wait("B's path at the others", lambda: hub.hearers(QUIET) == hub.others("nva-b"))
    hub.a.announce(QUIET, 65001, communities=[NO_ADVERTISE])
    hub.settle()
    hub.wait("A's path in the FIB", lambda: hub.next_hops(QUIET) == {A})
    hub.wait("A is not told", lambda: hub.hearers(QUIET) == hub.others("nva-b") - {"nva-a"})
    assert hub.told("ergw")[QUIET].as_path == (65002, 65002)


def test_s13_no_export_stays_inside_our_as(hub):
    # RFC 1997: gateways of our AS are told, eBGP peers are not.
    hub.a.announce(QUIET, 65001, communities=[NO_EXPORT])
    hub.settle()
    assert hub.hearers(QUIET) == {"ergw", "vpngw0", "vpngw1"}
    assert hub.views(QUIET) == {*BRANCH_VIEWS, "vnet"}


def test_s13_communities_pass_and_the_platform_adds_its_own(hub):
    hub.a.announce(QUIET, 65001, communities=["65001:100", "3356:70"])
    hub.settle()
    for name in hub.others("nva-a"):
        assert set(hub.told(name)[QUIET].communities) == {"65001:100", "3356:70", "65517:65517"}
    assert hub.told("nva-a")["10.0.0.0/16"].communities == ()
    assert hub.told("nva-a")["10.4.0.0/16"].communities == ("65518:65518",)


def test_s26_what_another_route_server_exported_comes_back_over_expressroute(hub):
    # The MSEE turns round what another hub's route server gave it, with the mark that both of them set.
    before = hub.bascule.peer("ergw/0")["bow_tie"]
    hub.er.announce("10.3.0.0/16", 12076, communities=["65517:65517"])
    hub.er.announce("10.20.0.0/16", 12076, 65020)
    hub.wait("the route beside it", lambda: hub.hearers("10.20.0.0/16") == set(SPEAKERS) - {"ergw"})
    hub.wait("the other one counted", lambda: hub.bascule.peer("ergw/0")["bow_tie"] == before + 1)
    assert "10.3.0.0/16" not in hub.bascule.routes() and not hub.hearers("10.3.0.0/16")
    # From anybody else the mark is a community like others: NVAs of two hubs may exchange such routes.
    hub.a.announce("10.3.0.0/16", 65001, 65005, communities=["65517:65517"])
    hub.wait("the NVA's", lambda: hub.next_hops("10.3.0.0/16") == {A})
