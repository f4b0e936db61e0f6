"""S22, timers and failure: how long a peer's routes outlive it, and what changes without a gap.

Topology: played.py with BIRD as NVA-B, which offers a hold time of 6 s and counts the withdrawals that it hears, and
FRR as the gateway; NVA-A and others are the test's own speakers. Expected: the lower offer is the hold time, a third of
it the keepalive interval; an NVA that says nothing more is withdrawn everywhere when the hold time is over, and not
before, unless it does not answer ARP either: then its routes go with the next hop; one that says Cease, or whose TCP connection ends, at once. It returns with its routes. A
change of the next hop alone moves the FIB, which is empty at no moment, withdraws nothing, and costs a flow no
packet."""

import threading
import time

import pytest

from daemons import Frr
from families import both_families, once, seen
from lab import wait_for
from played import NVA_A, US, US_ER, running_hub
from speaker import KEEPALIVE, message
from traffic import UdpFlow

pytestmark = both_families
SITE_B = "172.16.2.0/24"
ROUTE, VIP = "172.16.1.0/24", "10.0.2.100"
BEHIND_A, HOST = "172.16.1.9", "10.0.1.10"  # a host behind NVA-A, and one of the VNet
HOLD_S = 6
OFFERS = {"nva-15": (15, 15, 5), "nva-30": (30, 30, 10), "nva-long": (3600, 180, 60), "nva-none": (0, 0, 0)}
EVERYWHERE = {"nva-a", "ergw/0", "expressroute", "nva", "vnet"}


@pytest.fixture(scope="module")
def shared_hub():
    with running_hub(both=True, nvas=[*OFFERS, "silent"], er=Frr, hold_s=HOLD_S) as hub:
        hub.nva_a.namespace.address("nva", f"{VIP}/24")
        hub.nva_a.namespace.host_address(BEHIND_A)
        hub.host = hub.lab.namespace("host")
        hub.host.join(hub.lab.lans["vnet"], "vnet", f"{HOST}/24")
        hub.host.route("default", "10.0.1.4")
        hub.nva_a.establish()
        yield hub


@pytest.fixture(scope="module")
def hub(shared_hub, family):
    return seen(shared_hub, family)


@pytest.fixture(autouse=True)
def only_nva_b_suffers(hub):
    wait_for(lambda: holders(hub, SITE_B) == EVERYWHERE, "the routes of NVA-B everywhere")
    before = hub.ergw.session(US_ER), hub.nva_a.row()["established"]
    yield
    assert (hub.ergw.session(US_ER), hub.nva_a.row()["established"]) == before


def holders(hub, prefix):
    """Who knows the prefix: peers that it was announced to, and views of the FIB."""
    told = {name for name in ("nva-a", "ergw/0")
            if prefix in {row["prefix"] for row in hub.bascule.cli("show", "routes", "--peer", name, "--advertised")}}
    return told | {view for view in ("expressroute", "nva", "vnet") if prefix in hub.bascule.fib(view)}


def withdrawn_everywhere(hub, prefix):
    """NVA-A hears it on the wire."""
    assert hub.nva_a.connection.wait_update(lambda withdrawn, announced: prefix in withdrawn)
    wait_for(lambda: not holders(hub, prefix), f"the end of {prefix}")
    wait_for(lambda: prefix not in hub.ergw.received(US_ER), "its withdrawal at the gateway")


def back(hub):
    hub.nva_b.start()
    hub.bascule.wait_established("nva-b", seconds=60)
    assert hub.nva_a.connection.wait_update(lambda withdrawn, announced: SITE_B in announced)
    wait_for(lambda: holders(hub, SITE_B) == EVERYWHERE, "the routes of NVA-B everywhere")


@once
@pytest.mark.parametrize("name", OFFERS)
def test_s22_the_lower_offer_is_the_hold_time(hub, name):
    offer, hold_s, keepalive_s = OFFERS[name]
    nva = hub.nvas[name].establish(hold_s=offer)
    row = nva.row()
    assert int.from_bytes(nva.connection.their_open[1][3:5], "big") == 180
    assert (row["hold_s"], row["keepalive_s"]) == (hold_s, keepalive_s)
    nva.close()


def test_s22_dead_without_a_word(hub):
    hub.nva_b.namespace.link("nva", up=False)
    hub.nva_b.kill()
    withdrawn_everywhere(hub, SITE_B)
    wait_for(lambda: "hold timer expired" in hub.bascule.peers()["nva-b"]["last_error"], "the end of the hold time")
    hub.nva_b.namespace.link("nva", up=True)
    back(hub)


@once
def test_s22_not_before_the_hold_time_is_over(hub):
    """It counts from the last message: a KEEPALIVE of which the test knows when it was not sent yet."""
    route, silent = "172.16.7.0/24", hub.nvas["silent"].establish(hold_s=HOLD_S)
    silent.announce([route])
    assert hub.nva_a.connection.wait_update(lambda withdrawn, announced: route in announced)
    wait_for(lambda: silent.connection.send(message(KEEPALIVE)) or holders(hub, route) == EVERYWHERE, "it everywhere")
    before = time.monotonic()
    silent.connection.send(message(KEEPALIVE))
    withdrawn_everywhere(hub, route)
    assert time.monotonic() - before >= HOLD_S
    assert "hold timer expired" in silent.row()["last_error"]
    silent.close()


@pytest.mark.parametrize("end, reason", [("stop", "received NOTIFICATION: cease"), ("kill", "connection")])
def test_s22_cease_and_fin(hub, end, reason):
    getattr(hub.nva_b, end)()
    withdrawn_everywhere(hub, SITE_B)
    downs = [event["text"] for event in hub.events("session_down") if event["peer"] == "nva-b"]
    assert reason in downs[-1]
    back(hub)


def test_s22_another_next_hop_without_a_gap(hub):
    looked, stop = [], threading.Event()

    def look():
        while not stop.is_set():
            rows = hub.bascule.cli("show", "fib", BEHIND_A, "--view", "vnet")
            looked.append({row["gateway"] for row in rows})

    hub.nva_a.announce([ROUTE], next_hop=NVA_A)
    wait_for(lambda: ROUTE in hub.ergw.received(US_ER) and ROUTE in hub.bascule.fib("vnet"), "the route")
    wait_for(lambda: ROUTE in hub.nva_b.received(US), "the route at NVA-B")
    withdraws = hub.nva_b.withdraws(US)
    thread = threading.Thread(target=look)
    thread.start()
    try:
        with UdpFlow(hub.host, HOST, hub.nva_a.namespace, BEHIND_A, rate=250) as flow:
            flow.wait_more(100)
            for next_hop in (VIP, NVA_A, VIP):  # of which nobody knows the first yet
                hub.nva_a.announce([ROUTE], next_hop=next_hop)
                wait_for(lambda hop=next_hop: looked and looked[-1] == {hop}, f"the FIB by {next_hop}")
                flow.wait_more(100)
    finally:
        stop.set()
        thread.join()
    assert flow.lost == [] and flow.doubled == [], hub.bascule.losses()
    assert {frozenset(hops) for hops in looked} == {frozenset({NVA_A}), frozenset({VIP})}
    hub.nva_a.withdraw([ROUTE])
    wait_for(lambda: ROUTE not in hub.nva_b.received(US), "its withdrawal")
    assert hub.nva_b.withdraws(US) == withdraws + 1  # and none before
