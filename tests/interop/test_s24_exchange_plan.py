"""S24, planned: what `exchange plan` says before the switch is moved is, prefix by prefix, what peers then hear or
lose and what the views gain or lose; which bounds are met and which branch wins a prefix is said before.

Topology: hub.py, with both kinds of gateways and sessions of both families, which one plan is about. The gateway of
ExpressRoute takes five routes of each, NVA-B has an outbound map, and 10.50.0.0/16 comes from ExpressRoute and from the VPN
alike. Nothing that a plan says comes from a daemon, and nothing that it is held against from Bascule's own view of its
peers."""

import pytest

from families import FAMILIES, V6, seen, twin
from hub import BRANCH_VIEWS, GATEWAYS, SPEAKERS, running_hub
from lab import wait_for

ROUTES = {
    "ergw": [("10.20.0.0/16", 12076, 65020), ("10.50.0.0/16", 12076, 65020)],
    "vpngw0": [("10.10.0.0/16", 65010), ("10.50.0.0/16", 65010)],
    "vpngw1": [("10.10.0.0/16", 65010), ("10.50.0.0/16", 65010)],
    "nva-a": [("172.16.1.0/24", 65001), ("172.16.9.0/24", 65001), ("0.0.0.0/0", 65001)],
    "nva-b": [("172.16.2.0/24", 65002), ("172.16.9.0/24", 65002)],
}
NO_ADVERTISE = "65535:65282"
QUIET, MARKER = "172.16.3.0/24", "172.16.99.0/24"


def configure(config):
    config["limits"] = {"to_expressroute": 5}
    config["route_maps"] = [{"name": "not-for-b", "rules": [
        {"name": "site", "match": {"prefix_contains": ["10.20.0.0/16"]}, "action": "drop"}]}]
    config["peers"][1]["outbound_map"] = "not-for-b"


@pytest.fixture(scope="module", params=GATEWAYS)
def hub(request):
    with running_hub(f"test_s24_exchange_plan.{request.param}", configure, gateways=request.param, both=True) as hub:
        for of_one in (seen(hub, family) for family in FAMILIES):
            of_one.a.announce(QUIET, 65001, communities=[NO_ADVERTISE])
            of_one.announce_all(ROUTES)
            hub.wait("the last one", lambda of_one=of_one: QUIET in of_one.bascule.fib("vnet"))
        yield hub


def planned(hub):
    """The plan, when nothing stirs any more: {what: [row, …]}."""
    def ask():
        rows = {}
        for row in hub.bascule.cli("exchange", "plan", "--prefixes"):
            rows.setdefault(row["what"], []).append(row)
        return None if "warning" in rows else rows

    return wait_for(ask, "an exact plan", 15)


def state(hub):
    """{(who, prefix): what it has}: by the speakers' word and by the tables that packets follow."""
    now = {(SPEAKERS[name][0], prefix): route for name in SPEAKERS for prefix, route in hub.told(name).items()}
    for view in (*BRANCH_VIEWS, "vnet"):
        for prefix, row in hub.bascule.fib(view).items():
            now[view, prefix] = sorted(hop["gateway"] for hop in row["next_hops"])
    return {key: value for key, value in now.items() if key[1] not in (MARKER, twin(MARKER))}


def difference(before, after):
    words = {True: ("gained", "lost", "next hops"), False: ("announced", "withdrawn", "replaced")}
    changes = {}
    for who, prefix in before.keys() | after.keys():
        new, gone, other = words[who in (*BRANCH_VIEWS, "vnet")]
        if (who, prefix) not in before:
            changes[who, prefix] = new
        elif (who, prefix) not in after:
            changes[who, prefix] = gone
        elif before[who, prefix] != after[who, prefix]:
            changes[who, prefix] = other
    return changes


def move(hub, enabled):
    """Plan, move the switch, and hold what then happens against the plan; returns the plan."""
    plan, before, sessions = planned(hub), state(hub), hub.sessions()
    expected = {(row.get("peer") or row["view"], row["prefix"]): row["change"] for row in plan["route"]}
    assert plan["switch"] == [{"what": "switch", "enable": enabled, "enabled": not enabled,
                               "conflicts": len(plan.get("conflict", []))}]
    hub.bascule.exchange(enabled)
    hub.wait("what was planned", lambda: difference(before, state(hub)) == expected)
    # What else was on its way would have come before this: told to the VNets' view and, once on, to the other NVA.
    for of_one in (seen(hub, family) for family in FAMILIES):
        of_one.a.announce(MARKER, 65001)
        of_one.wait("a later route", lambda of_one=of_one: MARKER in of_one.bascule.fib("vnet")
                    and (MARKER in of_one.told("nva-b")) == enabled)
        of_one.a.withdraw(MARKER)
        of_one.wait("its end", lambda of_one=of_one: MARKER not in of_one.bascule.fib("vnet")
                    and MARKER not in of_one.told("nva-b"))
    assert difference(before, state(hub)) == expected
    for row in plan["peer"]:
        for kind in ("announced", "replaced", "withdrawn"):
            assert row[kind] == sum(who == row["name"] and (":" in prefix) == (row["family"] == "ipv6") and kind == change
                                    for (who, prefix), change in expected.items()), (row, kind)
    assert hub.sessions() == sessions
    return plan


def test_s24_plan_before_enable_and_before_disable(hub):
    plan = move(hub, True)
    for family in FAMILIES:
        enabling(seen(hub, family), family, {what: family.name(rows) for what, rows in plan.items()})
    plan = move(hub, False)
    assert "conflict" not in plan and "limit" not in plan


def enabling(hub, family, plan):
    """What the plan says of one family."""
    told = {(row["peer"], row["prefix"]) for row in plan["route"] if "peer" in row}
    # An NVA is told the other's path, but none that is only as good as its own; the outbound map, NO_ADVERTISE and the
    # VPN's want of a default route count. What ExpressRoute wins it is told as a backup.
    assert {("nva-a", "172.16.2.0/24"), ("nva-b", "172.16.1.0/24"), ("nva-a", "10.20.0.0/16")} <= told
    assert not told & {("nva-b", "10.20.0.0/16"), ("vpngw/0", "0.0.0.0/0"), ("nva-b", QUIET),
                       ("nva-a", "172.16.9.0/24"), ("nva-b", "172.16.9.0/24")}
    backups = {(row["peer"], row["prefix"]) for row in plan["route"] if row.get("backup")}
    assert backups == {(who, prefix) for who, prefix in told if who == "ergw/0"}
    assert all(hub.told("ergw")[prefix].local_pref == 50 for _, prefix in backups)
    assert [(row["prefix"], row["views"], row["winner"], row["loser_role"], row["reason"]) for row in plan["conflict"]] == [
        ("10.50.0.0/16", ["nva"], "ergw/0", "vpn", "routing preference")]
    # VNets 2, VPN 2, NVAs 4: five of them.
    assert [(row["kind"], row["count"], row["bound"]) for row in plan["limit"] if row["family"] == str(family)] == [
        ("to_expressroute", 8, 5)]
    assert len(hub.told("ergw")) == 5


def test_s24_plan_for_people(hub):
    text = hub.bascule.run("exchange", "plan", "enable").stdout
    assert "nothing is moved yet" in text
    for of in ("8 routes", "8 IPv6 routes"):
        assert f"{of} for ExpressRoute gateways, which take 5: 3 are held back" in text
    row = next(line for line in text.splitlines() if line.startswith("10.50.0.0/16"))
    assert row.split()[1:6] == ["nva", "ergw/0", "expressroute", "vpngw/0", "vpn"]
    assert "172.16.1.0/24" not in text
    one = hub.bascule.run("exchange", "plan", "enable", "--peer", "nva-b").stdout
    assert "172.16.1.0/24" in one and V6.say("172.16.1.0/24") in one and "view of" not in one
    assert "is off already" in hub.bascule.run("exchange", "plan", "disable").stdout
    assert hub.bascule.run("exchange", "plan", "sideways", check=False).returncode == 2
