"""S15, an NVA announces what is the VNets' already.

Topology: hub.py with both kinds of gateways, NVA-A's announcements are ExaBGP's. A host of the VNet, 10.0.7.9, is
pinged by one of the peered VNet, 10.4.9.9, and by the ExpressRoute gateway, all by way of us. Route exchange is on.
Expected: all that NVA-A announces is learned but for the subnet of our own port; of what is equal to a VNet or inside
one nothing is programmed, so no flow within the VNets is stolen; the supernet and the network outside are programmed
in every view. Everybody goes on to be told of the VNet as ours."""

import pytest

from families import both_families, seen
from hub import A, BRANCH_VIEWS, MARKER, both_kinds
from networks import VNET, er_address, vnet_address
from packets import Sniffer, addresses

pytestmark = [both_kinds, both_families]
EQUAL, INSIDE, IN_SPOKE, SUPERNET = VNET, "10.0.7.0/24", "10.4.9.0/24", "10.0.0.0/8"
OUR_SUBNET = "10.0.1.0/24"
HOST, SPOKE_HOST = "10.0.7.9", "10.4.9.9"  # inside of what NVA-A announces


@pytest.fixture(scope="module")
def shared_spoke(shared_hub):
    """And a host of the hub's VNet. Each has us alone to get to the other's VNet."""
    lab = shared_hub.bascule.namespace.lab
    host, spoke = lab.namespace("host"), lab.namespace("spoke")
    host.join(lab.lans["vnet"], "vnet", f"{HOST}/16")
    spoke.join(lab.lans["vnet"], "vnet", "10.0.1.1/24")  # hub.py's next hop to the peered VNet
    spoke.host_address(SPOKE_HOST)
    for namespace, prefix in ((host, "10.0.255.32/28"), (host, "10.4.0.0/16"), (spoke, "default")):
        namespace.route(prefix, vnet_address())
    shared_hub.er.namespace.route(VNET, er_address())
    return spoke


@pytest.fixture(scope="module", autouse=True)
def spoke(shared_spoke, family):
    return seen(shared_spoke, family)


@pytest.fixture
def announced(hub):
    hub.own_subnet_before = hub.bascule.peer("nva-a")["own_subnet"]
    for prefix in (EQUAL, INSIDE, IN_SPOKE, OUR_SUBNET, SUPERNET):
        hub.a.announce(prefix, 65001)
    hub.settle()  # with MARKER, the network outside
    return hub


def test_s15_all_but_our_own_subnet_is_learned(announced):
    learned = announced.bascule.cli("show", "routes", "--peer", "nva-a", "--learned")
    assert {row["prefix"] for row in learned} == {EQUAL, INSIDE, IN_SPOKE, SUPERNET, MARKER}
    assert {row["prefix"] for row in learned if row["usable"]} == {SUPERNET, MARKER}
    assert announced.bascule.peer("nva-a")["own_subnet"] == announced.own_subnet_before + 1


def test_s15_only_the_supernet_and_the_network_outside_are_programmed(announced):
    views = (*BRANCH_VIEWS, "vnet")
    announced.wait("both in every view", lambda: announced.views(SUPERNET) == announced.views(MARKER) == set(views))
    assert {prefix for view in views for prefix in announced.bascule.fib(view)
            if A in announced.next_hops(prefix, view)} == {SUPERNET, MARKER}


def test_s15_the_vnet_is_announced_as_ours(announced):
    assert announced.hearers(SUPERNET) == announced.others("nva-a") and not announced.hearers(OUR_SUBNET)
    for name in announced.others("nva-a"):
        path = announced.told(name)[EQUAL].as_path
        assert path == ((65515,) if name == "nva-b" else ()), name


def test_s15_a_packet_follows_the_vnet_and_not_the_longer_route(announced):
    for view in (*BRANCH_VIEWS, "vnet"):
        hop, = announced.bascule.cli("show", "fib", HOST, "--view", view)
        assert hop["port"] == "vnet0", view
    announced.wait("an answer from the host", lambda: announced.er.namespace.ping(HOST))


def test_s15_no_flow_within_the_vnets_comes_by_the_nva(announced, spoke):
    with Sniffer(announced.a.namespace, "nva", lambda packet: addresses(packet)[0] == SPOKE_HOST) as wire:
        announced.wait("an answer from the host", lambda: spoke.ping(HOST, SPOKE_HOST))
        # In the supernet alone: it goes to the NVA.
        announced.wait("that packet at the NVA", lambda: spoke.ping("10.9.9.9", SPOKE_HOST) or wire.packets)
    assert {addresses(packet)[1] for packet in wire.packets} == {"10.9.9.9"}
