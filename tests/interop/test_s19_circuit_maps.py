"""S19, what an ExpressRoute circuit takes, when the gateway has an outbound route map.

Topology: hub.py. The circuit takes 8 routes; the gateway's map drops 10.99.0.0/16 and summarises 172.16.0.0/16.
Expected: counted is what the gateway is told, so twenty routes that are summarised are one, and those dropped are none.
A route too many is held back with an alarm. When the map changes, and with it which routes pass, the gateway has at no
moment more than 8 routes: every message that it has heard is looked at."""

import pytest

import hub as hubs

BOUND = 8
SITES = [f"172.16.{i}.0/24" for i in range(20)]
LAB = [f"10.99.{i}.0/24" for i in range(20)]
OTHERS = [f"192.168.{i}.0/24" for i in range(5)]
SUMMARY = "172.16.0.0/16"
DROP_LAB = {"name": "lab", "match": {"prefix_contains": ["10.99.0.0/16"]}, "action": "drop"}
DROP_OTHERS = {"name": "others", "match": {"prefix_contains": ["192.168.0.0/16"]}, "action": "drop"}
SUMMARISE = {"name": "sites", "match": {"prefix_contains": [SUMMARY]}, "action": {"prefix_replace": SUMMARY}}


@pytest.fixture(scope="module")
def hub():
    def configure(config):
        config["limits"] = {"to_expressroute": BOUND}
        config["route_maps"] = [{"name": "circuit", "rules": [DROP_LAB, SUMMARISE]}]
        config["gateways"][0]["outbound_map"] = "circuit"

    with hubs.running_hub(__name__, configure) as hub:
        hub.bascule.exchange(True)
        yield hub


def alarms(hub):
    return [alarm["text"] for alarm in hub.bascule.summary()["alarms"] if alarm["kind"] == "to_expressroute"]


def announce(hub, prefixes):
    for prefix in prefixes:
        hub.a.announce(prefix, 65001)
    hub.wait("A's routes at B", lambda: set(prefixes) <= set(hub.told("nva-b")))


def test_s19_counted_is_what_the_gateway_is_told(hub):
    announce(hub, SITES + LAB + OTHERS)
    want = hubs.VNETS | {SUMMARY, *OTHERS}
    assert len(want) == BOUND
    hub.wait("eight routes at the gateway", lambda: set(hub.told("ergw")) == want)
    assert not alarms(hub)
    assert hub.bascule.peer("ergw/0")["advertised"] == BOUND
    # One more has no room, until another goes.
    announce(hub, ["192.168.9.0/24"])
    hub.wait("the alarm", lambda: alarms(hub) ==
             [f"1 routes are held back from ExpressRoute gateways, which take {BOUND}"])
    hub.a.withdraw(OTHERS[0])
    hub.wait("the one that was held back", lambda: "192.168.9.0/24" in hub.told("ergw"))
    assert set(hub.told("ergw")) == want - {OTHERS[0]} | {"192.168.9.0/24"} and not alarms(hub)


def test_s19_a_changed_map_does_not_overfill_the_circuit(hub):
    session = hub.sessions()["ergw"]
    hub.bascule.config["route_maps"][0]["rules"] = [DROP_OTHERS]
    hub.reload()
    # The others go first; then of 40 routes that may pass six come beside the VNets.
    hub.wait("six of the sites and the lab", lambda: len(set(hub.told("ergw")) & {*SITES, *LAB}) == BOUND - 2)
    assert set(hub.told("ergw")) <= hubs.VNETS | {*SITES, *LAB}
    hub.bascule.config["route_maps"][0]["rules"] = [DROP_LAB, SUMMARISE]
    hub.reload()
    hub.wait("as before", lambda: set(hub.told("ergw")) == hubs.VNETS | {SUMMARY, *OTHERS[1:], "192.168.9.0/24"})
    assert max(len(routes) for routes in hub.er.history(hubs.SPEAKERS["ergw"][4])) == BOUND
    assert hub.sessions()["ergw"] == session
