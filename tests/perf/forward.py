"""How fast packets pass: the fast path as in bascule-dataplane, beside testpmd that does nothing with them (the floor) and DPDK's
own l3fwd, by lpm and by fib, in one run, in turns, on one lcore.

l3fwd has two routes, whatever we have: it takes 1,024. It checks no checksum, no source and no gate. Rows of IPv6 are called ip6-…; their
shortest frames are of 66 octets, and all that is sent lies in 2000::/4, one /5 of it by each port.

With --load replay, packets come from captures that the devices replay, as fast as they are taken. With --load memif they come from a
process of their own on another core, by shared memory (net_memif), and those that come back to it count: what a user's generator would
see. There the generator and the copies of the device are most of it, and on a machine of two cores the generator is the bound: ratios
near 1 say no more than that. Rows of two egress ports alone."""

import itertools
import re
from dataclasses import dataclass, replace
from pathlib import Path

import capture
import rivals
from children import Children, Failed
from contest import Contestant, alternate
from figures import progress
from spread import median

CHURN = 1000000
SLICES = 6  # of each contestant in a run
MBUFS = 16384  # beside what the captures take
RIVALS = ("testpmd-io", "l3fwd-lpm", "l3fwd-fib")


@dataclass(frozen=True)
class Row:
    """What comes in and what is known. The defaults are the row that the others differ from in one thing."""

    size: object = 64  # octets on the wire, or "imix"
    egress: int = 2  # ports; 2: both receive as well, and half of what one receives leaves by either
    flows: str = "1k"
    table: str = "full"
    ecmp: int = 1
    churn: int = 0  # changes of prefixes a second meanwhile
    urpf: bool = False  # sources are looked up too
    acl: int = 0  # rules that packets meet as they come
    ip6: bool = False

    @property
    def name(self):
        extra = [f"ecmp{self.ecmp}"] * (self.ecmp > 1) + ["churn"] * (self.churn > 0)
        extra += ["urpf"] * self.urpf + [f"acl{self.acl}"] * (self.acl > 0)
        return "-".join([*["ip6"] * self.ip6, str(self.size), ("one", "two")[self.egress - 1], self.flows, self.table, *extra])


BASE = Row()
TWO = [
    BASE,
    replace(BASE, table="2"),
    *(replace(BASE, size=size) for size in (128, 512, 1518, "imix")),
    *(replace(BASE, flows=flows) for flows in ("single", "64k", "zipf")),
    replace(BASE, ecmp=4), replace(BASE, churn=CHURN), replace(BASE, flows="64k", churn=CHURN),
]
FILTERS = [replace(BASE, urpf=True), replace(BASE, acl=100)]
ROWS = TWO + [replace(row, egress=1) for row in TWO] + FILTERS
# the shortest frame that has a header of UDP behind one of IPv6 is of 66 octets
ROWS += [replace(row, ip6=True, size=66 if row.size == 64 else row.size) for row in ROWS if not row.acl]


def rows(pattern):
    """Those whose name the regular expression is found in."""
    found = [row for row in ROWS if re.search(pattern, row.name)]
    if not found:
        raise Failed(f"no row is called like {pattern!r}: {' '.join(row.name for row in ROWS)}")
    return found


def tsc_hz():
    """Cycles of the time stamp counter in a second."""
    text = Path("/proc/cpuinfo").read_text()
    return float(re.search(r"bogomips\s*: ([\d.]+)", text)[1]) * 1e6 / 2


class Track:
    """What all contestants of a row are given. `generator`: the program that sends by net_memif; None: captures are replayed."""

    def __init__(self, children, row, generator=None):
        self.children, self.row, self.generator = children, row, generator
        self.devices, self.captures = [], []
        for port in range(row.egress):
            path = children.folder / f"port{port}.pcap"
            self.frames = capture.write(path, port, row.size, row.flows, row.ip6)
            self.captures.append(path)
            self.devices.append(f"net_pcap{port},rx_pcap={path},infinite_rx=1")
        if row.egress == 1:
            self.devices.append("net_null0,no-rx=1")
        self.mbufs = MBUFS + 2 * self.frames

    def bascule(self, build, name="bascule", program="forward_bench"):
        row = self.row
        path = build / "tests" / "perf" / program
        if not path.exists():
            raise Failed(f"{path} is not there: build it")
        words = ["--mbufs", self.mbufs, "--egress", row.egress, "--ecmp", row.ecmp, "--churn", row.churn]
        words += ["--ip6"] * row.ip6 + ["--urpf"] * row.urpf + (["--acl", row.acl] if row.acl else [])
        return self._enter(name, path, words + (["--table", capture.TABLE6 if row.ip6 else capture.TABLE] if row.table == "full" else []))

    def rival(self, name):
        if name == "testpmd-io":
            return self._enter(name, rivals.testpmd(), [
                "--forward-mode=io", f"--total-num-mbufs={self.mbufs}", "--no-lsc-interrupt", "--no-rmv-interrupt"])
        rules = [self.children.folder / f"rules{family}" for family in "46"]
        lower = 1 if self.row.egress == 1 else 0
        rules[0].write_text(f"R0.0.0.0/1 {lower}\nR128.0.0.0/1 1\n")
        rules[1].write_text(f"R2000:0:0:0:0:0:0:0/5 {lower}\nR2800:0:0:0:0:0:0:0/5 1\n")
        return self._enter(name, rivals.l3fwd(), [
            "-p", "3", "-P", "--parse-ptype", "--config", "(0,0,1),(1,0,1)", "--lookup", name.rpartition("-")[2],
            f"--rule_ipv4={rules[0]}", f"--rule_ipv6={rules[1]}"], alone=True)

    def _enter(self, name, program, words, alone=False):
        if not self.generator:
            return Contestant(self.children, name, program, self.devices, words, self.row.egress, self.frames, alone)
        sockets = [self.children.folder / f"{name}{port}.memif" for port in range(self.row.egress)]
        ours, theirs = ([memif(port, role, path) for port, path in enumerate(sockets)] for role in ("server", "client"))
        send = ["--flood", *itertools.chain(*(("--capture", path) for path in self.captures))]
        return Contestant(self.children, name, program, ours, words, self.row.egress, self.frames, alone,
                          (sockets, self.generator, theirs, send))


def memif(port, role, path):
    """A net_memif device, of the server or of the client."""
    return f"net_memif{port},role={role},id=0,socket-abstract=no,socket={path}"


def nothing_lost(contestant):
    """What is counted as fast must have gone out. A generator's ring may be full."""
    said = contestant.tell()
    fine = {"rx", "tx", "changed_per_s", *(["tx_full"] if len(contestant.all) > 1 else [])}
    lost = {name: value for name, value in said.items() if name not in fine}
    if lost or not said["tx"]:
        raise Failed(f"{contestant.name} dropped packets that it should forward: {lost}")
    return said


def measure(figures, options, build):
    """`options`: runs, seconds (of a slice), rows (a regular expression), load, rivals."""
    hz = tsc_hz()
    memif_load = options.load == "memif"
    generator = build / "tests" / "perf" / "generator" if memif_load else None
    if generator and not generator.exists():
        raise Failed(f"{generator} is not there: build it")
    for row in [row for row in rows(options.rows) if row.egress == 2 or not memif_load]:
        for run in range(options.runs):
            progress(f"forward {row.name}, run {run + 1} of {options.runs}")
            with Children() as children:
                track = Track(children, row, generator)
                ours = track.bascule(build)
                contestants = [ours, *(track.rival(name) for name in options.rivals)]
                taken = alternate(contestants, SLICES, options.seconds)
                said = nothing_lost(ours)
            area = f"forward-memif/{row.name}" if memif_load else f"forward/{row.name}"
            if row.churn:
                figures.add(f"{area}/prefixes changed", said["changed_per_s"] / 1e6, "M/s", "more")
            (tell_load if memif_load else tell)(figures, area, taken, hz)
    progress("")


def tell(figures, area, taken, hz):
    """Of one run: cycles a packet of each, above the floor if there is one."""
    cycles = {name: median(samples) * hz / 1e9 for name, samples in taken.items()}
    floor = cycles.get("testpmd-io")
    for name, value in cycles.items():
        figures.add(f"{area}/{name}", value, "cycles a packet", "less")
        if floor and name != "testpmd-io":
            figures.add(f"{area}/{name} above the floor", value - floor, "cycles a packet", "less")
    ratios(figures, area, taken)


def tell_load(figures, area, taken, _):
    """Of one run under a generator: packets that came back to it."""
    for name, samples in taken.items():
        figures.add(f"{area}/{name}", 1e3 / median(samples), "Mpackets/s", "more")
    ratios(figures, area, taken)


def ratios(figures, area, taken):
    """How many times as fast as each we are."""
    for name in taken:
        if name != "bascule":
            each = [b / a for a, b in zip(taken["bascule"], taken[name], strict=True)]
            figures.add(f"{area}/bascule to {name}", median(each), "×", "more", relative=True)
