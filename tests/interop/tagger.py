"""A switch with a trunk, where the kernel has no VLAN devices: what comes by the trunk with an access port's tags leaves by that
port without them, and the other way round.

    tagger = Tagger(lab, "trunk", {"er": [(SERVICE, 200), (CUSTOMER, 100)], "vpn": [(CUSTOMER, 300)], "vnet": []})
    tagger.start()

The LAN "trunk" carries the frames of the LANs "er", "vpn" and "vnet", each with its tags, outermost first. The switch is a
process in a namespace of its own with raw sockets.

The kernel takes the first tag of a frame away before raw sockets see it and says so beside it (packet(7), PACKET_AUXDATA):
receive() puts it back. So what a Tap tells is what was on the wire."""

import json
import selectors
import socket
import struct
import sys

CUSTOMER, SERVICE, OLD_SERVICE = 0x8100, 0x88A8, 0x9100
TYPES = (CUSTOMER, SERVICE, OLD_SERVICE)
ROOM = 8  # octets of two tags, above the MTU of what is in them

SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
STATUS_VLAN_VALID, STATUS_TPID_VALID = 1 << 4, 1 << 6
AUXDATA = struct.Struct("=IIIHHHH")
ETH_P_ALL = 3


def tag_octets(tags):
    return b"".join(struct.pack("!HH", kind, tci) for kind, tci in tags)


def put_tags(frame, tags):
    return frame[:12] + tag_octets(tags) + frame[12:]


def take_tags(frame):
    """([(EtherType, TCI), …], the frame without them)"""
    tags, at = [], 12
    while len(frame) >= at + 6 and int.from_bytes(frame[at:at + 2], "big") in TYPES:
        tags.append(struct.unpack_from("!HH", frame, at))
        at += 4
    return tags, frame[:12] + frame[at:]


def open_socket(make, interface):
    """`make` as socket.socket. It hears what comes in, not what we send."""
    s = make(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
    s.bind((interface, 0))
    return s


def receive(s, flags=0):
    """The next frame, all its tags in it."""
    frame, extras, _, _ = s.recvmsg(65536, socket.CMSG_SPACE(AUXDATA.size), flags)
    for level, kind, data in extras:
        if level != SOL_PACKET or kind != PACKET_AUXDATA:
            continue
        status, _, _, _, _, tci, tpid = AUXDATA.unpack(data[:AUXDATA.size])
        if status & STATUS_VLAN_VALID:
            frame = put_tags(frame, [(tpid if status & STATUS_TPID_VALID else CUSTOMER, tci)])
    return frame


class Tap:
    """A raw socket on the trunk, beside the switch's."""

    def __init__(self, namespace, interface="trunk"):
        self.socket = open_socket(namespace.socket, interface)
        self.socket.settimeout(10)

    def send(self, frame, tags=()):
        self.socket.send(put_tags(frame, tags))

    def next(self, wanted):
        """(tags, frame without them) of the next that is wanted(frame)."""
        while True:
            tags, frame = take_tags(receive(self.socket))
            if wanted(frame):
                return tags, frame

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class Tagger:
    def __init__(self, lab, trunk, ports, mtu=1500):
        self.namespace = lab.namespace(f"{trunk}-switch")
        self.namespace.join(lab.lan(trunk), "trunk", mtu=mtu + ROOM)
        for lan in ports:
            self.namespace.join(lab.lans.get(lan) or lab.lan(lan), lan, mtu=mtu)
        self._ports = ports

    def start(self):
        process = self.namespace.start("switch", sys.executable, __file__, json.dumps(self._ports))
        process.ready(lambda: "forwarding" in process.log(), "sockets")


def main():
    ports = {name: [tuple(tag) for tag in tags] for name, tags in json.loads(sys.argv[1]).items()}
    names = {tuple(tags): name for name, tags in ports.items()}
    sockets = {name: open_socket(socket.socket, name) for name in ["trunk", *ports]}
    ready = selectors.DefaultSelector()
    for name, s in sockets.items():
        ready.register(s, selectors.EVENT_READ, name)
    print("forwarding", flush=True)
    while True:
        for key, _ in ready.select():
            frame = receive(key.fileobj)
            if key.data != "trunk":
                sockets["trunk"].send(put_tags(frame, ports[key.data]))
                continue
            tags, frame = take_tags(frame)
            name = names.get(tuple((kind, tci & 0xFFF) for kind, tci in tags))
            if name:
                sockets[name].send(frame)


if __name__ == "__main__":
    main()
