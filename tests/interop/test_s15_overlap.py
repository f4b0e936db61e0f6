"""S15, an NVA announces what is the VNets' already.

Topology: hub.py, NVA-A's announcements are ExaBGP's; a host of the VNet, 10.0.7.9, and the ExpressRoute gateway's namespace that
pings it. Route exchange is on. Expected: all that NVA-A announces is learned but for the subnet of our own port; of what is equal
to a VNet or inside one nothing is programmed, so no flow within the VNet is stolen; the supernet and the network outside are
programmed in every view. Everybody goes on to be told of the VNet as ours."""

import pytest

from hub import A, BRANCH_VIEWS, MARKER
from networks import VNET, er_address, vnet_address

EQUAL, INSIDE, IN_SPOKE, SUPERNET = VNET, "10.0.7.0/24", "10.4.9.0/24", "10.0.0.0/8"
OUR_SUBNET = "10.0.1.0/24"
HOST = "10.0.7.9"


@pytest.fixture(scope="module", autouse=True)
def host(shared_hub):
    lab = shared_hub.bascule.namespace.lab
    namespace = lab.namespace("host")
    namespace.join(lab.lans["vnet"], "vnet", f"{HOST}/16")
    namespace.route("10.0.255.32/28", vnet_address())
    shared_hub.er.namespace.route(VNET, er_address())


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
    assert {prefix for view in views for prefix in announced.bascule.fib(view)
            if A in announced.next_hops(prefix, view)} == {SUPERNET, MARKER}
    assert announced.views(SUPERNET) == announced.views(MARKER) == set(views)


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
