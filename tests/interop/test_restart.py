"""Either process may go away and come back. Control's death is nobody else's business."""

import signal

import pytest

from lab import wait_for
from networks import BRANCH_HOST, ONPREM2_HOST, VNET_HOST
from traffic import UdpFlow

pytestmark = pytest.mark.alone

VIEWS = ("expressroute", "vpn", "nva", "vnet")


@pytest.fixture(autouse=True)
def exchange(net):
    """On, and packets pass, before each test."""
    net.bascule.exchange(True)
    net.wait_converged()
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")


def tables(net):
    return {view: {prefix: sorted(hop["gateway"] for hop in row["next_hops"])
                   for prefix, row in net.bascule.fib(view).items()} for view in VIEWS}


def peers_tables(net):
    return {name: daemon.received(addresses[0]) for name, daemon, addresses in net.bgp_peers()}


def far_withdraws(net):
    """What the routers behind the gateways were told to forget."""
    return (net.onprem2.withdraws("192.168.2.1"), net.branch.withdraws("192.168.3.1"),
            net.branch.withdraws("192.168.3.2"))


def flows(net):
    """1,000 packets a second each way, and VNet traffic beside it."""
    branch, onprem2 = (net.branch.namespace, BRANCH_HOST), (net.onprem2.namespace, ONPREM2_HOST)
    return [UdpFlow(*branch, *onprem2), UdpFlow(*onprem2, *branch), UdpFlow(net.vnet, VNET_HOST, *onprem2)]


def test_control_killed_under_load_loses_no_packet(net):
    fib, heard, forgotten = tables(net), peers_tables(net), far_withdraws(net)
    sessions = net.sessions()
    a, b, c = flows(net)
    with a, b, c:
        for flow in (a, b, c):
            flow.wait_more(300)
        net.bascule.control.kill()
        for flow in (a, b, c):
            flow.wait_more(1000)
        net.bascule.start_control()
        net.wait_converged()
        wait_for(lambda: not net.bascule.summary()["restarting"], "end of the restart")
        for flow in (a, b, c):
            flow.wait_more(1000)
    for flow in (a, b, c):
        assert flow.lost == [], net.bascule.losses()
        assert flow.doubled == [] and flow.corrupted == 0
    assert net.bascule.dataplane.alive
    assert all(net.sessions()[key] != mark for key, mark in sessions.items()), "control never went away"
    wait_for(lambda: tables(net) == fib, "the same tables", 10)
    wait_for(lambda: peers_tables(net) == heard, "the same routes at the peers", 10)
    assert far_withdraws(net) == forgotten


def test_switch_survives_control(net):
    assert net.bascule.config["exchange"]["enabled"] is False  # as the file says
    net.bascule.control.kill()
    net.bascule.start_control()
    net.wait_converged()
    assert net.bascule.cli("show", "exchange")["enabled"] is True
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")


def test_control_stops_cleanly_and_returns(net):
    fib = tables(net)
    assert net.bascule.control.stop() == 0
    wait_for(lambda: not any(net.sessions().values()), "end of all sessions")
    net.bascule.start_control()
    net.wait_converged()
    wait_for(lambda: tables(net) == fib, "the same tables")
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")


def test_both_stop_cleanly_and_return_with_the_switch_as_it_was(net):
    fib = tables(net)
    assert net.bascule.stop() == (0, 0)
    assert net.bascule.name not in net.bascule.namespace.run("ip", "-br", "link").stdout
    net.bascule.start()
    net.wait_converged()
    wait_for(lambda: tables(net) == fib, "the same tables")
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")


def test_second_start_is_refused(net, undisturbed):
    for which in ("dataplane", "control"):
        second = net.bascule.spawn(which)
        assert second.wait() == 1
        assert net.bascule.name in second.log() and "already" in second.log()


def test_hung_control_is_ended_and_packets_pass(net):
    with UdpFlow(net.branch.namespace, BRANCH_HOST, net.onprem2.namespace, ONPREM2_HOST) as flow:
        flow.wait_more(100)
        net.bascule.control.send_signal(signal.SIGSTOP)
        flow.wait_more(500)
        net.bascule.control.send_signal(signal.SIGCONT)
    assert flow.lost == []
    if not net.bascule.control.alive:  # its watchdog may have found the pause too long
        net.bascule.start_control()
    net.wait_converged()
