"""How fast routes pass between peers: a load of BGP through Bascule, beside BIRD, FRR, OpenBGPD and GoBGP, one after the other,
with the same octets.

Peers announce, all others count, until each holds everything; then the routes go again, or one feed dies. What one UPDATE among a
full table takes is in tools/perf latency. "null" is the load's own reflector,
which decides nothing: nobody can be faster on this machine. "lcp" is the same where Bascule's control would be, behind a port and
its LCP interface: Bascule cannot be faster; "bird-lcp" is BIRD there. "bascule-2" is Bascule with an lcore for sessions alone beside the one that decides."""

import json
import re
from dataclasses import dataclass, replace

import bascule
import speakers
from children import Failed
from figures import progress
from lab import Lab, LabError

ALL = ("null", "bird", "frr", "openbgpd", "lcp", "bird-lcp", "bascule-2", "gobgp")
RIVALS = ALL[:4]  # GoBGP takes a quarter of an hour for a row
REFLECTORS = ("null", "lcp")
LOAD_S = 600


@dataclass(frozen=True)
class Row:
    name: str
    peers: int
    senders: int
    prefixes: int  # of each sender
    same: bool = False
    end: str = "withdraw"

    def words(self, speaker):
        return [speakers.bgpload(), "--target", speaker.address, "--from", speaker.peers[0].address, "--peers", self.peers,
                "--senders", self.senders, "--prefixes", self.prefixes, "--end", self.end, "--json",
                *(["--same"] if self.same else [])]


ROWS = [
    Row("distinct", peers=10, senders=8, prefixes=100000),
    Row("same", peers=10, senders=8, prefixes=100000, same=True),
    Row("fan-out", peers=100, senders=100, prefixes=1000),
    Row("feed-dies", peers=10, senders=8, prefixes=100000, end="die"),
]


def rows(pattern):
    found = [row for row in ROWS if re.search(pattern, row.name)]
    if not found:
        raise Failed(f"no row is called like {pattern!r}: {' '.join(row.name for row in ROWS)}")
    return found


def run(row, name):
    """One load through one speaker, which is started for it: what the load counted, CPU time and memory."""
    try:
        with Lab() as lab:
            lan, load = speakers.lan(lab, row.peers)
            speaker = speakers.start(lab, lan, name, row.peers)
            cpu = speaker.cpu_s()
            counted = json.loads(load.run(*row.words(speaker), timeout=LOAD_S).stdout)
            return {**counted, "cpu_s": speaker.cpu_s() - cpu, "peak_mb": speaker.peak_mb()}
    except LabError as why:
        raise Failed(f"{row.name} through {name}: {why}") from None


def measure(figures, options, build):
    """`options`: runs, rows (a regular expression), prefixes (of each sender; 0: the row's), rivals."""
    bascule.use_build(build)
    for row in rows(options.rows):
        row = replace(row, prefixes=options.prefixes or row.prefixes)
        # A reflector knows no routes that it could withdraw for a sender that has gone.
        names = [name for name in ("bascule", *options.rivals) if name not in REFLECTORS or row.end != "die"]
        taken = {name: [] for name in names}
        for turn in range(options.runs):
            # A B B A: who comes first has no advantage.
            for name in names if turn % 2 == 0 else reversed(names):
                progress(f"bgp {row.name}, run {turn + 1} of {options.runs}: {name}")
                taken[name].append(run(row, name))
            tell(figures, row, {name: runs[-1] for name, runs in taken.items()})
    progress("")


def tell(figures, row, took):
    """Of one run: what each took, and how many times as fast as each we are."""
    area = f"bgp/{row.name}"
    phases = ["announce"] * (row.end == "withdraw") + ["end"]
    for name, said in took.items():
        for phase in phases:
            figures.add(f"{area}/{name} {phase}", said[phase]["seconds"], "s", "less")
        if name in REFLECTORS:
            continue
        announce = said["announce"]
        figures.add(f"{area}/{name} told", announce["announced"] / (announce["announced"] - announce["again"]),
                    "times a prefix", "less")
        figures.add(f"{area}/{name} packed", announce["announced"] / announce["updates"], "prefixes an UPDATE", "more")
        for share in ("p50", "p99", "max"):
            figures.add(f"{area}/{name} latency {share}", said["latency_us"][share] / 1e3, "ms", "less")
        figures.add(f"{area}/{name} CPU", said["cpu_s"], "s", "less")
        figures.add(f"{area}/{name} memory", said["peak_mb"], "MB", "less")
    for name, said in took.items():
        if name == "bascule":
            continue
        for phase in phases:
            figures.add(f"{area}/bascule to {name} {phase}", said[phase]["seconds"] / took["bascule"][phase]["seconds"],
                        "times as fast", "more", relative=True)
        if name not in REFLECTORS:
            for what in ("cpu_s", "peak_mb"):
                figures.add(f"{area}/bascule to {name} {'CPU' if what == 'cpu_s' else 'memory'}",
                            took["bascule"][what] / max(said[what], 0.01), "×", "less", relative=True)
