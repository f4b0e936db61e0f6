"""Either process may go away and come back. Control's death is nobody else's business."""

import os
import signal
import subprocess
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from families import FAMILIES, both_at_once, seen
from lab import wait_for
from networks import BRANCH_HOST, ONPREM2, ONPREM2_HOST, VNET_HOST
from traffic import UdpFlow, all_wait_more

pytestmark = both_at_once
VIEWS = ("expressroute", "vpn", "nva", "vnet")


@pytest.fixture(autouse=True)
def exchange(net):
    """On, and packets pass, before each test."""
    net.bascule.exchange(True)
    net.wait_converged()
    packets_pass(net)


def packets_pass(net):
    """Of either family, from the branch to on-prem 2 and back."""
    for family in FAMILIES:
        branch = seen(net.branch.namespace, family)
        wait_for(lambda branch=branch: branch.ping(ONPREM2_HOST, BRANCH_HOST), f"branch to on-prem 2 by {family}")


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
    """Of each family 500 packets a second each way, and VNet traffic beside it."""
    flows = []
    for family in FAMILIES:
        branch = seen(net.branch.namespace, family), BRANCH_HOST
        onprem2, vnet = (seen(net.onprem2.namespace, family), ONPREM2_HOST), (seen(net.vnet, family), VNET_HOST)
        flows += [UdpFlow(*ends, rate=500) for ends in ((*branch, *onprem2), (*onprem2, *branch), (*vnet, *onprem2))]
    return flows


@pytest.mark.parametrize("number, code", [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGUSR1, 0)])
def test_control_that_ends_under_load_loses_no_packet(net, number, code):
    fib, heard, forgotten = tables(net), peers_tables(net), far_withdraws(net)
    sessions = net.sessions()
    with ExitStack() as stack:
        traffic = [stack.enter_context(flow) for flow in flows(net)]
        all_wait_more(traffic, 150)
        net.bascule.control.send_signal(number)
        assert net.bascule.control.wait() == code
        all_wait_more(traffic, 500)
        net.bascule.start_control()
        net.wait_converged()
        wait_for(lambda: not net.bascule.summary()["restarting"], "end of the restart")
        all_wait_more(traffic, 500)
    for flow in traffic:
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
    packets_pass(net)


def test_control_stops_cleanly_and_returns(net):
    fib = tables(net)
    assert net.bascule.control.stop() == 0
    wait_for(lambda: not any(net.sessions().values()), "end of all sessions")
    net.bascule.start_control()
    net.wait_converged()
    wait_for(lambda: tables(net) == fib, "the same tables")
    packets_pass(net)


def test_both_stop_cleanly_and_return_with_the_switch_as_it_was(net):
    fib = tables(net)
    assert net.bascule.stop() == (0, 0)
    assert net.bascule.name not in net.bascule.namespace.run("ip", "-br", "link").stdout
    net.bascule.start()
    net.wait_converged()
    wait_for(lambda: tables(net) == fib, "the same tables")
    packets_pass(net)


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


# --- the state directory ------------------------------------------------------------------------------------------------

def state_dir(net):
    return Path("/var/lib/bascule", net.bascule.name)


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


@contextmanager
def read_only(path):
    mount("--bind", path, path)
    try:
        mount("-o", "remount,bind,ro", path)
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@contextmanager
def full(path):
    """Without room for another octet."""
    text = (path / "exchange").read_text()
    mount("-t", "tmpfs", "-o", "size=4k", "full", path)
    try:
        (path / "exchange").write_text(text)
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def alarms(net):
    return {alarm["kind"] for alarm in net.bascule.summary()["alarms"]}


@pytest.mark.parametrize("spoilt, why", [(read_only, "Read-only file system"), (full, "No space left on device")],
                         ids=["read-only", "full"])
def test_control_starts_from_what_is_readable(net, spoilt, why):
    path = state_dir(net)
    wait_for(lambda: "exchange on" in (path / "exchange").read_text(), "the switch stored")
    net.bascule.control.kill()
    with spoilt(path):
        net.bascule.start_control()
        net.wait_converged()
        assert net.bascule.summary()["exchange"]
        wait_for(lambda: "state_file" in alarms(net), "an alarm")
        off = net.bascule.run("exchange", "disable")
        assert why in off.stderr and "may be on again" in off.stderr
        on = net.bascule.run("exchange", "enable", check=False)
        assert on.returncode != 0 and why in on.stderr and "was not moved" in on.stderr
        assert not net.bascule.summary()["exchange"]
    wait_for(lambda: "state_file" not in alarms(net), "end of the alarm")
    assert (path / "exchange").read_text().startswith("exchange off")


def test_a_hung_disk_stalls_nothing(net):
    """The new state file is a pipe that nobody reads: who opens it waits."""
    path, sessions = state_dir(net), net.sessions()
    os.mkfifo(path / "exchange.new")
    switch = subprocess.Popen(net.bascule.namespace.enter(*net.bascule.command("exchange", "disable")),
                              stderr=subprocess.PIPE, text=True)
    wait_for(lambda: not net.bascule.summary()["exchange"], "the switch off")
    wait_for(lambda: ONPREM2 not in net.nva.received("10.0.2.1"), "the withdrawal at the NVA")
    assert switch.poll() is None, "it waits for the disk"
    wait_for(lambda: "state_file" in alarms(net), "an alarm")
    assert "has not answered within 5 s" in switch.communicate()[1]
    reader = threading.Thread(target=lambda: os.close(os.open(path / "exchange.new", os.O_RDONLY)))
    reader.start()
    reader.join()
    (path / "exchange.new").unlink(missing_ok=True)
    wait_for(lambda: "state_file" not in alarms(net), "end of the alarm")
    assert (path / "exchange").read_text().startswith("exchange off")
    assert net.sessions() == sessions
