"""S24: the switch of route exchange is moved while sessions live long. Off to on, whatever is missing is sent; on to
off, it is withdrawn; no session moves; and quick moves, ten or eleven, end where a fresh start does, in what peers are
told, in the views and at the gate. What packets meet meanwhile is in test_s24_exchange_packets.py.

Topology: hub.py, with both kinds of gateways; a route of each, one that two NVAs share and one that ExpressRoute
and the VPN share."""

import pytest

from families import both_families, seen
from hub import BRANCH_VIEWS, GATEWAYS, SPEAKERS, VNETS, running_hub

pytestmark = both_families
ROUTES = {
    "ergw": [("10.20.0.0/16", 12076, 65020), ("10.50.0.0/16", 12076, 65020)],
    "vpngw0": [("10.10.0.0/16", 65010), ("10.50.0.0/16", 65010)],
    "vpngw1": [("10.10.0.0/16", 65010)],
    "nva-a": [("172.16.1.0/24", 65001), ("172.16.9.0/24", 65001)],
    "nva-b": [("172.16.2.0/24", 65002), ("172.16.9.0/24", 65002, 65002)],
}
# By the book: everybody's but one's own branch's; of two paths the best that one may have. To NVA-A, whose own path is the
# best, NVA-B's for 172.16.9.0/24 is a backup, which it is not told.
ON = {
    "ergw": {"10.10.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.2.0/24", "172.16.9.0/24"},
    "vpngw0": {"10.20.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.2.0/24", "172.16.9.0/24"},
    "vpngw1": {"10.20.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.2.0/24", "172.16.9.0/24"},
    "nva-a": {"10.10.0.0/16", "10.20.0.0/16", "10.50.0.0/16", "172.16.2.0/24"},
    "nva-b": {"10.10.0.0/16", "10.20.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.9.0/24"},
}
MARKER = "172.16.99.0/24"


@pytest.fixture(scope="module", params=GATEWAYS)
def shared_hub(request):
    with running_hub(f"test_s24_exchange_toggle.{request.param}", gateways=request.param, both=True) as hub:
        yield hub


@pytest.fixture(scope="module")
def hub(shared_hub, family):
    hub = seen(shared_hub, family)
    hub.announce_all(ROUTES)
    return hub


def told(hub):
    return {name: hub.told(name) for name in SPEAKERS}


def advertised(hub):
    """The same by Bascule's word, attributes included."""
    keys = "prefix", "next_hop", "as_path", "communities", "local_pref"
    return {peer: sorted([str(row.get(key)) for key in keys]
                         for row in hub.bascule.cli("show", "routes", "--peer", peer, "--advertised"))
            for peer, *_ in SPEAKERS.values()}


def settled(hub, enabled):
    """Told what they are to be told, and nothing else was on its way: a route that comes last comes after it."""
    expected = {name: VNETS | (ON[name] if enabled else set()) for name in SPEAKERS}
    hub.wait(f"tables with exchange {'on' if enabled else 'off'}",
             lambda: {name: set(routes) for name, routes in told(hub).items()} == expected, 60)
    hub.a.announce(MARKER, 65001)
    hub.wait("a later route", lambda: MARKER in hub.bascule.fib("vnet")
             and hub.hearers(MARKER) == (set(SPEAKERS) - {"nva-a"} if enabled else set()))
    hub.a.withdraw(MARKER)
    hub.wait("its end", lambda: not hub.hearers(MARKER) and MARKER not in hub.bascule.fib("vnet"))
    assert {name: set(routes) for name, routes in told(hub).items()} == expected


def test_s24_on_sends_what_is_missing_and_off_withdraws_it(hub):
    sessions = hub.sessions()
    settled(hub, False)
    off = told(hub)
    hub.bascule.exchange(True)
    settled(hub, True)
    assert hub.told("nva-b")["172.16.9.0/24"].as_path == (65515, 65001)
    assert hub.told("ergw")["10.50.0.0/16"].local_pref == 50  # its own is the best
    assert hub.told("nva-b")["10.50.0.0/16"].as_path == (65515, 12076, 65020)
    hub.bascule.exchange(False)
    settled(hub, False)
    assert told(hub) == off
    assert hub.sessions() == sessions


def tables(hub):
    """What packets follow: next hops by view and prefix, and the gate."""
    views = {view: {prefix: sorted(hop["gateway"] for hop in row["next_hops"])
                    for prefix, row in hub.bascule.fib(view).items()} for view in (*BRANCH_VIEWS, "vnet")}
    return views, hub.bascule.cli("show", "exchange")


@pytest.mark.parametrize("moves", [10, 11])
def test_s24_quick_moves_end_as_a_fresh_start_does(hub, moves):
    hub.bascule.exchange(True)
    settled(hub, True)
    sessions, ends_on = hub.sessions(), moves % 2 == 0
    for move in range(moves):
        hub.bascule.exchange(move % 2 == 1)
    settled(hub, ends_on)
    assert hub.sessions() == sessions
    after_moves = told(hub), advertised(hub), tables(hub)
    hub.bascule.control.stop()
    hub.bascule.start_control()
    hub.wait_established()
    settled(hub, ends_on)
    assert (told(hub), advertised(hub), tables(hub)) == after_moves
    assert all(hub.sessions()[name] != session for name, session in sessions.items()), "it was no fresh start"
