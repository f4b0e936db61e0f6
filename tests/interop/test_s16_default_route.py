"""S16, an NVA announces a default route.

Topology: networks.py with FRR as the ExpressRoute gateway, BIRD as the VPN gateways and GoBGP as the NVA; behind
them their networks, and one more host on the NVA's own subnet. Route exchange is on. Expected: 0.0.0.0/0 is in
every view by the NVA, that of the NVA's own subnet too, so that a packet from there would turn round at the NVA until
its TTL is over, if we did not drop what would go back to the neighbour that it came from; unless the NVA has another
way out. ExpressRoute's on-premises network learns it, the branch behind
the VPN gateway does not. The halves 0.0.0.0/1 and 128.0.0.0/1 go to both."""

import pytest

from daemons import Bird, Frr, Gobgp
from families import both_families
from lab import wait_for
from networks import NVA, ONPREM1, ONPREM1_HOST, nva_address, vpn_address

pytestmark = both_families
DEFAULT, HALVES = "0.0.0.0/0", {"0.0.0.0/1", "128.0.0.0/1"}
LATER = "172.16.9.0/24"
OUTSIDE = "198.51.100.9"  # reached by nothing but a default route
NETWORKS = {"er": Frr, "vpn": Bird, "nva": Gobgp}
ONPREM, CPE = ("onprem2", "192.168.2.1"), ("branch", "192.168.3.1")


@pytest.fixture(autouse=True)
def on(net):
    net.bascule.exchange(True)
    wait_for(lambda: ONPREM1 in heard(net, ONPREM) and ONPREM1 in heard(net, CPE), "the NVA's own network at both")


@pytest.fixture(scope="module")
def neighbour(net):
    """A host on the NVA's subnet that sends everything to us."""
    namespace = net.appliance("neighbour", "10.0.2.77/24")
    namespace.route("default", nva_address())
    # The NVA would tell it, rightly, that we are the better router.
    net.nva.namespace.run("sysctl", "-qw", "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.nva.send_redirects=0")
    namespace.run("sysctl", "-qw", "net.ipv6.conf.nva.accept_redirects=0")
    return namespace


@pytest.fixture
def default(net):
    net.nva.announce(DEFAULT)
    wait_for(lambda: DEFAULT in heard(net, ONPREM), "the default route at on-prem 2")
    yield
    net.nva.withdraw(DEFAULT)
    wait_for(lambda: DEFAULT not in heard(net, ONPREM) and DEFAULT not in net.bascule.fib("vnet"), "its end")


def heard(net, who):
    name, peer = who
    return set(getattr(net, name).received(peer))


def test_s16_it_is_in_every_view_and_goes_to_expressroute_alone(net, default):
    for view in ("expressroute", "vpn", "nva", "vnet"):
        hop, = net.bascule.fib(view)[DEFAULT]["next_hops"]
        assert hop["gateway"] == NVA, view
    net.nva.announce(LATER)  # comes after it, and gets to where it does not
    for gateway in net.vpngw:
        wait_for(lambda g=gateway: LATER in g.received(vpn_address()), f"a later route at {gateway.name}")
        assert DEFAULT not in gateway.received(vpn_address())
    wait_for(lambda: LATER in heard(net, CPE), "a later route at the branch")
    assert DEFAULT not in heard(net, CPE)
    net.nva.withdraw(LATER)


def test_s16_packets_of_the_nvas_subnet_loop_unless_it_has_a_way_out(net, default, neighbour):
    def ping():
        return neighbour.run("ping", "-n", "-c1", "-W1", "-t9", OUTSIDE, check=False)

    def bounced():
        return net.bascule.drops().get("bounce", 0)

    before = bounced()
    wait_for(lambda: "exceeded" not in ping().stdout and bounced() > before, "a packet that turns round")
    net.onprem1.host_address(OUTSIDE)
    net.nva.namespace.route("default", ONPREM1_HOST)  # as a user-defined route 0.0.0.0/0 to the Internet
    wait_for(lambda: ping().returncode == 0, "an answer from outside")
    net.nva.namespace.route("default", nva_address())


def test_s16_its_halves_go_to_both(net):
    for half in HALVES:
        net.nva.announce(half)
    wait_for(lambda: HALVES <= heard(net, ONPREM) and HALVES <= heard(net, CPE), "the halves at both")
    for half in HALVES:
        net.nva.withdraw(half)
    wait_for(lambda: not HALVES & (heard(net, ONPREM) | heard(net, CPE)), "their end")
