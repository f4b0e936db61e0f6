"""S09, an NVA's routes across ExpressRoute: the edge takes private AS numbers out of paths, so prepending is not seen
there.

Topology: networks.py, the NVA is ExaBGP. MSEE and on-premises are BIRDs that behave as documented: the MSEE removes
private AS numbers. Exchange is on. Expected: on-premises sees 12076 alone, or 12076 and the public numbers of the
path; the NVA sees the path behind the circuit whole."""

import pytest

from daemons import Exabgp
from families import both_families
from lab import wait_for
from networks import ASN, NVA, ONPREM1, ONPREM2, er_address, nva_address

pytestmark = both_families
MSEE = "192.168.2.1"  # as on-premises sees it
NETWORKS = {"nva": Exabgp}


@pytest.fixture(scope="module", autouse=True)
def exchange(net):
    net.bascule.exchange(True)


def wait_path(daemon, peer, prefix, path):
    wait_for(lambda: (route := daemon.received(peer).get(prefix)) and route.as_path == path,
             f"{prefix} by {path} at {daemon.name}")


@pytest.mark.parametrize("prefix, path, seen", [("172.16.2.0/24", (65001, 65001, 65001), (12076,)),
                                                ("172.16.3.0/24", (65001, 3356), (12076, 3356))],
                         ids=["prepended", "public"])
def test_s09_what_on_premises_sees_of_an_nvas_path(net, prefix, path, seen):
    net.nva.announce(prefix, *path)
    wait_path(net.ergw, er_address(), prefix, path)  # nothing is taken out before
    wait_path(net.onprem2, MSEE, prefix, seen)


def test_s09_what_the_nva_sees(net):
    wait_path(net.nva, nva_address(), ONPREM2, (ASN, 12076, 65020))
    row = wait_for(lambda: net.bascule.fib("expressroute").get(ONPREM1), "the way back")
    assert {hop["gateway"] for hop in row["next_hops"]} == {NVA}
