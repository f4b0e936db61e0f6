"""TCP between the host's kernel and peers, where the dataplane hands the kernel below a port many segments as one: octet by octet
both ways and by either family, and frame by frame at the far end, for ports of 1,500 and 9,000 octets, with a tag, with two, and
where frames are lost. IPv6 has the addresses 2001:db8:N::1 and ::2 for 10.N.0.1 and 10.N.0.2.

    plain ── plain0  10.1.0.1       jumbo ── jumbo0  10.2.0.1, MTU 9000
    one   ┐         ┌ one0  10.3.0.1   0x8100 300
    two   ┤ switch ─┤ two0  10.4.0.1   0x88a8 200, 0x8100 100"""

import ipaddress
import re
import socket
import struct
import threading

import pytest

from bascule import Bascule
from lab import named_lab, wait_for
from networks import ASN
from tagger import CUSTOMER, PACKET_AUXDATA, ROOM, SERVICE, SOL_PACKET, Tagger, receive, take_tags
from traffic import tcp_transfer

ETHER, ETH_P_ALL, OUTGOING = 14, 3, 4
JUMBO = 9000
PORTS = {"plain0": (1, 1500, []), "jumbo0": (2, JUMBO, []), "one0": (3, 1500, [(CUSTOMER, 300)]),
         "two0": (4, 1500, [(SERVICE, 200), (CUSTOMER, 100)])}
SIZE = 3 << 20


FAMILIES = {"ipv4": (b"\x08\x00", 6 + 3, 12, 4), "ipv6": (b"\x86\xdd", 6, 8, 16)}  # EtherType; octets: protocol, source; of an address


def us(port, family="ipv4", host=1):
    return f"10.{PORTS[port][0]}.0.{host}" if family == "ipv4" else f"2001:db8:{PORTS[port][0]}::{host}"


def peer(port, family="ipv4"):
    return us(port, family, 2)


class Whole:
    def __init__(self, lab):
        self.lab = lab
        self.tagger = Tagger(lab, "trunk", {name[:-1]: tags for name, (_, _, tags) in PORTS.items() if tags})
        rs = self.rs = lab.namespace("rs")
        rs.join(lab.lans["trunk"], "trunk", mtu=1500 + ROOM)
        rs.keep_kernel_off("trunk")
        ports, self.peers = [], {}
        for name, (_, mtu, tags) in PORTS.items():
            lan = name[:-1]
            port = {"name": name, "role": "nva", "addresses": [f"{us(name)}/24", f"{us(name, 'ipv6')}/64"], "mtu": mtu}
            if tags:
                port.update(device="net_af_packet9,iface=trunk", vlan=tags[-1][1])
                if len(tags) > 1:
                    port["outer_vlan"] = tags[0][1]
            else:
                rs.join(lab.lan(lan), name, mtu=mtu)
                rs.keep_kernel_off(name)
            self.peers[name] = lab.namespace(lan)
            self.peers[name].join(lab.lans[lan], lan, f"{peer(name)}/24", f"{peer(name, 'ipv6')}/64", mtu=mtu)
            ports.append(port)
        self.bascule = Bascule(rs, "a", {
            "instance": {"asn": ASN, "router_id": us("plain0")},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900, "ports": ports},
            "control": {"lcores": [1]},
            "peers": [{"name": "plain", "address": peer("plain0"), "asn": 65001, "passive": True}]})

    def start(self):
        self.tagger.start()
        self.bascule.start()
        for name in PORTS:
            for family in FAMILIES:
                wait_for(lambda n=name, f=family: self.rs.ping(peer(n, f), us(n, f)), f"the peer of {name}, {family}")

    def device(self, port):
        return "trunk" if PORTS[port][2] else port


class Tap:
    """Frames with TCP octets from `source` that pass an interface, `only`: those of a kind (packet(7), sll_pkttype)."""

    def __init__(self, namespace, interface, source, only=None):
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self._socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._socket.bind((interface, 0))
        self._socket.settimeout(0.05)
        self._source, self._only = ipaddress.ip_address(source).packed, only
        self._type, self._protocol, self._at, _ = FAMILIES["ipv6" if ":" in source else "ipv4"]
        self.frames, self._end = [], False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            try:
                kind = self._only and self._socket.recvfrom(1, socket.MSG_PEEK)[1][2]
                tags, frame = take_tags(receive(self._socket))
            except TimeoutError:
                if self._end:
                    return
                continue
            if kind == self._only and frame[12:14] == self._type and self._tcp(frame[ETHER:]) and payload(frame):
                self.frames.append((tags, frame))

    def _tcp(self, packet):
        return packet[self._protocol] == 6 and packet[self._at:self._at + len(self._source)] == self._source

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end = True
        self._thread.join()
        self._socket.close()


def lengths(frame):
    """Octets of the packet, and of its IP header."""
    if frame[ETHER] >> 4 == 6:
        return 40 + struct.unpack_from("!H", frame, ETHER + 4)[0], 40
    return struct.unpack_from("!H", frame, ETHER + 2)[0], (frame[ETHER] & 15) * 4


def payload(frame):
    """Octets behind TCP's header, those of a padded frame left out."""
    total, header = lengths(frame)
    return total - header - (frame[ETHER + header + 12] >> 4) * 4


def checksum(octets):
    octets = octets + b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def spoilt(frame):
    """What is wrong with it?"""
    total, header = lengths(frame)
    packet, segment = frame[ETHER:], frame[ETHER + header:ETHER + total]
    _, _, at, size = FAMILIES["ipv6" if packet[0] >> 4 == 6 else "ipv4"]
    if len(packet) != total:
        return "length"
    if size == 4 and checksum(packet[:header]) != 0xFFFF:
        return "checksum of IPv4"
    pseudo = packet[at:at + 2 * size] + struct.pack("!HH", 6, len(segment))
    return "checksum of TCP" if checksum(pseudo + segment) != 0xFFFF else None


@pytest.fixture(scope="module")
def net():
    with named_lab("whole_segments") as lab:
        whole = Whole(lab)
        whole.start()
        yield whole


def lost(net):
    """Of segments, anywhere in us: the meters have none of an Established peer's either."""
    return {name: n for name, n in net.bascule.drops().items() if n and re.match("meter|ring_(bgp|local)|lcp_|tx_full|no_headroom", name)}


def carried(sender, source, receiver, destination):
    sent, received = tcp_transfer(sender, source, receiver, destination, SIZE)
    return sent == received


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("port", PORTS)
def test_what_we_send_arrives(net, port, family):
    """Every frame at the far end is one of the MTU with good checksums; the kernel, not the driver, has cut them: only what is
    sent by its own way it shows to who listens to what leaves."""
    _, mtu, tags = PORTS[port]
    far = net.peers[port]
    ours = us(port, family)
    with Tap(far, port[:-1], ours) as there, Tap(net.rs, net.device(port), ours, OUTGOING) as here:
        assert carried(net.rs, ours, far, peer(port, family))
    assert sum(payload(frame) for _, frame in there.frames) >= SIZE
    assert not [what for what in (spoilt(frame) for _, frame in there.frames) if what]
    assert max(len(frame) for _, frame in there.frames) == ETHER + mtu
    assert all(t == tags for t, _ in here.frames)
    assert sum(payload(frame) for _, frame in here.frames) > SIZE // 2
    assert not lost(net)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("port", PORTS)
def test_what_is_sent_to_us_arrives(net, port, family):
    """Most of it in frames of many segments, if they come faster than they are taken."""
    with Tap(net.rs, f"{net.bascule.name}-{port}", peer(port, family)) as there:
        assert carried(net.peers[port], peer(port, family), net.rs, us(port, family))
    assert not lost(net)
    assert sum(payload(frame) for _, frame in there.frames) >= SIZE
    assert max(len(frame) for _, frame in there.frames) > ETHER + PORTS[port][1], "merged"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_device_that_cuts_itself_gets_them_whole(net, family):
    """A veth with offloads on passes them on; the one behind the bridge cuts them."""
    net.rs.run("ethtool", "-K", "plain0", *"tx on sg on tso on gso on".split())
    try:
        ours = us("plain0", family)
        with Tap(net.peers["plain0"], "plain", ours) as there, Tap(net.lab.fabric, net.rs.wires["plain0"], ours) as wire:
            assert carried(net.rs, ours, net.peers["plain0"], peer("plain0", family))
    finally:
        net.rs.run("ethtool", "-K", "plain0", *"tx off tso off gso off".split())
    assert max(len(frame) for _, frame in wire.frames) > 3000
    assert not [what for what in (spoilt(frame) for _, frame in there.frames) if what]


@pytest.mark.parametrize("port,family", [*((port, "ipv4") for port in PORTS), ("two0", "ipv6")])
def test_losses_are_made_up_for(net, port, family):
    """A queue that is soon full, on the way out and on the way in."""
    far = net.peers[port]
    for interface, sender, source, receiver, destination in (
            (far.wires[port[:-1]], net.rs, us(port, family), far, peer(port, family)),
            (net.rs.wires[net.device(port)], far, peer(port, family), net.rs, us(port, family))):
        net.lab.fabric.run(*f"tc qdisc add dev {interface} root tbf rate 80mbit burst 20k limit 30k".split())
        try:
            assert carried(sender, source, receiver, destination)
            said = net.lab.fabric.run(*f"tc -s qdisc show dev {interface}".split()).stdout
        finally:
            net.lab.fabric.run(*f"tc qdisc del dev {interface} root".split())
        assert int(re.search(r"dropped (\d+)", said)[1]), said
    assert not lost(net)


@pytest.mark.parametrize("family", FAMILIES)
def test_ports_count_what_went(net, family):
    """As if it had left segment by segment, and nothing of it came back."""
    for port in PORTS:
        before = net.bascule.ports()[port]
        assert carried(net.rs, us(port, family), net.peers[port], peer(port, family))
        after = net.bascule.ports()[port]
        packets, octets = (after[f"tx_{what}"] - before[f"tx_{what}"] for what in ("packets", "bytes"))
        full = PORTS[port][1] - (52 if family == "ipv4" else 72)
        assert SIZE // full <= packets < 2 * SIZE // full
        assert SIZE + 54 * (SIZE // full) <= octets < 2 * SIZE
        assert after["rx_bytes"] - before["rx_bytes"] < SIZE
