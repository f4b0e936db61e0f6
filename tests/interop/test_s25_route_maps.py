"""S25, what a route map does: drop, prepend, mark, prefer, in the order of its rules.

Topology: hub.py; every announcement is ExaBGP's, with both kinds of gateways, and route exchange is on. Every test
gives NVA A a map, inbound or outbound, by reload. Expected: no session moves; an inbound map changes what is learned,
so the FIB and what everybody is told; an outbound one what NVA A alone is told, its own AS number after ours; a map
edited live is applied to all routes anew; `policy test` tells beforehand. Summaries are in test_s25_summaries.py,
maps of gateways in test_s25_gateways.py, and what config refuses ((h), (i), (k)) is tested with the configuration
(tests/unit/test_check_maps.cc)."""

import pytest

from families import OF_TWINS, both_families
from hub import A, B, ER, VNETS, both_kinds
from maps import DROP_LAB, KEPT, LAB, OTHER, PREPEND, SITES, SUMMARISE, SUMMARY, announce, hits, learned, maps

pytestmark = [both_kinds, both_families]
TAG = {"name": "tag", "match": {"communities_contain": ["65001:1"]}, "action": {"communities_add": ["3356:70"]}}
ONLY = {"name": "only", "match": {"communities_contain": ["65001:1"]}, "action": {"communities_replace": ["3356:70"]}}


@pytest.fixture(autouse=True)
def without_maps(hub):
    """Before and after."""
    yield
    maps(hub)


def test_s25_a_inbound_drop(hub):
    maps(hub, inbound=[DROP_LAB])
    announce(hub, *LAB, KEPT)
    hub.wait("the route that is kept", lambda: KEPT in hub.told("nva-b"))
    assert set(hub.told("nva-b")) == VNETS | {KEPT}
    assert set(hub.bascule.routes()) == VNETS | {KEPT}
    # Before and after policy.
    received = {prefix: row["policy"] for prefix, row in learned(hub, "--received").items()}
    assert received == {**dict.fromkeys(LAB, "dropped"), KEPT: "unchanged"}
    assert set(learned(hub)) == {KEPT}
    assert hits(hub) == {"lab": 3}


def test_s25_b_outbound_prepend(hub):
    maps(hub, outbound=[PREPEND])
    hub.b.announce(OTHER, 65002)
    hub.wait("B's route", lambda: {"nva-a", "ergw"} <= hub.hearers(OTHER))
    hub.wait("with the map's path", lambda: hub.told("nva-a")[OTHER].as_path == (64511, 64510, 65515, 65002))
    assert hub.told("ergw")[OTHER].as_path == (65002,)
    hub.wait("the VNets anew", lambda: all(hub.told("nva-a")[vnet].as_path == (64511, 64510, 65515) for vnet in VNETS))


@pytest.mark.parametrize("rule, expected", [(TAG, {"65001:1", "3356:70", "65517:65517"}),
                                            (ONLY, {"3356:70", "65517:65517"})], ids=["add", "replace"])
def test_s25_c_communities(hub, rule, expected):
    maps(hub, inbound=[rule])
    announce(hub, OTHER, communities=["65001:1"])
    hub.wait("A's route", lambda: OTHER in hub.told("nva-b"))
    assert set(hub.told("nva-b")[OTHER].communities) == expected


def test_s25_e_f_order_continue_terminate(hub):
    mark = {"name": "mark", "match": {"prefix_contains": ["10.122.0.0/16"]}, "action": {"communities_add": ["1:1"]}}
    end = {"name": "end", "match": {"prefix_equals": [LAB[0]]}, "action": {"communities_add": ["2:2"]},
           "next": "terminate"}
    last = {"name": "last", "match": {"communities_contain": ["1:1"]}, "action": {"communities_add": ["3:3"]}}
    maps(hub, inbound=[mark, end, last])
    announce(hub, LAB[0], LAB[1], KEPT)
    hub.wait("A's routes", lambda: {LAB[0], LAB[1], KEPT} <= set(hub.told("nva-b")))
    told = {prefix: set(hub.told("nva-b")[prefix].communities) - {"65517:65517"} for prefix in (LAB[0], LAB[1], KEPT)}
    assert told == {LAB[0]: {"1:1", "2:2"}, LAB[1]: {"1:1", "3:3"}, KEPT: set()}
    assert hits(hub) == {"mark": 2, "end": 1, "last": 1}


def test_s25_g_inbound_moves_the_fib_outbound_does_not(hub):
    announce(hub, OTHER)
    hub.b.announce(OTHER, 65002)
    hub.wait("both", lambda: hub.next_hops(OTHER) == {A, B})
    maps(hub, inbound=[PREPEND])
    hub.wait("B alone", lambda: hub.next_hops(OTHER) == {B})
    maps(hub, outbound=[PREPEND, {**DROP_LAB, "name": "all", "match": {"prefix_equals": [OTHER]}}])
    hub.wait("both again", lambda: hub.next_hops(OTHER) == {A, B})
    hub.wait("A told of nothing", lambda: set(hub.told("nva-a")) == VNETS)
    assert hub.next_hops(OTHER) == {A, B}


def test_s25_j_edited_live(hub):
    announce(hub, *LAB, *SITES)
    everything = VNETS | {*LAB, *SITES}
    hub.wait("all routes", lambda: set(hub.told("nva-b")) == everything)
    for rules, expected in (([DROP_LAB], VNETS | {*SITES}), ([SUMMARISE], VNETS | {*LAB, SUMMARY}),
                            ([DROP_LAB, SUMMARISE], VNETS | {SUMMARY}), ([], everything)):
        maps(hub, inbound=rules)
        hub.wait(f"{len(rules)} rules", lambda e=expected: set(hub.told("nva-b")) == e)


def test_s25_local_preference_comes_before_the_source_class(hub):
    prefer = {"name": "prefer", "match": {"prefix_equals": [OTHER]}, "action": {"local_pref": 200}}
    hub.er.announce(OTHER, 12076, 65020)
    hub.a.announce(OTHER, 65001, 65001, 65001)
    hub.wait("ExpressRoute's", lambda: hub.best(OTHER) == ("ergw/0", "routing preference"))
    maps(hub, inbound=[prefer])
    hub.wait("A's", lambda: hub.best(OTHER) == ("nva-a", "local preference"))
    hub.wait("A's in the FIB", lambda: hub.next_hops(OTHER) == {A})
    hub.wait("A's at the others", lambda: hub.told("nva-b")[OTHER].as_path == (65515, 65001, 65001, 65001)
             # It is ours: gateways of our AS hear of the usual one, where what loses to their own has 50.
             and hub.told("ergw")[OTHER].local_pref == 100)
    assert hub.told("nva-b")[OTHER].local_pref is None
    maps(hub)
    hub.wait("ExpressRoute's again", lambda: hub.next_hops(OTHER) == {ER})


def outcomes(rules):
    """{rule: outcome}; of one with a twin, of the one whose family the prefix is."""
    told = {}
    for rule in rules:
        name = rule["rule"].removesuffix(OF_TWINS)
        if told.get(name) in (None, "other prefix"):
            told[name] = rule["outcome"]
    return told


def test_s25_a_map_tells_what_it_does(hub):
    def tell(*words):
        return hub.bascule.cli("policy", "test", "nva-a", *words)

    maps(hub, inbound=[DROP_LAB, {**SUMMARISE, "next": "terminate"}, TAG], outbound=[PREPEND])
    announce(hub, LAB[0], SITES[0])
    hub.b.announce(OTHER, 65002)
    hub.wait("the routes", lambda: OTHER in hub.told("nva-a") and SUMMARY in hub.told("nva-b"))
    before = hits(hub)
    dropped, summarised = tell("in", LAB[0]), tell("in", SITES[0])
    assert (dropped["map"], dropped["verdict"]) == ("inbound", "dropped") and "after" not in dropped
    assert outcomes(summarised["rules"]) == {"lab": "other prefix", "sites": "matched", "tag": "not reached"}
    assert (summarised["before"]["prefix"], summarised["after"]["prefix"]) == (SITES[0], SUMMARY)
    # A route that nobody has announced.
    tagged = tell("in", KEPT, "--as-path", "65001 65010", "--communities", "65001:1,65001:2")
    assert tagged["hypothetical"] and tagged["after"]["communities"] == ["65001:1", "65001:2", "3356:70"]
    assert tell("out", OTHER)["after"]["as_path"] == "64511 64510 65515 65002"
    said = hub.bascule.run("policy", "test", "nva-b", "in", OTHER).stdout
    assert "The peer has no inbound route map: the route is permitted unchanged." in said
    wrong = hub.bascule.run("policy", "test", "nva-a", "in", KEPT, "--as-path", "65001 x", check=False)
    assert wrong.returncode == 1 and 'AS number 2: "x" is none' in wrong.stderr
    assert hits(hub) == before


def test_s25_loops_are_dropped_before_maps(hub):
    # S14: a map that takes 65515 out of the path rescues nothing.
    maps(hub, inbound=[{"name": "strip", "action": {"as_path_replace": []}}])
    hub.a.announce(OTHER, 65001, 65515)
    announce(hub, KEPT)
    hub.wait("the route after it", lambda: KEPT in hub.told("nva-b"))
    assert OTHER not in hub.bascule.routes() and OTHER not in learned(hub, "--received")
    assert hub.bascule.peer("nva-a")["as_loop"] >= 1
