#!/usr/bin/python3
"""How many packets does the loss of a next hop cost, by sequence numbers, and does that depend on the number of prefixes?

    sudo tests/perf/next_hop_loss.py [--prefixes N,N] [--rate N] [--ways ecmp,backup] [--control alive,dead]

Two NVAs, each behind a port of its own, announce the same prefixes, equally good (ecmp) or one of them by a longer path
(backup). A host sends numbered packets, one flow each, to all of the prefixes. Then the link of the better one's port goes.
What is lost after that is what was sent between the plug and the store by which the dataplane marks the next hop, and before
the repair in the reader whatever was sent until control had walked over all prefixes."""

import argparse
import socket
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "interop"))

from bascule import Bascule  # noqa: E402
from lab import Lab, wait_for  # noqa: E402
from packets import UDP, RawPort, Sniffer, ethernet, ipv4, udp  # noqa: E402
from played import Nva, prefixes  # noqa: E402

HOST = "10.0.1.10"
SOURCE = socket.inet_aton(HOST)
NVAS = {"a": ("10.0.2.101", 65101, "10.0.2.1"), "b": ("10.0.3.101", 65102, "10.0.3.1")}
BEFORE_S, AFTER_S = 1, 4


def config(rs):
    ports = [{"name": f"nva{i}", "role": "nva", "addresses": [f"{us}/24"]}
             for i, (_, _, us) in enumerate(NVAS.values())]
    return {
        "instance": {"asn": 65515, "router_id": "10.0.1.4"},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900,
                      "ports": [*ports, {"name": "vnet0", "role": "vnet", "addresses": ["10.0.1.4/24"]}]},
        "control": {"lcores": [1]},
        "vnet": [{"prefix": "10.0.1.0/24", "port": "vnet0"}],
        "peers": [{"name": name, "address": address, "asn": asn, "multihop": True, "passive": True}
                  for name, (address, asn, _) in NVAS.items()],
    }


def ours(packet):
    return packet[9] == UDP and packet[12:16] == SOURCE


def run(n, ways, control, rate):
    with Lab() as lab:
        rs = lab.namespace("rs")
        for lan in ("nva0", "nva1", "vnet0"):
            rs.join(lab.lan(lan), lan)
            rs.keep_kernel_off(lan)
        bascule = Bascule(rs, "a", config(rs))
        hub = SimpleNamespace(lab=lab, bascule=bascule)
        nvas = [played(hub, name, i) for i, name in enumerate(NVAS)]
        host = lab.namespace("host")
        host.join(lab.lans["vnet0"], "vnet", f"{HOST}/24")
        bascule.start()
        routes = prefixes(n)
        for i, nva in enumerate(nvas):
            nva.establish()
            nva.announce(routes, path=(65000,) if i and ways == "backup" else ())
            nva.wait_learned(n)
        expected = (2, 0) if ways == "ecmp" else (1, 1)
        wait_for(lambda: all(ways_of(bascule, route) == expected for route in (routes[0], routes[-1])), "the tables", 60)
        return lost(bascule, rs, nvas, host, routes, control, rate)


def played(hub, name, i):
    address, asn, us = NVAS[name]
    nva = Nva.__new__(Nva)
    nva.hub, nva.name, nva.address, nva.asn, nva.us = hub, name, address, asn, us
    nva.namespace = hub.lab.namespace(name)
    nva.namespace.join(hub.lab.lans[f"nva{i}"], "nva", f"{address}/24")
    nva.connection, nva._told = None, set()
    return nva


def ways_of(bascule, route):
    address = route.rpartition(".")[0] + ".9"
    rows = bascule.cli("show", "routes", address)
    return (sum("vnet" in row["views"] for row in rows), sum("vnet" not in row["views"] for row in rows))


def lost(bascule, rs, nvas, host, routes, control, rate):
    raw = RawPort(host, "vnet")
    head = bascule.ports()["vnet0"]["mac"], host.mac("vnet")
    total = (BEFORE_S + AFTER_S) * rate
    step = max(1, len(routes) // 1000)
    to = [route.rpartition(".")[0] + ".9" for route in routes[::step]]
    frames = [ethernet(*head, ipv4(HOST, to[i % len(to)], udp(20000 + i % 40000, 53, i.to_bytes(4, "big"))))
              for i in range(total)]
    wires = [Sniffer(nva.namespace, "nva", ours, keep=total, own=True) for nva in nvas]

    def send():
        due = time.monotonic()
        for frame in frames:
            raw.send(frame)
            due += 1 / rate
            time.sleep(max(0, due - time.monotonic()))

    if control == "dead":
        bascule.control.kill()
    thread = threading.Thread(target=send)
    thread.start()
    time.sleep(BEFORE_S)
    rs.link("nva0", up=False)
    thread.join()
    time.sleep(1)
    seen = {int.from_bytes(packet[28:32], "big") for wire in wires for packet in wire.packets}
    for wire in wires:
        wire.close()
    missing = sorted(set(range(total)) - seen)
    return missing, bascule.losses()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prefixes", default="10000,100000,500000")
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--ways", default="ecmp,backup")
    parser.add_argument("--control", default="alive,dead")
    options = parser.parse_args()
    for n in (int(n) for n in options.prefixes.split(",")):
        for ways in options.ways.split(","):
            for control in options.control.split(","):
                missing, losses = run(n, ways, control, options.rate)
                span = (missing[-1] - missing[0] + 1) * 1000 / options.rate if missing else 0
                print(f"{n:7} prefixes, {ways:6}, control {control:5}: {len(missing)} lost of {options.rate}/s,"
                      f" within {span:.1f} ms; {losses}", flush=True)


if __name__ == "__main__":
    main()
