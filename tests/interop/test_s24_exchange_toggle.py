"""S24: the switch of route exchange is moved while sessions live long. Off to on, whatever is missing is sent; on to
off, it is withdrawn; no session moves; and quick moves, ten or eleven, end where a fresh start does, in what peers are
told, in the views and at the gate. At no moment is a route announced that the tables do not carry, and when `exchange
disable` returns, no packet passes any more: each is found among the drops.

Topology: hub.py for what peers are told, with a route of each, one that two NVAs share and one that ExpressRoute and
the VPN share; played.py for the packets, with 100,000 routes behind an NVA, so that a move takes a while, and one
behind each of the others; NVA-B is told of two of them alone, so that it can be asked quickly what it is told."""

import ipaddress
import socket
import threading
from contextlib import ExitStack

import pytest

import played
from hub import BRANCH_VIEWS, SPEAKERS, VNETS, running_hub
from lab import wait_for
from played import NVA_A, US, US_ER, prefixes
from speaker import UPDATE, update_prefixes
from traffic import UdpFlow

pytestmark = pytest.mark.alone

ROUTES = {
    "ergw": [("10.20.0.0/16", 12076, 65020), ("10.50.0.0/16", 12076, 65020)],
    "vpngw0": [("10.10.0.0/16", 65010), ("10.50.0.0/16", 65010)],
    "vpngw1": [("10.10.0.0/16", 65010)],
    "nva-a": [("172.16.1.0/24", 65001), ("172.16.9.0/24", 65001)],
    "nva-b": [("172.16.2.0/24", 65002), ("172.16.9.0/24", 65002, 65002)],
}
# By the book: everybody's but one's own branch's; of two paths the best that one may have. To NVA-A, whose own path is the
# best, NVA-B's for 172.16.9.0/24 is a backup, which it is not told.
ON = {
    "ergw": {"10.10.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.2.0/24", "172.16.9.0/24"},
    "vpngw0": {"10.20.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.2.0/24", "172.16.9.0/24"},
    "vpngw1": {"10.20.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.2.0/24", "172.16.9.0/24"},
    "nva-a": {"10.10.0.0/16", "10.20.0.0/16", "10.50.0.0/16", "172.16.2.0/24"},
    "nva-b": {"10.10.0.0/16", "10.20.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.9.0/24"},
}
MARKER = "172.16.99.0/24"


# --- what peers are told ---------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def hub():
    with running_hub("test_s24_exchange_toggle") as hub:
        hub.announce_all(ROUTES)
        yield hub


def told(hub):
    return {name: hub.told(name) for name in SPEAKERS}


def advertised(hub):
    """The same by Bascule's word, attributes included."""
    keys = "prefix", "next_hop", "as_path", "communities", "local_pref"
    return {peer: sorted([str(row.get(key)) for key in keys]
                         for row in hub.bascule.cli("show", "routes", "--peer", peer, "--advertised"))
            for peer, *_ in SPEAKERS.values()}


def settled(hub, enabled):
    """Told what they are to be told, and nothing else was on its way: a route that comes last comes after it."""
    expected = {name: VNETS | (ON[name] if enabled else set()) for name in SPEAKERS}
    hub.wait(f"tables with exchange {'on' if enabled else 'off'}",
             lambda: {name: set(routes) for name, routes in told(hub).items()} == expected, 60)
    hub.a.announce(MARKER, 65001)
    hub.wait("a later route", lambda: MARKER in hub.bascule.fib("vnet")
             and hub.hearers(MARKER) == (set(SPEAKERS) - {"nva-a"} if enabled else set()))
    hub.a.withdraw(MARKER)
    hub.wait("its end", lambda: not hub.hearers(MARKER) and MARKER not in hub.bascule.fib("vnet"))
    assert {name: set(routes) for name, routes in told(hub).items()} == expected


def test_s24_on_sends_what_is_missing_and_off_withdraws_it(hub):
    sessions = hub.sessions()
    settled(hub, False)
    off = told(hub)
    hub.bascule.exchange(True)
    settled(hub, True)
    assert hub.told("nva-b")["172.16.9.0/24"].as_path == (65515, 65001)
    assert hub.told("ergw")["10.50.0.0/16"].local_pref == 50  # its own is the best
    assert hub.told("nva-b")["10.50.0.0/16"].as_path == (65515, 12076, 65020)
    hub.bascule.exchange(False)
    settled(hub, False)
    assert told(hub) == off
    assert hub.sessions() == sessions


def tables(hub):
    """What packets follow: next hops by view and prefix, and the gate."""
    views = {view: {prefix: sorted(hop["gateway"] for hop in row["next_hops"])
                    for prefix, row in hub.bascule.fib(view).items()} for view in (*BRANCH_VIEWS, "vnet")}
    return views, hub.bascule.cli("show", "exchange")


@pytest.mark.parametrize("moves", [10, 11])
def test_s24_quick_moves_end_as_a_fresh_start_does(hub, moves):
    hub.bascule.exchange(True)
    settled(hub, True)
    sessions, ends_on = hub.sessions(), moves % 2 == 0
    for move in range(moves):
        hub.bascule.exchange(move % 2 == 1)
    settled(hub, ends_on)
    assert hub.sessions() == sessions
    after_moves = told(hub), advertised(hub), tables(hub)
    hub.bascule.control.stop()
    hub.bascule.start_control()
    hub.wait_established()
    settled(hub, ends_on)
    assert (told(hub), advertised(hub), tables(hub)) == after_moves
    assert all(hub.sessions()[name] != session for name, session in sessions.items()), "it was no fresh start"


# --- packets ---------------------------------------------------------------------------------------------------------

MANY = prefixes(100_000)  # behind NVA-C
ENDS = {MANY[0], MANY[-1]}
HOST_A, HOST_C, HOST_ER = "30.0.0.1", "20.0.0.1", "10.20.0.1"
PORT = 7777


@pytest.fixture(scope="module")
def packets():
    """NVA-A and NVA-C are played, the gateway is BIRD. Whatever they know by BGP, their packets to each other come to
    us."""
    def configure(config):
        config["exchange"]["enabled"] = False
        config["route_maps"] = [{"name": "ends", "rules": [
            {"name": "these", "match": {"prefix_equals": sorted(ENDS)}, "action": {}, "next": "terminate"},
            {"name": "others", "action": "drop"}]}]
        next(peer for peer in config["peers"] if peer["name"] == "nva-b")["outbound_map"] = "ends"

    with played.running_hub(configure=configure, nvas=["nva-c"]) as hub:
        a, c, er = hub.nva_a.namespace, hub.nvas["nva-c"].namespace, hub.ergw.namespace
        a.route("default", US)
        a.host_address(HOST_A)
        c.route("default", US)
        c.ip("route", "add", "local", "20.0.0.0/6", "dev", "lo")
        er.route("30.0.0.0/8", US_ER)
        er.host_address(HOST_ER)
        for nva in hub.nvas.values():
            nva.establish()
        hub.nva_a.announce(["30.0.0.0/24"])
        hub.nvas["nva-c"].announce(MANY)
        hub.nvas["nva-c"].wait_learned(len(MANY))
        last = (MANY[-1], "30.0.0.0/24", "10.20.0.0/16")
        wait_for(lambda: all(path["usable"] and "vnet" in path["views"] for prefix in last
                             for path in hub.bascule.cli("show", "routes", prefix)), "all routes in use")
        yield hub


def not_carried(hub):
    drops = hub.bascule.drops()
    return drops.get("gate_closed", 0) + drops.get("no_route", 0)


def udp(namespace, address):
    """A socket that takes whatever comes to the port, for NVA-C whatever the prefix; and sends from this address."""
    made = namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
    made.bind((address, PORT))
    made.settimeout(30)
    return made


def test_s24_what_is_announced_is_carried(packets):
    """The moment that NVA-A is told of routes it sends along the first and the last of them."""
    missing, sent = set(MANY), set()
    with udp(packets.nva_a.namespace, NVA_A) as sender, udp(packets.nvas["nva-c"].namespace, "") as receiver:
        before = not_carried(packets)
        enable = threading.Thread(target=packets.bascule.exchange, args=[True])
        enable.start()
        while missing:
            kind, body = packets.nva_a.connection.receive()
            announced = update_prefixes(body)[1] if kind == UPDATE else []
            for prefix in {*announced[:1], *announced[-1:]} & missing:
                host = str(ipaddress.ip_network(prefix)[1])
                sender.sendto(host.encode(), (host, PORT))
                sent.add(host)
            missing.difference_update(announced)
        enable.join()
        arrived = {receiver.recv(64).decode() for _ in sent}
    assert arrived == sent and len(sent) >= 2
    assert not_carried(packets) == before


def test_s24_what_is_advertised_is_in_the_view(packets):
    """Looked at again and again during both moves, at the first and the last of the routes, which are what NVA-B is
    told: one that is advertised before and after its view is looked at must be in it. A look takes longer than a step,
    so that only a long gap is seen here; tests/unit/test_transit.cc looks after every step."""
    def advertised():
        return {row["prefix"] for row in packets.bascule.cli("show", "routes", "--peer", "nva-b", "--advertised")}

    def carried(prefix):
        rows = packets.bascule.cli("show", "fib", prefix.partition("/")[0], "--view", "nva")
        return prefix if any(row.get("gateway") for row in rows) else None

    def look():
        """(in the view, advertised)"""
        before, view, after = advertised(), {carried(prefix) for prefix in ENDS} - {None}, advertised()
        assert (before & after & ENDS) <= view, "advertised, and not carried"
        return view, after & ENDS

    for enabled in [True, False] * 5:
        goal = (ENDS, ENDS) if enabled else (set(), set())
        move = threading.Thread(target=packets.bascule.exchange, args=[enabled])
        move.start()
        wait_for(lambda g=goal: look() == g, f"the end of the move {'on' if enabled else 'off'}", 60)
        move.join()


def test_s24_when_disable_returns_nothing_passes(packets):
    """NVA to NVA, NVA to ExpressRoute and back. Nobody reads what NVA-A is told: it goes on sending."""
    a, c, er = packets.nva_a.namespace, packets.nvas["nva-c"].namespace, packets.ergw.namespace
    packets.bascule.exchange(True)
    with ExitStack() as stack:
        flows = [stack.enter_context(UdpFlow(*ends, rate=250)) for ends in
                 [(a, HOST_A, c, HOST_C), (a, HOST_A, er, HOST_ER), (er, HOST_ER, a, HOST_A)]]
        for flow in flows:
            flow.wait_more(100)
        before = not_carried(packets)
        packets.bascule.exchange(False)
        since = [flow.sent + 1 for flow in flows]  # the one before may have been under way
        for flow, number in zip(flows, since):
            wait_for(lambda f=flow, n=number: f.sent >= n + 200, "200 datagrams more")
    assert [flow.arrived_since(number) for flow, number in zip(flows, since)] == [0, 0, 0]
    assert [flow.corrupted for flow in flows] == [0, 0, 0]
    # Each came to the gate, or to a view that has no route any more.
    gone = sum(flow.sent - number for flow, number in zip(flows, since))
    lost = sum(flow.sent - flow.received for flow in flows)
    assert [flow.unsendable for flow in flows] == [0, 0, 0] and gone >= 600
    wait_for(lambda: gone <= not_carried(packets) - before <= lost, "all of them among the drops")
