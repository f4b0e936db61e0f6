"""What a route may look like: messages that are wrong, or that hurt others, octet by octet, and daemons that decide for
themselves.

Topology: played.py; the ExpressRoute gateway and NVA-B are FRR. `rx` hears what the others announce, next hops unchanged.
`odd` may send Prefix-SIDs, and the gateway is told of them: FRR 8.4 resets its session for one that is cut short. `strict`
must offer a hold time, `lax` is alarmed without one. `fresh` and `old` announce the same."""

import socket
import struct

import pytest

from daemons import Frr
from lab import wait_for
from played import US, running_hub
from speaker import (KEEPALIVE, OPEN, Speaker, attribute, attributes, decode_update, message, open_message,
                     update, update_prefixes)

PREFIX, MARKER = "198.51.100.0/24", "203.0.113.0/24"
OF_B = "172.16.2.0/24"
PREFIX_SID = attribute(0xC0, 40, bytes.fromhex("010002abcd"))  # a label index of two octets


def configure(config):
    peers = {peer["name"]: peer for peer in config["peers"]}
    peers["rx"]["next_hop"] = "unchanged"
    peers["odd"]["attributes"] = {"in": {"pass": [40]}}
    peers["strict"].update(hold_min_s=9, hold_low="refuse")
    peers["lax"]["hold_min_s"] = 9
    config["gateways"][0]["attributes"] = {"out": {"pass": [40]}}


@pytest.fixture(scope="module")
def hub():
    nvas = ["rx", "odd", "strict", "lax", "mp", "fresh", "old"]
    with running_hub(configure=configure, nvas=nvas, nva_b=Frr, er=Frr) as hub:
        for name in ("nva-a", "rx", "odd", "fresh"):
            hub.nvas[name].establish()
        yield hub


def learned(hub, name):
    return {row["prefix"] for row in hub.bascule.cli("show", "routes", "--peer", name, "--learned")}


def heard(hub, prefix, attrs, sender="nva-a"):
    """The UPDATE by which `rx` hears of the prefix when the sender announces it with these attributes."""
    rx, bodies = hub.nvas["rx"].connection, []
    rx.updates()
    hub.nvas[sender].connection.send(update([prefix], attrs))

    def told():
        bodies.extend(body for body in rx.updates() if prefix in update_prefixes(body)[1])
        return bodies

    wait_for(told, f"{prefix} told to rx")
    hub.nvas[sender].withdraw([prefix])
    wait_for(lambda: prefix not in learned(hub, sender), "the end of it")
    return bodies[-1]


def wait_event(hub, kind, after, *words):
    def found():
        return [e for e in hub.events(kind, after) if all(word in e["text"] for word in words)]

    return wait_for(found, f"an event {kind} of {words}")[0]


def path(*segments):
    """AS_PATH of (type, AS, …) segments."""
    return attribute(0x40, 2, b"".join(struct.pack(f"!BB{len(asns)}I", kind, len(asns), *asns)
                                       for kind, *asns in segments))


ORIGIN = attribute(0x40, 1, b"\0")
REFUSED = {  # what is wrong with the path: (it, counter, what the event says)
    "as_set": (path((2, 65001), (1, 65101, 65102)), "RFC 9774"),
    "empty_path": (path(), "RFC 4271 5.1.2"),
    "first_as": (path((2, 65002)), "RFC 4271 6.3"),
}


@pytest.mark.parametrize("counter", REFUSED)
def test_paths_that_are_refused_withdraw(hub, counter):
    nva, (as_path, clause) = hub.nva_a, REFUSED[counter]
    after, established = hub.last_event(), nva.row()["established"]
    nva.announce([PREFIX])
    wait_for(lambda: PREFIX in learned(hub, "nva-a"), "the good route")
    nva.connection.send(update([PREFIX], ORIGIN + as_path + attributes(nva.address, [])[-7:]))
    wait_for(lambda: PREFIX not in learned(hub, "nva-a"), "it to go")
    wait_event(hub, "refused", after, PREFIX, clause)
    assert nva.row()[counter] == 1 and nva.row()["established"] == established


def test_a_martian_is_named(hub):
    after = hub.last_event()
    hub.nva_a.announce(["240.10.0.0/16", PREFIX])
    wait_for(lambda: learned(hub, "nva-a") == {PREFIX}, "the good one")
    assert wait_event(hub, "martian", after, "240.10.0.0/16")["peer"] == "nva-a"
    hub.nva_a.withdraw([PREFIX])


def test_a_fault_beside_an_mp_reach_without_prefixes_ends_the_session(hub):
    """RFC 7606 5.2: there is nothing to withdraw."""
    nva = hub.nvas["mp"].establish()
    nva.connection.send(update(attrs=attribute(0x40, 1, b"\5") + path((2, nva.asn))
                               + attribute(0x80, 14, bytes.fromhex("000101040a00020f00"))))
    assert nva.connection.notification() == (3, 6)


def test_communities_are_told_once_and_partial(hub):
    large = [struct.pack("!III", 65001, i, i) for i in (1, 2)]
    body = heard(hub, PREFIX, attributes(hub.nva_a.address, [65001]) + attribute(0xE0, 8, b"\0\1\0\1")
                 + attribute(0xC0, 32, large[0] + large[1] + large[0]))
    assert attribute(0xC0, 32, large[0] + large[1]) in body
    assert attribute(0xE0, 8, b"\0\1\0\1\xff\xed\xff\xed") in body


def test_nobody_is_told_itself_as_next_hop(hub):
    """RFC 4271 5.1.3; rx is told next hops unchanged."""
    rx = hub.nvas["rx"].address
    for next_hop, told in ((hub.nva_a.address, hub.nva_a.address), (rx, US)):
        body = heard(hub, PREFIX, attributes(next_hop, [65001]))
        assert decode_update(body).attributes[3] == socket.inet_aton(told)


def test_a_prefix_sid_is_stripped(hub):
    after, before = hub.last_event(), hub.nva_a.row()["attr_stripped"]
    body = heard(hub, PREFIX, attributes(hub.nva_a.address, [65001]) + PREFIX_SID)
    assert 40 not in decode_update(body).attributes
    wait_event(hub, "attribute", after, PREFIX, "40 (Prefix-SID)")
    assert hub.nva_a.row()["attr_stripped"] == before + 1


def test_a_route_that_resets_a_gateway_twice_is_withheld_from_it(hub):
    odd, after = hub.nvas["odd"], hub.last_event()

    def withheld():
        return [alarm["text"] for alarm in hub.alarms() if alarm["kind"] == "route_withheld"]

    before = hub.bascule.peer("ergw/0")["established"]
    odd.connection.send(update([PREFIX], attributes(odd.address, [odd.asn]) + PREFIX_SID))
    wait_event(hub, "attribute", after, PREFIX, "40 (Prefix-SID)", "time 1")
    wait_for(withheld, "the alarm", 60)
    assert [text for text in withheld() if PREFIX in text and "40 (Prefix-SID)" in text]
    odd.announce([MARKER])  # comes after it
    wait_for(lambda: MARKER in hub.ergw.received("10.0.255.33"), "the gateway to be told the rest", 60)
    assert PREFIX not in hub.ergw.received("10.0.255.33")
    wait_for(lambda: hub.bascule.peer("ergw/0")["advertised"] == len(hub.ergw.received("10.0.255.33")),
             "it not counted")
    assert hub.bascule.peer("ergw/0")["established"] == before + 2
    odd.announce([PREFIX])  # without it
    wait_for(lambda: PREFIX in hub.ergw.received("10.0.255.33") and not withheld(), "the route, as it has changed")
    assert hub.bascule.peer("ergw/0")["established"] == before + 2
    odd.withdraw([PREFIX, MARKER])


# --- hold times -------------------------------------------------------------------------------------------------------

def test_a_hold_time_that_is_too_low_is_refused_or_alarmed(hub):
    strict, lax = hub.nvas["strict"], hub.nvas["lax"]
    for hold_s in (0, 3):
        connection = wait_for(lambda: opened(strict), "a connection that is let in", 30)
        with connection:
            connection.send(open_message(strict.asn, strict.address, hold_s=hold_s))
            assert connection.notification() == (2, 6)
    lax.establish(hold_s=0)
    wait_for(lambda: {"hold_time"} == {a["kind"] for a in hub.alarms() if a.get("peer") == "lax"}, "the alarm")
    lax.close()


def opened(nva):
    """A connection on which our OPEN has come; None: the peer is held off."""
    try:
        connection = Speaker(nva.namespace, nva.address, US)
    except ConnectionError:
        return None
    if connection.wait(OPEN):
        return connection
    connection.close()
    return None


# --- peers that go ----------------------------------------------------------------------------------------------------

def next_hops(hub, prefix):
    row = hub.bascule.fib("vnet").get(prefix)
    return {hop["gateway"] for hop in row["next_hops"]} if row else set()


def test_flows_leave_an_nva_that_shuts_down_gracefully(hub):
    """RFC 8326, by FRR: NVA-B and `fresh` are equal until then."""
    fresh, b = hub.nvas["fresh"], "10.0.2.5"
    fresh.announce([OF_B])
    wait_for(lambda: next_hops(hub, OF_B) == {b, fresh.address}, "both")
    hub.nva_b.configure("router bgp 65002", "bgp graceful-shutdown")
    wait_for(lambda: next_hops(hub, OF_B) == {fresh.address}, "one")
    assert OF_B in learned(hub, "nva-b"), "it has not gone yet"
    hub.nva_b.configure("router bgp 65002", "no bgp graceful-shutdown")
    wait_for(lambda: next_hops(hub, OF_B) == {b, fresh.address}, "both again")
    fresh.withdraw([OF_B])


def graceful_open(nva):
    """Hold time 180, IPv4, 4-octet AS, graceful restart 120 s with the forwarding state kept."""
    capabilities = (b"\x01\x04\0\x01\0\x01" + b"\x40\x06\0\x78\0\x01\x01\x80" + b"\x41\x04" + struct.pack("!I", nva.asn))
    return message(OPEN, struct.pack("!BHH4sB", 4, nva.asn, 180, socket.inet_aton(nva.address), len(capabilities) + 2)
                   + struct.pack("!BB", 2, len(capabilities)) + capabilities)


def test_stale_routes_lose_and_do_not_come_back_with_the_link(hub):
    fresh, old = hub.nvas["fresh"], hub.nvas["old"]
    fresh.announce([PREFIX], path=(65099,))
    connection = opened(old)
    connection.send(graceful_open(old))
    assert connection.wait(KEEPALIVE)
    connection.send(message(KEEPALIVE) + update([PREFIX], attributes(old.address, [old.asn])))
    wait_for(lambda: next_hops(hub, PREFIX) == {old.address}, "the shorter path")
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()  # with a RST, as by a crash
    wait_for(lambda: next_hops(hub, PREFIX) == {fresh.address}, "the one of a session")
    assert learned(hub, "old") == {PREFIX}, "it may come back"
    old.namespace.ip("link", "set", "nva", "down")
    wait_for(lambda: not learned(hub, "old"), "the stale one dropped with its next hop", 60)
    old.namespace.ip("link", "set", "nva", "up")
    wait_for(lambda: old.namespace.ping(US), "the host to be back")
    assert next_hops(hub, PREFIX) == {fresh.address}
    assert [row["peer"] for row in hub.bascule.routes()[PREFIX]] == ["fresh"]
    fresh.withdraw([PREFIX])
