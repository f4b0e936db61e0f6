"""Two instances on one host, as Azure has two for each route server: every peer connects to both."""

from daemons import Frr
from families import both_families
from lab import wait_for
from networks import BRANCH, BRANCH_HOST, ONPREM1, ONPREM2, ONPREM2_HOST, VNET, er_address

pytestmark = both_families
NETWORKS = {"instances": 2, "nva": Frr}


def heard_by_all(net, prefixes):
    return all(set(daemon.received(address)) | {own} == prefixes | {own}
               for (name, daemon, addresses) in net.bgp_peers() for address in addresses
               for own in [{"ergw/0": ONPREM2, "nva-a": ONPREM1}.get(name, BRANCH)])


def test_both_serve_every_peer(net):
    for bascule in net.bascules:
        bascule.exchange(False)
    assert len(net.sessions()) == 8 and all(net.sessions().values())
    wait_for(lambda: heard_by_all(net, {VNET}), "the VNet from both")
    wait_for(lambda: net.bascules[0].routes().keys() == net.bascules[1].routes().keys(), "the same routes at both")


def test_switch_is_each_instance_s_own(net, undisturbed):
    first, second = net.bascules
    first.exchange(True)
    wait_for(lambda: BRANCH in net.ergw.received(er_address(0)), "branch route from the first")
    assert BRANCH not in net.ergw.received(er_address(1))
    second.exchange(True)
    wait_for(lambda: heard_by_all(net, {VNET, ONPREM1, ONPREM2, BRANCH}), "everything from both")
    first.exchange(False)
    second.exchange(False)
    wait_for(lambda: heard_by_all(net, {VNET}), "the VNet alone from both")


def test_one_goes_the_other_carries_on(net):
    first, second = net.bascules
    for bascule in net.bascules:
        bascule.exchange(True)
    wait_for(lambda: heard_by_all(net, {VNET, ONPREM1, ONPREM2, BRANCH}), "everything from both")
    rest = {key: mark for key, mark in net.sessions().items() if key[1] in (er_address(0), "10.0.255.1", "10.0.2.1")}
    assert second.stop() == (0, 0)
    wait_for(lambda: sum(map(bool, net.sessions().values())) == 4, "end of the second's sessions")
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST, count=20), "branch to on-prem 2, no loss")
    assert {key: net.sessions()[key] for key in rest} == rest
    second.start()
    net.wait_converged()
    wait_for(lambda: heard_by_all(net, {VNET, ONPREM1, ONPREM2, BRANCH}), "everything from both")
    assert {key: net.sessions()[key] for key in rest} == rest
