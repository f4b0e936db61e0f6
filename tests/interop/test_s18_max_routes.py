"""S18, how many routes a peer may announce: 4000 with profile azure.

Topology: played.py. NVA-A and others are played by the test, which sends thousands of routes in a few UPDATEs; NVA-B,
one that announces too much and the ExpressRoute gateway are BIRD. Exchange is on. Expected: 4000 routes are learned;
the 4001st ends the session with Cease/1 and the bound as data (RFC 4486), and with it all of that NVA's routes
everywhere; nobody else notices; until the retry time is over it is refused, then it is let in again. `unique` never
counts a route twice, `ars_compat` does within a batch, which ends when the peer says nothing for a second;
`drop_excess` keeps the session. A warning comes at 80 %: with the 3200th route, not with the 3199th."""

import pytest

from daemons import Bird, Neighbor
from lab import wait_for
from played import ASN, US, US_ER, prefixes, running_hub
from speaker import NOTIFICATION, ROUTE_REFRESH, Speaker

ALL = prefixes(4001)
MAX = ALL[:4000]
CEASE_MAX_PREFIXES = bytes([6, 1, 0, 1, 1]) + (4000).to_bytes(4, "big")  # and AFI, SAFI, bound


def configure(config):
    config["limits"] = {"routes_per_peer": 4000, "retry_s": 2}


@pytest.fixture(scope="module")
def hub():
    with running_hub(configure=configure, nvas=["compat", "unique", "excess", "own", "early", "bird"]) as hub:
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


def texts(hub, kind, nva, after=0):
    """What the event log has of that kind for it."""
    return [event["text"] for event in hub.events(kind, after) if event.get("peer") == nva.name]


def wait_everywhere(hub, routes, there=True):
    """All of these routes, or none of them, at NVA-B, at the gateway and in the FIB."""
    tables = {"NVA-B": lambda: hub.nva_b.prefixes(US), "the gateway": lambda: hub.ergw.prefixes(US_ER),
              "the FIB": lambda: hub.bascule.fib("vnet")}
    for where, table in tables.items():
        wait_for(lambda t=table: set(routes) & set(t()) == (set(routes) if there else set()), f"the routes of {where}")


def retry_after(hub, seconds):
    hub.reconfigure(lambda config: config["limits"].update(retry_s=seconds))


def test_a_warning_at_80_percent(hub, undisturbed):
    nva, after = hub.nva_a.establish(), hub.last_event()
    nva.announce(MAX[:3199])
    nva.wait_learned(3199)
    nva.announce(MAX[3199:3200])
    wait_for(lambda: alarms(hub, nva) == {"near_max_routes"}, "the warning")
    nva.withdraw(MAX[:1])
    wait_for(lambda: not alarms(hub, nva), "the warning gone")
    assert texts(hub, "alarm", nva, after) == [
        "raised: 3200 of at most 4000 routes", "cleared: 3199 of at most 4000 routes"]


def test_the_bound_and_one_more(hub, undisturbed):
    nva = hub.nva_a.establish()
    nva.announce(MAX)
    nva.wait_learned(4000)
    wait_for(lambda: alarms(hub, nva) == {"near_max_routes"}, "the warning")
    wait_everywhere(hub, MAX)
    nva.announce([ALL[4000]])
    assert nva.connection.wait(NOTIFICATION) == (NOTIFICATION, CEASE_MAX_PREFIXES)
    wait_for(lambda: alarms(hub, nva) == {"max_routes"}, "the alarm")
    assert "maximum number of prefixes" in nva.row()["last_error"].lower()
    nva.wait_learned(0)
    wait_everywhere(hub, ALL, there=False)
    nva.establish()  # waits for the retry time
    assert not alarms(hub, nva)
    nva.announce(MAX[:10])
    nva.wait_learned(10)
    assert texts(hub, "limit", nva) == ["announces more than 4000 routes: its session is closed, for 2 s"]


def test_too_early_is_refused(hub, undisturbed):
    """An hour is to pass; nothing but its operator lets the NVA in before."""
    retry_after(hub, 3600)
    nva = hub.nvas["early"].establish()
    nva.announce(ALL)
    assert nva.connection.wait(NOTIFICATION) == (NOTIFICATION, CEASE_MAX_PREFIXES)
    nva.close()
    for _ in range(3):
        with pytest.raises(ConnectionError):
            with Speaker(nva.namespace, nva.address, US) as speaker:
                speaker.establish(nva.asn, nva.address)
    assert nva.row()["state"] == "Idle" and alarms(hub, nva) == {"max_routes"}
    assert len(texts(hub, "session_up", nva)) == 1
    hub.bascule.run("peer", nva.name, "reset")
    nva.establish()
    retry_after(hub, 2)


def test_a_daemon_says_why(hub, undisturbed):
    """BIRD announces three routes where two are the bound."""
    retry_after(hub, 3600)
    hub.reconfigure(lambda config: next(p for p in config["peers"] if p["name"] == "bird").update(max_routes=2))
    nva = hub.nvas["bird"]
    bird = Bird(nva.namespace, nva.asn, nva.address, [Neighbor(US, ASN, multihop=True)], prefixes(3, "192.168.0.0"))
    bird.start()
    wait_for(lambda: alarms(hub, nva) == {"max_routes"}, "the alarm")
    wait_for(lambda: "Received: Maximum number of prefixes reached" in nva.namespace.run(
        "birdc", "-r", "-s", bird.dir / "bird.ctl", "show", "protocols", "all").stdout, "the reason at BIRD")
    bird.stop()
    retry_after(hub, 2)


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
    nva.announce(MAX[:2000])
    for learned in (2001, 2002):  # two batches, each of which makes 3500 and one more; together they would be too much
        nva.announce(MAX[:1500])
        nva.announce(ALL[learned:learned + 1])
        nva.wait_learned(learned)
        # Silence for more than a second by Bascule's own clock, which shows whole ones: the batch has ended.
        silent_since = hub.bascule.summary()["uptime_s"]
        wait_for(lambda s=silent_since: hub.bascule.summary()["uptime_s"] >= s + 2, "the end of the batch")
    assert nva.row()["state"] == "Established"
    nva.announce(MAX[:2000])
    nva.announce(MAX[:2000])
    assert nva.connection.wait(NOTIFICATION) == (NOTIFICATION, CEASE_MAX_PREFIXES)
    hub.reconfigure(lambda config: config["limits"].update(count="unique"))


def test_excess_can_be_dropped(hub, undisturbed):
    hub.reconfigure(lambda config: config["limits"].update(action="drop_excess"))
    nva = hub.nvas["excess"].establish()
    nva.announce(ALL)
    nva.wait_learned(4000)
    wait_for(lambda: nva.row()["over_limit"] == 1, "the excess counted")
    assert nva.row()["state"] == "Established" and alarms(hub, nva) == {"routes_refused"}
    hub.nva_a.establish().announce(["192.0.2.0/24"])
    wait_everywhere(hub, [*MAX, "192.0.2.0/24"])  # a later route has come everywhere, and the 4001st has not
    wait_everywhere(hub, ALL[4000:], there=False)
    nva.announce(MAX)  # again: they take no new room
    # There is room: the NVA is asked for its routes again, and this time all of them fit.
    nva.withdraw(MAX[:1])
    assert nva.connection.wait(ROUTE_REFRESH), "no ROUTE-REFRESH"
    nva.announce(ALL[1:])
    nva.wait_learned(4000)
    wait_everywhere(hub, ALL[1:])
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
