"""Neighbours that move, are flushed, are permanent or answer late, and what peers hear of it: nothing.

Topology: played.py; exchange is on. A host of the VNet sends to a host behind 10.0.2.9, on the NVAs' LAN, which NVA-A
announces as the next hop and which says nothing by itself. NVA-B is BIRD and counts what it is told."""

import json
import socket
import struct

import pytest

from lab import wait_for
from packets import ARP, RawPort, Sniffer, addresses
from played import NVA_B, US, running_hub
from traffic import UdpFlow

NEXT_HOP, ROUTE, BEHIND, HOST = "10.0.2.9", "172.16.9.0/24", "172.16.9.9", "10.0.1.10"
MACS = ("02:00:5e:10:00:01", "02:00:5e:10:00:02")
LATE = "10.0.255.40"  # a host of the ExpressRoute side


@pytest.fixture(scope="module")
def hub():
    with running_hub() as hub:
        hub.host = hub.lab.namespace("host")
        hub.host.join(hub.lab.lans["vnet"], "vnet", f"{HOST}/24")
        hub.host.route("default", "10.0.1.4")
        hub.hop = hub.lab.namespace("hop")
        hub.hop.join(hub.lab.lans["nva"], "nva", f"{NEXT_HOP}/24")
        hub.hop.host_address(BEHIND)
        hub.nva_a.establish()
        hub.nva_a.announce([ROUTE], next_hop=NEXT_HOP)
        wait_for(lambda: ROUTE in hub.nva_b.received(US), "the route at NVA-B")
        wait_for(lambda: hub.host.ping(BEHIND) or hub.hop.route("default", US), "an answer from behind the next hop")
        yield hub


@pytest.fixture
def unheard(hub):
    """Around a test of which no peer hears anything, and in which no next hop is lost."""
    before, last = told(hub), hub.last_event()
    yield
    assert told(hub) == before
    assert hub.events("next_hop", last) == []
    assert hub.bascule.established()


def told(hub):
    """Withdrawals and routes, as NVA-B has counted them."""
    return hub.nva_b.withdraws(US), hub.nva_b.updates(US), sorted(hub.nva_b.received(US))


def lcp(hub, port="nva0"):
    return f"{hub.bascule.name}-{port}"


def neigh(hub, *words, port="nva0"):
    return hub.bascule.namespace.ip("neigh", *words, "dev", lcp(hub, port)).stdout


def flush(hub, port):
    """Whatever it says: it looks whether the table stays empty, and the kernel's own packets fill it."""
    hub.bascule.namespace.run("ip", "neigh", "flush", "dev", lcp(hub, port), check=False)


def kernel_state(hub, address=NEXT_HOP):
    """("02:...", "PERMANENT"), or None."""
    rows = json.loads(hub.bascule.namespace.run("ip", "-json", "neigh", "show", address, "dev", lcp(hub)).stdout)
    return (rows[0].get("lladdr"), rows[0]["state"][0]) if rows else None


def neighbour(hub, address=NEXT_HOP):
    """(state, MAC address) in the data plane, or None."""
    rows = [row for row in hub.bascule.cli("show", "neighbours") if row["address"] == address]
    return (rows[0]["state"], rows[0].get("mac")) if rows else None


def set_mac(hub, mac):
    hub.hop.ip("link", "set", "nva", "address", mac)


def flow(hub):
    return UdpFlow(hub.host, HOST, hub.hop, BEHIND, rate=200)


class Arp:
    """Counts the ARP requests for `target` that arrive on an interface."""

    def __init__(self, namespace, interface, target):
        self._port, self._target, self.count = RawPort(namespace, interface), socket.inet_aton(target), 0
        self._port.socket.setblocking(False)

    def seen(self):
        try:
            while frame := self._port.socket.recv(2048):
                kind, operation = struct.unpack_from("!H6xH", frame, 12)
                self.count += kind == ARP and operation == 1 and frame[38:42] == self._target
        except BlockingIOError:
            return self.count


def refreshes_pass(hub, times=3):
    """Until another next hop has been asked so often whether it is still there: who is asked at all was, too."""
    arp = Arp(hub.nva_b.namespace, "nva", NVA_B)
    wait_for(lambda: arp.seen() >= times, "the refresh of others", 90)


def test_a_permanent_entry_is_honoured_set_later_and_taken_out_again(hub, unheard):
    set_mac(hub, MACS[0])
    with flow(hub) as packets:
        wait_for(lambda: neighbour(hub) == ("resolved", MACS[0]), "the next hop", 60)
        hub.hop.ip("link", "set", "nva", "arp", "off")  # nobody can ask it from here on
        neigh(hub, "replace", NEXT_HOP, "lladdr", MACS[0], "nud", "permanent")
        wait_for(lambda: neighbour(hub) == ("permanent", MACS[0]), "the permanent entry")
        refreshes_pass(hub)
        assert kernel_state(hub) == (MACS[0], "PERMANENT")
        assert neighbour(hub) == ("permanent", MACS[0])
        packets.wait_more(50)
        set_mac(hub, MACS[1])
        neigh(hub, "replace", NEXT_HOP, "lladdr", MACS[1], "nud", "permanent")
        wait_for(lambda: neighbour(hub) == ("permanent", MACS[1]), "the other permanent entry")
        packets.wait_more(50)
        hub.hop.ip("link", "set", "nva", "arp", "on")
        neigh(hub, "del", NEXT_HOP)
        wait_for(lambda: neighbour(hub) == ("resolved", MACS[1]), "the usual")
        packets.wait_more(50)
    assert packets.doubled == []


def test_neighbours_of_the_configuration_are_kept(hub):
    set_mac(hub, MACS[0])
    wait_for(lambda: neighbour(hub) == ("resolved", MACS[0]), "the next hop", 60)
    before = told(hub)
    hub.reconfigure(lambda config: config.update(
        neighbours=[{"address": NEXT_HOP, "mac": MACS[0], "port": "nva0"}]))
    wait_for(lambda: kernel_state(hub) == (MACS[0], "PERMANENT"), "the entry in the kernel")
    hub.hop.ip("link", "set", "nva", "arp", "off")
    for deed in (("del", NEXT_HOP), ("replace", NEXT_HOP, "lladdr", MACS[1], "nud", "permanent")):
        neigh(hub, *deed)
        wait_for(lambda: kernel_state(hub) == (MACS[0], "PERMANENT") and neighbour(hub) == ("permanent", MACS[0]),
                 f"it again after {deed[0]}")
    wait_for(lambda: "was changed or taken out; put back" in hub.bascule.dataplane.log(), "a line about it")
    refreshes_pass(hub)
    with flow(hub) as packets:
        packets.wait_more(50)
    assert told(hub) == before
    # Without the entry it is a host like others, and one that does not answer.
    hub.reconfigure(lambda config: config.pop("neighbours"))
    wait_for(lambda: ROUTE not in hub.nva_b.received(US), "the end of the route")
    hub.hop.ip("link", "set", "nva", "arp", "on")
    wait_for(lambda: ROUTE in hub.nva_b.received(US), "the route again")


def test_a_silent_move_is_followed_and_nobody_hears_of_it(hub, unheard):
    with flow(hub) as packets:
        packets.wait_more(50)
        for mac in MACS:
            set_mac(hub, mac)
            wait_for(lambda m=mac: neighbour(hub) == ("resolved", m), "the next hop where it is now", 60)
            packets.wait_more(50)


def test_a_flush_costs_a_packet_at_most(hub, unheard):
    times = 5
    with flow(hub) as packets:
        packets.wait_more(50)
        for _ in range(times):
            for port in ("nva0", "er0", "vnet0"):
                flush(hub, port)
            packets.wait_more(50)
            wait_for(lambda: neighbour(hub)[0] == "resolved", "the next hop")
    assert sum(last - first + 1 for first, last in packets.lost) <= times, (packets.lost, hub.bascule.losses())
    assert packets.doubled == []


def test_a_gratuitous_arp_is_followed_at_once(hub, unheard):
    mac = MACS[0] if neighbour(hub)[1] == MACS[1] else MACS[1]
    hub.hop.run("sysctl", "-qw", "net.ipv4.conf.nva.arp_notify=1")
    set_mac(hub, mac)
    wait_for(lambda: neighbour(hub) == ("resolved", mac), "the next hop where it says that it is")
    hub.hop.run("sysctl", "-qw", "net.ipv4.conf.nva.arp_notify=0")


def test_what_waited_for_arp_does_not_pass_a_gate_that_has_shut(hub):
    """NVA-A's kernel sends to a host of the ExpressRoute side that answers only after the switch is off."""
    late = hub.lab.namespace("late")
    late.join(hub.lab.lans["er"], "er", f"{LATE}/28")
    nva = hub.nva_a.namespace
    nva.route("10.0.255.32/28", US)

    def attempt():
        """The drops that it took, or None if ARP had been given up before the switch was off."""
        hub.bascule.exchange(True)
        wait_for(lambda: gate_open(hub), "the gate open")
        wait_for(lambda: neighbour(hub, LATE) is None, "nobody there")
        late.ip("link", "set", "er", "arp", "off")
        before = hub.bascule.drops()
        with nva.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"held", (LATE, 9))
        wait_for(lambda: neighbour(hub, LATE), "ARP for it")
        hub.bascule.exchange(False)
        late.ip("link", "set", "er", "arp", "on")
        wait_for(lambda: neighbour(hub, LATE)[0] in ("resolved", "failed"), "an answer, or none")
        state, _ = neighbour(hub, LATE)
        after = hub.bascule.drops()
        late.ip("link", "set", "er", "arp", "off")
        flush(hub, "er0")
        return {reason: after[reason] - before.get(reason, 0) for reason in after} if state == "resolved" else None

    with Sniffer(late, "er", lambda packet: addresses(packet) == (hub.nva_a.address, LATE)) as sniffer:
        drops = wait_for(attempt, "a host that answers late", 120)
        assert drops["gate_closed"] == 1 and sniffer.count == 0
    hub.bascule.exchange(True)
    wait_for(lambda: gate_open(hub), "the gate open")
    assert hub.bascule.established()


def gate_open(hub):
    """The branches' routes are announced when it is."""
    return "10.20.0.0/16" in hub.nva_b.received(US)


def test_neighbours_of_the_configuration_are_there_from_the_start(hub):
    """The last one: who plays the peers does not come back by himself."""
    hub.bascule.stop()
    hub.bascule.config["neighbours"] = [{"address": NEXT_HOP, "mac": MACS[0], "port": "nva0"}]
    hub.bascule.start()
    wait_for(lambda: kernel_state(hub) == (MACS[0], "PERMANENT"), "the entry in the kernel after a start")
