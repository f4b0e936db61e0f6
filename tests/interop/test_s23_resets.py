"""S23, resets of a peer by its operator: `bascule peer NAME reset`, with `--soft-in` or `--soft-out`.

Topology: played.py with GoBGP as NVA-B and FRR as the ExpressRoute gateway; NVA-A is the test's own speaker, NVA-C too
and without route refresh. Expected: a soft reset in sends ROUTE-REFRESH and a soft reset out sends the whole Adj-RIB-
Out again, while the session's uptime goes on; a hard one ends the session with Cease/4, and that peer's alone. What
cannot be done is refused with the reason."""

import pytest

from daemons import Frr, Gobgp
from families import both_families, once, seen
from lab import wait_for
from played import US, US_ER, running_hub
from speaker import ROUTE_REFRESH

pytestmark = both_families
AFI_SAFI = {b"\x00\x01\x00\x01", b"\x00\x02\x00\x01"}  # unicast of IPv4, of IPv6
ADMINISTRATIVE_RESET = (6, 4)
DAEMONS = [("nva-b", "172.16.2.0/24"), ("ergw/0", "10.20.0.0/16")]


@pytest.fixture(scope="module")
def shared_hub():
    with running_hub(nvas=["nva-c"], nva_b=Gobgp, er=Frr, both=True) as hub:
        yield hub


@pytest.fixture(scope="module")
def hub(shared_hub, family):
    return seen(shared_hub, family)


@pytest.fixture
def nva_a(hub):
    nva = hub.nva_a.establish()
    yield nva
    nva.close()


def sessions(hub):
    return {"nva-b": hub.nva_b.session(US), "ergw/0": hub.ergw.session(US_ER)}


def reset(hub, *words):
    return hub.bascule.run("peer", *words, check=False)


def advertised(hub, name):
    return {row["prefix"] for row in hub.bascule.cli("show", "routes", "--peer", name, "--advertised")}


def all_of(prefixes):
    """For wait_update(): when each of them has been announced from here on."""
    missing = set(prefixes)

    def heard(withdrawn, announced):
        missing.difference_update(announced)
        return not missing

    return heard


@once
def test_s23_soft_in_asks_for_the_routes_again(hub, nva_a):
    before = nva_a.row()["established"]
    assert reset(hub, "nva-a", "reset", "--soft-in").returncode == 0
    asked = {nva_a.connection.wait(ROUTE_REFRESH)[1] for _ in AFI_SAFI}
    assert asked == AFI_SAFI
    assert nva_a.row()["established"] == before


@pytest.mark.parametrize("name, prefix", DAEMONS)
def test_s23_daemons_answer_soft_in_and_take_soft_out(hub, name, prefix):
    before, marks = hub.bascule.peer(name), sessions(hub)
    assert reset(hub, name, "reset", "--soft-in").returncode == 0
    wait_for(lambda: hub.bascule.peer(name)["rx_updates"] > before["rx_updates"], f"the routes of {name} again")
    sent = hub.bascule.peer(name)["tx_updates"]
    assert reset(hub, name, "reset", "--soft-out").returncode == 0
    wait_for(lambda: hub.bascule.peer(name)["tx_updates"] > sent, f"ours to {name} again")
    assert prefix in hub.bascule.routes() and sessions(hub) == marks
    assert hub.bascule.peer(name)["established"] == before["established"]


def test_s23_soft_out_sends_everything_again(hub, nva_a):
    told = {"10.0.0.0/16", "172.16.2.0/24", "10.20.0.0/16"}
    wait_for(lambda: advertised(hub, "nva-a") == told, "all routes for NVA-A")
    assert nva_a.connection.wait_update(all_of(told))
    assert reset(hub, "nva-a", "reset", "--soft-out").returncode == 0
    assert ROUTE_REFRESH not in nva_a.connection.wait_update(all_of(told))
    assert advertised(hub, "nva-a") == told


@once
def test_s23_hard_ends_that_session_alone(hub, nva_a):
    marks, before = sessions(hub), nva_a.row()["established"]
    assert reset(hub, "nva-a", "reset").returncode == 0
    assert nva_a.connection.notification() == ADMINISTRATIVE_RESET
    nva_a.close()
    nva_a.establish()
    assert nva_a.row()["established"] == before + 1
    assert sessions(hub) == marks


def test_s23_a_daemon_comes_back_after_a_hard_reset(hub):
    marks, before = sessions(hub), hub.bascule.peer("ergw/0")["established"]
    assert reset(hub, "ergw/0", "reset").returncode == 0
    wait_for(lambda: hub.bascule.peer("ergw/0")["established"] == before + 1, "a new session of the gateway", 60)
    wait_for(lambda: "10.20.0.0/16" in hub.bascule.routes(), "its routes")
    after = sessions(hub)
    assert {name for name in marks if after[name] != marks[name]} == {"ergw/0"}


@once
def test_s23_what_cannot_be_done_says_why(hub):
    nva = hub.nvas["nva-c"]

    def refused(why, *words):
        done = reset(hub, *words)
        return done.returncode == 1 and why in done.stderr

    assert refused("peer nva-c is not up", "nva-c", "reset", "--soft-in")
    assert refused("nobody", "nobody", "reset")
    nva.establish(refresh=False)
    before = nva.row()["established"]
    assert refused("peer nva-c has no route refresh", "nva-c", "reset", "--soft-in")
    assert nva.row()["established"] == before
    assert reset(hub, "nva-c", "reset", "--soft-out").returncode == 0
    nva.close()
