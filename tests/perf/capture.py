"""Captures that net_pcap replays: what comes in at a port, of a size, a number of flows and a distribution.

Destinations lie in real prefixes, half of them below 128.0.0.0, in random order but always the same: each of the routers
that are measured is given the same packets."""

import functools
import gzip
import ipaddress
import random
import struct
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "data" / "dfz-2024-01.v4.txt.gz"
TABLE6 = TABLE.with_name("dfz-2024-01.v6.txt.gz")
FCS = 4  # octets of a frame on the wire that no capture holds
IMIX6 = (66,) * 7 + (594,) * 4 + (1518,)
IMIX = (64,) * 7 + (594,) * 4 + (1518,)
SHORT = 1024  # frames of a capture of few flows


@functools.cache
def _prefixes(table):
    with gzip.open(table, "rt") as lines:
        return [line.strip() for line in lines]


@functools.cache
def destinations(n):
    """`n` addresses, of the lower half and of the upper one in turn."""
    return _halves(n, TABLE, 32, lambda at: at >> 24 not in (0, 10, 127) and at < 0xe0000000, lambda at: at >> 31)


@functools.cache
def destinations6(n):
    """The same of IPv6: halves of 2000::/4."""
    return _halves(n, TABLE6, 128, lambda at: at >> 124 == 2, lambda at: at >> 123 & 1)


def _halves(n, table, bits, fits, half):
    rng = random.Random(1)
    halves = [[], []]
    while min(map(len, halves)) < (n + 1) // 2:
        address, length = rng.choice(_prefixes(table)).split("/")
        at = int(ipaddress.ip_address(address)) + rng.randrange(1 << bits - int(length))
        if fits(at):
            halves[half(at)].append(at)
    mixed = [half[i] for i in range((n + 1) // 2) for half in halves][:n]
    rng.shuffle(mixed)
    return mixed


def flows(kind):
    """The flow of each frame of a capture, as an index into destinations()."""
    if kind == "single":
        return [0] * SHORT
    if kind == "1k":
        return list(range(SHORT))
    n = 65536
    if kind == "64k":
        return list(range(n))
    # Zipf, exponent 1: flow k as often as 1 / (k + 1) says
    return random.Random(2).choices(range(n), [1 / (k + 1) for k in range(n)], k=n)


def _checksum(header):
    total = sum(struct.unpack("!10H", header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(port, flow, destination, octets, source=None, mac=None):
    """A UDP packet of the flow, to our MAC address on `port`; `octets` with the FCS. `source`: its address; `mac`: ours, if it is
    another one."""
    length = octets - FCS - 14
    head = struct.pack("!BBHHHBBHII", 0x45, 0, length, 0, 0, 64, 17, 0,
                       0x0b000000 + flow if source is None else source, destination)
    head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    udp = struct.pack("!HHHH", 1024 + flow % 60000, 53, length - 20, 0)
    ether = struct.pack("!6s6sH", mac or bytes((2, 0, 0, 0, 0, port)), bytes((2, 0x6b, 0, 0, 0, port)), 0x0800)
    return (ether + head + udp).ljust(octets - FCS, b"\0")


def frame6(port, flow, destination, octets):
    """The same of IPv6, of 66 octets or more."""
    length = octets - FCS - 14 - 40
    head = struct.pack("!IHBB16s16s", 6 << 28, length, 17, 64, ((0x2a0b << 112) + flow).to_bytes(16, "big"), destination.to_bytes(16, "big"))
    udp = struct.pack("!HHHH", 1024 + flow % 60000, 53, length, 0xffff)  # nobody looks at the checksum on its way
    ether = struct.pack("!6s6sH", bytes((2, 0, 0, 0, 0, port)), bytes((2, 0x6b, 0, 0, 0, port)), 0x86dd)
    return (ether + head + udp).ljust(octets - FCS, b"\0")


def write(path, port, size, kind, ip6=False):
    """A capture; returns how many frames it has. `size` is octets or "imix"."""
    order = flows(kind)
    to = (destinations6 if ip6 else destinations)(max(order) + 1)
    make, imix = (frame6, IMIX6) if ip6 else (frame, IMIX)
    write_frames(path, (make(port, flow, to[flow], imix[i % len(imix)] if size == "imix" else size) for i, flow in enumerate(order)))
    return len(order)


def write_frames(path, frames):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for octets in frames:
            out.write(struct.pack("<IIII", 0, 0, len(octets), len(octets)) + octets)
