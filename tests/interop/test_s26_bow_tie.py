"""S26, the bow tie: two hubs' ExpressRoute gateways meet at one edge, which hands each what the other exported.

    NVA ─ nva0 Bascule a er0 ─ gateway AS 65515 ─┐                    ┌─ gateway AS 65515 ─ er0 Bascule b nva0 ─ NVA
    AS 65001, 10.3.0.0/16      (FRR)             └─ MSEE, AS 12076 ───┘  (FRR)                                  AS 65001
                                                     (FRR)  │
                                                            └─ on-premises AS 65020 (BIRD), 10.20.0.0/16

The hubs are built alike, with the same addresses, and are no partners. The NVAs are ExaBGP; route exchange is on at
both. The MSEE has as-override towards the gateways, so our AS number in the path is not what drops a route. Expected:
on-premises has 10.3.0.0/16 from hub a's NVA; hub b drops it for the mark 65517:65517 that a's route server gave it,
counts it (`bow_tie`) and has it in no view and at no NVA; routes that the gateway of hub a says of its own, without the
mark, it has by the same way."""

import contextlib

import pytest

from daemons import Bird, Exabgp, Frr, Neighbor
from lab import named_lab, wait_for
from networks import ASN
from regions import ERGW, NVA, US, US_ER, region_bascule

BEHIND_NVA, UNMARKED, LATER, ONPREM = "10.3.0.0/16", "10.5.0.0/16", "10.6.0.0/16", "10.20.0.0/16"
MSEE, MARK = 12076, "65517:65517"
VIEWS = ("expressroute", "vpn", "nva", "vnet")
FROM_ER = {"vpn", "nva", "vnet"}  # the views of what ExpressRoute brings: a circuit is told of no other


class Hub:
    """One of the two; `i` tells it apart, and its circuit."""

    def __init__(self, lab, i, networks=()):
        self.circuit = (f"192.168.{i}.1", f"192.168.{i}.2")  # the gateway's end, the edge's
        self.bascule = region_bascule(lab, i)
        appliance = lab.namespace(f"nva{i}")
        appliance.join(lab.lans[f"nva0{i}"], "nva", f"{NVA}/24")
        self.nva = Exabgp(appliance, 65001, NVA, [Neighbor(US, ASN, multihop=True)])
        router = lab.namespace(f"ergw{i}", forward=True)
        router.join(lab.lans[f"er0{i}"], "er", f"{ERGW}/28")
        router.join(lab.lan(f"circuit{i}"), "circuit", f"{self.circuit[0]}/30")
        self.gateway = Frr(router, ASN, ERGW, [Neighbor(US_ER, ASN, next_hop_self=True),
                                               Neighbor(self.circuit[1], MSEE)], networks)

    def start(self):
        for part in (self.bascule, self.nva, self.gateway):
            part.start()

    def views(self, prefix):
        """The views that have it."""
        return {view for view in VIEWS if prefix in self.bascule.fib(view)}

    def told(self, prefix):
        """The NVA's Route."""
        return self.nva.received(US).get(prefix)


class BowTie:
    def __init__(self, lab):
        self.hubs = [Hub(lab, 0, [UNMARKED]), Hub(lab, 1)]
        edge, site = lab.namespace("msee", forward=True), lab.namespace("onprem")
        for i, hub in enumerate(self.hubs):
            edge.join(lab.lans[f"circuit{i}"], f"circuit{i}", f"{hub.circuit[1]}/30")
        edge.join(lab.lan("peering"), "peering", "192.168.2.1/30")
        site.join(lab.lans["peering"], "peering", "192.168.2.2/30")
        self.msee = Frr(edge, MSEE, "192.168.2.1", [Neighbor(hub.circuit[0], ASN) for hub in self.hubs]
                        + [Neighbor("192.168.2.2", 65020)])
        self.onprem = Bird(site, 65020, "192.168.2.2", [Neighbor("192.168.2.1", MSEE)], [ONPREM])

    def start(self):
        for part in (*self.hubs, self.msee, self.onprem):
            part.start()
        self.msee.configure(f"router bgp {MSEE}", "address-family ipv4 unicast",
                            *(f"neighbor {hub.circuit[0]} as-override" for hub in self.hubs))
        for hub in self.hubs:
            hub.bascule.wait_established()
            wait_for(lambda h=hub: h.told(ONPREM), "on-premises at the NVA")


@pytest.fixture(scope="module")
def tie():
    with contextlib.ExitStack() as stack:
        tie = BowTie(stack.enter_context(named_lab("test_s26_bow_tie")))
        tie.start()
        yield tie


def test_s26_another_route_servers_export_is_not_taken_back_from_the_edge(tie):
    first, second = tie.hubs
    wait_for(lambda: second.views(UNMARKED) == FROM_ER and second.told(UNMARKED), "the unmarked route at hub b")
    counted = second.bascule.peer("ergw/0")["bow_tie"]
    first.nva.announce(BEHIND_NVA)
    wait_for(lambda: BEHIND_NVA in tie.onprem.received("192.168.2.1"), "the NVA's network on-premises")
    marked = wait_for(lambda: second.gateway.accepted(second.circuit[1]).get(BEHIND_NVA), "the same at hub b's gateway")
    assert MARK in marked.communities and ASN not in marked.as_path
    wait_for(lambda: second.bascule.peer("ergw/0")["bow_tie"] > counted, "the route counted")
    # What comes later by the same way, without the mark, comes everywhere.
    first.gateway.configure(f"router bgp {ASN}", "address-family ipv4 unicast", f"network {LATER}")
    wait_for(lambda: second.views(LATER) == FROM_ER and second.told(LATER), "a later route")
    assert not second.views(BEHIND_NVA) and not second.told(BEHIND_NVA)
    assert BEHIND_NVA not in second.bascule.routes()
    assert first.views(BEHIND_NVA) == set(VIEWS)
