"""S19, the total: 10,000 distinct prefixes with profile azure.

Topology: played.py. Three NVAs are played by the test; NVA-B and the ExpressRoute gateway are BIRD and announce a
prefix each. Expected: the 10,001st prefix is refused, counted and an alarm, and no session drops; a second path to a
prefix that is known takes no room; the warning comes before, at 80 %; and when there is room again, what was refused is
asked for."""

import pytest

from lab import wait_for
from played import US, US_ER, prefixes, running_hub

ALL = prefixes(9999)  # with the prefixes of NVA-B and the gateway: one too many
SHARES = {"nva-a": ALL[:3333], "two": ALL[3333:6666], "three": ALL[6666:]}
ROUTE_REFRESH = 5


@pytest.fixture(scope="module")
def hub():
    # The bounds of profile azure, without its rules of who may peer.
    def configure(config):
        config["limits"] = {"routes_per_peer": 4000, "total": 10000}

    with running_hub(configure=configure, nvas=["two", "three"]) as hub:
        yield hub


def alarms(hub):
    return {alarm["kind"]: alarm["text"] for alarm in hub.alarms() if "peer" not in alarm}


def test_the_10001st_prefix(hub):
    sessions = hub.nva_b.session(US), hub.ergw.session(US_ER)
    for name in ("nva-a", "two"):
        hub.nvas[name].establish().announce(SHARES[name])
        hub.nvas[name].wait_learned(3333)
    # 80 %: with those of NVA-B and the gateway 7999 are none, 8000 are.
    three = hub.nvas["three"].establish()
    three.announce(SHARES["three"][:1331])
    three.wait_learned(1331)
    three.announce(SHARES["three"][1331:1332])
    wait_for(lambda: set(alarms(hub)) == {"near_total_routes"}, "the warning")
    three.withdraw(SHARES["three"][1331:1332])
    wait_for(lambda: not alarms(hub), "the warning gone")
    assert [event["text"] for event in hub.events("alarm") if "prefixes" in event["text"]] == [
        "raised: 8000 of at most 10000 prefixes", "cleared: 7999 of at most 10000 prefixes"]
    three.announce(SHARES["three"])
    three.wait_learned(3332)
    wait_for(lambda: three.row()["over_limit"] == 1, "the refused one counted")
    wait_for(lambda: alarms(hub) == {
        "total_routes": "10000 of at most 10000 prefixes; 1 peers announce others, which are refused"}, "the alarm")
    assert ALL[-1] not in hub.bascule.routes() and len(hub.bascule.fib("vnet")) == 10001  # and the VNet
    # Another path to what is known takes no room.
    hub.nva_a.announce(SHARES["two"][:100])
    hub.nva_a.wait_learned(3433)
    # Room again: the route that was refused is asked for and comes.
    hub.nvas["two"].withdraw(SHARES["two"][-1:])
    wait_for(lambda: hub.nvas["two"].row()["learned"] == 3332, "room")
    assert three.connection.wait(ROUTE_REFRESH)
    three.announce(SHARES["three"])
    three.wait_learned(3333)
    wait_for(lambda: set(alarms(hub)) == {"near_total_routes"}, "the alarm gone")
    hub.nvas["two"].withdraw(SHARES["two"])
    wait_for(lambda: not alarms(hub), "the warning gone")
    assert [event["text"] for event in hub.events("limit")] == [
        "there are 10000 prefixes: others that it announces are refused",
        "there is room for routes again: asking for those that were refused"]
    assert sessions == (hub.nva_b.session(US), hub.ergw.session(US_ER))
    assert all(nva.row()["state"] == "Established" for nva in hub.nvas.values())
