"""S09, an NVA's routes across ExpressRoute: the edge takes private AS numbers out of paths, so prepending is not seen there.

Topology: networks.py, the NVA is ExaBGP. MSEE and on-premises are BIRDs that behave as documented: the MSEE removes private
AS numbers. Exchange is on. Expected: on-premises sees 12076 alone, or 12076 and the public numbers of the path; the NVA
sees the path behind the circuit whole."""

import pytest

from daemons import Exabgp
from lab import wait_for
from networks import ASN, NVA, ONPREM1, ONPREM2, nva_address

MSEE = "192.168.2.1"  # as on-premises sees it
NETWORKS = {"nva": Exabgp}


@pytest.fixture(scope="module", autouse=True)
def exchange(net):
    net.bascule.exchange(True)


@pytest.mark.parametrize("path, seen", [((65001, 65001, 65001), (12076,)), ((65001, 3356), (12076, 3356))],
                         ids=["prepended", "public"])
def test_s09_what_on_premises_sees_of_an_nvas_path(net, path, seen):
    net.nva.announce(ONPREM1, *path)
    wait_for(lambda: (route := net.onprem2.received(MSEE).get(ONPREM1)) and route.as_path == seen, f"path {seen}")
    gateway = net.ergw.received("10.0.255.33")[ONPREM1]
    assert gateway.as_path == path  # nothing is taken out before


def test_s09_what_the_nva_sees(net):
    wait_for(lambda: ONPREM2 in net.nva.received(nva_address()), "the route of on-premises 2")
    assert net.nva.received(nva_address())[ONPREM2].as_path == (ASN, 12076, 65020)
    assert {hop["gateway"] for hop in net.bascule.fib("expressroute")[ONPREM1]["next_hops"]} == {NVA}
