"""Two ports on a bond of two members, whose far end is a switch that speaks LACP by itself (lagger.py): an NVA without a tag, and
a VNet with one. What passes between them comes by the bond and leaves by it.

    BIRD 10.0.2.4  ── nva  ┐         ┌─ trunk ─┐        ┌═ m0 ═┐ nva0   10.0.2.1   no tag
    host 10.0.1.10 ── vnet ┴ switch ─┘         └ switch ┴═ m1 ═┴ vnet0  10.0.1.4   0x8100 300"""

import json
import os
import socket
from pathlib import Path

import pytest

from bascule import Bascule
from daemons import Bird, Neighbor
from lab import Lab, LabError, wait_for
from lagger import COLLECTING, DISTRIBUTING, OTHER, SYSTEM, Lagger
from networks import VNET, VNET_HOST
from tagger import CUSTOMER, Tagger
from traffic import UdpFlow, tcp_transfer

NVA, US_NVA, US_VNET = "10.0.2.4", "10.0.2.1", "10.0.1.4"
BEHIND, BEHIND_HOST = "172.16.2.0/24", "172.16.2.10"
MEMBERS = ["m0", "m1"]


class Bonds:
    def __init__(self, lab):
        self.lab = lab
        rs = self.rs = lab.namespace("rs")
        self.tagger = Tagger(lab, "trunk", {"nva": [], "vnet": [(CUSTOMER, 300)]})
        self.lag = Lagger(lab, "trunk", rs, MEMBERS)
        self.config = {
            "instance": {"asn": 65515, "router_id": US_VNET},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 700, "ports": [
                {"name": "nva0", "role": "nva", "addresses": [f"{US_NVA}/24"]},
                {"name": "vnet0", "role": "vnet", "addresses": [f"{US_VNET}/24"], "vlan": 300}]},
            "control": {"lcores": [1]},
            "vnet": [{"prefix": VNET, "port": "vnet0"}],
            "peers": [{"name": "nva-a", "address": NVA, "asn": 65001}],
        }
        for port in self.config["dataplane"]["ports"]:
            port["members"] = [f"net_af_packet{i},iface={name}" for i, name in enumerate(MEMBERS)]
        self.bascule = Bascule(rs, "a", self.config)
        self.nva = lab.namespace("nva", forward=True)
        self.nva.join(lab.lans["nva"], "nva", f"{NVA}/24")
        self.nva.host_address(BEHIND_HOST)
        self.bird = Bird(self.nva, 65001, NVA, [Neighbor(US_NVA, 65515)], [BEHIND])
        self.host = lab.namespace("host")
        self.host.join(lab.lans["vnet"], "vnet", f"{VNET_HOST}/24")
        self.host.route("default", US_VNET)

    def start(self):
        self.tagger.start()
        self.lag.start()
        self.bascule.write_config()
        self.bascule.start_dataplane()
        wait_for(self.whole, "both members")  # before it nobody's first try of a session succeeds
        self.bascule.start_control()
        self.bird.start()
        self.bascule.wait_established()
        wait_for(lambda: self.host.ping(BEHIND_HOST), "traffic")

    def members(self):
        """By name, as port nva0 has them."""
        return {row["device"].split("=")[1]: row for row in self.bascule.ports()["nva0"]["members"]}

    def states(self):
        return [self.members()[name]["state"] for name in MEMBERS]

    def alarms(self):
        return {alarm["text"] for alarm in self.bascule.summary()["alarms"] if alarm["kind"] == "port_members"}

    def whole(self):
        return self.states() == ["distributing"] * 2 and self.lag.distributes(*MEMBERS)

    def wait_whole(self):
        wait_for(self.whole, "both members")
        wait_for(lambda: not self.alarms(), "no alarm of members")

    def events(self):
        events = self.bascule.counters()["events"]
        return events["member_lost"], events["member_joined"]


@pytest.fixture(scope="module")
def net():
    logs = os.environ.get("BASCULE_LOGS")
    with Lab(keep_logs=Path(logs) / "bonds" if logs else None) as lab:
        bonds = Bonds(lab)
        bonds.start()
        yield bonds


@pytest.fixture(autouse=True)
def whole(net):
    net.wait_whole()
    yield
    net.lag.tell()
    for member in MEMBERS:
        net.lag.link(member, True)


def test_both_ends_agree(net):
    ours = net.bascule.ports()
    assert ours["nva0"]["link"] == ours["vnet0"]["link"] == "up"
    assert ours["nva0"]["driver"] == "net_bonding" and ours["nva0"]["device"].count("+") == 1
    assert ours["nva0"]["members"] == ours["vnet0"]["members"]
    for port, row in enumerate(net.members().values(), 1):
        assert (row["partner"].lower(), row["partner_key"], row["partner_port"]) == (SYSTEM, 9, port)
        assert [row[what] for what in ("link", "selected", "collecting", "distributing")] == ["yes"] * 4
    assert {net.rs.mac(member) for member in MEMBERS} == {ours["nva0"]["mac"].lower()}
    assert "m0 distributing, m1 distributing" in net.bascule.run("show", "ports").stdout


def test_flows_take_both_ways(net):
    """And each arrives once: those of a flow by one member."""
    before, sockets = net.lag.knows(), []
    for ours, theirs, source, destination in ((net.host, net.nva, VNET_HOST, BEHIND_HOST), (net.nva, net.host, BEHIND_HOST, VNET_HOST)):
        there = theirs.socket(socket.AF_INET, socket.SOCK_DGRAM)
        there.bind((destination, 7000))
        there.settimeout(10)
        for n in range(32):
            here = ours.socket(socket.AF_INET, socket.SOCK_DGRAM)
            here.bind((source, 0))
            here.sendto(bytes([n]), (destination, 7000))
            sockets.append(here)
        assert sorted(there.recv(1)[0] for _ in range(32)) == list(range(32))
        sockets.append(there)
    for s in sockets:
        s.close()
    wait_for(lambda: sum(net.lag.knows()[m]["rx"] - before[m]["rx"] for m in MEMBERS) >= 64, "all of them counted")
    after = net.lag.knows()
    for member in MEMBERS:
        assert after[member]["rx"] - before[member]["rx"] >= 8, "we sent by it"
        assert after[member]["tx"] - before[member]["tx"] >= 8, "we received by it"
        assert after[member]["early"] == 0, "we never sent before we were asked to"


def test_tcp_and_the_largest_packets(net):
    sent, received = tcp_transfer(net.host, VNET_HOST, net.nva, BEHIND_HOST, 1 << 20)
    assert sent == received
    net.host.run("ping", "-n", "-q", "-c", 3, "-i", "0.05", "-W", 5, "-M", "do", "-s", 1472, BEHIND_HOST)


def test_a_member_without_a_link(net):
    """Is left at once, and nobody but what was on it notices."""
    lost, joined = net.events()
    net.lag.link("m1", False)
    wait_for(lambda: net.states() == ["distributing", "no link"], "the loss")
    assert net.bascule.ports()["nva0"]["link"] == "up"
    wait_for(lambda: net.alarms() == {f"port {port}: 1 of the 2 members of its bond carry traffic" for port in ("nva0", "vnet0")},
             "the alarms")
    assert net.events() == (lost + 1, joined)
    net.lag.wait_distributes("m0")
    with UdpFlow(net.host, VNET_HOST, net.nva, BEHIND_HOST) as flow:
        flow.wait_more(300)
    assert not flow.lost
    net.lag.link("m1", True)
    net.wait_whole()
    assert net.events() == (lost + 1, joined + 1)
    assert net.bascule.established()


def test_a_silent_member(net):
    """Its link says nothing of what is behind it."""
    net.lag.tell(m0=["mute"])
    wait_for(lambda: net.states() == ["expired", "distributing"], "three seconds", 5)
    net.lag.wait_distributes("m1")
    with UdpFlow(net.host, VNET_HOST, net.nva, BEHIND_HOST) as flow:
        flow.wait_more(300)
    assert not flow.lost
    wait_for(lambda: net.states() == ["no partner", "distributing"], "three more", 5)
    assert "partner" not in net.members()["m0"]


@pytest.mark.parametrize("order, state", [("system", "detached"), ("individual", "detached")])
def test_what_is_not_aggregated_carries_nothing(net, order, state):
    """Another switch behind one of the cables, or a port that is in no bond there."""
    net.lag.tell(m1=[order])
    wait_for(lambda: net.states() == ["distributing", state], "the member's end")
    row = net.members()["m1"]
    assert row["partner"].lower() == (OTHER if order == "system" else SYSTEM)
    assert [row[what] for what in ("link", "selected", "collecting", "distributing")] == ["yes"] + ["no"] * 3
    net.lag.wait_distributes("m0")
    assert not net.lag.knows()["m1"]["state"] & (COLLECTING | DISTRIBUTING)
    before = net.lag.knows()["m1"]
    assert tcp_transfer(net.host, VNET_HOST, net.nva, BEHIND_HOST, 1 << 18)
    assert net.lag.knows()["m1"]["early"] == before["early"], "we sent nothing by it"


def test_no_member_is_no_link(net):
    for member in MEMBERS:
        net.lag.link(member, False)
    wait_for(lambda: {row["link"] for row in net.bascule.ports().values()} == {"down"}, "both ports down")
    wait_for(lambda: {text.split(":")[1].split()[0] for text in net.alarms()} == {"0"}, "the alarms")
    for member in MEMBERS:
        net.lag.link(member, True)
    net.wait_whole()
    wait_for(lambda: net.host.ping(BEHIND_HOST), "traffic again", 60)


def test_a_member_deleted_and_made_anew(net):
    reopened = net.bascule.counters()["events"]["device_reopened"]
    net.rs.ip("link", "del", "m1")
    wait_for(lambda: net.states() == ["distributing", "no link"], "the loss")
    assert net.host.ping(BEHIND_HOST)
    mac = net.bascule.ports()["nva0"]["mac"].lower()
    net.lag.cable("m1")
    wait_for(lambda: net.bascule.counters()["events"]["device_reopened"] == reopened + 1, "the new device")
    assert net.rs.mac("m1") == mac
    net.wait_whole()


def test_a_second_instance_may_not_have_a_member(net):
    config = json.loads(json.dumps(net.config))
    del config["instance"]["name"]
    for port in config["dataplane"]["ports"]:
        port["members"] = port["members"][1:]
    other = Bascule(net.rs, "b", config)
    other.write_config()
    dataplane = other.spawn("dataplane")
    with pytest.raises(LabError):
        dataplane.ready(lambda: False, "the end")
    assert "has it already" in dataplane.log()
