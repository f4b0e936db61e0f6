"""Draining, and what it is for: an instance is upgraded, dataplane and control, and no packet is lost.

    host 10.20.0.10 ── ergw, FRR, iBGP 10.0.255.36 ──┬── instance 0 ──┬── nva, BIRD, AS 65001 10.0.2.100 ── host 172.16.1.10
                                                     └── instance 1 ──┴── gobgp, AS 65002 10.0.2.101

Each peers with both instances and shares its flows among them by ECMP. FRR is a gateway of our AS and looks at LOCAL_PREF
alone; BIRD has the filter of RFC 8326 appendix A; GoBGP says what it hears. Flows go both ways all the time."""

import contextlib
import time

import pytest

from bascule import Bascule
from daemons import Bird, Frr, Gobgp, Neighbor
from lab import instance_name, named_lab, wait_for
from traffic import UdpFlow, all_wait_more

ASN = 65515
ER = ("10.0.255.4", "10.0.255.5")
NVA = ("10.0.2.4", "10.0.2.5")
ERGW, BIRD, GOBGP = "10.0.255.36", "10.0.2.100", "10.0.2.101"
ONPREM, ONPREM_HOST = "10.20.0.0/16", "10.20.0.10"
SITE, SITE_HOST = "172.16.1.0/24", "172.16.1.10"
GSHUT = "65535:0"
FLOWS = 8  # each way: with two next hops, that all of them go by one happens once in 32,768 runs


class HonestBird(Bird):
    """With what RFC 8326 asks of a receiver."""

    def config(self):
        return super().config().replace(
            "import all;", "import filter { if (65535, 0) ~ bgp_community then bgp_local_pref = 0; accept; };")


class Net:
    def __init__(self, lab):
        self.lab = lab
        for name in ("er", "nva"):
            lab.lan(name)
        self.instances = [self._instance(i) for i in range(2)]
        self.ergw = self._router("ergw", "er", f"{ERGW}/26", ONPREM_HOST)
        self.nva = self._router("nva", "nva", f"{BIRD}/24", SITE_HOST)
        third = lab.namespace("gobgp")
        third.join(lab.lans["nva"], "nva", f"{GOBGP}/24")
        self.frr = Frr(self.ergw, ASN, ERGW, [Neighbor(us, ASN) for us in ER], [ONPREM])
        self.bird = HonestBird(self.nva, 65001, BIRD, [Neighbor(us, ASN) for us in NVA], [SITE])
        self.gobgp = Gobgp(third, 65002, GOBGP, [Neighbor(us, ASN) for us in NVA])

    def _router(self, name, lan, address, host):
        namespace = self.lab.namespace(name, forward=True)
        namespace.join(self.lab.lans[lan], lan, address)
        namespace.host_address(host)
        return namespace

    def _instance(self, i):
        namespace = self.lab.namespace(f"rs{i}")
        for lan, port in (("er", "er0"), ("nva", "nva0")):
            namespace.join(self.lab.lans[lan], port)
            namespace.keep_kernel_off(port)
        return Bascule(namespace, "ab"[i], {
            "instance": {"asn": ASN, "router_id": ER[i], "partner": instance_name(self.lab.id, "ba"[i])},
            "exchange": {"enabled": True},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "idle": "adaptive", "memory_mb": 512, "ports": [
                {"name": "er0", "role": "expressroute", "addresses": [f"{ER[i]}/26"]},
                {"name": "nva0", "role": "nva", "addresses": [f"{NVA[i]}/24"]}]},
            "control": {"lcores": [1]},
            "gateways": [{"name": "ergw", "role": "expressroute", "addresses": [ERGW]}],
            "peers": [{"name": "nva", "address": BIRD, "asn": 65001}, {"name": "gobgp", "address": GOBGP, "asn": 65002}],
        })

    def start(self):
        for daemon in (*self.instances, self.frr, self.bird, self.gobgp):
            daemon.start()
        for instance in self.instances:
            instance.wait_established()
        self.wait_shared()

    def by(self, namespace, prefix):
        """The instances, by number, that the kernel of this router sends to."""
        out = namespace.ip("route", "show", prefix).stdout
        return {i for i in range(2) if any(f"via {us} " in out for us in (ER[i], NVA[i]))}

    def wait_by(self, instances):
        wait_for(lambda: self.by(self.ergw, SITE) == self.by(self.nva, ONPREM) == instances, f"both by {instances}")

    def wait_shared(self):
        self.wait_by({0, 1})

    def flows(self):
        one, other = (self.ergw, ONPREM_HOST), (self.nva, SITE_HOST)
        return [UdpFlow(*(one if i % 2 else other), *(other if i % 2 else one), rate=100) for i in range(2 * FLOWS)]

    def transit(self, i):
        """Packets that have passed through an instance."""
        return self.instances[i].counters()["packets"]["transit"]

    def wait_transit(self, i, more=50):
        before = self.transit(i)
        wait_for(lambda: self.transit(i) >= before + more, f"packets through {i}")


@pytest.fixture(scope="module")
def net():
    with named_lab(__name__) as lab:
        net = Net(lab)
        net.start()
        yield net


class Traffic(list):
    """Flows. `marks` says how far each was when: where something was lost."""

    def __init__(self, flows):
        super().__init__(flows)
        self.marks = {}

    def mark(self, what):
        self.marks[what] = [flow.sent for flow in self]

    def wait_more(self, datagrams):
        all_wait_more(self, datagrams)

    def missing(self):
        return {number: (flow.lost, len(flow.doubled), {what: sent[number] for what, sent in self.marks.items()})
                for number, flow in enumerate(self) if flow.lost or flow.doubled or flow.corrupted}


@contextlib.contextmanager
def traffic(net):
    """Flows all the while, of which nothing may be missing."""
    flows = Traffic(net.flows())
    with contextlib.ExitStack() as stack:
        for flow in flows:
            stack.enter_context(flow)
        flows.wait_more(20)
        yield flows
        flows.mark("end")
        flows.wait_more(50)
    assert flows.missing() == {}, [i.losses() for i in net.instances]


def wait_told(net, i, drained):
    """What the three peers have of instance i says that it is about to go, or nothing of it does. To a circuit's gateway an
    NVA's routes are backups (LOCAL_PREF 50), as its own are preferred."""
    er, nva = ER[i], NVA[i]
    wait_for(lambda: {r.local_pref for r in net.frr.accepted(er).values()} == {0 if drained else 50}, "FRR")
    wait_for(lambda: {GSHUT in r.communities for r in net.bird.received(nva).values()} == {drained}, "BIRD")
    wait_for(lambda: {GSHUT in r.communities for r in net.gobgp.received(nva).values()} == {drained}, "GoBGP")


@pytest.mark.parametrize("i", [0, 1])
def test_an_instance_is_upgraded_and_nothing_is_lost(net, i):
    instance, other = net.instances[i], 1 - i
    sessions = net.frr.session(ER[other]), net.bird.session(NVA[other])
    with traffic(net) as flows:
        net.wait_transit(i)
        flows.mark("drain")
        done = instance.run("drain", "--wait", "--timeout", "120")
        assert f"{instance.name} is now drained" in done.stdout and "No packet has passed through" in done.stdout
        assert net.by(net.ergw, SITE) == net.by(net.nva, ONPREM) == {other}
        wait_told(net, i, True)
        assert net.frr.session(ER[i]) and net.bird.session(NVA[i]), "the sessions stay"
        summary = instance.summary()
        assert summary["drained"] and [a["kind"] for a in summary["alarms"] if a["kind"] == "drained"] == ["drained"]

        flows.mark("stop")
        assert instance.stop() == (0, 0)
        flows.wait_more(50)
        flows.mark("start")
        instance.start()
        instance.wait_established()
        wait_for(lambda: instance.summary()["settled"], "a settled start")
        assert instance.summary()["drained"], "it has survived"
        wait_told(net, i, True)
        before = net.transit(i)
        flows.wait_more(50)
        assert net.transit(i) == before, "nobody uses it yet"

        flows.mark("undrain")
        instance.run("undrain")
        wait_told(net, i, False)
        net.wait_shared()
        net.wait_transit(i)
    assert (net.frr.session(ER[other]), net.bird.session(NVA[other])) == sessions
    assert [e["text"] for e in instance.cli("show", "events") if e["kind"] == "service"] == \
        ["this instance is drained no more"], "since the restart"


def test_what_still_comes_is_told(net):
    """A router that does what it likes: a route of its own leads to instance 0."""
    instance = net.instances[0]
    with traffic(net):
        net.nva.ip("route", "add", ONPREM, "via", NVA[0], "metric", "1")
        done = instance.run("drain", "--wait", "--timeout", "1", check=False)
        assert done.returncode == 1
        assert "Packets still pass through" in done.stderr and "by er0: " in done.stderr
        assert "by nva0" not in done.stderr, "the other way FRR has left"
        net.nva.ip("route", "del", ONPREM, "via", NVA[0], "metric", "1")
        answer = instance.cli("drain", "--wait")
        assert answer == {"changed": False, "drained": True, "quiet": True, "moving": {}}
        instance.run("undrain")
        net.wait_shared()


def test_one_peer_is_drained(net):
    """BIRD prefers the other instance, and here its routes come last; the gateway, which is not drained, stays."""
    instance = net.instances[0]
    with traffic(net):
        assert instance.cli("peer", "nva", "drain")["drained"] is True
        wait_for(lambda: net.by(net.nva, ONPREM) == {1}, "BIRD goes by the other")
        assert net.by(net.ergw, SITE) == {0, 1}
        assert instance.peers()["nva"]["drained"] and not instance.peers()["gobgp"]["drained"]
        assert instance.routes()[SITE][0]["local_pref"] == 0
        assert "Established,drained" in instance.run("show", "peers").stdout
        instance.control.kill()
        instance.start_control()
        instance.wait_established()
        wait_for(lambda: {GSHUT in r.communities for r in net.bird.received(NVA[0]).values()} == {True}, "after a restart")
        assert net.by(net.nva, ONPREM) == {1}
        instance.run("peer", "nva", "undrain")
        net.wait_shared()


def test_shutdown_and_start(net):
    """Drained first, so that nothing is lost; the text reaches the peer, and no restart lets it in again."""
    instance = net.instances[1]
    with traffic(net):
        instance.run("drain", "--wait", "--timeout", "120")
        rows = instance.cli("peer", "--all", "shutdown", "new line cards, back at five")
        assert [(row["peer"], row["changed"], row["shutdown"]) for row in rows] == \
            [("ergw/0", True, True), ("nva", True, True), ("gobgp", True, True)]
        wait_for(lambda: not net.bird.session(NVA[1]) and not net.frr.session(ER[1]), "the end of the sessions")
        assert "new line cards, back at five" in net.bird.said(NVA[1])
        instance.control.kill()
        instance.start_control()
        row = instance.peers()["nva"]
        assert (row["state"], row["shutdown"]) == ("Idle", True)
        assert row["last_error"] == "administratively shut down: new line cards, back at five"
        assert not net.bird.session(NVA[1])
        refused = instance.run("peer", "nva", "reset", check=False)
        assert refused.returncode == 1 and "bascule peer nva start" in refused.stderr
        instance.run("peer", "ergw", "start")
        instance.wait_established("ergw/0")
        assert instance.summary()["peers_shutdown"] == 2
        instance.run("peer", "--all", "start")
        instance.wait_established()
        instance.run("undrain")
        net.wait_shared()


def test_what_a_lone_restart_costs(net):
    """Without a second instance: the peers take what it told them back at once, and have it again when it has started.
    The figures go to the log; what must hold is that it ends, and that nothing is lost before it begins and after it ends."""
    alone, gone = net.instances
    gone.run("drain", "--wait", "--timeout", "120")
    gone.stop()
    net.wait_by({0})
    with contextlib.ExitStack() as stack:
        flows = [stack.enter_context(flow) for flow in net.flows()[:2]]
        all_wait_more(flows, 50)
        before = [flow.sent for flow in flows]
        begun = time.monotonic()
        assert alone.stop() == (0, 0)
        stopped = time.monotonic()
        wait_for(lambda: net.by(net.ergw, SITE) == net.by(net.nva, ONPREM) == set(), "withdrawn: no peer keeps a dead way")
        alone.start_dataplane()
        dataplane = time.monotonic()
        alone.start_control()
        control = time.monotonic()
        net.wait_by({0})
        ended = time.monotonic()
        after = [flow.sent for flow in flows]
        all_wait_more(flows, 50)
    for flow, first, last in zip(flows, before, after):
        assert flow.lost and flow.lost[0][0] >= first and flow.lost[-1][1] <= last + 1
    print(f"lone restart: stopped in {stopped - begun:.2f} s, dataplane answers after {dataplane - stopped:.2f} s, control "
          f"after {control - dataplane:.2f} s, routes back after {ended - control:.2f} s; lost of 100 packets/s: "
          f"{[sum(last - first + 1 for first, last in flow.lost) for flow in flows]}")
    gone.start()
    gone.run("undrain")
    net.wait_shared()
