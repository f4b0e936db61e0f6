"""S30, the event log: what happened, when, to whom and why, in `show events` and as lines of the log.

Topology: played.py. NVA-A and a second instance of the ExpressRoute gateway are played by the test, NVA-B and the first
instance are BIRD. Expected: an event for each of session up, down and failed, routes refused as loops and by the bow-
tie rule, the switch, a reload, a next hop found, the first publication; bursts are cut short and counted; a follower
sees each event without asking again; a configured peer that is down is an alarm. If systemd gives the process the
journal as stderr, its lines carry priorities and no time of their own. If what reads stderr hangs, BGP goes on."""

import contextlib
import json
import os
import re

import pytest

from lab import wait_for
from played import ASN, US, US_ER, Nva, prefixes, running_hub
from speaker import Speaker

LOOPS = 30
ERGW_1 = "10.0.255.37"
# As systemd does it for a service: the device and inode of its stderr, in the environment.
JOURNAL = ("sh", "-c", 'export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2); exec "$@"', "sh")


@pytest.fixture(scope="module")
def hub():
    def configure(config):
        config["gateways"][0]["addresses"].append(ERGW_1)

    with running_hub(configure=configure) as hub:
        hub.ergw_1 = Nva(hub, "ergw/1", ERGW_1, ASN, "er", US_ER).establish()
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


def test_a_session_that_comes_to_nothing(hub):
    after = hub.last_event()
    nva = hub.nva_a
    with Speaker(nva.namespace, nva.address, US, seconds=30) as speaker, pytest.raises(ConnectionError):
        speaker.establish(65009, nva.address)
    event(hub, "session_failed", "OPEN refused: peer AS 65009, configured 65001", after, "nva-a")


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


def test_a_bow_tie(hub):
    """A route that another route server exported, from the gateway; and one that is learned beside it."""
    after = hub.last_event()
    hub.ergw_1.announce(["10.3.0.0/16"], communities=["65517:65517"])
    hub.ergw_1.announce(["10.21.0.0/16"])
    assert "refused 10.3.0.0/16: " in event(hub, "bow_tie", "", after, "ergw/1")["text"]
    wait_for(lambda: "10.21.0.0/16" in hub.bascule.routes(), "the route beside it")
    assert "10.3.0.0/16" not in hub.bascule.routes() and hub.ergw_1.row()["bow_tie"] == 1


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

    def lines(process):
        written = process.log()
        return written[:written.rfind("\n") + 1].splitlines()  # the last one may be half there

    def told():
        return [json.loads(line) for line in lines(follower)]

    before = hub.events()
    wait_for(lambda: told()[:len(before)] == before, "what was there before")
    hub.nva_a.establish()
    wait_for(lambda: told()[-1].get("peer") == "nva-a" and told()[-1]["kind"] == "session_up", "the session")
    hub.nva_a.close()
    wait_for(lambda: told()[-1]["kind"] == "session_down", "its end")
    assert [e["number"] for e in told()] == list(range(1, len(told()) + 1))
    wait_for(lambda: any("session_down    nva-a" in line for line in lines(people)[-1:]), "the same for people")
    for process in (follower, people):
        process.stop()


def test_a_table_for_people(hub):
    header, *rows = hub.bascule.run("show", "events").stdout.splitlines()
    assert header.split() == ["TIME", "KIND", "PEER", "EVENT"]
    # Not of necessity the first: a peer that refuses us may be quicker.
    assert "live" in [row.split()[1] for row in rows]


def test_lines_for_the_journal(hub):
    hub.bascule.control.stop()
    hub.bascule.wrapper = JOURNAL
    hub.bascule.start_control()
    event(hub, "session_up", "AS 65002, nva", peer="nva-b")
    lines = [line for line in hub.bascule.control.log().splitlines() if f"{hub.bascule.name}: " in line]
    assert lines and all(re.match(rf"<[3467]>{hub.bascule.name}: ", line) for line in lines), lines
    up, = [line for line in lines if "peer nva-b: session is up" in line]
    assert up.startswith("<6>")


@contextlib.contextmanager
def hung_log(fifo):
    """Nobody reads the pipe that control's stderr is, and it is full. Leaves what was written to it then and later."""
    written = []
    end = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(end, bytes(512))
    yield written
    wait_for(lambda: not drain(end, written) and sum("session is down" in line for line in written) == 2,
             "the lines that waited")
    os.close(end)


def drain(end, lines):
    with contextlib.suppress(BlockingIOError):
        while octets := os.read(end, 1 << 16):
            lines += octets.replace(b"\0", b"").decode().splitlines()


def test_a_log_that_nobody_reads_stalls_nothing(hub):
    fifo = hub.bascule.namespace.lab.dir / "log"
    os.mkfifo(fifo)
    hub.bascule.control.stop()
    # Opened for both, a FIFO waits for no reader and is never without one.
    hub.bascule.wrapper = ("sh", "-c", f'exec "$@" 2<>{fifo}', "sh")
    hub.bascule.start_control()
    event(hub, "session_up", "AS 65002, nva", peer="nva-b")
    hub.nva_a.establish()
    after = hub.last_event()
    with hung_log(fifo) as written:
        hub.nva_a.close()
        event(hub, "session_down", "session is down: ", after, "nva-a")
        hub.nva_a.establish()
        hub.nva_a.announce(["198.51.100.0/24"])
        wait_for(lambda: "198.51.100.0/24" in hub.bascule.fib("vnet"), "its route in the FIB")
        hub.nva_a.close()
        wait_for(lambda: "198.51.100.0/24" not in hub.bascule.fib("vnet"), "its withdrawal")
    said = [line for line in written if "peer nva-a: session is" in line]
    assert [re.search("session is (up|down)", line)[1] for line in said][-3:] == ["down", "up", "down"]
