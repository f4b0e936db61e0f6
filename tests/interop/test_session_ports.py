"""Sessions belong to their ports. The links of an instance fail, one and all of them; on the LAN of the hosts somebody
takes the ExpressRoute gateway's address, with a BGP daemon, and on a management network somebody listens.

Connections leave by the port that a peer is configured on and are taken there alone, whatever the kernel's routes say:
without its link there is no session, and nothing of ours is seen elsewhere."""

import json
import socket

import pytest

from bascule import Bascule
from daemons import Frr, Neighbor
from hub import ER, SPEAKERS, Hub
from lab import named_lab
from networks import ASN, er_address, instance_config, nva_address, vnet_address, vpn_address
from packets import Sniffer, addresses

BEYOND = "10.20.0.0/16"  # announced by the gateway, and by who takes its place
THIRD = "172.16.50.0/24"  # an NVA's, by way of the gateway
OURS = {er_address(), vpn_address(), nva_address(), vnet_address()}
OPERATOR = "192.0.2.254"
IP_MINTTL = 21


class Ports(Hub):
    """A Hub beside a management network that the default route leads to, and a host of the VNet with two addresses."""

    def __init__(self, lab):
        super().__init__(lab)
        rs, management = self.bascule.namespace, lab.lan("management")
        rs.join(management, "mgmt0", "192.0.2.1/24")
        self.operator = lab.namespace("operator")
        self.operator.join(management, "management", f"{OPERATOR}/24")
        rs.route("default", OPERATOR)
        self.host = lab.namespace("host")
        self.host.join(lab.lans["vnet"], "vnet", "10.0.1.66/24", f"{ER}/32")
        for us in (er_address(), vnet_address()):
            via = ["via", vnet_address()] if us != vnet_address() else []
            self.host.run("ip", "route", "replace", f"{us}/32", *via, "dev", "vnet", "src", ER)
        self.impostor = Frr(self.host, ASN, ER, [Neighbor(us, ASN) for us in (er_address(), vnet_address())], [BEYOND])

    def link(self, port, up):
        self.bascule.namespace.link(port, up)
        self.wait(f"link of {port}", lambda: self.bascule.ports()[port]["link"] == ("up" if up else "down"))

    def wait_calls(self, *wanted):
        """Until we have called each of these addresses, in vain or not."""
        called = set()

        def all_called():
            for line in self.bascule.namespace.run("ss", "-Htn", "state", "syn-sent").stdout.splitlines():
                called.add(line.split()[3].rpartition(":")[0])
            return set(wanted) <= called

        self.wait(f"calls to {wanted}", all_called)

    def unusable(self, prefix):
        """Why each path for it is not used, "" if it is."""
        return [path.get("unusable_reason", "") for path in self.bascule.cli("show", "routes", prefix)]


@pytest.fixture(scope="module")
def ports():
    with named_lab(__name__) as lab:
        ports = Ports(lab)
        ports.start()
        ports.bascule.exchange(True)
        yield ports


def test_who_takes_a_gateway_s_address_elsewhere_is_nobody(ports):
    ports.er.announce(BEYOND, 12076, 65020)
    ports.a.announce(THIRD, ports.a.asn, next_hop=ER)
    ports.wait("the gateway's route", lambda: ports.next_hops(BEYOND) == ports.next_hops(THIRD) == {ER})
    ports.er.stop()
    ports.wait("end of its session", lambda: not ports.bascule.established("ergw/0"))
    ports.link("er0", False)
    assert ports.bascule.peers()["ergw/0"]["last_error"] == "port er0 has no link"
    alarms = ports.bascule.summary()["alarms"]
    assert "is not established: port er0 has no link" in [a["text"] for a in alarms if a.get("peer") == "ergw/0"]

    before = ports.bascule.counters()

    def tcp_to_the_gateway(packet):
        return addresses(packet)[1] == ER and packet[9] == socket.IPPROTO_TCP

    with Sniffer(ports.host, "vnet", tcp_to_the_gateway) as heard:
        ports.impostor.start()
        # It has called both our addresses, the kernel knows it on the wrong port, and we have called the gateway.
        ports.wait("calls of the impostor", lambda: ports.bascule.drops()["bgp_wrong_port"]
                   >= before["drops"]["bgp_wrong_port"] + 4)
        assert ports.host.ping(vnet_address(), ER)
        neighbours = json.loads(ports.bascule.namespace.run(
            "ip", "-json", "neigh", "show", "dev", f"{ports.bascule.name}-vnet0").stdout)
        assert ER in [n["dst"] for n in neighbours]
        ports.wait_calls(ER)
        assert not heard.count
    peer = ports.bascule.peers()["ergw/0"]
    assert (peer["state"] != "Established", peer["last_error"]) == (True, "port er0 has no link")
    assert not ports.impostor.session(er_address()) and not ports.impostor.session(vnet_address())
    assert ports.bascule.counters()["punted"]["bgp"] >= before["punted"]["bgp"]
    ports.wait("the end of its routes", lambda: not ports.next_hops(BEYOND) and not ports.next_hops(THIRD))
    ports.wait("why", lambda: ports.unusable(THIRD) == ["next hop: does not answer ARP"])


def test_the_gateway_comes_back_beside_the_impostor(ports):
    ports.link("er0", True)
    ports.er.start()
    ports.bascule.wait_established("ergw/0")
    ports.er.announce(BEYOND, 12076, 65020)
    ports.wait("the gateway's route", lambda: ports.next_hops(BEYOND) == ports.next_hops(THIRD) == {ER})
    row = ports.bascule.fib("vnet")[BEYOND]
    assert [hop["port"] for hop in row["next_hops"]] == ["er0"]
    assert not ports.impostor.session(er_address()) and not ports.impostor.session(vnet_address())
    ports.impostor.stop()


def test_resets_have_a_ttl_of_255(ports):
    """A peer that asks for it (GTSM, RFC 5082) learns at once that nobody listens, or listens any more."""
    with ports.a.namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as strict:
        strict.setsockopt(socket.IPPROTO_IP, IP_MINTTL, 255)
        strict.settimeout(10)
        with pytest.raises(ConnectionRefusedError):
            strict.connect((nva_address(), 1790))


def test_sockets_follow_an_interface_that_is_made_anew(ports):
    sessions, lcp = ports.sessions(), f"{ports.bascule.name}-nva0"

    def index():
        done = ports.bascule.namespace.run("ip", "-json", "link", "show", lcp, check=False)
        return json.loads(done.stdout)[0]["ifindex"] if not done.returncode else None

    before = index()
    ports.bascule.namespace.ip("link", "del", lcp)
    ports.wait("another interface", lambda: index() not in (None, before))
    followed = f"interface {lcp} is a new one, and its sockets follow"
    ports.wait("its sockets", lambda: followed in ports.bascule.control.log())
    ports.b.stop()  # and the listeners
    ports.b.start()
    ports.bascule.wait_established()
    ports.a.announce(BEYOND, 65001)
    ports.wait("A's route", lambda: "nva-a" in [path["peer"] for path in ports.bascule.cli("show", "routes", BEYOND)])
    ports.a.withdraw(BEYOND)
    assert {name for name, mark in ports.sessions().items() if mark != sessions[name]} <= {"nva-b"}


def test_without_any_link_nothing_leaves_by_another_interface(ports):
    for speaker in ports.speakers.values():
        speaker.stop()
    ports.wait("end of all sessions",
               lambda: "Established" not in [peer["state"] for peer in ports.bascule.peers().values()])

    def ours(packet):
        return addresses(packet)[0] in OURS

    with Sniffer(ports.operator, "management", ours) as heard:
        for port in ("er0", "vpn0", "nva0", "vnet0"):
            ports.link(port, False)
        # Who asks our addresses by that interface gets no answer by it either.
        for us in sorted(OURS):
            ports.operator.route(f"{us}/32", "192.0.2.1")
            assert not ports.operator.ping(us)
        ports.wait_calls(*(address for _, _, address, _, _ in SPEAKERS.values()))
        reasons = {name: row["last_error"] for name, row in ports.bascule.peers().items()}
        assert reasons == {"ergw/0": "port er0 has no link", "vpngw/0": "port vpn0 has no link",
                           "vpngw/1": "port vpn0 has no link", "nva-a": "port nva0 has no link",
                           "nva-b": "port nva0 has no link"}
        assert not heard.count, [addresses(packet) for packet in heard.packets]
    for port in ("er0", "vpn0", "nva0", "vnet0"):
        ports.link(port, True)
    for speaker in ports.speakers.values():
        speaker.start()
    ports.bascule.wait_established()


def test_a_second_dataplane_on_a_device_is_refused(ports):
    other = Bascule(ports.bascule.namespace, "b", instance_config(1))
    other.write_config()
    process = other.spawn("dataplane")
    assert process.wait() == 1
    assert (f"port er0: device net_af_packet0,iface=er0: the dataplane of instance {ports.bascule.name}, "
            f"process {ports.bascule.dataplane.pid}, has it already") in process.log()
    assert ports.bascule.established()
