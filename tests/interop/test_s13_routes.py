"""S13 to S16 and S26: what becomes of a route by what it says of itself: communities, loops, overlaps with the VNets, the
default route. Route exchange is on. Every announcement is ExaBGP's (hub.py)."""

from hub import A, B, BRANCH_VIEWS, ER, SPEAKERS, VNETS

NO_EXPORT, NO_ADVERTISE = "65535:65281", "65535:65282"
PLAIN, QUIET = "172.16.4.0/24", "172.16.3.0/24"
OTHERS_OF_A = set(SPEAKERS) - {"nva-a"}


def in_views(hub, prefix):
    return {view for view in (*BRANCH_VIEWS, "vnet") if hub.next_hops(prefix, view)}


def settled(hub):
    """A route of A's that comes after everything that A has announced before, everywhere. Its path is no other route's, or
    ExaBGP would send it along with that one."""
    hub.a.announce(PLAIN, 65001, 65099)
    hub.wait("A's last route", lambda: hub.hearers(PLAIN) == OTHERS_OF_A)


# --- S13: communities ------------------------------------------------------------------------------------------------

def test_s13_no_advertise(hub):
    hub.a.announce(QUIET, 65001, communities=[NO_ADVERTISE])
    settled(hub)
    assert hub.hearers(QUIET) == set()
    assert in_views(hub, QUIET) == {*BRANCH_VIEWS, "vnet"}


def test_s13_no_advertise_comes_and_goes(hub):
    hub.a.announce(QUIET, 65001)
    hub.wait("the route at the others", lambda: hub.hearers(QUIET) == OTHERS_OF_A)
    hub.a.announce(QUIET, 65001, communities=[NO_ADVERTISE])
    hub.wait("its withdrawal", lambda: not hub.hearers(QUIET))
    assert hub.next_hops(QUIET) == {A}
    hub.a.announce(QUIET, 65001)
    hub.wait("its return", lambda: hub.hearers(QUIET) == OTHERS_OF_A)


def test_s13_no_advertise_hides_no_other_path(hub):
    # B's is the longer path: the hosts use A's, the others are told B's.
    hub.b.announce(QUIET, 65002, 65002)
    hub.a.announce(QUIET, 65001, communities=[NO_ADVERTISE])
    settled(hub)
    hub.wait("A's path in the FIB", lambda: hub.next_hops(QUIET) == {A})
    assert hub.hearers(QUIET) == set(SPEAKERS) - {"nva-b"}
    assert hub.told("ergw")[QUIET].as_path == (65002, 65002)


def test_s13_no_export_stays_inside_our_as(hub):
    # RFC 1997: gateways of our AS are told, eBGP peers are not.
    hub.a.announce(QUIET, 65001, communities=[NO_EXPORT])
    settled(hub)
    assert hub.hearers(QUIET) == {"ergw", "vpngw0", "vpngw1"}
    assert in_views(hub, QUIET) == {*BRANCH_VIEWS, "vnet"}


def test_s13_communities_pass_and_the_platform_adds_its_own(hub):
    hub.a.announce(QUIET, 65001, communities=["65001:100", "3356:70"])
    settled(hub)
    for name in OTHERS_OF_A:
        assert set(hub.told(name)[QUIET].communities) == {"65001:100", "3356:70", "65517:65517"}
    assert hub.told("nva-a")["10.0.0.0/16"].communities == ()
    assert hub.told("nva-a")["10.4.0.0/16"].communities == ("65518:65518",)


# --- S14: loops ------------------------------------------------------------------------------------------------------

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
    settled(hub)
    assert set(learned_of_a(hub)) == {*OF_THE_NVAS, PLAIN}  # nine were sent, and the marker
    assert hub.bascule.peer("nva-a")["as_loop"] == before + 5
    assert not hub.next_hops("10.3.0.0/16") and not hub.next_hops("10.5.0.0/16")


def test_s14_as_override_at_the_nva_lets_them_in(hub):
    # The NVA puts its own number in the place of ours: the other hub is reached, and nothing of our own is taken over.
    before = hub.bascule.peer("nva-a")["as_loop"]
    hub.er.announce("10.2.0.0/16", 65020)
    for prefix, path in {**OF_THE_NVAS, **OTHER_HUB, **FED_BACK}.items():
        hub.a.announce(prefix, *(65001 if asn == 65515 else asn for asn in path))
    settled(hub)
    learned = learned_of_a(hub)
    assert set(learned) == {*OF_THE_NVAS, *OTHER_HUB, *FED_BACK, PLAIN}
    assert learned["10.3.0.0/16"]["as_path"] == "65001 65005 65001"
    assert hub.bascule.peer("nva-a")["as_loop"] == before
    for prefix in OTHER_HUB:
        assert hub.next_hops(prefix) == {A}
    hub.wait("the gateway's path", lambda: hub.best("10.2.0.0/16") == ("ergw/0", "routing preference"))
    assert hub.next_hops("10.2.0.0/16") == {ER}
    for prefix in VNETS:
        assert [path["peer"] for path in hub.bascule.routes()[prefix]] == ["local", "nva-a"]
        assert A not in hub.next_hops(prefix)
        assert hub.told("nva-b")[prefix].as_path == (65515,)


def test_s14_a_loop_withdraws_what_was_there(hub):
    hub.a.announce(QUIET, 65001)
    hub.wait("the route", lambda: hub.next_hops(QUIET) == {A})
    hub.a.announce(QUIET, 65001, 65515)
    hub.wait("its end", lambda: QUIET not in hub.bascule.routes() and not hub.hearers(QUIET))


# --- S15: overlaps with the VNets ------------------------------------------------------------------------------------

def test_s15_no_route_steals_from_a_vnet(hub):
    inside, ours = {"10.0.0.0/16", "10.0.7.0/24", "10.4.9.0/24"}, "10.0.1.0/24"
    before = hub.bascule.peer("nva-a")["own_subnet"]
    for prefix in (*sorted(inside), ours, "10.0.0.0/8"):
        hub.a.announce(prefix, 65001)
    settled(hub)
    assert hub.bascule.peer("nva-a")["own_subnet"] == before + 1
    learned = {row["prefix"]: row for row in hub.bascule.cli("show", "routes", "--peer", "nva-a", "--learned")}
    assert set(learned) == inside | {"10.0.0.0/8", PLAIN}
    for prefix in inside:
        assert not learned[prefix]["usable"] and learned[prefix]["views"] == [], prefix
        for view in (*BRANCH_VIEWS, "vnet"):
            assert A not in hub.next_hops(prefix, view), (prefix, view)
    assert in_views(hub, "10.0.0.0/8") == {*BRANCH_VIEWS, "vnet"}


# --- S16: the default route ------------------------------------------------------------------------------------------

def test_s16_default_route_goes_to_expressroute_and_not_to_vpn(hub):
    hub.a.announce("0.0.0.0/0", 65001)
    settled(hub)
    assert hub.hearers("0.0.0.0/0") == {"ergw", "nva-b"}
    # "nva" among them: what A itself sends without a better route comes back to A.
    assert in_views(hub, "0.0.0.0/0") == {*BRANCH_VIEWS, "vnet"}
    assert hub.next_hops("0.0.0.0/0") == {A}
    hub.a.withdraw("0.0.0.0/0")
    hub.wait("its end", lambda: not hub.hearers("0.0.0.0/0") and not in_views(hub, "0.0.0.0/0"))


def test_s16_halves_of_it_go_to_everybody(hub):
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        hub.a.announce(half, 65001)
    settled(hub)
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        assert hub.hearers(half) == OTHERS_OF_A
        assert hub.next_hops(half) == {A}


def test_s16_two_defaults_share(hub):
    for nva in (hub.a, hub.b):
        nva.announce("0.0.0.0/0", nva.asn)
    hub.wait("both in use", lambda: hub.next_hops("0.0.0.0/0") == {A, B})
    # Each of the two is told the other's.
    hub.wait("both told", lambda: hub.hearers("0.0.0.0/0") == {"ergw", "nva-a", "nva-b"})
    assert hub.told("nva-a")["0.0.0.0/0"].as_path == (65515, 65002)


# --- S26: the bow tie ------------------------------------------------------------------------------------------------

def test_s26_what_another_route_server_exported_comes_back_over_expressroute(hub):
    # The MSEE turns round what another hub's route server gave it, with the mark that both of them set.
    before = hub.bascule.peer("ergw/0")["bow_tie"]
    hub.er.announce("10.3.0.0/16", 12076, communities=["65517:65517"])
    hub.er.announce("10.20.0.0/16", 12076, 65020)
    hub.wait("the route beside it", lambda: hub.hearers("10.20.0.0/16") == set(SPEAKERS) - {"ergw"})
    assert "10.3.0.0/16" not in hub.bascule.routes() and not hub.hearers("10.3.0.0/16")
    assert hub.bascule.peer("ergw/0")["bow_tie"] == before + 1
    # From anybody else the mark is a community like others: NVAs of two hubs may exchange such routes.
    hub.a.announce("10.3.0.0/16", 65001, 65005, communities=["65517:65517"])
    hub.wait("the NVA's", lambda: hub.next_hops("10.3.0.0/16") == {A})
