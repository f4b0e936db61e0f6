"""The main job: VNet routes for everybody, branches for each other once route exchange is on, and packets likewise.
With different daemons in the roles."""

import pytest

import networks
from conftest import running_networks
from daemons import Bird, Frr, Gobgp, Openbgpd
from families import both_families
from lab import wait_for
from networks import (BRANCH, BRANCH_HOST, ONPREM1, ONPREM1_HOST, ONPREM2, ONPREM2_HOST, VNET, VNET_FAR_HOST, VNET_HOST,
                      er_address, nva_address, vpn_address)
from traffic import UdpFlow, tcp_transfer, traceroute

pytestmark = both_families
BRANCHES = {ONPREM1, ONPREM2, BRANCH}
ROLES = {
    "frr-bird-gobgp": {"er": Frr, "vpn": Bird, "nva": Gobgp},
    "bird-frr-openbgpd": {"er": Bird, "vpn": Frr, "nva": Openbgpd},
}


@pytest.fixture(scope="module", params=ROLES)
def shared_net(request):
    with running_networks(f"test_exchange-{request.param}", both=True, **ROLES[request.param]) as net:
        yield net


@pytest.fixture
def off(net):
    switch(net, False)


@pytest.fixture
def on(net):
    switch(net, True)


def switch(net, enabled):
    net.bascule.exchange(enabled)
    wait_for(lambda: all(heard(net, name) == expected(name, enabled) for name, *_ in net.bgp_peers()),
             f"tables with exchange {'on' if enabled else 'off'}")


def heard(net, peer):
    """What a peer has learned from the first instance."""
    for name, daemon, addresses in net.bgp_peers():
        if name == peer:
            return set(daemon.received(addresses[0]))
    raise KeyError(peer)


def expected(peer, enabled):
    own = {"ergw/0": ONPREM2, "vpngw/0": BRANCH, "vpngw/1": BRANCH, "nva-a": ONPREM1}[peer]
    return {VNET} | (BRANCHES - {own} if enabled else set())


def hosts(net):
    """{what it is: (namespace, address)}"""
    return {"onprem1": (net.onprem1, ONPREM1_HOST), "onprem2": (net.onprem2.namespace, ONPREM2_HOST),
            "branch": (net.branch.namespace, BRANCH_HOST)}


def pairs(net):
    return [(a, b) for a in hosts(net).values() for b in hosts(net).values() if a != b]


def wait_ping(namespace, source, destination):
    wait_for(lambda: namespace.ping(destination, source), f"ping {source} → {destination}", 15)


def vnet_reaches_everybody(net):
    for namespace, address in hosts(net).values():
        wait_ping(net.vnet, VNET_HOST, address)
        wait_ping(namespace, address, VNET_HOST)


def test_off_peers_learn_the_vnet_only(net, off):
    for name, daemon, (address,) in net.bgp_peers():
        routes = daemon.received(address)
        assert set(routes) == {VNET}, name
        assert routes[VNET].next_hop == address, name
        assert routes[VNET].as_path == ((networks.ASN,) if name == "nva-a" else ()), name
        assert routes[VNET].communities == (), name


def test_off_transit_packets_are_dropped_and_counted(net, off):
    # The NVA has a default route to us: its packets arrive, and the way back is never asked for.
    before = net.bascule.drops()
    with UdpFlow(net.onprem1, ONPREM1_HOST, net.onprem2.namespace, ONPREM2_HOST) as flow:
        wait_for(lambda: flow.sent >= 200, "200 datagrams sent")
    after = net.bascule.drops()
    assert flow.received == 0
    dropped = sum(after.get(reason, 0) - before.get(reason, 0) for reason in ("gate_closed", "no_route"))
    assert dropped >= flow.sent - flow.unsendable
    for (namespace, source), (_, destination) in pairs(net):
        assert not namespace.ping(destination, source), f"{source} → {destination}"


def test_off_vnet_packets_pass(net, off):
    vnet_reaches_everybody(net)


def test_on_peers_learn_the_other_branches(net, on):
    paths = {ONPREM1: (65001,), ONPREM2: (12076, 65020), BRANCH: (65010,)}
    for name, daemon, (address,) in net.bgp_peers():
        routes = daemon.received(address)
        ebgp = (networks.ASN,) if name == "nva-a" else ()
        for prefix in expected(name, True) - {VNET}:
            assert routes[prefix].next_hop == address, (name, prefix)
            assert routes[prefix].as_path == ebgp + paths[prefix], (name, prefix)
            assert routes[prefix].communities == ("65517:65517",), (name, prefix)


def test_on_the_networks_behind_learn_them_too(net, on):
    # ExpressRoute takes private AS numbers out; the VPN gateway shows them.
    wait_for(lambda: set(net.onprem2.received("192.168.2.1")) == {VNET, ONPREM1, BRANCH}, "routes of on-prem 2")
    assert {route.as_path for route in net.onprem2.received("192.168.2.1").values()} == {(12076,)}
    wait_for(lambda: set(net.branch.received("192.168.3.1")) == {VNET, ONPREM1, ONPREM2}, "routes of the branch")
    assert net.branch.received("192.168.3.1")[ONPREM2].as_path == (networks.ASN, 12076, 65020)
    assert net.branch.received("192.168.3.1")[ONPREM1].as_path == (networks.ASN, 65001)


def test_on_everybody_reaches_everybody(net, on):
    for (namespace, source), (_, destination) in pairs(net):
        wait_ping(namespace, source, destination)
    vnet_reaches_everybody(net)
    wait_ping(net.vnet_far, VNET_FAR_HOST, ONPREM2_HOST)


def test_on_tcp_arrives_as_it_was_sent(net, on):
    for (sender, source), (receiver, destination) in pairs(net):
        wait_ping(sender, source, destination)
        sent, received = tcp_transfer(sender, source, receiver, destination)
        assert sent == received, f"{source} → {destination}"


def test_on_traceroute_shows_our_hop(net, on):
    ours = {ONPREM1_HOST: nva_address(), ONPREM2_HOST: er_address(), BRANCH_HOST: vpn_address()}
    for (namespace, source), (_, destination) in pairs(net):
        wait_ping(namespace, source, destination)
        assert ours[source] in traceroute(namespace, source, destination), f"{source} → {destination}"
