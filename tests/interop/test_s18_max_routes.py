"""S18, how many routes a peer may announce: 4000 with profile azure.

Topology: played.py. NVA-A and others are played by the test, which sends thousands of routes in a few UPDATEs; NVA-B and
the ExpressRoute gateway are BIRD. Exchange is on. Expected: 4000 routes are learned; the 4001st ends the session with
Cease/1 and the bound as data (RFC 4486), and with it all of that NVA's routes everywhere; nobody else notices; after the
retry time it is let in again. `unique` never counts a route twice, `ars_compat` does within a batch; `drop_excess` keeps
the session. A warning comes at 80 %."""

import pytest

from lab import wait_for
from played import US, US_ER, prefixes, running_hub
from speaker import NOTIFICATION

ALL = prefixes(4001)
MAX = ALL[:4000]
CEASE_MAX_PREFIXES = bytes([6, 1, 0, 1, 1]) + (4000).to_bytes(4, "big")  # and AFI, SAFI, bound


def configure(config):
    config["limits"] = {"routes_per_peer": 4000, "retry_s": 2}


@pytest.fixture(scope="module")
def hub():
    with running_hub(configure=configure, nvas=["compat", "unique", "excess", "own"]) as hub:
        yield hub


@pytest.fixture
def undisturbed(hub):
    """Neither NVA-B nor the gateway loses its session."""
    before = hub.nva_b.session(US), hub.ergw.session(US_ER)
    yield
    assert (hub.nva_b.session(US), hub.ergw.session(US_ER)) == before
    for nva in hub.nvas.values():
        nva.close()


def alarms(hub, nva):
    return {alarm["kind"] for alarm in hub.alarms() if alarm.get("peer") == nva.name}


def test_the_bound_and_one_more(hub, undisturbed):
    nva = hub.nva_a.establish()
    nva.announce(MAX[:3199])
    nva.wait_learned(3199)
    assert not alarms(hub, nva)
    nva.announce(MAX[3199:])
    nva.wait_learned(4000)
    wait_for(lambda: alarms(hub, nva) == {"near_max_routes"}, "the warning")
    wait_for(lambda: set(MAX) <= set(hub.nva_b.prefixes(US)), "all of them at NVA-B")
    assert set(MAX) <= set(hub.bascule.fib("vnet")) and set(MAX) <= set(hub.ergw.prefixes(US_ER))
    nva.withdraw(MAX[:1000])
    wait_for(lambda: not alarms(hub, nva), "the warning gone")
    nva.announce(MAX[:1000])
    nva.wait_learned(4000)
    nva.announce([ALL[4000]])
    assert nva.connection.wait(NOTIFICATION) == (NOTIFICATION, CEASE_MAX_PREFIXES)
    wait_for(lambda: alarms(hub, nva) == {"max_routes"}, "the alarm")
    assert nva.row()["learned"] == 0 and "maximum number of prefixes" in nva.row()["last_error"].lower()
    wait_for(lambda: not set(MAX) & set(hub.nva_b.prefixes(US)), "none at NVA-B")
    wait_for(lambda: not set(MAX) & set(hub.ergw.prefixes(US_ER)), "none at the gateway")
    wait_for(lambda: not set(MAX) & set(hub.bascule.fib("vnet")), "none in the FIB")
    nva.establish()  # waits for the retry time
    assert not alarms(hub, nva)
    nva.announce(MAX[:10])
    nva.wait_learned(10)
    assert [event["text"] for event in hub.events("limit")] == [
        "announces more than 4000 routes: its session is closed, for 2 s"]


def test_unique_counts_a_route_once(hub, undisturbed):
    nva = hub.nvas["unique"].establish()
    for _ in range(3):
        nva.announce(MAX)
    nva.wait_learned(4000)
    for _ in range(5):
        nva.withdraw(MAX[:1000])
        nva.announce(MAX[:1000])
    nva.announce(["192.0.2.0/24"])  # the 4001st: all before it has been read when this is answered
    assert nva.connection.wait(NOTIFICATION) == (NOTIFICATION, CEASE_MAX_PREFIXES)


def test_ars_compat_counts_what_a_batch_repeats(hub, undisturbed):
    hub.reconfigure(lambda config: config["limits"].update(count="ars_compat"))
    nva = hub.nvas["compat"].establish()
    nva.announce(MAX[:2001])
    nva.announce(MAX[:2001])
    assert nva.connection.wait(NOTIFICATION) == (NOTIFICATION, CEASE_MAX_PREFIXES)
    hub.reconfigure(lambda config: config["limits"].update(count="unique"))


def test_excess_can_be_dropped(hub, undisturbed):
    hub.reconfigure(lambda config: config["limits"].update(action="drop_excess"))
    nva = hub.nvas["excess"].establish()
    nva.announce(ALL)
    nva.wait_learned(4000)
    wait_for(lambda: nva.row()["over_limit"] == 1, "the excess counted")
    assert nva.row()["state"] == "Established" and alarms(hub, nva) == {"routes_refused"}
    nva.announce(MAX)  # again: they take no new room
    # There is room: the NVA is asked for its routes again, and this time all of them fit.
    nva.withdraw(MAX[:1])
    assert nva.connection.wait(5), "no ROUTE-REFRESH"
    nva.announce(ALL[1:])
    nva.wait_learned(4000)
    wait_for(lambda: alarms(hub, nva) == {"near_max_routes"}, "the alarm gone")
    hub.reconfigure(lambda config: config["limits"].update(action="tear_down"))


def test_a_bound_of_its_own_and_a_lower_one(hub, undisturbed):
    """A reload changes bounds without touching a session, unless there is too much already."""
    def bound(n):
        hub.reconfigure(lambda config: next(p for p in config["peers"] if p["name"] == "own").update(max_routes=n))

    bound(100)
    nva = hub.nvas["own"].establish()
    nva.announce(MAX[:100])
    nva.wait_learned(100)
    session = nva.row()["established"]
    bound(200)
    assert nva.row()["max_routes"] == 200
    nva.announce(MAX[:150])
    nva.wait_learned(150)
    assert nva.row()["established"] == session
    bound(149)
    assert nva.connection.notification() == (6, 1)
