"""Frames of Ethernet, IPv4 and IPv6, octet by octet, and raw sockets for them: for input that no kernel would send."""

import ipaddress
import socket
import struct
import threading

from families import V4, V6

ETH_P_ALL = 3
IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ethernet(dst, src, payload, ethertype=IPV4):
    return mac(dst) + mac(src) + struct.pack("!H", ethertype) + payload


def checksum(octets):
    """RFC 1071."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(src, dst, payload=b"", protocol=UDP, ttl=64, df=False, version=4, ihl=5, total_length=None,
         header_checksum=None, options=b""):
    """An IPv4 packet. What is not given is filled in correctly; what is given is written as given."""
    length = 20 + len(options) + len(payload) if total_length is None else total_length
    header = struct.pack("!BBHHHBBH4s4s", version << 4 | ihl + len(options) // 4, 0, length & 0xFFFF, 1,
                         0x4000 if df else 0, ttl, protocol, 0, ipaddress.ip_address(src).packed,
                         ipaddress.ip_address(dst).packed) + options
    value = checksum(header) if header_checksum is None else header_checksum
    return header[:10] + struct.pack("!H", value) + header[12:] + payload


def ip(family, src, dst, payload=b"", protocol=UDP, hops=64):
    """A good packet of either family (families.py); V6: between twins, if names are given."""
    if family is V4:
        return ipv4(src, dst, payload, protocol, hops)
    ends = [ipaddress.ip_address(V6.say(address)).packed for address in (src, dst)]
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, hops, *ends) + payload


def part(packet, offset):
    """A packet of ip() as the last part of a longer one, whose payload begins so many times 8 octets in that one's."""
    if not _is_ipv6(packet):
        return fragment(packet, offset)
    head = struct.pack("!BBHI", packet[6], 0, offset << 3, 1)
    return packet[:4] + struct.pack("!HB", len(packet) - 40 + len(head), 44) + packet[7:40] + head + packet[40:]


def fragment(packet, word):
    """The packet with these flags and offset, `word` of its header."""
    header = packet[:6] + struct.pack("!H", word) + packet[8:10] + b"\0\0" + packet[12:20]
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + packet[20:]


def udp(sport, dport, payload=b""):
    """Without a checksum, which IPv4 allows."""
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def ipv6(src, dst, payload=b"", protocol=UDP, hop_limit=64):
    """An IPv6 packet."""
    return (struct.pack("!IHBB", 6 << 28, len(payload), protocol, hop_limit) + ipaddress.ip_address(src).packed
            + ipaddress.ip_address(dst).packed + payload)


def with_checksum6(src, dst, payload, protocol, at):
    """The payload of an IPv6 packet with its checksum at octet `at` (RFC 8200 8.1)."""
    pseudo = ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed + struct.pack("!II", len(payload), protocol)
    return payload[:at] + struct.pack("!H", checksum(pseudo + payload[:at] + b"\0\0" + payload[at + 2:])) + payload[at + 2:]


def icmpv6(src, dst, kind, body, hop_limit=64):
    """An IPv6 packet of ICMPv6: the type, and what stands behind its code and checksum."""
    payload = with_checksum6(src, dst, bytes([kind, 0, 0, 0]) + body, ICMPV6, 2)
    return ipv6(src, dst, payload, ICMPV6, hop_limit)


def fragment6(packet, word):
    """The packet with a fragment header (RFC 8200 4.5) of this word: offset and flag."""
    header = bytes([packet[6], 0]) + struct.pack("!HI", word, 1)
    return packet[:4] + struct.pack("!H", len(packet) - 40 + 8) + bytes([44]) + packet[7:40] + header + packet[40:]


class RawPort:
    """A raw socket on an interface of a namespace."""

    def __init__(self, namespace, interface):
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((interface, 0))

    def send(self, frame):
        self.socket.send(frame)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Sniffer:
    """Counts the packets of `ethertype`, by default of the namespace's family, that arrive on an interface and are `wanted(packet)`; `packets` keeps the first of
    them. With `own`, of those alone that are addressed to the interface: a bridge floods what is for a host that has
    gone."""

    def __init__(self, namespace, interface, wanted, keep=16, own=False, ethertype=None):
        self._port = RawPort(namespace, interface)
        self._port.socket.settimeout(0.1)
        self._port.socket.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE: what is lost was not lost here
        self._wanted, self._keep, self._stop = wanted, keep, False
        self._type = struct.pack("!H", ethertype or namespace.family.ethertype)
        self._others = {socket.PACKET_OUTGOING, *([socket.PACKET_OTHERHOST] if own else [])}
        self.count, self.packets = 0, []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop:
            try:
                frame, (_, _, kind, *_) = self._port.socket.recvfrom(65536)
            except TimeoutError:
                continue
            if kind not in self._others and frame[12:14] == self._type and self._wanted(frame[14:]):
                self.count += 1
                if len(self.packets) < self._keep:
                    self.packets.append(frame[14:])

    def close(self):
        self._stop = True
        self._thread.join()
        self._port.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def addresses(packet):
    """(source, destination) of a packet of either family, as text; twins (families.py) by their names."""
    at, size = (8, 16) if _is_ipv6(packet) else (12, 4)
    return tuple(V6.name(str(ipaddress.ip_address(packet[i:i + size]))) for i in (at, at + size))


def protocol(packet):
    """What a packet of either family carries, without extension headers: UDP, ..."""
    return packet[6 if _is_ipv6(packet) else 9]


def hops_left(packet):
    """TTL, or hop limit."""
    return packet[7 if _is_ipv6(packet) else 8]


def carried(packet):
    """What is behind the IP header, which has no options and no extension headers."""
    return packet[40 if _is_ipv6(packet) else 20:]


def _is_ipv6(packet):
    return packet[0] >> 4 == 6
