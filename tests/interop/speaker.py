"""A BGP speaker of a few lines that says what a test wants said, right or wrong (RFC 4271, IPv6 by RFC 4760)."""

import ipaddress
import select
import socket
import struct
from dataclasses import dataclass

from families import Told

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE_REFRESH = 1, 2, 3, 4, 5
MP_REACH_NLRI, MP_UNREACH_NLRI = 14, 15
IPV4_UNICAST, IPV6_UNICAST = struct.pack("!HB", 1, 1), struct.pack("!HB", 2, 1)  # AFI, SAFI


def message(kind, body=b"", length=None):
    return MARKER + struct.pack("!HB", 19 + len(body) if length is None else length, kind) + body


def open_message(asn, router_id, hold_s=180, version=4, capabilities=True, refresh=True, both=False):
    """With multiprotocol IPv4 unicast, with `both` IPv6 unicast as well, route refresh and 4-octet AS."""
    options = b""
    if capabilities:
        caps = (b"\x01\x04\x00\x01\x00\x01" + (b"\x01\x04\x00\x02\x00\x01" if both else b"")
                + (b"\x02\x00" if refresh else b"")
                + b"\x41\x04" + struct.pack("!I", asn))
        options = struct.pack("!BB", 2, len(caps)) + caps
    return message(OPEN, struct.pack("!BHH4sB", version, asn if asn < 65536 else 23456, hold_s,
                                     ipaddress.ip_address(router_id).packed, len(options)) + options)


def nlri(*prefixes):
    octets = b""
    for text in prefixes:
        prefix = ipaddress.ip_network(text)
        octets += bytes([prefix.prefixlen]) + prefix.network_address.packed[:(prefix.prefixlen + 7) // 8]
    return octets


def attribute(flags, code, value):
    if len(value) > 255:
        return struct.pack("!BBH", flags | 0x10, code, len(value)) + value
    return struct.pack("!BBB", flags, code, len(value)) + value


def attributes(next_hop, as_path, origin=0, communities=()):
    """ORIGIN, AS_PATH (one sequence, 4-octet, or empty), NEXT_HOP but of IPv6, which stands with its NLRI; and COMMUNITIES
    such as "65517:65517" if any."""
    path = struct.pack(f"!BB{len(as_path)}I", 2, len(as_path), *as_path) if as_path else b""
    return (attribute(0x40, 1, bytes([origin])) + attribute(0x40, 2, path)
            + (attribute(0x40, 3, ipaddress.ip_address(next_hop).packed) if ":" not in next_hop else b"")
            + (attribute(0xC0, 8, b"".join(map(_community, communities))) if communities else b""))


def _community(text):
    return struct.pack("!HH", *map(int, text.split(":")))


def update(prefixes=(), attrs=b"", withdrawn=(), next_hop=None):
    """Of prefixes of one family; those of IPv6 with their `next_hop`."""
    if any(":" in prefix for prefix in withdrawn):
        attrs, withdrawn = attribute(0x80, MP_UNREACH_NLRI, IPV6_UNICAST + nlri(*withdrawn)), ()
    if any(":" in prefix for prefix in prefixes):
        hop = ipaddress.ip_address(next_hop).packed
        reach = IPV6_UNICAST + bytes([len(hop)]) + hop + b"\0" + nlri(*prefixes)
        attrs, prefixes = attribute(0x80, MP_REACH_NLRI, reach) + attrs, ()
    gone = nlri(*withdrawn)
    head = struct.pack("!H", len(gone)) + gone + struct.pack("!H", len(attrs)) + attrs
    return message(UPDATE, head + nlri(*prefixes))


@dataclass(frozen=True)
class Update:
    """The body of an UPDATE, prefixes of either family. `attributes`: the octets of each value by type code."""

    withdrawn: tuple
    attributes: dict
    announced: tuple


def _prefixes(octets, family=IPV4_UNICAST):
    at = 0
    while at < len(octets):
        length, size = octets[at], (octets[at] + 7) // 8
        address = octets[at + 1:at + 1 + size].ljust(16 if family == IPV6_UNICAST else 4, b"\0")
        yield f"{ipaddress.ip_address(address)}/{length}"
        at += 1 + size


def _attributes(octets):
    at = 0
    while at < len(octets):
        flags, code = octets[at], octets[at + 1]
        head, form = (4, "!H") if flags & 0x10 else (3, "!B")
        length = struct.unpack_from(form, octets, at + 2)[0]
        yield code, octets[at + head:at + head + length]
        at += head + length


def decode_update(body):
    withdrawn = struct.unpack_from("!H", body)[0]
    attrs = 4 + withdrawn
    nlri_at = attrs + struct.unpack_from("!H", body, 2 + withdrawn)[0]
    attributes = dict(_attributes(body[attrs:nlri_at]))
    gone, reach = attributes.get(MP_UNREACH_NLRI, b""), attributes.get(MP_REACH_NLRI, b"")
    reach_at = 3 + 1 + reach[3] + 1 if reach else 0  # behind AFI and SAFI, the next hop, and an octet of nothing
    return Update((*_prefixes(body[2:2 + withdrawn]), *_prefixes(gone[3:], gone[:3])), attributes,
                  (*_prefixes(body[nlri_at:]), *_prefixes(reach[reach_at:], reach[:3])))


def update_prefixes(body):
    """(withdrawn, announced) of an UPDATE's body, as lists of prefixes."""
    heard = decode_update(body)
    return list(heard.withdrawn), list(heard.announced)


class Speaker:
    """One TCP connection to port 179 of `peer`, from `source` in a namespace."""

    seen_as = Told

    def __init__(self, namespace, source, peer, seconds=10):
        self.socket = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(seconds)
        self._input = b""
        try:
            self.socket.bind((source, 0))
            self.socket.connect((peer, 179))
        except OSError:
            self.socket.close()
            raise

    def send(self, octets):
        self.socket.sendall(octets)

    def receive(self):
        """The next message as (type, body); None when the peer has closed."""
        while len(self._input) < 19 or len(self._input) < self._length():
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self._input += data
        length = self._length()
        kind, body = self._input[18], self._input[19:length]
        self._input = self._input[length:]
        return kind, body

    def updates(self):
        """The bodies of those UPDATEs that have come by now; does not wait, and skips other messages."""
        bodies = []
        while len(self._input) >= 19 and len(self._input) >= self._length() or self._readable():
            kind, body = self.receive() or (None, None)
            if kind is None:
                break
            if kind == UPDATE:
                bodies.append(body)
        return bodies

    def _readable(self):
        return bool(select.select([self.socket], [], [], 0)[0])

    def _length(self):
        return struct.unpack_from("!H", self._input, 16)[0]

    def wait(self, kind):
        """Skip to the next message of that type; None if the connection ends before."""
        while got := self.receive():
            if got[0] == kind:
                return got
        return None

    def notification(self):
        """(code, subcode) of the NOTIFICATION that ends the connection; None if it ended without one."""
        got = self.wait(NOTIFICATION)
        return tuple(got[1][:2]) if got else None

    def wait_update(self, done):
        """Read until `done(withdrawn, announced)` says so of an UPDATE. Returns the messages' types, that one's the
        last; None if the connection ends before."""
        kinds = []
        while got := self.receive():
            kinds.append(got[0])
            if got[0] == UPDATE and done(*update_prefixes(got[1])):
                return kinds
        return None

    def establish(self, asn, router_id, **options):
        """OPEN and KEEPALIVE, both ways. `options` are open_message()'s."""
        self.send(open_message(asn, router_id, **options))
        self.their_open = self.wait(OPEN)
        if not self.their_open:
            raise ConnectionError("the peer closed before its OPEN")
        self.send(message(KEEPALIVE))
        if not self.wait(KEEPALIVE):
            raise ConnectionError("the peer closed before its KEEPALIVE")
        return self

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
