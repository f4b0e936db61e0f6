"""S05, two NVAs of one AS number: each is told the other's routes all the same, and drops them itself.

Topology: pair.py; A is ExaBGP, B is FRR, both of AS 65010; exchange is on. Expected: from each instance B receives A's
network by "65515 65010" and does not accept it, for its own number is in the path (RFC 4271 9.1.2); nor does it refuse
anything else. With as_override it gets "65515 65515" and accepts it."""

import pytest

from daemons import Exabgp, Frr
from lab import wait_for
from pair import ASN, HUB, SPOKE, US, running_pair

NETWORK = "172.16.9.0/24"


@pytest.fixture(scope="module")
def pair():
    with running_pair("test_s05_same_as", a=Exabgp, b=Frr, asn_a=65010, asn_b=65010) as pair:
        pair.exchange(True)
        pair.a.announce(NETWORK)
        yield pair


def wait_path(pair, us, *path):
    wait_for(lambda: (route := pair.b.received(us).get(NETWORK)) and route.as_path == path, f"{path} at B from {us}")


def override(pair, value):
    for bascule in pair.bascules:
        bascule.config["peers"][1]["as_override"] = value
        bascule.write_config()
        bascule.run("reload")


@pytest.mark.parametrize("us", US)
def test_s05_the_receiver_drops_its_own_number(pair, us):
    wait_path(pair, us, ASN, 65010)
    assert set(pair.b.received(us)) == {HUB, SPOKE, NETWORK}
    wait_for(lambda: set(pair.b.accepted(us)) == {HUB, SPOKE}, "the VNets alone accepted")


def test_s05_as_override_makes_it_acceptable(pair):
    override(pair, True)
    for us in US:
        wait_for(lambda us=us: NETWORK in pair.b.accepted(us), f"the network accepted from {us}")
        assert pair.b.accepted(us)[NETWORK].as_path == (ASN, ASN)
    override(pair, False)
    for us in US:
        wait_path(pair, us, ASN, 65010)
        wait_for(lambda us=us: NETWORK not in pair.b.accepted(us), f"the network refused from {us}")
