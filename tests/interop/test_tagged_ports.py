"""Three ports on one device: an ExpressRoute gateway that arrives with two tags (QinQ), a VPN gateway with one, and a VNet
without. Their daemons decide for themselves; a switch of ours stands between their LANs and the trunk (tagger.py).

    FRR  10.0.255.36 ── er   ┐         ┌ er0    10.0.255.33   0x88a8 200, 0x8100 100
    BIRD 10.0.255.4  ── vpn  ┤ switch ─┤ vpn0   10.0.255.1    0x8100 300
    host 10.0.1.10   ── vnet ┘  trunk  └ vnet0  10.0.1.4      none"""

import struct

import pytest

from bascule import Bascule
from daemons import Bird, Frr, Neighbor
from lab import LabError, named_lab, wait_for
from networks import ASN, BRANCH, BRANCH_HOST, ONPREM2, ONPREM2_HOST, VNET, VNET_HOST
from packets import ARP, ICMP, ethernet, mac
from tagger import CUSTOMER, OLD_SERVICE, ROOM, SERVICE, Tagger, Tap
from traffic import tcp_transfer

ER, VPN = "10.0.255.36", "10.0.255.4"
TAGS = {"er0": [(SERVICE, 200), (CUSTOMER, 100)], "vpn0": [(CUSTOMER, 300)], "vnet0": []}
US = {"er0": "10.0.255.33", "vpn0": "10.0.255.1", "vnet0": "10.0.1.4"}
MTU, VPN_MTU = 1500, 1400


class TaggedPorts:
    def __init__(self, lab):
        self.lab = lab
        self.tagger = Tagger(lab, "trunk", {name[:-1]: tags for name, tags in TAGS.items()}, MTU)
        rs = self.rs = lab.namespace("rs")
        rs.join(lab.lans["trunk"], "trunk", mtu=MTU + ROOM)
        rs.keep_kernel_off("trunk")
        self.config = {
            "instance": {"asn": ASN, "router_id": US["vnet0"]},
            "exchange": {"enabled": True},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900, "ports": [
                {"name": "er0", "role": "expressroute", "addresses": [f"{US['er0']}/28"], "vlan": 100, "outer_vlan": 200},
                {"name": "vpn0", "role": "vpn", "addresses": [f"{US['vpn0']}/28"], "vlan": 300, "mtu": VPN_MTU},
                {"name": "vnet0", "role": "vnet", "addresses": [f"{US['vnet0']}/24"]}]},
            "control": {"lcores": [1]},
            "vnet": [{"prefix": VNET, "port": "vnet0"}],
            "gateways": [
                {"name": "ergw", "role": "expressroute", "addresses": [ER]},
                {"name": "vpngw", "role": "vpn", "addresses": [VPN], "allow_single_instance": True}],
        }
        for port in self.config["dataplane"]["ports"]:
            port["device"] = "net_af_packet0,iface=trunk"
        self.bascule = Bascule(rs, "a", self.config)
        self.er = self._gateway(Frr, "er", ER, US["er0"], ONPREM2, ONPREM2_HOST)
        self.vpn = self._gateway(Bird, "vpn", VPN, US["vpn0"], BRANCH, BRANCH_HOST)
        self.host = lab.namespace("host")
        self.host.join(lab.lans["vnet"], "vnet", f"{VNET_HOST}/24")
        self.host.route("default", US["vnet0"])

    def _gateway(self, daemon, lan, address, us, network, host):
        namespace = self.lab.namespace(lan, forward=True)
        namespace.join(self.lab.lans[lan], lan, f"{address}/28")
        namespace.host_address(host)
        return daemon(namespace, ASN, address, [Neighbor(us, ASN, next_hop_self=True)], [network])

    def start(self):
        self.tagger.start()
        self.bascule.start()
        for daemon in (self.er, self.vpn):
            daemon.start()
        self.bascule.wait_established()
        wait_for(lambda: ONPREM2 in self.vpn.prefixes(US["vpn0"]) and BRANCH in self.er.prefixes(US["er0"]),
                 "each gateway's route at the other")

    def tap(self):
        return Tap(self.tagger.namespace)


@pytest.fixture(scope="module")
def net():
    with named_lab("tagged_ports") as lab:
        tagged = TaggedPorts(lab)
        tagged.start()
        yield tagged


def is_arp(frame):
    return frame[12:14] == b"\x08\x06"


def is_icmp_to(address):
    octets = bytes(map(int, address.split(".")))
    return lambda frame: frame[12:14] == b"\x08\x00" and frame[23] == ICMP and frame[30:34] == octets


def test_packets_pass_between_tags(net):
    """Each leaves with the tags of its port."""
    packets_pass(net)


def packets_pass(net, without=None):
    ways = [(net.er.namespace, ONPREM2_HOST, net.vpn.namespace, BRANCH_HOST, "vpn0", "er0"),
            (net.er.namespace, ONPREM2_HOST, net.host, VNET_HOST, "vnet0", "er0"),
            (net.vpn.namespace, BRANCH_HOST, net.host, VNET_HOST, "vnet0", "vpn0")]
    for here, source, there, destination, port, back in ways:
        if without in (port, back):
            continue
        wait_for(lambda: here.ping(destination, source), f"answer of {destination} to {source}")
        with net.tap() as tap:
            assert here.ping(destination, source)
            assert tap.next(is_icmp_to(destination))[0] == TAGS[port]
            assert tap.next(is_icmp_to(source))[0] == TAGS[back]


def test_the_host_speaks_by_each(net):
    """Ping, ARP and BGP are the kernel's, which knows of no tags."""
    for port, namespace in (("er0", net.er.namespace), ("vpn0", net.vpn.namespace), ("vnet0", net.host)):
        with net.tap() as tap:
            assert namespace.ping(US[port])
            assert tap.next(lambda frame: frame[12:14] == b"\x08\x00" and frame[23] == ICMP)[0] == TAGS[port]


def test_the_largest_packets_pass(net):
    for here, source, destination, mtu in ((net.er.namespace, ONPREM2_HOST, VNET_HOST, MTU),
                                           (net.host, VNET_HOST, ONPREM2_HOST, MTU),
                                           (net.er.namespace, ONPREM2_HOST, BRANCH_HOST, VPN_MTU)):
        here.run("ping", "-n", "-q", "-c", 3, "-i", "0.05", "-W", 5, "-M", "do", "-s", mtu - 28, "-I", source, destination)
    sent, received = tcp_transfer(net.er.namespace, ONPREM2_HOST, net.vpn.namespace, BRANCH_HOST)
    assert sent == received


def test_what_is_too_big_is_cut_within_the_tags(net):
    """Fragments, and the errors about what may not be cut, are the main lcore's."""
    made = net.bascule.counters()["events"]["fragments_made"]
    words = ["ping", "-n", "-q", "-c", 1, "-W", 5, "-s", MTU - 28, "-I", ONPREM2_HOST, BRANCH_HOST]
    with net.tap() as tap:
        net.er.namespace.run("ip", "route", "flush", "cache")  # whoever knows the way's MTU cuts by itself
        net.er.namespace.run(*words, "-M", "dont")
        assert tap.next(is_icmp_to(BRANCH_HOST))[0] == TAGS["vpn0"]
        assert net.bascule.counters()["events"]["fragments_made"] == made + 2
        net.er.namespace.run(*words, "-M", "do", check=False)
        tags, error = tap.next(lambda frame: frame[23] == ICMP and frame[34:36] == b"\3\4")
        assert tags == TAGS["er0"] and int.from_bytes(error[40:42], "big") == VPN_MTU


# What a priority tag stands beside: nothing, the tag of the VPN port before and behind it, and those of the ER port all around.
PRIORITIES = [
    ("vnet0", [(CUSTOMER, 0xC000)]),
    ("vnet0", [(SERVICE, 0x4000), (CUSTOMER, 0xE000)]),
    ("vpn0", [(CUSTOMER, 0xC000), (CUSTOMER, 300)]),
    ("vpn0", [(CUSTOMER, 0xA000 | 300), (CUSTOMER, 0)]),
    ("er0", [(SERVICE, 0xE000 | 200), (CUSTOMER, 0x2000), (CUSTOMER, 100)]),
]


@pytest.mark.parametrize("port, tags", PRIORITIES)
def test_arp_under_a_priority_tag(net, port, tags):
    theirs, ours = "02:00:00:00:07:07", net.bascule.ports()[port]["mac"]
    us = bytes(map(int, US[port].split(".")))
    asker = us[:3] + bytes([us[3] + 9])
    request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac(theirs) + asker + bytes(6) + us
    with net.tap() as tap:
        tap.send(ethernet("ff:ff:ff:ff:ff:ff", theirs, request, ARP), tags)
        answer_tags, frame = tap.next(lambda frame: is_arp(frame) and frame[20:22] == b"\0\x02" and frame[38:42] == asker)
    assert answer_tags == TAGS[port]
    assert frame[6:12] == mac(ours) and frame[28:32] == us


def test_tags_of_no_port_are_counted(net):
    ours = net.bascule.ports()["er0"]["mac"]
    before = net.bascule.drops()["vlan_unknown"]
    strangers = [[(CUSTOMER, 301)], [(CUSTOMER, 100)], [(SERVICE, 200)], [(SERVICE, 100), (CUSTOMER, 200)],
                 [(SERVICE, 200), (OLD_SERVICE, 100)], [(SERVICE, 200), (CUSTOMER, 100), (CUSTOMER, 1)]]
    with net.tap() as tap:
        for tags in strangers:
            tap.send(ethernet(ours, "02:00:00:00:07:07", bytes(46)), tags)
    wait_for(lambda: net.bascule.drops()["vlan_unknown"] == before + len(strangers), "every one of them")


def test_each_port_counts_its_own(net):
    """Also where they share a device; and what is of no port is the device's."""
    def counters(port):
        groups = {}
        for row in net.bascule.cli("show", "counters", port):
            groups.setdefault(row["group"], {})[row["name"]] = row["value"]
        return groups

    def told():
        return {name: (row["rx_packets"], row["rx_bytes"], row["tx_packets"]) for name, row in net.bascule.ports().items()}

    before, packets = told(), {port: counters(port)["packets"] for port in TAGS}
    assert net.er.namespace.ping(BRANCH_HOST, ONPREM2_HOST, count=50, seconds=5)
    for port in ("er0", "vpn0"):
        wait_for(lambda: told()[port][0] >= before[port][0] + 50 and told()[port][2] >= before[port][2] + 50, "the pings")
        assert told()[port][1] >= before[port][1] + 50 * 98
        assert counters(port)["packets"]["rx"] >= packets[port]["rx"] + 50
    assert told()["vnet0"][0] < before["vnet0"][0] + 50
    ttl = {port: counters(port)["drops"]["ttl_expired"] for port in TAGS}
    net.vpn.namespace.run("ping", "-n", "-q", "-c", 1, "-W", 5, "-t", 1, "-I", BRANCH_HOST, ONPREM2_HOST, check=False)
    assert {port: counters(port)["drops"]["ttl_expired"] for port in TAGS} == {**ttl, "vpn0": ttl["vpn0"] + 1}
    for port in TAGS:
        assert counters(port)["device_drops"]["vlan_unknown"] == net.bascule.drops()["vlan_unknown"]
        assert counters(port)["drops"]["vlan_unknown"] == 0
    assert net.bascule.run("show", "counters", "er1", check=False).returncode == 1


def test_other_tags_need_a_restart(net):
    port = net.config["dataplane"]["ports"][0]
    port["vlan"] = 101
    net.bascule.write_config()
    done = net.bascule.run("reload", check=False)
    port["vlan"] = 100
    net.bascule.write_config()
    assert done.returncode and "dataplane.ports.er0" in done.stdout + done.stderr
    assert net.bascule.established()


def test_a_second_instance_may_not_have_the_device(net):
    config = {**net.config, "instance": {**net.config["instance"], "name": None}}
    del config["instance"]["name"]
    other = Bascule(net.rs, "b", config)
    other.write_config()
    dataplane = other.spawn("dataplane")
    with pytest.raises(LabError):
        dataplane.ready(lambda: False, "the end")
    assert dataplane.exit_code == 1
    assert "has it already" in dataplane.log()


def test_the_devices_mtu_is_that_of_tags_and_packet(net):
    def mtus():
        return {name: row["mtu"] for name, row in net.bascule.ports().items()}

    configured = {"er0": MTU, "vpn0": VPN_MTU, "vnet0": MTU}
    assert mtus() == configured
    net.rs.ip("link", "set", "trunk", "mtu", 1300)
    wait_for(lambda: mtus() == {"er0": 1292, "vpn0": 1296, "vnet0": 1300}, "what is left of it for packets")
    net.rs.ip("link", "set", "trunk", "mtu", MTU + ROOM)
    wait_for(lambda: mtus() == configured, "all of it again")


def test_one_link_is_all_ports(net):
    def links():
        return {row["link"] for row in net.bascule.ports().values()}

    net.rs.link("trunk", False)
    wait_for(lambda: links() == {"down"}, "all ports down")
    net.rs.link("trunk", True)
    wait_for(lambda: links() == {"up"}, "all ports up")
    wait_for(lambda: net.er.namespace.ping(BRANCH_HOST, ONPREM2_HOST), "packets again", 60)


def test_tags_without_the_devices_help(net):
    """What net_af_packet takes off and puts on is ours to do where that is forbidden, and nobody notices. (But an outer tag that its
    driver is not to take off it calls 0x8100, whatever it was.)"""
    assert {tuple(row["offloads"]) for row in net.bascule.ports().values()} == {("vlan_strip", "vlan_insert")}
    net.config["dataplane"]["ports"][0]["disabled_offloads"] = ["vlan_strip", "vlan_insert"]
    net.bascule.stop()
    net.bascule.start()
    net.bascule.wait_established("vpngw/0")
    assert {tuple(row["offloads"]) for row in net.bascule.ports().values()} == {()}
    # What er0's gateway sends is of no port then: it may not go on while strangers are counted. What passes later comes behind it.
    net.er.namespace.link("er", False)
    packets_pass(net, "er0")
    test_tags_of_no_port_are_counted(net)
