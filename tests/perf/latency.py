"""How soon one UPDATE of peer A reaches peer B: idle, and while peer C loads a table; and how long that takes.

Bascule beside BIRD and FRR, in one run, in turns, with the same generator (latency_bench.c), so that what else the machine
does hits all of them. Each daemon sits in a network namespace on one LAN with the generator's three addresses. Bascule's
TCP takes the whole way through a port (net_af_packet), the punt ring and the LCP interface; the others have the kernel's."""

import json
import shutil

import bascule
from bascule import Bascule
from figures import progress
from lab import Lab
from spread import quantile

ASN = 65515
PEERS = {"a": ("10.0.2.101", 65101), "b": ("10.0.2.102", 65102), "c": ("10.0.2.103", 65103)}
ADDRESS = {"bascule": "10.0.2.1", "bird": "10.0.2.2", "frr": "10.0.2.3"}


def start_bascule(namespace, lan, options):
    namespace.join(lan, "nva0")
    namespace.keep_kernel_off("nva0")
    bascule = Bascule(namespace, "a", {
        "instance": {"asn": ASN, "router_id": ADDRESS["bascule"]},
        "exchange": {"enabled": True, "nva_to_nva": "always"},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900,
                      "ports": [{"name": "nva0", "role": "nva", "addresses": [f"{ADDRESS['bascule']}/24"]}]},
        # The same prefixes change all the time here: that is not to be held.
        "control": {"lcores": [int(n) for n in options.lcores.split(",")], "flap_hold_s": 0},
        "peers": [{"name": name, "address": address, "asn": asn, "passive": True}
                  for name, (address, asn) in PEERS.items()],
    })
    bascule.start()
    return bascule


def start_bird(namespace, lan, _):
    namespace.join(lan, "eth0", f"{ADDRESS['bird']}/24")
    path = namespace.lab.dir / "bird.conf"
    path.write_text("\n".join([
        f"router id {ADDRESS['bird']};", "protocol device {}", *(
            f"protocol bgp {name} {{ local as {ASN}; neighbor {address} as {asn}; passive; direct;"
            f" ipv4 {{ import all; export all; next hop self; }}; }}" for name, (address, asn) in PEERS.items())]))
    control = namespace.lab.dir / "bird.ctl"
    process = namespace.start("bird", "bird", "-f", "-c", path, "-s", control, "-P", namespace.lab.dir / "bird.pid")
    process.ready(control.exists, "control socket")


def start_frr(namespace, lan, _):
    namespace.join(lan, "eth0", f"{ADDRESS['frr']}/24")
    directory = namespace.lab.dir / "frr"
    directory.mkdir()
    (directory / "bgpd.conf").write_text("\n".join([
        f"router bgp {ASN}", f" bgp router-id {ADDRESS['frr']}", " no bgp ebgp-requires-policy",
        " no bgp network import-check", *(line for address, asn in PEERS.values() for line in (
            f" neighbor {address} remote-as {asn}", f" neighbor {address} passive",
            f" neighbor {address} advertisement-interval 0")), ""]))
    for path in (directory, *directory.iterdir()):
        shutil.chown(path, "frr", "frr")
    process = namespace.start("bgpd", "/usr/lib/frr/bgpd", "-Z", "-i", directory / "pid", "--vty_socket", directory,
                              "-f", directory / "bgpd.conf", "--log", "stdout")
    process.ready((directory / "bgpd.vty").exists, "VTY")


START = {"bascule": start_bascule, "bird": start_bird, "frr": start_frr}


def once(generator, name, options, build):
    """One run of the generator against one daemon."""
    words = [build / "tests" / "perf" / "latency_bench", "--target", ADDRESS[name],
             *(word for peer, (address, _) in PEERS.items() for word in (f"--{peer}", address)),
             "--routes", options.routes, *(["--no-advertise"] if options.no_advertise else [])]
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


def tell(figures, taken):
    """Of a round: {daemon: digest}."""
    for name, found in taken.items():
        for what, value in found.items():
            unit = "probes" if what.endswith("lost") else "ms"
            figures.add(f"latency/{what}/{name}", value, unit, "less")
            if name != "bascule" and unit == "ms":
                figures.add(f"latency/{what}/bascule to {name}", value / taken["bascule"][what], "×", "more", relative=True)


def measure(figures, options, build):
    """`options`: runs, routes, rivals, no_advertise, lcores (of control)."""
    bascule.use_build(build)
    for run in range(options.runs):
        tell(figures, _round(run, options, build))
    progress("")


def _round(run, options, build):
    """{daemon: digest}, of daemons that are started for it: one that has seen its peers come and go several times within a
    minute keeps them waiting."""
    names, taken = ["bascule", *options.rivals], {}
    with Lab() as lab:
        lan, generator = lab.lan("lan"), lab.namespace("peers")
        generator.join(lan, "eth0", *(f"{address}/24" for address, _ in PEERS.values()))
        for name in names:
            START[name](lab.namespace(name), lan, options)
        # Who comes first has no advantage.
        for name in names if run % 2 == 0 else reversed(names):
            progress(f"latency, {name}, run {run + 1} of {options.runs}")
            taken[name] = digest(once(generator, name, options, build))
    return taken
