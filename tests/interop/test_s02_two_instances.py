"""S02, the VNets change at both instances: each asks its NVAs for their routes anew, then tells them the network.

Topology: pair.py; A is FRR, which counts what it is asked, B is played by the test. The configuration of both
instances gains the peered network 10.5.0.0/16 and loses it again. Expected, from each instance: one ROUTE-REFRESH
(RFC 2918), then the network by path "65515" with the instance as next hop; then its withdrawal. No session moves
and no route of A's goes."""

import pytest

from daemons import Frr
from lab import wait_for
from pair import ASN, HUB, SPOKE, SPOKE2, US, running_pair
from speaker import ROUTE_REFRESH

OF_A = "172.16.1.0/24"
VNET = {"prefix": SPOKE2, "port": "vnet0", "peered": True}


@pytest.fixture(scope="module")
def pair():
    with running_pair("test_s02_two_instances", a=lambda *args: Frr(*args, [OF_A]), b=None) as pair:
        for bascule, us in zip(pair.bascules, US):
            wait_for(lambda b=bascule: OF_A in b.routes(), "A's route")
            wait_for(lambda us=us: {HUB, SPOKE} == set(pair.a.received(us)), "the VNets at A")
            pair.b.hear_end(us)
        yield pair


def change_vnets(pair, change):
    for bascule in pair.bascules:
        change(bascule.config["vnet"])
        bascule.write_config()
        bascule.run("reload")


def test_s02_both_instances_ask_and_tell(pair):
    sessions = [pair.a.session(us) for us in US]
    asked = [pair.a.refreshes(us) for us in US]
    change_vnets(pair, lambda vnets: vnets.append(VNET))
    for us, before in zip(US, asked):
        wait_for(lambda us=us: SPOKE2 in pair.a.received(us), f"the network at A from {us}")
        route = pair.a.received(us)[SPOKE2]
        assert (route.as_path, route.next_hop, route.communities) == ((ASN,), us, ("65518:65518",))
        assert pair.a.refreshes(us) == before + 1
        assert pair.b.connections[us].wait(ROUTE_REFRESH)
        pair.b.hear(us, SPOKE2)

    change_vnets(pair, lambda vnets: vnets.remove(VNET))
    for us in US:
        wait_for(lambda us=us: {HUB, SPOKE} == set(pair.a.received(us)), f"the withdrawal at A from {us}")
        pair.b.hear(us, SPOKE2, withdrawn=True)
    assert [pair.a.session(us) for us in US] == sessions
    assert all(OF_A in bascule.routes() for bascule in pair.bascules)
