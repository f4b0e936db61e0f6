"""S11, two ExpressRoute circuits: neither learns of the other (Global Reach joins circuits), everybody else of both.

Topology: networks.py with two ExpressRoute gateways, FRR with on-prem 2 behind its circuit and BIRD with on-prem 3,
and OpenBGPD as the NVA. Exchange is on. Expected: neither gateway, nor the network behind it, has the other's
network, and packets between them are dropped either way; the NVA and the branch have both."""

import pytest

from daemons import Bird, Frr, Openbgpd
from families import both_families
from lab import wait_for
from networks import (ASN, BRANCH, ERGW2, ONPREM1, ONPREM2, ONPREM2_HOST, ONPREM3, ONPREM3_HOST, VNET, VNET_HOST,
                      er_address, nva_address)
from packets import Sniffer, addresses

pytestmark = both_families
NETWORKS = {"er": Frr, "er2": Bird, "vpn": Bird, "nva": Openbgpd, "configure": lambda config, lab:
            config["gateways"].append({"name": "ergw2", "role": "expressroute", "addresses": [ERGW2]})}
EDGE, US_ER = "192.168.2.1", er_address()


@pytest.fixture(scope="module", autouse=True)
def on(net):
    net.bascule.wait_established("ergw2/0")
    net.bascule.exchange(True)
    wait_for(lambda: {VNET, BRANCH, ONPREM2, ONPREM3} == set(net.nva.received(nva_address())), "both at the NVA")


def test_s11_nva_and_branch_learn_both(net):
    routes = net.nva.received(nva_address())
    assert routes[ONPREM2].as_path == routes[ONPREM3].as_path == (ASN, 12076, 65020)
    wait_for(lambda: {VNET, ONPREM1, ONPREM2, ONPREM3} == set(net.branch.received("192.168.3.1")), "both at the branch")


def test_s11_neither_circuit_learns_the_other(net):
    others = {VNET, BRANCH, ONPREM1}
    for gateway, onprem in ((net.ergw, net.onprem2), (net.ergw2, net.onprem3)):
        wait_for(lambda g=gateway: set(g.received(US_ER)) == others, f"the routes of {gateway.name}")
        wait_for(lambda o=onprem: set(o.received(EDGE)) == others, f"the routes of {onprem.name}")
    assert not {ONPREM2, ONPREM3} & set(net.bascule.fib("expressroute"))


def test_s11_nor_do_packets_pass(net):
    for onprem, host in ((net.onprem2, ONPREM2_HOST), (net.onprem3, ONPREM3_HOST)):
        wait_for(lambda o=onprem, h=host: o.namespace.ping(VNET_HOST, h), f"{onprem.name} to the VNet")
    one, other = (net.onprem2, net.msee, net.ergw), (net.onprem3, net.msee2, net.ergw2)
    for routers, prefix in ((one, ONPREM3), (other, ONPREM2)):
        for router, via in zip(routers, (EDGE, "192.168.1.1", US_ER)):
            router.namespace.route(prefix, via)  # as if they had learned of it
    nothing_passes(net, net.onprem3.namespace, ONPREM3_HOST, net.onprem2.namespace, "peering", ONPREM2_HOST)
    nothing_passes(net, net.onprem2.namespace, ONPREM2_HOST, net.onprem3.namespace, "peering2", ONPREM3_HOST)


def nothing_passes(net, source, source_host, destination, interface, destination_host):
    """Of a host at one circuit and one of the VNet, the latter's packets alone come to the other circuit."""
    def dropped():
        drops = net.bascule.drops()
        return drops["no_route"] + drops["gate_closed"]

    before = dropped()
    with Sniffer(destination, interface, lambda packet: addresses(packet)[1] == destination_host) as wire:
        assert not source.ping(destination_host, source_host)
        wait_for(lambda: dropped() > before, "packets dropped here")
        assert net.vnet.ping(destination_host, VNET_HOST)
        wait_for(lambda: wire.packets, "packets of the VNet's host")
    assert {addresses(packet)[0] for packet in wire.packets} == {VNET_HOST}
