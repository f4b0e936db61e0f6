"""S14 with an NVA that no loop detection sees: it strips our AS number from what one instance tells it, and passes it on to
the other one.

Topology: networks.py with two instances, the NVA is FRR; routing_preference is "vpn", by which an NVA's path beats a
circuit's, so each of its paths would win. 10.20.0.0/16 (12076 65020) and 10.10.0.0/16 (65010) come back as 65001 12076 65020
and 65001 65010. Expected: no view ever forwards to the NVA while the original is there, whatever goes and comes; the paths
are shown, counted, alarmed and in the events; once settled nothing moves. What the NVA announces of its own is used."""

import pytest

from conftest import running_networks
from daemons import Frr
from lab import wait_for
from networks import ASN, BRANCH, ERGW, NVA, ONPREM1, ONPREM2, VPNGW

VIEWS = "expressroute", "vpn", "nva", "vnet"


class Stripping(Frr):
    def config(self):
        text = super().config()
        for neighbor in self.neighbors:
            text = text.replace(f"  neighbor {neighbor.address} activate", f"  neighbor {neighbor.address} activate\n"
                                f"  neighbor {neighbor.address} route-map STRIP out")
        return text + f"route-map STRIP permit 10\n set as-path exclude {ASN}\n"


def prefer_vpn(config, lab):
    config["routing_preference"] = "vpn"


@pytest.fixture(scope="module")
def net(request):
    with running_networks(request.module.__name__, nva=Stripping, instances=2, configure=prefer_vpn) as net:
        for bascule in net.bascules:
            bascule.exchange(True)
        yield net


def ways(bascule, prefix):
    """{view: gateways} of the views that have the prefix."""
    return {view: {hop["gateway"] for hop in row["next_hops"]} for view in VIEWS if (row := bascule.fib(view).get(prefix))}


def reflections(net, prefix):
    """[(instance, why it is not used)] of the NVA's paths."""
    return [(bascule, row.get("unusable_reason")) for bascule in net.bascules
            for row in bascule.cli("show", "routes", prefix) if row["peer"] == "nva-a"]


def best(bascule):
    return next((row["peer"] for row in bascule.cli("show", "routes", ONPREM2) if row["best"]), None)


def all_by_circuit(net):
    return all(ways(bascule, ONPREM2) == {view: {ERGW} for view in ("vpn", "nva", "vnet")} for bascule in net.bascules)


def wait_reflected(net):
    """The path comes back, and while it does no view moves."""
    wait_for(lambda: all_by_circuit(net), "the prefix by the circuit")

    def comes_back():
        assert all_by_circuit(net), "a view follows the reflection"
        return reflections(net, ONPREM2)

    wait_for(comes_back, "the path come back")


def test_it_is_shown_and_not_used(net):
    wait_reflected(net)
    for bascule, why in reflections(net, ONPREM2):
        assert why == "reflection of ergw/0"
        row = next(row for row in bascule.cli("show", "routes", ONPREM2) if row["peer"] == "nva-a")
        assert not row["usable"] and not row["best"] and not row["views"] and row["as_path"] == "65001 12076 65020"
        assert row["reason"] == "not a reflection"
        assert bascule.peer("nva-a")["reflections"] >= 1
        assert bascule.peer("ergw/0")["reflections"] == 0
        alarms = [alarm for alarm in bascule.summary()["alarms"] if alarm["kind"] == "reflections"]
        assert [alarm["peer"] for alarm in alarms] == ["nva-a"] and "come back" in alarms[0]["text"]
        events = [event for event in bascule.cli("show", "events") if event["kind"] == "reflection"]
        assert any(event["peer"] == "nva-a" and ONPREM2 in event["text"] and "ergw/0" in event["text"] for event in events)


def test_of_a_vpn_site(net):
    wait_for(lambda: reflections(net, BRANCH), "the branch's path back")
    assert all(why.startswith("reflection of vpngw/") for _, why in reflections(net, BRANCH))
    for bascule in net.bascules:
        wait_for(lambda: ways(bascule, BRANCH).get("vnet") == set(VPNGW), "the branch by its gateways")


def test_its_own_paths_are_used(net):
    """A prefix of its own that also comes by the circuit and from the branch wins, as routing preference says."""
    for bascule in net.bascules:
        wait_for(lambda: ways(bascule, ONPREM1).get("vnet") == {NVA}, "its own network")
    net.nva.originate(ONPREM1, ONPREM2)
    for bascule in net.bascules:
        wait_for(lambda: ways(bascule, ONPREM2).get("vnet") == {NVA}, "the circuit's network by the NVA's own path")
    net.branch.originate(BRANCH, ONPREM2)
    for bascule in net.bascules:
        wait_for(lambda: ways(bascule, ONPREM2).get("vnet") == {NVA, *VPNGW}, "and by the branch's beside it")
    net.branch.originate(BRANCH)
    net.nva.originate(ONPREM1)
    wait_reflected(net)


def test_the_circuit_goes_and_comes(net):
    for _ in range(5):
        net.onprem2.originate()
        wait_for(lambda: all(ONPREM2 not in bascule.routes() for bascule in net.bascules), "no path at all")
        net.onprem2.originate(ONPREM2)
        wait_for(lambda: all_by_circuit(net), "the circuit's path")
        wait_reflected(net)
    net.tell_all_again()
    before = [bascule.summary()["fib"]["changes"] for bascule in net.bascules]
    for _ in range(2):
        net.tell_all_again()
    assert [bascule.summary()["fib"]["changes"] for bascule in net.bascules] == before
    assert all_by_circuit(net)


def test_what_would_come_back_is_foreseen(net):
    wait_reflected(net)
    for path, comes_back in (("65001 12076 65020", True), ("65001 65020", False)):
        row = net.bascule.cli("policy", "test", "nva-a", "in", ONPREM2, "--as-path", path)
        row = row[0] if isinstance(row, list) else row
        assert ("reflection" in row.get("note", "")) == comes_back


def test_a_map_that_keeps_the_path_from_it(net):
    """What it is not told cannot come back from it: the path is its own, and wins."""
    reflected = reflections(net, ONPREM2)[0][0]
    config = reflected.config
    config["route_maps"] = [{"name": "keep", "rules": [{"name": "r", "match": {"prefix_equals": [ONPREM2]}, "action": "drop"}]}]
    nva = next(peer for peer in config["peers"] if peer["name"] == "nva-a")
    nva["outbound_map"] = "keep"
    reflected.write_config()
    reflected.run("reload")
    wait_for(lambda: best(reflected) == "nva-a" and ways(reflected, ONPREM2).get("vnet") != {ERGW}, "the NVA's path")
    del nva["outbound_map"]
    reflected.write_config()
    reflected.run("reload")
    wait_for(lambda: all_by_circuit(net), "the circuit's path again")


def test_the_alarm_goes_with_the_last(net):
    net.nva.stop()
    for bascule in net.bascules:
        wait_for(lambda: not any(alarm["kind"] == "reflections" for alarm in bascule.summary()["alarms"]), "no alarm")
        assert bascule.peer("nva-a")["reflections"] == 0
