"""S29: NVAs of two regions announce the same host address, each to the route server of its own region.

    VNet host ─ vnet0 ┐                              ┌ ExpressRoute gateway  AS 65515 ─┐
                      │ Bascule of the region  er0 ──┘        (BIRD)                    ├ on-premises  AS 65020
    NVA ────── nva0 ──┘ NVA: AS 65001, 10.0.2.4, carries 10.99.0.1       the same, twice ┘ 10.20.0.0/16 (BIRD)

The regions are built alike, with the same addresses, and know nothing of each other: they are no partners. The gateways
play the MSEE too. Route exchange is on. Expected: the hosts of each region use its own NVA; on-premises hears the
address from both and, by its own policy, shares the load; when one region's NVA withdraws it, only the other's is left,
and on-premises follows; and back."""

import pytest

from daemons import Bird, Exabgp, Neighbor
from lab import Lab, wait_for
from networks import ASN
from regions import ERGW, NVA, US, US_ER, US_VNET, region_bascule

ANYCAST, ADDRESS = "10.99.0.1/32", "10.99.0.1"
ONPREM, ONPREM_HOST = "10.20.0.0/16", "10.20.0.10"


class Region:
    def __init__(self, lab, i):
        self.lab, self.i = lab, i
        self.circuit = (f"192.168.{i}.1", f"192.168.{i}.2")  # the gateway's end, on-premises' end
        self.bascule = region_bascule(lab, i)
        self.nva = self._nva()
        self.gateway = self._gateway()
        self.host = lab.namespace(f"host{i}")
        self.host.join(lab.lans[f"vnet0{i}"], "vnet", "10.0.1.10/24")
        self.host.route("default", US_VNET)

    def _nva(self):
        namespace = self.lab.namespace(f"nva{self.i}")
        namespace.join(self.lab.lans[f"nva0{self.i}"], "nva", f"{NVA}/24")
        namespace.host_address(ADDRESS)
        namespace.route("default", US)
        return Exabgp(namespace, 65001, NVA, [Neighbor(US, ASN, multihop=True)])

    def _gateway(self):
        namespace = self.lab.namespace(f"ergw{self.i}", forward=True)
        namespace.join(self.lab.lans[f"er0{self.i}"], "er", f"{ERGW}/28")
        namespace.join(self.lab.lan(f"circuit{self.i}"), "circuit", f"{self.circuit[0]}/30")
        return Bird(namespace, ASN, ERGW, [Neighbor(US_ER, ASN, next_hop_self=True),
                                           Neighbor(self.circuit[1], 65020)])

    def start(self):
        self.bascule.start()
        self.nva.start()
        self.gateway.start()
        self.nva.announce(ANYCAST)


class Regions:
    def __init__(self, lab):
        self.regions = [Region(lab, i) for i in range(2)]
        namespace = lab.namespace("onprem")
        namespace.host_address(ONPREM_HOST)
        for i, region in enumerate(self.regions):
            namespace.join(lab.lans[f"circuit{i}"], f"circuit{i}", f"{region.circuit[1]}/30")
        self.onprem = Bird(namespace, 65020, ONPREM_HOST, [Neighbor(region.circuit[0], ASN) for region in self.regions],
                           [ONPREM])

    def start(self):
        for region in self.regions:
            region.start()
        self.onprem.start()
        for region in self.regions:
            region.bascule.wait_established()
            wait_for(lambda r=region: self.onprem.session(r.circuit[0]), "the circuit's session")
        self.wait_used(self.regions)

    def heard_from(self):
        """The regions that on-premises has the address from."""
        return [region for region in self.regions if ANYCAST in self.onprem.received(region.circuit[0])]

    def used(self):
        """The regions that on-premises' kernel sends it to."""
        route = self.onprem.namespace.run("ip", "route", "show", ADDRESS).stdout
        return [region for region in self.regions if f"via {region.circuit[0]} " in route]

    def wait_used(self, regions):
        """On-premises hears it from just these regions, sends to them, and is answered."""
        wait_for(lambda: self.heard_from() == self.used() == regions, f"the address from {len(regions)} regions")
        wait_for(lambda: self.onprem.namespace.ping(ADDRESS, ONPREM_HOST), "an answer to on-premises")


@pytest.fixture(scope="module")
def regions():
    with Lab() as lab:
        regions = Regions(lab)
        regions.start()
        yield regions


def test_each_region_has_its_own(regions):
    for region in regions.regions:
        hops = region.bascule.fib("vnet")[ANYCAST]["next_hops"]
        assert [hop["gateway"] for hop in hops] == [NVA]
        wait_for(lambda r=region: r.host.ping(ADDRESS), "an answer in the region")


def test_on_premises_follows(regions):
    first, second = regions.regions
    hops = second.bascule.fib("vnet")[ANYCAST]
    first.nva.withdraw(ANYCAST)
    regions.wait_used([second])
    wait_for(lambda: ANYCAST not in first.bascule.fib("vnet"), "no route in the region whose NVA has gone")
    assert not first.host.ping(ADDRESS)
    assert second.host.ping(ADDRESS) and second.bascule.fib("vnet")[ANYCAST] == hops
    first.nva.announce(ANYCAST)
    regions.wait_used([first, second])
    wait_for(lambda: first.host.ping(ADDRESS), "an answer in the first region again")
