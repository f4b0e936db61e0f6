"""S01: what an NVA announces is learned by both instances, shown with what Azure's rows have, and programmed; the
VNets' prefixes are advertised to it, and its own routes are not.

Topology: pair.py; A is BIRD, B is ExaBGP. A announces two prefixes. Expected, from each instance: two learned rows
(path 65001, next hop and source A, eBGP, the instance's local address); the two VNets advertised with path 65515,
the instance as next hop, origin IGP, 65518:65518 on the peered one alone; both prefixes in the FIB that VNet hosts
follow, via A, and not in that of the NVAs' side, where the hub VNet is here. Packets of hosts are in
test_s01_hosts.py."""

import pytest

from daemons import Bird
from families import FAMILIES, V6, both_families, once, seen
from lab import wait_for
from pair import A, HUB, SPOKE, US, running_pair

pytestmark = both_families
ROUTES = {"172.16.1.0/24", "172.16.2.0/24"}
OF_BOTH = len(ROUTES) * len(FAMILIES)  # and as many VNets


@pytest.fixture(scope="module")
def shared_pair():
    with running_pair("test_s01_learn_advertise", a=lambda *args: Bird(*args, sorted(ROUTES)), both=True) as pair:
        yield pair


@pytest.fixture(scope="module")
def pair(shared_pair, family):
    pair = seen(shared_pair, family)
    for bascule in pair.bascules:
        wait_for(lambda b=bascule: ROUTES <= set(b.routes()), "A's routes")
    for us in US:
        wait_for(lambda us=us: {HUB, SPOKE} <= set(pair.a.received(us)), "the VNets at A")
    return pair


@pytest.mark.parametrize("i", (0, 1))
def test_learned(pair, i):
    rows = pair.bascules[i].cli("show", "routes", "--peer", "nva-a", "--learned")
    assert {row["prefix"] for row in rows} == ROUTES and len(rows) == 2
    for row in rows:
        azure = {"network": row["prefix"], "nextHop": row["next_hop"], "asPath": row["as_path"].replace(" ", "-"),
                 "sourcePeer": row["peer_address"], "origin": row["source"], "localAddress": row["local_address"]}
        assert azure == {"network": row["prefix"], "nextHop": A, "asPath": "65001", "sourcePeer": A, "origin": "ebgp",
                         "localAddress": US[i]}


@pytest.mark.parametrize("i", (0, 1))
def test_advertised(pair, i):
    rows = {row["prefix"]: row for row in pair.bascules[i].cli("show", "routes", "--peer", "nva-a", "--advertised")}
    assert set(rows) == {HUB, SPOKE}  # not its own
    for row in rows.values():
        assert (row["as_path"], row["origin"], row["local_address"]) == ("65515", "igp", US[i])
        assert row["next_hop"] == US[i]
        assert row["source"] == "local" and "peer_address" not in row


@pytest.mark.parametrize("us", US)
def test_on_the_wire(pair, us):
    heard = pair.a.received(us)
    assert {prefix: (route.as_path, route.next_hop, route.communities) for prefix, route in heard.items()} == {
        HUB: ((65515,), us, ()), SPOKE: ((65515,), us, ("65518:65518",))}


@pytest.mark.parametrize("i", (0, 1))
def test_programmed_for_the_vnets(pair, i):
    wait_for(lambda: pair.next_hops(i, "vnet", *sorted(ROUTES)) == [{A}, {A}], "both routes, by way of A")
    # The hub is behind the NVAs' port here: its hosts have what NVAs have, so nothing of A without route exchange.
    assert pair.next_hops(i, "nva", *sorted(ROUTES)) == [set(), set()]


@once
@pytest.mark.parametrize("i", (0, 1))
def test_rows_of_peers_have_what_azure_measures(pair, i):
    """S30: status, counts, type and instance of each peer."""
    rows = pair.bascules[i].peers()
    assert {(row["state"], row["role"], row["learned"], row["advertised"], row["instance"])
            for row in (rows["nva-a"],)} == {("Established", "nva", OF_BOTH, OF_BOTH, pair.bascules[i].name)}
    assert rows["nva-b"]["learned"] == 0


@once
def test_both_hear_the_same(pair):
    def looked():
        """What instance 0 saw of A when it last looked at both."""
        row = next((row for row in pair.bascules[0].cli("show", "partner", check=False) or () if row["address"] == A), {})
        return [row.get(name) for name in ("name_there", "learned", "learned_there", "verdict", "alarm")]

    wait_for(lambda: looked() == ["nva-a", OF_BOTH, OF_BOTH, "same", False], "a look after A has told both")
    assert pair.bascules[0].peers()["nva-a"]["digest"] == pair.bascules[1].peers()["nva-a"]["digest"] != "0" * 16
    assert pair.bascules[0].cli("show", "partner", "nva-a") == []
