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
from types import SimpleNamespace

import bascule as instance
import loss_memif
from bascule import Bascule
from children import Failed
from figures import progress
from lab import Lab, LabError
from played import prefixes
from two_nvas import HOST, NVAS, OF_CONTROL, announce, config, destinations, lose_control, played, wait_tables, waits

# How long the packets go on after it, with so many prefixes.
AFTER_S = {"none": lambda n: 4, "link": lambda n: 4, "flap": lambda n: 6, "silence": lambda n: 12, "arp": lambda n: 8,
           "killed": lambda n: 4, "restarted": lambda n: 10 + n / 2e4, "upgraded": lambda n: 10 + n / 2e4}
FLAP_MS = 333
RUN_MS = 10  # losses that less than this parts are one
SLOTS = 8192  # of a port's ring: what comes while its lcore waits for a core is not lost there


def device(number, interface):
    return f"net_af_packet{number},iface={interface},framecnt={SLOTS},blocksz=65536"


def run(n, ways, control, event, options):
    with Lab() as lab:
        rs = lab.namespace("rs")
        for lan in ("nva0", "nva1", "vnet0"):
            rs.join(lab.lan(lan), lan)
            rs.keep_kernel_off(lan)
        bascule = Bascule(rs, "a", config([device(i, lan) for i, lan in enumerate(("nva0", "nva1", "vnet0"))]))
        hub = SimpleNamespace(lab=lab, bascule=bascule, next=options.next)
        nvas = [played(hub, name, i) for i, name in enumerate(NVAS)]
        host = lab.namespace("host")
        host.join(lab.lans["vnet0"], "vnet", f"{HOST}/24")
        bascule.start()
        routes = prefixes(n)
        announce(nvas, routes, ways)
        wait_tables(bascule, routes, ways)
        return send(hub, nvas, host, routes, ways, control, event, options.rate)


def send(hub, nvas, host, routes, ways, control, event, rate):
    """What sequence_bench says, and how long each lcore of the dataplane waited for a core meanwhile."""
    bascule = hub.bascule
    lab, rs = bascule.namespace.lab, bascule.namespace
    to, times = lab.dir / "destinations", lab.dir / "times"
    destinations(to, routes)
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
    """`options`: runs, prefixes, rate, load, ways, control, events, next."""
    instance.use_build(build)
    if options.load == "memif" and (unknown := [event for event in options.events if event not in loss_memif.EVENTS]):
        raise Failed(f"--load memif: {','.join(unknown)} is none of {','.join(loss_memif.EVENTS)}")
    for turn in range(options.runs):
        for n, ways, control, event in itertools.product(options.prefixes, options.ways, options.control, options.events):
            if event in OF_CONTROL and control == "dead":
                continue
            name = f"{event}, {ways}, {n} prefixes" + f", control {control}" * (event not in OF_CONTROL)
            progress(f"loss, {name}, run {turn + 1} of {options.runs}")
            if options.load == "memif":
                result = loss_memif.run(int(n), ways, control, event, options, AFTER_S[event](int(n)))
                loss_memif.tell(figures, f"loss-memif/{name}", event, result)
            else:
                tell(figures, f"loss/{name}", event, run(int(n), ways, control, event, options))
    progress("")
