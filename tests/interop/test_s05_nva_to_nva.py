"""S05: route exchange reflects one NVA's routes to another; without it an NVA's table is the VNets, from both instances.

Topology: pair.py with a third VNet. A is ExaBGP with AS 65010, B is played by the test, so that what reaches it can be
compared octet by octet. Exchange is off at first. Expected when it is on: path "65515 65010", the instance as next hop
(or A itself with next_hop = "unchanged"), IGP, no MED, 65517:65517; to a B that has A's AS too. Withdrawn when it goes."""

import pytest

from daemons import Exabgp
from lab import wait_for
from pair import HUB, SPOKE, SPOKE2, US, running_pair
from speaker import decode_update

VIP = "10.1.0.5/32"
ORIGIN, AS_PATH, NEXT_HOP, MED, COMMUNITIES = 1, 2, 3, 4, 8
# Withdrawn 0 octets; 31 of attributes: ORIGIN IGP, AS_PATH 65515 65010, NEXT_HOP 10.0.1.4, community 65517:65517; the VIP.
GOLDEN = bytes.fromhex("0000 001F 40010100 40020A 0202 0000FFEB 0000FDF2 400304 0A000104 C00804 FFEDFFED 20 0A010005")
GOLDEN_WITHDRAW = bytes.fromhex("0005 20 0A010005 0000")


def configure(config, i):
    config["vnet"].append({"prefix": SPOKE2, "port": "vnet0", "peered": True})


@pytest.fixture(scope="module")
def pair():
    with running_pair("test_s05_nva_to_nva", a=Exabgp, b=None, asn_a=65010, configure=configure) as pair:
        yield pair


def reconfigure(pair, **settings):
    """Other settings for B at both instances, in new sessions."""
    pair.b.stop()
    pair.b.asn = settings.get("asn", pair.b.asn)
    for bascule in pair.bascules:
        bascule.config["peers"][1].update(settings)
        bascule.write_config()
        bascule.run("reload")
    pair.b.start()


def as_path(octets):
    return octets[2:].hex(" ", 4)


def test_off_each_nva_has_the_vnets_and_no_more(pair):
    pair.a.announce(VIP)
    for bascule in pair.bascules:
        wait_for(lambda b=bascule: VIP in b.routes(), "A's route")
    for us in US:
        pair.b.hear_end(us)
        assert set(pair.b.table(us)) == {HUB, SPOKE, SPOKE2}
        wait_for(lambda us=us: set(pair.a.received(us)) == {HUB, SPOKE, SPOKE2}, "the VNets at A")
    # On, B is told of A's route, so off, nothing was on its way.
    pair.exchange(True)
    for us in US:
        assert decode_update(pair.b.next_update(us)).announced == (VIP,)


def test_on_octet_by_octet(pair):
    assert pair.b.updates[US[0]][-1] == GOLDEN
    assert pair.b.updates[US[1]][-1] == GOLDEN.replace(bytes([10, 0, 1, 4]), bytes([10, 0, 1, 5]))
    attributes = pair.b.table(US[1])[VIP]
    assert attributes[ORIGIN] == b"\0" and MED not in attributes and as_path(attributes[AS_PATH]) == "0000ffeb 0000fdf2"


def test_withdrawn_octet_by_octet(pair):
    pair.a.withdraw(VIP)
    for us in US:
        assert pair.b.next_update(us) == GOLDEN_WITHDRAW


def test_next_hop_unchanged(pair):
    reconfigure(pair, next_hop="unchanged")
    pair.a.announce(VIP)
    for us in US:
        pair.b.hear(us, VIP)
        attributes = pair.b.table(us)[VIP]
        assert attributes[NEXT_HOP] == bytes([10, 0, 2, 4]) and attributes[COMMUNITIES] == bytes.fromhex("FFEDFFED")


def test_a_receiver_of_the_same_as_is_told_all_the_same(pair):
    reconfigure(pair, asn=65010, next_hop="self")
    for us in US:
        pair.b.hear(us, VIP)
        assert as_path(pair.b.table(us)[VIP][AS_PATH]) == "0000ffeb 0000fdf2"


def test_off_again_withdraws(pair):
    pair.exchange(False)
    for us in US:
        pair.b.hear(us, VIP, withdrawn=True)
        assert set(pair.b.table(us)) == {HUB, SPOKE, SPOKE2}
