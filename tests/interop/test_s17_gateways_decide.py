"""S17 with gateways that decide for themselves: the routing preference holds though each of them prefers what it likes.

Topology: networks.py, route exchange is on; once FRR is the ExpressRoute gateway and BIRD the VPN gateway, once the other
way round; the NVA is FRR. 10.50.0.0/16 comes from behind the circuit (12076 65020), and as backup from the VPN site (65010), from the NVA
(65001), or from both. Expected: every view forwards as the preference says; when the winner goes, the backup takes over,
and when it comes back, so does the traffic. What loses to a gateway's own path is told to it with LOCAL_PREF 50, and to an
eBGP peer not at all. Once settled, nothing in the FIB changes, though every peer tells and is told everything again."""

import pytest

from conftest import running_networks
from daemons import Bird, Frr
from lab import wait_for
from networks import BRANCH, ERGW, NVA, ONPREM1, ONPREM2, VPNGW, er_address, nva_address, vpn_address

PREFIX = "10.50.0.0/16"
VIEWS = "expressroute", "vpn", "nva", "vnet"
LOSERS = {"vpn": {*VPNGW}, "nva": {NVA}, "both": {*VPNGW, NVA}}


@pytest.fixture(scope="module", params=[(Frr, Bird), (Bird, Frr)], ids=["frr-is-er", "bird-is-er"])
def decided(request):
    er, vpn = request.param
    with running_networks(f"{request.module.__name__}.{er.__name__}", er=er, vpn=vpn, nva=Frr) as net:
        net.bascule.exchange(True)
        yield net


@pytest.fixture(params=["expressroute", "vpn", "as_path"])
def preference(decided, request):
    decided.bascule.config["routing_preference"] = request.param
    decided.bascule.write_config()
    decided.bascule.run("reload")
    yield request.param
    circuit(decided, False)
    backups(decided, None)
    wait_for(lambda: PREFIX not in decided.bascule.routes(), "no path at all")


def circuit(net, up):
    net.onprem2.originate(ONPREM2, *([PREFIX] if up else []))


def backups(net, losers):
    net.branch.originate(BRANCH, *([PREFIX] if losers in ("vpn", "both") else []))
    net.nva.originate(ONPREM1, *([PREFIX] if losers in ("nva", "both") else []))


def by(net, view):
    row = net.bascule.fib(view).get(PREFIX)
    return {hop["gateway"] for hop in row["next_hops"]} if row else set()


def used(net):
    """{view: whom it forwards the prefix to}"""
    return {view: by(net, view) for view in VIEWS}


def expected(winners):
    """A view does not use what its role may not: circuit to circuit, and VPN to VPN."""
    if winners == {ERGW}:
        return {"vpn": winners, "nva": winners, "vnet": winners}
    return {"expressroute": winners, "vnet": winners}


def wait_used(net, winners):
    wait_for(lambda: all(by(net, view) == hops for view, hops in expected(winners).items()),
             f"{PREFIX} by {winners}")


def told(daemon, us):
    """(AS path, local preference) of what a daemon has been told; None: nothing."""
    route = daemon.received(us).get(PREFIX)
    return (route.as_path, route.local_pref) if route else None


def changes(net):
    return net.bascule.summary()["fib"]["changes"]


def nothing_moves(net):
    net.tell_all_again()  # what gateways made of it has come back
    before = changes(net)
    for _ in range(2):
        net.tell_all_again()
    assert changes(net) == before


@pytest.mark.parametrize("losers", LOSERS)
def test_the_preference_holds(decided, preference, losers):
    net = decided
    circuit(net, True)
    wait_used(net, {ERGW})
    backups(net, losers)
    winners = {ERGW} if preference == "expressroute" else LOSERS[losers]
    wait_used(net, winners)
    if preference == "expressroute":
        length_one = {(65010,), (65001,)}
        everybody = {"ergw/0"} | {peer for peer, _, _ in net.bgp_peers() if losers == "both"
                                  or peer.startswith(losers)}
        wait_for(lambda: {row["peer"] for row in net.bascule.routes()[PREFIX]} == everybody, "all paths")
        wait_for(lambda: (told(net.ergw, er_address()) or (0, 0))[1] == 50, "the backup at the ExpressRoute gateway")
        assert told(net.ergw, er_address())[0] in length_one
        wait_for(lambda: told(net.vpngw[0], vpn_address()) == ((12076, 65020), 100), "the best at the VPN gateway")
        wait_for(lambda: told(net.nva, nva_address()) is not None, "the best at the NVA")
        paths = {row["peer"]: row for row in net.bascule.cli("show", "routes", PREFIX)}
        assert any(row.get("backup_to") == ["ergw/0"] for row in paths.values())
        assert paths["ergw/0"]["best"] and "backup_to" not in paths["ergw/0"]
    nothing_moves(net)
    wait_used(net, winners)


@pytest.mark.parametrize("losers", LOSERS)
def test_traffic_returns(decided, preference, losers):
    """The winner goes and comes ten times."""
    net = decided
    circuit(net, True)
    backups(net, losers)
    winners, others = {ERGW}, LOSERS[losers]

    def winner(up):
        if preference == "expressroute":
            circuit(net, up)
        else:
            backups(net, losers if up else None)

    if preference != "expressroute":
        winners, others = others, winners
    wait_used(net, winners)
    for _ in range(10):
        winner(False)
        wait_used(net, others)
        winner(True)
        wait_used(net, winners)
    nothing_moves(net)


def test_the_circuit_is_killed(decided):
    """Not a route but the circuit itself: the gateway's session with the edge router ends and is made anew."""
    net = decided
    net.bascule.config["routing_preference"] = "expressroute"
    net.bascule.write_config()
    net.bascule.run("reload")
    circuit(net, True)
    backups(net, "both")
    wait_used(net, {ERGW})
    for _ in range(2):
        net.ergw.namespace.link("circuit", False)
        net.msee.namespace.link("circuit", False)
        wait_used(net, LOSERS["both"])
        net.ergw.namespace.link("circuit", True)
        net.msee.namespace.link("circuit", True)
        wait_used(net, {ERGW})
    circuit(net, False)
    backups(net, None)
    wait_for(lambda: PREFIX not in net.bascule.routes(), "no path at all")
