"""The load of `tools/perf loss --load memif`: packets by shared memory, into a port of net_memif and out of two, so that two cores carry
a million a second. The NVAs behind those speak ARP and BGP by the same memifs: what is no packet of the load goes between them and
the NVAs' LANs. `link` and `flap`: the far end of a port's memif goes away, which its driver sends no event of.

All packets come by one ring and meet one lcore, in the order of their numbers. So the first one of a flow of the lost way that leaves by the
other tells when the dataplane had marked the next hop, without any clock: what is lost after it, in number, has no excuse."""

import json
import subprocess
import time
from array import array
from bisect import bisect_left
from types import SimpleNamespace

import bascule as instance
from bascule import Bascule
from forward import memif
from lab import Lab, LabError, wait_for
from played import prefixes
from two_nvas import HOST, OF_CONTROL, announce, config, destinations, lose_control, played, wait_tables, waits

EVENTS = ("none", "link", "flap", *OF_CONTROL)
FLAP_MS = 333
LOST, OTHER = 1, 2  # ports of the generator's, of the NVA that is lost and of the other
# Logarithms of packets: what leaves has a ring of half the size of those that it comes by, so that these are never full.
ROOM, MORE_ROOM = 13, 14
UNDER_WAY = (1 << ROOM) + (1 << MORE_ROOM)  # at most
SAMPLE = 101  # of latencies
PORTS = ("nva0", "nva1", "vnet0")


class Generator:
    """At all ports of the instance, from before there are sessions on."""

    def __init__(self, lab, bascule, to, event, rate, seconds):
        self.namespace, self.times = lab.namespace("gen"), lab.dir / "times"
        for name in PORTS[:2]:
            self.namespace.join(lab.lans[name], name)
            self.namespace.keep_kernel_off(name)
        ports = [f"{memif(i, 'client', path(lab, name))},rsize={size}"
                 for i, (name, size) in enumerate((("vnet0", ROOM), ("nva0", MORE_ROOM), ("nva1", MORE_ROOM)))]
        ports += [f"net_af_packet{i},iface={name}" for i, name in enumerate(PORTS[:2])]
        plug = {"link": ["--plug"], "flap": ["--plug", "--unplug-ms", FLAP_MS]}.get(event, [])
        words = [instance.BUILD / "tests" / "perf" / "sequence_memif", "-l0", "--in-memory", "--no-pci", "--log-level=error",
                 f"--file-prefix={lab.id}-generator", *(word for port in ports for word in ("--vdev", port)), "--",
                 "--from", HOST, "--to", to, "--times", self.times, "--rate", rate, "--total", int(seconds * rate),
                 "--dst-mac", bascule.ports()["vnet0"]["mac"], "--src-mac", "02:00:00:00:01:10", *plug]
        self.process = subprocess.Popen(self.namespace.enter("setpriv", "--pdeathsig", "KILL", *words), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.wait("ready")

    def wait(self, word):
        said = []
        for line in self.process.stderr:
            if line.strip() == word:
                return
            said.append(line)
        raise LabError(f"the generator ended: {''.join(said)[-2000:]}")

    def begin(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        self.wait("sending")

    def result(self):
        said, complaints = self.process.communicate()
        if self.process.returncode:
            raise LabError(f"the generator failed: {complaints[-2000:]}")
        return json.loads(said)

    def end(self):
        self.process.kill()
        self.process.wait()


def path(lab, name):
    return lab.dir / f"{name}.memif"


def run(n, ways, control, event, options, after_s):
    with Lab() as lab:
        rs = lab.namespace("rs")
        for name in PORTS[:2]:
            lab.lan(name)
        words = config([memif(i, "server", path(lab, name)) for i, name in enumerate(PORTS)])
        words["control"]["lcores"] = [0]  # beside the generator, which may wait; who forwards has a core alone
        bascule = Bascule(rs, "a", words)
        hub = SimpleNamespace(lab=lab, bascule=bascule, next=options.next)
        nvas = [played(hub, name, i) for i, name in enumerate(("a", "b"))]
        bascule.start()
        routes = prefixes(n)
        destinations(lab.dir / "destinations", routes)
        generator = Generator(lab, bascule, lab.dir / "destinations", event, options.rate, 1 + after_s)
        try:
            for nva in nvas:
                wait_for(lambda nva=nva: nva.namespace.ping(nva.us), f"the way to {nva.name}", 30)
            announce(nvas, routes, ways)
            wait_tables(bascule, routes, ways)
            return measured(hub, generator, nvas, routes, ways, control, event)
        finally:
            generator.end()


def measured(hub, generator, nvas, routes, ways, control, event):
    bascule = hub.bascule
    if control == "dead":
        bascule.control.kill()
    waited, before = waits(bascule), bascule.losses()
    generator.begin()
    if event in OF_CONTROL:
        time.sleep(1)
        lose_control(hub, event, nvas, routes, ways)
        if generator.process.poll() is not None:
            raise LabError(f"{event}: control took longer to come back than packets were sent")
    result = generator.result()
    result.update(outcome(generator.times, result, event in ("link", "flap")))
    result["waited_ms"] = {name: round((after - waited[name]) / 1e6, 1) for name, after in waits(bascule).items()}
    result["losses"] = {name: value - before.get(name, 0) for name, value in bascule.losses().items()}
    return result


def outcome(path, result, plugged):
    """What the file of times comes to: see tell()."""
    total, flows = result["sent"], result["flows"]
    octets = path.read_bytes()
    both, way = array("q"), octets[16 * total:]
    both.frombytes(octets[:16 * total])
    sent, came = both[:total], both[total:]
    missing = [number for number, at in enumerate(came) if at < 0]
    latency = sorted(came[number] - sent[number] for number in range(0, total, SAMPLE) if came[number] >= 0)
    found = {"seconds": sent[-1] / 1e9, "lost": len(missing),
             "runs": [[len(run), run[0], run[-1]] for run in runs(missing, total // 1000)],
             "latency_us": {name: latency[int(len(latency) * share)] // 1000 for name, share in (("p50", 0.5), ("p99", 0.99))} if latency else {}}
    if plugged:
        found.update(marked(result["plug_us"][0] * 1000, sent, way, flows, missing))
    return found


def marked(plug_ns, sent, way, flows, missing):
    """When the dataplane had marked the next hop, and what was lost until then and since."""
    plug = bisect_left(sent, plug_ns)
    lost_way = {number % flows for number in range(plug) if way[number] == LOST}
    mark = next((number for number in range(plug, len(sent)) if way[number] == OTHER and number % flows in lost_way), None)
    if mark is None:
        raise LabError("no packet has left by the other way")
    begin = plug - UNDER_WAY  # what nobody has taken yet goes with the link
    return {"mark": mark, "mark_ms": (sent[mark] - plug_ns) / 1e6, "flows_of_lost_way": len(lost_way),
            "lost_before": sum(number < begin for number in missing),
            "lost_until_mark": sum(begin <= number < mark for number in missing),
            "lost_since_mark": sum(number > mark for number in missing)}


def runs(missing, gap):
    """Numbers of which the next is nearer than that."""
    group, groups = [], []
    for number in missing:
        if group and number - group[-1] > gap:
            groups.append(group)
            group = []
        group.append(number)
    return [*groups, group] if group else groups


def tell(figures, name, event, result):
    """What was sent, and lost: until the first packet of the lost way that left by the other, and since. A rate that the machine does not
    reach, and what is lost without an event, is the laboratory's."""
    figures.add(f"{name}, sent", result["sent"] / result["seconds"] / 1e6, "Mpackets/s", "more")
    figures.add(f"{name}, latency p50", result["latency_us"]["p50"], "µs", "less")
    if event not in ("link", "flap"):
        figures.add(f"{name}, lost", result["lost"], "packets", "less", relative=True)
        figures.add(f"{name}, of that dropped by us", sum(result["losses"].values()), "packets", "less", relative=True)
        return
    figures.add(f"{name}, lost before", result["lost_before"], "packets", "less", relative=True)
    figures.add(f"{name}, lost until the mark", result["lost_until_mark"], "packets", "less")
    figures.add(f"{name}, until the mark", result["mark_ms"], "ms", "less")
    figures.add(f"{name}, lost since the mark", result["lost_since_mark"], "packets", "less", relative=True)
