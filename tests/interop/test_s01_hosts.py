"""S01, hosts of the hub VNet and of a peered one reach what an NVA announces.

    hub host    10.0.1.10 ─┐
    spoke host  10.4.0.10 ─┴─ vnet0  Bascule 0 and 1  nva0 ── NVA 10.0.2.4 ── 172.16.1.10

Topology: networks.py with two instances; 10.4.0.0/16 is a peered VNet on the same port as the hub VNet; the NVA is
GoBGP. Exchange is off. Expected, at each instance: the VNets' view has the NVA's network by the NVA, and with that
instance as their router both hosts are answered from there."""

import pytest

from families import both_families
from lab import wait_for
from networks import NVA, ONPREM1, ONPREM1_HOST, VNET_HOST, vnet_address

pytestmark = both_families
SPOKE, SPOKE_HOST = "10.4.0.0/16", "10.4.0.10"


def configure(config, lab):
    config["vnet"].append({"prefix": SPOKE, "port": "vnet0", "peered": True})


NETWORKS = {"instances": 2, "configure": configure}


@pytest.fixture(scope="module")
def hosts(net):
    spoke = net.appliance("spokehost", f"{SPOKE_HOST}/16", lan="vnet")
    for i in (0, 1):
        spoke.on_link(vnet_address(i), "vnet")
    return {VNET_HOST: net.vnet, SPOKE_HOST: spoke}


@pytest.mark.parametrize("i", (0, 1))
def test_s01_programmed(net, i):
    wait_for(lambda: ONPREM1 in net.bascules[i].fib("vnet"), "the NVA's network in the VNets' view")
    assert [hop["gateway"] for hop in net.bascules[i].fib("vnet")[ONPREM1]["next_hops"]] == [NVA]


@pytest.mark.parametrize("i", (0, 1))
@pytest.mark.parametrize("address", (VNET_HOST, SPOKE_HOST), ids=("hub", "spoke"))
def test_s01_a_host_is_answered(net, hosts, address, i):
    hosts[address].route("default", vnet_address(i))
    wait_for(lambda: hosts[address].ping(ONPREM1_HOST, address), f"an answer to {address}")


def test_s01_no_host_is_answered_when_the_route_has_gone(net, hosts):
    net.nva.withdraw(ONPREM1)
    for bascule in net.bascules:
        wait_for(lambda b=bascule: ONPREM1 not in b.fib("vnet"), "the route's end")
    for address, host in hosts.items():
        assert not host.ping(ONPREM1_HOST, address)
    net.nva.announce(ONPREM1)
    for address, host in hosts.items():
        wait_for(lambda h=host, a=address: h.ping(ONPREM1_HOST, a), f"an answer to {address} again")
