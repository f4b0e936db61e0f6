"""S30, what is shown: every peer by role and address, and every path with the rule by which it won or lost.

Topology: hub.py with both kinds of gateways; ExpressRoute, both instances of the VPN gateway and two NVAs announce
the same prefix with paths of their own. Expected: `show peers` has role, address, AS number and state of each; `show
routes` has the best path first with the rule that decided, and each loser, in order, with the rule by which it lost
to the best: routing preference ExpressRoute, the AS path's length, or at a tie the lowest router ID, though packets
share such paths."""

from families import both_families
from hub import A, B, ER, VPN, both_kinds

pytestmark = [both_kinds, both_families]
PREFIX = "10.50.0.0/16"


def test_s30_peers_by_role_and_address(hub):
    shown = {name: (row["role"], row["address"], row["asn"], row["state"]) for name, row in hub.bascule.peers().items()}
    assert shown == {
        "ergw/0": ("expressroute", ER, 65515, "Established"),
        "vpngw/0": ("vpn", VPN[0], 65515, "Established"),
        "vpngw/1": ("vpn", VPN[1], 65515, "Established"),
        "nva-a": ("nva", A, 65001, "Established"),
        "nva-b": ("nva", B, 65002, "Established")}
    gateways = {name: row.get("gateway") for name, row in hub.bascule.peers().items()}
    assert gateways == {"ergw/0": "ergw", "vpngw/0": "vpngw", "vpngw/1": "vpngw", "nva-a": None, "nva-b": None}


def test_s30_losers_and_the_rule_that_each_lost_by(hub):
    hub.announce_all({"ergw": [(PREFIX, 12076, 65020, 65021)], "vpngw0": [(PREFIX, 65010)], "vpngw1": [(PREFIX, 65010)],
                      "nva-a": [(PREFIX, 65001, 65001)], "nva-b": [(PREFIX, 65002, 65002, 65002)]})
    rows = hub.bascule.cli("show", "routes", PREFIX)
    assert [(row["peer"], row["role"], row["best"], row["reason"]) for row in rows] == [
        ("ergw/0", "expressroute", True, "routing preference"),
        ("vpngw/0", "vpn", False, "routing preference"),
        ("vpngw/1", "vpn", False, "routing preference"),
        ("nva-a", "nva", False, "routing preference"),
        ("nva-b", "nva", False, "routing preference")]
    # Without it the tie is what decides among the VPN's, and packets take both; NVAs' paths are longer.
    hub.er.withdraw(PREFIX)
    hub.wait("the VPN's", lambda: hub.next_hops(PREFIX) == set(VPN))
    rows = hub.bascule.cli("show", "routes", PREFIX)
    assert [(row["peer"], row["best"], row["ecmp"], row["reason"]) for row in rows] == [
        ("vpngw/0", True, True, "lowest router ID"),
        ("vpngw/1", False, True, "lowest router ID"),
        ("nva-a", False, False, "AS path length"),
        ("nva-b", False, False, "AS path length")]


def test_s30_conditions_choose_among_routes(hub):
    inside, other = "10.50.7.0/24", "10.60.0.0/16"
    hub.announce_all({"ergw": [(PREFIX, 12076, 65020, 65021)], "vpngw0": [(PREFIX, 65010), (other, 65010)], "vpngw1": [(PREFIX, 65010)],
                      "nva-a": [(PREFIX, 65001, 65001), (inside, 65001)], "nva-b": [(PREFIX, 65002, 65002, 65002)]})

    def told(*words):
        return {(row["prefix"], row["peer"]) for row in hub.bascule.cli("show", "routes", *words)}

    for words, expected in (
            ((PREFIX, "--as-path", "_65010_"), {(PREFIX, "vpngw/0"), (PREFIX, "vpngw/1")}),
            ((PREFIX, "--as-path", "^12076_"), {(PREFIX, "ergw/0")}),
            ((PREFIX, "--as-path", "_6501_"), set()),
            ((PREFIX, "--origin-as", 65021), {(PREFIX, "ergw/0")}),
            ((PREFIX, "--next-hop", A), {(PREFIX, "nva-a")}),
            ((PREFIX, "--role", "vpn", "--next-hop", VPN[1]), {(PREFIX, "vpngw/1")}),
            ((PREFIX, "--longer-prefixes", "--role", "nva"), {(PREFIX, "nva-a"), (PREFIX, "nva-b"), (inside, "nva-a")}),
            (("10.50.7.9",), {(inside, "nva-a")}),
            (("10.50.7.9", "--exact"), set()),
            (("10.50.7.9", "--peer", "nva-b"), {(PREFIX, "nva-b")}),
            (("10.50.7.9", "--peer", "nva-b", "--advertised"), {(inside, "nva-a")}),
            (("--peer", "vpngw/0", "--received"), {(PREFIX, "vpngw/0"), (other, "vpngw/0")}),
            ((PREFIX, "--unusable"), set())):
        assert told(*words) == expected, words
    assert hub.bascule.cli("show", "routes", PREFIX, "--longer-prefixes", "--count") == {"prefixes": 2, "paths": 6}
    first = hub.bascule.run("show", "routes", "--role", "vpn", "--limit", 2)
    assert [line.split()[1] for line in first.stdout.splitlines()[1:]] == [PREFIX, PREFIX]
    assert first.stderr == "and 1 more; --count says how many there are of which kind\n"
