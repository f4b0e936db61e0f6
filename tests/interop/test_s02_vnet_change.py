"""S02, the VNets change: the configuration gains a peered network and is reloaded.

Topology: played.py with GoBGP as NVA-B and FRR as the ExpressRoute gateway; NVA-A is the test's own speaker, and so is
NVA-C, which has no route refresh. Expected: NVA-A is sent ROUTE-REFRESH (RFC 2918), then the network; no session moves.
When it is taken out again it is withdrawn. NVA-C's session ends with Cease/4 with profile azure, as Azure Route Server
resets such an NVA, and comes up again; with profile open it stays and is told the network like the others."""

import pytest

from daemons import Frr, Gobgp
from lab import wait_for
from played import ASN, US, US_ER, VNET, running_hub
from speaker import ROUTE_REFRESH, UPDATE

SPOKE = {"prefix": "10.5.0.0/16", "port": "vnet0", "peered": True}
PREFIX = SPOKE["prefix"]
EMPTY = {"prefix": "10.6.0.0/16", "port": "vnet0"}  # of our own, with no host in it
IPV4_UNICAST = b"\x00\x01\x00\x01"
ADMINISTRATIVE_RESET = (6, 4)


@pytest.fixture(scope="module", params=["open", "azure"])
def hub(request):
    with running_hub(configure=lambda config: config["instance"].update(profile=request.param), nvas=["nva-c"],
                     nva_b=Gobgp, er=Frr) as hub:
        hub.profile = request.param
        yield hub


@pytest.fixture(autouse=True)
def no_daemon_is_disturbed(hub):
    before = hub.nva_b.session(US), hub.ergw.session(US_ER)
    yield
    for vnet in (SPOKE, EMPTY):
        if vnet in hub.bascule.config["vnet"]:
            hub.reconfigure(lambda config, vnet=vnet: config["vnet"].remove(vnet))
    assert (hub.nva_b.session(US), hub.ergw.session(US_ER)) == before
    for nva in hub.nvas.values():
        nva.close()


def add(hub, vnet):
    hub.reconfigure(lambda config: config["vnet"].append(vnet))


def is_told(prefix):
    return lambda withdrawn, announced: prefix in announced


def test_s02_a_network_comes_and_goes(hub):
    nva = hub.nva_a.establish()
    assert nva.connection.wait_update(is_told(VNET))
    nva.announce(["172.16.1.0/24"])
    nva.wait_learned(1)

    add(hub, SPOKE)
    assert nva.connection.wait(ROUTE_REFRESH) == (ROUTE_REFRESH, IPV4_UNICAST)
    nva.announce(["172.16.1.0/24"])  # as it is asked to
    assert nva.connection.wait_update(is_told(PREFIX))[-1] == UPDATE
    wait_for(lambda: PREFIX in hub.nva_b.received(US), "the network at NVA-B")
    route = hub.nva_b.received(US)[PREFIX]
    assert (route.as_path, route.next_hop, route.communities) == ((ASN,), US, ("65518:65518",))
    wait_for(lambda: PREFIX in hub.ergw.received(US_ER), "the network at the gateway")
    route = hub.ergw.received(US_ER)[PREFIX]
    assert (route.as_path, route.next_hop) == ((), US_ER)
    assert hub.bascule.fib("nva")[PREFIX]["next_hops"][0]["port"] == "vnet0"

    hub.reconfigure(lambda config: config["vnet"].remove(SPOKE))
    assert nva.connection.wait_update(lambda withdrawn, announced: PREFIX in withdrawn)
    wait_for(lambda: PREFIX not in hub.nva_b.received(US), "the withdrawal at NVA-B")
    wait_for(lambda: PREFIX not in hub.ergw.received(US_ER), "the withdrawal at the gateway")
    assert (nva.row()["established"], nva.row()["learned"]) == (1, 1)


def test_s02_a_network_of_our_own_without_a_host(hub):
    add(hub, EMPTY)
    wait_for(lambda: EMPTY["prefix"] in hub.nva_b.received(US), "the network at NVA-B")
    route = hub.nva_b.received(US)[EMPTY["prefix"]]
    assert (route.as_path, route.communities) == ((ASN,), ())


def test_s02_an_nva_without_route_refresh(hub):
    nva = hub.nvas["nva-c"].establish(refresh=False)
    assert "route-refresh" not in nva.row()["capabilities"]
    assert nva.connection.wait_update(is_told(VNET))
    add(hub, SPOKE)
    if hub.profile == "azure":
        assert nva.connection.notification() == ADMINISTRATIVE_RESET
        wait_for(lambda: "a VNet was added" in nva.row()["last_error"], "the reason")
        nva.close()
        nva.establish(refresh=False)
    assert ROUTE_REFRESH not in nva.connection.wait_update(is_told(PREFIX))
    assert nva.row()["established"] == (2 if hub.profile == "azure" else 1)
