"""Traffic between ExpressRoute and VPN, in earnest: rates, spreading, packets too big for the next network."""

import json
import re

import pytest

from families import both_families, once
from lab import wait_for
from networks import BRANCH, BRANCH_HOST, ONPREM2_HOST, VPNGW, er_address
from packets import TCP, UDP, Sniffer, addresses, protocol
from traffic import UdpFlow, protocol_errors, tcp_transfer

pytestmark = [pytest.mark.alone, both_families]

VPN_MTU = 1400  # as for the tunnels behind it
NETWORKS = {"configure": lambda config, lab: config["dataplane"]["ports"][1].update(mtu=VPN_MTU)}


@pytest.fixture(scope="module", autouse=True)
def exchange(net):
    for gateway in net.vpngw:
        gateway.namespace.ip("link", "set", "vpn", "mtu", VPN_MTU)
    net.bascule.exchange(True)
    wait_for(lambda: net.branch.namespace.ping(ONPREM2_HOST, BRANCH_HOST), "branch to on-prem 2")


@pytest.fixture
def strays(net):
    """Packets between branch and on-prem 2 that show up where they have no business."""
    def wanted(packet):
        return protocol(packet) in (TCP, UDP) and set(addresses(packet)) == {BRANCH_HOST, ONPREM2_HOST}

    with Sniffer(net.nva.namespace, "nva", wanted) as a, Sniffer(net.vnet, "vnet", wanted) as b:
        yield lambda: a.count + b.count


def iperf3(sender, source, receiver, destination, *options):
    """The client's JSON report."""
    server = receiver.start("iperf3-server", "iperf3", "-s", "-1", "-B", destination, "--forceflush")
    server.ready(lambda: server.log().count("Server listening") and
                 re.search(rf"{destination}\]?:5201", receiver.run("ss", "-Hltn").stdout), "listening")
    client = sender.run("iperf3", "-J", "-c", destination, "-B", source, "-t", 3, *options, timeout=60, check=False)
    report = json.loads(client.stdout)
    assert not client.returncode, report.get("error")
    server.wait()
    return report


@pytest.mark.parametrize("reverse", [False, True], ids=["er-to-vpn", "vpn-to-er"])
@pytest.mark.parametrize("options", [(), ("-u", "-b", "20M", "-l", "1200")], ids=["tcp", "udp"])
def test_iperf3(net, strays, undisturbed, options, reverse):
    ends = [(net.onprem2.namespace, ONPREM2_HOST), (net.branch.namespace, BRANCH_HOST)]
    (sender, source), (receiver, destination) = reversed(ends) if reverse else ends
    errors = protocol_errors(sender), protocol_errors(receiver)
    end = iperf3(sender, source, receiver, destination, *options)["end"]
    assert (protocol_errors(sender), protocol_errors(receiver)) == errors
    assert strays() == 0
    if options:
        assert end["sum"]["packets"] > 1000
        assert end["sum"]["lost_packets"] <= end["sum"]["packets"] // 100  # two busy CPUs may drop; nothing may change
    else:
        assert end["sum_received"]["bytes"] > 1 << 20


def test_flows_spread_over_both_gateway_instances(net, undisturbed):
    wait_for(lambda: {hop["gateway"] for hop in net.bascule.fib("expressroute")[BRANCH]["next_hops"]} == set(VPNGW), "both")

    def ours(packet):
        return addresses(packet) == (ONPREM2_HOST, BRANCH_HOST)

    sniffers = [Sniffer(gateway.namespace, "vpn", ours) for gateway in net.vpngw]
    for _ in range(24):  # each from a port of its own
        with UdpFlow(net.onprem2.namespace, ONPREM2_HOST, net.branch.namespace, BRANCH_HOST) as flow:
            flow.wait_more(4)
        assert not flow.lost and not flow.corrupted and not flow.doubled
    for sniffer in sniffers:
        sniffer.close()
        assert sniffer.count > 0


def test_path_mtu_is_told(net, undisturbed):
    net.onprem2.namespace.forget_mtus()  # it may have been told before
    out = net.onprem2.namespace.run("ping", "-n", "-c1", "-W2", "-M", "do", "-s", "1450", "-I", ONPREM2_HOST,
                                    BRANCH_HOST, check=False).stdout
    assert f"From {er_address()}" in out and f"mtu={VPN_MTU}" in out.replace(" = ", "="), out
    sent, received = tcp_transfer(net.onprem2.namespace, ONPREM2_HOST, net.branch.namespace, BRANCH_HOST)
    assert sent == received


@once
def test_what_may_be_cut_is_cut(net, undisturbed):
    net.onprem2.namespace.forget_mtus()  # it would cut them itself, had it been told
    before = net.bascule.counters()["events"]["fragments_made"]
    assert not net.onprem2.namespace.run("ping", "-n", "-c3", "-i0.05", "-W2", "-M", "dont", "-s", "1450", "-I",
                                         ONPREM2_HOST, BRANCH_HOST, check=False).returncode
    assert net.bascule.counters()["events"]["fragments_made"] >= before + 6
