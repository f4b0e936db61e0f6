"""S05: route exchange reflects one NVA's routes to another; without it an NVA's table is the VNets, from both
instances.

Topology: pair.py. A is ExaBGP with AS 65010 and announces 10.1.0.5/32 with a MED, B is played by the test, so that
what reaches it can be compared octet by octet. Exchange is off when a test begins. Expected with it off: either has
the VNets and no more, a third one too that is configured after the other had announced. On: the other's route by
path "65515 65010", with the instance as next hop (or A itself with next_hop = "unchanged"), IGP, no MED,
65517:65517; withdrawn when it goes and when exchange is switched off. What an NVA with the other's AS number does
is in test_s05_same_as.py."""

import pytest

from daemons import Exabgp
from lab import wait_for
from pair import A, HUB, SPOKE, SPOKE2, US, running_pair
from speaker import decode_update

VIP, OF_B = "10.1.0.5/32", "172.16.2.0/24"
AS_PATH, NEXT_HOP, MED, COMMUNITIES = 2, 3, 4, 8
VNETS = {HUB, SPOKE}
# Withdrawn 0 octets; 31 of attributes: ORIGIN IGP, AS_PATH 65515 65010, NEXT_HOP 10.0.1.4, community 65517:65517; the VIP.
GOLDEN = bytes.fromhex("0000 001F 40010100 40020A 0202 0000FFEB 0000FDF2 400304 0A000104 C00804 FFEDFFED 20 0A010005")
GOLDEN_OF = {US[0]: GOLDEN, US[1]: GOLDEN.replace(bytes([10, 0, 1, 4]), bytes([10, 0, 1, 5]))}
GOLDEN_WITHDRAW = bytes.fromhex("0005 20 0A010005 0000")


@pytest.fixture(scope="module")
def shared_pair():
    with running_pair("test_s05_nva_to_nva", a=Exabgp, b=None, asn_a=65010) as pair:
        for us in US:
            pair.b.hear_end(us)
        yield pair


@pytest.fixture
def pair(shared_pair):
    """Exchange is off, A's route is learned. Nothing of a test is left to the next one."""
    pair = shared_pair
    pair.a.announce(VIP, med=50)
    wait_learned(pair, VIP, med=50)
    yield pair
    pair.exchange(False)
    pair.a.withdraw(VIP)
    for bascule in pair.bascules:
        wait_for(lambda b=bascule: VIP not in b.routes(), f"{VIP} gone from {bascule.name}")
    for us in US:
        wait_tables(pair, us, VNETS)
        wait_for(lambda us=us: set(pair.a.received(us)) == VNETS, f"the VNets alone at A from {us}")


def wait_learned(pair, prefix, med=None):
    for bascule in pair.bascules:
        wait_for(lambda b=bascule: prefix in b.routes(), f"{prefix} at {bascule.name}")
        assert bascule.routes()[prefix][0].get("med") == med


def wait_tables(pair, us, prefixes):
    """Read what there is for B until its table is that."""
    while set(pair.b.table(us)) != prefixes:
        pair.b.next_update(us)


def reload(pair):
    for bascule in pair.bascules:
        bascule.write_config()
        bascule.run("reload")


@pytest.fixture
def b_announces(pair):
    pair.b.announce(OF_B)
    wait_learned(pair, OF_B)
    yield
    pair.b.withdraw(OF_B)


@pytest.fixture
def third_vnet(pair, b_announces):
    for bascule in pair.bascules:
        bascule.config["vnet"].append({"prefix": SPOKE2, "port": "vnet0", "peered": True})
    reload(pair)
    yield VNETS | {SPOKE2}
    for bascule in pair.bascules:
        bascule.config["vnet"].pop()
    reload(pair)


def test_s05_off_each_nva_has_three_vnets_of_each_instance_and_no_more(pair, third_vnet):
    for us in US:
        wait_for(lambda us=us: SPOKE2 in pair.a.received(us), "the third VNet at A")  # the last of the news
        pair.b.hear(us, SPOKE2)
        assert set(pair.a.received(us)) == set(pair.b.table(us)) == third_vnet
    pair.exchange(True)
    for us in US:
        wait_for(lambda us=us: set(pair.a.received(us)) == third_vnet | {OF_B}, "B's route at A")
        wait_tables(pair, us, third_vnet | {VIP})


def test_s05_on_octet_by_octet(pair):
    pair.exchange(True)
    for us in US:
        assert pair.b.next_update(us) == GOLDEN_OF[us]
        assert MED not in pair.b.table(us)[VIP]


def test_s05_withdrawn_octet_by_octet(pair):
    pair.exchange(True)
    for us in US:
        pair.b.hear(us, VIP)
    pair.a.withdraw(VIP)
    for us in US:
        assert pair.b.next_update(us) == GOLDEN_WITHDRAW


@pytest.fixture
def unchanged(pair):
    set_next_hop(pair, "unchanged")
    yield
    set_next_hop(pair, "self")


def set_next_hop(pair, value):
    """For B, which takes new sessions."""
    pair.b.stop()
    for bascule in pair.bascules:
        bascule.config["peers"][1]["next_hop"] = value
    reload(pair)
    pair.b.start()
    for us in US:
        pair.b.hear_end(us)


def test_s05_next_hop_unchanged(pair, unchanged):
    pair.exchange(True)
    for us in US:
        attributes = decode_update(pair.b.hear(us, VIP)).attributes
        assert attributes[NEXT_HOP] == bytes(int(octet) for octet in A.split("."))
        assert attributes[COMMUNITIES] == bytes.fromhex("FFEDFFED")
        assert attributes[AS_PATH][2:].hex(" ", 4) == "0000ffeb 0000fdf2"


def test_s05_off_again_withdraws(pair, b_announces):
    pair.exchange(True)
    for us in US:
        pair.b.hear(us, VIP)
        wait_for(lambda us=us: OF_B in pair.a.received(us), "B's route at A")
    pair.exchange(False)
    for us in US:
        pair.b.hear(us, VIP, withdrawn=True)
        wait_for(lambda us=us: set(pair.a.received(us)) == VNETS, "the VNets alone at A")
        assert set(pair.b.table(us)) == VNETS
