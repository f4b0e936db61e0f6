"""S25, summaries: a route map that replaces the prefixes of several routes by one.

Topology: hub.py; every announcement is ExaBGP's, with both kinds of gateways, and route exchange is on. NVA A has the
map, inbound or outbound; three sites, with communities of their own, contribute to 10.2.0.0/16. Expected: one route
with none of their paths and communities; it stays until the last contributor goes; an inbound one is what everybody
is told and packets follow, an outbound one is told to NVA A alone. A later rule matches the new prefix, not the old
ones. No session moves."""

import pytest

from families import both_families
from hub import A, B, MARKER, VNETS, both_kinds
from maps import OTHER, SITES, SUMMARISE, SUMMARY, announce, hits, learned, maps

pytestmark = [both_kinds, both_families]


@pytest.fixture(autouse=True)
def without_maps(hub):
    """Before and after."""
    yield
    maps(hub)


def test_s25_d_summary_until_the_last_contributor(hub):
    maps(hub, inbound=[SUMMARISE])
    announce(hub, *SITES, communities=["65001:1"])
    hub.wait("the summary", lambda: set(hub.told("nva-b")) == VNETS | {SUMMARY})
    assert hub.told("nva-b")[SUMMARY].as_path == (65515,)
    assert hub.told("nva-b")[SUMMARY].communities == ("65517:65517",)
    assert hub.next_hops(SUMMARY) == {A}
    hub.a.withdraw(*SITES[:2])
    hub.settle()  # a later route has come to B
    assert set(learned(hub, "--received")) == {SITES[2], MARKER}
    assert set(hub.told("nva-b")) == VNETS | {SUMMARY, MARKER}
    hub.a.withdraw(SITES[2])
    hub.wait("the summary's end", lambda: set(hub.told("nva-b")) == VNETS | {MARKER})


def test_s25_d_outbound_summary(hub):
    # A hears of one route, the others of three; and a live edit takes it away and brings it back.
    maps(hub, outbound=[SUMMARISE])
    for prefix in SITES:
        hub.b.announce(prefix, 65002, communities=["65002:1"])
    hub.wait("all three at the gateway", lambda: set(SITES) <= set(hub.told("ergw")))
    hub.wait("the summary", lambda: set(hub.told("nva-a")) == VNETS | {SUMMARY})
    assert hub.told("nva-a")[SUMMARY].as_path == (65515,)
    assert hub.told("nva-a")[SUMMARY].communities == ("65517:65517",)
    assert set(learned(hub, "--advertised")) == VNETS | {SUMMARY}
    assert hub.bascule.peers()["nva-a"]["advertised"] == len(VNETS | {SUMMARY}) + len(VNETS)  # those of the other family
    assert hub.next_hops(SITES[0]) == {B} and not hub.next_hops(SUMMARY)
    hub.b.withdraw(*SITES[:2])
    hub.b.announce(OTHER, 65002, 65099)
    hub.wait("a later route at A and at the gateway", lambda: {"nva-a", "ergw"} <= hub.hearers(OTHER))
    assert not set(SITES[:2]) & set(hub.told("ergw"))
    rest = VNETS | {OTHER}
    assert set(hub.told("nva-a")) == rest | {SUMMARY}
    maps(hub)
    hub.wait("the route itself", lambda: set(hub.told("nva-a")) == rest | {SITES[2]})
    maps(hub, outbound=[SUMMARISE])
    hub.wait("the summary again", lambda: set(hub.told("nva-a")) == rest | {SUMMARY})
    hub.b.withdraw(SITES[2])
    hub.wait("its end", lambda: set(hub.told("nva-a")) == rest)


def test_s25_l_a_later_rule_does_not_match_the_old_prefix(hub):
    old = {"name": "old", "match": {"prefix_equals": SITES}, "action": "drop"}
    maps(hub, inbound=[SUMMARISE, old])
    announce(hub, *SITES)
    hub.wait("the summary of all three", lambda: SUMMARY in hub.told("nva-b") and len(learned(hub, "--received")) == 3)
    assert hits(hub) == {"sites": 3, "old": 0}
