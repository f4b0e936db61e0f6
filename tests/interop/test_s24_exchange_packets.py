"""S24, with packets: at no moment of a move is a route announced that the tables do not carry, and when `exchange disable`
returns, no packet passes any more: each is found among the drops. What peers are told is in test_s24_exchange_toggle.py.

Topology: played.py, with 100,000 routes behind an NVA, so that a move takes a while, and one behind each of the others; NVA-B
is told of two of them alone, so that it can be asked quickly what it is told."""

import ipaddress
import socket
import threading
from contextlib import ExitStack

import pytest

import played
from lab import wait_for
from played import NVA_A, US, US_ER, prefixes
from speaker import UPDATE, update_prefixes
from traffic import UdpFlow, all_wait_more

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
        all_wait_more(flows, 100)
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
