"""Traffic between two hosts of the laboratory that notices what happens to it: lost, doubled, changed, strayed."""

import hashlib
import os
import re
import select
import socket
import struct
import threading
import time
import zlib

from lab import LabError


def tcp_transfer(sender, source, receiver, destination, size=4 << 20, seconds=60):
    """Send `size` random octets over TCP, by the addresses' family. Returns (SHA-256 sent, SHA-256 received), for the caller to
    compare."""
    source, destination = sender.family.say(source), sender.family.say(destination)
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    listener = receiver.socket(family, socket.SOCK_STREAM)
    got = hashlib.sha256()

    def receive():
        connection, _ = listener.accept()
        connection.settimeout(seconds)
        with connection:
            while data := connection.recv(1 << 16):
                got.update(data)
            connection.sendall(b"!")

    with listener:
        listener.settimeout(seconds)
        listener.bind((destination, 0))
        listener.listen(1)
        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        data = os.urandom(size)
        with sender.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.bind((source, 0))
            connection.connect(listener.getsockname())
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
        thread.join(seconds)
    return hashlib.sha256(data).hexdigest(), got.hexdigest()


class UdpFlow:
    """A steady stream of numbered datagrams.

        with UdpFlow(a, "10.0.0.1", b, "10.0.0.2", rate=1000) as flow:
            flow.wait_more(500)
            ...
        assert not flow.lost

    Each datagram holds its number and a CRC over a body that follows from the number. After the stop the flow waits
    until the last one has arrived, or none has for QUIET_S. Whoever receives says so, not a clock beside him: what waits
    in his socket while he gets no CPU is not lost."""

    HEAD = struct.Struct("!QI")
    QUIET_S = 1

    def __init__(self, sender, source, receiver, destination, rate=1000, size=200):
        family = sender.family
        self._tx = sender.socket(family.af, socket.SOCK_DGRAM)
        self._tx.bind((family.say(source), 0))
        self._rx = receiver.socket(family.af, socket.SOCK_DGRAM)
        self._rx.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE: what is lost was not lost here
        self._rx.bind((family.say(destination), 0))
        self._tx.connect(self._rx.getsockname())
        self._wake, self._woken = socket.socketpair()
        self._period, self._size = 1 / rate, size
        self.sent = self.corrupted = self.unsendable = 0
        self._seen, self._stopped = {}, threading.Event()
        self._goal, self._reached = float("inf"), threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._receive, self._send)]

    @classmethod
    def _datagram(cls, number, size):
        body = struct.pack("!Q", number * 0x9E3779B97F4A7C15 & (1 << 64) - 1) * (size // 8)
        return cls.HEAD.pack(number, zlib.crc32(body)) + body

    def _send(self):
        now = due = time.monotonic()
        while not self._stopped.wait(max(0, due - now)):
            try:
                self._tx.send(self._datagram(self.sent, self._size))
            except OSError:  # an ICMP error came back, or no route: it counts as lost
                self.unsendable += 1
            self.sent += 1
            now = time.monotonic()
            due = max(due + self._period, now - 0.02)  # after a stall, do not catch up in one burst

    def _receive(self):
        """Until all have come that were sent before the stop, or none for a while."""
        sources, quiet_s = [self._rx, self._woken], None
        while quiet_s is None or self.received < self.sent:
            ready, _, _ = select.select(sources, [], [], quiet_s)
            if self._rx in ready:
                self._take(self._rx.recv(65536))
            elif ready:  # no more are sent
                sources, quiet_s = [self._rx], self.QUIET_S
            else:
                return

    def _take(self, datagram):
        if len(datagram) < self.HEAD.size:
            self.corrupted += 1
            return
        number, crc = self.HEAD.unpack_from(datagram)
        if zlib.crc32(datagram[self.HEAD.size:]) != crc or number >= self.sent + 1:
            self.corrupted += 1
        self._seen[number] = self._seen.get(number, 0) + 1
        if self.received >= self._goal:
            self._reached.set()

    @property
    def received(self):
        return len(self._seen)

    def arrived_since(self, number):
        """How many of those that were sent from this number on."""
        return sum(seen >= number for seen in self._seen)

    @property
    def lost(self):
        """Runs of numbers that were sent and never arrived, [(first, last), …]; complete after the stop."""
        runs = []
        for number in range(self.sent):
            if number in self._seen:
                continue
            if runs and runs[-1][1] == number - 1:
                runs[-1] = (runs[-1][0], number)
            else:
                runs.append((number, number))
        return runs

    @property
    def doubled(self):
        return [number for number, times in self._seen.items() if times > 1]

    def wait_more(self, datagrams, seconds=30):
        """Wait until that many more have arrived."""
        all_wait_more([self], datagrams, seconds)

    def _expect_more(self, datagrams):
        self._goal = self.received + datagrams
        self._reached.clear()  # of the goal before; whatever arrives now says it again

    def _wait_expected(self, seconds):
        if not self._reached.wait(seconds):
            raise LabError(f"{self._goal} datagrams: not within {seconds:g} s; {self.received} have arrived")

    def stop(self):
        self._stopped.set()
        self._threads[1].join()
        self._wake.close()
        self._threads[0].join()
        for each in (self._tx, self._rx, self._woken):
            each.close()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()


def all_wait_more(flows, datagrams, seconds=30):
    """Wait until that many more of each of these flows have arrived, from now on."""
    for flow in flows:
        flow._expect_more(datagrams)
    for flow in flows:
        flow._wait_expected(seconds)


def traceroute(sender, source, destination):
    """The hops' addresses, "*" where nobody answered."""
    # One probe at a time (-N1): routers rate-limit their answers, and rightly so.
    out = sender.run("traceroute", "-n", "-q2", "-N1", "-w1", "-m8", "-s", source, destination).stdout
    hops = []
    for line in out.splitlines()[1:]:
        found = re.search(r"\d+(?:\.\d+){3}|[0-9a-f]+:[0-9a-f:]+", line)
        hops.append(found[0] if found else "*")
    return hops


def protocol_errors(namespace):
    """Datagrams and segments that this namespace's kernel found damaged: {counter: value}."""
    # "Udp: InErrors InCsumErrors ...", "Udp: 0 0 ..."; of IPv6 "Udp6InCsumErrors 0". TCP counts both in the first.
    lines = namespace.run("cat", "/proc/net/snmp").stdout.splitlines()
    values = {}
    for names, numbers in zip(lines[::2], lines[1::2]):
        layer = names.split(":")[0]
        values |= {layer + name: int(number) for name, number in zip(names.split()[1:], numbers.split()[1:])}
    for line in namespace.run("cat", "/proc/net/snmp6").stdout.splitlines():
        values[line.split()[0]] = int(line.split()[1])
    errors = {name: value for name, value in values.items() if name.endswith(("InCsumErrors", "InHdrErrors"))}
    if not {"UdpInCsumErrors", "Udp6InCsumErrors", "TcpInCsumErrors"} <= set(errors):
        raise LabError(f"no counters in /proc/net/snmp and snmp6: {sorted(errors)}")
    return errors
