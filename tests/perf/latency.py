"""How soon one UPDATE of peer A reaches peer B: idle, and while peer C loads a table; and how long that takes.
Both with nothing else known, and with a full table (--known).

Bascule beside BIRD and FRR, in one run, in turns, with the same generator (latency_bench.c), so that what else the machine
does hits all of them. Each daemon sits in a network namespace on one LAN with the generator's three addresses. Bascule's
TCP takes the whole way through a port (net_af_packet), the punt ring and the LCP interface; the others have the kernel's.
"bird-lcp" is BIRD where Bascule's control would be, behind the same port and LCP interface."""

import json

import bascule
import speakers
from figures import progress
from lab import Lab
from spread import quantile

RIVALS = ("bird", "frr")
ALL = (*RIVALS, "openbgpd", "gobgp", "bird-lcp", "bascule-2")
PEERS = speakers.peers(3)  # A, B and C


def once(generator, speaker, known, options, build):
    """One run of the generator against one daemon. `known`: routes that C has announced before."""
    words = [build / "tests" / "perf" / "latency_bench", "--target", speaker.address,
             *(word for letter, peer in zip("abc", PEERS, strict=True) for word in (f"--{letter}", peer.address)),
             "--known", known, "--routes", options.routes, *(["--no-advertise"] if options.no_advertise else [])]
    return json.loads(generator.run(*words, timeout=600).stdout)


def digest(run):
    """What one run comes to: {figure: milliseconds}."""
    found = {"load": run["load_s"] * 1e3}
    for phase in ("idle", "loaded"):
        us = run[phase]["us"]
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1)):
            found[f"{phase} {name}"] = quantile(us, share) / 1e3
        found[f"{phase} lost"] = run[phase]["lost"]
    return found


def tell(figures, area, taken):
    """Of a round: {daemon: digest}."""
    for name, found in taken.items():
        for what, value in found.items():
            unit = "probes" if what.endswith("lost") else "ms"
            figures.add(f"{area}/{what}/{name}", value, unit, "less")
            if name != "bascule" and unit == "ms":
                figures.add(f"{area}/{what}/bascule to {name}", value / taken["bascule"][what], "×", "more", relative=True)


def measure(figures, options, build):
    """`options`: runs, known (routes, as words), routes, rivals, no_advertise, lcores (of control)."""
    bascule.use_build(build)
    for run in range(options.runs):
        for known in options.known:
            tell(figures, "latency" + f" among {known}" * (known != "0"), _round(run, known, options, build))
    progress("")


def _round(run, known, options, build):
    """{daemon: digest}, of daemons that are started for it, each alone: one that has seen its peers come and go several times
    within a minute keeps them waiting, and one that waits for its turn keeps the cores of the others busy, or awake."""
    names, taken = ["bascule", *options.rivals], {}
    lcores = [int(number) for number in options.lcores.split(",")]
    # Who comes first has no advantage.
    for name in names if run % 2 == 0 else reversed(names):
        progress(f"latency, {name} that knows {known}, run {run + 1} of {options.runs}")
        with Lab() as lab:
            lan, generator = speakers.lan(lab, len(PEERS))
            started = speakers.start(lab, lan, name, len(PEERS), lcores)
            taken[name] = digest(once(generator, started, known, options, build))
    return taken
