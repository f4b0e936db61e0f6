"""IPv6 routes from a daemon to packets: two NVAs that decide for themselves (BIRD) announce prefixes of IPv6, by a session over
either family; each learns the other's, and a host of the VNet reaches what lies behind them.

    host ::10 ── vnet0  Bascule  nva0 ──┬ BIRD a ::10, 2001:db8:a::/48 behind it
                                        └ BIRD b ::11, 2001:db8:b::/48
"""

import types

import pytest

from bascule import Bascule
from lab import named_lab, wait_for
from networks import ASN

US = {"nva": ("10.0.2.1", "2001:db8:2::1"), "vnet": ("10.0.1.4", "2001:db8:1::4")}
NVAS = {"a": (10, "2001:db8:a::"), "b": (11, "2001:db8:b::")}
HOST = "2001:db8:1::10"


def config(session):
    return {
        "instance": {"asn": ASN, "router_id": US["nva"][0]},
        "exchange": {"enabled": True, "nva_to_nva": "always"},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 800, "ports": [
            {"name": f"{lan}0", "role": lan, "addresses": [f"{US[lan][0]}/24", f"{US[lan][1]}/64"]} for lan in US]},
        "control": {"lcores": [1]},
        "peers": [{"name": name, "address": address(number)[session], "asn": 65000 + number, "families": ["ipv4", "ipv6"]}
                  for name, (number, _) in NVAS.items()],
    }


def address(number):
    return f"10.0.2.{number}", f"2001:db8:2::{number}"


def bird_config(number, network, session):
    return f"""
router id 10.0.2.{number};
protocol device {{ scan time 1; }}
protocol direct {{ ipv4; ipv6; }}
protocol kernel {{ ipv6 {{ import none; export where source = RTS_BGP; }}; }}
protocol static {{ ipv6; route {network}/48 blackhole; }}
protocol bgp server {{ local as {65000 + number}; neighbor {US["nva"][session]} as {ASN}; connect delay time 1; connect retry time 1;
  error wait time 1, 2; ipv4 {{ import all; export all; }}; ipv6 {{ import all; export where source = RTS_STATIC; }}; }}
"""


class Bird:
    def __init__(self, lab, name, session):
        self.number, self.network = NVAS[name]
        self.namespace = lab.namespace(f"bird-{name}")
        self.namespace.join(lab.lans["nva"], "eth0", *(f"{at}/{length}" for at, length in zip(address(self.number), (24, 64), strict=True)))
        self.namespace.run("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
        self.namespace.run("ip", "-6", "address", "add", f"{self.network}1/128", "dev", "lo")
        self.namespace.run("ip", "-6", "route", "add", "2001:db8:1::/64", "via", US["nva"][1])
        self.namespace.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        self.folder = lab.dir / f"bird-{name}"
        self.folder.mkdir()
        conf, self.control = self.folder / "conf", self.folder / "ctl"
        conf.write_text(bird_config(self.number, self.network, session))
        self.process = self.namespace.start(f"bird-{name}", "bird", "-f", "-c", conf, "-s", self.control, "-P", self.folder / "pid")
        self.process.ready(self.control.exists, "control socket")

    def show(self, *words):
        return self.namespace.run("birdc", "-r", "-s", self.control, "show", *words, check=False).stdout


@pytest.fixture(scope="module", params=(0, 1), ids=("over-ipv4", "over-ipv6"))
def net(request):
    with named_lab(f"{__name__}{request.param}") as lab:
        net = types.SimpleNamespace(lab=lab, rs=lab.namespace("rs"), host=lab.namespace("host"))
        for lan in US:
            net.rs.join(lab.lan(lan), f"{lan}0")
            net.rs.keep_kernel_off(f"{lan}0")
        net.host.join(lab.lans["vnet"], "eth0", "10.0.1.10/24", f"{HOST}/64")
        net.host.run("ip", "-6", "route", "add", "default", "via", US["vnet"][1])
        net.bascule = Bascule(net.rs, "a", config(request.param))
        net.bascule.start()
        net.birds = {name: Bird(lab, name, request.param) for name in NVAS}
        for name in NVAS:
            net.bascule.wait_established(name)
        yield net


@pytest.mark.parametrize("name,other", (("a", "b"), ("b", "a")))
def test_routes_are_used_and_told(net, name, other):
    network = f"{NVAS[name][1]}/48"
    wait_for(lambda: network in net.bascule.fib("vnet"), f"{network} in the FIB")
    row, = net.bascule.cli("show", "routes", network)
    # BIRD says both, and the one on link is the one that packets follow (RFC 2545 3)
    assert row["next_hop"].startswith("fe80::") and row["next_hop"].endswith("%nva0") and row["usable"]
    wait_for(lambda: "server" in net.birds[other].show("route", network), "the other's route")
    assert f"BGP.next_hop: {US['nva'][1]}" in net.birds[other].show("route", network, "all")
    net.host.run("ping", "-6", "-c1", "-W5", f"{NVAS[name][1]}1")


def test_what_goes_is_withdrawn(net):
    network = f"{NVAS['b'][1]}/48"
    net.birds["b"].namespace.run("birdc", "-s", net.birds["b"].control, "disable", "server")
    wait_for(lambda: network not in net.bascule.fib("vnet"), "the FIB without it")
    wait_for(lambda: "server" not in net.birds["a"].show("route", network), "the other's withdrawal")
    net.birds["b"].namespace.run("birdc", "-s", net.birds["b"].control, "enable", "server")
    wait_for(lambda: network in net.bascule.fib("vnet"), "its return")
    wait_for(lambda: "server" in net.birds["a"].show("route", network), "told again")
