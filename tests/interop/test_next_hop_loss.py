"""A next hop that is lost costs nothing past the moment at which the dataplane knows, with control dead.

    host 10.0.1.10 ── vnet0 Bascule nva0 ──┬── nva-a 10.0.2.4     played by the test (played.py)
                                    │      └── c     10.0.2.10
                                    er0 ── ExpressRoute gateway 10.0.255.36

BOTH is announced by nva-a and by c, equally good (ECMP of two). SITE is the gateway's, by the routing preference, and nva-a's
as well: primary and backup. Control is killed. Then the gateway's link goes, and c does not answer any more. Expected: every
packet that is sent once the port is shown as down comes to nva-a; so does every one of c's flows once c is found silent, and
none was dropped meanwhile because of a next hop that is lost. When the link is back, so is the traffic, still without
control."""

import pytest

from families import both_families, seen
from lab import LabError, wait_for
from packets import UDP, RawPort, Sniffer, addresses, carried, ethernet, ip, protocol, udp
from played import ERGW, NVA_A, US_ER, prefixes, running_hub

pytestmark = both_families
HOST = "10.0.1.10"
BOTH, SITE = prefixes(500), "10.20.0.0/16"
FLOWS = 200


class Sender:
    """Sends numbered packets from the host, one a flow, and sees at whom each of them arrives."""

    def __init__(self, hub):
        self.family, host = hub.family, hub.host
        self.raw = RawPort(host, "vnet")
        self.head = hub.bascule.ports()["vnet0"]["mac"], host.mac("vnet")
        at = {"nva-a": (hub.nva_a.namespace, "nva"), "c": (hub.nvas["c"].namespace, "nva"),
              "ergw": (hub.ergw.namespace, "er")}
        self.wires = {name: Sniffer(*where, self.ours, keep=1 << 20, own=True) for name, where in at.items()}
        self.number = 0

    @staticmethod
    def ours(packet):
        return protocol(packet) == UDP and addresses(packet)[0] == HOST

    def arrivals(self, destinations, seconds=5):
        """{name: packets}, after each of FLOWS has arrived somewhere; LabError if one does not."""
        first, seen = self.number, {}
        for i in range(FLOWS):
            datagram = udp(20000 + i, 53, self.number.to_bytes(4, "big"))
            packet = ip(self.family, HOST, destinations[i % len(destinations)], datagram)
            self.raw.send(ethernet(*self.head, packet, self.family.ethertype))
            self.number += 1

        def all_here():
            for name, wire in self.wires.items():
                for packet in wire.packets:
                    number = int.from_bytes(carried(packet)[8:12], "big")
                    if number >= first:
                        seen[number] = name
            return len(seen) == FLOWS

        wait_for(all_here, "every packet", seconds)
        return {name: sum(at == name for at in seen.values()) for name in set(seen.values())}

    def wait_arrivals(self, destinations, expected):
        """Until all of a round arrive, at these."""
        def now():
            try:
                return set(self.arrivals(destinations, seconds=1)) == expected
            except LabError:
                return False

        wait_for(now, f"packets at {expected}", seconds=60)

    def close(self):
        self.raw.close()
        for wire in self.wires.values():
            wire.close()


@pytest.fixture(scope="module")
def shared_hub():
    with running_hub(nvas=["c"], both=True) as hub:
        hub.host = hub.lab.namespace("host")
        hub.host.join(hub.lab.lans["vnet"], "vnet", f"{HOST}/24")
        yield hub


@pytest.fixture(scope="module")
def hub(shared_hub, family):
    return seen(shared_hub, family)


@pytest.fixture(scope="module")
def sender(hub):
    sender = Sender(hub)
    yield sender
    sender.close()


def of(prefix):
    network = prefix.rpartition(".")[0]
    return f"{network}.9"


def gateways(row, what="next_hops"):
    return {hop["gateway"] for hop in row[what]}


def all_by(hub, *expected):
    """Do all of BOTH have exactly these next hops?"""
    fib = hub.bascule.fib("vnet")
    return all(prefix in fib and gateways(fib[prefix]) == set(expected) for prefix in BOTH)


def test_lost_next_hops_without_control(hub, sender):
    both, site = [of(prefix) for prefix in BOTH], [of(SITE)]
    c = hub.nvas["c"]
    c.namespace.link("nva", up=True)
    for nva in (hub.nva_a, c):
        nva.close()  # of the test before
        nva.establish()
        nva.announce(BOTH)
    hub.nva_a.announce([SITE])
    wait_for(lambda: all_by(hub, NVA_A, c.address), "two next hops")
    wait_for(lambda: gateways(hub.bascule.fib("vnet")[SITE], "backup") == {NVA_A}, "the backup")
    assert gateways(hub.bascule.fib("vnet")[SITE]) == {ERGW}
    assert set(sender.arrivals(both)) == {"nva-a", "c"} and set(sender.arrivals(site)) == {"ergw"}

    hub.bascule.control.kill()
    hub.bascule.namespace.link("er0", up=False)
    wait_for(lambda: hub.bascule.ports()["er0"]["link"] == "down", "er0 without a link")
    assert sender.arrivals(site) == {"nva-a": FLOWS}
    assert set(sender.arrivals(both)) == {"nva-a", "c"}  # whom it does not concern

    c.namespace.link("nva", up=False)
    sender.wait_arrivals(both, {"nva-a"})
    assert sender.arrivals(both) == {"nva-a": FLOWS}
    counters = hub.bascule.counters()
    assert counters["drops"]["unresolved"] == 0, hub.bascule.losses()
    assert counters["events"]["repaired"] > FLOWS

    hub.bascule.namespace.link("er0", up=True)
    c.namespace.link("nva", up=True)
    sender.wait_arrivals(site, {"ergw"})
    sender.wait_arrivals(both, {"nva-a", "c"})


def test_control_returns_to_what_is_there(hub, sender):
    """It deals flows as before, and takes over what readers have done in the meantime."""
    hub.bascule.start_control()
    for nva in (hub.nva_a, hub.nvas["c"]):
        nva.close()
        nva.establish()
        nva.announce(BOTH)
    hub.bascule.wait_established()
    wait_for(lambda: all_by(hub, NVA_A, hub.nvas["c"].address), "two next hops again", 60)
    wait_for(lambda: not hub.bascule.summary()["restarting"], "the tables that it filled in force", 90)
    hub.nvas["c"].namespace.link("nva", up=False)
    wait_for(lambda: all_by(hub, NVA_A), "c lost", 60)
    repaired = hub.bascule.counters()["events"]["repaired"]
    assert sender.arrivals([of(prefix) for prefix in BOTH]) == {"nva-a": FLOWS}
    assert hub.bascule.counters()["events"]["repaired"] == repaired  # the tables have followed
    wait_for(lambda: SITE in hub.ergw.received(US_ER) or SITE in hub.bascule.fib("vnet"), "the gateway's route")
