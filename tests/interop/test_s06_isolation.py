"""S06, route exchange is off: branches are isolated, and the VNets reach them all.

Topology: networks.py with FRR as the ExpressRoute gateway, BIRD as both VPN gateway instances and OpenBGPD as the
NVA, each with its network behind it. Azure's gateways know the VNets' prefixes by themselves, so with
announce_vnets = false, as in Azure, they hear nothing at all; with true, the default, the VNet alone. Expected:
every session is up, the NVA has the VNet alone, and the VNet's table has the networks of all three branches with
their gateways (VPN: both)."""

import pytest

from daemons import Bird, Frr, Openbgpd
from families import both_families
from lab import wait_for
from networks import ASN, BRANCH, ERGW, NVA, ONPREM1, ONPREM2, VNET, VPNGW

pytestmark = both_families


def configure(config, lab):
    for gateway in config["gateways"]:
        gateway["announce_vnets"] = False


NETWORKS = {"er": Frr, "vpn": Bird, "nva": Openbgpd, "configure": configure}
GATEWAYS = ("ergw/0", "vpngw/0", "vpngw/1")


def heard(net):
    """{peer: prefixes that it has from us}"""
    return {name: set(daemon.received(address)) for name, daemon, (address,) in net.bgp_peers()}


def wait_heard(net, by_gateways):
    expected = {"nva-a": {VNET}, **{name: by_gateways for name in GATEWAYS}}
    wait_for(lambda: heard(net) == expected, f"gateways that hear of {by_gateways}, the NVA of the VNet")
    for name in GATEWAYS:
        rows = net.bascule.cli("show", "routes", "--peer", name, "--advertised")
        assert {row["prefix"] for row in rows} == expected[name], name


def announce_vnets(net, value):
    for gateway in net.bascule.config["gateways"]:
        gateway["announce_vnets"] = value
    net.bascule.write_config()
    net.bascule.run("reload")


def test_s06_gateways_hear_nothing_and_the_nva_the_vnet(net):
    wait_heard(net, set())
    assert net.bascule.established("nva-a", *GATEWAYS)
    assert net.nva.received("10.0.2.1")[VNET].as_path == (ASN,)
    # Nor do the networks behind them.
    assert net.onprem2.prefixes("192.168.2.1") == net.branch.prefixes("192.168.3.1") == []


def test_s06_the_vnet_reaches_all_branches(net):
    def next_hops(prefix):
        row = net.bascule.fib("vnet").get(prefix, {"next_hops": []})
        return {hop["gateway"] for hop in row["next_hops"]}

    for prefix, gateways in ((BRANCH, {*VPNGW}), (ONPREM2, {ERGW}), (ONPREM1, {NVA})):
        wait_for(lambda p=prefix, g=gateways: next_hops(p) == g, f"{prefix} by {gateways}")
    for view in ("expressroute", "vpn", "nva"):
        assert not {BRANCH, ONPREM1, ONPREM2} & set(net.bascule.fib(view)), view


def test_s06_announce_vnets_changes_live(net):
    sessions = net.sessions()
    announce_vnets(net, True)
    wait_heard(net, {VNET})
    assert net.bascule.peer("ergw/0")["announce_vnets"]
    wait_for(lambda: net.onprem2.prefixes("192.168.2.1") == net.branch.prefixes("192.168.3.1") == [VNET],
             "the VNet at the networks behind the gateways")
    announce_vnets(net, False)
    wait_heard(net, set())
    assert not net.bascule.peer("ergw/0")["announce_vnets"]
    assert net.sessions() == sessions


@pytest.fixture
def exchange(net):
    net.bascule.exchange(True)
    yield
    net.bascule.exchange(False)


def test_s06_without_vnets_exchange_is_what_it_is(net, exchange):
    branches = {"ergw/0": ONPREM2, "vpngw/0": BRANCH, "vpngw/1": BRANCH}
    wait_for(lambda: all(heard(net)[name] == {BRANCH, ONPREM1, ONPREM2} - {own} for name, own in branches.items()),
             "the other branches at every gateway")
