"""S11, two ExpressRoute circuits: neither learns of the other (Global Reach joins circuits), everybody else of both.

Topology: networks.py with two ExpressRoute gateways, FRR with on-prem 2 behind its circuit and BIRD with on-prem 3, and OpenBGPD
as the NVA. Exchange is on. Expected: neither gateway, nor the network behind it, has the other's network, and packets between
them are dropped; the NVA and the branch have both."""

import pytest

from daemons import Bird, Frr, Openbgpd
from lab import wait_for
from networks import (ASN, BRANCH, ERGW2, ONPREM1, ONPREM2, ONPREM2_HOST, ONPREM3, ONPREM3_HOST, VNET, VNET_HOST,
                      er_address, nva_address)

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
    before = net.bascule.drops()
    for router, via in ((net.onprem3, EDGE), (net.msee2, "192.168.1.1"), (net.ergw2, US_ER)):
        router.namespace.route(ONPREM2, via)  # as if they had learned of it
    assert not net.onprem3.namespace.ping(ONPREM2_HOST, ONPREM3_HOST)
    after = net.bascule.drops()
    assert sum(after[reason] - before[reason] for reason in ("no_route", "gate_closed")) > 0
