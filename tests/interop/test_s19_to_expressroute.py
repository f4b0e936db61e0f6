"""S19, what an ExpressRoute circuit takes: 1000 routes with profile azure.

Topology: played.py; NVA-A is played by the test, the gateway is BIRD. Exchange is on. Expected with `safe`: the gateway
is told 1000 routes, the others are held back, an alarm, and come when others go; no session moves. With `ars_compat`,
as Azure: the gateway's session is closed with Cease/1. After the retry time it is let in whether or not there are still
too many, and closed again; when there are no more than it takes, it stays. Nobody else's session moves."""

import pytest

from lab import wait_for
from played import US, US_ER, VNET, prefixes, running_hub

MANY = prefixes(998)  # with the VNet and NVA-B's: 1000 routes for the gateway
MORE = prefixes(50, "30.0.0.0")


@pytest.fixture(scope="module")
def hub():
    def configure(config):
        config["limits"] = {"to_expressroute": 1000, "retry_s": 1}

    with running_hub(configure=configure) as hub:
        hub.nva_a.establish()
        yield hub


def told(hub):
    return set(hub.ergw.prefixes(US_ER))


def alarms(hub):
    return [alarm["text"] for alarm in hub.alarms() if alarm["kind"] == "to_expressroute"]


def test_safe_holds_the_excess_back(hub):
    sessions = hub.nva_b.session(US), hub.ergw.session(US_ER)
    hub.nva_a.announce(MANY)
    wait_for(lambda: set(MANY) <= told(hub), "998 routes at the gateway")
    assert len(told(hub)) == 1000 and not alarms(hub)
    hub.nva_a.announce(MORE)
    wait_for(lambda: set(MORE) <= set(hub.nva_b.prefixes(US)), "the others at NVA-B")
    wait_for(lambda: alarms(hub) == ["50 routes are held back from ExpressRoute gateways, which take 1000"], "the alarm")
    assert len(told(hub)) == 1000 and not told(hub) & set(MORE)
    assert hub.bascule.peer("ergw/0")["advertised"] == 1000
    # Exchange off and on: within the bound throughout.
    hub.bascule.exchange(False)
    wait_for(lambda: told(hub) == {VNET} and not alarms(hub), "the VNet alone")
    hub.bascule.exchange(True)
    wait_for(lambda: len(told(hub)) == 1000, "1000 again")
    # Room: those held back come.
    hub.nva_a.withdraw(MANY[:50])
    wait_for(lambda: told(hub) == {VNET, "172.16.2.0/24", *MANY[50:], *MORE}, "those held back")
    wait_for(lambda: not alarms(hub), "the alarm gone")
    # The bound moves with a reload.
    hub.reconfigure(lambda config: config["limits"].update(to_expressroute=900))
    wait_for(lambda: len(told(hub)) == 900, "900")
    hub.reconfigure(lambda config: config["limits"].update(to_expressroute=0))
    wait_for(lambda: len(told(hub)) == 1000, "all")
    assert sessions == (hub.nva_b.session(US), hub.ergw.session(US_ER))


def test_ars_compat_closes_the_session(hub):
    def events(kind):
        return [event["text"] for event in hub.events(kind, after) if event.get("peer") == "ergw/0"]

    after, others = hub.last_event(), (hub.nva_b.session(US), hub.nva_a.row()["established"])
    hub.nva_a.withdraw([*MANY, *MORE])
    hub.reconfigure(lambda config: config["limits"].update(to_expressroute=1000, over_expressroute="ars_compat"))
    hub.nva_a.announce(MANY)
    wait_for(lambda: set(MANY) <= told(hub), "998 routes at the gateway")
    hub.nva_a.announce(MORE[:1])
    wait_for(lambda: events("limit"), "the end of the session")
    wait_for(lambda: alarms(hub) == ["more than 1000 routes are for it; it may come back 1 s after that"], "the alarm")
    wait_for(lambda: len(events("limit")) > 1, "its end again: there are still too many")
    assert set(events("limit")) == {"more than 1000 routes are for it: its session is closed, for 1 s"}
    assert all("(6/1)" in text for text in events("session_down"))
    hub.nva_a.withdraw(MORE[:1])
    wait_for(lambda: hub.bascule.established("ergw/0") and not alarms(hub), "the gateway, to stay")
    wait_for(lambda: told(hub) == {VNET, "172.16.2.0/24", *MANY}, "all at the gateway again")
    assert (hub.nva_b.session(US), hub.nva_a.row()["established"]) == others
