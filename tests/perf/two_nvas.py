"""Two NVAs, each behind a port of its own, that announce the same prefixes; and control, which is lost and comes back."""

from pathlib import Path

import bascule as instance
from lab import wait_for
from played import Nva
from speaker import update

HOST = "10.0.1.10"  # behind a third port
NVAS = {"a": ("10.0.2.101", 65101, "10.0.2.1"), "b": ("10.0.3.101", 65102, "10.0.3.1")}
OF_CONTROL = ("killed", "restarted", "upgraded")
LEARN_S = 120


def config(devices):
    """`devices`: of the ports nva0, nva1, vnet0."""
    ports = [*({"name": f"nva{i}", "role": "nva", "addresses": [f"{us}/24"]} for i, (_, _, us) in enumerate(NVAS.values())),
             {"name": "vnet0", "role": "vnet", "addresses": ["10.0.1.4/24"]}]
    for port, device in zip(ports, devices, strict=True):
        port["device"] = device
    return {
        "instance": {"asn": 65515, "router_id": "10.0.1.4"},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900, "ports": ports},
        "control": {"lcores": [1]},
        "vnet": [{"prefix": "10.0.1.0/24", "port": "vnet0"}],
        "peers": [{"name": name, "address": address, "asn": asn, "multihop": True, "passive": True}
                  for name, (address, asn, _) in NVAS.items()],
    }


def played(hub, name, i):
    address, asn, us = NVAS[name]
    nva = Nva.__new__(Nva)
    nva.hub, nva.name, nva.address, nva.asn, nva.us = hub, name, address, asn, us
    nva.namespace = hub.lab.namespace(name)
    nva.namespace.join(hub.lab.lans[f"nva{i}"], "nva", f"{address}/24")
    nva.connection, nva._told = None, set()
    return nva


def announce(nvas, routes, ways):
    """All sessions, all routes, End-of-RIB."""
    for i, nva in enumerate(nvas):
        nva.establish(seconds=LEARN_S)
        nva.announce(routes, path=(65000,) if i and ways == "backup" else ())
        nva.connection.send(update())
    for nva in nvas:
        wait_for(lambda nva=nva: nva.row()["learned"] == len(routes), f"routes of {nva.name}", LEARN_S)


def wait_tables(bascule, routes, ways):
    expected = (2, 0) if ways == "ecmp" else (1, 1)
    wait_for(lambda: all(ways_of(bascule, route) == expected for route in (routes[0], routes[-1])), "the tables", 60)


def ways_of(bascule, route):
    address = route.rpartition(".")[0] + ".9"
    rows = bascule.cli("show", "routes", address)
    return (sum("vnet" in row["views"] for row in rows), sum("vnet" not in row["views"] for row in rows))


def destinations(path, routes):
    """A host each of at most a thousand of them, a line each."""
    step = max(1, len(routes) // 1000)
    path.write_text("".join(f"{route.rpartition('.')[0]}.9\n" for route in routes[::step]))


def lose_control(hub, event, nvas, routes, ways):
    """... and have it back, as `event` says."""
    control = hub.bascule.control
    control.stop() if event == "upgraded" else control.kill()
    if event == "killed":
        return
    for nva in nvas:
        nva.connection.close()
        nva.connection = None
    built = instance.BUILD
    instance.use_build(hub.next if event == "upgraded" and hub.next else built)
    hub.bascule.start_control()
    instance.use_build(built)
    announce(nvas, routes, ways)
    wait_for(lambda: not hub.bascule.summary()["restarting"], "the end of the restart", LEARN_S)


def waits(bascule):
    """{thread: ns that it has been ready to run and not run} of the dataplane's lcores."""
    found = {}
    for task in Path(f"/proc/{bascule.dataplane.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if name.startswith(("lcore-worker", "rte-worker")) or task.name == str(bascule.dataplane.pid):
            found[name] = int((task / "schedstat").read_text().split()[1])
    return found
