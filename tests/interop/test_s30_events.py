"""S30, the event log: what happened, when, to whom and why, in `show events` and as lines of the log.

Topology: played.py. NVA-A is played by the test, NVA-B and the ExpressRoute gateway are BIRD. Expected: an event for each of
session up and down, routes refused as loops and by the bow-tie rule, the switch, a reload, a next hop found, the first
publication; bursts are cut short and counted; a follower sees each event without asking again; a configured peer that is
down is an alarm."""

import json

import pytest

from played import NVA_A, ASN, prefixes, running_hub
from lab import wait_for
from speaker import attribute, attributes, update

LOOPS = 30


@pytest.fixture(scope="module")
def hub():
    with running_hub() as hub:
        yield hub


def event(hub, kind, text, after=0, peer=None):
    """The one event of that kind and peer whose text has `text` in it."""
    found = wait_for(lambda: [e for e in hub.events(kind, after) if text in e["text"] and e.get("peer") == peer],
                     f"event {kind} {text!r} of {peer}")
    assert len(found) == 1, found
    return found[0]


def test_start_and_sessions(hub):
    live = event(hub, "live", "route exchange is on")
    up = event(hub, "session_up", "AS 65002, nva", peer="nva-b")
    event(hub, "session_up", "AS 65515, expressroute", peer="ergw/0")
    event(hub, "next_hop", "next hop 10.0.2.5 is found")
    assert live["number"] < up["number"] and live["time"] < up["time"] and live["time"].endswith("Z")
    hub.nva_a.establish()
    hub.nva_a.close()
    down = event(hub, "session_down", "session is down: ", peer="nva-a")
    assert f"peer nva-a: {down['text']}" in hub.bascule.control.log()


def test_a_peer_that_is_down_is_an_alarm(hub):
    def down():
        return {alarm["peer"]: alarm["text"] for alarm in hub.alarms() if alarm["kind"] == "peer_down"}

    assert down()["nva-a"].startswith("is not established") and set(down()) == {"nva-a"}
    hub.nva_a.establish()
    assert not down()
    hub.nva_a.close()
    wait_for(lambda: set(down()) == {"nva-a"}, "the alarm")


def test_refused_routes(hub):
    after = hub.last_event()
    nva = hub.nva_a.establish()
    nva.announce(["192.0.2.0/24", "198.51.100.0/24"], path=[ASN])
    assert "refused 192.0.2.0/24 and 1 others: our AS" in event(hub, "loop", "", after, "nva-a")["text"]
    # A burst: ten of a kind are told, this peer's first one included; the others are counted.
    for prefix in prefixes(LOOPS):
        nva.announce([prefix], path=[ASN])
    wait_for(lambda: nva.row()["as_loop"] == LOOPS + 2, "all counted")
    loops = wait_for(lambda: hub.events("loop", after) if len(hub.events("loop", after)) > 10 else None, "the rest", 20)
    assert sum(1 + e["more"] for e in loops[:10]) + loops[10]["more"] == LOOPS + 1
    assert loops[10]["text"] == f"{LOOPS - 9} more like this"
    nva.close()


def test_switch_and_reload(hub):
    after = hub.last_event()
    hub.bascule.exchange(False)
    event(hub, "exchange", "switched off", after)
    hub.bascule.exchange(True)
    event(hub, "exchange", "switched on", after)
    hub.bascule.run("reload")
    event(hub, "reload", "0 peers added, 0 removed, 0 changed", after)


def test_following(hub):
    """In JSON, one a line; what was there before comes first. It ends with control."""
    follower = hub.bascule.namespace.start("follower", *hub.bascule.command("--json", "show", "events", "--follow"))
    people = hub.bascule.namespace.start("people", *hub.bascule.command("show", "events", "--follow"))

    def told():
        return [json.loads(line) for line in follower.log().splitlines()]

    before = hub.events()
    wait_for(lambda: told()[:len(before)] == before, "what was there before")
    hub.nva_a.establish()
    wait_for(lambda: told()[-1].get("peer") == "nva-a" and told()[-1]["kind"] == "session_up", "the session")
    hub.nva_a.close()
    wait_for(lambda: told()[-1]["kind"] == "session_down", "its end")
    assert [e["number"] for e in told()] == list(range(1, len(told()) + 1))
    wait_for(lambda: "session_down    nva-a" in people.log().splitlines()[-1], "the same for people")
    for process in (follower, people):
        process.stop()


def test_a_table_for_people(hub):
    header, first, *_ = hub.bascule.run("show", "events").stdout.splitlines()
    assert header.split() == ["TIME", "KIND", "PEER", "EVENT"]
    assert "live" in first
