"""TCP between the host's kernel and a peer: through a port of Bascule's, and through the same veth without Bascule.

iperf3 sends for a while one way and then the other, each time by both ways in turns. Bascule's way is a port of net_af_packet, the
punt ring, the meters and the LCP interface, for its class BGP (a session's port, with an address that is a peer's) and
for what else talks to the host, by IPv4 and by IPv6. Both ends and all lcores share the machine: with few CPUs it is they that the rate is bound by, as
it is without Bascule."""

import itertools
import json
import time
from pathlib import Path

import bascule
from figures import progress
from lab import Lab, wait_for

# (us, the peer, length of the network)
FAMILIES = {"ipv4": ("10.0.2.1", "10.0.2.100", 24), "ipv6": ("2001:db8:2::1", "2001:db8:2::100", 64)}
OURS, PEERS = ([f"{family[i]}/{family[2]}" for family in FAMILIES.values()] for i in range(2))
PORTS = {"bgp": 179, "local": 5201}
WAYS = {"in": ["-R"], "out": []}  # seen from the host, whose iperf3 is the client


def _link(lab, name):
    """A namespace for us and one for the peer, with one wire. The peer's end has no offloads: what it sends are frames."""
    lan = lab.lan(name)
    us, peer = lab.namespace(f"us{name}"), lab.namespace(f"peer{name}")
    peer.join(lan, "eth0", *PEERS)
    return lan, us, peer


def _plain(lab):
    lan, us, peer = _link(lab, "plain")
    us.join(lan, "eth0", *OURS)
    return us, peer, None


def _through(lab):
    lan, us, peer = _link(lab, "lcp")
    us.join(lan, "nva0")
    us.keep_kernel_off("nva0")
    ours = bascule.Bascule(us, "a", {
        "instance": {"asn": 65515, "router_id": FAMILIES["ipv4"][0]},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900,
                      "ports": [{"name": "nva0", "role": "nva", "addresses": OURS}]},
        "control": {"lcores": [1]},
        "peers": [{"name": family, "address": peer, "asn": 65001, "passive": True} for family, (_, peer, _) in FAMILIES.items()]})
    ours.start()
    for _, far, _ in FAMILIES.values():
        wait_for(lambda a=far: us.ping(a), "the peer to answer")
    return us, peer, ours


def _cpu_s():
    """Of all CPUs: what was not idle."""
    words = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(words[:8]) - words[3] - words[4]) / 100


def _once(us, family, port, way, seconds):
    """Gbit/s, retransmitted segments, CPU seconds for a gigabit."""
    before = _cpu_s()
    own, peer, _ = FAMILIES[family]
    said = us.run("iperf3", "-c", peer, "-B", own, "-p", port, "-t", seconds, "-J", *WAYS[way], timeout=seconds + 30).stdout
    cpu = _cpu_s() - before
    end = json.loads(said)["end"]
    gbits = end["sum_received"]["bits_per_second"] / 1e9
    return gbits, end["sum_sent"]["retransmits"], cpu / (gbits * seconds)


def _losses(ours):
    return {name: value for name, value in ours.drops().items() if value} if ours else {}


def measure(figures, options, build):
    """`options`: runs, seconds, classes."""
    bascule.use_build(build)
    with Lab() as lab:
        sides = {"veth": _plain(lab), "bascule": _through(lab)}
        for name, (_, peer, _) in sides.items():
            for port in PORTS.values():
                peer.start(f"iperf{port}", "iperf3", "-s", "-p", port)
        time.sleep(1)
        for run in range(options.runs):
            for family, class_, way in itertools.product(options.families, options.classes, WAYS):
                _pair(figures, sides, run, (family, class_, way), options.seconds)
        progress("")


def _pair(figures, sides, run, what, seconds):
    family, class_, way = what
    row = f"tcp/{class_} {way}" if family == "ipv4" else f"tcp/{class_} {way} {family}"
    rates = {}
    for name in sides if run % 2 == 0 else reversed(sides):
        us, _, ours = sides[name]
        progress(f"{row}, {name}, run {run + 1}")
        before = _losses(ours)
        rates[name], again, cpu = _once(us, family, PORTS[class_], way, seconds)
        figures.add(f"{row}/{name}", rates[name], "Gbit/s", "more")
        figures.add(f"{row}/{name} sent again", again, "segments", "less")
        figures.add(f"{row}/{name} CPU", cpu, "s/Gbit", "less")
        for reason, count in _losses(ours).items():
            figures.add(f"{row}/dropped {reason}", count - before.get(reason, 0), "packets", "less")
    figures.add(f"{row}/bascule to veth", rates["bascule"] / rates["veth"], "×", "more", relative=True)
