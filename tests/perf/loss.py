"""How many packets the loss of a next hop costs, or of control: by sequence numbers, and whether that depends on the number of
prefixes.

Two NVAs, each behind a port of its own, announce the same prefixes, equally good (ecmp) or one of them by a longer path
(backup). A host sends numbered packets, a thousand flows of them, to up to a thousand of the prefixes. Then

    none     nothing happens: what the laboratory itself loses
    link     the link of the better one's port goes
    flap     the link goes, and is back after a third of a second
    silence  the better one goes, its port keeps the link: it does not answer ARP any more
    arp      the same, and the kernel forgets its address at once (ip neigh flush)
    killed, restarted, upgraded
             control is killed; killed and started again; ended and another build's started (--next): its peers come back, announce
             everything again, and the tables that it has filled meanwhile take the old ones' place

What is lost with a next hop is what was sent between the event and the store by which the dataplane marks the next hop; "ours" is what of
that time lies after the kernel's word of it (rtnetlink). With control alive and with control dead. A rate that the machine does not
reach is told as what it did; what is lost and not "dropped by us" was lost on the way, where a ring was full whose reader waited for a
core."""

import itertools
import json
import subprocess
import sys
import time
from array import array
from pathlib import Path
from types import SimpleNamespace

import bascule as instance
from bascule import Bascule
from figures import progress
from lab import Lab, LabError, wait_for
from played import Nva, prefixes
from speaker import update

HOST = "10.0.1.10"
NVAS = {"a": ("10.0.2.101", 65101, "10.0.2.1"), "b": ("10.0.3.101", 65102, "10.0.3.1")}
# How long the packets go on after it, with so many prefixes.
AFTER_S = {"none": lambda n: 4, "link": lambda n: 4, "flap": lambda n: 6, "silence": lambda n: 12, "arp": lambda n: 8,
           "killed": lambda n: 4, "restarted": lambda n: 10 + n / 2e4, "upgraded": lambda n: 10 + n / 2e4}
OF_CONTROL = ("killed", "restarted", "upgraded")
FLAP_MS = 333
LEARN_S = 120
RUN_MS = 10  # losses that less than this parts are one
SLOTS = 8192  # of a port's ring: what comes while its lcore waits for a core is not lost there


def device(number, interface):
    return f"net_af_packet{number},iface={interface},framecnt={SLOTS},blocksz=65536"


def config(rs):
    ports = [*({"name": f"nva{i}", "role": "nva", "addresses": [f"{us}/24"]}
               for i, (_, _, us) in enumerate(NVAS.values())),
             {"name": "vnet0", "role": "vnet", "addresses": ["10.0.1.4/24"]}]
    for i, port in enumerate(ports):
        port["device"] = device(i, port["name"])
    return {
        "instance": {"asn": 65515, "router_id": "10.0.1.4"},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900,
                      "ports": ports},
        "control": {"lcores": [1]},
        "vnet": [{"prefix": "10.0.1.0/24", "port": "vnet0"}],
        "peers": [{"name": name, "address": address, "asn": asn, "multihop": True, "passive": True}
                  for name, (address, asn, _) in NVAS.items()],
    }


def run(n, ways, control, event, options):
    with Lab() as lab:
        rs = lab.namespace("rs")
        for lan in ("nva0", "nva1", "vnet0"):
            rs.join(lab.lan(lan), lan)
            rs.keep_kernel_off(lan)
        bascule = Bascule(rs, "a", config(rs))
        hub = SimpleNamespace(lab=lab, bascule=bascule, next=options.next)
        nvas = [played(hub, name, i) for i, name in enumerate(NVAS)]
        host = lab.namespace("host")
        host.join(lab.lans["vnet0"], "vnet", f"{HOST}/24")
        bascule.start()
        routes = prefixes(n)
        announce(nvas, routes, ways)
        expected = (2, 0) if ways == "ecmp" else (1, 1)
        wait_for(lambda: all(ways_of(bascule, route) == expected for route in (routes[0], routes[-1])), "the tables", 60)
        return send(hub, nvas, host, routes, ways, control, event, options.rate)


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


def ways_of(bascule, route):
    address = route.rpartition(".")[0] + ".9"
    rows = bascule.cli("show", "routes", address)
    return (sum("vnet" in row["views"] for row in rows), sum("vnet" not in row["views"] for row in rows))


def send(hub, nvas, host, routes, ways, control, event, rate):
    """What sequence_bench says, and how long each lcore of the dataplane waited for a core meanwhile."""
    bascule = hub.bascule
    lab, rs = bascule.namespace.lab, bascule.namespace
    to, times = lab.dir / "destinations", lab.dir / "times"
    step = max(1, len(routes) // 1000)
    to.write_text("".join(f"{route.rpartition('.')[0]}.9\n" for route in routes[::step]))
    # nva0 without a link, or its far end's: the LAN's port that is the NVA's
    plug = [] if event in ("none", *OF_CONTROL) else [
        rs.wires["nva0"] if event in ("link", "flap") else nvas[0].namespace.wires["nva"]]
    words = [instance.BUILD / "tests" / "perf" / "sequence_bench", "--send", f"{host.path},vnet", "--watch", rs.path,
             "--from", HOST, "--to", to, "--times", times,
             *(word for nva in nvas for word in ("--receive", f"{nva.namespace.path},nva")),
             "--dst-mac", bascule.ports()["vnet0"]["mac"], "--src-mac", host.mac("vnet"),
             "--rate", rate, "--total", int((1 + AFTER_S[event](len(routes))) * rate),
             *(["--unplug-ms", FLAP_MS] if event == "flap" else []), *(word for name in plug for word in ("--plug", f"{lab.fabric.path},{name}"))]
    if control == "dead":
        bascule.control.kill()
    waited = waits(bascule)
    before = bascule.losses()
    bench = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, words)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in bench.stderr:
        if line == "sending\n" and event in OF_CONTROL:
            time.sleep(1)
            lose_control(hub, event, nvas, routes, ways)
            if bench.poll() is not None:
                raise LabError(f"{event}: control took longer to come back than packets were sent")
        if line == "plugged\n" and event == "arp":
            rs.ip("neigh", "flush", "to", nvas[0].address)
        elif line not in ("plugged\n", "sending\n"):
            print(line, end="", file=sys.stderr)
    said = bench.stdout.read()
    if bench.wait():
        raise LabError("sequence_bench failed")
    result = json.loads(said)
    result.update(outcome(times, result))
    result["waited_ms"] = {name: round((after - waited[name]) / 1e6, 1) for name, after in waits(bascule).items()}
    result["losses"] = {name: value - before.get(name, 0) for name, value in bascule.losses().items()}
    return result


def outcome(path, result):
    """What the times of all packets come to: see tell()."""
    both = array("q")
    both.frombytes(path.read_bytes())
    total, flows = result["sent"], result["flows"]
    sent, came = both[:total], both[total:]
    missing = [number for number in range(total) if came[number] < 0]
    runs = []
    for number in missing:
        if runs and sent[number] - sent[runs[-1][-1]] < RUN_MS * 1e6:
            runs[-1].append(number)
        else:
            runs.append([number])
    longest, longest_ns, reordered = 0, 0, 0
    for flow in {number % flows for number in missing}:
        in_a_row = []
        for number in range(flow, total, flows):
            if came[number] < 0:
                in_a_row.append(number)
                longest = max(longest, len(in_a_row))
            elif in_a_row:
                longest_ns = max(longest_ns, sent[number] - sent[in_a_row[0]])
                in_a_row = []
    latest = [0] * flows
    for number in range(total):
        if came[number] >= 0:
            reordered += came[number] < latest[number % flows]
            latest[number % flows] = max(latest[number % flows], came[number])
    latency = sorted(came[number] - sent[number] for number in range(total) if came[number] >= 0)
    return {
        "seconds": sent[-1] / 1e9, "lost": len(missing), "reordered": reordered,
        "missing_us": [sent[number] // 1000 for number in missing],
        "flows_hit": len({number % flows for number in missing}),
        "longest_in_a_flow": longest, "longest_in_a_flow_us": longest_ns // 1000,
        "runs": [[run[0], run[-1], len(run), sent[run[0]] // 1000, sent[run[-1]] // 1000] for run in runs],
        "latency_us": {name: latency[int(len(latency) * share)] // 1000
                       for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1 - 1e-9))} if latency else {},
    }


def waits(bascule):
    """{thread: ns that it has been ready to run and not run} of the dataplane's lcores."""
    found = {}
    for task in Path(f"/proc/{bascule.dataplane.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if name.startswith(("lcore-worker", "rte-worker")) or task.name == str(bascule.dataplane.pid):
            found[name] = int((task / "schedstat").read_text().split()[1])
    return found


def word_of_kernel(event, result):
    """When it said that the next hop is lost: of a neighbour whose address it was made to forget, once it has asked anew."""
    said, at = [(us, what) for us, what in result["events"] if us > result["plug_us"][0]], f"neighbour {NVAS['a'][0]}"
    if event in ("link", "flap"):
        return next((us for us, what in said if what == "link nva0 down"), None)
    asked = next((us for us, what in said if what == f"{at} incomplete"), 0) if event == "arp" else 0
    return next((us for us, what in said if what == f"{at} failed" and us > asked), None)


def tell(figures, name, event, result):
    """Packets lost at the event, and at other times, when lcores waited for a core; the time for which at the event."""
    figures.add(f"{name}, sent", result["sent"] / result["seconds"] / 1e6, "Mpackets/s", "more")
    if event in OF_CONTROL:
        figures.add(f"{name}, lost", result["lost"], "packets", "less")
        figures.add(f"{name}, of that dropped by us", sum(result["losses"].values()), "packets", "less", relative=True)
        figures.add(f"{name}, latency p50", result["latency_us"]["p50"], "µs", "less")
        return
    plugged, said = result["plug_us"][0], word_of_kernel(event, result)
    at = [run for run in result["runs"] if said and run[3] <= said and run[4] >= plugged - 1000]
    lost = sum(run[2] for run in at)
    figures.add(f"{name}, lost", lost, "packets", "less")
    if event != "none" and said:
        figures.add(f"{name}, of that sent after the kernel's word", sum(
            us > said and any(run[3] <= us <= run[4] for run in at) for us in result["missing_us"]), "packets", "less", relative=True)
    figures.add(f"{name}, lost at other times", result["lost"] - lost, "packets", "less")
    figures.add(f"{name}, latency p50", result["latency_us"]["p50"], "µs", "less")
    if event != "none":
        ended = max((run[4] for run in at), default=plugged)
        figures.add(f"{name}, without way", (ended - plugged) / 1000, "ms", "less")
        figures.add(f"{name}, of that ours", max(0, ended - said) / 1000 if said else 0, "ms", "less")


def measure(figures, options, build):
    """`options`: runs, prefixes, rate, ways, control, events, next."""
    instance.use_build(build)
    for turn in range(options.runs):
        for n, ways, control, event in itertools.product(options.prefixes, options.ways, options.control, options.events):
            if event in OF_CONTROL and control == "dead":
                continue
            name = f"{event}, {ways}, {n} prefixes" + f", control {control}" * (event not in OF_CONTROL)
            progress(f"loss, {name}, run {turn + 1} of {options.runs}")
            tell(figures, f"loss/{name}", event, run(int(n), ways, control, event, options))
    progress("")
