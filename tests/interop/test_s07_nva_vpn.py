"""S07, route exchange is on: the NVA and the networks behind the VPN gateway learn of each other.

Topology: networks.py with FRR as both VPN gateway instances (active-active, our own AS), BIRD as the CPE of the branch behind
them and GoBGP as the NVA. Two instances of Bascule would each say the same; here there is one. Expected: the NVA has the
branch by "65515 65010", from us; the CPE has the NVA's network by "65515 65001" and the VNet by "65515", from each gateway
instance. With the switch off again neither has the other's."""

import pytest

from daemons import Bird, Frr, Gobgp
from lab import wait_for
from networks import ASN, BRANCH, BRANCH_HOST, ONPREM1, ONPREM1_HOST, VNET, nva_address

NETWORKS = {"er": Bird, "vpn": Frr, "nva": Gobgp}
US, TUNNELS = nva_address(), ("192.168.3.1", "192.168.3.2")


@pytest.fixture
def on(net):
    sessions = net.sessions()
    net.bascule.exchange(True)
    yield
    assert net.sessions() == sessions


def test_s07_the_nva_learns_the_branch(net, on):
    wait_for(lambda: BRANCH in net.nva.received(US), "the branch's network at the NVA")
    route = net.nva.received(US)[BRANCH]
    assert (route.as_path, route.next_hop, route.communities) == ((ASN, 65010), US, ("65517:65517",))


def test_s07_the_branch_learns_the_nvas_network_and_the_vnet(net, on):
    expected = {ONPREM1: (ASN, 65001), VNET: (ASN,)}
    for tunnel in TUNNELS:
        wait_for(lambda t=tunnel: set(expected) <= set(net.branch.received(t)), f"both by {tunnel}")
        routes = net.branch.received(tunnel)
        assert {prefix: routes[prefix].as_path for prefix in expected} == expected


def test_s07_packets_follow(net, on):
    wait_for(lambda: net.branch.namespace.ping(ONPREM1_HOST, BRANCH_HOST), "branch to the NVA's network")
    wait_for(lambda: net.onprem1.ping(BRANCH_HOST, ONPREM1_HOST), "and back")


def test_s07_off_again(net, on):
    net.bascule.exchange(False)
    wait_for(lambda: set(net.nva.received(US)) == {VNET}, "the VNet alone at the NVA")
    for tunnel in TUNNELS:
        wait_for(lambda t=tunnel: set(net.branch.received(t)) == {VNET}, f"the VNet alone by {tunnel}")
