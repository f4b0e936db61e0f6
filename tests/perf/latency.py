#!/usr/bin/python3
"""How soon does one UPDATE of peer A reach peer B: idle, and while peer C loads a table? Bascule beside BIRD and FRR, in
one run, in turns, with the same generator (latency_bench.c), so that what else the machine does hits all of them.

    sudo tests/perf/latency.py [--routes N] [--rounds N] [--no-advertise] [--lcores 1] [--only bascule,bird,frr] [--json]

Each daemon sits in a network namespace on one LAN with the generator's three addresses. Bascule's TCP takes the whole
way through a port (net_af_packet), the punt ring and the LCP interface; the others have the kernel's."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

from bascule import BUILD, Bascule  # noqa: E402
from lab import Lab  # noqa: E402

ASN = 65515
PEERS = {"a": ("10.0.2.101", 65101), "b": ("10.0.2.102", 65102), "c": ("10.0.2.103", 65103)}
ADDRESS = {"bascule": "10.0.2.1", "bird": "10.0.2.2", "frr": "10.0.2.3"}


def start_bascule(namespace, lan, options):
    namespace.join(lan, "nva0")
    namespace.keep_kernel_off("nva0")
    bascule = Bascule(namespace, "a", {
        "instance": {"asn": ASN, "router_id": ADDRESS["bascule"]},
        "exchange": {"enabled": True, "nva_to_nva": "always"},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "idle": options.idle, "memory_mb": 900,
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


def measure(generator, name, options):
    """One run of the generator against one daemon."""
    words = [BUILD / "tests" / "perf" / "latency_bench", "--target", ADDRESS[name],
             *(word for peer, (address, _) in PEERS.items() for word in (f"--{peer}", address)),
             "--routes", options.routes, "--probes", options.probes, "--interval-us", options.interval_us,
             "--per-update", options.per_update, *(["--no-advertise"] if options.no_advertise else [])]
    return json.loads(generator.run(*words, timeout=600).stdout)


def percentile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))] if sorted_values else None


def digest(runs):
    """What the runs of one daemon come to; microseconds."""
    row = {"load_s": round(sorted(run["load_s"] for run in runs)[len(runs) // 2], 3)}
    for phase in ("idle", "loaded"):
        us = sorted(value for run in runs for value in run[phase]["us"])
        row[phase] = {"probes": len(us), "lost": sum(run[phase]["lost"] for run in runs),
                      "p50_us": percentile(us, 0.5), "p99_us": percentile(us, 0.99), "max_us": us[-1] if us else None}
    return row


def table(results):
    print(f"{'':10} {'idle p50':>10} {'p99':>9} {'max':>9} {'loaded p50':>12} {'p99':>9} {'max':>9} {'load':>9}")
    for name, row in results.items():
        idle, loaded = row["idle"], row["loaded"]
        print(f"{name:10} {idle['p50_us'] / 1e3:7.2f} ms {idle['p99_us'] / 1e3:6.2f} ms {idle['max_us'] / 1e3:6.1f} ms"
              f" {loaded['p50_us'] / 1e3:9.2f} ms {loaded['p99_us'] / 1e3:6.2f} ms {loaded['max_us'] / 1e3:6.1f} ms"
              f" {row['load_s']:7.2f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--routes", type=int, default=500000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--probes", type=int, default=1000, help="idle, a round")
    parser.add_argument("--interval-us", type=int, default=2000)
    parser.add_argument("--per-update", type=int, default=4)
    parser.add_argument("--no-advertise", action="store_true", help="C's routes are for nobody")
    parser.add_argument("--lcores", default="1", help="of control")
    parser.add_argument("--idle", default="adaptive")
    parser.add_argument("--only", default="bascule,bird,frr")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names, runs = options.only.split(","), {}
    with Lab() as lab:
        lan, generator = lab.lan("lan"), lab.namespace("peers")
        generator.join(lan, "eth0", *(f"{address}/24" for address, _ in PEERS.values()))
        started = {name: START[name](lab.namespace(name), lan, options) for name in names}
        for _ in range(options.rounds):
            for name in names:
                runs.setdefault(name, []).append(measure(generator, name, options))
        results = {name: digest(runs[name]) for name in names}
        if "bascule" in started:
            results["bascule"]["turns"] = started["bascule"].summary().get("turns")
    if options.json:
        print(json.dumps(results))
    else:
        table(results)
        print(json.dumps(results.get("bascule", {}).get("turns")))


if __name__ == "__main__":
    os.environ.setdefault("BASCULE_BUILD", str(HERE.parents[1] / "build"))
    main()
