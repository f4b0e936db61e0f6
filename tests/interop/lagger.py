"""A switch with a bond: the far end of LACP (IEEE 802.1AX), where the kernel has no bonding. It decides for itself what its
members carry, has state machines of its own, and shares no code with ours.

    lagger = Lagger(lab, "trunk", rs, ["m0", "m1"])
    lagger.start()

The LAN "trunk" is bridged to the bond; each member is a cable to an interface of its name in the namespace `rs`. What it is to do
otherwise (a member that is mute, or that says it is another system's) it reads from a file ten times a second, and what it knows
it writes to another."""

import json
import selectors
import socket
import sys
import time
import zlib
from pathlib import Path

from lab import _command, wait_for
from tagger import ROOM, open_socket, receive, take_tags

SYSTEM, OTHER = "02:1a:99:00:00:01", "02:1a:99:00:00:02"
ACTIVE, SHORT, AGGREGATION, SYNC, COLLECTING, DISTRIBUTING = 1, 2, 4, 8, 16, 32
SLOW = bytes.fromhex("0180c2000002")
TIMEOUT_S, EVERY_S, TICK_S = 3, 1, 0.1


def cable(rs, far, name, mtu=1500):
    """Between two namespaces; the two ends have one name. That of `rs` is for raw sockets alone."""
    _command("ip", "link", "add", name, "mtu", mtu, "netns", far.full_name, "type", "veth",
             "peer", "name", name, "mtu", mtu, "netns", rs.full_name)
    for end in (far, rs):
        end.run("ethtool", "-K", name, *"tx off rx off gro off tso off gso off".split(), check=False)
        end.ip("link", "set", name, "up")
    rs.keep_kernel_off(name)


class Lagger:
    def __init__(self, lab, lan, rs, members, mtu=1500):
        self.namespace = lab.namespace(f"{lan}-lag")
        self.namespace.join(lab.lans[lan], "lan", mtu=mtu + ROOM)
        self.members, self.rs, self._mtu = members, rs, mtu
        for member in members:
            self.cable(member)
        self._told, self._knows = (lab.dir / f"lag-{name}.json" for name in ("told", "knows"))
        self.tell()

    def cable(self, member):
        cable(self.rs, self.namespace, member, self._mtu + ROOM)

    def tell(self, **members):
        """Of a member: "mute", "individual", or "system" for another one's."""
        self._told.with_suffix(".new").write_text(json.dumps(members))
        self._told.with_suffix(".new").rename(self._told)

    def link(self, member, up):
        self.namespace.ip("link", "set", member, "up" if up else "down")

    def knows(self):
        """By member: what it says of itself ("state"), the frames that came from us and went to us."""
        return json.loads(self._knows.read_text())

    def start(self):
        process = self.namespace.start("lag", sys.executable, __file__, json.dumps(self.members), self._told, self._knows)
        process.ready(lambda: "forwarding" in process.log(), "sockets")

    def distributes(self, *members):
        return {name for name, row in self.knows().items() if row["state"] & DISTRIBUTING} == set(members)

    def wait_distributes(self, *members):
        wait_for(lambda: self.distributes(*members), f"traffic by {members} alone")


class Member:
    def __init__(self, name, port):
        self.name, self.port = name, port
        self.state, self.partner, self.heard, self.spoke = 0, None, 0, 0
        self.rx = self.tx = self.early = 0
        self.orders = []
        self.open()

    def open(self):
        self.index = socket.if_nametoindex(self.name)
        self.socket = open_socket(socket.socket, self.name)

    def is_another(self):
        """Was its interface made anew?"""
        try:
            return socket.if_nametoindex(self.name) != self.index
        except OSError:
            return False

    def ours(self, state):
        system = OTHER if "system" in self.orders else SYSTEM
        return (b"\x80\x00" + bytes.fromhex(system.replace(":", "")) + b"\x00\x09" + b"\x00\xff" +
                self.port.to_bytes(2, "big") + bytes([state]))

    def decide(self, now):
        """What we say of ourselves, from what the partner said last."""
        state = ACTIVE | SHORT | (0 if "individual" in self.orders else AGGREGATION)
        if self.partner and now - self.heard < TIMEOUT_S:
            theirs, of_us = self.partner
            if theirs[14] & AGGREGATION and of_us[:14] == self.ours(0)[:14] and state & AGGREGATION:
                state |= SYNC
                if theirs[14] & SYNC:
                    state |= COLLECTING | (DISTRIBUTING if theirs[14] & COLLECTING else 0)
        else:
            self.partner = None
        changed, self.state = state != self.state, state
        if changed or now - self.spoke >= EVERY_S:
            self.speak(now)

    def speak(self, now):
        self.spoke = now
        nobody = bytes(15)
        theirs = self.partner[0] if self.partner else nobody
        pdu = b"\x01\x01" + b"\x01\x14" + self.ours(self.state) + bytes(3) + b"\x02\x14" + theirs + bytes(3) + b"\x03\x10"
        self.send(SLOW + bytes.fromhex(SYSTEM.replace(":", "")) + b"\x88\x09" + pdu.ljust(110, b"\0"))

    def send(self, frame):
        if "mute" in self.orders:
            return
        try:
            self.socket.send(frame)
        except OSError:
            pass  # no link

    def hear(self, frame, now):
        if frame[12:15] == b"\x88\x09\x01" and len(frame) >= 57:
            self.heard = now
            self.partner = (frame[18:33], frame[38:53])
            self.decide(now)
            return None
        if not self.state & COLLECTING:
            self.early += 1
            return None
        self.rx += 1
        return frame


def flow_of(frame):
    """Addresses and ports, or the MAC addresses of what has none."""
    _, plain = take_tags(frame)
    if plain[12:14] != b"\x08\x00":
        return zlib.crc32(plain[:12])
    ports = plain[34:38] if plain[23] in (6, 17) else b""
    return zlib.crc32(plain[26:34] + ports) >> 8


class Switch:
    def __init__(self, names, told, knows):
        self.members = [Member(name, port) for port, name in enumerate(names, 1)]
        self.lan = open_socket(socket.socket, "lan")
        self.told, self.knows = Path(told), Path(knows)
        self.ready = selectors.DefaultSelector()
        self.ready.register(self.lan, selectors.EVENT_READ, None)
        for member in self.members:
            self.ready.register(member.socket, selectors.EVENT_READ, member)

    def take(self, member):
        try:
            frame = receive(member.socket if member else self.lan)
        except OSError:
            return  # its link has gone, and that was told
        if member:
            frame = None if "mute" in member.orders else member.hear(frame, time.monotonic())
            if frame:
                self.lan.send(frame)
            return
        ways = [m for m in self.members if m.state & DISTRIBUTING]
        if ways:
            way = ways[flow_of(frame) % len(ways)]
            way.tx += 1
            way.send(frame)

    def tick(self, now):
        orders = json.loads(self.told.read_text())
        for member in self.members:
            member.orders = orders.get(member.name, [])
            if member.is_another():
                self.ready.unregister(member.socket)
                member.open()
                self.ready.register(member.socket, selectors.EVENT_READ, member)
            member.decide(now)
        state = {m.name: {"state": m.state, "rx": m.rx, "tx": m.tx, "early": m.early} for m in self.members}
        self.knows.with_suffix(".new").write_text(json.dumps(state))
        self.knows.with_suffix(".new").rename(self.knows)

    def run(self):
        due = 0
        print("forwarding", flush=True)
        while True:
            now = time.monotonic()
            if now >= due:
                self.tick(now)
                due = now + TICK_S
            for key, _ in self.ready.select(max(0, due - now)):
                self.take(key.data)


if __name__ == "__main__":
    Switch(json.loads(sys.argv[1]), *sys.argv[2:]).run()
