"""Peers and links fail: what came through them goes, everywhere, and comes back with them. The rest does not notice."""

import pytest

from families import both_families
from lab import wait_for
from networks import BRANCH, BRANCH_HOST, ONPREM1, ONPREM2, ONPREM2_HOST, VNET, VPNGW
from traffic import UdpFlow

pytestmark = both_families


@pytest.fixture(autouse=True)
def exchange(net):
    net.bascule.exchange(True)
    net.wait_converged()
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")


def others(net, *names):
    """The sessions of everybody but these peers."""
    return {key: mark for key, mark in net.sessions().items() if key[0] not in names}


def everywhere(net, prefix, *but):
    """Who holds a route for `prefix`: peers, and views of the FIB."""
    holders = {name for name, daemon, (address,) in net.bgp_peers()
               if name not in but and daemon.running and prefix in daemon.received(address)}
    return holders | {view for view in ("expressroute", "vpn", "nva", "vnet") if prefix in net.bascule.fib(view)}


def test_killed_peer(net):
    rest = others(net, "nva-a")
    all_others = {"ergw/0", "vpngw/0", "vpngw/1", "expressroute", "vpn", "nva", "vnet"}
    wait_for(lambda: everywhere(net, ONPREM1, "nva-a") == all_others, "on-prem 1 everywhere")
    net.nva.kill()
    wait_for(lambda: not everywhere(net, ONPREM1, "nva-a"), "withdrawal of on-prem 1")
    wait_for(lambda: ONPREM1 not in net.onprem2.received("192.168.2.1"), "withdrawal at on-prem 2")
    assert net.bascule.peers()["nva-a"]["state"] != "Established"
    assert others(net, "nva-a") == rest
    net.nva.start()
    net.wait_converged()
    wait_for(lambda: len(everywhere(net, ONPREM1, "nva-a")) == 7, "return of on-prem 1")
    wait_for(lambda: set(net.nva.received("10.0.2.1")) == {VNET, ONPREM2, BRANCH}, "the NVA's routes")
    assert others(net, "nva-a") == rest


def test_killed_gateway_instance_leaves_the_other(net):
    rest = others(net, "vpngw/0")

    def gateways():
        return {hop["gateway"] for hop in net.bascule.fib("expressroute").get(BRANCH, {"next_hops": []})["next_hops"]}

    wait_for(lambda: gateways() == set(VPNGW), "both instances in use")
    net.vpngw[0].kill()
    wait_for(lambda: gateways() == {VPNGW[1]}, "the other instance alone")
    assert BRANCH in net.ergw.received("10.0.255.33")
    # The branch forgets the dead gateway with its session; then nothing is lost any more.
    wait_for(lambda: not net.branch.session("192.168.3.1"), "the branch's session to end")
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST, count=5), "branch to on-prem 2")
    with UdpFlow(net.onprem2.namespace, ONPREM2_HOST, net.branch.namespace, BRANCH_HOST) as flow:
        flow.wait_more(300)
    assert flow.lost == []
    net.vpngw[0].start()
    net.wait_converged()
    wait_for(lambda: gateways() == set(VPNGW), "both instances again")
    assert others(net, "vpngw/0") == rest


@pytest.mark.parametrize("port, peers, prefix, holders", [
    ("er0", ["ergw/0"], ONPREM2, {"vpngw/0", "vpngw/1", "nva-a", "vpn", "nva", "vnet"}),
    ("nva0", ["nva-a"], ONPREM1, {"ergw/0", "vpngw/0", "vpngw/1", "expressroute", "vpn", "nva", "vnet"}),
], ids=["er0", "nva0"])
def test_flapped_link(net, port, peers, prefix, holders):
    rest = others(net, *peers)
    wait_for(lambda: everywhere(net, prefix, *peers) == holders, f"{prefix} everywhere")
    net.bascule.namespace.link(port, up=False)
    wait_for(lambda: net.bascule.ports()[port]["link"] == "down", "link down")
    wait_for(lambda: not everywhere(net, prefix, *peers), f"withdrawal of {prefix}")
    net.bascule.namespace.link(port, up=True)
    wait_for(lambda: net.bascule.ports()[port]["link"] == "up", "link up")
    net.wait_converged()
    wait_for(lambda: everywhere(net, prefix, *peers) == holders, f"return of {prefix}")
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")
    assert others(net, *peers) == rest


def test_vnet_link(net):
    net.bascule.namespace.link("vnet0", up=False)
    wait_for(lambda: net.bascule.ports()["vnet0"]["link"] == "down", "link down")
    sessions = net.sessions()
    net.bascule.namespace.link("vnet0", up=True)
    wait_for(lambda: net.vnet.ping(ONPREM2_HOST), "VNet host to on-prem 2")
    assert net.sessions() == sessions
