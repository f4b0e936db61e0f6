"""Routers that forward the same packets, each on the same core, one at a time.

All of them are started; then each gets the core for a slice in turn (A B C A B C …: the others are stopped), so that what the
machine does to one it does to all. In a slice, what DPDK's telemetry counts as received and for how long the forwarding thread had
its core give the nanoseconds of a packet: the time for which it was ready and waited for the core does not count."""

import contextlib
import itertools
import json
import os
import signal
import socket
import time
from pathlib import Path

from children import Failed

MAIN, FORWARDING = 0, 1  # CPUs
WARM_S = 0.02  # after which a slice counts: caches are its own again
START_S = 60
SLICES, LEAST = 50, 0.2  # that it is given before it is given up; the share of one for which it must have the core
THREADS = ("rte-worker", "lcore-worker")


class Contestant:
    """One router. `devices`: its vdevs, in the order of its ports. `receives`: how many of them have packets. `frames`:
    how many the capture of each holds. `alone`: its main lcore forwards, for it wants as many transmit queues as it has lcores.
    `generator`: (sockets, program, devices, words) of the process that its packets come from and go back to, on the other core, by
    whose count it is judged; it starts when the sockets are there. None: its devices make them, and those that it receives count."""

    def __init__(self, children, name, program, devices, words, receives, frames, alone=False, generator=None):
        self.name, self.receives, self.alone = name, receives, alone
        self._more_than = 2 * receives * frames  # net_pcap counts those, too, that it reads for a start
        lcores = [f"-l{FORWARDING}"] if alone else [f"-l{MAIN},{FORWARDING}", f"--main-lcore={MAIN}"]
        self.child = children.start(name, program, *lcores, "--in-memory", "--no-pci", f"--file-prefix={name}",
                                    "--log-level=error",
                                    *itertools.chain(*(("--vdev", device) for device in devices)), "--", *words,
                                    read=program.name.startswith("forward_bench"))
        self.all = [self.child]
        self._children, self._generator = children, generator
        counts = f"{name}-generator" if generator else name
        self._path = children.folder / "dpdk" / counts / "dpdk_telemetry.v2"
        self._socket = None

    def wait_ready(self):
        """Until packets pass; then it is stopped."""
        deadline = time.monotonic() + START_S
        while True:
            self._start_generator()
            for child in self.all:
                if not child.alive:
                    raise Failed(f"{child.name} ended at its start:\n{child.said()}")
            with contextlib.suppress(OSError):
                self._connect()
                if self.packets() > self._more_than:
                    break
            if time.monotonic() > deadline:
                raise Failed(f"{self.name}: no packet passes after {START_S} s\n{''.join(child.said() for child in self.all)}")
            time.sleep(0.05)
        tasks = Path(f"/proc/{self.child.pid}/task")
        self._schedstat = next(task / "schedstat" for task in tasks.iterdir() if (
            task.name == str(self.child.pid) if self.alone else (task / "comm").read_text().startswith(THREADS)))
        self._signal(signal.SIGSTOP)

    def _start_generator(self):
        if not self._generator or not all(path.exists() for path in self._generator[0]):
            return
        _, program, devices, words = self._generator
        self._generator = None
        name = f"{self.name}-generator"
        self.all.append(self._children.start(
            name, program, f"-l{MAIN}", "--in-memory", "--no-pci", f"--file-prefix={name}", "--log-level=error",
            *itertools.chain(*(("--vdev", device) for device in devices)), "--", *words))

    def _signal(self, number):
        for child in self.all:
            child.signal(number)

    def _connect(self):
        if self._socket:
            return
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(10)
        connection.connect(str(self._path))
        connection.recv(1024)
        self._socket = connection

    def packets(self):
        """Received on all ports so far."""
        total = 0
        for port in range(self.receives):
            self._socket.send(f"/ethdev/stats,{port}".encode())
            stats = json.loads(self._socket.recv(16384))["/ethdev/stats"]
            total += stats["ipackets"] if stats else 0
        return total

    def _waited(self):
        return int(self._schedstat.read_text().split()[1])

    def slice(self, seconds):
        """Nanoseconds a packet. What had the core for too short a time, as others kept it, has its slice again."""
        for _ in range(SLICES):
            self._signal(signal.SIGCONT)
            time.sleep(WARM_S)
            packets, began, waited = self.packets(), time.monotonic_ns(), self._waited()
            time.sleep(seconds)
            packets, ended, waited = self.packets() - packets, time.monotonic_ns(), self._waited() - waited
            self._signal(signal.SIGSTOP)
            had = ended - began - waited
            if packets > 0 and had > LEAST * seconds * 1e9:
                return had / packets
        raise Failed(f"{self.name} forwards nothing\n{self.child.said()}" if packets <= 0 else
                     f"{self.name} gets no core: something else that comes first has it")

    def tell(self):
        """The counters of forward_bench: {name: number}."""
        self.child.signal(signal.SIGCONT)
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()
        for line in self.child.stdout:
            if line != b"ready\n":
                self.child.signal(signal.SIGSTOP)
                return {name: int(value) for name, value in (word.split("=") for word in line.decode().split())}
        raise Failed(f"{self.name} ended\n{self.child.said()}")


def alternate(contestants, rounds, seconds):
    """{name: [ns a packet of each round]}"""
    os.sched_setaffinity(0, {MAIN})
    for contestant in contestants:
        contestant.wait_ready()
    taken = {contestant.name: [] for contestant in contestants}
    for turn in range(rounds):
        # A B B A: who comes first has no advantage.
        for contestant in contestants if turn % 2 == 0 else reversed(contestants):
            taken[contestant.name].append(contestant.slice(seconds))
    return taken
