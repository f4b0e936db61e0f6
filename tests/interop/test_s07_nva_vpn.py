"""S07, route exchange is on: the NVA and the networks behind the VPN gateway learn of each other.

Topology: networks.py with two instances of Bascule, FRR as both VPN gateway instances (active-active, our own AS),
BIRD as the CPE of the branch behind them and GoBGP as the NVA. Expected, of each instance: the NVA has the branch
by "65515 65010" and the gateways have the NVA's network by "65001", with that instance as next hop. The CPE has the
NVA's network by "65515 65001" and the VNet by "65515", from each gateway instance. With the switch off again
neither has the other's."""

import pytest

from daemons import Bird, Frr, Gobgp
from families import both_families
from lab import wait_for
from networks import ASN, BRANCH, BRANCH_HOST, ONPREM1, ONPREM1_HOST, ONPREM2, VNET, nva_address, vpn_address

pytestmark = both_families
NETWORKS = {"er": Bird, "vpn": Frr, "nva": Gobgp, "instances": 2}
INSTANCES, TUNNELS = (0, 1), ("192.168.3.1", "192.168.3.2")


@pytest.fixture(autouse=True)
def on(net):
    """All have learned all when a test begins."""
    sessions = net.sessions()
    exchange(net, True)
    for i in INSTANCES:
        wait_heard(net.nva, nva_address(i), {VNET, BRANCH, ONPREM2})
        for gateway in net.vpngw:
            wait_heard(gateway, vpn_address(i), {VNET, ONPREM1, ONPREM2})
    for tunnel in TUNNELS:
        wait_heard(net.branch, tunnel, {VNET, ONPREM1, ONPREM2})
    yield
    exchange(net, False)
    assert net.sessions() == sessions


def exchange(net, enabled):
    for bascule in net.bascules:
        bascule.exchange(enabled)


def wait_heard(daemon, peer, prefixes):
    wait_for(lambda: set(daemon.received(peer)) == prefixes, f"{prefixes} at {daemon.name} from {peer}")


@pytest.mark.parametrize("us", [nva_address(i) for i in INSTANCES])
def test_s07_the_nva_learns_the_branch(net, us):
    route = net.nva.received(us)[BRANCH]
    assert (route.as_path, route.next_hop, route.communities) == ((ASN, 65010), us, ("65517:65517",))


@pytest.mark.parametrize("us", [vpn_address(i) for i in INSTANCES])
def test_s07_the_gateways_learn_the_nvas_network(net, us):
    for gateway in net.vpngw:
        route = gateway.received(us)[ONPREM1]
        assert (route.as_path, route.next_hop, route.communities) == ((65001,), us, ("65517:65517",))


@pytest.mark.parametrize("tunnel", TUNNELS)
def test_s07_the_branch_learns_the_nvas_network_and_the_vnet(net, tunnel):
    routes = net.branch.received(tunnel)
    assert routes[ONPREM1].as_path == (ASN, 65001) and routes[VNET].as_path == (ASN,)
    assert {route.next_hop for route in routes.values()} == {tunnel}


def test_s07_packets_follow(net):
    wait_for(lambda: net.branch.namespace.ping(ONPREM1_HOST, BRANCH_HOST), "branch to the NVA's network")
    wait_for(lambda: net.onprem1.ping(BRANCH_HOST, ONPREM1_HOST), "and back")


def test_s07_off_again(net):
    exchange(net, False)
    for i in INSTANCES:
        wait_heard(net.nva, nva_address(i), {VNET})
    for tunnel in TUNNELS:
        wait_heard(net.branch, tunnel, {VNET})
