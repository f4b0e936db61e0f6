"""Two instances in one network namespace: each listens on its own addresses by its own interfaces, though both are in
the same subnets and have the same TCP port; each calls its peers by its own. Peers of all kinds: one is behind a router,
one insists on a TTL of 255 (RFC 5082) and is not called."""


import pytest

from bascule import Bascule
from daemons import Bird, Frr, Neighbor
from lab import named_lab, wait_for
from networks import ASN, er_address, instance_config, nva_address, vpn_address

ERGW, VPNGW, NVA, FAR = "10.0.255.36", "10.0.255.4", "10.0.2.4", "10.7.1.5"
ROUTER = "10.0.2.9"
LANS = ("er", "vpn", "nva", "vnet")
SITES = {"ergw/0": "10.20.0.0/16", "vpngw/0": "10.10.0.0/16", "nva-a": "172.16.1.0/24", "nva-far": "172.16.7.0/24"}


class OneHost:
    def __init__(self, lab):
        self.namespace = lab.namespace("rs")
        for lan in LANS:
            lab.lan(lan)
        lab.lan("far")
        self.bascules = [self._bascule(i) for i in range(2)]
        router = lab.namespace("router", forward=True)
        router.join(lab.lans["nva"], "nva", f"{ROUTER}/24")
        router.join(lab.lans["far"], "far", "10.7.1.1/24")
        self.speakers = {
            "ergw/0": self._speaker(lab, Frr, "ergw", "er", f"{ERGW}/28", ASN, er_address, SITES["ergw/0"]),
            "vpngw/0": self._speaker(lab, Bird, "vpngw", "vpn", f"{VPNGW}/28", ASN, vpn_address, SITES["vpngw/0"]),
            "nva-a": self._speaker(lab, Frr, "nva", "nva", f"{NVA}/24", 65001, nva_address, SITES["nva-a"],
                                   ttl_security=1),
            "nva-far": self._speaker(lab, Bird, "nvafar", "far", f"{FAR}/24", 65007, nva_address, SITES["nva-far"],
                                     multihop=True),
        }
        self.speakers["nva-far"].namespace.route("default", "10.7.1.1")

    def _bascule(self, i):
        config = instance_config(i)
        for index, port in enumerate(config["dataplane"]["ports"]):
            interface = f"{port['name']}{i}"
            self.namespace.join(self.namespace.lab.lans[port["name"][:-1]], interface)
            self.namespace.keep_kernel_off(interface)
            port["device"] = f"net_af_packet{index},iface={interface}"
        config["vnet"] = [{"prefix": "10.7.0.0/16", "port": "nva0", "next_hop": ROUTER}]
        config["gateways"] = [
            {"name": "ergw", "role": "expressroute", "addresses": [ERGW]},
            {"name": "vpngw", "role": "vpn", "addresses": [VPNGW], "allow_single_instance": True}]
        config["peers"] = [
            {"name": "nva-a", "address": NVA, "asn": 65001, "passive": True, "ttl_security": 1},
            {"name": "nva-far", "address": FAR, "asn": 65007, "multihop": True}]
        return Bascule(self.namespace, "ab"[i], config)

    @staticmethod
    def _speaker(lab, daemon, name, lan, address, asn, us, site, **options):
        namespace = lab.namespace(name)
        namespace.join(lab.lans[lan], lan, address)
        neighbors = [Neighbor(us(i), ASN, **options) for i in range(2)]
        return daemon(namespace, asn, address.partition("/")[0], neighbors, [site])

    def start(self):
        for bascule in self.bascules:
            bascule.start()
        for speaker in self.speakers.values():
            speaker.start()
        for bascule in self.bascules:
            bascule.wait_established()


    def sessions(self, i):
        """Each peer's own mark of its session with instance i."""
        return {name: speaker.session(speaker.neighbors[i].address) for name, speaker in self.speakers.items()}


@pytest.fixture(scope="module")
def host():
    with named_lab(__name__) as lab:
        host = OneHost(lab)
        host.start()
        yield host


def test_both_have_every_session_and_every_route(host):
    for i, bascule in enumerate(host.bascules):
        wait_for(lambda b=bascule: set(SITES.values()) <= set(b.fib("vnet")), f"all routes of {bascule.name}")
        ours = {name: bascule.peer(name)["local_address"] for name in SITES}
        assert ours == {"ergw/0": er_address(i), "vpngw/0": vpn_address(i), "nva-a": nva_address(i),
                        "nva-far": nva_address(i)}
        assert all(host.sessions(i).values())


def test_listeners_are_each_instance_s_own(host):
    lines = host.namespace.run("ss", "-Htln", "sport", "=", "179").stdout.splitlines()
    listening = {line.split()[3] for line in lines}
    assert listening == {f"{us(i)}%{bascule.name}-{port}:179" for i, bascule in enumerate(host.bascules)
                         for us, port in ((er_address, "er0"), (vpn_address, "vpn0"), (nva_address, "nva0"))}


def test_answers_of_each_come_by_its_own_interface(host):
    for i in range(2):
        assert host.speakers["nva-a"].namespace.ping(nva_address(i)), nva_address(i)
        assert host.speakers["nva-far"].namespace.ping(nva_address(i)), nva_address(i)


def test_one_goes_and_the_other_does_not_notice(host):
    first, second = host.bascules
    sessions = host.sessions(0)
    assert second.stop() == (0, 0)
    assert first.established()
    second.start()
    second.wait_established()
    assert host.sessions(0) == sessions
