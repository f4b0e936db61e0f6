"""S10, ExpressRoute and VPN learn of each other, and of a network behind the VPN gateway that speaks no BGP.

Topology: networks.py with BIRD as the ExpressRoute gateway and as both VPN gateway instances, FRR as the NVA.
10.30.0.0/16 is a local network gateway's: the VPN gateways have it by a static route, so that they announce it by
an empty AS path. Expected with exchange on: the CPE has on-prem 2 by "65515 12076 65020" from each gateway
instance; on-prem 2 has the branch and the static network from its edge (path 12076: private numbers are gone), the
NVA by "65515 65010" and "65515". With the branch's BGP down the static network alone is left; with exchange off,
nothing of this."""

import pytest

from daemons import Bird, Frr
from families import both_families
from lab import wait_for
from networks import ASN, BRANCH, BRANCH_HOST, ONPREM1, ONPREM2, ONPREM2_HOST, VNET, nva_address

pytestmark = both_families
STATIC = "10.30.0.0/16"
NETWORKS = {"er": Bird, "vpn": Bird, "nva": Frr, "vpn_static": [STATIC]}
TUNNELS, EDGE, US = ("192.168.3.1", "192.168.3.2"), "192.168.2.1", nva_address()
# The static network is the gateway's own news.
AT_BRANCH = {VNET: (ASN,), ONPREM1: (ASN, 65001), ONPREM2: (ASN, 12076, 65020), STATIC: (ASN,)}
AT_ONPREM = {prefix: (12076,) for prefix in (VNET, ONPREM1, BRANCH, STATIC)}
AT_NVA = {VNET: (ASN,), ONPREM2: (ASN, 12076, 65020), BRANCH: (ASN, 65010), STATIC: (ASN,)}


def wait_paths(daemon, peer, expected):
    """Until `daemon` has from `peer` just these routes: {prefix: AS path}."""
    wait_for(lambda: {prefix: route.as_path for prefix, route in daemon.received(peer).items()} == expected,
             f"{expected} at {daemon.name}")


def wait_branch(net, expected):
    for tunnel in TUNNELS:
        wait_paths(net.branch, tunnel, expected)


def without(routes, *prefixes):
    return {prefix: path for prefix, path in routes.items() if prefix not in prefixes}


@pytest.fixture(autouse=True)
def on(net):
    """Every test begins when all have learned all."""
    net.bascule.exchange(True)
    wait_branch(net, AT_BRANCH)
    wait_paths(net.onprem2, EDGE, AT_ONPREM)
    wait_paths(net.nva, US, AT_NVA)
    yield
    net.bascule.exchange(False)


def test_s10_on_packets_pass_as_the_routes_say(net):
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")


def test_s10_the_static_network_is_left_without_the_branch(net):
    net.branch.stop()
    wait_paths(net.nva, US, without(AT_NVA, BRANCH))
    wait_paths(net.onprem2, EDGE, without(AT_ONPREM, BRANCH))
    net.branch.start()
    wait_paths(net.nva, US, AT_NVA)


def test_s10_off_nobody_learns_of_the_other(net):
    sessions = net.sessions()
    net.bascule.exchange(False)
    wait_paths(net.nva, US, {VNET: (ASN,)})
    wait_paths(net.onprem2, EDGE, {VNET: (12076,)})
    wait_branch(net, {VNET: (ASN,), STATIC: (ASN,)})
    assert net.sessions() == sessions
