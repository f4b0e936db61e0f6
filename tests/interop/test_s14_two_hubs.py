"""S14 between two real hubs: their NVAs tell each other what their route servers told them, all of one AS number.

    host 10.1.0.10 ─ Bascule a ─ NVA 1, AS 65002 ═ tunnel ═ NVA 2, AS 65005 ─ Bascule b ─ host 10.3.1.10
    10.1.0.0/16, spoke 10.4.0.0/16                               10.3.0.0/16, spoke 10.5.0.0/16

The NVAs are FRR, which also tells a route server what it has from it. Expected: each route server drops all four
VNets, for its own AS number is in their paths; once the NVAs override that (as-override), it learns them, and hosts
reach each other. What is its own stays its own."""

import contextlib
import re
from dataclasses import dataclass

import pytest

from bascule import Bascule
from daemons import Frr, Neighbor
from lab import named_lab, wait_for
from networks import ASN


@dataclass(frozen=True)
class Place:
    vnets: tuple  # the hub's and the spoke's
    vnet: str  # our address there
    host: str
    us: str  # our address towards the NVA
    nva: str
    asn: int  # the NVA's
    tunnel: str


A = Place(("10.1.0.0/16", "10.4.0.0/16"), "10.1.0.4", "10.1.0.10", "10.1.1.1", "10.1.1.4", 65002, "192.168.1.1")
B = Place(("10.3.0.0/16", "10.5.0.0/16"), "10.3.1.4", "10.3.1.10", "10.3.0.1", "10.3.0.4", 65005, "192.168.1.2")


class Hub:
    """One end of it, in `at`; `far` is the other one's place."""

    def __init__(self, lab, name, at, far):
        self.at, self.far = at, far
        nva_lan, vnet_lan = lab.lan(f"nva{name}"), lab.lan(f"vnet{name}")
        namespace = lab.namespace(f"rs{name}")
        for lan, port in ((nva_lan, "nva0"), (vnet_lan, "vnet0")):
            namespace.join(lan, port)
            namespace.keep_kernel_off(port)
        self.bascule = Bascule(namespace, name, self.config())
        nva = lab.namespace(f"nva{name}", forward=True)
        nva.join(nva_lan, "nva", f"{at.nva}/24")
        nva.join(lab.lans["tunnel"], "tunnel", f"{at.tunnel}/30")
        self.frr = Frr(nva, at.asn, at.nva, [Neighbor(at.us, ASN, multihop=True),
                                             Neighbor(far.tunnel, far.asn, next_hop_self=True)])
        self.machine = lab.namespace(f"host{name}")
        self.machine.join(vnet_lan, "vnet", f"{at.host}/24")
        self.machine.route("default", at.vnet)

    def config(self):
        hub, spoke = self.at.vnets
        return {
            "instance": {"asn": ASN, "router_id": self.at.vnet},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 480, "ports": [
                {"name": "nva0", "role": "nva", "addresses": [f"{self.at.us}/24"]},
                {"name": "vnet0", "role": "vnet", "addresses": [f"{self.at.vnet}/24"]}]},
            "control": {"lcores": [1]},
            "vnet": [{"prefix": hub, "port": "vnet0"}, {"prefix": spoke, "port": "vnet0", "peered": True}],
            "peers": [{"name": "nva", "address": self.at.nva, "asn": self.at.asn, "multihop": True}],
        }

    def override(self):
        self.frr.configure(f"router bgp {self.at.asn}", "address-family ipv4 unicast", f"neighbor {self.at.us} as-override")

    def loops(self):
        """The prefixes that the events say it has refused as loops."""
        return {re.search(r"refused (\S+?):? ", event["text"])[1] for event in self.bascule.cli("show", "events")
                if event["kind"] == "loop"}

    def sources(self, prefix):
        """Who has a path to the prefix, best first."""
        return [path["peer"] for path in self.bascule.routes().get(prefix, ())]

    def next_hops(self, prefix):
        row = self.bascule.fib("vnet").get(prefix)
        return {hop["gateway"] for hop in row["next_hops"]} if row else set()


@contextlib.contextmanager
def running_hubs():
    with named_lab("test_s14_two_hubs") as lab:
        lab.lan("tunnel")
        hubs = [Hub(lab, "a", A, B), Hub(lab, "b", B, A)]
        for hub in hubs:
            hub.bascule.start()
            hub.frr.start()
        yield hubs


@pytest.fixture(scope="module")
def hubs():
    with running_hubs() as hubs:
        for hub in hubs:
            hub.bascule.wait_established("nva")
        yield hubs


def test_s14_the_other_hubs_vnets_are_loops(hubs):
    for hub in hubs:
        wait_for(lambda h=hub: h.loops() == {*A.vnets, *B.vnets}, "the VNets of both hubs dropped, and told of")
        assert hub.bascule.peer("nva")["as_loop"] >= 4
        assert set(hub.bascule.routes()) == set(hub.at.vnets)
    assert not hubs[0].machine.ping(B.host, A.host)


def test_s14_as_override_at_the_nvas_joins_the_hubs(hubs):
    for hub in hubs:
        hub.override()
    for hub in hubs:
        for prefix in hub.far.vnets:
            wait_for(lambda h=hub, p=prefix: h.next_hops(p) == {h.at.nva}, f"{prefix} by {hub.at.nva}")
            path, = hub.bascule.routes()[prefix]
            assert path["as_path"] == f"{hub.at.asn} {hub.far.asn} {hub.at.asn}"
        for prefix in hub.at.vnets:
            wait_for(lambda h=hub, p=prefix: h.sources(p) == ["local", "nva"], f"{prefix} back from the NVA")
            assert hub.at.nva not in hub.next_hops(prefix)
    wait_for(lambda: hubs[0].machine.ping(B.host, A.host), "ping between the hubs' hosts")
