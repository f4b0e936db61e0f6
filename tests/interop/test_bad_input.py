"""Everything wrong that can come in through a port: a counter or one clear line each, and nobody else disturbed. Runs
against processes built with sanitizers too, where a wild read would end them."""

import random
import struct

import pytest

import networks
from lab import wait_for
from networks import ASN, BRANCH_HOST, ONPREM2_HOST, nva_address
from packets import ARP, ICMP, RawPort, ethernet, ipv4, udp
from speaker import KEEPALIVE, OPEN, UPDATE, Speaker, attribute, attributes, message, open_message, update

pytestmark = pytest.mark.bad_input

# NVAs that the tests play. Each test takes one that is still fresh: a peer that erred is kept waiting.
ROGUES = [(f"rogue-{i}", f"10.0.2.{100 + i}", 65100 + i) for i in range(64)]
STRANGER = "10.0.2.67"  # configured nowhere
US = nva_address()

NETWORKS = {"configure": lambda config, lab: config["peers"].extend(
    {"name": name, "address": address, "asn": asn, "multihop": True, "passive": True} for name, address, asn in ROGUES)}

fresh = iter(ROGUES)


@pytest.fixture(scope="module")
def appliance(net):
    """The host of all rogues and the stranger."""
    return net.appliance("rogue", f"{STRANGER}/24", *(f"{address}/24" for _, address, _ in ROGUES))


class Rogue:
    """One fresh rogue with a connection on which Bascule's OPEN has come."""

    def __init__(self, net, appliance):
        self.net = net
        self.name, self.address, self.asn = next(fresh)
        self.connection = Speaker(appliance, self.address, US)
        kind, self.their_open = self.connection.receive()
        assert kind == OPEN

    def send(self, octets):
        self.connection.send(octets)

    def establish(self):
        self.connection.send(open_message(self.asn, self.address))
        assert self.connection.wait(KEEPALIVE)
        self.connection.send(message(KEEPALIVE))
        wait_for(lambda: self.row()["state"] == "Established", f"session of {self.name}")
        return self

    def row(self):
        return self.net.bascule.peer(self.name)

    def learned(self):
        return {row["prefix"]: row for row in self.net.bascule.cli("show", "routes", "--peer", self.name, "--learned")}


@pytest.fixture
def rogue(net, appliance):
    rogue = Rogue(net, appliance)
    yield rogue
    rogue.connection.close()


# --- who may speak ----------------------------------------------------------------------------------------------------

def test_unconfigured_peer_is_refused(net, undisturbed, appliance):
    before = net.bascule.counters()["events"]["bgp_unknown_peer"]
    try:
        with Speaker(appliance, STRANGER, US) as connection:
            assert connection.receive() is None, "a stranger was answered"
    except ConnectionError:
        pass  # refused outright
    assert net.bascule.counters()["events"]["bgp_unknown_peer"] > before
    wait_for(lambda: f"{STRANGER} refused" in net.bascule.control.log(), "a line about the stranger")


OPENS = {
    "wrong ASN": (lambda asn, address: open_message(asn + 1000, address), (2, 2)),
    "ASN 0": (lambda asn, address: open_message(0, address), (2, 2)),
    "version 3": (lambda asn, address: open_message(asn, address, version=3), (2, 1)),
    "identifier 0": (lambda asn, address: open_message(asn, "0.0.0.0"), (2, 3)),
    "hold time 1": (lambda asn, address: open_message(asn, address, hold_s=1), (2, 6)),
    "marker": (lambda asn, address: b"\0" + open_message(asn, address)[1:], (1, 1)),
    "length 18": (lambda asn, address: message(OPEN, length=18), (1, 2)),
    "length 65535": (lambda asn, address: message(OPEN, length=65535), (1, 2)),
    "type 0": (lambda asn, address: message(0), (1, 3)),
    "type 9": (lambda asn, address: message(9), (1, 3)),
    "UPDATE first": (lambda asn, address: update(["192.0.2.0/24"], attributes(address, [asn])), (5, 1)),
    "KEEPALIVE first": (lambda asn, address: message(KEEPALIVE), (5, 1)),
}


@pytest.mark.parametrize("case", OPENS)
def test_bad_open_is_answered(net, undisturbed, rogue, case):
    build, expected = OPENS[case]
    rogue.send(build(rogue.asn, rogue.address))
    assert rogue.connection.notification() == expected
    wait_for(lambda: rogue.row()["last_error"], "an explanation")
    assert rogue.row()["state"] != "Established"


def test_half_a_message_then_nothing(net, undisturbed, appliance):
    for cut in (0, 1, 18, 19, 28, 40):
        rogue = Rogue(net, appliance)
        rogue.send(open_message(rogue.asn, rogue.address)[:cut])
        rogue.connection.close()


def test_random_octets(net, undisturbed, appliance):
    noise = random.Random(1)
    for _ in range(8):
        rogue = Rogue(net, appliance)
        rogue.send(noise.randbytes(noise.randrange(1, 5000)))
        while rogue.connection.receive():
            pass


def test_random_octets_behind_good_headers(net, undisturbed, appliance):
    noise = random.Random(2)
    for kind in (OPEN, UPDATE, UPDATE, UPDATE, 3, KEEPALIVE, 5, 5):
        rogue = Rogue(net, appliance).establish()
        for _ in range(20):
            try:
                rogue.send(message(kind, noise.randbytes(noise.randrange(0, 4000))))
            except ConnectionError:
                break
        rogue.connection.close()
        wait_for(lambda r=rogue: r.row()["state"] != "Established", f"end of {rogue.name}")
        wait_for(lambda r=rogue: r.learned() == {}, "the end of what it may have said")


# --- malformed UPDATEs (RFC 7606) -------------------------------------------------------------------------------------

def good(rogue):
    return attributes(rogue.address, [rogue.asn])


SURVIVABLE = {  # treat-as-withdraw: the session stays, the prefix goes
    "origin 3": lambda r: attributes(r.address, [r.asn], origin=3),
    "origin of two octets": lambda r: attribute(0x40, 1, b"\0\0") + good(r)[4:],
    "no origin": lambda r: good(r)[4:],
    "AS path overruns": lambda r: (good(r)[:4] + attribute(0x40, 2, b"\x02\x05" + struct.pack("!I", r.asn))
                                   + good(r)[-7:]),
    "next hop of three octets": lambda r: good(r)[:-7] + attribute(0x40, 3, b"\x0a\0\x02"),
    "no next hop": lambda r: good(r)[:-7],
    "communities of five octets": lambda r: good(r) + attribute(0xC0, 8, b"12345"),
}


@pytest.mark.parametrize("case", SURVIVABLE)
def test_malformed_attributes_withdraw(net, undisturbed, rogue, case):
    rogue.establish()
    rogue.send(update(["192.0.2.0/24", "198.51.100.0/24"], good(rogue)))
    wait_for(lambda: set(rogue.learned()) == {"192.0.2.0/24", "198.51.100.0/24"}, "two routes")
    rogue.send(update(["192.0.2.0/24"], SURVIVABLE[case](rogue)))
    wait_for(lambda: set(rogue.learned()) == {"198.51.100.0/24"}, "the malformed one withdrawn")
    assert rogue.row()["state"] == "Established" and rogue.row()["treat_as_withdraw"] == 1


def test_nlri_that_cannot_be_read_ends_the_session(net, undisturbed, rogue):
    rogue.establish()
    rogue.send(message(UPDATE, b"\0\0" + struct.pack("!H", len(good(rogue))) + good(rogue) + b"\x21\x01\x02\x03\x04"))
    assert rogue.connection.notification() == (3, 10)


def test_own_as_is_not_learned(net, undisturbed, rogue):
    rogue.establish()
    rogue.send(update(["192.0.2.0/24"], attributes(rogue.address, [rogue.asn, ASN])))
    rogue.send(update(["198.51.100.0/24"], good(rogue)))
    wait_for(lambda: set(rogue.learned()) == {"198.51.100.0/24"}, "the good route")
    assert rogue.row()["as_loop"] == 1


# --- packets ----------------------------------------------------------------------------------------------------------

PORTS = {  # port: a source address that belongs there
    "er0": networks.ERGW,
    "vpn0": networks.VPNGW[0],
    "nva0": networks.NVA,
    "vnet0": networks.VNET_FAR_HOST,
}
DST = "203.0.113.1"  # nowhere

PACKETS = {  # what is wrong: (IP packet from a source address, reason it is dropped for)
    "cut inside the header": (lambda src: ipv4(src, DST)[:12], "ip4_truncated"),
    "version 6": (lambda src: ipv4(src, DST, version=6), "ip4_version"),
    "header of 16 octets": (lambda src: ipv4(src, DST, ihl=4), "ip4_header_length"),
    "header longer than the packet": (lambda src: ipv4(src, DST, ihl=15), "ip4_total_length"),
    "total length below the header": (lambda src: ipv4(src, DST, b"x" * 40, total_length=19), "ip4_total_length"),
    "longer than its frame": (lambda src: ipv4(src, DST, b"x" * 40, total_length=1000), "ip4_total_length"),
    "checksum": (lambda src: ipv4(src, DST, udp(1, 2), header_checksum=0x1234), "ip4_checksum"),
    "source loopback": (lambda src: ipv4("127.0.0.1", DST, udp(1, 2)), "martian_source"),
    "source 0.0.0.0": (lambda src: ipv4("0.0.0.0", DST, udp(1, 2)), "martian_source"),
    "source multicast": (lambda src: ipv4("224.0.0.5", DST, udp(1, 2)), "martian_source"),
    "source class E": (lambda src: ipv4("240.0.0.1", DST, udp(1, 2)), "martian_source"),
    "source broadcast": (lambda src: ipv4("255.255.255.255", DST, udp(1, 2)), "martian_source"),
    "destination loopback": (lambda src: ipv4(src, "127.0.0.1", udp(1, 2)), "martian_destination"),
    "destination class E": (lambda src: ipv4(src, "240.0.0.1", udp(1, 2)), "martian_destination"),
    "destination 0.0.0.0": (lambda src: ipv4(src, "0.0.0.0", udp(1, 2)), "martian_destination"),
    "TTL 0": (lambda src: ipv4(src, networks.VNET_HOST, udp(1, 2), ttl=0), "ttl_expired"),
    "source route": (lambda src: ipv4(src, DST, udp(1, 2), options=b"\x83\x07\x04\x0a\0\0\x01\0"), "source_route"),
    "option that overruns": (lambda src: ipv4(src, DST, udp(1, 2), options=b"\x07\x27\x04\0"), "ip4_options"),
    "no route": (lambda src: ipv4(src, DST, udp(1, 2)), "no_route"),
}
COPIES = 5


class Wire:
    """The far end of a port's veth pair: what is sent here is received there, octet for octet."""

    def __init__(self, net, port):
        self.net, self.port, self.source = net, port, PORTS[port]
        self.mac = net.bascule.namespace.mac(port)
        self.far = net.bascule.namespace.wires[port]
        self.raw = RawPort(net.lab.fabric, self.far)

    def send(self, payload, dst=None, ethertype=0x0800):
        for _ in range(COPIES):
            self.raw.send(ethernet(dst or self.mac, "02:00:00:00:00:01", payload, ethertype))

    def mtu(self, octets):
        self.net.bascule.namespace.ip("link", "set", self.port, "mtu", octets)
        self.net.lab.fabric.ip("link", "set", self.far, "mtu", octets)


@pytest.fixture(params=PORTS)
def wire(request, net):
    wire = Wire(net, request.param)
    yield wire
    wire.raw.close()


def test_bad_packets_are_counted(net, undisturbed, wire):
    for what, (build, reason) in PACKETS.items():
        before = net.bascule.drops()[reason]
        wire.send(build(wire.source))
        wait_for(lambda r=reason, b=before: net.bascule.drops()[r] >= b + COPIES, f"{what}: {reason} counted", 5)


def test_bad_frames_are_counted(net, undisturbed, wire):
    good_packet = ipv4(wire.source, ONPREM2_HOST, udp(1, 2))
    for what, frame, reason in (
            ("another's MAC", {"payload": good_packet, "dst": "02:00:00:00:00:99"}, "not_our_mac"),
            ("unknown EtherType", {"payload": good_packet, "ethertype": 0x88CC}, "ethertype"),
            ("nothing behind the header", {"payload": b""}, "ip4_truncated"),
    ):
        before = net.bascule.drops()[reason]
        wire.send(**frame)
        wait_for(lambda r=reason, b=before: net.bascule.drops()[r] >= b + COPIES, f"{what}: {reason} counted", 5)


def test_oversized_frames_are_dropped(net, undisturbed, wire):
    wire.mtu(9000)
    before = sum(net.bascule.drops().values())
    wire.send(ipv4(wire.source, ONPREM2_HOST, udp(1, 2, b"x" * 8000)))
    wait_for(lambda: sum(net.bascule.drops().values()) >= before + COPIES, "oversized frames dropped")
    wire.mtu(1500)


def test_odd_arp_does_no_harm(net, undisturbed, wire):
    noise = random.Random(3)
    for length in (0, 1, 8, 27, 28, 46, 200):
        for dst in (None, "ff:ff:ff:ff:ff:ff"):
            wire.send(noise.randbytes(length), dst=dst, ethertype=ARP)
    wire.send(struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + noise.randbytes(20), ethertype=ARP)


def test_random_packets_do_no_harm(net, undisturbed, wire):
    noise = random.Random(4)
    for _ in range(100):
        packet = bytearray(ipv4(wire.source, ONPREM2_HOST, noise.randbytes(noise.randrange(0, 1400)), protocol=ICMP))
        for _ in range(noise.randrange(1, 6)):
            packet[noise.randrange(len(packet))] = noise.randrange(256)
        wire.send(bytes(packet[:noise.randrange(1, len(packet) + 1)]))


def test_packets_still_pass(net):
    """After all of that."""
    net.bascule.exchange(True)
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")
    net.bascule.exchange(False)
    assert "ERROR: AddressSanitizer" not in net.bascule.dataplane.log() + net.bascule.control.log()
    assert "runtime error:" not in net.bascule.dataplane.log() + net.bascule.control.log()
